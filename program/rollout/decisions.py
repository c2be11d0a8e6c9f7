"""The decisions of a rollout as typed values; `str` gives a description."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

LeftOut = Literal["empty", "huge", "repeated", "unlike the examples", "no literals"]


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)


class StageNotAsked(_Kept):
    """The budget allows no further call.

    resource: its name in `program.rollout.budget.Budget`.
    budget: the owner of the budget.
    """

    kind: Literal["not asked"] = "not asked"
    stage: str
    resource: str
    budget: Literal["rollout", "run"] = "rollout"

    def __str__(self) -> str:
        return f"{self.stage}: skipped, the {self.budget}'s budget of {self.resource} is spent"


class StageGivenUp(_Kept):
    """No attempt gave a readable answer; the program continues without it."""

    kind: Literal["given up"] = "given up"
    stage: str

    def __str__(self) -> str:
        return f"{self.stage}: given up"


class ConversationBegun(_Kept):
    """The conversation does not fit into the model's context, so the stage starts again from the problem."""

    kind: Literal["conversation begun again"] = "conversation begun again"
    stage: str

    def __str__(self) -> str:
        return f"{self.stage}: the conversation is too long for the model's context, and starts again"


class NothingAnswered(_Kept):
    """The first calls of a rollout all failed or returned no text, so no more calls are made.

    calls: the number of calls made.
    """

    kind: Literal["nothing answered"] = "nothing answered"
    calls: int

    def __str__(self) -> str:
        return f"the first {self.calls} calls returned nothing, so no more calls are made"


class SettingRefused(_Kept):
    """A server refuses a setting; later requests to this model are sent without it.

    setting: the refused setting; "the name of the cap" is the one of `max_tokens` and `max_completion_tokens` that was
        sent.
    instead: if the cap is too high, the maximum tokens of an answer.
    """

    kind: Literal["setting refused"] = "setting refused"
    model: str
    setting: Literal["temperature", "seed", "schema", "the name of the cap", "cap"]
    instead: int | None = None

    def __str__(self) -> str:
        match self.setting:
            case "cap":
                return f"{self.model} allows at most {self.instead:,} tokens per answer; requests are limited to this"
            case "the name of the cap":
                return f"{self.model} refuses the usual name of the token cap; the other name is sent"
            case "schema":
                return f"{self.model} refuses the JSON schema of answers; requests are sent without it"
        return f"{self.model} refuses the {self.setting}; requests are sent without it"


class PromptsCut(_Kept):
    """A server counts far fewer tokens in a prompt than were sent: it cuts prompts to its context length.

    characters: in the prompt.
    counted: tokens.
    """

    kind: Literal["prompts cut"] = "prompts cut"
    model: str
    characters: int
    counted: int

    def __str__(self) -> str:
        return (
            f"{self.model} counts {self.counted:,} tokens in a prompt of {self.characters:,} characters, so it seems "
            "to cut prompts; start the server with a larger context (Ollama: OLLAMA_CONTEXT_LENGTH=16384)"
        )


class TokensNotCounted(_Kept):
    """A server does not report how many tokens a call has used."""

    kind: Literal["tokens not counted"] = "tokens not counted"
    model: str

    def __str__(self) -> str:
        return f"{self.model} reports no token counts: usage is unknown, and limits on tokens or dollars have no effect"


class ExplanationsLeftOut(_Kept):
    """There are fewer explanations than public tests, so it is unclear to which test each belongs."""

    kind: Literal["explanations left out"] = "explanations left out"
    explanations: int
    public_tests: int

    def __str__(self) -> str:
        return f"explanations left out: {self.explanations} for {self.public_tests} public tests"


class AITestsLeftOut(_Kept):
    """AI tests that cannot be used.

    reasons: the number of tests per reason.
    """

    kind: Literal["AI tests left out"] = "AI tests left out"
    written: int
    reasons: dict[LeftOut, int]

    def __str__(self) -> str:
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.reasons.items())
        return f"AI tests: {sum(self.reasons.values())} of {self.written} left out ({reasons})"


class AITestChecked(_Kept):
    """The output that the model claimed for an AI test was checked, without seeing it.

    number: the number of the test, from 1.
    by: a brute-force program that passes the public tests, the majority of at least three different programs that do,
        or a second derivation of the output.
    result: confirmed as claimed, confirmed with another output, or not confirmed; then the test does not count.
    """

    kind: Literal["AI test checked"] = "AI test checked"
    number: int
    by: Literal["brute force", "majority", "second derivation"]
    result: Literal["confirmed", "corrected", "not confirmed"]

    def __str__(self) -> str:
        return f"AI test {self.number}: {self.result} by {self.by}"


class BruteForceNotTrusted(_Kept):
    """The brute-force program fails a public test, or there are no public tests."""

    kind: Literal["brute force not trusted"] = "brute force not trusted"

    def __str__(self) -> str:
        return "brute force: not trusted, because it does not pass all public tests"


