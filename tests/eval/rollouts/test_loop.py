"""The rollout loop: the order of the rollouts, and that nothing of them piles up in memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from dspy.clients.base_lm import GLOBAL_HISTORY

from eval.data.problem_set import HiddenTests, ProblemSet
from eval.rollouts.executor import Arm, Threads
from eval.rollouts.loop import run_loop
from eval.rollouts.run_folder import RunFolder
from judge.verdict import TestCase
from program.baselines.direct import Direct
from program.models.scripted import scripted_lm
from program.problem import Problem, PublicTest

ANSWER = "```python\nprint(2 * int(input()))\n```"
NAMES = ("apple", "berry")


@pytest.fixture
def problems() -> ProblemSet:
    public = (PublicTest(input="3\n", output="6\n"),)
    made = tuple(Problem(name=name, description="Double it.", public_tests=public) for name in NAMES)
    hidden = HiddenTests((TestCase("12\n", "24\n"),), ())
    return ProblemSet("here", "test", made, "0", dict.fromkeys(NAMES, hidden), {})


def test_arms_take_turns_problem_by_problem_so_that_drift_hits_them_alike(tmp_path: Path, problems):
    arms = [Arm(name, Direct()) for name in ("one", "two")]
    run = RunFolder(tmp_path, {})
    lm = scripted_lm([ANSWER] * 8)
    done = [rollout.key() for rollout in run_loop(run, arms, problems, Threads(lm), samples=2, concurrency=1)]
    assert done == [(arm, name, sample) for name in NAMES for sample in (0, 1) for arm in ("one", "two")]


def test_prompts_do_not_pile_up_while_a_run_goes_on(tmp_path: Path, problems):
    arms, lm = [Arm("one", Direct())], scripted_lm([ANSWER] * 2)
    (first, second) = run_loop(RunFolder(tmp_path, {}), arms, problems, Threads(lm), concurrency=1)
    assert first.trace.calls[0].prompt and second.trace.calls[0].prompt, "the prompts were recorded"
    assert lm.history == [] and GLOBAL_HISTORY == []
