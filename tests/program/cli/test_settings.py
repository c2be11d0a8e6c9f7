"""`--set`: each program gets the keys it has, and a key that none has is an error."""

import pytest

from program.artifact import ArtifactError, load_program
from program.cli.settings import fitting, parse_settings, shared_settings
from tests.support.paths import ROOT

DIRECT, FLOW, SAMPLING = (ROOT / "artifacts" / name for name in ("direct", "handwritten", "sampling"))


def shared(*settings: str) -> list[dict]:
    return shared_settings(parse_settings(list(settings)), [DIRECT, FLOW, SAMPLING])


def test_each_program_gets_the_keys_it_has():
    assert shared("solutions=1", "programs=4", "max_code_tokens=99", "budget.calls=3") == [
        {"max_code_tokens": 99, "budget": {"calls": 3}},
        {"solutions": 1, "max_code_tokens": 99, "budget": {"calls": 3}},
        {"programs": 4, "max_code_tokens": 99, "budget": {"calls": 3}},
    ]


def test_temperatures_go_to_the_programs_that_have_the_stage():
    found = shared("temperatures.FixCode=0.6", "temperatures.SolveDirectly=0.1")
    assert [each["temperatures"] for each in found] == [
        {"SolveDirectly": 0.1},
        {"FixCode": 0.6},
        {"SolveDirectly": 0.1},
    ]
    brought_in = parse_settings(["brute_force=true", "temperatures.WriteBruteForce=0"])
    assert fitting(brought_in, FLOW) == brought_in
    load_program(FLOW, brought_in)


@pytest.mark.parametrize(
    ("setting", "meant"),
    [
        ("max_code_token=9", "max_code_tokens"),
        ("solution=1", "solutions"),
        ("temperatures.FixCod=1", "temperatures.FixCode"),
    ],
)
def test_a_key_that_none_has_is_an_error(setting, meant):
    with pytest.raises(ArtifactError, match=rf"--set .*no program here has this key; did you mean .*\b{meant}\b"):
        shared("ai_tests=1", setting)


def test_a_key_that_no_program_can_have_has_no_suggestion():
    with pytest.raises(ArtifactError, match=r"--set qqqq: no program here has this key$"):
        shared("qqqq=1")


def test_one_program_says_which_key_may_be_meant_too():
    with pytest.raises(ArtifactError, match=r"unknown key budget.call; did you mean budget.calls"):
        load_program(FLOW, parse_settings(["budget.call=3"]))