class StressTested(_Kept):
    """The program and the brute-force program were run on random small inputs."""

    kind: Literal["stress"] = "stress"
    inputs: int
    failed: int

    def __str__(self) -> str:
        return f"stress: the program fails {self.failed} of {self.inputs} random inputs"


class ChangeTried(_Kept):
    """A changed program was compared with the previous one, on the test that the change is for.

    way: a fix of the program, or a program drawn in its place.
    outcome: only "kept" replaces the program.
    program, changed: the names of both; see `program.rollout.trace.name_of`.
    before, after: their verdicts on the test.
    test_input, test_output: the test; in the trace, not in `rollouts.jsonl`.
    """

    kind: Literal["change"] = "change"
    way: Literal["fix", "redraw"]
    outcome: Literal["kept", "same program", "no progress", "breaks an anchor", "other outputs"]
    program: str
    changed: str
    before: str
    after: str
    test_input: str = ""
    test_output: str = ""

    def __str__(self) -> str:
        match self.outcome:
            case "kept":
                return f"{self.way} kept: {self.before} became {self.after}"
            case "same program":
                return f"{self.way}: the same program again"
            case "no progress":
                return f"{self.way} reverted: {self.before} became {self.after}"
            case "breaks an anchor":
                return f"{self.way} reverted: it breaks an anchor"
            case "other outputs":
                return f"{self.way} reverted: its outputs differ on small inputs"


class ClusterChosen(_Kept):
    """Programs that pass all public tests were grouped by behaviour; one of the largest group is the answer."""

    kind: Literal["cluster"] = "cluster"
    alike: int
    passing: int

    def __str__(self) -> str:
        return f"clusters: {self.alike} of {self.passing} passing programs behave like the chosen one"


class LargestInputChecked(_Kept):
    """A program printed the largest input of the problem, which counts if a validator accepts it.

    characters: in the input.
    """

    kind: Literal["largest input"] = "largest input"
    result: Literal["confirmed", "not valid", "no validator"]
    characters: int

    def __str__(self) -> str:
        if self.result == "no validator":
            return "largest input: left out, because the validator accepts spoiled public inputs or rejects real ones"
        said = "confirmed by the validator" if self.result == "confirmed" else "left out, because it is not valid"
        return f"largest input: {self.characters:,} characters, {said}"


class ReadingChosen(_Kept):
    """An answer could be read as several programs, or as one program that a repair without a call improves.

    readings: the number of plausible readings; chosen: the number of the chosen one, from 1 (the likeliest).
    repairs: the repairs that were made; empty for none.
    passed, of: the number of public tests that it passes, and the number of public tests.
    """

    kind: Literal["reading chosen"] = "reading chosen"
    stage: str
    readings: int
    chosen: int
    repairs: tuple[str, ...]
    passed: int
    of: int

    def __str__(self) -> str:
        repaired = f", with {', '.join(self.repairs)}" if self.repairs else ""
        said = f"reading {self.chosen} of {self.readings}{repaired}"
        return f"{self.stage}: {said}, passes {self.passed} of {self.of} public tests"


class WrongTestClaimed(_Kept):
    """The model was asked for a fix and said that the test is wrong. This is a vote against an AI test, which then no
    longer counts; it has no effect on an example of the statement.

    test_input, test_output: the test; in the trace, not in `rollouts.jsonl`.
    """

    kind: Literal["wrong test claimed"] = "wrong test claimed"
    source: str
    test_input: str = ""
    test_output: str = ""

    def __str__(self) -> str:
        return f"fix: the model says that the test is wrong ({self.source})"


class SeveralAnswersAccepted(_Kept):
    """More than one output is right for an input. So no AI test claims one, and a program that prints another output
    than the stored one is not fixed."""

    kind: Literal["several answers"] = "several answers"

    def __str__(self) -> str:
        return "several answers are right: there are no AI tests, and other outputs than the stored one are not fixed"


class OtherDecision(BaseModel):
    """A kind of decision that rollouts no longer make, read from stored runs."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str

    def __str__(self) -> str:
        facts = ", ".join(f"{name} {value}" for name, value in (self.model_extra or {}).items())
        return f"{self.kind}: {facts}" if facts else self.kind


_Known = Annotated[
    StageNotAsked
    | StageGivenUp
    | ConversationBegun
    | NothingAnswered
    | SettingRefused
    | PromptsCut
    | TokensNotCounted
    | ExplanationsLeftOut
    | AITestsLeftOut
    | AITestChecked
    | BruteForceNotTrusted
    | StressTested
    | ChangeTried
    | ClusterChosen
    | LargestInputChecked
    | ReadingChosen
    | WrongTestClaimed
    | SeveralAnswersAccepted,
    Field(discriminator="kind"),
]
Decision = _Known | OtherDecision
DECISION_TEXTS = {"test_input", "test_output"}  # fields left out of `rollouts.jsonl`
