"""How an optimizer's own questions ("propose a better instruction") are put, next to the program's.

They are plain text in and out, so they go in DSPy's chat format; and a small model's answer that misses the format is
taken as it stands, because one bad proposal among several costs an evaluation, but an exception the whole compilation.
An instruction that was cut off at the token cap is dropped: it may end where it says the most important thing.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import dspy
from dspy import AdapterParseError, LMError

from optimize.undocumented import asks_for_proposal, without_proposal
from program.rollout.context import context
from program.undocumented import noting


class ProposalAdapter(dspy.ChatAdapter):
    """DSPy's chat format, read with tolerance.

    Attributes:
        dropped: how many proposals were, as they had been cut off or were empty.
        refused: how many were, as they repeat a problem or a hidden test.
    """

    def __init__(self) -> None:
        super().__init__(use_json_adapter_fallback=False)
        self.dropped = self.refused = 0

    def __call__(
        self,
        lm: dspy.BaseLM,
        lm_kwargs: dict[str, Any],
        signature: type[dspy.Signature],
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[dict[str, Any]]:
        # `n` answers are asked for one by one, so that none that was paid for is lost when the others are not.
        wanted = lm_kwargs.pop("n", None) or 1
        first = lm_kwargs.get("rollout_id", lm.kwargs.get("rollout_id"))
        answers = []
        for number in range(wanted):
            asked = lm_kwargs if number == 0 else {**lm_kwargs, "rollout_id": (first or 0) + number}
            with noting(lm) as (noted, notes):
                given = self._patiently(noted, asked, signature, demos, inputs)
            if any(note.cut_off for note in notes) and asks_for_proposal(signature):
                self.dropped += 1
                given = [_nothing_new(signature, inputs)]
            answers += given
        return answers

    def _patiently(self, lm, lm_kwargs, signature, demos, inputs) -> list[dict[str, Any]]:
        """As stages do, a refused or failed request is sent again."""
        for attempt in count():
            try:
                return super().__call__(lm, dict(lm_kwargs), signature, demos, inputs)
            except LMError as fault:
                wait = context().rate_limiter.refused(fault, attempt)
                if not context().rate_limiter.may_retry(fault, attempt):
                    raise
                context().rate_limiter.rest(wait)
        raise AssertionError("count() has no end")

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """The output fields in an answer; where they cannot be distinguished, text fields are the whole of it."""
        try:
            return super().parse(signature, completion)
        except AdapterParseError:
            return _filled(signature, completion.strip())


def _nothing_new(signature: type[dspy.Signature], inputs: dict[str, Any]) -> dict[str, Any]:
    """The answer in place of a dropped one, which makes no candidate."""
    kept = without_proposal(inputs)
    return {name: kept.get(name, "") if value == "" else value for name, value in _filled(signature, "").items()}


def _filled(signature: type[dspy.Signature], text: str) -> dict[str, Any]:
    """`text` in every text field, nothing in the others."""
    return {
        name: text if field.annotation is str else _nothing(field.annotation)
        for name, field in signature.output_fields.items()
    }


def _nothing(annotation: Any) -> Any:
    """An empty value of a type; None for types that have none."""
    origin = getattr(annotation, "__origin__", annotation)
    return origin() if origin in (dict, list) else None
