"""The paired report over stored runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from eval.comparison import compare
from eval.rollout import Rollout
from eval.run_folder import RunError, RunFolder
from eval.score import Score, SetResult


def rollout(arm: str, problem: str, hidden: float | None, sample: int = 0) -> Rollout:
    if hidden is None:
        return Rollout(arm=arm, problem=problem, sample=sample, status="not judged")
    tests = SetResult(passed=int(4 * hidden), total=4, verdict="AC" if hidden == 1 else "WA")
    public, none = SetResult(passed=1, total=1, verdict="AC"), SetResult(passed=0, total=0, verdict="AC")
    score = Score(public=public, private=tests, generated=none, hidden_rate=hidden, solved=hidden == 1, judge_seconds=0)
    return Rollout(arm=arm, problem=problem, sample=sample, status="solved" if score.solved else "failed", score=score)


def config_of(arms: Iterable[str], problems: Iterable[str], **changes: str) -> dict:
    """The configuration of a run, as `eval.run` stores it."""
    return {
        "artifacts": dict.fromkeys(arms, "0"),
        "data": "pack",
        "split": "test",
        "data_fingerprint": "abc",
        "problems": list(problems),
        "lm": "scripted/lm",
        "samples": 1,
        **changes,
    }


def write_run(folder: Path, arms: dict[str, dict[str, float | None]], **changes: str) -> Path:
    """A run in which each arm has the given hidden rate on each problem."""
    problems = sorted({problem for rates in arms.values() for problem in rates})
    opened = RunFolder(folder, config_of(arms, problems, **changes))
    for arm, rates in arms.items():
        for problem, hidden in rates.items():
            opened.append(rollout(arm, problem, hidden))
    return folder


def test_the_flips_are_named_on_the_right_side(tmp_path):
    rates = {
        "plain": {"apple": 1.0, "berry": 0.5, "cherry": 1.0, "damson": 0.0, "elder": 0.0},
        "tuned": {"apple": 1.0, "berry": 1.0, "cherry": 0.5, "damson": 1.0, "elder": 0.0},
    }
    report = compare([write_run(tmp_path / "run", rates)])
    lines = report.splitlines()
    assert "- only tuned solves: berry, damson" in lines
    assert "- only plain solves: cherry" in lines
    assert "- exact McNemar test: p = 1.000" in lines
    assert any(line.startswith("- solved: +20.0 points on 5 problems") for line in lines)
    assert any(line.startswith("- hidden tests passed: +20.0 points on 5 problems") for line in lines)
    assert "model scripted/lm, 5 problems of pack test" in report
    assert "| plain |" in report and "2 / 5" in report and "3 / 5" in report


def test_the_order_of_arms_decides_the_sign(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 0.0, "berry": 1.0}, "tuned": {"apple": 1.0, "berry": 1.0}})
    assert "- solved: +50.0 points" in compare([run], ["plain", "tuned"])
    assert "- solved: -50.0 points" in compare([run], ["tuned", "plain"])
    assert "plain against tuned:" in compare([run], ["tuned", "plain"])


def test_a_difference_is_called_shown_only_when_its_interval_leaves_out_zero(tmp_path):
    names = [f"problem {number}" for number in range(20)]
    plain = dict.fromkeys(names, 0.0)
    much = write_run(tmp_path / "much", {"plain": plain, "tuned": dict.fromkeys(names, 1.0)})
    little = write_run(tmp_path / "little", {"plain": plain, "tuned": {**plain, names[0]: 1.0}})
    assert compare([much]).count("(shown)") == 2 and "p = 0.000" in compare([much])
    assert compare([little]).count("(not shown at this size)") == 2 and "p = 1.000" in compare([little])


def test_only_problems_judged_for_both_arms_are_paired(tmp_path):
    rates = {
        "plain": {"apple": 1.0, "berry": 0.0, "cherry": None, "damson": 1.0},
        "tuned": {"apple": 1.0, "berry": 1.0, "cherry": 1.0, "damson": None},
    }
    report = compare([write_run(tmp_path / "run", rates)])
    assert "- solved: +50.0 points on 2 problems" in report
    assert "cherry" not in report and "damson" not in report
    assert "2 rollouts were not judged" in report


def test_arms_without_a_common_problem(tmp_path):
    report = compare([write_run(tmp_path / "run", {"plain": {"apple": 1.0}, "tuned": {"berry": 1.0}})])
    assert "no judged problem in common" in report and "points" not in report


def test_several_samples_a_problem_have_no_flips(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 0.0, "berry": 1.0}, "tuned": {"apple": 1.0, "berry": 1.0}})
    opened = RunFolder(run, config_of(("plain", "tuned"), ("apple", "berry")))
    opened.append(rollout("tuned", "apple", 0.0, sample=1))
    report = compare([run])
    assert "- solved: +25.0 points on 2 problems" in report and "McNemar" not in report


def test_several_runs_are_told_apart_by_folder(tmp_path):
    first = write_run(tmp_path / "first", {"flow": {"apple": 0.0, "berry": 0.0}})
    second = write_run(tmp_path / "second", {"flow": {"apple": 1.0, "berry": 0.0}})
    report = compare([first, second])
    assert "second/flow against first/flow:" in report and "- only second/flow solves: apple" in report


def test_runs_in_folders_of_the_same_name_are_kept_apart(tmp_path):
    first = write_run(tmp_path / "monday" / "run", {"flow": {"apple": 0.0, "berry": 0.0}})
    second = write_run(tmp_path / "friday" / "run", {"flow": {"apple": 1.0, "berry": 0.0}})
    assert "- solved: +50.0 points on 2 problems" in compare([first, second])


@pytest.mark.parametrize("key", ["data", "split", "data_fingerprint"])
def test_runs_over_different_data_are_refused(tmp_path, key):
    first = write_run(tmp_path / "first", {"flow": {"apple": 0.0}})
    second = write_run(tmp_path / "second", {"flow": {"apple": 0.0}}, **{key: "other"})
    with pytest.raises(RunError, match=r"different data.*other"):
        compare([first, second])


def test_a_missing_arm_is_refused_with_those_there_are(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 0.0}, "tuned": {"apple": 0.0}})
    with pytest.raises(RunError, match="no arm toned; there are plain, tuned"):
        compare([run], ["plain", "toned"])


def test_fewer_than_two_arms_are_refused(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 0.0}})
    with pytest.raises(RunError, match="needs two arms; found plain"):
        compare([run])
    with pytest.raises(RunError, match="needs two arms; found none"):
        compare([write_run(tmp_path / "empty", {})])


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="is not a run"):
        compare([tmp_path])
