"""The ledger: everything that a run or a compilation has paid for, on disk. It contains every LM call with its answer
and its cost, and every report of the judge.

It is one SQLite file in write-ahead mode: entries survive a kill at any moment, and none is ever incomplete. A call is
entered before it is sent, so a call in flight at a kill counts as spent. When a killed command is started again, it
finds all earlier answers here, and repeats them for free up to the point where it stopped.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from judge.cache import VerdictCache
from judge.verdict import Report
from program.errors import StorageError, UserError
from program.files import hold
from program.paid.halted import Halted
from program.rollout.budget import Budget, RunBudget
from program.rollout.trace import Totals

FILE = "ledger.sqlite"
PAID = "paid"  # the ledger's folder in a run's folder
TABLES = """
create table if not exists calls (
    number integer primary key, key text, answer text, ended integer, phase text, candidate text, model text,
    session integer, prompt_tokens integer, cached_tokens integer, completion_tokens integer, dollars real,
    seconds real);
create index if not exists calls_by_key on calls (key);
create table if not exists reports (key text primary key, report blob);
create table if not exists reused (key text primary key);
create table if not exists sessions (number integer primary key, seconds real);
"""
ANSWER = "select answer from calls where key = ? and answer is not null"
SUMS = """
    count(*), count(prompt_tokens), coalesce(sum(prompt_tokens), 0), coalesce(sum(cached_tokens), 0),
    coalesce(sum(completion_tokens), 0), coalesce(sum(dollars), 0), count(dollars), coalesce(sum(seconds), 0)
