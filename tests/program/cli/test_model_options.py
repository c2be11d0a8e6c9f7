"""The models of a command: each opened once, at its own address, and none that nothing would ask."""

import argparse
from contextlib import contextmanager

import pytest

from program.artifact import load_program
from program.cli.model_options import Models, ServedModel, add_models
from program.errors import UserError
from tests.support.paths import ROOT


def models(*options: str) -> Models:
    parser = argparse.ArgumentParser()
    add_models(parser)
    return Models.of(parser.parse_args(list(options)))


def test_every_model_has_an_address_of_its_own():
    found = models(
        *("--lm", "openai/a", "--api-base", "http://a/v1", "--escalate-lm", "openai/b"),
        *("--escalate-api-base", "http://b/v1", "--repair-lm", "openai/c", "--repair-api-base", "http://c/v1"),
    )
    assert found.all == [
        ServedModel("openai/a", "http://a/v1"),
        ServedModel("openai/b", "http://b/v1"),
        ServedModel("openai/c", "http://c/v1"),
    ]
    assert str(found) == "openai/a, later rounds by openai/b, fixes by openai/c"
    assert models("--lm", "openai/a", "--repair-lm", "openai/c") == Models(
        ServedModel("openai/a"), None, ServedModel("openai/c")
    )


def test_the_same_model_is_opened_once():
    opened = []

    @contextmanager
    def opener(model):
        opened.append(model)
        yield f"{model.name} at {model.api_base}"

    two = models("--lm", "a/a", "--escalate-lm", "b/b", "--repair-lm", "b/b", "--repair-api-base", "http://c")
    with two.open(opener) as given:
        assert given == ("a/a at None", "b/b at None", "b/b at http://c")
    assert len(opened) == 3
    opened.clear()
    with models("--lm", "a/a", "--escalate-lm", "b/b", "--repair-lm", "b/b").open(opener) as given:
        assert given == ("a/a at None", "b/b at None", "b/b at None")
    assert len(opened) == 2
    with models("--lm", "a/a").open(opener) as given:
        assert given == ("a/a at None", None, None)


@pytest.mark.parametrize("role", ["escalate", "repair"])
def test_an_address_needs_a_model(role):
    with pytest.raises(UserError, match=f"--{role}-api-base: needs --{role}-lm"):
        models(f"--{role}-api-base", "http://b/v1")


def test_a_model_that_no_program_would_ask_is_refused():
    direct, flow, adaptive = (load_program(ROOT / "artifacts" / name) for name in ("direct", "handwritten", "adaptive"))
    escalating, repairing = models("--escalate-lm", "b/b"), models("--repair-lm", "b/b")
    for refused, programs in ((escalating, [direct, flow]), (repairing, [direct])):
        with pytest.raises(UserError, match="-lm: no program here"):
            refused.check(programs)
    escalating.check([direct, adaptive])
    repairing.check([direct, flow])


@pytest.mark.parametrize("role", ["fixes", "tests", "rest"])
def test_a_program_that_asks_a_stronger_model_needs_one(role):
    asking = load_program(ROOT / "artifacts" / "handwritten", {"stronger_for": role})
    with pytest.raises(UserError, match=f"stronger_for = {role}.*--escalate-lm"):
        models().check([asking])
    models("--escalate-lm", "b/b").check([asking])


def test_a_model_for_fixes_is_enough_where_only_fixes_are_wanted():
    fixing = load_program(ROOT / "artifacts" / "handwritten", {"stronger_for": "fixes"})
    models("--repair-lm", "b/b").check([fixing])
