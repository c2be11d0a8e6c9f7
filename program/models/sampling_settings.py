"""The sampling settings that an artifact may bring along, or a configuration may name.

An artifact comes from strangers. The list says what is let in, not what is kept out: nothing in it says where requests
go, with whose key, through which engine, how often or how many.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Short = Annotated[str, StringConstraints(max_length=200)]


class SamplingSettings(BaseModel):
    """What goes with every call of a model and decides how its answers are drawn; None for the model's own."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    temperature: float | None = Field(default=None, ge=0, le=5)
    """of calls whose stage sends none"""
    top_p: float | None = Field(default=None, ge=0, le=1)
    """the share of probability that tokens are drawn from"""
    top_k: int | None = Field(default=None, ge=-1, le=10**6)
    """how many tokens are drawn from"""
    max_tokens: int | None = Field(default=None, ge=1, le=10**7)
    """of calls whose stage sends no bound"""
    presence_penalty: float | None = Field(default=None, ge=-10, le=10)
    """for tokens that have occurred"""
    frequency_penalty: float | None = Field(default=None, ge=-10, le=10)
    """for tokens, by how often they have occurred"""
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    """of the draw"""
    stop: Short | list[Short] | None = Field(default=None, max_length=200)
    """texts that end an answer"""
    reasoning_effort: Annotated[str, StringConstraints(pattern="^[a-z]{1,20}$")] | None = None
    """of models that reason"""


class ArtifactLM(SamplingSettings):
    """The model that an artifact was compiled for, and the settings that go with its calls."""

    model: Short = ""
    """its name; which model is asked says the command"""


def checked_settings(kind: type[SamplingSettings], given: dict[str, Any]) -> dict[str, Any]:
    """`given`, where it holds nothing but the settings of `kind`.

    Raises:
        ValueError: another key, which is named first, or a value that is not allowed.
    """
    unknown = sorted(set(given) - set(kind.model_fields))
    if unknown:
        allowed = ", ".join(kind.model_fields)
        raise ValueError(f"{', '.join(unknown)}: no sampling setting; there may be {allowed}")
    kind.model_validate(given)
    return given
