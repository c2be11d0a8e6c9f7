"""A run as a table with one row per rollout, for spreadsheets, notebooks, documents and CI systems."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any, Literal

from eval.errors import RunError
from eval.given.junit import junit
from eval.rollouts.rollout import Rollout
from eval.rollouts.score import SetResult
from eval.rollouts.stored_arms import read_run
from program.cli.output import escaped_json, harmless
from program.files import is_special, write_whole
from program.rollout.trace import name_of

Format = Literal["csv", "json", "markdown", "junit"]
# First characters of cells that spreadsheets evaluate.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def export(run: Path, form: Format, exclude: str | None = None) -> str:
    """The rollouts of a stored run, in order of completion.

    Args:
        run, exclude: see `read_run`.
        form: of the table.

    Raises:
        RunError, DataError: as in `read_run`.
    """
    config, rollouts = read_run(run, exclude)
    if form == "junit":
        return junit(run.name, config["lm"], config["artifacts"], rollouts)
    rows = [rollout_row(rollout, config["lm"]) for rollout in rollouts]
    match form:
        case "csv":
            return _csv(rows)
        case "json":
            return escaped_json(json.dumps(rows, indent=2, ensure_ascii=False)) + "\n"
        case "markdown":
            return _markdown(rows)


def write_table(run: Path, form: Format, out: Path | None, exclude: str | None = None) -> None:
    """Write the result of `export` to the new file `out`, or to standard output if it is None.

    Raises:
        RunError, DataError: as in `read_run`, or `out` exists already or cannot be written.
    """
    if out is not None and out.exists() and not is_special(out):
        raise RunError(f"{out} already exists and is not overwritten; choose another file")
    text = export(run, form, exclude)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        write_whole(out, text)
    except OSError as fault:
        raise RunError(f"{out}: {fault.strerror}") from fault


def rollout_row(rollout: Rollout, lm: str) -> dict[str, Any]:
    """The columns of one rollout; None for unknown values. The program appears by name only."""
    score = rollout.score
    return {
        "arm": rollout.arm,
        "lm": lm,
        "problem": rollout.problem,
        "sample": rollout.sample,
        "status": rollout.status,
        "hidden_rate": score.hidden_rate if score else None,
        **_set("public", score.public if score else None),
        **_set("private", score.private if score else None),
        **_set("generated", score.generated if score else None),
        **_spent(rollout),
        "score_seconds": score.judge_seconds if score else None,
        "program": name_of(rollout.code) if rollout.code else None,
        "error": rollout.error,
    }


def _spent(rollout: Rollout) -> dict[str, Any]:
    """What the program itself spent, without the judging of its answer."""
    totals = rollout.totals
    spent = {
        "calls": totals.calls,
        "failed_calls": totals.failed_calls,
        "prompt_tokens": totals.prompt_tokens,
        "cached_tokens": totals.cached_tokens,
        "answer_tokens": totals.completion_tokens,
        "dollars": totals.dollars,
        "seconds": rollout.seconds,
        "lm_seconds": totals.lm_seconds,
        "judge_seconds": totals.judge_seconds,
        "fixes": rollout.fixes,
    }
    if not totals.tokens_known:
        spent |= dict.fromkeys(("prompt_tokens", "cached_tokens", "answer_tokens"))
    return spent if rollout.cost_known else dict.fromkeys(spent)


def _set(name: str, result: SetResult | None) -> dict[str, Any]:
    return {
        f"{name}_passed": result.passed if result else None,
        f"{name}_total": result.total if result else None,
        f"{name}_verdict": result.verdict if result else None,
    }


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(_columns()), lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: _csv_cell(value) for column, value in row.items()} for row in rows)
    return text.getvalue()


def _csv_cell(value: Any) -> Any:
    """The value, such that no text is a spreadsheet formula or has control characters."""
    if not isinstance(value, str):
        return value
    return harmless(f"'{value}" if value.startswith(FORMULAS) else value)


def _markdown(rows: list[dict[str, Any]]) -> str:
    lines = [_columns(), ["---"] * len(_columns()), *(map(_markdown_cell, row.values()) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _markdown_cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.4g}" if isinstance(value, float) else harmless(str(value))
    return " ".join(text.replace("|", "\\|").split())


def _columns() -> list[str]:
    return list(rollout_row(Rollout(arm="", problem="", sample=0, status="not judged"), ""))
