"""Adapters by name, as artifacts and commands name them."""

from __future__ import annotations

from typing import cast

import dspy

from program.adapters.lean import LeanAdapter
from program.adapters.sections import Order
from program.adapters.stock import ChatAdapter, JSONAdapter, XMLAdapter
from program.adapters.yaml.adapter import YAMLAdapter
from program.errors import UserError

ADAPTERS = ("lean", "yaml", "chat", "json", "xml")
ORDERS = ("problem-first", "demos-first")
# The form was chosen by how programs do in it, the order by what a prefix cache serves (docs/reference/program.md).
DEFAULT_ADAPTER = "lean+demos-first"


def adapter_named(name: str) -> dspy.Adapter:
    """One of `ADAPTERS`. Options of our own follow after a plus: `lean+described`, `yaml+problem-first`.

    Raises:
        UserError: there is no such adapter, or it has no such option.
    """
    kind, *options = name.split("+")
    possible = {"lean": (*ORDERS, "described"), "yaml": ORDERS}.get(kind, ())
    orders = [option for option in options if option in ORDERS]
    if kind not in ADAPTERS or not {*options} <= {*possible} or len(orders) > 1:
        raise UserError(
            f"no adapter {name}: there are {', '.join(ADAPTERS)}; lean and yaml take +problem-first or +demos-first, "
            "lean also +described"
        )
    order = cast(Order, orders[0] if orders else "stage-first")
    match kind:
        case "yaml":
            return YAMLAdapter(order)
        case "chat":
            return ChatAdapter(use_json_adapter_fallback=False)
        case "json":
            return JSONAdapter()
        case "xml":
            return XMLAdapter(use_json_adapter_fallback=False)
    return LeanAdapter(order, "described" if "described" in options else "example")
