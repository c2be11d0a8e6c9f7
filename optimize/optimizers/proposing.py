"""The keys that optimizers have in common which ask an LM for better instructions."""

from __future__ import annotations

from pydantic import Field

from optimize.config import Options

PROPOSAL_TOKENS = 4000  # a strong model reasons at length, and an answer that is cut off is no proposal


class ProposingOptions(Options):
    """Who writes the instructions.

    prompt_lm: the model that does; `lm` itself when not given.
    prompt_api_base: address of a server that has it.
    proposal_tokens: the most an answer of its may have.
    """

    prompt_lm: str | None = None
    prompt_api_base: str | None = None
    proposal_tokens: int = Field(default=PROPOSAL_TOKENS, ge=16)
