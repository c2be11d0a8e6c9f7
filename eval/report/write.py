"""The report as one file: the page, its style and script, the numbers, and every problem packed on its own.

A browser reads the file without network and unpacks a problem when it is opened. Texts of models and statements are in
the file as base64 only, and the page makes them text nodes; should that fail, its content security policy lets no
script run but its own.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.data.problem_set import ProblemSet
from eval.errors import RunError
from eval.report.overview import overview
from eval.report.problem_block import problem_block
from eval.report.statements import statements_of
from eval.report.texts import TextTable, shared_chunks, with_references
from eval.rollouts.stored_arms import StoredArm, problem_names, stored_arms
from program.files import write_whole
from program.problem import Problem

REPORT = "report.html"  # its name in a run's folder
PAGE = Path(__file__).parent / "page"
SCRIPTS = ("elements", "formats", "stories", "headline", "curves", "grid", "programs", "events", "problem", "main")


def write_report(
    runs: Sequence[Path], out: Path, problems: ProblemSet | None = None, exclude: str | None = None
) -> None:
    """Write the report of stored runs over the same data.

    Args:
        runs, exclude: see `stored_arms`; the first arm of the first run is the one compared with.
        out: the file, written whole or not at all.
        problems: the data of the runs, when it is loaded already.

    Raises:
        RunError, DataError: as `stored_arms` does, and where `out` cannot be written.
    """
    arms = stored_arms(runs, exclude=exclude)
    statements, note = statements_of(arms, problems)
    page = render(arms, statements, [note] if note else [])
    try:
        write_whole(out, page)
    except OSError as fault:
        raise RunError(f"{out} cannot be written: {fault.strerror}") from fault


def render(arms: Sequence[StoredArm], statements: dict[str, Problem], notes: list[str]) -> str:
    """The page as a text."""
    blocks = [problem_block(arms, name, statements.get(name)) for name in problem_names(arms)]
    first = overview(arms, notes)
    style = (PAGE / "style.css").read_text()
    script = "\n".join((PAGE / f"{name}.js").read_text() for name in SCRIPTS)
    parts = {
        "title": html.escape(f"{first['title']}: {first['subtitle']}"),
        "policy": f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'",
        "style": style,
        "script": script,
        "overview": _json(first).replace("<", "\\u003c"),
        "blocks": "\n".join(_packed_scripts(blocks)),
    }
    template = (PAGE / "page.html").read_text()
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def _packed_scripts(blocks: list[tuple[dict[str, Any], TextTable]]) -> list[str]:
    shared = shared_chunks([table for _, table in blocks])
    index = {chunk: number for number, chunk in enumerate(shared)}
    packed = {"shared": _pack(shared)}
    for number, (block, table) in enumerate(blocks):
        packed[f"problem-{number}"] = _pack({**block, "texts": table.texts, "chunks": with_references(table, index)})
    return [f'<script type="text/plain" id="{name}">{text}</script>' for name, text in packed.items()]


def _pack(value: Any) -> str:
    return base64.b64encode(gzip.compress(_json(value).encode("utf-8", "replace"), mtime=0)).decode()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
