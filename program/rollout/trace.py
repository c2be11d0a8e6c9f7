"""The record of a rollout: every LM call, every judge run, every decision, and the total cost.

A trace contains events in the order in which they ended, numbers and texts together; `slim` leaves the texts out.
`program.rollout.context` has the trace of the current rollout.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, PrivateAttr

from program.rollout.budget import Budget, RunBudget, spent_of
from program.rollout.decisions import DECISION_TEXTS, Decision, NothingAnswered, StageNotAsked

# ok: the answer was read; unparsable: it was not; endless: cut off at the token cap while it repeated itself; cut: cut
# off in another way before the requested part was complete; cut while thinking: cut off while the model was thinking;
# empty: no text; stub: the given function without a body; refused: the model declines; filtered: the provider blocked
# the answer; lm_error: there was no answer.
Outcome = Literal[
    "ok", "unparsable", "endless", "cut", "cut while thinking", "empty", "stub", "refused", "filtered", "lm_error"
]

IN_THOUGHT = "found in the thought, because the answer has no program"


class Message(BaseModel):
    """One message of a prompt."""

    role: str
    content: str


class Call(BaseModel):
    """One request of a stage to its LM. Token counts come from the provider; they are 0 for an answer from a cache.

    started: seconds since the start of the rollout; seconds: from the request to the answer, including waits.
    cached_tokens: prompt tokens that came from a prefix cache.
    dollars: None if the price is unknown.
    retries: earlier requests for this call that were refused or failed.
    error: the name of the exception if the answer was not read or there was none; detail: its message, in one line.
    attempt: the number of the request for the same answer, from 1.
    repair: whether the call shows the model an answer that could not be read and requests it again.
    salvaged: whether the answer could only be read with tolerance; read: a description of how.
    prompt, answer, thought: the texts; the answer does not include the thought; in the trace, not in
        `rollouts.jsonl`.
    inputs, outputs: the fields of the signature, as JSON values; outputs are empty if the answer could not be read.
    """

    kind: Literal["call"] = "call"
    stage: str
    outcome: Outcome = "ok"
    error: str = ""
    detail: str = ""
    model: str = ""
    prompt_hash: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    dollars: float | None = None
    started: float = 0.0
    seconds: float = 0.0
    retries: int = 0
    attempt: int = 1
    repair: bool = False
    salvaged: bool = False
    read: list[str] = []
    from_cache: bool = False
    prompt: list[Message] = []
    answer: str = ""
    thought: str = ""
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}

    @property
    def all_tokens(self) -> int:
        """Tokens of the prompt and the completion together."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def came(self) -> bool:
        """Whether there was an answer, usable or not."""
        return self.outcome != "lm_error"

    @property
    def unread(self) -> bool:
        """Whether there was an answer that was unusable: neither it nor its thought had what was asked for."""
        return self.outcome not in ("ok", "lm_error") and IN_THOUGHT not in self.read

    @property
    def as_read(self) -> str:
        """The parsed answer, field by field; empty if it was not read."""
        texts = {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
            for name, value in self.outputs.items()
        }
        return "\n".join(f"{name}:\n{text}" if "\n" in text else f"{name}: {text}" for name, text in texts.items())

    @property
    def fault(self) -> str:
        """The error, in one line; empty if there was none."""
        return ": ".join(part for part in (self.error, self.detail) if part)


class TestRun(BaseModel):
    """One program on one test, as the flow saw it; texts are cut to 2,000 characters."""

    input: str
    expected: str
    output: str = ""
    error: str = ""
    verdict: str


class JudgeRun(BaseModel):
    """One program that the flow ran on some tests.

    tests: the origin of the tests.
    program: the name of the code; see `name_of`.
    function: the name of the function that the tests call; empty if they run the code as a program.
    code, runs: the texts; in the trace, not in `rollouts.jsonl`.
    """

    kind: Literal["judge"] = "judge"
    tests: Literal["public", "ai", "other"]
    program: str
    verdicts: list[str]
    started: float = 0.0
    seconds: float = 0.0
    code: str = ""
    runs: list[TestRun] = []
    function: str = Field(default="", exclude_if=lambda name: not name)


