"""Keep the answers of some arms of stored runs as a ledger for `--answers`:

    python -m benchmarks.flow.kept_answers --ledgers FOLDER… --runs RUN… --arms start handwritten --out FOLDER

`runs/quickstart-answers` was made in this way from the hand-written flow of a study with
`optimize/configs/quickstart.toml`.
"""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from eval.options import path_name
from eval.rollouts.run_folder import read_rollouts
from eval.rollouts.trace_files import read_calls
from program.cli.command import run_command
from program.paid.ledger import FILE, Ledger, ledger_in
from program.undocumented import response_of

COLUMNS = "key, answer, ended, model, prompt_tokens, cached_tokens, completion_tokens, dollars, seconds"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.flow.kept_answers", description="Keep the answers of some arms."
    )
    parser.add_argument("--ledgers", type=path_name, nargs="+", required=True)
    parser.add_argument("--runs", type=path_name, nargs="+", required=True)
    parser.add_argument("--arms", nargs="+", required=True)
    parser.add_argument("--out", type=path_name, required=True)
    run_command(parser, _run)


def _run(options: argparse.Namespace) -> None:
    given = {
        call.answer
        for run in options.runs
        for rollout in read_rollouts(run)
        if rollout.arm in options.arms
        for call in read_calls(run, *rollout.key())
    }
    rows = [row for folder in options.ledgers for row in _rows(ledger_in(folder)) if _text(row[1]) in given]
    print(f"{keep(rows, options.out)} answers")


def _rows(ledger: Path) -> list[tuple]:
    with closing(sqlite3.connect(ledger / FILE)) as data:
        return data.execute(f"select {COLUMNS} from calls where answer is not null order by number").fetchall()


def _text(answer: str) -> str:
    return response_of(answer).message.text or ""


def keep(rows: Iterable[tuple], out: Path) -> int:
    """Add answers to the ledger `out`, each key once; returns its number of answers."""
    Ledger(out).close()  # makes the tables
    with closing(sqlite3.connect(out / FILE, isolation_level=None)) as data:
        data.execute("pragma journal_mode=delete")  # a single file, which can be read without write access
        for row in rows:
            if not data.execute("select 1 from calls where key = ?", row[:1]).fetchone():
                data.execute(f"insert into calls ({COLUMNS}) values ({','.join('?' * len(row))})", row)
        data.execute("delete from sessions")
        data.execute("vacuum")
        return data.execute("select count(*) from calls").fetchone()[0]


if __name__ == "__main__":
    main()
