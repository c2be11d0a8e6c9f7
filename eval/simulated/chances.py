"""The probability that the simulated LM is right: a stage's skill, the prompt's effect, and the problem's own luck."""

from __future__ import annotations

import random

from eval.simulated.prompt import Prompt, solution_name
from eval.simulated.skills import SENTENCE, Skills
from signatures.answer_fields import PROGRAM_FIELD


def skill_of(prompt: Prompt, name: str, right_solution: str, good_demos: int, skills: Skills) -> float:
    """The probability of a right answer to a prompt about one problem, 0 to 1.

    Args:
        prompt: must have a signature.
        name: of the problem.
        right_solution: the name of the right solution.
        good_demos: how many of its demonstrations are right.
        skills: of the model.
    """
    match prompt.stage:
        case "ExplainTests" | "CheckExplanations":
            skill = skills.explanation_right
        case "FixCode":
            skill = skills.fix_repairs
        case "WriteTests" | "CheckTests":
            skill = skills.ai_test_valid
        case "DeriveOutput":
            skill = skills.derivation_right
        case "RankSolutions":
            skill = skills.ranking_right
        case stage if stage in PROGRAM_FIELD:
            skill = _of_writing(prompt, right_solution, skills)
        case _:
            return 0.0
    cap = skills.demo_gain_cap
    mean = _probability(skill + max(-cap, min(cap, skills.demo_gain * good_demos)))
    if prompt.stage not in PROGRAM_FIELD:
        return mean
    return skill_on(name, mean, skills, "fix" if prompt.stage == "FixCode" else "write")


def _of_writing(prompt: Prompt, right_solution: str, skills: Skills) -> float:
    chosen = solution_name(prompt.user) if prompt.stage == "WriteCode" else ""
    skill = skills.code_right
    if chosen:
        skill = skill * (1 - skills.plan_matters * (chosen != right_solution)) + skills.plan_gain
    if SENTENCE in prompt.system:
        skill += skills.instruction_gain
    return skill + (0.0 if prompt.problem_first else skills.order_gain)


def skill_on(name: str, mean: float, skills: Skills, luck: str = "write") -> float:
    """The probability of a right program for one problem, if it is `mean` over all problems.

    With `steady` = s it is `mean` (1 - s), plus s on a share `mean` of the problems. So the order of problems by
    difficulty is the same for all means, and more skill makes no problem harder.

    Args:
        name: of the problem.
        mean: 0 to 1.
        skills: of the model.
        luck: "write" or "fix"; a problem may be easy to write for and hard to fix for.
    """
    if not skills.steady:
        return mean
    lucky = random.Random(repr((skills.seed, "luck", luck, name))).random() < mean
    return mean * (1 - skills.steady) + skills.steady * lucky


def _probability(value: float) -> float:
    return min(1.0, max(0.0, value))
