"""Validity and discrimination of the tests a model wrote, by the dataset's known programs."""

import pytest

from eval.data.load import load_problems
from eval.rejudged.ai_test_quality import ai_test_quality
from eval.rollouts.run_folder import RunFolder
from program.bench.workbench import TRACED_CHARACTERS
from program.rollout.trace import JudgeRun, name_of
from program.rollout.trace import TestRun as Ran
from tests.support.packs import isolate, number_task, write_pack
from tests.support.rollouts import CODE, config_of, rollout

# The right program doubles; the wrong one does so below 10 only, which public tests do not show.
TWICE = number_task("Twice", lambda n: 2 * n, "2 * n")


@pytest.fixture
def problems(tmp_path, monkeypatch):
    isolate(monkeypatch, tmp_path / "cache")
    return load_problems(str(write_pack(tmp_path / "data", test=[TWICE])), "test")


def quality(tmp_path, problems, *suites: list[tuple[str, str]]):
    """The quality of the AI tests of one rollout a suite, each a list of inputs and outputs."""
    folder = RunFolder(tmp_path / "run", config_of(["plain"], ["Twice"]))
    rollouts = []
    for number, suite in enumerate(suites):
        runs = [Ran(input=given, expected=wanted, verdict="AC") for given, wanted in suite]
        verdicts = ["AC"] * len(runs)
        event = JudgeRun(tests="ai", program=name_of(CODE), verdicts=verdicts, code=CODE, runs=runs)
        rollouts.append(rollout("Twice", sample=number, events=[event]))
        folder.append(rollouts[-1])
    return ai_test_quality(folder.path, rollouts, problems)


def test_a_test_is_valid_when_the_right_program_passes_it(tmp_path, problems):
    found = quality(tmp_path, problems, [("4\n", "8\n"), ("5\n", "11\n"), ("word\n", "8\n")])
    assert found is not None and (found.rollouts, found.tests) == (1, 3)
    assert found.valid.value == pytest.approx(1 / 3)


def test_only_valid_tests_that_reject_the_wrong_program_discriminate(tmp_path, problems):
    found = quality(tmp_path, problems, [("4\n", "8\n"), ("50\n", "100\n")], [("4\n", "8\n"), ("50\n", "7\n")])
    assert found is not None
    assert found.valid.value == pytest.approx(3 / 4)
    assert found.discriminating.value == pytest.approx(1 / 3)  # of the three valid ones, that with 50
    assert found.caught.value == pytest.approx(1 / 2)  # by one of two rollouts
    assert found.caught_by_public.value == 0.0


def test_tests_that_the_trace_cuts_are_left_out_and_counted(tmp_path, problems):
    found = quality(tmp_path, problems, [("4\n", "8\n"), ("1" * TRACED_CHARACTERS, "2")])
    assert found is not None and (found.tests, found.cut) == (1, 1)


def test_without_ai_tests_there_is_nothing_to_judge(tmp_path, problems):
    assert quality(tmp_path, problems, []) is None
    assert ai_test_quality(tmp_path / "run", [rollout("Twice", sample=7)], problems) is None
