"""What a compilation has paid for, on disk: every LM answer with its cost, every report of the judge.

One SQLite file in write-ahead mode: what was entered survives a kill at any moment, and nothing is ever torn. A
compilation that was killed finds here all it had finished, so it goes on for free up to where it stopped.
"""

from __future__ import annotations

import fcntl
import pickle
import sqlite3
import threading
from pathlib import Path
from typing import Any

from eval.errors import RunError
from judge.cache import VerdictCache
from judge.verdict import Report
from program.rollout.trace import Totals

TABLES = """
create table if not exists answers (
    key text primary key, answer blob, phase text, candidate text, model text, session integer, prompt_tokens integer,
    cached_tokens integer, completion_tokens integer, dollars real, seconds real);
create table if not exists reports (key text primary key, report blob);
create table if not exists sessions (number integer primary key, seconds real);
"""
SUMS = """
    count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(cached_tokens), 0), coalesce(sum(completion_tokens), 0),
    coalesce(sum(dollars), 0), count(dollars), coalesce(sum(seconds), 0)
"""


class Ledger:
    """The ledger of one compilation. Safe for many threads; a second process is refused.

    Args:
        folder: made when it is missing.

    Raises:
        RunError: another process has it open.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._held = (folder / "lock").open("w")
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            raise RunError("another process is at this compilation") from fault
        self._lock = threading.RLock()
        self._data = sqlite3.connect(folder / "ledger.sqlite", check_same_thread=False, isolation_level=None)
        self._data.execute("pragma journal_mode=wal")
        self._data.executescript(TABLES)
        (last,) = self._data.execute("select coalesce(max(number), 0) from sessions").fetchone()
        (self.seconds_before,) = self._data.execute("select coalesce(sum(seconds), 0) from sessions").fetchone()
        self.session = last + 1
        self._data.execute("insert into sessions values (?, 0)", (self.session,))
        self._spent = self.totals()

    def close(self) -> None:
        """Close it; the same process may open it again."""
        with self._lock:
            self._data.close()
            self._held.close()

    @property
    def spent(self) -> Totals:
        """All that was ever paid, this session's calls and earlier ones."""
        with self._lock:
            return self._spent

    def answer(self, key: str) -> Any:
        """The stored answer, as it was entered; None when there is none."""
        found = self._one("select answer from answers where key = ?", key)
        return pickle.loads(found[0]) if found else None

    def enter_answer(self, key: str, answer: Any, paid: Totals, *, phase: str, candidate: str, model: str) -> None:
        """Enter an answer and what it cost; it is on disk when this returns.

        Args:
            key: names the request.
            answer: anything that can be pickled.
            paid: tokens, dollars (None: not known) and seconds.
            phase, candidate: what it was paid for.
            model: who answered.
        """
        tokens = (paid.prompt_tokens, paid.cached_tokens, paid.completion_tokens)
        row = (key, pickle.dumps(answer), phase, candidate, model, self.session, *tokens, paid.dollars, paid.lm_seconds)
        with self._lock:
            self._data.execute(f"insert or replace into answers values ({', '.join('?' * len(row))})", row)
            self._spent = self._spent + paid

    def report(self, key: str) -> Any:
        found = self._one("select report from reports where key = ?", key)
        return pickle.loads(found[0]) if found else None

    def enter_report(self, key: str, report: Any) -> None:
        with self._lock:
            self._data.execute("insert or replace into reports values (?, ?)", (key, pickle.dumps(report)))

    def note_seconds(self, seconds: float) -> None:
        """Note how long this session has run."""
        with self._lock:
            self._data.execute("update sessions set seconds = ? where number = ?", (seconds, self.session))

    def totals(self, **where: Any) -> Totals:
        """What was paid, over all rows with these values (`session=2`, `phase="proposals"`, …)."""
        condition = " and ".join(f"{column} = ?" for column in where) or "true"
        return _totals(*self._one(f"select {SUMS} from answers where {condition}", *where.values()))

    def totals_by(self, column: str) -> dict[str, Totals]:
        """What was paid by phase, candidate or model."""
        with self._lock:
            rows = self._data.execute(f"select {column}, {SUMS} from answers group by {column}").fetchall()
        return {name: _totals(*sums) for name, *sums in rows}

    def _one(self, query: str, *values: Any) -> Any:
        with self._lock:
            return self._data.execute(query, values).fetchone()


def _totals(calls, prompt, cached, completion, dollars, priced, seconds) -> Totals:
    return Totals(
        calls=calls,
        prompt_tokens=prompt,
        cached_tokens=cached,
        completion_tokens=completion,
        dollars=dollars if priced == calls else None,
        lm_seconds=seconds,
    )


class LedgerReports(VerdictCache):
    """A `VerdictCache` over a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def get(self, key: str) -> Report | None:
        return self._ledger.report(key)

    def put(self, key: str, report: Report) -> None:
        self._ledger.enter_report(key, report)
