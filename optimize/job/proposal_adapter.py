"""The adapter of an optimizer's own questions ("propose a better instruction").

Questions and answers are plain text in DSPy's chat format. If a small model's answer misses the format, it is used
unparsed, because one bad proposal costs an evaluation, but an exception would cost the whole compilation. An
instruction that was cut off at the token cap is dropped, because the most important part may be missing; so is one
whose question the server refuses.
"""

from __future__ import annotations

from typing import Any

import dspy
from dspy import AdapterParseError, LMError, LMInvalidRequestError, LMUnsupportedModelError

from optimize.undocumented import asks_for_proposal, without_proposal
from program.rollout.context import context
from program.undocumented import noting


class ProposalAdapter(dspy.ChatAdapter):
    """DSPy's chat format, parsed with tolerance.

    Attributes:
        dropped: number of proposals dropped because they were cut off or empty, or their question was refused.
        refused: number of proposals refused because they repeat a problem or a hidden test.
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
        # `n` answers are requested one by one, so that no paid answer is lost if others fail.
        wanted = lm_kwargs.pop("n", None) or 1
        first = lm_kwargs.get("rollout_id", lm.kwargs.get("rollout_id"))
        answers = []
        for number in range(wanted):
            asked = lm_kwargs if number == 0 else {**lm_kwargs, "rollout_id": (first or 0) + number}
            given = self._not_cut(lm, asks_for_proposal(signature), asked, signature, demos, inputs)
            self.dropped += given is None
            answers += [_nothing_new(signature, inputs)] if given is None else given
        return answers

    def _not_cut(self, lm: dspy.BaseLM, proposes: bool, *asked: Any) -> list[dict[str, Any]] | None:
        """The answer; None for a proposal that was cut off, or whose question was refused, such as for its length."""
        try:
            with noting(lm) as (noted, notes):
                given = self._patiently(noted, *asked)
        except LMInvalidRequestError as fault:
            if not proposes or isinstance(fault, LMUnsupportedModelError):
                raise
            return None
        return None if proposes and any(note.cut_off for note in notes) else given

    def _patiently(self, lm: dspy.BaseLM, lm_kwargs: dict[str, Any], *asked: Any) -> list[dict[str, Any]]:
        """Retry a refused or failed request, as stages do."""
        attempt = 0
        while True:
            try:
                return super().__call__(lm, dict(lm_kwargs), *asked)
            except LMError as fault:
                wait = context().rate_limiter.refused(fault, attempt)
                if not context().rate_limiter.may_retry(fault, attempt):
                    raise
                context().rate_limiter.rest(wait)
                attempt += 1

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """The output fields in an answer; if they cannot be parsed, the whole answer is the value of every text
        field."""
        try:
            return super().parse(signature, completion)
        except AdapterParseError:
            return _filled(signature, completion.strip())


def _nothing_new(signature: type[dspy.Signature], inputs: dict[str, Any]) -> dict[str, Any]:
    """The answer instead of a dropped one; it gives no new candidate."""
    kept = without_proposal(inputs)
    return {name: kept.get(name, "") if value == "" else value for name, value in _filled(signature, "").items()}


def _filled(signature: type[dspy.Signature], text: str) -> dict[str, Any]:
    """`text` in every text field, and empty values in the others."""
    return {
        name: text if field.annotation is str else _nothing(field.annotation)
        for name, field in signature.output_fields.items()
    }


def _nothing(annotation: Any) -> Any:
    """An empty value of a type; None for types without one."""
    origin = getattr(annotation, "__origin__", annotation)
    return origin() if origin in (dict, list) else None
