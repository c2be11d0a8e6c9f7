"""The problems of a report as its data has them: statements and facts, which its runs do not hold themselves."""

from __future__ import annotations

from collections.abc import Sequence

from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet
from eval.rollouts.stored_arms import StoredArm
from program.errors import UserError


def data_of(arms: Sequence[StoredArm], problems: ProblemSet | None) -> tuple[ProblemSet | None, str]:
    """The data that the runs were made on, or None and why it is not there.

    A report can be made where the data no longer is; the prompts have the statements too.

    Args:
        arms: what the report is about, all on the same data.
        problems: the data, where it is loaded already.
    """
    config = arms[0].config
    try:
        problems = problems or load_problems(config["data"], config["split"])
    except UserError as fault:
        return None, f"The statements are only in the prompts: {fault}."
    if problems.fingerprint != config["data_fingerprint"]:
        return None, f"The statements are only in the prompts: {config['data']} has changed since the run."
    return problems, ""
