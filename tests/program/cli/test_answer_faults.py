"""What is said of answers that brought nothing, and from how many on."""

from typing import get_args

import pytest

from program.artifact import load_program
from program.cli.answer_faults import FAULTS, answer_faults
from program.rollout.trace import Call, Outcome
from tests.support.paths import ROOT

FLOW = load_program(ROOT / "artifacts" / "handwritten", {"max_code_tokens": 700, "max_text_tokens": 400})


def calls(good: int, *bad: tuple[str, str], lost: int = 0) -> list[Call]:
    """So many good ones, bad ones by stage and outcome, and some that brought no answer."""
    return [
        *(Call(stage="WriteCode") for _ in range(good)),
        # Some outcomes are known to the table before stages enter them.
        *(Call(stage=stage).model_copy(update={"outcome": outcome}) for stage, outcome in bad),
        *(Call(stage="WriteCode", outcome="lm_error") for _ in range(lost)),
    ]


def test_a_twentieth_is_tolerated():
    assert answer_faults(calls(19, ("FixCode", "unparsable")), FLOW) == ""
    assert answer_faults(calls(18, ("FixCode", "unparsable")), FLOW).startswith(
        "1 of 19 answers were unusable: 1 could not be read; "
    )
    assert answer_faults(calls(19, ("FixCode", "unparsable")), FLOW, tolerated=0)
    assert answer_faults(calls(5, lost=9), FLOW, tolerated=0) == ""
    assert answer_faults([], FLOW) == ""


def test_the_caps_of_the_stages_that_had_no_room_are_named():
    said = answer_faults(calls(1, ("FixCode", "cut"), ("FixCode", "empty"), ("WriteCode", "cut")), FLOW)
    assert said.startswith("3 of 4 answers were unusable: 2 were cut at the cap, 1 were empty; ")
    assert said.endswith("raise the cap: --set max_code_tokens=1400")
    said = answer_faults(calls(1, ("RankSolutions", "cut while thinking"), ("WriteCode", "cut")), FLOW)
    assert said.endswith("raise the cap: --set max_code_tokens=1400 --set max_text_tokens=800")


@pytest.mark.parametrize("outcome", FAULTS)
def test_every_fault_says_what_helps(outcome):
    said = answer_faults(calls(0, ("WriteCode", outcome)), FLOW)
    assert FAULTS[outcome].words in said and (FAULTS[outcome].advice or "--set max_code_tokens=1400") in said


def test_every_outcome_of_a_call_is_known():
    assert set(get_args(Outcome)) - {"ok", "lm_error"} <= set(FAULTS)
