"""What a rollout decides, as typed values; `str` of one gives its words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

LeftOut = Literal["empty", "huge", "repeated", "unlike the examples", "no literals"]


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)


class StageNotAsked(_Kept):
    """The budget allows no further call.

    resource: by its name in `program.rollout.budget.Budget`.
    budget: whose it is.
    """

    kind: Literal["not asked"] = "not asked"
    stage: str
    resource: str
    budget: Literal["rollout", "run"] = "rollout"

    def __str__(self) -> str:
        return f"{self.stage}: not asked, the {self.budget}'s budget of {self.resource} is spent"


class StageGivenUp(_Kept):
    """No attempt gave an answer that could be read; the program goes on without one."""

    kind: Literal["given up"] = "given up"
    stage: str

    def __str__(self) -> str:
        return f"{self.stage}: given up"


class ConversationBegun(_Kept):
    """The model's context has no room for the conversation so far, so the stage begins it again at the problem."""

    kind: Literal["conversation begun again"] = "conversation begun again"
    stage: str

    def __str__(self) -> str:
        return f"{self.stage}: the conversation is too long for the model's context, and begins again"


class NothingAnswered(_Kept):
    """The first calls of a rollout all failed or brought answers without a text, so no further one is made.

    calls: that were made.
    """

    kind: Literal["nothing answered"] = "nothing answered"
    calls: int

    def __str__(self) -> str:
        return f"the first {self.calls} calls brought nothing, so no further one is made"


class SettingRefused(_Kept):
    """A server refuses a setting of the requests to a model, which is asked without it from then on.

    setting: what is refused; the name of the cap is that of `max_tokens` and `max_completion_tokens` which was sent.
    instead: of a cap that is too high, the tokens an answer may have.
    """

    kind: Literal["setting refused"] = "setting refused"
    model: str
    setting: Literal["temperature", "seed", "schema", "the name of the cap", "cap"]
    instead: int | None = None

    def __str__(self) -> str:
        match self.setting:
            case "cap":
                return f"{self.model} gives answers of {self.instead:,} tokens at most, and is asked for no more"
            case "the name of the cap":
                return f"{self.model} refuses the usual name of the cap, and is sent the other"
            case "schema":
                return f"{self.model} refuses the JSON schema of answers, and is asked without it"
        return f"{self.model} refuses the {self.setting}, and is asked without it"


class PromptsCut(_Kept):
    """A server counts far fewer tokens of a prompt than were sent: it cuts prompts to the context it was started with.

    characters: of the prompt.
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
    """A server does not say how many tokens a call has used."""

    kind: Literal["tokens not counted"] = "tokens not counted"
    model: str

    def __str__(self) -> str:
        return f"{self.model} counts no tokens: what was used is not known, and no limit of tokens or dollars can hold"


class ExplanationsLeftOut(_Kept):
    """There are fewer explanations than public tests, so nobody knows which explanation is for which test."""

    kind: Literal["explanations left out"] = "explanations left out"
    explanations: int
    public_tests: int

    def __str__(self) -> str:
        return f"explanations left out: {self.explanations} for {self.public_tests} public tests"


class AITestsLeftOut(_Kept):
    """AI tests that cannot be used.

    reasons: how many for each reason.
    """

    kind: Literal["AI tests left out"] = "AI tests left out"
    written: int
    reasons: dict[LeftOut, int]

    def __str__(self) -> str:
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.reasons.items())
        return f"AI tests: {sum(self.reasons.values())} of {self.written} left out ({reasons})"


class AITestChecked(_Kept):
    """The output that the model claimed for an AI test was checked by something that did not see it.

    number: of the test, from 1.
    by: a brute-force program that passes the public tests, most of at least three different programs that do, or the
        output worked out a second time.
    result: confirmed as claimed, confirmed with another output, or not confirmed, so that the test does not count.
    """

    kind: Literal["AI test checked"] = "AI test checked"
    number: int
    by: Literal["brute force", "majority", "second derivation"]
    result: Literal["confirmed", "corrected", "not confirmed"]

    def __str__(self) -> str:
        return f"AI test {self.number}: {self.result} by {self.by}"


class BruteForceNotTrusted(_Kept):
    """The brute-force program fails a public test, or there is none to trust it by."""

    kind: Literal["brute force not trusted"] = "brute force not trusted"

    def __str__(self) -> str:
        return "brute force: not trusted, as it does not pass all public tests"


class StressTested(_Kept):
    """The program and the brute-force program were run on random small inputs."""

    kind: Literal["stress"] = "stress"
    inputs: int
    failed: int

    def __str__(self) -> str:
        return f"stress: the program fails {self.failed} of {self.inputs} random inputs"


class ChangeTried(_Kept):
    """A changed program was compared with the one before on the test it is for.

    way: a fix of the program, or a program written instead of it.
    outcome: only "kept" replaces the program.
    program, changed: name both; see `program.rollout.trace.name_of`.
    before, after: verdicts of the two on the test.
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
                return f"{self.way} reverted: it answers otherwise on small inputs"


class ClusterChosen(_Kept):
    """Of the programs that pass all public tests the largest group that behaves alike is handed in."""

    kind: Literal["cluster"] = "cluster"
    alike: int
    passing: int

    def __str__(self) -> str:
        return f"clusters: {self.alike} of {self.passing} programs that pass behave like the chosen one"


class LargestInputChecked(_Kept):
    """A program printed the largest input of the problem, which counts if a validator accepts it.

    characters: of the input.
    """

    kind: Literal["largest input"] = "largest input"
    result: Literal["confirmed", "not valid", "no validator"]
    characters: int

    def __str__(self) -> str:
        if self.result == "no validator":
            return "largest input: left out, as the validator does not tell the public inputs from spoiled ones"
        said = "confirmed by the validator" if self.result == "confirmed" else "left out, as it is not valid"
        return f"largest input: {self.characters:,} characters, {said}"


class ReadingChosen(_Kept):
    """An answer could be read as several programs, or as one that a repair without a call makes better.

    readings: plausible ones; chosen: the one that was taken, from 1, of which 1 is the likeliest.
    repairs: that were made; empty for none.
    passed: public tests, of so many.
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
    """The model was asked for a fix and said that the test is wrong. That is a vote against a written test, which then
    counts no more; of an example it changes nothing.

    test_input, test_output: the test; in the trace, not in `rollouts.jsonl`.
    """

    kind: Literal["wrong test claimed"] = "wrong test claimed"
    source: str
    test_input: str = ""
    test_output: str = ""

    def __str__(self) -> str:
        return f"fix: the model says that the test is wrong ({self.source})"


class SeveralAnswersAccepted(_Kept):
    """More than one answer is right for an input, so none is claimed, and no fix is spent on another than the stored
    one."""

    kind: Literal["several answers"] = "several answers"

    def __str__(self) -> str:
        return "several answers are right: none is claimed, and another than the stored one is not fixed"


class OtherDecision(BaseModel):
    """One of a kind that rollouts made once and make no more; read from stored runs."""

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
