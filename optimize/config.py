"""The configuration of a compilation: the keys of its TOML file, of its options, and of an artifact's manifest."""

from __future__ import annotations

import inspect
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_validator
from pydantic.fields import FieldInfo

from eval.data.problem_set import ProblemSet
from eval.options import MOST
from program.errors import UserError
from program.models.names import DEFAULT_MODEL
from program.models.sampling_settings import SamplingSettings, checked_settings
from program.rollout.budget import Budget
from program.rollout.rate_limits import RateLimits


class ConfigError(UserError):
    """The configuration cannot be used. The message is one line with the reason."""


class OptimizerOptions(BaseModel, frozen=True):
    """The keys of one optimizer. A subclass declares the keys that it reads again, with its own defaults; all other
    keys are refused. If an optimizer does not read a key, the compilation uses the default here."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, populate_by_name=True, allow_inf_nan=False)

    demos: int = 0
    """maximum demonstrations per predictor"""
    threshold: float = 1.0
    """minimum metric of a rollout that gives demonstrations"""
    choose: float | None = None
    """share of the problems for comparing candidates; the others are for learning"""
    batch: int | None = None
    """problems per trial of a candidate; all if there are fewer"""
    metric_calls: int | None = None
    """maximum program runs, including those that cost nothing"""
    teacher_lm: str | None = None
    """the model that makes demonstrations; default: `lm`"""
    teacher_api_base: str | None = None
    """address of the teacher's server"""
    prompt_lm: str | None = None
    """the model that proposes instructions; default: `lm`"""
    prompt_api_base: str | None = None
    """address of the proposing model's server"""
    proposal_tokens: int | None = None
    """maximum tokens of an answer of the proposing model"""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """A key without its own description inherits the description here."""
        for name in {*cls.model_fields} & {*OptimizerOptions.model_fields}:
            field = cls.model_fields[name]
            field.description = field.description or OptimizerOptions.model_fields[name].description

    @classmethod
    def keys(cls) -> dict[str, FieldInfo]:
        """The keys that this optimizer reads, by their names in a configuration."""
        own = [each for each in cls.__mro__ if issubclass(each, OptimizerOptions) and each is not OptimizerOptions]
        declared = {name for each in own for name in inspect.get_annotations(each)}
        return {field.alias or name: field for name, field in cls.model_fields.items() if name in declared}

    @property
    def likely_demos(self) -> int:
        """Demonstrations to expect in a prompt of the result, as long as nothing is known of it."""
        return self.demos

    def values(self) -> dict[str, Any]:
        """The values of all keys that this optimizer reads, as JSON values."""
        values = self.model_dump(mode="json", by_alias=True)
        return {key: values[key] for key in self.keys()}


