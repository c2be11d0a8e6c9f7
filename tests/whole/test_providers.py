"""Every command that asks a model, with servers that behave as providers do."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

import eval.run
import optimize.compile
import program.solve
from eval.rollouts.run_folder import read_rollouts
from program import artifact
from tests.support.packs import VALID, call, isolate, plus_tasks, printed, write_pack, write_start
from tests.support.proposals import HINT, hinted_rule
from tests.support.provider_server import Provider, provider

TASKS = (*VALID, *plus_tasks(range(2, 6)))
HELPED = ("Square", "Triangle", "Plus 2", "Plus 4", "Plus 5")
# How a server differs from one that takes and says everything.
PROVIDERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "thinks in a field": {"thinking": "field"},
    "thinks in tags": {"thinking": "tags"},
    "thinks without an opening tag": {"thinking": "unopened"},
    "a reasoning API": {"thinking": "field", "refuses": {"temperature", "max_tokens"}},
    "no schema": {"refuses": {"response_format"}},
    "fails on schemas": {"schema_status": 500},
    "does not implement schemas": {"schema_status": 501},
    "a low cap": {"most_tokens": 4096},
    "a small context": {"context": 16_384},
    "counts no tokens": {"usage": False},
    "in pieces": {"chunked": True},
    "limits the rate": {"failing": 5},
    "breaks now and then": {"failing": 7, "passing_failure": (502, {}, "<html><title>Bad Gateway</title></html>")},
    "errors with status 200": {"failing": 7, "passing_failure": (200, {}, '{"error": {"message": "x", "code": 503}}')},
}
OPTIMIZERS = {
    "bootstrap": [],
    "bootstrap_rs": [],
    "verified": [],
    "copro": [],
    "mipro": ["--tune", "trials=4"],
    "gepa": ["--tune", "metric_calls=40"],
    "simba": ["--tune", "steps=1", "--tune", "batch=4"],
}
FINDS_NOTHING = ("bootstrap_rs", "simba")  # which helps with this model


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    """Nothing is waited for, and caches are apart."""
    isolate(monkeypatch, tmp_path / "cache")
    monkeypatch.setattr("program.stopping.rest", lambda seconds: None)
    monkeypatch.setattr("program.rollout.rate_limits.Pace.rest", lambda self, seconds: None)
    monkeypatch.setattr("program.models.start_check.PATIENCE_SECONDS", 9.0)


def like(traits: dict[str, Any], server: Provider) -> Provider:
    for name, value in traits.items():
        assert hasattr(server, name)
        setattr(server, name, value)
    return server


def answering(rule: Callable[[str], str]) -> Callable[[str], str]:
    return lambda prompt: '{"answer": "yes"}' if "Say yes" in prompt else rule(prompt)


def at(server: Provider) -> list[str]:
    return ["--lm", "openai/m", "--api-base", server.address]


@pytest.mark.parametrize("traits", PROVIDERS.values(), ids=PROVIDERS)
def test_a_problem_is_solved(traits, monkeypatch, tmp_path):
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(TASKS[0].row()))
    with provider(answering(hinted_rule(TASKS, helped=()))) as server:
        code = printed(monkeypatch, program.solve.main, file, *at(like(traits, server)))
    assert code == TASKS[0].right


@pytest.mark.parametrize("traits", PROVIDERS.values(), ids=PROVIDERS)
@pytest.mark.parametrize("kind", ["direct", "alphacodium"])
def test_a_run_solves_what_the_model_solves(kind, traits, monkeypatch, tmp_path):
    data, start, out = write_pack(tmp_path / "data", TASKS), write_start(tmp_path / "start", kind), tmp_path / "run"
    with provider(answering(hinted_rule(TASKS, helped=()))) as server:
        printed(
            monkeypatch,
            eval.run.main,
            start,
            "--data",
            data,
            "--split",
            "valid",
            *at(like(traits, server)),
            "--out",
            out,
        )
    rollouts = read_rollouts(out)
    assert [each.status for each in rollouts] == ["solved"] * len(TASKS)
    known = traits.get("usage", True)
    assert all(each.totals.tokens_known == known and bool(each.totals.completion_tokens) == known for each in rollouts)
    for rollout in rollouts:
        assert "a draft" not in rollout.code, "a thought was taken for the answer"


@pytest.mark.parametrize(
    ("name", "who"),
    [
        *((name, "a reasoning API") for name in OPTIMIZERS),
        *((name, who) for name in ("verified", "mipro") for who in ("no schema", "thinks in tags", "counts no tokens")),
    ],
)
def test_an_optimizer_compiles(name, who, monkeypatch, tmp_path):
    data, start, out = write_pack(tmp_path / "data", TASKS), write_start(tmp_path / "start", "direct"), tmp_path / "out"
    where = ["--start", start, "--data", data, "--split", "valid", "--out", out, "--no-gate", "--optimizer", name]
    with provider(answering(hinted_rule(TASKS, helped=HELPED))) as server:
        said = printed(monkeypatch, optimize.compile.main, *where, *OPTIMIZERS[name], *at(like(PROVIDERS[who], server)))
    compiled, manifest = artifact.load(out)
    demos = [demo for each in compiled.predictors() for demo in each.demos]
    instructions = [str(each.signature.instructions) for each in compiled.predictors()]
    assert "wrote" in said and manifest.compile is not None
    if name not in FINDS_NOTHING:
        assert demos or any(HINT in each for each in instructions)
    assert "a draft" not in json.dumps(compiled.dump_state())


def test_what_a_server_left_without_text_is_asked_again_after_its_repair(monkeypatch, tmp_path, capfd):
    """A thought that the cap cuts is stored like every answer, but nothing is known of the model before any text."""
    monkeypatch.setattr("tests.support.provider_server.WRONG", "Hmm.")
    data, start, out = write_pack(tmp_path / "data"), write_start(tmp_path / "start", "direct"), tmp_path / "run"
    options = [start, "--data", data, "--split", "valid", "--out", out]
    with provider(lambda prompt: "") as server:
        server.thinking = "field"
        assert call(monkeypatch, eval.run.main, *options, *at(server)) == 1
        assert "the same command retries them, and other settings need another --out" in capfd.readouterr().err
        assert "| 0 / 0 | – | – |" in (out / "summary.md").read_text()
        server.answer = answering(hinted_rule(VALID, helped=()))
        asked = len(server.bodies)
        printed(monkeypatch, eval.run.main, *options, *at(server))
        assert len(server.bodies) > asked
    assert [each.status for each in read_rollouts(out)] == ["solved"] * len(VALID)


def test_another_server_answers_for_itself(monkeypatch, tmp_path):
    """There may be another model of the same name; a compilation that was begun resumes wherever its model is now."""
    data, start = write_pack(tmp_path / "data", TASKS), write_start(tmp_path / "start", "direct")
    options = ["--start", start, "--data", data, "--optimizer", "verified", "--no-gate"]
    asked = []
    for out in ("first", "second"):
        with provider(answering(hinted_rule(TASKS, helped=HELPED))) as server:
            printed(monkeypatch, optimize.compile.main, *options, "--out", tmp_path / out, *at(server))
            asked.append(len(server.bodies))
    assert asked[0] == asked[1] > len(TASKS)
    with provider(answering(hinted_rule(TASKS, helped=HELPED))) as server:
        begun = [*options, "--out", tmp_path / "third", *at(server)]
        printed(monkeypatch, optimize.compile.main, *begun, "--max-calls", "4")
    with provider(answering(hinted_rule(TASKS, helped=HELPED))) as server:
        said = printed(monkeypatch, optimize.compile.main, *begun[:-1], server.address)
        assert "that are stored already are reused" in said and len(server.bodies) < asked[0] - 3


def test_an_answer_that_does_not_come_in_time_names_the_setting(monkeypatch, tmp_path, capfd):
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(TASKS[0].row()))
    monkeypatch.setenv("ALPHACODIUM_TIMEOUT", "0.2")
    with provider(lambda prompt: time.sleep(0.6) or "yes") as server:
        assert call(monkeypatch, program.solve.main, file, *at(server)) != 0
    said = capfd.readouterr().err
    assert "set ALPHACODIUM_TIMEOUT=SECONDS to wait longer" in said and "Is the server started" not in said


def test_a_program_found_in_the_thought_is_no_unusable_answer(monkeypatch, tmp_path, capfd):
    monkeypatch.setattr("tests.support.provider_server.WRONG", f"```python\n{TASKS[0].right}```\n")
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(TASKS[0].row()))
    with provider(lambda prompt: "") as server:
        server.thinking = "field"
        direct = ["--artifact", write_start(tmp_path / "start", "direct")]
        assert call(monkeypatch, program.solve.main, file, *direct, *at(server)) == 0
    assert "unusable" not in capfd.readouterr().err
