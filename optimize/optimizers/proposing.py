"""The common keys of optimizers that ask an LM for better instructions."""

from __future__ import annotations

from pydantic import Field

from optimize.optimizers.optimizer import Optimizer
from program.models.profile import Profile

PROPOSAL_TOKENS = 4000  # a strong model reasons at length, and a truncated answer is useless


class Proposing(Optimizer, frozen=True):
    """The model that writes instructions."""

    prompt_lm: str | None = None
    """the model that writes instructions; default: `lm`"""
    prompt_api_base: str | None = None
    """address of its server"""
    proposal_tokens: int | None = Field(default=None, ge=16)
    """maximum tokens of its answer; null for 4,000, or for the model's maximum if it is a thinking model"""

    def room(self, profile: Profile) -> int:
        """Maximum tokens of a proposal by a model with this profile."""
        return self.proposal_tokens or (profile.text_tokens if profile.thinks else PROPOSAL_TOKENS)
