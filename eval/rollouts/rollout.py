"""One rollout: a program solves one problem once, and its answer is judged. A failed rollout is data, not a crash."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BaseModel, Field

from eval.data.problem_set import ProblemSet
from eval.rollouts.score import Score, Status, score
from program.problem import Problem
from program.rollout.trace import Best, Totals, Trace, name_of, outage_of

STORED_TRACE = "account"  # the key of `Rollout.trace` in `rollouts.jsonl`, from an older name
# The names of errors after which a retry would not help: the server refuses the prompts, as too long or by its filter.
TOO_LONG = "ContextWindowExceededError"
REFUSED = (TOO_LONG, "LMInvalidRequestError")
CUT_SHORT = "the budget of the run was spent before the rollout ended"  # the error of such a rollout
IMPORTED = "imported"  # the mark of another system's rollouts, with unknown cost


def arm_name(name: str) -> str:
    """Check and return the name of an arm. It becomes a folder's name, so it must not lead out of the run.

    Raises:
        ValueError: `name` is not allowed.
    """
    if name in ("", ".", "..") or "/" in name or "\0" in name or len(name) > 200:
        raise ValueError(f"{name[:200]!r} cannot be the name of an arm")
    return name


ArmName = Annotated[str, AfterValidator(arm_name)]


class Checkpoint(BaseModel):
    """What the rollout would have returned if it had ended at this cost, and its result on hidden tests.

    program: the code's name (`program.rollout.trace.name_of`); calls, tokens, dollars, seconds: spent until then.
    """

    program: str
    calls: int
    tokens: int
    dollars: float | None
    seconds: float
    solved: bool
    hidden_rate: float


class Pick(BaseModel):
    """One of several programs that a rollout submits."""

    code: str
    solved: bool = False
    hidden_rate: float = 0.0


class Rollout(BaseModel):
    """The stored data of a rollout, one JSON line; its texts are in its trace (see `eval.rollouts.trace_files`).

    status: "not judged" if anything but a fault of the program ended it (see `OWN_FAULTS` in `eval.rollouts.executor`),
        also the budget of the run; never counted as a failure.
    error: the error that ended it, if any; a program that raised an error has failed, without code.
    seconds: wall-clock time of the program, without the judging of its answer.
    draws: the allowed number, if a total budget was spread over the problems; else None.
    made_by: the code version that made it (see `eval.rollouts.code_version`).
    checkpoints: in order of cost; the last one is the answer.
    hopeless: whether its error should end the run too; not stored.
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
        """Whether `totals` and `seconds` are the rollout's cost."""
        return IMPORTED not in self.trace.marks

    @property
    def is_refused(self) -> bool:
        """Whether it was not judged because the server refuses its prompts."""
        return self.status == "not judged" and any(name in self.error for name in REFUSED)

    @property
    def is_cut_short(self) -> bool:
        """Whether it was not judged because the budget of the run refused it a call. No rate includes it, solved or
        not: with the calls that it lacked, its answer might be another."""
        return self.trace.cut_short_by_run

    @property
    def is_lost(self) -> bool:
        """Whether it was not judged for another reason than the budget of the run."""
        return self.status == "not judged" and not self.is_cut_short

    @property
    def fixes(self) -> int:
        """The number of calls that asked for a fix, successful or not."""
        return sum(call.stage == "FixCode" for call in self.trace.calls)

    def key(self) -> tuple[str, str, int]:
        return self.arm, self.problem, self.sample

    def end_with(self, fault: Exception, status: Status) -> None:
        """Store the error that ended the rollout."""
        self.error = f"{type(fault).__name__}: {str(fault)[:500]}"
        self.status = status

    def drop_verdict_if_cut_short(self) -> bool:
        """Make a rollout that is cut short "not judged". Returns whether it is cut short."""
        if self.is_cut_short:
            self.status, self.error = "not judged", CUT_SHORT
            self.score, self.checkpoints = None, []
        return self.is_cut_short

    def slim(self) -> dict[str, Any]:
        """JSON values without the texts of the trace."""
        return {**self.model_dump(exclude={"trace"}), STORED_TRACE: self.trace.slim()}


def judge_answer(rollout: Rollout, problem: Problem, problems: ProblemSet) -> None:
    """Judge the answer from `eval.rollouts.executor.run_program` with the hidden tests. A program that raised an error
    is judged as an empty answer. Never raises for one rollout."""
    if not rollout.error or rollout.status == "failed":
        try:
            judge_rollout(rollout, problem, problems)
        except Exception as fault:  # noqa: BLE001  an error of judging is stored with the rollout and appears in reports
            rollout.end_with(fault, "not judged")


def judge_rollout(rollout: Rollout, problem: Problem, problems: ProblemSet) -> None:
    """Judge the rollout's program and its earlier best programs, and set score, checkpoints and status. If an outage of
    the LM lost calls, the rollout is not judged unless it solves the problem, because those calls might have helped. A
    rollout that the budget of the run cut short is not judged.

    Raises:
        JudgeError: the judge failed.
    """
    trace = rollout.trace
    if rollout.drop_verdict_if_cut_short():
        return
    lost = trace.lost_calls
    if lost and not rollout.code and not any(isinstance(event, Best) for event in trace.events):
        # A lost call may also cause an error of the program, if it expected an answer.
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
    """The part of a score that is stored for programs other than the answer."""
    return found.model_dump(include={"solved", "hidden_rate"})


def _checkpoints(rollout: Rollout, scored: Callable[[str], Score]) -> list[Checkpoint]:
    found = []
    for best in (event for event in rollout.trace.events if isinstance(event, Best)):
        spent = best.model_dump(include={"program", "calls", "tokens", "dollars"})
        found.append(Checkpoint(**spent, seconds=best.started, **_outcome(scored(best.code))))
    return [*found, _nothing(rollout)] if found and not rollout.code else found


def _nothing(rollout: Rollout) -> Checkpoint:
    """The end of a rollout that raised an error: its best program was not returned."""
    totals = rollout.trace.totals()
    return Checkpoint(
        program=name_of(""),
        calls=totals.calls,
        tokens=totals.all_tokens,
        dollars=totals.dollars,
        seconds=rollout.seconds,
        solved=False,
        hidden_rate=0.0,
    )
