"""The report as one file: the page, the numbers, and every problem packed separately.

A browser needs no network for the file, and unpacks a problem when the user opens it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.data.problem_set import ProblemSet
from eval.errors import RunError
from eval.report.html_page import html_page
from eval.report.overview import overview
from eval.report.problem_block import problem_block
from eval.report.statements import data_of
from eval.report.texts import shared_chunks, with_references
from eval.rollouts.stored_arms import StoredArm, problem_names, stored_arms
from eval.tables.prompt_differences import arm_warnings, prompts_against
from program.files import write_whole

NOT_YET = "Tests of differences appear when the run has ended: a p-value in the middle of a run is not valid."
SCRIPTS = (
    *("elements", "formats", "verdicts", "plots", "tables"),
    *("front/headline", "front/comparison", "front/cost", "front/curves", "front/flips", "front/funnel"),
    *("front/prompts", "front/problems"),
    *("problem/stories", "problem/python", "problem/programs", "problem/events", "problem/pair", "problem/problem"),
    "main",
)


def write_report(
    runs: Sequence[Path],
    out: Path,
    problems: ProblemSet | None = None,
    exclude: str | None = None,
    live: float | None = None,
) -> None:
    """Write the report of stored runs over the same data.

    Args:
        runs, exclude: see `stored_arms`; the first arm of the first run is the baseline.
        out: the file, written atomically.
        problems: the data of the runs, if already loaded.
        live: seconds after which a browser reloads the page; None for no reload.

    Raises:
        RunError, DataError: as in `stored_arms`, or `out` cannot be written.
        ArtifactError: the artifact of an arm is damaged.
    """
    arms = stored_arms(runs, exclude=exclude)
    if not arms:
        raise RunError(f"{runs[0]} has no program to report on")
    data, note = data_of(arms, problems)
    if out.is_symlink():  # a run from a stranger could lead it anywhere
        raise RunError(f"{out} is a link; remove it")
    page = render(arms, data, [note] if note else [], live)
    try:
        write_whole(out, page)
    except OSError as fault:
        raise RunError(f"{out} cannot be written: {fault.strerror}") from fault


def render(arms: Sequence[StoredArm], data: ProblemSet | None, notes: list[str], live: float | None = None) -> str:
    """The page as a text."""
    known = {problem.name: problem for problem in data.problems} if data else {}
    blocks = [problem_block(arms, name, known.get(name)) for name in problem_names(arms)]
    shared = shared_chunks([table for _, table in blocks])
    index = {chunk: number for number, chunk in enumerate(shared)}
    packed: dict[str, Any] = {"shared": shared, "prompts": [prompts_against(arms[0], arm) for arm in arms[1:]]}
    for number, (block, table) in enumerate(blocks):
        packed[f"problem-{number}"] = {**block, "texts": table.texts, "chunks": with_references(table, index)}
    first = overview(arms, notes, data)
    first["settings"] = arm_warnings(arms)
    if live:
        first["findings"] = [NOT_YET] if first["findings"] else []
        first["family"] = ""
        for row in first["arms"]:
            row["against"] = None
        first["live"] = {"seconds": live, "written": time.strftime("%Y-%m-%d %H:%M:%S")}
    return html_page(f"{first['title']}: {first['subtitle']}", SCRIPTS, first, packed)