class Decided(BaseModel):
    """A decision of the rollout."""

    kind: Literal["decided"] = "decided"
    decision: Decision
    started: float = 0.0


class Remark(BaseModel):
    """A decision as text: the form that runs stored before decisions had types. It can only be shown."""

    kind: Literal["decision"] = "decision"
    what: str
    started: float = 0.0


Origin = Literal["direct", "first", "further", "redraw", "fix", "brute force"]
# The origins of a program.
ORIGINS: dict[Origin, str] = {
    "direct": "written by a plain call before the flow",
    "first": "the first program",
    "further": "a further program",
    "redraw": "written in place of one that was not fixed",
    "fix": "a fix",
    "brute force": "the brute-force program",
}


SILENT = 6  # if this many first calls return no text at all, no more calls are made


class NewProgram(BaseModel):
    """From here on `program` may become the answer.

    calls: the number of calls so far.
    """

    kind: Literal["new program"] = "new program"
    program: str
    origin: Origin
    started: float = 0.0
    calls: int = 0


class Best(BaseModel):
    """From here on `program` is the answer if the rollout ends.

    calls, tokens, dollars: spent so far (tokens: prompt and completion).
    code: the text; in the trace, not in `rollouts.jsonl`.
    """

    kind: Literal["best"] = "best"
    program: str
    started: float = 0.0
    calls: int = 0
    tokens: int = 0
    dollars: float | None = None
    code: str = ""


Event = Annotated[Call | JudgeRun | Decided | Remark | NewProgram | Best, Field(discriminator="kind")]
# The fields that `Trace.slim` leaves out, in the form of pydantic's `exclude`.
TEXTS: dict[str, Any] = {
    **dict.fromkeys(("prompt", "answer", "thought", "inputs", "outputs", "code", "runs"), True),
    "decision": DECISION_TEXTS,
}


def name_of(code: str) -> str:
    """The name of a program: a hash of its text, 12 hex digits."""
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()[:12]


