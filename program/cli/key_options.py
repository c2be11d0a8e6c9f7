"""Configuration keys as command line options. The field docstrings are their help texts."""

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
    """Add an option for each key. The value of an option that is not given is None.

    Args:
        parser: the command's parser.
        model: the configuration class; its fields have docstrings.
        keys: names of its fields with a text or a number.
        named: option names that differ from the keys.
        defaults: whether to show the default values in the help.
    """
    for key in keys:
        field = model.model_fields[key]
        kinds = {field.annotation, *get_args(field.annotation)}
        kind = next((kind for kind in (int, float) if kind in kinds), str)
        default = f" (default: {field.default})" if field.default and defaults else ""
        said = f"{' '.join((field.description or '').split())}{default}".replace("%", "%%")
        parser.add_argument(f"--{(named or {}).get(key, key).replace('_', '-')}", type=kind, help=said)


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the options for limits of the provider and limits of spending."""
    add_keys(parser, RateLimits, RATES)
    add_keys(parser, Budget, OPTIONS, OPTIONS)
