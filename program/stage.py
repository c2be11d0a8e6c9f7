"""One stage of a program: a `dspy.Predict` that is counted, bounded, and never ends the rollout.

An LM that times out or answers what cannot be read costs this stage one repeat with other sampling, then the stage is
given up and the program goes on without it.
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import dspy
from dspy.utils.exceptions import (
    AdapterParseError,
    LMAuthError,
    LMBillingError,
    LMConfigurationError,
    LMError,
    LMUnexpectedError,
    LMUnsupportedModelError,
)

from program.account import Call, Message, account

REPEAT_TEMPERATURE = 0.8
# With these no later call would fare better, so they end the rollout instead of costing it a stage.
SYSTEMIC = (LMConfigurationError, LMAuthError, LMBillingError, LMUnsupportedModelError, LMUnexpectedError)


class _Recorder(dspy.Module):
    """Holds the history of exactly the calls made through it, whatever other threads do."""

    def forward(self, predict: dspy.Predict, inputs: dict[str, Any], config: dict[str, Any]) -> dspy.Prediction:
        return predict(**inputs, config=config)


class Stage(dspy.Module):
    """A stage asks its LM to fill `signature`.

    Args:
        signature: what is asked.
        max_tokens: the most an answer may have; guards against endless generation.
        temperature: of the first call; a repeat uses 0.8.
        attempts: calls before the stage is given up.
        max_items: for list fields, how many items are asked for at most.
    """

    def __init__(
        self,
        signature: type[dspy.Signature],
        max_tokens: int,
        temperature: float,
        attempts: int = 2,
        max_items: dict[str, int] | None = None,
    ) -> None:
        super().__init__()
        self.name = signature.__name__
        for field, bound in (max_items or {}).items():
            signature = signature.with_updated_fields(field, **{"maxItems": bound})  # pyright: ignore[reportArgumentType]
        self.predict = dspy.Predict(signature)
        self.max_tokens = max_tokens
        self.temperature = temperature
        self.attempts = attempts

    def forward(self, sample: int, draw: int = 0, **inputs: Any) -> dspy.Prediction | None:
        """The filled signature, or None when no attempt gave one.

        Args:
            sample: which sample of the problem this is; another number draws other answers.
            draw: numbers repeated calls with equal inputs, so that each draws a new answer.
            inputs: the signature's input fields.

        Raises:
            LMError: one of `SYSTEMIC`, a wrong key for instance: nothing would ever work.
        """
        for attempt in range(self.attempts):
            number = (sample * 1000 + draw) * 10 + attempt
            temperature = self.temperature if draw == attempt == 0 else REPEAT_TEMPERATURE
            config: dict[str, Any] = {"temperature": temperature, "max_tokens": self.max_tokens}
            if number and temperature:
                config["rollout_id"] = number
            answer = self._ask(inputs, config)
            if answer is not None:
                return answer
        account().decide(f"{self.name}: given up after {self.attempts} calls")
        return None

    def _ask(self, inputs: dict[str, Any], config: dict[str, Any]) -> dspy.Prediction | None:
        recorder, begin = _Recorder(), time.perf_counter()
        call = Call(stage=self.name, started=account().now())
        answer = None
        try:
            answer = recorder(predict=self.predict, inputs=inputs, config=config)
        except SYSTEMIC:
            raise
        except AdapterParseError as fault:
            call.outcome, call.detail = "unparsable", _first_line(fault)
        except LMError as fault:
            call.outcome, call.detail = "lm_error", _first_line(fault)
        call.seconds = time.perf_counter() - begin
        _fill_usage(call, recorder.history)
        account().enter(call)
        return answer


def _fill_usage(call: Call, history: list[dict[str, Any]]) -> None:
    for entry in history:
        call.model = entry["model"]
        call.prompt = [Message(role=each["role"], content=each["content"]) for each in entry["messages"]]
        call.prompt_hash = _hash(entry["messages"])
        call.answer = "\n".join(str(output) for output in entry["outputs"])
        usage = entry["usage"]
        if not usage:
            call.from_cache = True
            continue
        call.prompt_tokens += usage.get("prompt_tokens") or 0
        call.completion_tokens += usage.get("completion_tokens") or 0
        call.cached_tokens += (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        if entry.get("cost") is not None:
            call.dollars = (call.dollars or 0.0) + entry["cost"]


def _hash(messages: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(messages, sort_keys=True).encode()).hexdigest()[:12]


def _first_line(fault: Exception) -> str:
    lines = [line for line in str(fault).splitlines() if line.strip()]
    return f"{type(fault).__name__}: {lines[0] if lines else ''}"[:200]
