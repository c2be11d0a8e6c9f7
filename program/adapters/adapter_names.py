"""The names of adapters; see `program.adapters.choice` for what they are."""

from __future__ import annotations

from program.errors import UserError

OURS = ("lean", "lean+described", "yaml")
STOCK = ("chat", "json", "xml")  # DSPy's own
ADAPTERS = (*OURS, *STOCK)
DEFAULT_ADAPTER = "lean"  # chosen by how programs do in it: docs/reference/program.md


def check_adapter(name: str) -> None:
    """Refuse what is none of `ADAPTERS`.

    Raises:
        UserError: there is no such adapter.
    """
    if name not in ADAPTERS:
        raise UserError(f"no adapter {name}: there are {', '.join(ADAPTERS)}")


def has_one_order(name: str) -> bool:
    """Whether the adapter of that name knows no order but DSPy's."""
    return name in STOCK
