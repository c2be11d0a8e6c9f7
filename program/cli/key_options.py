"""Keys of a configuration as options of a command; what --help says of them are the docstrings of the fields."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import get_args

from pydantic import BaseModel

from program.rollout.budget import OPTIONS, Budget
from program.rollout.rate_limits import RateLimits

RATES = ("requests_per_minute", "tokens_per_minute")


def add_keys(
    parser: argparse.ArgumentParser,
    model: type[BaseModel],
    keys: Iterable[str],
    named: Mapping[str, str] | None = None,
    defaults: bool = True,
) -> None:
    """Add an option for each key; one that is not given is None.

    Args:
        parser: of the command.
        model: the configuration, whose fields have docstrings.
        keys: names of its fields that hold a text or a number.
        named: the names of options that are not those of their keys.
        defaults: whether to say what holds without the option.
    """
    for key in keys:
        field = model.model_fields[key]
        kinds = {field.annotation, *get_args(field.annotation)}
        kind = next((kind for kind in (int, float) if kind in kinds), str)
        default = f" (default: {field.default})" if field.default and defaults else ""
        said = f"{' '.join((field.description or '').split())}{default}".replace("%", "%%")
        parser.add_argument(f"--{(named or {}).get(key, key).replace('_', '-')}", type=kind, help=said)


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the options about what the provider allows and what may be spent."""
    add_keys(parser, RateLimits, RATES)
    add_keys(parser, Budget, OPTIONS, OPTIONS)
