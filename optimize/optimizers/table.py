"""The table of optimizers, and the reading of a configuration with the keys of its optimizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from eval.simulated.model import SIMULATED
from optimize.config import CompileConfig, ConfigError
from optimize.optimizers.optimizer import Optimizer
from program.errors import did_you_mean, first_error
from program.input_files import read_toml
from program.manifest import merged
from program.models.names import check_model
from program.rollout.budget import OPTIONS, Budget
from program.rollout.rate_limits import RateLimits

NAMES = ("race", "bootstrap", "bootstrap_rs", "verified", "mipro", "simba", "gepa", "copro")
NO_LABELS = "it learns from labelled outputs of every stage, and the data has none; bootstrap and verified make them"


def optimizer_named(name: str) -> type[Optimizer]:
    """The class of an optimizer.

    Raises:
        ConfigError: there is no such optimizer, or it cannot work here; the message is one line.
    """
    match name:
        case "race":
            from optimize.optimizers.race import Race as chosen
        case "bootstrap":
            from optimize.optimizers.bootstrap import Bootstrap as chosen
        case "bootstrap_rs":
            from optimize.optimizers.bootstrap_rs import BootstrapRS as chosen
        case "verified":
            from optimize.optimizers.verified import Verified as chosen
        case "mipro":
            from optimize.optimizers.mipro import Mipro as chosen
        case "simba":
            from optimize.optimizers.simba import Simba as chosen
        case "gepa":
            from optimize.optimizers.gepa import Gepa as chosen
        case "copro":
            from optimize.optimizers.copro import Copro as chosen
        case "labeled" | "infer_rules":
            raise ConfigError(f"optimizer {name} is refused: {NO_LABELS}")
        case "knn":
            raise ConfigError("optimizer knn is refused: it bootstraps again at every question and cannot be saved")
        case "finetune" | "bootstrap_finetune" | "grpo" | "better_together":
            raise ConfigError(f"optimizer {name} is refused: it trains weights, but artifacts have only prompts")
        case _:
            choices = f"choose one of {', '.join(NAMES)}{did_you_mean(str(name), NAMES)}"
            raise ConfigError(f"there is no optimizer {name}; {choices}")
    return chosen


def read_config(path: Path | None, changes: dict[str, Any]) -> CompileConfig:
    """The configuration in the TOML file `path` (defaults if None), overridden by `changes`.

    Both have the keys of `CompileConfig`, of budget and rates, and of the optimizer, all at the same level. Tables such
    as `settings` are merged key by key.

    Raises:
        ConfigError: no such file, not TOML, no such optimizer, an unknown key or an invalid value.
    """
    values = merged(read_toml(path) if path else {}, changes)
    values.pop("study", None)  # a table that `optimize.study` reads
    if parts := [key for key in ("budget", "rates", "tuning") if key in values]:
        raise ConfigError(f"configuration: {parts[0]}: there is no such key; write its keys at the top level")
    name = values.get("optimizer", CompileConfig.model_fields["optimizer"].default)
    chosen = optimizer_named(name)
    budget = {name: values.pop(key) for name, key in OPTIONS.items() if key in values}
    rates = {key: values.pop(key) for key in RateLimits.model_fields if key in values}
    shared = {key: values.pop(key) for key in CompileConfig.model_fields if key in values}
    reads = chosen.keys()
    if unread := [key for key in values if key not in reads]:
        known = [*reads, *CompileConfig.model_fields, *OPTIONS.values(), *RateLimits.model_fields]
        used = f"it uses {', '.join(reads)}{did_you_mean(unread[0], known)}"
        raise ConfigError(f"configuration: {unread[0]}: {name} does not use this key; {used}")
    try:
        config = CompileConfig(
            **shared,
            budget=Budget.model_validate(budget),
            rates=RateLimits.model_validate(rates),
            tuning=chosen.model_validate(values),
        )
    except ValidationError as fault:
        said = first_error(fault, CompileConfig, Budget, RateLimits, chosen)
        raise ConfigError(f"configuration: {said}") from fault
    for model, address in config.models().values():
        check_model(model, address, also=SIMULATED)
    return config
