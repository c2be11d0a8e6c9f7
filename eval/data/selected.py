"""The problems that the options of a command select."""

from __future__ import annotations

import argparse

from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet


def load_selected(options: argparse.Namespace, *, scored: bool = False) -> ProblemSet:
    """Load the data of the options of `add_data`, and apply those of `add_selection` (see `eval.options`).

    Raises:
        DataError: there is no data, an option is invalid, or no problem is left.
    """
    return selected(load_problems(options.data, options.split), options, scored=scored)


def selected(problems: ProblemSet, options: argparse.Namespace, *, scored: bool = False) -> ProblemSet:
    """The problems that the options of `add_selection` select; see `ProblemSet.select`.

    Raises:
        DataError: an option is invalid, or no problem is left.
    """
    tags, difficulty = options.tags or (), options.difficulty or ()
    return problems.select(options.limit, options.match, options.exclude, tags, difficulty, scored=scored)
