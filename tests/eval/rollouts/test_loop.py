"""The rollout loop: the order of the rollouts, and that nothing of them piles up in memory."""

import pytest
from dspy import LMAuthError, LMBillingError
from dspy.clients.base_lm import GLOBAL_HISTORY

from eval.cluster.paying import paid_calls
from eval.data.problem_set import HiddenTests, ProblemSet
from eval.rollouts.executor import Arm, Conditions, Threads
from eval.rollouts.loop import run_loop
from eval.rollouts.run_folder import RunFolder, read_rollouts
from judge.verdict import TestCase
from program.baselines.direct import Direct
from program.errors import ModelError
from program.models.scripted import scripted_lm
from program.paid.ledger import Ledger
from program.paid.ledger_engine import paid_lm
from program.problem import Problem, PublicTest
from program.rollout.budget import Budget, RunBudget
from program.rollout.rate_limits import Pace

ANSWER = "```python\nprint(2 * int(input()))\n```"
NAMES = ("apple", "berry")


@pytest.fixture
def problems() -> ProblemSet:
    public = (PublicTest(input="3\n", output="6\n"),)
    made = tuple(Problem(name=name, description="Double it.", public_tests=public) for name in NAMES)
    hidden = HiddenTests((TestCase("12\n", "24\n"),), ())
    return ProblemSet("here", "test", made, "0", dict.fromkeys(NAMES, hidden), {})


def test_arms_take_turns_problem_by_problem_so_that_drift_hits_them_alike(tmp_path, problems):
    arms = [Arm(name, Direct()) for name in ("one", "two")]
    run = RunFolder(tmp_path, {})
    lm = scripted_lm([ANSWER] * 8)
    done = [rollout.key() for rollout in run_loop(run, arms, problems, Threads(lm), samples=2, concurrency=1)]
    assert done == [(arm, name, sample) for name in NAMES for sample in (0, 1) for arm in ("one", "two")]


def test_prompts_do_not_pile_up_while_a_run_goes_on(tmp_path, problems):
    arms, lm, before = [Arm("one", Direct())], scripted_lm([ANSWER] * 2), list(GLOBAL_HISTORY)
    (first, second) = run_loop(RunFolder(tmp_path, {}), arms, problems, Threads(lm), concurrency=1)
    assert first.trace.calls[0].prompt and second.trace.calls[0].prompt, "the prompts were recorded"
    assert lm.history == [] and before == GLOBAL_HISTORY


@pytest.mark.parametrize("fault", [LMAuthError("wrong key"), LMBillingError("no money left")])
def test_a_wrong_key_or_an_unpaid_bill_ends_the_run_which_goes_on_later(tmp_path, problems, fault):
    def run(answers) -> list[str]:
        executor = Threads(scripted_lm(answers))
        done = run_loop(folder, [Arm("one", Direct())], problems, executor, samples=2, concurrency=1)
        return [rollout.status for rollout in done]

    folder = RunFolder(tmp_path, {})
    with pytest.raises(ModelError, match=str(fault)):
        run([ANSWER, fault])
    assert [each.status for each in read_rollouts(tmp_path)] == ["solved", "not judged"], "nothing was begun after it"
    assert run([ANSWER] * 3) == ["solved"] * 4


def test_a_lost_owner_of_the_budget_is_no_answer_of_the_program(tmp_path, problems):
    class Lost(RunBudget):
        def take_call(self) -> str | None:
            raise ModelError("the process that keeps the run's budget is gone")

    calls = paid_calls(Ledger(tmp_path / "paid"), Lost(Budget()), Pace())
    executor = Threads(paid_lm(scripted_lm([]), calls), Conditions(phase="rollouts", apart=True))
    (first, _) = run_loop(RunFolder(tmp_path / "run", {}), [Arm("one", Direct())], problems, executor, concurrency=1)
    assert first.status == "not judged" and "is gone" in first.error
