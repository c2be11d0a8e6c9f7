"""How a program did, in words that tell nothing of a hidden test."""

from __future__ import annotations

from eval.rollouts.score import Score

KINDS = {
    "AC": "right",
    "WA": "wrong answers",
    "RE": "it stops with an error",
    "CE": "it is not valid Python, or there is none",
    "TLE": "it takes too long",
    "MLE": "it uses too much memory",
    "OLE": "it prints far too much",
}


def outcome(scored: Score, what: str) -> str:
    """One sentence: how many tests, and of what kind the failures are.

    Args:
        scored: the program's score.
        what: names the program.
    """
    hidden = [scored.private, scored.generated]
    passed, total = sum(each.passed for each in hidden), sum(each.total for each in hidden)
    kinds = sorted({KINDS[each.verdict] for each in hidden if each.passed < each.total})
    examples = f"{scored.public.passed} of {scored.public.total} example tests"
    if scored.public.passed < scored.public.total:
        examples += f" ({KINDS[scored.public.verdict]})"
    further = f"{passed} of {total} further tests" + (f" ({', '.join(kinds)})" if kinds else "")
    return f"{what} passes {examples} and {further}"