class CompileConfig(BaseModel):
    """The keys of every compilation; the optimizer's own keys are in `tuning`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    start: str = "artifacts/handwritten"
    """the artifact to compile; a compiled one passes on its instructions, and with `race` its demonstrations; with the
    other optimizers only the teacher has them"""
    adapter: str | None = None
    """the adapter, instead of the artifact's own: lean, lean+described, yaml, chat, json or xml"""
    lm: str = DEFAULT_MODEL
    """the model for which the program is compiled, or simulated"""
    api_base: str | None = None
    """address of an OpenAI-compatible server with the model"""
    escalate_lm: str | None = None
    """a stronger model for later rounds and for the calls in `stronger_for`, which `race` tries"""
    escalate_api_base: str | None = None
    """address of a server that has it"""
    repair_lm: str | None = None
    """a stronger model for the calls that fix a program, and only those"""
    repair_api_base: str | None = None
    """address of a server that has it"""
    stronger_tokens: float = Field(default=10.0, gt=0)
    """cost of a stronger model's token in tokens of `lm`, for comparisons of cost; if all prices are known, dollars are
    used"""
    optimizer: str = "race"
    """race, bootstrap, bootstrap_rs, verified, mipro, simba, gepa or copro"""
    only: list[str] = []
    """the stages to tune, by their signatures' names, such as WriteCode; all if empty"""
    freeze: list[str] = []
    """stages that are not tuned"""
    data: str = "pack"
    """pack, a hub name, a local folder or file of a dataset, or problems as JSON"""
    split: str = "valid"
    """the split to compile on; never the evaluated split"""
    match: str | None = None
    """only problems with a name that matches this regular expression somewhere"""
    tags: tuple[str, ...] = ()
    """only problems with at least one of these tags"""
    difficulty: tuple[str, ...] = ()
    """only problems of one of these difficulties, by name"""
    exclude: str | None = None
    """a file of problems to leave out, as written by eval.audit"""
    limit: int | None = Field(default=None, ge=1, le=MOST)
    """only the first of these problems"""
    metric: Literal["hidden", "private", "generated", "solved"] = "hidden"
    """hidden (share of private and generated tests), private, generated, or solved (1 if all tests pass, else 0)"""
    gate: bool = True
    """whether the result is compared with the start before it is written; see `optimize.gate`"""
    copy_answers: int = Field(default=12, ge=0, le=MOST)
    """answers of each stage with demonstrations that are checked for copied text before the gate; 0 for no check"""
    gate_problems: int = Field(default=30, ge=1, le=MOST)
    """maximum problems of this comparison; problems in demonstrations are not used"""
    gate_draws: int = Field(default=2, ge=1, le=100)
    """rollouts of each program on each of these problems"""
    seed: int = 0
    """of all random draws"""
    concurrency: int = Field(default=8, ge=1, le=10_000)
    """parallel rollouts"""
    answers: tuple[str, ...] = ()
    """folders of runs or ledgers; their paid answers are reused for free where prompt and draw are the same"""
    settings: dict[str, Any] = {}
    """keys of the program's configuration to change"""
    lm_settings: dict[str, Any] = {}
    """sampling settings of every LM call, such as top_p; stored with the artifact"""
    budget: Budget = Budget()
    """budget of all sessions together, including the optimizer's own questions: max_calls, max_tokens, max_usd and
    max_seconds"""
    rates: RateLimits = RateLimits()
    """rate limits of the provider: requests_per_minute, tokens_per_minute, retries and first_wait"""
    tuning: SerializeAsAny[OptimizerOptions]
    """the keys of the optimizer"""

    @field_validator("lm_settings")
    @classmethod
    def _are_sampling_settings(cls, given: dict[str, Any]) -> dict[str, Any]:
        return checked_settings(SamplingSettings, given)

    def identity(self) -> dict[str, Any]:
        """Everything that determines the result. Addresses, budget and speed do not: they may change on resume. The
        selection by tags and difficulty is represented by the names of the problems."""
        others = {
            "answers",
            "api_base",
            "escalate_api_base",
            "repair_api_base",
            "concurrency",
            "budget",
            "rates",
            "tags",
            "difficulty",
            "tuning",
        }
        keys = self.model_dump(mode="json", exclude=others)
        return {**keys, **{key: value for key, value in self.tuning.values().items() if not key.endswith("api_base")}}

    def models(self) -> dict[str, tuple[str, str | None]]:
        """The models of a compilation with the addresses of their servers, by role: lm, teacher_lm, prompt_lm, and if
        named, escalate_lm and repair_lm. A teacher or prompt model equal to `lm` uses the server of `lm`."""
        tuning = self.tuning
        found: dict[str, tuple[str, str | None]] = {"lm": (self.lm, self.api_base)}
        others = {
            "teacher_lm": (tuning.teacher_lm, tuning.teacher_api_base),
            "prompt_lm": (tuning.prompt_lm, tuning.prompt_api_base),
        }
        for role, (model, base) in others.items():
            model = model or self.lm
            found[role] = (model, base or (self.api_base if model == self.lm else None))
        stronger = {
            "escalate_lm": (self.escalate_lm, self.escalate_api_base),
            "repair_lm": (self.repair_lm, self.repair_api_base),
        }
        return found | {role: (model, base) for role, (model, base) in stronger.items() if model}

    def select(self, problems: ProblemSet) -> ProblemSet:
        """The problems to compile on.

        Raises:
            DataError: an option is invalid, or no problem is left.
        """
        return problems.select(self.limit, self.match, self.exclude, self.tags, self.difficulty)
