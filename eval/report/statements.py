"""The statements of the problems of a report, which its runs do not hold themselves."""

from __future__ import annotations

from collections.abc import Sequence

from eval.data.load import load_problems
from eval.data.problem_set import DataError, ProblemSet
from eval.rollouts.stored_arms import StoredArm
from program.problem import Problem


def statements_of(arms: Sequence[StoredArm], problems: ProblemSet | None) -> tuple[dict[str, Problem], str]:
    """The problems by name as programs saw them, and why there are none, if there are none.

    A report can be made where the data no longer is; the prompts have the statements too.

    Args:
        arms: what the report is about, all on the same data.
        problems: the data, where it is loaded already.
    """
    config = arms[0].config
    try:
        problems = problems or load_problems(config["data"], config["split"])
    except DataError as fault:
        return {}, f"The statements are only in the prompts: {fault}."
    if problems.fingerprint != config["data_fingerprint"]:
        return {}, f"The statements are only in the prompts: {config['data']} has changed since the run."
    return {problem.name: problem for problem in problems.problems}, ""