class Trace(BaseModel):
    """Everything that a rollout did.

    marks: notes on the origin of the trace, such as "imported".
    """

    events: list[Event] = Field(default_factory=list)
    marks: list[str] = Field(default_factory=list)
    _begin: float = PrivateAttr(default_factory=time.perf_counter)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)
    _budget: Budget = PrivateAttr(default_factory=Budget)
    _run: RunBudget | None = PrivateAttr(default=None)
    _taken: int = PrivateAttr(default=0)
    _listener: Callable[[Any], None] | None = PrivateAttr(default=None)

    @classmethod
    def of(cls, run: RunBudget | None, most: Budget) -> Trace:
        """An empty trace that starts now. Its rollout also spends from the budget of its run, and never exceeds `most`,
        whatever its program allows."""
        opened = cls()
        opened._run, opened._budget = run, most
        return opened

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace) and (self.events, self.marks) == (other.events, other.marks)

    def __reduce__(self) -> Any:
        """Pickle only the contents: clock, lock and listener have no meaning in another process."""
        return _moved, (self.events, self.marks)

    @property
    def calls(self) -> list[Call]:
        return [event for event in self.events if isinstance(event, Call)]

    @property
    def lost_calls(self) -> list[Call]:
        """The calls without any answer."""
        return [call for call in self.calls if not call.came]

    @property
    def is_silent(self) -> bool:
        """Whether no call has returned a text, nor a thought with a program."""
        return not any(call.answer.strip() or call.outputs for call in self.calls)

    @property
    def judge_runs(self) -> list[JudgeRun]:
        return [event for event in self.events if isinstance(event, JudgeRun)]

    @property
    def decisions(self) -> list[Decision]:
        return [event.decision for event in self.events if isinstance(event, Decided)]

    @property
    def programs(self) -> dict[str, NewProgram]:
        """The programs by name, in the order in which they were made."""
        return {event.program: event for event in self.events if isinstance(event, NewProgram)}

    @property
    def spent_budgets(self) -> list[tuple[Literal["rollout", "run"], str]]:
        """The budgets that cost the rollout a call: whose budget and which resource, without duplicates."""
        refused = [each for each in self.decisions if isinstance(each, StageNotAsked)]
        return list(dict.fromkeys((each.budget, each.resource) for each in refused))

    @property
    def cut_short_by_run(self) -> bool:
        """Whether the budget of the run has cost the rollout a call."""
        return any(budget == "run" for budget, _ in self.spent_budgets)

    def now(self) -> float:
        """Seconds since the start of the rollout."""
        return time.perf_counter() - self._begin

    def reach(self, moment: float) -> None:
        """Let the rollout's clock go on to at least this many seconds since its begin, without waiting: an answer from
        the ledger comes at once, but counts with the seconds that it took when it was paid. Answers that come side by
        side overlap."""
        with self._lock:
            self._begin -= max(0.0, moment - self.now())

    def limit(self, budget: Budget) -> None:
        """From now on, `may_call` also respects `budget`."""
        self._budget = self._budget.and_also(budget)

    def may_call(self, stage: str, prepares: bool = False) -> bool:
        """Count a call that `stage` is about to make. If the rollout's budget allows none, or if the first `SILENT`
        calls returned nothing, enter this in the trace, once per stage. The budget of the run is checked where calls
        are paid (`program.paid`).

        As long as no program passes the public tests, the last call of the budget is not given to stages that only
        prepare one. Otherwise a rollout could use all its calls for preparation and write nothing.
        """
        refused = None
        with self._lock:
            if spent := self._spent(kept_calls=int(prepares and not self._has_passing_program)):
                refused = StageNotAsked(stage=stage, resource=spent)
            elif len(self.calls) >= SILENT and self.is_silent:
                refused = NothingAnswered(calls=SILENT)
            else:
                self._taken += 1
        if refused:
            self.decide_once(refused)
        return refused is None

    @property
    def _has_passing_program(self) -> bool:
        """Whether a program passes the public tests; without public tests, whether there is a program."""
        runs = [each.verdicts for each in self.judge_runs if each.tests == "public"]
        return any(set(verdicts) == {"AC"} for verdicts in runs) if runs else bool(self.programs)

    def spent(self) -> str | None:
        """The resource of the rollout or of the run that is spent and prevents a call; None if there is none."""
        with self._lock:
            return self._spent() or (self._run.spent() if self._run else None)

    def seconds_left(self) -> float | None:
        """The remaining seconds of the rollout's or the run's budget, the lesser one; None if neither has a limit."""
        own = None if self._budget.seconds is None else self._budget.seconds - self.now()
        left = [own, self._run.seconds_left() if self._run else None]
        return min((seconds for seconds in left if seconds is not None), default=None)

    def out_of_time(self) -> bool:
        """Whether the budget of seconds is spent, so that programs should not be run either."""
        left = self.seconds_left()
        return left is not None and left <= 0

    def _spent(self, kept_calls: int = 0) -> str | None:
        totals = self.totals()
        used = {
            "calls": self._taken + kept_calls,
            "tokens": totals.all_tokens,
            "dollars": sum(call.dollars or 0.0 for call in self.calls),
            "seconds": self.now(),
        }
        return spent_of(used, self._budget)

    def enter(self, event: Event) -> None:
        """Add an event."""
        with self._lock:
            self.events.append(event)
            if self._listener:
                self._listener(event)

    def decide(self, decision: Decision) -> None:
        self.enter(Decided(decision=decision, started=self.now()))

    def decide_once(self, decision: Decision) -> None:
        """Like `decide`, unless the same decision was entered before."""
        if decision not in self.decisions:
            self.decide(decision)

    def new_program(self, code: str, origin: Origin) -> None:
        """Record that `code` may become the answer."""
        self.enter(NewProgram(program=name_of(code), origin=origin, started=self.now(), calls=self.totals().calls))

    def best(self, code: str) -> None:
        """Record that `code` is now the answer of the rollout, unless it already was."""
        last = next((event for event in reversed(self.events) if isinstance(event, Best)), None)
        if not code.strip() or (last and last.code == code):
            return
        spent = self.totals()
        self.enter(
            Best(
                program=name_of(code),
                started=self.now(),
                calls=spent.calls,
                tokens=spent.all_tokens,
                dollars=spent.dollars,
                code=code,
            )
        )

    def mark(self, what: str) -> None:
        with self._lock:
            if what not in self.marks:
                self.marks.append(what)

    def listen(self, listener: Callable[[Any], None]) -> None:
        """Call `listener` with every event from now on, one at a time."""
        self._listener = listener

    def slim(self) -> dict[str, Any]:
        """The trace as JSON values, without the texts."""
        return {"events": [event.model_dump(exclude=TEXTS) for event in self.events], "marks": self.marks}

    def totals(self) -> Totals:
        """The sums over all calls. `dollars` is None if the price of any call is unknown; a request that the server
        refused costs nothing."""
        calls, runs = self.calls, self.judge_runs
        paid = [call for call in calls if not call.from_cache]
        prices = [call.dollars for call in paid if call.came or call.error in MAY_COST]
        return Totals(
            calls=len(paid),
            failed_calls=sum(call.outcome != "ok" for call in calls),
            prompt_tokens=sum(call.prompt_tokens for call in paid),
            cached_tokens=sum(call.cached_tokens for call in paid),
            completion_tokens=sum(call.completion_tokens for call in paid),
            tokens_known=all(call.prompt_tokens or call.completion_tokens for call in paid if call.came),
            dollars=None if any(price is None for price in prices) else sum(price or 0.0 for price in prices),
            lm_seconds=sum(call.seconds for call in paid),
            judge_seconds=sum(run.seconds for run in runs),
        )


