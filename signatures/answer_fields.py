"""The fields of answers that have a program for the problem, tests or explanations, by the stage that gives them."""

from __future__ import annotations

PROGRAM_FIELD = {
    **dict.fromkeys(("SolveDirectly", "SolveStepByStep", "SolveWithLessons", "WriteCode", "WriteBruteForce"), "code"),
    "FixCode": "fixed_code",
}
TESTS_FIELD = {"WriteTests": "tests", "CheckTests": "checked"}
EXPLANATIONS_FIELD = {"ExplainTests": "explanations", "CheckExplanations": "checked"}
