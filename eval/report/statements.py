"""The statements and facts of a report's problems, from the data; runs do not store them."""

from __future__ import annotations

from collections.abc import Sequence

from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet
from eval.rollouts.stored_arms import StoredArm
from program.errors import UserError


def data_of(arms: Sequence[StoredArm], problems: ProblemSet | None) -> tuple[ProblemSet | None, str]:
    """The data of the runs, or None with the reason.

    A report can be made without the data, because the prompts have the statements too.

    Args:
        arms: of the report, all on the same data.
        problems: the data, if already loaded.
    """
    config = arms[0].config
    try:
        problems = problems or load_problems(config["data"], config["split"])
    except UserError as fault:
        return None, f"The statements are only in the prompts: {fault}."
    if problems.fingerprint != config["data_fingerprint"]:
        return None, f"The statements are only in the prompts: {config['data']} has changed since the run."
    return problems, ""
