"""Reports of the judge in the ledger: a program is judged once on the same tests, whatever is killed in between."""

from __future__ import annotations

from judge.cache import VerdictCache
from judge.verdict import Report
from optimize.paid.ledger import Ledger


class LedgerReports(VerdictCache):
    """A `VerdictCache` over a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def get(self, key: str) -> Report | None:
        return self._ledger.report(key)

    def put(self, key: str, report: Report) -> None:
        self._ledger.enter_report(key, report)
