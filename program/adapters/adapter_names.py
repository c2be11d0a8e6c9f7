"""The names of adapters; `program.adapters.choice` makes them."""

from __future__ import annotations

from program.errors import UserError, did_you_mean

OURS = ("lean", "lean+described", "yaml")
STOCK = ("chat", "json", "xml")  # DSPy's own
ADAPTERS = (*OURS, *STOCK)
DEFAULT_ADAPTER = "lean"  # chosen by measurements: docs/reference/program.md


def check_adapter(name: str) -> None:
    """Check that the name is one of `ADAPTERS`.

    Raises:
        UserError: there is no such adapter.
    """
    if name not in ADAPTERS:
        raise UserError(f"no adapter {name}: there are {', '.join(ADAPTERS)}{did_you_mean(name, ADAPTERS)}")


def has_one_order(name: str) -> bool:
    """Whether the adapter supports only DSPy's order."""
    return name in STOCK
