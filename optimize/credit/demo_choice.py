"""Which of the calls that are proven right are shown as demonstrations: different ones, and short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eval.data.problem_set import Facts
from optimize.credit.contrast import Contrast
from optimize.credit.evidence import Credit, Step


@dataclass(frozen=True)
class ProvenCall:
    """A call that may be shown, or would be if further programs proved its words.

    problem, sample: the rollout it is from.
    step, credit: what was said, and why it is right.
    facts: tags and difficulty of the problem.
    tokens: that it takes in a prompt.
    contrast: of words that are not proven yet, what is known of them; None for a call that is proven.
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
    """At most one call a problem, each the one that adds most tags and difficulties not shown yet; of equals the one
    with the highest credit, then the shortest. The first of a longer choice are those of a shorter one.

    Args:
        calls: to choose from.
        count: at most.
        max_tokens: that all of them may take together.
        prove: gives a call that was chosen as it is proven now, or None where it is not.
    """
    chosen: list[ProvenCall] = []
    left = sorted(calls, key=lambda call: (-call.credit.score, call.tokens, call.problem, call.sample))
    while len(chosen) < count:
        problems = {call.problem for call in chosen}
        spent = sum(call.tokens for call in chosen)
        left = [call for call in left if call.problem not in problems and spent + call.tokens <= max_tokens]
        if not left:
            break
        best = max(left, key=lambda call: _novelty(call, chosen))  # the first of equals
        left.remove(best)
        chosen += [proven] if (proven := prove(best)) else []
    return chosen


def _novelty(call: ProvenCall, chosen: Sequence[ProvenCall]) -> int:
    tags = {tag for each in chosen for tag in each.facts.tags}
    difficulties = {each.facts.difficulty for each in chosen}
    return len(set(call.facts.tags) - tags) + (call.facts.difficulty not in difficulties)
