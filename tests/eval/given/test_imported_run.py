"""Programs of other systems as runs: arms, samples, problems without a program, and the way into comparisons."""

import json
from pathlib import Path

import pytest

import eval.compare
import eval.judge
from eval.rollouts.run_folder import read_config, read_rollouts
from judge.verdict import JudgeError
from tests.support.packs import VALID, call, printed, write_pack

TWICE, SQUARE, SUCCESSOR, _ = VALID
OPTIONS = ["--data", "data", "--split", "valid", "--solutions", "programs.jsonl", "--run", "run"]


@pytest.fixture
def workplace(tmp_path, monkeypatch) -> Path:
    """Two systems: one/small has two samples for Twice, the other system a program for Square too."""
    monkeypatch.setattr("eval.data.rows.CACHE_FOLDER", tmp_path / "cache")
    write_pack(tmp_path / "data")
    lines = [
        {"name": TWICE.name, "solution": TWICE.wrong, "source": "one/small"},
        {"name": TWICE.name, "solution": TWICE.right, "source": "two"},
        {"name": TWICE.name, "solution": TWICE.right, "source": "one/small"},
        {"name": SQUARE.name, "solution": SQUARE.right, "source": "two"},
    ]
    (tmp_path / "programs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def statuses(run: str) -> dict[tuple[str, str, int], str]:
    return {rollout.key(): rollout.status for rollout in read_rollouts(Path(run))}


def test_all_programs_are_one_arm_by_default_with_numbered_samples(workplace, monkeypatch):
    said = printed(monkeypatch, eval.judge.main, *OPTIONS)
    assert statuses("run") == {
        ("programs", TWICE.name, 0): "failed",
        ("programs", TWICE.name, 1): "solved",
        ("programs", TWICE.name, 2): "solved",
        ("programs", SQUARE.name, 0): "solved",
    }
    assert read_config(Path("run"))["samples"] == 3 and "| programs |" in said


def test_a_field_tells_the_arms_apart_and_gaps_are_said(workplace, monkeypatch):
    said = printed(monkeypatch, eval.judge.main, *OPTIONS, "--arm-field", "source")
    assert statuses("run") == {
        ("one-small", TWICE.name, 0): "failed",
        ("one-small", TWICE.name, 1): "solved",
        ("two", TWICE.name, 0): "solved",
        ("two", SQUARE.name, 0): "solved",
    }
    config = read_config(Path("run"))
    assert list(config["artifacts"]) == ["one-small", "two"] and config["problems"] == [TWICE.name, SQUARE.name]
    assert (config["checker"], config["imported"]["file"]) == ("strict", "programs.jsonl")
    assert "one-small: programs for 1 of 2 problems; the others are not in its rates" in said
    assert "two: programs" not in said


def test_a_problem_without_a_program_can_count_as_failed(workplace, monkeypatch):
    options = [*OPTIONS, "--arm-field", "source", "--missing", "failed", "--match", "^(Twice|Square|Successor)$"]
    said = printed(monkeypatch, eval.judge.main, *options)
    found = statuses("run")
    assert found["one-small", SQUARE.name, 0] == found["two", SUCCESSOR.name, 0] == "failed" and len(found) == 7
    assert "two: programs for 2 of 3 problems; the others count as failed" in said


def test_the_cost_of_imported_programs_is_unknown_and_not_nothing(workplace, monkeypatch):
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    for rollout in read_rollouts(Path("run")):
        assert rollout.totals.dollars is None and rollout.trace.marks == ["imported"]
    assert not (workplace / "run" / "traces").exists(), "there is nothing to trace"


def test_an_imported_run_can_be_compared(workplace, monkeypatch):
    printed(monkeypatch, eval.judge.main, *OPTIONS, "--arm-field", "source")
    said = printed(monkeypatch, eval.compare.main, "run")
    assert "two against one-small" in said and "| two | 1 | +50.0 points (" in said


def test_a_run_that_was_interrupted_judges_the_rest_only(workplace, monkeypatch):
    from eval.rollouts import rollout as rollouts

    judged, real = [], rollouts.score

    def score(code, problem, problems):
        judged.append(code)
        if len(judged) == 2:
            raise JudgeError("no processes left")
        return real(code, problem, problems)

    monkeypatch.setattr("eval.rollouts.rollout.score", score)
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    assert list(statuses("run").values()).count("not judged") == 1 and len(judged) == 4
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    assert len(judged) == 5 and sorted(statuses("run").values()) == ["failed", "solved", "solved", "solved"]


def test_a_run_of_other_programs_is_refused(workplace, monkeypatch, capsys):
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    with (workplace / "programs.jsonl").open("a") as file:
        file.write(json.dumps({"name": TWICE.name, "solution": "print(1)"}) + "\n")
    assert call(monkeypatch, eval.judge.main, *OPTIONS) == 2
    assert "another configuration: artifacts.programs is" in capsys.readouterr().err


def test_a_line_without_the_field_of_the_arm_is_refused(workplace, monkeypatch, capsys):
    assert call(monkeypatch, eval.judge.main, *OPTIONS, "--arm-field", "model") == 2
    assert "a program for 'Twice' has no text field 'model'" in capsys.readouterr().err


def test_problems_without_hidden_tests_are_not_part_of_a_run(workplace, monkeypatch, capsys):
    none = {"input": [], "output": []}
    rows = [TWICE.row(), {**SQUARE.row(), "private_tests": none, "generated_tests": none}]
    (workplace / "some.json").write_text(json.dumps(rows))
    printed(monkeypatch, eval.judge.main, "--data", "some.json", *OPTIONS[4:])
    assert {rollout.problem for rollout in read_rollouts(Path("run"))} == {TWICE.name}
