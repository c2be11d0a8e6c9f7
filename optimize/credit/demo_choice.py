"""The choice of demonstrations among proven calls: diverse and short ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eval.data.problem_set import Facts
from optimize.credit.contrast import Contrast
from optimize.credit.evidence import Credit, Step


@dataclass(frozen=True)
class ProvenCall:
    """A call that may be a demonstration, perhaps only after further programs prove its words.

    problem, sample: of its rollout.
    step, credit: the call, and why it is right.
    facts: tags and difficulty of the problem.
    tokens: its size in a prompt.
    contrast: the evidence so far for words that are not proven yet; None for a proven call.
    """

    problem: str
    sample: int
    step: Step
    credit: Credit
    facts: Facts
    tokens: int
    contrast: Contrast | None = field(default=None, repr=False)

    def report(self) -> dict[str, Any]:
        """Why it was chosen, as JSON values."""
        return {
            "problem": self.problem,
            "sample": self.sample,
            "credit": round(self.credit.score, 4),
            "tokens": self.tokens,
            "tags": list(self.facts.tags),
            "difficulty": self.facts.difficulty,
            "evidence": list(self.credit.evidence),
        }


Prove = Callable[[ProvenCall], ProvenCall | None]


def choose_demos(
    calls: Sequence[ProvenCall], count: int, max_tokens: int, prove: Prove = lambda call: call
) -> list[ProvenCall]:
    """Choose at most one call per problem, each time the one with most new tags and difficulties; among equals the one
    with the highest credit, then the shortest. A shorter choice is a prefix of a longer one.

    Args:
        calls: to choose from.
        count: maximum number.
        max_tokens: of all chosen calls together.
        prove: returns a chosen call with its proof, or None if it is not proven.
    """
    chosen: list[ProvenCall] = []
    left = sorted(calls, key=lambda call: (-call.credit.score, call.tokens, call.problem, call.sample))
    while len(chosen) < count:
        problems = {call.problem for call in chosen}
        spent = sum(call.tokens for call in chosen)
        left = [call for call in left if call.problem not in problems and spent + call.tokens <= max_tokens]
        if not left:
            break
        best = max(left, key=lambda call: _novelty(call, chosen))  # the first among equals
        left.remove(best)
        chosen += [proven] if (proven := prove(best)) else []
    return chosen


def _novelty(call: ProvenCall, chosen: Sequence[ProvenCall]) -> int:
    tags = {tag for each in chosen for tag in each.facts.tags}
    difficulties = {each.facts.difficulty for each in chosen}
    return len(set(call.facts.tags) - tags) + (call.facts.difficulty not in difficulties)
