"""One rollout: a program solves one problem once, and its answer is judged. A bad rollout is data, not a crash."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import dspy
from dspy import AdapterParseError, LMAuthError, LMBillingError, LMConfigurationError, LMError, LMUnsupportedModelError
from pydantic import AliasChoices, BaseModel, Field

from eval.data.problem_set import ProblemSet
from eval.rollouts.score import Score, Status, score
from judge.verdict import JudgeError
from program.errors import ModelError, UserError
from program.problem import Problem
from program.rollout.context import new_trace
from program.rollout.trace import Best, Totals, Trace, name_of, outage_of

STORED_TRACE = "account"  # the key of `Rollout.trace` in `rollouts.jsonl`, older than its name
IMPORTED = "imported"  # the mark of another system's rollouts, whose cost nobody here knows
# What a program that is evaluated does wrong itself: such a rollout has failed. Whatever else ends one (no thread could
# be started, a disk is full, a database is locked) leaves it not judged.
OWN_FAULTS = (
    *(AssertionError, AttributeError, LookupError, NameError, RecursionError, TypeError, ValueError),
    *(ZeroDivisionError, AdapterParseError),
)
INFRASTRUCTURE = (JudgeError, LMError, ModelError, UserError)  # some of them are a ValueError too
# With a wrong key, an unpaid bill or a model that is not there no other rollout of the run would fare better.
HOPELESS = (LMAuthError, LMBillingError, LMConfigurationError, LMUnsupportedModelError)


class Checkpoint(BaseModel):
    """What the rollout would have returned, had it ended after so much spending, and how that does on hidden tests.

    program: names the code (`program.rollout.trace.name_of`); calls, tokens, dollars, seconds: spent until then.
    """

    program: str
    calls: int
    tokens: int
    dollars: float | None
    seconds: float
    solved: bool
    hidden_rate: float


class Pick(BaseModel):
    """One of the programs that a rollout hands in where more than one may be."""

    code: str
    solved: bool = False
    hidden_rate: float = 0.0


class Rollout(BaseModel):
    """What is stored of a rollout, one JSON line each; its texts are in its trace (see `eval.rollouts.trace_files`).

    status: "not judged" where it ended by anything but a fault of the program (see `OWN_FAULTS`); never counted as a
        failure.
    error: what ended it, where something did; a program that raised an error has failed, without code.
    seconds: wall-clock time of the program, without the judging of its answer.
    made_by: names the state of our code that it was made by (see `eval.rollouts.code_version`).
    checkpoints: in the order of spending; the last one is the answer.
    hopeless: whether it ended in a way that ends the run too; not stored.
    """

    arm: str
    problem: str
    sample: int
    status: Status
    error: str = ""
    code: str = ""
    score: Score | None = None
    checkpoints: list[Checkpoint] = []
    picks: list[Pick] = []
    totals: Totals = Totals()
    trace: Trace = Field(default_factory=Trace, validation_alias=AliasChoices("trace", STORED_TRACE))
    seconds: float = 0.0
    made_by: str = ""
    hopeless: bool = Field(default=False, exclude=True)

    @property
    def cost_known(self) -> bool:
        """Whether `totals` and `seconds` say what the rollout cost."""
        return IMPORTED not in self.trace.marks

    @property
    def fixes(self) -> int:
        """Calls that asked for a fix, whether they helped or not."""
        return sum(call.stage == "FixCode" for call in self.trace.calls)

    def key(self) -> tuple[str, str, int]:
        return self.arm, self.problem, self.sample

    def slim(self) -> dict[str, Any]:
        """JSON values without the texts of the trace."""
        return {**self.model_dump(exclude={"trace"}), STORED_TRACE: self.trace.slim()}


def run_program(arm: str, program: dspy.Module, problem: Problem, sample: int) -> Rollout:
    """Run `program` on `problem`, which is all it gets; its answer is not judged yet. Never raises for one rollout.

    What it dies of is stored with the rollout: infrastructure leaves it not judged, with an error of its own it has
    failed.
    """
    begin = time.perf_counter()
    rollout = Rollout(arm=arm, problem=problem.name, sample=sample, status="not judged")
    with new_trace() as trace, _boundary(rollout, OWN_FAULTS):
        answer = program(problem=problem, sample=sample)
        if not isinstance(answer.code, str):
            raise TypeError(f"the answer has no text as its code but {type(answer.code).__name__}")
        rollout.code = answer.code
        rollout.picks = [Pick(code=code) for code in answer.get("picks", [])]
    rollout.seconds = time.perf_counter() - begin
    rollout.trace, rollout.totals = trace, trace.totals()
    return rollout


def judge_answer(rollout: Rollout, problem: Problem, problems: ProblemSet) -> None:
    """Judge what `run_program` has brought, with the hidden tests; of a program that raised an error as if it had given
    no program. Never raises for one rollout."""
    if not rollout.error or rollout.status == "failed":
        with _boundary(rollout):
            judge_rollout(rollout, problem, problems)


@contextmanager
def _boundary(rollout: Rollout, own: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Whatever the body raises is stored with the rollout, which has failed by its `own` faults only."""
    try:
        yield
    except Exception as fault:  # noqa: BLE001  the one boundary: whatever a rollout dies of is stored with it and seen in reports
        rollout.error = f"{type(fault).__name__}: {str(fault)[:500]}"
        failed = isinstance(fault, own) and not isinstance(fault, INFRASTRUCTURE)
        rollout.status = "failed" if failed else "not judged"
        rollout.hopeless = isinstance(fault, HOPELESS)


