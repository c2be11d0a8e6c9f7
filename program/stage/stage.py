"""One stage of a program: a `dspy.Predict` that is counted, bounded, and never ends the rollout.

What goes wrong costs calls and nothing else:
- a refused or failed request is sent again with growing patience (see `program.rollout.rate_limits`);
- an answer that cannot be read is shown to the LM once, with what is wrong, and asked for again;
- one that ran in circles up to the token cap is asked for again with other sampling, and where nothing better comes
  what can be read of it is taken;
- then the stage is given up, and the program goes on without it. So it does when the rollout's budget is spent.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as OutOfTime
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Literal

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

from program.adapters.reading import collected_readings
from program.adapters.sections import plain
from program.models.profile import Profile, profile_of
from program.rollout.context import context, trace
from program.rollout.decisions import StageGivenUp
from program.rollout.trace import Call
from program.stage.call_record import fill, first_line, runs_in_circles, valid_text
from program.stage.correction import corrected, reason
from program.undocumented import noting_predictor

REPEAT_TEMPERATURE = 0.8
# With these no later call would fare better, so they end the rollout instead of costing it a stage.
SYSTEMIC = (
    LMConfigurationError,
    LMAuthError,
    LMBillingError,
    LMUnsupportedFeatureError,
    LMUnsupportedModelError,
    LMUnexpectedError,
)


@dataclass
class _Tried:
    """One request: what was entered for it, and the answer, or why it could not be read."""

    call: Call
    answer: dspy.Prediction | None = None
    why: str = ""


class Stage(dspy.Module):
    """A stage asks its LM to fill `signature`.

    Args:
        signature: what is asked.
        max_tokens: the most an answer may have; guards against endless generation. None for what the model's profile
            says.
        temperature: of the first call; a repeat uses 0.8. None for what the model's profile says, which may be none.
        attempts: calls before the stage is given up.
        max_items: for list fields, how many items are asked for at most.
        writes: which cap of the profile holds.
    """

    def __init__(
        self,
        signature: type[dspy.Signature],
        max_tokens: int | None = None,
        temperature: float | None = None,
        attempts: int = 2,
        max_items: dict[str, int] | None = None,
        writes: Literal["code", "text"] = "code",
    ) -> None:
        super().__init__()
        self.name = signature.__name__
        for field, bound in (max_items or {}).items():
            signature = signature.with_updated_fields(field, **{"maxItems": bound})  # pyright: ignore[reportArgumentType]
        self.predict = dspy.Predict(signature)
        self.max_tokens = max_tokens
        self.temperature = temperature
        self.attempts = attempts
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

    def forward(self, sample: int, draw: int = 0, **inputs: Any) -> dspy.Prediction | None:
        """The filled signature, or None when no attempt gave one or the budget is spent.

        Args:
            sample: which sample of the problem this is; another number draws other answers, and changes nothing else.
            draw: numbers repeated calls with equal inputs, so that each draws a new answer.
            inputs: the signature's input fields.

        Raises:
            LMError: one of `SYSTEMIC`, a wrong key for instance: nothing would ever work.
        """
        last: _Tried | None = None
        readable: dspy.Prediction | None = None
        for attempt in range(self.attempts):
            if not trace().may_call(self.name):
                return readable
            last = self._ask(inputs, self._config(sample, draw, attempt), last)
            trace().enter(last.call)
            if last.call.outcome == "ok":
                return last.answer
            readable = last.answer if last.answer is not None else readable
            if last.call.outcome == "lm_error":  # requests were sent again already, as often as makes sense
                break
        if readable is None:
            trace().decide(StageGivenUp(stage=self.name))
        return readable

    def _config(self, sample: int, draw: int, attempt: int) -> dict[str, Any]:
        number = (sample * 1000 + draw) * 10 + attempt
        config: dict[str, Any] = {"max_tokens": self.cap}
        heat = self.temperature if self.temperature is not None else self.profile.temperature
        if heat is not None:
            config["temperature"] = REPEAT_TEMPERATURE if draw or attempt else heat
        if number and config.get("temperature") != 0:
            config["rollout_id"] = number  # or a cache would give the answer of another draw
            seed = getattr(self.predict.lm or dspy.settings.lm, "kwargs", {}).get("seed")
            if seed is not None:  # or the model would
                config["seed"] = seed + number
        return config

    def _ask(self, inputs: dict[str, Any], config: dict[str, Any], last: _Tried | None) -> _Tried:
        tried = _Tried(Call(stage=self.name, started=trace().now(), inputs=plain(inputs)))
        call = tried.call
        call.repair = last is not None and last.call.outcome == "unparsable" and last.call.answer.strip() != ""
        adapter = dspy.settings.adapter
        if last and call.repair:
            adapter = corrected(adapter, valid_text(last.call.answer), valid_text(last.why))
        with noting_predictor(self.predict) as (ask, notes):
            self._try(tried, adapter, lambda: ask(**inputs, config=config))
        fill(call, notes)
        if runs_in_circles(call.answer) and (call.outcome == "unparsable" or any(each.cut_off for each in notes)):
            call.outcome, call.detail = "endless", call.detail or "cut off while it repeated itself"
        call.seconds = trace().now() - call.started
        context().rate_limiter.spent(call.prompt_tokens + call.completion_tokens)
        return tried

    def _try(self, tried: _Tried, adapter: dspy.Adapter, ask: Callable[[], dspy.Prediction]) -> None:
        """Ask, and enter what became of it."""
        call = tried.call
        try:
            with dspy.context(adapter=adapter), collected_readings() as readings:
                tried.answer = self._valid(self._patiently(ask, call))
            call.outputs = plain(dict(tried.answer))
            call.salvaged = any(reading.salvaged for reading in readings)
        except SYSTEMIC:
            raise
        except AdapterParseError as fault:
            tried.why = reason(fault)
            call.outcome, call.error, call.detail = "unparsable", "AdapterParseError", tried.why
        except LMError as fault:
            call.outcome, call.error, call.detail = "lm_error", type(fault).__name__, first_line(fault)
        except OutOfTime:
            call.outcome, call.detail = "lm_error", "no answer within the budget of seconds"

    def _valid(self, answer: dspy.Prediction) -> dspy.Prediction:
        for name, value in answer.items():
            answer[name] = valid_text(value)
        return answer

    def _patiently(self, ask: Callable[[], dspy.Prediction], call: Call) -> dspy.Prediction:
        while True:
            if not context().rate_limiter.wait(trace().seconds_left()):
                raise OutOfTime
            try:
                return _in_time(trace().seconds_left(), ask)
            except LMError as fault:
                wait, left = context().rate_limiter.refused(fault, call.retries), trace().seconds_left()
                if not context().rate_limiter.may_retry(fault, call.retries) or (left is not None and wait > left):
                    raise
                call.retries += 1
                context().rate_limiter.rest(wait)


def _in_time(seconds: float | None, ask: Callable[[], dspy.Prediction]) -> dspy.Prediction:
    """The prediction; a call that takes longer than the rollout has left is left behind."""
    if seconds is None:
        return ask()
    if seconds <= 0:
        raise OutOfTime
    pool = ThreadPoolExecutor(1, thread_name_prefix="call")
    future = pool.submit(copy_context().run, ask)
    pool.shutdown(wait=False)
    return future.result(timeout=seconds)
