"""What a compilation is made of. Read from a TOML file, changed by options, saved with the artifact."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationError

from eval.data.problem_set import ProblemSet
from program.errors import UserError
from program.models.open import DEFAULT_MODEL
from program.rollout.budget import OPTIONS, Budget
from program.rollout.rate_limits import RateLimits

# What may be stored with an artifact of how its LM is called; no key, no address, nothing of a connection.
Sampling = Literal[
    "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty", "seed", "stop", "reasoning_effort"
]


class ConfigError(UserError):
    """The configuration cannot be used; one line that says why."""


class Options(BaseModel):
    """The keys of one optimizer; a key that it does not read is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CompileConfig(BaseModel):
    """The keys that every optimizer has; those of its own follow in `tuning`.

    start: the artifact that is compiled; of a compiled one the instructions carry over, its demonstrations only to the
        teacher.
    adapter: how prompts are made, in place of what `start` says; see program.adapters.choice.
    lm: the model the program is compiled for.
    api_base: address of an OpenAI-compatible server that has `lm`.
    optimizer: how to compile; see docs/reference/optimize.md.
    only: the stages to be tuned, by the names of their signatures; all when empty.
    freeze: stages that stay as they are.
    data: pack, a hub name or a local folder in its layout.
    split: what is compiled on; never the split that is evaluated.
    match: only problems whose name has this regular expression in it.
    tags: only problems with at least one of these tags.
    difficulty: only problems of one of these difficulties, by name.
    exclude: a file of problems to leave out, as eval.audit writes it.
    limit: of these, only the first problems of the split.
    metric: what counts: hidden (private and generated tests), private, generated, or solved (all tests or nothing).
    seed: of whatever is drawn.
    concurrency: rollouts side by side.
    settings: keys of the program's configuration to change.
    lm_settings: sampling settings that go with every call of `lm`, such as top_p; stored with the artifact.
    budget: what all sessions of the compilation may spend together, the optimizer's own questions included; its keys
        are max_calls, max_tokens, max_usd and max_seconds.
    rates: what the provider allows; the keys are those of program.rollout.rate_limits.RateLimits.
    tuning: the keys of the optimizer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: str = "artifacts/handwritten"
    adapter: str | None = None
    lm: str = DEFAULT_MODEL
    api_base: str | None = None
    optimizer: str = "bootstrap"
    only: list[str] = []
    freeze: list[str] = []
    data: str = "pack"
    split: str = "valid"
    match: str | None = None
    tags: tuple[str, ...] = ()
    difficulty: tuple[str, ...] = ()
    exclude: str | None = None
    limit: int | None = Field(default=None, ge=1)
    metric: Literal["hidden", "private", "generated", "solved"] = "hidden"
    seed: int = 0
    concurrency: int = Field(default=8, ge=1)
    settings: dict[str, Any] = {}
    lm_settings: dict[Sampling, Any] = {}
    budget: Budget = Budget()
    rates: RateLimits = RateLimits()
    tuning: SerializeAsAny[Options]

    def identity(self) -> dict[str, Any]:
        """What decides the result. Addresses, budget and speed do not: a compilation may go on with others. Which
        problems tags and difficulty have left is said by the names of the problems."""
        others = {"api_base", "concurrency", "budget", "rates", "tags", "difficulty", "tuning"}
        keys = self.model_dump(mode="json", exclude=others)
        tuning = self.tuning.model_dump(mode="json")
        return {**keys, **{key: value for key, value in tuning.items() if not key.endswith("api_base")}}

    def select(self, problems: ProblemSet) -> ProblemSet:
        """The problems to compile on.

        Raises:
            DataError: an option cannot be used, or nothing is left.
        """
        return problems.select(self.limit, self.match, self.exclude, self.tags, self.difficulty)


def read_config(path: Path | None, changes: dict[str, Any]) -> CompileConfig:
    """The configuration in the TOML file `path` (defaults when None) with `changes` on top.

    Both hold the keys of `CompileConfig`, those of budget and rates, and those of the optimizer, side by side.

    Raises:
        ConfigError: no such file, not TOML, no such optimizer, an unknown key or a value that is not allowed.
    """
    from optimize.optimizers.table import optimizer

    try:
        values = {**(tomllib.loads(path.read_text()) if path else {}), **changes}
        values.pop("study", None)  # a table that `optimize.study` reads
    except OSError as fault:
        raise ConfigError(f"{path} cannot be read: {fault.strerror}") from fault
    except tomllib.TOMLDecodeError as fault:
        raise ConfigError(f"{path} is not TOML: {fault}") from fault
    name = values.get("optimizer", CompileConfig.model_fields["optimizer"].default)
    chosen = optimizer(name)
    budget = {name: values.pop(key) for name, key in OPTIONS.items() if key in values}
    rates = {key: values.pop(key) for key in RateLimits.model_fields if key in values}
    shared = {key: values.pop(key) for key in CompileConfig.model_fields if key in values}
    reads = ", ".join(chosen.Options.model_fields)
    unread = [key for key in values if key not in chosen.Options.model_fields]
    if unread:
        raise ConfigError(f"configuration: {unread[0]}: {name} does not read it; it reads {reads}")
    try:
        return CompileConfig(
            **shared, budget=Budget(**budget), rates=RateLimits(**rates), tuning=chosen.Options(**values)
        )
    except ValidationError as fault:
        first = fault.errors()[0]
        raise ConfigError(f"configuration: {'.'.join(map(str, first['loc']))}: {first['msg']}") from fault
