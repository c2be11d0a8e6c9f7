"""What a compilation is made of: the keys of its TOML file, of its options, and of what an artifact says of itself."""

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
    """The configuration cannot be used; one line that says why."""


class OptimizerOptions(BaseModel, frozen=True):
    """The keys of one optimizer. A subclass declares again those that it reads, with defaults of its own; any other key
    is refused. What stands here is what a compilation goes by where its optimizer does not read a key."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, populate_by_name=True, allow_inf_nan=False)

    demos: int = 0
    """demonstrations a predictor gets at most"""
    threshold: float = 1.0
    """of the metric, from which on a rollout is good enough to give demonstrations"""
    choose: float | None = None
    """share of the problems that candidates are compared on; the others are learned from"""
    batch: int | None = None
    """problems that a candidate is tried on; all when there are fewer"""
    metric_calls: int | None = None
    """program runs it may make, those that cost nothing included"""
    teacher_lm: str | None = None
    """the model that makes demonstrations; `lm` itself when not given"""
    teacher_api_base: str | None = None
    """address of a server that has the teacher"""
    prompt_lm: str | None = None
    """the model that proposes instructions; `lm` itself when not given"""
    prompt_api_base: str | None = None
    """address of a server that has the proposing model"""
    proposal_tokens: int | None = None
    """the most an answer of the proposing model may have"""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """A key without words of its own means what it means here."""
        for name in {*cls.model_fields} & {*OptimizerOptions.model_fields}:
            field = cls.model_fields[name]
            field.description = field.description or OptimizerOptions.model_fields[name].description

    @classmethod
    def keys(cls) -> dict[str, FieldInfo]:
        """The keys that this optimizer reads, by the names they have in a configuration."""
        own = [each for each in cls.__mro__ if issubclass(each, OptimizerOptions) and each is not OptimizerOptions]
        declared = {name for each in own for name in inspect.get_annotations(each)}
        return {field.alias or name: field for name, field in cls.model_fields.items() if name in declared}

    def values(self) -> dict[str, Any]:
        """Of every key that is read its value, as JSON values."""
        values = self.model_dump(mode="json", by_alias=True)
        return {key: values[key] for key in self.keys()}


class CompileConfig(BaseModel):
    """The keys that every optimizer has; those of its own follow in `tuning`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    start: str = "artifacts/handwritten"
    """the artifact to compile; of a compiled one the instructions carry over, its demonstrations only to the teacher"""
    adapter: str | None = None
    """how prompts are made, in place of what the artifact says: lean, lean+described, yaml, chat, json or xml"""
    lm: str = DEFAULT_MODEL
    """the model the program is compiled for"""
    api_base: str | None = None
    """address of an OpenAI-compatible server that has the model"""
    escalate_lm: str | None = None
    """a stronger model, which programs ask in later rounds and for what `stronger_for` says; `race` tries that"""
    escalate_api_base: str | None = None
    """address of a server that has it"""
    repair_lm: str | None = None
    """a stronger model for the calls that fix a program, and only those"""
    repair_api_base: str | None = None
    """address of a server that has it"""
    stronger_tokens: float = Field(default=10.0, gt=0)
    """what a token of a stronger model counts as in comparisons of cost, in tokens of `lm`; where all have prices,
    dollars count"""
    optimizer: str = "race"
    """race, bootstrap, bootstrap_rs, verified, mipro, simba, gepa or copro"""
    only: list[str] = []
    """the stages to tune, by the names of their signatures, such as WriteCode; all when empty"""
    freeze: list[str] = []
    """stages that stay as they are"""
    data: str = "pack"
    """pack, a hub name, a local folder or file of a dataset, or problems as JSON"""
    split: str = "valid"
    """what is compiled on; never the split that is evaluated"""
    match: str | None = None
    """only problems whose name has this regular expression in it"""
    tags: tuple[str, ...] = ()
    """only problems with at least one of these tags"""
    difficulty: tuple[str, ...] = ()
    """only problems of one of these difficulties, by name"""
    exclude: str | None = None
    """a file of problems to leave out, as eval.audit writes it"""
    limit: int | None = Field(default=None, ge=1, le=MOST)
    """of these, only the first problems of the split"""
    metric: Literal["hidden", "private", "generated", "solved"] = "hidden"
    """hidden (share of private and generated tests), private, generated, or solved (all tests or nothing)"""
    gate: bool = True
    """whether the result has to prove itself against the start before it is handed over; see `optimize.gate`"""
    copy_answers: int = Field(default=12, ge=0, le=MOST)
    """answers of each stage with demonstrations that are looked at, before the gate, for what it copies out of them; 0
    looks at none"""
    gate_problems: int = Field(default=30, ge=1, le=MOST)
    """problems that the two are compared on, at most: only those that gave no demonstration"""
    gate_draws: int = Field(default=2, ge=1, le=100)
    """rollouts of each program on each of these problems"""
    seed: int = 0
    """of whatever is drawn"""
    concurrency: int = Field(default=8, ge=1, le=10_000)
    """rollouts side by side"""
    answers: tuple[str, ...] = ()
    """folders of runs or ledgers whose paid answers are taken for nothing where the prompt and the draw are the same"""
    settings: dict[str, Any] = {}
    """keys of the program's configuration to change"""
    lm_settings: dict[str, Any] = {}
    """sampling settings that go with every call of the model, such as top_p; stored with the artifact"""
    budget: Budget = Budget()
    """what all sessions together may spend, the optimizer's own questions included: max_calls, max_tokens, max_usd and
    max_seconds"""
    rates: RateLimits = RateLimits()
    """what the provider allows: requests_per_minute, tokens_per_minute, retries and first_wait"""
    tuning: SerializeAsAny[OptimizerOptions]
    """the keys of the optimizer"""

    @field_validator("lm_settings")
    @classmethod
    def _are_sampling_settings(cls, given: dict[str, Any]) -> dict[str, Any]:
        return checked_settings(SamplingSettings, given)

    def identity(self) -> dict[str, Any]:
        """What decides the result. Addresses, budget and speed do not: a compilation may go on with others. Which
        problems tags and difficulty have left is said by the names of the problems."""
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
        """The models a compilation calls with the addresses of their servers, by role: lm, teacher_lm, prompt_lm,
        and where they are named escalate_lm and repair_lm. The server of `lm` is that of teacher and prompt model too
        where they are the same model."""
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
            DataError: an option cannot be used, or nothing is left.
        """
        return problems.select(self.limit, self.match, self.exclude, self.tags, self.difficulty)
