"""The stages to tune: `--only` and `--freeze`, by the names of their signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import dspy

from optimize.config import ConfigError
from optimize.undocumented import hide
from program.errors import did_you_mean
from program.models.profile import profile_named
from program.stage.stage import Stage

CHARACTERS_PER_TOKEN = 4  # to estimate the length of a prompt


def stages_of(program: dspy.Module) -> list[tuple[str, Stage]]:
    """The stages with the names of their predictors, in the program's order, including frozen ones."""
    stages = cast(list[tuple[str, Stage]], [*program.named_sub_modules(Stage)])
    return [(f"{name.removeprefix('self.')}.predict", stage) for name, stage in stages]


def signature_of(predictor: dspy.Predict) -> Any:
    """The signature of a predictor; DSPy's own type for it is too wide."""
    return predictor.signature


def idle_stages(program: dspy.Module, model: str) -> list[str]:
    """The names of the stages that `model`'s profile skips."""
    if cast(Any, program).config.model_dump().get("time_fixes", 0) is not None or profile_named(model).time_fixes:
        return []
    return [stage.name for name, stage in stages_of(program) if name.startswith("largest_input.")]


def frozen_stages(program: dspy.Module, only: Sequence[str], freeze: Sequence[str]) -> list[str]:
    """The names of the stages that are not tuned.

    Args:
        program: has the stages.
        only: stages to tune; all if empty.
        freeze: stages not to tune.

    Raises:
        ConfigError: there is no such stage, or none is left to tune.
    """
    names = [stage.name for _, stage in stages_of(program)]
    for name in (*only, *freeze):
        if name not in names:
            meant = did_you_mean(name, names)
            raise ConfigError(f"the program has no stage {name}; its stages are {', '.join(names)}{meant}")
    frozen = [name for name in names if name in freeze or (only and name not in only)]
    if len(frozen) == len(names):
        raise ConfigError("no stage is left to tune")
    return frozen


def freeze(program: dspy.Module, names: Sequence[str]) -> None:
    """Hide exactly the stages with these names from DSPy's optimizers. The optimizer's result must be thawed."""
    for _, stage in stages_of(program):
        hide(stage, stage.name in names)


def hide_all_but(program: dspy.Module, predictor: str) -> None:
    """Hide all stages except that of one predictor from DSPy's optimizers."""
    for name, stage in stages_of(program):
        hide(stage, name != predictor)


def thaw(program: dspy.Module) -> None:
    """Make every stage visible again."""
    freeze(program, [])
