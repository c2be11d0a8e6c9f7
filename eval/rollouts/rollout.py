"""One rollout: a program solves one problem once, and its answer is judged. A bad rollout is data, not a crash."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import AliasChoices, BaseModel, Field

from eval.data.problem_set import ProblemSet
from eval.rollouts.score import Score, Status, score
from program.problem import Problem
from program.rollout.trace import Best, Totals, Trace, name_of, outage_of

STORED_TRACE = "account"  # the key of `Rollout.trace` in `rollouts.jsonl`, older than its name
IMPORTED = "imported"  # the mark of another system's rollouts, whose cost nobody here knows


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

    status: "not judged" where it ended by anything but a fault of the program (see `OWN_FAULTS` in
        `eval.rollouts.executor`); never counted as a failure.
    error: what ended it, where something did; a program that raised an error has failed, without code.
    seconds: wall-clock time of the program, without the judging of its answer.
    draws: that it was allowed, where a total was spread over the problems; None elsewhere.
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
    draws: int | None = Field(default=None, exclude_if=lambda draws: draws is None)
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

    def end_with(self, fault: Exception, status: Status) -> None:
        """Store what ended the rollout."""
        self.error = f"{type(fault).__name__}: {str(fault)[:500]}"
        self.status = status

    def slim(self) -> dict[str, Any]:
        """JSON values without the texts of the trace."""
        return {**self.model_dump(exclude={"trace"}), STORED_TRACE: self.trace.slim()}


def judge_answer(rollout: Rollout, problem: Problem, problems: ProblemSet) -> None:
    """Judge the answer that a program has given to `eval.rollouts.executor.run_program`, with the hidden tests; of a
    program that raised an error as if it had given no program. Never raises for one rollout."""
    if not rollout.error or rollout.status == "failed":
        try:
            judge_rollout(rollout, problem, problems)
        except Exception as fault:  # noqa: BLE001  what judging dies of is stored with the rollout and seen in reports
            rollout.end_with(fault, "not judged")


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
