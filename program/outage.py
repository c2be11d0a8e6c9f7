"""Calls that an outage of the LM has cost: the same request may succeed later."""

from __future__ import annotations

from program.account import Account

# By the names of DSPy's errors; others are the LM's answer to this very prompt.
OUTAGES = ("LMRateLimitError", "LMTimeoutError", "LMServerError", "LMTransportError", "LMLockTimeoutError")


def outage_of(account: Account) -> str | None:
    """What cost the rollout its last call that was lost to an outage, in a line; None where none was."""
    return next((detail for detail in reversed(account.lost_calls) if detail.partition(":")[0] in OUTAGES), None)