def _moved(events: list[Event], marks: list[str]) -> Trace:
    return Trace.model_construct(events=events, marks=marks)


class Totals(BaseModel):
    """The cost of one or more rollouts.

    tokens_known: whether the server reported the token counts of every call.
    dollars: None if the price of any call is unknown.
    """

    calls: int = 0
    failed_calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    tokens_known: bool = True
    dollars: float | None = 0.0
    lm_seconds: float = 0.0  # sum over calls; concurrent calls count separately
    judge_seconds: float = 0.0

    @property
    def all_tokens(self) -> int:
        """Tokens of prompts and completions together, as far as they are known."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def tokens(self) -> int | None:
        """`all_tokens`; None if some are unknown."""
        return self.all_tokens if self.tokens_known else None

    def __add__(self, other: Totals) -> Totals:
        values = {}
        for name in type(self).model_fields:
            mine, theirs = getattr(self, name), getattr(other, name)
            values[name] = None if mine is None or theirs is None else mine + theirs
        return Totals(**{**values, "tokens_known": self.tokens_known and other.tokens_known})


# The names of DSPy's errors after which a call without an answer may have cost something. Without an error the
# answer was not waited for.
MAY_COST = ("", "LMProviderError", "LMTimeoutError", "LMUnexpectedError", "LMStreamAssemblyError", "LMTransportError")
# The names of DSPy's errors that do not depend on the prompt.
OUTAGES = (
    *("LMRateLimitError", "LMTimeoutError", "LMServerError", "LMTransportError", "LMLockTimeoutError"),
    "LMProviderError",  # not a valid response, or an error of the provider inside of a success
)


def outage_of(trace: Trace) -> str | None:
    """The error of the last call that was lost to an outage, in one line; None if there was none."""
    return next((call.fault for call in reversed(trace.lost_calls) if call.error in OUTAGES), None)
