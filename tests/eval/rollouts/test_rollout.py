"""One rollout and its score: every way it can end is a stored state, and none of them is an exception."""

import dspy
import pytest
from dspy import LMAuthError, LMServerError, LMTimeoutError

from eval.data.problem_set import DataError, HiddenTests, ProblemSet
from eval.data.rules import Rules
from eval.rollouts.executor import run_program
from eval.rollouts.rollout import Rollout, judge_answer, judge_rollout
from eval.rollouts.score import score
from eval.story.diagnosis import why
from eval.story.story import Story
from judge.verdict import JudgeError, TestCase
from program.adapters.lean import LeanAdapter
from program.alphacodium import AlphaCodium
from program.baselines.direct import Direct
from program.models.scripted import scripted_lm
from program.problem import Problem, PublicTest
from program.rollout.context import trace
from program.rollout.trace import Call, name_of
from program.stage.stage import Stage
from signatures.code import SolveDirectly

RIGHT = "print(2 * int(input()))\n"
ABOVE_TEN = "n = int(input())\nprint(2 * n if n > 10 else 0)\n"  # fails the public test only
BELOW_TEN = "n = int(input())\nprint(2 * n if n < 10 else 0)\n"  # passes the public test only
PRIVATE = (TestCase("12\n", "24\n"),)
GENERATED = (TestCase("30\n", "60\n"), TestCase("40\n", "80\n"), TestCase("50\n", "100\n"))


class Fixed(dspy.Module):
    """A program that answers what it is made with, or raises it."""

    def __init__(self, answer: object, **further: object) -> None:
        super().__init__()
        self.answer, self.further = answer, further

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        if isinstance(self.answer, Exception):
            raise self.answer
        return dspy.Prediction(code=self.answer, **self.further)


@pytest.fixture
def problem() -> Problem:
    return Problem(name="Double", description="Double it.", public_tests=(PublicTest(input="3\n", output="6\n"),))


def problem_set(problem: Problem, private=PRIVATE, generated=GENERATED) -> ProblemSet:
    return ProblemSet("here", "test", (problem,), "0", {problem.name: HiddenTests(private, generated)}, {})


def run(program: dspy.Module, problem: Problem, answers=(), sample: int = 0) -> Rollout:
    with dspy.context(lm=scripted_lm(answers), adapter=LeanAdapter()):
        rollout = run_program("arm", program, problem, sample)
    judge_answer(rollout, problem, problem_set(problem))
    return rollout


def fenced(code: str) -> str:
    return f"```python\n{code}```"


def test_a_right_program_is_solved(problem):
    rollout = run(Direct(), problem, [fenced(RIGHT)], sample=2)
    assert (rollout.status, rollout.error, rollout.key()) == ("solved", "", ("arm", "Double", 2))
    assert rollout.code == RIGHT and rollout.score and rollout.score.hidden_rate == 1.0
    assert [call.stage for call in rollout.trace.calls] == ["SolveDirectly"]
    assert rollout.totals.calls == 1 and rollout.totals.completion_tokens > 0


def test_a_wrong_program_is_failed(problem):
    rollout = run(Direct(), problem, [fenced(BELOW_TEN)])
    assert rollout.status == "failed" and rollout.score and rollout.score.hidden_rate == 0.0
    assert rollout.score.public.passed == 1


def test_every_program_that_is_handed_in_is_judged_and_the_first_is_the_answer(problem):
    rollout = run(Fixed(BELOW_TEN, picks=[BELOW_TEN, ABOVE_TEN, RIGHT]), problem)
    assert rollout.status == "failed"
    assert [(pick.code, pick.solved, pick.hidden_rate) for pick in rollout.picks] == [
        (BELOW_TEN, False, 0.0),
        (ABOVE_TEN, False, 1.0),
        (RIGHT, True, 1.0),
    ]


def test_an_answer_without_a_program_is_failed_and_not_lost(problem):
    rollout = run(Direct(), problem, ["I would rather not."])
    assert (rollout.status, rollout.code) == ("failed", "")
    assert rollout.totals.failed_calls == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", [LMTimeoutError("late", model="m"), LMServerError("down", model="m")])
def test_an_lm_that_died_before_any_program_is_not_judged(problem, fault):
    rollout = run(Direct(), problem, [fault])
    assert rollout.status == "not judged" and rollout.score is None
    assert type(fault).__name__ in rollout.error and "\n" not in rollout.error


@pytest.mark.usefixtures("impatient")
def test_an_lm_that_died_for_a_while_does_not_cost_the_rollout(problem):
    """Every stage but the one that writes code fails; the flow goes on with what it has."""

    def answer(prompt: str):
        if "complete Python 3 program" in prompt:
            return fenced(RIGHT)
        return LMTimeoutError("late", model="m")

    rollout = run(AlphaCodium(), problem, answer)
    assert rollout.status == "solved" and rollout.totals.failed_calls > 0


class Dying(dspy.Module):
    """A program that holds a right answer and then raises."""

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        trace().best(RIGHT)
        raise ValueError("no such thing")


