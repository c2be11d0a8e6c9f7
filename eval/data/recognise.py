"""Which layout a dataset has, recognised by its columns."""

from __future__ import annotations

from collections.abc import Collection

from eval.data.layouts import (
    apps,
    code_contests,
    code_contests_plus,
    evalplus_lines,
    human_eval,
    kattis,
    livecodebench,
    mbpp,
)
from eval.data.layouts.entry import Layout

LAYOUTS: tuple[Layout, ...] = (
    livecodebench,
    apps,
    kattis,
    evalplus_lines,
    human_eval,
    mbpp,
    code_contests_plus,
    code_contests,
)


def layout_of(columns: Collection[str]) -> Layout | None:
    """The layout of a dataset with these columns; None if it is unknown."""
    return next((layout for layout in LAYOUTS if set(columns) >= layout.COLUMNS), None)
