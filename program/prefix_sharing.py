"""How much of a rollout's prompts a prefix cache can serve, by characters; servers count the same in tokens."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from program.account import Message


def shared_prefix(prompts: Sequence[Sequence[Message]]) -> float:
    """The share of all prompt characters that begin an earlier prompt too, between 0 and 1.

    Args:
        prompts: in the order they were sent, for instance `[call.prompt for call in account.calls]`.
    """
    texts = ["".join(f"{message.role}\n{message.content}\n" for message in prompt) for prompt in prompts]
    total = sum(len(text) for text in texts)
    shared = sum(max((_common(text, each) for each in texts[:number]), default=0) for number, text in enumerate(texts))
    return shared / total if total else 0.0


def _common(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