class Trusting(dspy.Module):
    """A program that goes on as if its only stage had answered."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(SolveDirectly, max_tokens=100, temperature=0.0)

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        answer = self.stage(sample=sample, problem=problem.name)
        return dspy.Prediction(code=answer.code)  # pyright: ignore[reportOptionalMemberAccess]


@pytest.mark.parametrize("fault", [ValueError("no\nsuch thing"), KeyError("x"), RecursionError("deep")])
def test_a_program_that_raises_has_failed_and_keeps_the_error(problem, fault):
    rollout = run(Fixed(fault), problem)
    assert rollout.status == "failed" and rollout.score and rollout.score.hidden_rate == 0.0
    assert rollout.error.startswith(type(fault).__name__) and rollout.code == "" and rollout.checkpoints == []


@pytest.mark.parametrize("fault", [OSError(28, "full"), MemoryError("none left"), LMAuthError("wrong key", model="m")])
def test_a_program_that_the_host_or_the_lm_ends_is_not_judged(problem, fault):
    rollout = run(Fixed(fault), problem)
    assert rollout.status == "not judged" and rollout.score is None
    assert rollout.error.startswith(type(fault).__name__)


@pytest.mark.parametrize("answer", [None, 7, b"print(1)"])
def test_a_prediction_without_code_has_failed(problem, answer):
    rollout = run(Fixed(answer), problem)
    assert (rollout.status, rollout.code) == ("failed", "") and rollout.error.startswith(
        "TypeError: the code of the answer is not text"
    )


def test_a_program_that_lost_its_right_answer_to_an_error_has_it_until_then_and_not_at_the_end(problem):
    rollout = run(Dying(), problem)
    assert (rollout.status, rollout.error) == ("failed", "ValueError: no such thing")
    assert [point.solved for point in rollout.checkpoints] == [True, False]
    assert rollout.checkpoints[-1].program == name_of(rollout.code) != rollout.checkpoints[0].program
    assert why(Story(rollout, rollout.trace.events, True)) == [
        "It ended in an error: ValueError: no such thing.",
        "Program 1, found after 0 calls, passes everything; it was lost in the error.",
    ]


@pytest.mark.usefixtures("impatient")
def test_an_error_that_comes_of_an_lm_that_died_is_not_judged(problem):
    rollout = run(Trusting(), problem, [LMTimeoutError("late", model="m")])
    assert rollout.status == "not judged"
    assert rollout.error.startswith("LMTimeoutError") and "; AttributeError" in rollout.error


def test_a_judge_that_fails_on_the_answer_is_not_judged_and_the_code_is_kept(problem, monkeypatch):
    def broken_judge(*_, **__):
        raise JudgeError("no processes left")

    monkeypatch.setattr("eval.rollouts.score.judge", broken_judge)
    rollout = run(Fixed(RIGHT), problem)
    assert (rollout.status, rollout.score, rollout.code) == ("not judged", None, RIGHT)
    assert "no processes left" in rollout.error


def test_a_judge_that_fails_inside_of_the_flow_is_not_judged(problem, monkeypatch):
    def broken_judge(*_, **__):
        raise JudgeError("no processes left")

    monkeypatch.setattr("program.bench.workbench.judge", broken_judge)
    rollout = run(AlphaCodium(), problem, lambda prompt: fenced(RIGHT) if "complete Python 3" in prompt else "{}")
    assert rollout.status == "not judged" and "JudgeError" in rollout.error
    assert rollout.trace.calls, "what was paid until then is kept"


def test_every_end_can_be_stored_and_read_again(problem):
    for program in (Fixed(RIGHT), Fixed(""), Fixed(ValueError("ä"))):
        rollout = run(program, problem)
        assert Rollout.model_validate_json(rollout.model_dump_json()) == rollout


def test_the_hidden_rate_counts_private_and_generated_tests_together(problem):
    half = "n = int(input())\nprint(2 * n if n < 35 else 0)\n"  # 1 of 1 private, 1 of 3 generated
    result = score(half, problem, problem_set(problem))
    assert (result.private.passed, result.private.total) == (1, 1)
    assert (result.generated.passed, result.generated.total) == (1, 3)
    assert result.hidden_rate == 2 / 4 and not result.solved
    assert result.generated.verdict == "WA" and result.private.verdict == "AC"


def test_solved_needs_the_public_tests_too(problem):
    result = score(ABOVE_TEN, problem, problem_set(problem))
    assert result.hidden_rate == 1.0 and result.public.passed == 0 and not result.solved


@pytest.mark.parametrize("code", ["", "  \n"])
def test_an_empty_program_fails_everything(problem, code):
    result = score(code, problem, problem_set(problem))
    assert (result.public.passed, result.private.passed, result.generated.passed) == (0, 0, 0)
    assert (result.public.total, result.private.total, result.generated.total) == (1, 1, 3)
    assert result.hidden_rate == 0.0 and not result.solved and result.public.verdict == "CE"


def test_a_program_that_is_not_python_fails_everything(problem):
    result = score("def f(:\n", problem, problem_set(problem))
    assert result.hidden_rate == 0.0 and result.private.verdict == "CE" and result.generated.total == 3


def test_without_hidden_tests_there_is_no_score(problem):
    with pytest.raises(DataError, match="'Double' has no hidden tests"):
        score(RIGHT, problem, problem_set(problem, (), ()))


def test_the_rules_of_a_run_decide_and_not_those_of_the_problem(problem):
    crashes = RIGHT + "raise SystemExit(3)\n"
    strict = problem_set(problem)
    assert not score(crashes, problem, strict).solved
    assert score(crashes, problem, strict.judged_by(Rules(checker="deepmind"))).solved


@pytest.mark.parametrize(("code", "status"), [(RIGHT, "solved"), ("print(0)\n", "not judged")])
def test_an_outage_is_no_failure_of_the_program_that_lost_calls_to_it(problem, code, status):
    """What the lost calls would have brought nobody knows; a rollout that solves the problem did without them."""
    rollout = Rollout(arm="flow", problem=problem.name, sample=0, status="not judged", code=code)
    rollout.trace.best(code)
    rollout.trace.enter(Call(stage="FixCode", outcome="lm_error", error="LMServerError", detail="down"))
    judge_rollout(rollout, problem, problem_set(problem))
    assert rollout.status == status
    assert (rollout.score is None) == (not rollout.checkpoints) == (status == "not judged"), "so that no rate counts it"
    assert rollout.error == ("" if status == "solved" else "LMServerError: down")
