"""Stage-wise credit: how right was this call, on its own evidence?

A rollout that ends well contains calls that were wrong, and one that fails contains calls that were right. So every
call is scored by what can be checked about itself: tests by the problem's known programs, programs by the hidden tests,
fixes by the tests before and after, plans by what was written from them.
"""

from __future__ import annotations

from optimize.credit import of_plans as credit_plans
from optimize.credit import of_programs as credit_programs
from optimize.credit import of_tests as credit_tests
from optimize.credit.evidence import Credit, Episode, Step


def credit_of(step: Step, episode: Episode) -> Credit | None:
    """The credit of one call; None for stages of which nothing is known."""
    match step.stage:
        case "WriteTests" | "CheckTests":
            return credit_tests.of_tests(step, episode)
        case "ExplainTests" | "CheckExplanations":
            return credit_tests.of_explanations(step, episode)
        case "WriteCode" | "SolveDirectly" | "SolveStepByStep" | "SolveWithLessons":
            return credit_programs.of_code(step, episode)
        case "FixCode":
            return credit_programs.of_fix(step, episode)
        case "WriteBruteForce":
            return credit_programs.of_brute_force(step, episode)
        case "WriteGenerator":
            return credit_programs.of_generator(step, episode)
        case "AnalyseFailure":
            return credit_plans.of_analysis(step, episode)
        case "DrawLesson":
            return credit_plans.of_lesson(step, episode)
        case "RankSolutions":
            return credit_plans.of_ranking(step, episode)
        case "ProposeSolutions":
            return credit_plans.of_proposals(step, episode)
        case "ReflectOnProblem":
            return credit_plans.of_reflection(step, episode)
        case _:
            return None