def judge_rollout(rollout: Rollout, problem: Problem, problems: ProblemSet) -> None:
    """Judge the rollout's program, and those that were its best before, and set score, checkpoints and status. One that
    an outage of the LM has cost calls is not judged unless it solves the problem: nobody knows what they would have
    brought.

    Raises:
        JudgeError: the judge failed.
    """
    trace = rollout.trace
    lost = trace.lost_calls
    if lost and not rollout.code and not any(isinstance(event, Best) for event in trace.events):
        # An error of the program's own may come of it, where it reckoned with an answer.
        rollout.error = f"{lost[0].fault}; {rollout.error}" if rollout.error else lost[0].fault
        rollout.status = "not judged"
        return
    scored = cache(lambda code: score(code, problem, problems))
    found = scored(rollout.code)
    if not found.solved and (outage := outage_of(trace)):
        rollout.status, rollout.error = "not judged", outage
        return
    rollout.score = found
    rollout.checkpoints = _checkpoints(rollout, scored)
    rollout.picks = [Pick(code=pick.code, **_outcome(scored(pick.code))) for pick in rollout.picks]
    rollout.status = "solved" if found.solved else "failed"


def _outcome(found: Score) -> dict[str, Any]:
    """Of a score what is kept of programs that are not the answer."""
    return found.model_dump(include={"solved", "hidden_rate"})


def _checkpoints(rollout: Rollout, scored: Callable[[str], Score]) -> list[Checkpoint]:
    found = []
    for best in (event for event in rollout.trace.events if isinstance(event, Best)):
        spent = best.model_dump(include={"program", "calls", "tokens", "dollars"})
        found.append(Checkpoint(**spent, seconds=best.started, **_outcome(scored(best.code))))
    return [*found, _nothing(rollout)] if found and not rollout.code else found


def _nothing(rollout: Rollout) -> Checkpoint:
    """The end of a rollout that raised an error: what it held until then was handed to nobody."""
    totals = rollout.trace.totals()
    return Checkpoint(
        program=name_of(""),
        calls=totals.calls,
        tokens=totals.prompt_tokens + totals.completion_tokens,
        dollars=totals.dollars,
        seconds=rollout.seconds,
        solved=False,
        hidden_rate=0.0,
    )
