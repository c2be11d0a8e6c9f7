"""The keys that optimizers have in common which ask an LM for better instructions."""

from __future__ import annotations

from pydantic import Field

from optimize.optimizers.optimizer import Optimizer

PROPOSAL_TOKENS = 4000  # a strong model reasons at length, and an answer that is cut off is no proposal


class Proposing(Optimizer, frozen=True):
    """Who writes the instructions."""

    prompt_lm: str | None = None
    """the model that writes instructions; `lm` itself when not given"""
    prompt_api_base: str | None = None
    """address of a server that has it"""
    proposal_tokens: int | None = Field(default=PROPOSAL_TOKENS, ge=16)
    """the most an answer of its may have"""
