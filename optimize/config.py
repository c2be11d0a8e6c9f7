"""What a compilation is made of. Read from a TOML file, changed by options, saved with the artifact."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.problem_set import ProblemSet
from program.lm import DEFAULT_MODEL


class ConfigError(ValueError):
    """The configuration cannot be used; one line that says why."""


class CompileConfig(BaseModel):
    """One docstring line a field.

    start: the artifact that is compiled.
    lm: the model the program is compiled for.
    api_base: address of an OpenAI-compatible server that has `lm`.
    teacher_lm: the model that makes demonstrations; `lm` itself when not given.
    optimizer: how to compile.
    demos: demonstrations a predictor gets at most.
    threshold: hidden-test pass rate from which a rollout is good enough to give demonstrations.
    data: pack, a hub name or a local folder in its layout.
    split: what is compiled on; never the split that is evaluated.
    match: only problems whose name has this regular expression in it.
    tags: only problems with at least one of these tags.
    difficulty: only problems of one of these difficulties, by name.
    exclude: a file of problems to leave out, as eval.audit writes it.
    limit: of these, only the first problems of the split.
    seed: of whatever the optimizer draws.
    concurrency: rollouts side by side.
    settings: keys of the program's configuration to change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: str = "artifacts/handwritten"
    lm: str = DEFAULT_MODEL
    api_base: str | None = None
    teacher_lm: str | None = None
    optimizer: Literal["bootstrap"] = "bootstrap"
    demos: int = Field(default=4, ge=1)
    threshold: float = Field(default=1.0, gt=0, le=1)
    data: str = "pack"
    split: str = "valid"
    match: str | None = None
    tags: tuple[str, ...] = ()
    difficulty: tuple[str, ...] = ()
    exclude: str | None = None
    limit: int | None = Field(default=None, ge=1)
    seed: int = 0
    concurrency: int = Field(default=8, ge=1)
    settings: dict[str, Any] = {}

    def select(self, problems: ProblemSet) -> ProblemSet:
        """The problems to compile on.

        Raises:
            DataError: an option cannot be used, or nothing is left.
        """
        return problems.select(self.limit, self.match, self.exclude, self.tags, self.difficulty)


def read_config(path: Path | None, changes: dict[str, Any]) -> CompileConfig:
    """The configuration in the TOML file `path` (defaults when None) with `changes` on top.

    Raises:
        ConfigError: no such file, not TOML, an unknown key or a value that is not allowed.
    """
    try:
        values = tomllib.loads(path.read_text()) if path else {}
        return CompileConfig(**{**values, **changes})
    except OSError as fault:
        raise ConfigError(f"{path} cannot be read: {fault.strerror}") from fault
    except tomllib.TOMLDecodeError as fault:
        raise ConfigError(f"{path} is not TOML: {fault}") from fault
    except ValidationError as fault:
        first = fault.errors()[0]
        raise ConfigError(f"configuration: {'.'.join(map(str, first['loc']))}: {first['msg']}") from fault
