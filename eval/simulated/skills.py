"""The knobs of the simulated LM."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]


class Skills(BaseModel):
    """How well, how fast and how reliably the simulated LM answers.

    seed: another number gives other answers with the same probabilities.
    code_right: probability that a stage that writes a program gives a right one.
    fix_repairs: probability that `FixCode` gives a right program.
    ai_test_valid: probability, for each single test that is written or checked, that its output is that of a right
        program.
    ranking_right: probability that `RankSolutions` puts the right solution first.
    explanation_right: probability that the explanations of `ExplainTests` all arrive at the outputs of the examples.
    plan_matters: share of its skill that `WriteCode` loses when it is given another than the right solution.
    format_broken: probability that an answer of any stage cannot be parsed.
    demo_gain: added to the skill of a stage for each good demonstration in its prompt.
    demo_gain_cap: the most that all good demonstrations of a prompt add together.
    latency_seconds: from request to answer.
    tokens_per_character: of prompts and answers, rounded up.
    requests_per_minute: answered in any 60 seconds, more are refused with a rate limit error; 0 for no limit.
    fault_rate: probability that a request ends with a server error.
    timeout_rate: probability that a request ends with a timeout.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    code_right: Probability = 0.3
    fix_repairs: Probability = 0.4
    ai_test_valid: Probability = 0.7
    ranking_right: Probability = 0.6
    explanation_right: Probability = 0.7
    plan_matters: Probability = 0.0
    format_broken: Probability = 0.02
    demo_gain: Probability = 0.05
    demo_gain_cap: Probability = 0.2
    latency_seconds: float = Field(default=0.0, ge=0)
    tokens_per_character: float = Field(default=0.25, ge=0)
    requests_per_minute: int = Field(default=0, ge=0)
    fault_rate: Probability = 0.0
    timeout_rate: Probability = 0.0
