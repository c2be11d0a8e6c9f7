"""The keys that optimizers have in common which ask an LM for better instructions."""

from __future__ import annotations

from pydantic import Field

from optimize.optimizers.optimizer import Optimizer
from program.models.profile import Profile

PROPOSAL_TOKENS = 4000  # a strong model reasons at length, and an answer that is cut off is no proposal


class Proposing(Optimizer, frozen=True):
    """Who writes the instructions."""

    prompt_lm: str | None = None
    """the model that writes instructions; `lm` itself when not given"""
    prompt_api_base: str | None = None
    """address of a server that has it"""
    proposal_tokens: int | None = Field(default=None, ge=16)
    """the most an answer of its may have; null for 4,000, and for a model that thinks for the maximum of the model"""

    def room(self, profile: Profile) -> int:
        """Tokens that a proposal by a model of this profile may have."""
        return self.proposal_tokens or (profile.text_tokens if profile.thinks else PROPOSAL_TOKENS)
