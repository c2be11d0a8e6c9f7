"""Which layout a dataset has, told from its columns."""

from __future__ import annotations

from collections.abc import Collection

from eval.data.layouts import apps, code_contests, code_contests_plus, kattis, livecodebench
from eval.data.layouts.entry import Layout

LAYOUTS: tuple[Layout, ...] = (livecodebench, apps, kattis, code_contests_plus, code_contests)


def layout_of(columns: Collection[str]) -> Layout | None:
    """The layout of a dataset with these columns; None where it is none that is known."""
    return next((layout for layout in LAYOUTS if set(columns) >= layout.COLUMNS), None)
