"""Published figures of others, for comparison with ours. None was measured here."""

from __future__ import annotations

from dataclasses import dataclass

ALPHACODIUM = "AlphaCodium (Ridnik et al., arXiv 2401.08500)"
REPLICATION = "Rosa's replication (talk)"
FLOW_TOKENS = "about 60,000"  # per problem; the replication
COST_RATIO = "about 20"  # times what the baseline costs; the replication
FLOW_CALLS = "15–20"  # per solution; AlphaCodium


@dataclass(frozen=True)
class PublishedPass:
    """pass@5 on a split of CodeContests in percent, with one direct prompt and with the flow."""

    model: str
    split: str
    direct: int
    flow: int


PASS_AT_5 = (
    PublishedPass("GPT-4", "valid", 19, 44),
    PublishedPass("GPT-4", "test", 12, 29),
    PublishedPass("GPT-3.5", "valid", 15, 25),
    PublishedPass("GPT-3.5", "test", 8, 17),
    PublishedPass("DeepSeek-33B", "valid", 7, 20),
    PublishedPass("DeepSeek-33B", "test", 12, 24),
)
