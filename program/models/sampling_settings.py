"""The sampling settings that are allowed in an artifact and in a configuration.

Artifacts are untrusted, so this is an allow-list. No setting in it affects where requests are sent, with which key,
through which engine, how often or how many.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Short = Annotated[str, StringConstraints(max_length=200)]


class SamplingSettings(BaseModel):
    """Sampling settings for every call of a model; None for the model's default."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    temperature: float | None = Field(default=None, ge=0, le=5)
    """for calls whose stage sends no temperature"""
    top_p: float | None = Field(default=None, ge=0, le=1)
    """tokens are sampled from this share of the probability"""
    top_k: int | None = Field(default=None, ge=-1, le=10**6)
    """tokens are sampled from this many candidates"""
    max_tokens: int | None = Field(default=None, ge=1, le=10**7)
    """for calls whose stage sends no cap"""
    presence_penalty: float | None = Field(default=None, ge=-10, le=10)
    """penalty for tokens that have occurred"""
    frequency_penalty: float | None = Field(default=None, ge=-10, le=10)
    """penalty for tokens by how often they have occurred"""
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    """seed of the sampling"""
    stop: Short | list[Short] | None = Field(default=None, max_length=200)
    """texts that end an answer"""
    reasoning_effort: Annotated[str, StringConstraints(pattern="^[a-z]{1,20}$")] | None = None
    """for models that reason"""


class ArtifactLM(SamplingSettings):
    """The model that an artifact was compiled for, and the sampling settings of its calls."""

    model: Short = ""
    """its name, for information only; the command chooses the model"""


def checked_settings(kind: type[SamplingSettings], given: dict[str, Any]) -> dict[str, Any]:
    """Return `given` if it contains only settings of `kind`.

    Raises:
        ValueError: an unknown key, which is named first, or a value that is not allowed.
    """
    unknown = sorted(set(given) - set(kind.model_fields))
    if unknown:
        allowed = ", ".join(kind.model_fields)
        raise ValueError(f"{', '.join(unknown)}: not a sampling setting; allowed are {allowed}")
    kind.model_validate(given)
    return given
