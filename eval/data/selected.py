"""The problems that the options of a command name."""

from __future__ import annotations

import argparse

from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet


def load_selected(options: argparse.Namespace, *, scored: bool = False) -> ProblemSet:
    """Load what the options of `add_data` name, and of it what those of `add_selection` leave (see `eval.options`).

    Raises:
        DataError: nothing is there, an option cannot be used, or nothing is left.
    """
    return selected(load_problems(options.data, options.split), options, scored=scored)


def selected(problems: ProblemSet, options: argparse.Namespace, *, scored: bool = False) -> ProblemSet:
    """The problems that the options of `add_selection` leave; see `ProblemSet.select`.

    Raises:
        DataError: an option cannot be used, or nothing is left.
    """
    tags, difficulty = options.tags or (), options.difficulty or ()
    return problems.select(options.limit, options.match, options.exclude, tags, difficulty, scored=scored)
