"""The result of a program, in words that reveal nothing about hidden tests."""

from __future__ import annotations

from collections.abc import Sequence

from eval.rollouts.score import Score
from judge.verdict import Verdict
from program.bench.words import Words


def feedback(evidence: Sequence[str], scored: Score, words: Words) -> str:
    """The feedback on a call for a reflecting model: the evidence of its credit, and the outcome of the rollout."""
    sentences = [*evidence, outcome(scored, words, " that came out in the end")]
    return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences)


def outcome(scored: Score, words: Words, which: str = "") -> str:
    """One sentence: how many tests pass, and the kinds of failures.

    Args:
        scored: the program's score.
        words: for what the problem asks for.
        which: more about the program, after its noun.
    """

    def kind(verdict: str) -> str:
        missing = ", or there is none" if verdict == Verdict.CE else ""
        return f"it {words.said(Verdict(verdict))}{missing}"

    hidden = [scored.private, scored.generated]
    passed, total = sum(each.passed for each in hidden), sum(each.total for each in hidden)
    kinds = sorted({kind(each.verdict) for each in hidden if each.passed < each.total})
    examples = f"{scored.public.passed} of {scored.public.total} example tests"
    if scored.public.passed < scored.public.total:
        examples += f" ({kind(scored.public.verdict)})"
    further = f"{passed} of {total} further tests" + (f" ({', '.join(kinds)})" if kinds else "")
    return f"the {words.it}{which} passes {examples} and {further}"
