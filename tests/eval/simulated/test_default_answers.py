"""With the skills it has by default the simulated LM says what it has always said."""

import hashlib

import pytest

from eval.simulated.lm import SimulatedEngine
from eval.simulated.skills import Skills
from program.adapters.lean import LeanAdapter
from tests.support.simulated import said, some_problems
from tests.support.stage_values import VALUES

DRAWS = 3


# A knob that changes them changes what stored measurements with the simulated LM can be compared with.
@pytest.mark.parametrize(
    ("order", "digest"), [("stage-first", "f08b08db442c436e"), ("problem-first", "cd0cc61d9a2016e0")]
)
def test_answers_of_every_stage_are_those_of_before(order, digest):
    problems = some_problems()
    engine, adapter = SimulatedEngine(problems, Skills()), LeanAdapter(order)
    first, second = (problem.text() for problem in problems.problems[:2])
    answers = []
    for signature, (inputs, outputs) in VALUES.items():
        demo = {**inputs, **outputs, "problem": second}
        for demos in ([], [demo]):
            messages = adapter.format(signature, demos, {**inputs, "problem": first})
            answers += [said(engine, messages) for _ in range(DRAWS)]
    assert len(answers) == 2 * DRAWS * len(VALUES)
    assert hashlib.sha256(repr(answers).encode()).hexdigest()[:16] == digest
