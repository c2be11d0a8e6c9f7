"""The simulated LM answers a turn of a conversation as it answers the same question asked alone."""

import dspy

from eval.simulated.lm import simulated_lm
from eval.simulated.skills import Skills
from program.artifact import new_program
from program.handwritten import LEAN_FLOW
from program.rollout.context import new_trace
from tests.support.simulated import some_problems


def answers(order: str) -> tuple[list[tuple[str, str, int]], int]:
    """Every answer with its stage and its attempt, and the prompt tokens of all."""
    found, tokens = [], 0
    program = new_program("alphacodium", {**LEAN_FLOW, "order": order, "fixes_per_program": 2, "check_ai_tests": True})
    for asked in some_problems().problems[:4]:
        with new_trace() as trace, dspy.context(lm=simulated_lm(some_problems(), Skills())):
            program(asked)
        found += [(call.stage, call.answer, call.attempt) for call in trace.calls]
        tokens += trace.totals().prompt_tokens
    return sorted(found), tokens


def test_both_ways_have_the_same_luck_in_every_stage():
    alone, conversation = map(answers, ("problem-first", "conversation"))
    assert alone[0] == conversation[0] and {"FixCode", "CheckTests"} <= {stage for stage, _, _ in alone[0]}
    assert alone[1] != conversation[1]
