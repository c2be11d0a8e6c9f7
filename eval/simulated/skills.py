"""The settings of the simulated LM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from program.cli.settings import parse_settings
from program.errors import UserError
from signatures.sentences import SENTENCES

Probability = Annotated[float, Field(ge=0, le=1)]
Change = Annotated[float, Field(ge=-1, le=1)]


SENTENCE = SENTENCES["check-example"]  # rewarded by `instruction_gain`: an instruction that a proposer could write


class Skills(BaseModel):
    """How well, how fast and how reliably the simulated LM answers."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    seed: int = 0
    """Another seed gives other answers with the same probabilities."""
    code_right: Probability = 0.3
    """Probability that a stage that writes a program gives a right one."""
    steady: Probability = 0.0
    """Share of the luck in writing programs that belongs to the problem and is drawn once, so that further draws gain
    less: 0 if all problems are alike, 1 if all draws of a problem are right or all are wrong. Fixes have separate luck
    with the same share."""
    fix_repairs: Probability = 0.4
    """Probability that `FixCode` gives a right program."""
    ai_test_valid: Probability = 0.7
    """Probability, for each written or checked test, that its output is that of a right program."""
    derivation_right: Probability = 0.7
    """Probability that `DeriveOutput` gives the output of a right program."""
    derivation_repeats: Probability = 0.0
    """Probability that a wrong derivation gives the same output that a wrong AI test claims."""
    fix_obeys: Probability = 0.0
    """Probability that `FixCode`, given a test with a wrong output, writes a program that prints this output and is
    right only on the examples."""
    ranking_right: Probability = 0.6
    """Probability that `RankSolutions` puts the right solution first."""
    explanation_right: Probability = 0.7
    """Probability that all explanations of `ExplainTests` give the outputs of the examples."""
    plan_matters: Probability = 0.0
    """Share of its skill that `WriteCode` loses with a wrong solution as input."""
    plan_gain: Change = 0.0
    """Added to the skill of `WriteCode` with any solution as input, right or wrong."""
    instruction_gain: Change = 0.0
    """Added to the skill of a stage that writes programs if its instructions contain `SENTENCE`."""
    instruction_proposed: Probability = 0.25
    """Share of its proposed instructions that contain `SENTENCE`, if `instruction_gain` is not 0."""
    order_gain: Change = 0.0
    """Added to the skill of a stage that writes programs if its prompt is stage-first; the hand-written programs are
    problem-first, and have no demonstrations, which change that."""
    public_only: Probability | None = None
    """Probability that a wrong program passes the public tests and fails only hidden ones; null to draw from the known
    wrong programs regardless of public tests."""
    odd_form: Probability = 0.0
    """Share of right programs that are in a code block of another language, before a block with a wrong program, so
    that only another reading of the answer finds them."""
    format_broken: Probability = 0.02
    """Probability that an answer of any stage cannot be parsed."""
    demo_gain: Change = 0.05
    """Added to the skill of a stage for each good demonstration in its prompt."""
    demo_gain_cap: Probability = 0.2
    """Limit on what all good demonstrations of a prompt add or subtract together."""
    demo_shortens: Probability = 0.0
    """Share of its tokens that an answer saves if its prompt has a demonstration; its text does not change."""
    latency_seconds: float = Field(default=0.0, ge=0)
    """From request to answer."""
    tokens_per_character: float = Field(default=0.25, ge=0)
    """Of prompts and answers, rounded up."""
    requests_per_minute: int = Field(default=0, ge=0)
    """Answered in any 60 seconds; further requests get a rate limit error; 0 for no limit."""
    fault_rate: Probability = 0.0
    """Probability that a request ends with a server error."""
    timeout_rate: Probability = 0.0
    """Probability that a request ends with a timeout."""


def skills_of(settings: Sequence[str]) -> Skills:
    """The skills with changes by settings of the form `skills.NAME=VALUE`.

    Raises:
        UserError: a setting has another form, an unknown name or an invalid value.
    """
    values = parse_settings(list(settings))
    wrong = [name for name in values if name != "skills"]
    if wrong:
        raise UserError(f"--set {wrong[0]}: use the form skills.NAME=VALUE")
    try:
        return Skills.model_validate(values.get("skills", {}))
    except ValidationError as fault:
        first = fault.errors()[0]
        raise UserError(f"--set skills.{'.'.join(map(str, first['loc']))}: {first['msg']}") from fault
