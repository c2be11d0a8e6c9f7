"""One stage of a program: a `dspy.Predict` that is counted and limited, and never ends the rollout.

Failures only cost calls:
- A request that was refused or failed is retried with growing waits (see `program.rollout.rate_limits`).
- An answer that cannot be read is shown to the LM once, with the reason, and requested again.
- An answer that was cut off at the token cap is requested again with twice the cap, up to the model's maximum.
- An answer that repeats itself up to the cap, is empty or declines is requested again with other sampling. If nothing
  better comes, the readable part of it is used; of an empty answer, a program in its thought.
- Otherwise the stage is given up, and the program continues without it; so too when the rollout's budget is spent.

In a conversation, an answer that was read becomes a turn; answers that were requested again do not. If the earlier
turns do not fit into the model's context, the stage makes its request without them.
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
from program.rollout.trace import IN_THOUGHT, Call
from program.stage.answer_outcome import CUT, enter_outcome
from program.stage.call_record import fill, valid_text, words_of
from program.stage.correction import ADDED, corrected, reason
from program.stopping import OutOfTime, in_time
from program.undocumented import Noted, noting_predictor
from signatures.functions import for_function

REPEAT_TEMPERATURE = 0.8
MAX_WIDENED = 3  # how often the token cap of an answer is doubled
CUT_LIST = "cut off, whole items kept"
DECLINED = "says that the test is wrong"
_WITHOUT_PROGRAM = ("empty", "cut while thinking", "unparsable")  # outcomes
# After one of these no later call could work. They end the rollout, not only the stage.
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
    """One request: its record, its answer and programs, why it could not be read, whether the LM refused it as too
    long, and whether the model has thought."""

    call: Call
    answer: dspy.Prediction | None = None
    programs: Sequence[FoundProgram] = ()
    fault: AdapterParseError | None = None
    too_long: bool = False
    thought: bool = False


class Stage(dspy.Module):
    """A stage asks its LM to fill `signature`.

    Args:
        signature: the task of the stage.
        max_tokens: the token cap of an answer; guards against endless generation. None for the profile of the model.
        temperature: for the first call; repeated calls use 0.8. None for the profile of the model, which may send none.
        attempts: calls before the stage is given up; calls with a raised cap are not counted.
        max_items: the maximum number of requested items in list fields.
        writes: which token cap of the profile applies.
        reads_input: whether the requested program must read input.
        declines: decides for an answer without a program whether it is valid; its program is then empty.
        prepares: whether its answers only serve other stages and are never the final program.
        hot: whether the first call also uses 0.8, unless a temperature is set: at a low temperature a model copies what
            it is shown (`benchmarks.flow.fixes`).
        apart: whether it makes its requests without the earlier turns of a conversation. Stages that draw programs
            independently, or check the work of others, must not see these turns.
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
        """The profile of the LM that a call uses now."""
        return profile_of(self.predict.lm or dspy.settings.lm)

    @property
    def cap(self) -> int:
        """The token cap of an answer."""
        profile = self.profile
        return self.max_tokens or (profile.code_tokens if self.writes == "code" else profile.text_tokens)

    @property
    def most(self) -> int:
        """The maximum to which `cap` may be raised for an answer that was cut; a configured cap is never raised."""
        return self.max_tokens or max(self.profile.max_output, self.cap)

    def _most(self, last: _Tried | None) -> int:
        """Like `most`, but a model that turned out to think may have the maximum of a thinking model."""
        shown = last is not None and last.thought and not self.max_tokens and self.most >= SAFETY_CAP
        return max(self.most, THINKING_CAP) if shown else self.most

    def forward(
        self, sample: int, draw: int = 0, choose: Choose | None = None, **inputs: Any
    ) -> dspy.Prediction | None:
        """Fill the signature. Return None if no attempt succeeded or the budget is spent.

        Args:
            sample: the number of the sample; another number draws other answers, and changes nothing else.
            draw: the number of the call among calls with equal inputs, so that each draws a new answer.
            choose: picks a program from all readings of an answer (the likeliest first), given the stage's name;
                without it the first reading is used.
            inputs: the signature's input fields.

        Raises:
            LMError: one of `SYSTEMIC`, for example a wrong key: no call can work.
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
            if not last.call.came:  # the request was already retried as often as is reasonable
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
            config["rollout_id"] = number  # otherwise a cache would return the answer of another draw
            seed = getattr(self.predict.lm or dspy.settings.lm, "kwargs", {}).get("seed")
            if seed is not None:  # otherwise the model would
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
        trace().reach(call.started + sum(note.took for note in notes))
        tried.thought = any(note.thought for note in notes)
        if call.came:
            context().rate_limiter.answered()  # a response without usage may be fresh or cached, so both count
            self._enter_outcome(tried, notes)
        call.seconds = trace().now() - call.started
        context().rate_limiter.spent(call.all_tokens)
        return tried

    def _asked(self) -> type[dspy.Signature]:
        """The signature, worded for the kind of answer that the rollout's problem asks for."""
        signature, function = cast(Any, self.predict.signature), context().function
        return signature if function is None else for_function(self.name, signature, function.entry_point)

    def _try(self, tried: _Tried, adapter: dspy.Adapter, ask: Callable[[], dspy.Prediction]) -> None:
        """Make the request, and keep the result."""
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
        ended = not any(note.cut_off or note.filtered for note in notes)
        if tried.fault and name and ended and self.declines and self.declines(call.answer):
            tried.answer, tried.fault = dspy.Prediction(**{name: ""}), None
            call.outcome, call.error, call.detail, call.read = "ok", "", "", [DECLINED]
            return
        enter_outcome(call, notes, tried.fault, tried.programs)
        if name and call.outcome in _WITHOUT_PROGRAM and not any(note.cut_off for note in notes):
            self._look_in_thought(tried, name)
        if tried.answer is not None and call.outcome != "ok" and any(not each.closed for each in tried.programs[:1]):
            tried.answer = None  # a part of the program is missing
        if tried.answer is not None:
            call.outputs = plain(dict(tried.answer))

    def _look_in_thought(self, tried: _Tried, name: str) -> None:
        """Read the program in the thought of an answer that ended by itself and has no program. Some models never end
        their thought, and some servers then take the answer for a thought; some answers only describe the program."""
        try:
            with collected_readings() as readings:
                answer = self._valid(dspy.Prediction(**dspy.settings.adapter.parse(self._asked(), tried.call.thought)))
        except AdapterParseError:
            return
        programs = [each for reading in readings for each in reading.programs]
        tried.answer, tried.programs = answer, programs or [FoundProgram(answer[name])]
        tried.call.read = [IN_THOUGHT]

    def _chosen(self, tried: _Tried, choose: Choose | None) -> dspy.Prediction:
        """The answer, with the program that `choose` picks."""
        answer, name = tried.answer, self._program_field()
        assert answer is not None, "it was read"
        if choose and name and tried.programs:
            # DSPy's trace has the same object, from which optimizers take demonstrations.
            answer[name] = choose(self.name, [_valid_program(each) for each in tried.programs])
            tried.call.outputs[name] = answer[name]
        return answer

    def _say(self, tried: _Tried) -> None:
        """Add an answer that was read to the conversation as a turn, if there is a conversation."""
        conversation, call = context().conversation, tried.call
        if conversation is None:
            return
        asked = [each.model_dump() for each in call.prompt]
        values, program = {**call.inputs, **call.outputs}, ""
        if name := self._program_field():
            chosen = values.pop(name)
            # If an answer has several readings, or was repaired, its text does not say which program was chosen.
            said = [each.code for each in tried.programs] == [chosen] and chosen.strip() in call.answer
            values[PROGRAM] = program = chosen if said else ""
        conversation.add(asked[:-ADDED] if call.repair else asked, call.answer, values, program)

    def _begins_again(self) -> bool:
        """Whether the request can be sent again without earlier turns. If so, they are left out from now on."""
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
    """Whether the cap of this request cut the answer off, and not a lower cap of the server."""
    return call.outcome in CUT and (not call.completion_tokens or call.completion_tokens * 2 >= room)


def _valid_program(found: FoundProgram) -> FoundProgram:
    return replace(found, code=valid_text(found.code))


def _in_time(seconds: float | None, ask: Callable[[], dspy.Prediction]) -> dspy.Prediction:
    """The prediction; a call that exceeds the rollout's remaining time is abandoned."""
    if seconds is None:
        return ask()
    if seconds <= 0:
        raise OutOfTime
    return in_time(ask, seconds)
