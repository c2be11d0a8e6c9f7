"""One stage of a program: a `dspy.Predict` that is counted, bounded, and never ends the rollout.

What goes wrong costs calls and nothing else:
- a refused or failed request is sent again with growing patience (see `program.rollout.rate_limits`);
- an answer that cannot be read is shown to the LM once, with what is wrong, and asked for again;
- one that was cut off at the token cap is asked for again with twice the room, up to the most the model can give;
- one that ran in circles up to the cap, that is empty or that declines is asked for again with other sampling, and
  where nothing better comes what can be read of it is taken, of an empty one a program in its thought;
- then the stage is given up, and the program goes on without it. So it does when the rollout's budget is spent.

In a conversation an answer that was read becomes a turn; those that were asked for again stay out of it. Where the
model's context has no room for the turns so far, the stage asks without them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import dspy
from dspy import (
    AdapterParseError,
    LMAuthError,
    LMBillingError,
    LMConfigurationError,
    LMError,
    LMUnexpectedError,
    LMUnsupportedFeatureError,
    LMUnsupportedModelError,
)

from program.adapters.form import holds_program
from program.adapters.reading import collected_readings
from program.adapters.sections import plain
from program.answers.programs import FoundProgram
from program.models.learned import too_long
from program.models.profile import SAFETY_CAP, THINKING_CAP, Profile, profile_of
from program.paid.halted import NotAsked
from program.rollout.budget import NOT_IN_TIME
from program.rollout.context import branch, context, trace, within
from program.rollout.conversation import PROGRAM, SoFar
from program.rollout.decisions import ConversationBegun, StageGivenUp, StageNotAsked
from program.rollout.trace import Call
from program.stage.answer_outcome import CUT, enter_outcome
from program.stage.call_record import fill, valid_text, words_of
from program.stage.correction import ADDED, corrected, reason
from program.stopping import OutOfTime, in_time
from program.undocumented import Noted, noting_predictor
from signatures.functions import for_function

REPEAT_TEMPERATURE = 0.8
MAX_WIDENED = 3  # how often the room of an answer is doubled
CUT_LIST = "cut off, whole items kept"
DECLINED = "says that the test is wrong"
IN_THOUGHT = "found in the thought, as there was nothing else"
# With these no later call would fare better, so they end the rollout instead of costing it a stage.
SYSTEMIC = (
    LMConfigurationError,
    LMAuthError,
    LMBillingError,
    LMUnsupportedFeatureError,
    LMUnsupportedModelError,
    LMUnexpectedError,
)

Choose = Callable[[str, Sequence[FoundProgram]], str]


@dataclass
class _Tried:
    """One request: what was entered for it, the answer and its programs, why it could not be read, and whether the LM
    refused it as too long, and whether it has thought."""

    call: Call
    answer: dspy.Prediction | None = None
    programs: Sequence[FoundProgram] = ()
    fault: AdapterParseError | None = None
    too_long: bool = False
    thought: bool = False


class Stage(dspy.Module):
    """A stage asks its LM to fill `signature`.

    Args:
        signature: what is asked.
        max_tokens: the most an answer may have; guards against endless generation. None for what the model's profile
            says.
        temperature: of the first call; a repeat uses 0.8. None for what the model's profile says, which may be none.
        attempts: calls before the stage is given up; those with more room are not counted.
        max_items: for list fields, how many items are asked for at most.
        writes: which cap of the profile holds.
        reads_input: whether the program asked for has to read input.
        declines: says of an answer without a program whether that is an answer too; its program is empty then.
        prepares: whether its answers serve other stages and are never the program that is handed in.
        hot: whether the first call uses 0.8 too, unless a temperature is given: at a low one a model copies what it is
            shown (`benchmarks.flow.fixes`).
        apart: whether it asks without the earlier turns of a conversation: one that draws programs or checks what the
            others have made must not hear them.
    """

    def __init__(
        self,
        signature: type[dspy.Signature],
        max_tokens: int | None = None,
        temperature: float | None = None,
        attempts: int = 2,
        max_items: dict[str, int] | None = None,
        writes: Literal["code", "text"] = "code",
        reads_input: bool = True,
        declines: Callable[[str], bool] | None = None,
        hot: bool = False,
        prepares: bool = False,
        apart: bool = False,
    ) -> None:
        super().__init__()
        self.name = signature.__name__
        said: dict[str, dict[str, Any]] = {name: {"maxItems": bound} for name, bound in (max_items or {}).items()}
        if not reads_input:
            said[[*signature.output_fields][-1]] = {"reads_input": False}
        for name, more in said.items():
            signature = signature.with_updated_fields(name, **more)
        self.predict = dspy.Predict(signature)
        self.max_tokens = max_tokens
        self.temperature = temperature
        self.attempts = attempts
        self.declines = declines
        self.hot = hot
        self.prepares = prepares
        self.apart = apart
        self.writes = writes

    @property
    def profile(self) -> Profile:
        """Of the LM that a call asks now."""
        return profile_of(self.predict.lm or dspy.settings.lm)

    @property
    def cap(self) -> int:
        """Tokens that an answer may have."""
        profile = self.profile
        return self.max_tokens or (profile.code_tokens if self.writes == "code" else profile.text_tokens)

    @property
    def most(self) -> int:
        """Tokens, the most `cap` may be raised to for an answer that was cut: a configured cap stays as it is."""
        return self.max_tokens or max(self.profile.max_output, self.cap)

    def _most(self, last: _Tried | None) -> int:
        """As `most`; of a model that was not known to think and was seen to, what such a model may have."""
        shown = last is not None and last.thought and not self.max_tokens and self.most >= SAFETY_CAP
        return max(self.most, THINKING_CAP) if shown else self.most

    def forward(
        self, sample: int, draw: int = 0, choose: Choose | None = None, **inputs: Any
    ) -> dspy.Prediction | None:
        """The filled signature, or None when no attempt gave one or the budget is spent.

        Args:
            sample: which sample of the problem this is; another number draws other answers, and changes nothing else.
            draw: numbers repeated calls with equal inputs, so that each draws a new answer.
            choose: picks the program that an answer means, from the stage's name and all readings, the likeliest
                first; without it that one is taken.
            inputs: the signature's input fields.

        Raises:
            LMError: one of `SYSTEMIC`, a wrong key for instance: nothing would ever work.
        """
        with branch(apart=True) if self.apart else nullcontext():
            return self._answer(sample, draw, choose, inputs)

    def _answer(self, sample: int, draw: int, choose: Choose | None, inputs: dict[str, Any]) -> dspy.Prediction | None:
        last: _Tried | None = None
        readable: _Tried | None = None
        repeated = widened = 0
        while repeated < self.attempts:
            if not trace().may_call(self.name, self.prepares):
                return self._chosen(readable, choose) if readable else None
            room = min(self.cap << widened, self._most(last))
            try:
                last = self._ask(inputs, self._config(sample, draw, repeated, widened, room), last)
            except NotAsked as refused:
                trace().decide_once(StageNotAsked(stage=self.name, resource=refused.resource, budget="run"))
                return self._chosen(readable, choose) if readable else None
            last.call.attempt = repeated + widened + 1
            trace().enter(last.call)
            if last.call.outcome == "ok":
                answer = self._chosen(last, choose)
                self._say(last)
                return answer
            readable = last if last.answer is not None else readable
            if last.too_long and self._begins_again():
                continue
            if not last.call.came:  # requests were sent again already, as often as makes sense
                break
            if _cut_by_us(last.call, room) and widened < MAX_WIDENED and room < self._most(last):
                widened += 1
            else:
                repeated += 1
        if readable is None:
            trace().decide(StageGivenUp(stage=self.name))
        return self._chosen(readable, choose) if readable else None

    def _config(self, sample: int, draw: int, repeated: int, widened: int, room: int) -> dict[str, Any]:
        number = (sample * 1000 + draw) * 10 + repeated + widened
        config: dict[str, Any] = {"max_tokens": room}
        heat = self.temperature if self.temperature is not None else self.profile.temperature
        if heat is not None:
            hot = draw or repeated or (self.hot and self.temperature is None)
            config["temperature"] = REPEAT_TEMPERATURE if hot else heat
        if number and config.get("temperature") != 0:
            config["rollout_id"] = number  # or a cache would give the answer of another draw
            seed = getattr(self.predict.lm or dspy.settings.lm, "kwargs", {}).get("seed")
            if seed is not None:  # or the model would
                config["seed"] = seed + number
        return config

    def _ask(self, inputs: dict[str, Any], config: dict[str, Any], last: _Tried | None) -> _Tried:
        tried = _Tried(Call(stage=self.name, started=trace().now(), inputs=plain(inputs)))
        call = tried.call
        adapter = dspy.settings.adapter
        if last and last.fault and last.call.outcome == "unparsable" and last.call.answer.strip():
            call.repair = True
            adapter = corrected(adapter, valid_text(last.call.answer), valid_text(reason(last.fault)))
        with noting_predictor(self.predict) as (ask, notes):
            self._try(tried, adapter, lambda: ask(**inputs, signature=self._asked(), config=config))
        fill(call, notes, self._output_fields())
        tried.thought = any(note.thought for note in notes)
        if call.came:
            if not call.from_cache:
                context().rate_limiter.answered()
            self._enter_outcome(tried, notes)
        call.seconds = trace().now() - call.started
        context().rate_limiter.spent(call.prompt_tokens + call.completion_tokens)
        return tried

    def _asked(self) -> type[dspy.Signature]:
        """The signature, in the words for what the problem of the rollout asks for."""
        signature, function = cast(Any, self.predict.signature), context().function
        return signature if function is None else for_function(self.name, signature, function.entry_point)

    def _try(self, tried: _Tried, adapter: dspy.Adapter, ask: Callable[[], dspy.Prediction]) -> None:
        """Ask, and keep what came of it."""
        call = tried.call
        try:
            with dspy.context(adapter=adapter), collected_readings() as readings:
                tried.answer = self._valid(self._patiently(ask, call))
            tried.programs = [each for reading in readings[-1:] for each in reading.programs]
            if not tried.programs and (name := self._program_field()):
                tried.programs = [FoundProgram(tried.answer[name])]
            call.salvaged = any(reading.salvaged for reading in readings)
            call.read = [label for reading in readings for label in reading.repairs]
            if any(reading.cut for reading in readings) and not tried.programs:
                call.read.append(CUT_LIST)
        except SYSTEMIC:
            raise
        except AdapterParseError as fault:
            tried.fault = fault
            call.outcome, call.error, call.detail = "unparsable", "AdapterParseError", reason(fault)
        except LMError as fault:
            call.outcome, call.error, call.detail = "lm_error", type(fault).__name__, words_of(fault)
            tried.too_long = too_long(fault)
        except OutOfTime:
            call.outcome, call.detail = "lm_error", NOT_IN_TIME

    def _enter_outcome(self, tried: _Tried, notes: Sequence[Noted]) -> None:
        call, name = tried.call, self._program_field()
        if tried.fault and name and self.declines and self.declines(call.answer):
            tried.answer, tried.fault = dspy.Prediction(**{name: ""}), None
            call.outcome, call.error, call.detail, call.read = "ok", "", "", [DECLINED]
            return
        enter_outcome(call, notes, tried.fault, tried.programs)
        if name and call.outcome in ("empty", "cut while thinking") and not any(note.cut_off for note in notes):
            self._look_in_thought(tried, name)
        if tried.answer is not None and call.outcome != "ok" and any(not each.closed for each in tried.programs[:1]):
            tried.answer = None  # some of the program is missing
        if tried.answer is not None:
            call.outputs = plain(dict(tried.answer))

    def _look_in_thought(self, tried: _Tried, name: str) -> None:
        """Read the program out of the thought of an answer that ended by itself and has nothing else: some models never
        say that the thought is over, and some servers then take the answer for one."""
        try:
            with collected_readings() as readings:
                answer = self._valid(dspy.Prediction(**dspy.settings.adapter.parse(self._asked(), tried.call.thought)))
        except AdapterParseError:
            return
        programs = [each for reading in readings for each in reading.programs]
        tried.answer, tried.programs = answer, programs or [FoundProgram(answer[name])]
        tried.call.read = [IN_THOUGHT]

    def _chosen(self, tried: _Tried, choose: Choose | None) -> dspy.Prediction:
        """The answer with the program that `choose` picks."""
        answer, name = tried.answer, self._program_field()
        assert answer is not None, "it was read"
        if choose and name and tried.programs:
            # The same object is in DSPy's trace, from which optimizers take demonstrations.
            answer[name] = choose(self.name, [_valid_program(each) for each in tried.programs])
            tried.call.outputs[name] = answer[name]
        return answer

    def _say(self, tried: _Tried) -> None:
        """Make an answer that was read a turn of the conversation, where there is one."""
        conversation, call = context().conversation, tried.call
        if conversation is None:
            return
        asked = [each.model_dump() for each in call.prompt]
        values, program = {**call.inputs, **call.outputs}, ""
        if name := self._program_field():
            chosen = values.pop(name)
            # Of an answer with several readings, or one that was mended, the text does not say which program is meant.
            said = [each.code for each in tried.programs] == [chosen] and chosen.strip() in call.answer
            values[PROGRAM] = program = chosen if said else ""
        conversation.add(asked[:-ADDED] if call.repair else asked, call.answer, values, program)

    def _begins_again(self) -> bool:
        """Whether there are earlier turns that the request may be sent without; from here on they are left out then."""
        conversation = context().conversation
        if conversation is None or not conversation.so_far.messages:
            return False
        conversation.so_far = SoFar()
        trace().decide(ConversationBegun(stage=self.name))
        return True

    def _program_field(self) -> str | None:
        fields = self._output_fields().items()
        return next((name for name, each in fields if holds_program(name, each.annotation)), None)

    def _output_fields(self) -> dict[str, Any]:
        return cast(Any, self.predict.signature).output_fields

    def _valid(self, answer: dspy.Prediction) -> dspy.Prediction:
        for name, value in answer.items():
            answer[name] = valid_text(value)
        return answer

    def _patiently(self, ask: Callable[[], dspy.Prediction], call: Call) -> dspy.Prediction:
        sent_again = 0
        while True:
            if not context().rate_limiter.wait(trace().seconds_left()):
                raise OutOfTime
            changed: list[Any] = []
            try:
                with within(changed=changed):
                    return _in_time(trace().seconds_left(), ask)
            except LMError as fault:
                wait, left = context().rate_limiter.refused(fault, sent_again), trace().seconds_left()
                if not context().rate_limiter.may_retry(fault, sent_again) or (left is not None and wait > left):
                    raise
                sent_again += 1
                call.retries += 1
                context().rate_limiter.rest(wait)
            finally:
                call.retries += len(changed)


def _cut_by_us(call: Call, room: int) -> bool:
    """Whether it was the cap of this request that cut an answer off, and not one of the server's own below it."""
    return call.outcome in CUT and (not call.completion_tokens or call.completion_tokens * 2 >= room)


def _valid_program(found: FoundProgram) -> FoundProgram:
    return replace(found, code=valid_text(found.code))


def _in_time(seconds: float | None, ask: Callable[[], dspy.Prediction]) -> dspy.Prediction:
    """The prediction; a call that takes longer than the rollout has left is left behind."""
    if seconds is None:
        return ask()
    if seconds <= 0:
        raise OutOfTime
    return in_time(ask, seconds)
