"""Adapters by name, as artifacts and commands name them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import dspy

from program.adapters.adapter_names import check_adapter
from program.adapters.lean import LeanAdapter
from program.adapters.sections import DSPY_ORDER, Order
from program.adapters.stock import ChatAdapter, JSONAdapter, XMLAdapter
from program.adapters.yaml.adapter import YAMLAdapter
from program.errors import UserError

_OURS: dict[str, Callable[[Order], dspy.Adapter]] = {
    "lean": LeanAdapter,
    "lean+described": partial(LeanAdapter, form="described"),
    "yaml": YAMLAdapter,
}
_STOCK: dict[str, Callable[[], dspy.Adapter]] = {
    "chat": partial(ChatAdapter, use_json_adapter_fallback=False),
    "json": JSONAdapter,
    "xml": partial(XMLAdapter, use_json_adapter_fallback=False),
}


def adapter_named(name: str, order: Order = DSPY_ORDER) -> dspy.Adapter:
    """One of `program.adapters.adapter_names.ADAPTERS`.

    Args:
        name: the adapter's name.
        order: the order of a prompt's parts.

    Raises:
        UserError: there is no such adapter, or it does not support this order.
    """
    check_adapter(name)
    if name in _OURS:
        return _OURS[name](order)
    if order != DSPY_ORDER:
        raise UserError(f"order={order}: prompts of the adapter {name} are DSPy's, whose order is {DSPY_ORDER}")
    return _STOCK[name]()