"""


def ledger_in(folder: Path) -> Path:
    """The folder of the ledger in `folder`, which may be the folder of a run of `eval.run`.

    Raises:
        UserError: there is no ledger.
    """
    found = next((each for each in (folder, folder / PAID) if (each / FILE).is_file()), None)
    if found is None:
        raise UserError(f"no answers in {folder}: it has neither {FILE} nor {PAID}/{FILE}")
    return found


class Ledger:
    """The ledger of one run or compilation. Thread-safe; a second process is refused.

    Args:
        folder: the ledger's folder; it is created if missing.
        clock: returns seconds.
        others: folders of other ledgers; their answers are used for free if this ledger has none.

    Raises:
        UserError: another process has the ledger open.
        StorageError: the disk is full, or the file is not a ledger; every other method raises it too.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic, others: Sequence[Path] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._clock, self._begin = clock, clock()
        self._lock_file = hold(
            folder / "lock", f"another process uses {folder}; wait until it ends", also_from_here=True
        )
        self._lock = threading.RLock()
        self._file = folder / FILE
        self._others = [sqlite3.connect(each / FILE, check_same_thread=False) for each in others]
        try:
            with self._storing():
                self._data = sqlite3.connect(self._file, check_same_thread=False, isolation_level=None)
                self._data.execute("pragma journal_mode=wal")
                self._data.executescript(TABLES)
            (last,) = self._one("select coalesce(max(number), 0) from sessions")
            (self.seconds_before,) = self._one("select coalesce(sum(seconds), 0) from sessions")
            self.session = last + 1
            with self._storing():
                self._data.execute("insert into sessions values (?, 0)", (self.session,))
            self._forget_silence()
        except BaseException:
            self._lock_file.close()
            raise

    def close(self) -> None:
        """Close the ledger; the same process may open it again."""
        with self._lock:
            for each in (self._data, *self._others):
                each.close()
            self._lock_file.close()

    @property
    def spent(self) -> Totals:
        """The cost of all answered calls, in this session and in earlier ones."""
        return self.totals()

    @property
    def unanswered(self) -> int:
        """The number of calls without an answer: in flight now, or in flight when a session ended."""
        return self._one("select count(*) from calls where not ended")[0]

    @property
    def reused(self) -> int:
        """The number of answers that came from other ledgers."""
        return self._one("select count(*) from reused")[0]

    def budget(self, budget: Budget) -> RunBudget:
        """The rest of `budget`, which is for all sessions together. The cost of a call without an answer is unknown, so
        it counts with its maximum cost."""
        count, _, prompt, _, completion, dollars, _, _ = self._one(f"select {SUMS} from calls")
        before = {"calls": count, "tokens": prompt + completion, "dollars": dollars, "seconds": self.seconds_before}
        return RunBudget(budget, self._clock, before, self._begin)

    def answer(self, key: str) -> str | None:
        """The stored answer, unchanged; None if there is none."""
        if found := self._one(ANSWER, key):
            return found[0]
        for other in self._others:
            with self._storing():
                found = other.execute(ANSWER, (key,)).fetchone()
            if found:
                self._write("insert or ignore into reused values (?)", key)
                return found[0]
        return None

    def begin(self, key: str, expected: Totals, *, phase: str, candidate: str, model: str) -> int:
        """Enter a call that is about to be sent; it is on disk on return.

        Args:
            key: the key of the request.
            expected: the maximum cost.
            phase, candidate: what the call is paid for.
            model: the model of the request.

        Returns:
            The number of the call.
        """
        tokens = (expected.prompt_tokens, 0, expected.completion_tokens)
        row = (None, key, None, 0, phase, candidate, model, self.session, *tokens, expected.dollars, 0.0)
        return self._write(f"insert into calls values ({', '.join('?' * len(row))})", *row)

    def enter_answer(self, key: str, number: int, answer: str | None, paid: Totals) -> None:
        """Enter the answer to a call and its cost; they are on disk on return.

        Args:
            key: the key of the call.
            number: the number of the call.
            answer: None for an unusable answer, so that the next equal request is sent again.
            paid: tokens, dollars (None: unknown) and seconds.
        """
        prompt, completion = (paid.prompt_tokens, paid.completion_tokens) if paid.tokens_known else (None, None)
        self._write(
            "update calls set answer = ?, ended = 1, prompt_tokens = ?, cached_tokens = ?, completion_tokens = ?, "
            "dollars = ?, seconds = ? where number = ?",
            *(answer, prompt, paid.cached_tokens, completion, paid.dollars, paid.lm_seconds, number),
        )

    def withdraw(self, number: int) -> None:
        """Remove a call that was refused and so costs nothing."""
        self._write("delete from calls where number = ?", number)

    def _forget_silence(self) -> None:
        """If no answer to the work has text yet, forget all of them, so that their requests are sent again: the cause
        may be a cap or the server. Their cost stays."""
        from program.undocumented import response_of  # imported here because it needs DSPy

        with self._storing():
            work = "from calls where answer is not null and phase != 'check'"
            stored = self._data.execute(f"select answer {work} order by number")
            if any((response_of(answer).message.text or "").strip() for (answer,) in stored):
                return
            self._data.execute(f"update calls set answer = null where number in (select number {work})")

    def report(self, key: str) -> Report | None:
        """The stored report of the judge; None if there is none, or one of an old form."""
        found = self._one("select report from reports where key = ?", key)
        return Report.of_json(found[0]) if found and isinstance(found[0], str) else None

    def enter_report(self, key: str, report: Report) -> None:
        self._write("insert or replace into reports values (?, ?)", key, report.as_json())

    def totals(self, **where: Any) -> Totals:
        """The cost of all answers with these values (`session=2`, `phase="proposals"`, …)."""
        condition = " and ".join(["ended", *(f"{column} = ?" for column in where)])
        return _totals(*self._one(f"select {SUMS} from calls where {condition}", *where.values()))

    def totals_by(self, column: str) -> dict[str, Totals]:
        """The cost by phase, candidate or model."""
        with self._storing():
            rows = self._data.execute(f"select {column}, {SUMS} from calls where ended group by {column}").fetchall()
        return {name: _totals(*sums) for name, *sums in rows}

    def _one(self, query: str, *values: Any) -> Any:
        with self._storing():
            return self._data.execute(query, values).fetchone()

    def _write(self, statement: str, *values: Any) -> int:
        """Write to the ledger, including the duration of this session; return the number of the new row."""
        with self._storing():
            self._data.execute("begin immediate")
            try:
                row = self._data.execute(statement, values).lastrowid
                lasted = (self._clock() - self._begin, self.session)
                self._data.execute("update sessions set seconds = ? where number = ?", lasted)
                self._data.execute("commit")
            except sqlite3.Error:
                if self._data.in_transaction:
                    self._data.execute("rollback")
                raise
            return row or 0

    @contextmanager
    def _storing(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.Error as fault:
                raise StorageError(f"{self._file}: {fault}") from fault


def _totals(calls, counted, prompt, cached, completion, dollars, priced, seconds) -> Totals:
    return Totals(
        calls=calls,
        prompt_tokens=prompt,
        cached_tokens=cached,
        completion_tokens=completion,
        tokens_known=counted == calls,
        dollars=dollars if priced == calls else None,
        lm_seconds=seconds,
    )


class LedgerReports(VerdictCache):
    """A `VerdictCache` in a ledger.

    Raises:
        Halted: a report cannot be stored or read; an optimizer would count an exception as a score of zero.
    """

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def get(self, key: str) -> Report | None:
        with _halting():
            return self._ledger.report(key)

    def put(self, key: str, report: Report) -> None:
        with _halting():
            self._ledger.enter_report(key, report)


@contextmanager
def _halting() -> Iterator[None]:
    try:
        yield
    except StorageError as fault:
        raise Halted(fault) from fault
