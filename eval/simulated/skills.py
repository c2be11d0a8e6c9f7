"""The knobs of the simulated LM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from program.cli.settings import parse_settings
from program.errors import UserError
from signatures.sentences import SENTENCES

Probability = Annotated[float, Field(ge=0, le=1)]
Change = Annotated[float, Field(ge=-1, le=1)]


SENTENCE = SENTENCES["check-example"]  # what `instruction_gain` rewards: an instruction a proposer could write


class Skills(BaseModel):
    """How well, how fast and how reliably the simulated LM answers."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    seed: int = 0
    """Another number gives other answers with the same probabilities."""
    code_right: Probability = 0.3
    """Probability that a stage that writes a program gives a right one."""
    steady: Probability = 0.0
    """Share of the luck of writing programs that is the problem's own, drawn once, so that drawing again gains less: 0
    for problems that are all alike, 1 for those of which every draw is right or none. Fixes have luck of their own, of
    which as much is the problem's."""
    fix_repairs: Probability = 0.4
    """Probability that `FixCode` gives a right program."""
    ai_test_valid: Probability = 0.7
    """Probability, for each test that is written or checked, that its output is that of a right program."""
    derivation_right: Probability = 0.7
    """Probability that `DeriveOutput` arrives at the output of a right program."""
    derivation_repeats: Probability = 0.0
    """Probability that a wrong derivation arrives at the very output that a wrong AI test claims."""
    fix_obeys: Probability = 0.0
    """Probability that `FixCode`, shown a test that claims a wrong output, gives a program that prints that output
    there, and what is right on the examples only."""
    ranking_right: Probability = 0.6
    """Probability that `RankSolutions` puts the right solution first."""
    explanation_right: Probability = 0.7
    """Probability that the explanations of `ExplainTests` all arrive at the outputs of the examples."""
    plan_matters: Probability = 0.0
    """Share of its skill that `WriteCode` loses when it is given another than the right solution."""
    plan_gain: Change = 0.0
    """Added to the skill of `WriteCode` when it is given a solution to follow, right or not."""
    instruction_gain: Change = 0.0
    """Added to the skill of a stage that writes programs when its instructions hold `SENTENCE`."""
    instruction_proposed: Probability = 0.25
    """Share of the instructions it proposes that hold `SENTENCE`, where `instruction_gain` is not 0."""
    order_gain: Change = 0.0
    """Added to the skill of a stage that writes programs when its prompt is stage-first; the hand-written programs ask
    problem-first."""
    public_only: Probability | None = None
    """Probability that a wrong program passes the public tests, and so fails only hidden ones; null for programs drawn
    from the known wrong ones, whatever they pass."""
    odd_form: Probability = 0.0
    """Share of the right programs that stand in a block of another language before one with a wrong program, so that
    only another reading of the answer finds them."""
    format_broken: Probability = 0.02
    """Probability that an answer of any stage cannot be parsed."""
    demo_gain: Change = 0.05
    """Added to the skill of a stage for each good demonstration in its prompt."""
    demo_gain_cap: Probability = 0.2
    """The most that all good demonstrations of a prompt add, or take away, together."""
    demo_shortens: Probability = 0.0
    """Share of its tokens that an answer saves when its prompt has a demonstration; its text stays as it is."""
    latency_seconds: float = Field(default=0.0, ge=0)
    """From request to answer."""
    tokens_per_character: float = Field(default=0.25, ge=0)
    """Of prompts and answers, rounded up."""
    requests_per_minute: int = Field(default=0, ge=0)
    """Answered in any 60 seconds, more are refused with a rate limit error; 0 for no limit."""
    fault_rate: Probability = 0.0
    """Probability that a request ends with a server error."""
    timeout_rate: Probability = 0.0
    """Probability that a request ends with a timeout."""


def skills_of(settings: Sequence[str]) -> Skills:
    """The skills that settings of the form `skills.NAME=VALUE` change.

    Raises:
        UserError: one has another form or name, or a value that is not allowed.
    """
    values = parse_settings(list(settings))
    wrong = [name for name in values if name != "skills"]
    if wrong:
        raise UserError(f"--set {wrong[0]}: a setting has the form skills.NAME=VALUE")
    try:
        return Skills.model_validate(values.get("skills", {}))
    except ValidationError as fault:
        first = fault.errors()[0]
        raise UserError(f"--set skills.{'.'.join(map(str, first['loc']))}: {first['msg']}") from fault
