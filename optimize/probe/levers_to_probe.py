"""The programs and levers of a probe: small programs made from the flow; each lever compares two of them.

Actions after a failed draw (another draw, a fix, a plan) are compared on the same first draws, so a lever costs calls
only if the first draw fails.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from program.steps.config import FlowConfig

Change = dict[str, Any]

ONE, TWO, THREE = "one draw", "two draws", "three draws"
FIX, PLAN = "a draw, a fix", "a draw, a plan"
STRONGER_FIX, STRONGER_PLAN = (f"{each} by the stronger model" for each in (FIX, PLAN))
TESTS, STRONGER_TESTS = "AI tests", "AI tests by the stronger model"
SENTENCE, DEMOS, BOTH = "with a sentence", "with demonstrations", "with both"
READ = "one draw, read otherwise"
SOLUTIONS, AI_TESTS = 3, 3  # number of solutions and tests if the start has none


class Lever(NamedTuple):
    """Pairs of arms; their difference is the value of a change of the program.

    pairs: the second arm has the change, and nothing else differs (demonstrations also change the order). Words are
        tried in a 2 × 2 design, so that the effect of each kind alone and with the other is averaged.
    kind: "shape" for switches of the program, "words" for prompts, or "reading".
    share: of the usual problems for this lever: smaller if a rollout has many calls.
    """

    name: str
    pairs: tuple[tuple[str, str], ...]
    kind: str
    share: float = 1.0


# In order of cost.
LEVERS = (
    Lever("reading answers otherwise", ((ONE, READ),), "reading"),
    Lever("instructions", ((ONE, SENTENCE), (DEMOS, BOTH)), "words"),
    Lever("demonstrations", ((ONE, DEMOS), (SENTENCE, BOTH)), "words"),
    Lever("drawing again", ((ONE, THREE),), "shape"),
    Lever("fixing, not drawing again", ((TWO, FIX),), "shape"),
    Lever("planning, not drawing again", ((TWO, PLAN),), "shape", share=0.5),
)
# Tried if a stronger model is named.
STRONGER_LEVERS = (
    Lever("a stronger model for fixes", ((FIX, STRONGER_FIX),), "shape"),
    Lever("a stronger model for all after the first draw", ((PLAN, STRONGER_PLAN),), "shape", share=0.5),
    Lever("a stronger model for AI tests", ((TESTS, STRONGER_TESTS),), "shape", share=0.25),
)


def shapes(config: FlowConfig, stronger: bool = False) -> dict[str, Change]:
    """For each arm's name, the switches that differ from the flow.

    Args:
        config: of the flow.
        stronger: whether a stronger model is named.
    """
    plan = {"ai_tests": 0, "brute_force": False, "code_attempts": 1, "public_tries": 0, "time_fixes": 0}
    usual: dict[str, Change] = {
        ONE: _draws(1, calls=1),
        TWO: _draws(2, calls=2),
        THREE: _draws(3, calls=3),
        FIX: {**_draws(1, calls=2), "direct_fixes": 1},
        PLAN: {**_draws(1, calls=None), **plan, "solutions": config.solutions or SOLUTIONS},
    }
    if not stronger:
        return usual
    tests: Change = {**_draws(0, calls=config.budget.calls), "ai_tests": config.ai_tests or AI_TESTS}
    return {
        **usual,
        STRONGER_FIX: {**usual[FIX], "stronger_for": "fixes"},
        STRONGER_PLAN: {**usual[PLAN], "stronger_for": "rest"},
        TESTS: tests,
        STRONGER_TESTS: {**tests, "stronger_for": "tests"},
    }


def _draws(count: int, calls: int | None) -> Change:
    """`count` draws first, and at most `calls` calls per rollout."""
    alone = {"direct_fixes": 0, "vary_draws": False, "rounds": 1, "stronger_for": "rounds"}
    return {"direct_first": count, **alone, "budget": {"calls": calls}}
