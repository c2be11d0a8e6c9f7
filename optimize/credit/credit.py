"""Stage-wise credit: how right was this call, on its own evidence?

A successful rollout can contain wrong calls, and a failed rollout can contain right ones. So every call is scored by
what can be checked about the call itself: tests by the problem's known programs, programs by the hidden tests, fixes by
the tests before and after, words by the programs with and without them. A call with a false claim gets no credit.
"""

from __future__ import annotations

from dataclasses import replace

from optimize.credit import of_plans as credit_plans
from optimize.credit import of_programs as credit_programs
from optimize.credit import of_tests as credit_tests
from optimize.credit.contrast import Contrast
from optimize.credit.evidence import Credit, Episode, Step
from optimize.credit.false_claims import false_claims


def credit_of(step: Step, episode: Episode) -> Credit | None:
    """The credit of one call; None for stages that cannot be checked."""
    if false := false_claims(step, episode):
        return Credit(0.0, False, false)
    before = _before_words(step, episode)
    if before and not before.proven:
        return before
    match step.stage:
        case "WriteTests" | "CheckTests":
            return credit_tests.of_tests(step, episode)
        case "WriteCode" | "SolveDirectly" | "SolveStepByStep" | "SolveWithLessons":
            return credit_programs.of_code(step, episode)
        case "FixCode":
            return credit_programs.of_fix(step, episode)
        case "WriteBruteForce":
            return credit_programs.of_brute_force(step, episode)
        case "WriteGenerator":
            return credit_programs.of_generator(step, episode)
        case stage if stage in credit_plans.WORDS:
            given = credit_plans.of_words(step, episode)
            return replace(given, evidence=(*(before.evidence if before else ()), *given.evidence))
        case _:
            return None


def open_contrast(step: Step, episode: Episode) -> Contrast | None:
    """The evidence about the words of a call that further programs might prove; None if they could not, or if no
    program with the words is right so far."""
    before = _before_words(step, episode)
    if (before and not before.proven) or false_claims(step, episode):
        return None
    found = credit_plans.contrast_of(step, episode)
    return found if found and any(found.good) and found.may_show and not found.shows else None


def _before_words(step: Step, episode: Episode) -> Credit | None:
    """Further requirements on words besides usefulness, if the stage has any."""
    match step.stage:
        case "ExplainTests" | "CheckExplanations":
            return credit_tests.of_explanations(step, episode)
        case "AnalyseFailure":
            return credit_programs.of_analysis(step, episode)
        case _:
            return None
