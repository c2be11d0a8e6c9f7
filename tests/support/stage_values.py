"""Realistic inputs and outputs for every stage's signature."""

from typing import Any

import dspy
import pytest

from signatures.code import (
    AnalyseFailure,
    DrawLesson,
    FixCode,
    SolveDirectly,
    SolveStepByStep,
    SolveWithLessons,
    WriteCode,
)
from signatures.fields import AITest, Solution
from signatures.plan import ProposeSolutions, RankSolutions
from signatures.tests import (
    CheckTests,
    DeriveOutput,
    WriteBruteForce,
    WriteGenerator,
    WriteLargestInput,
    WriteTests,
    WriteValidator,
)
from signatures.understand import CheckExplanations, ExplainTests, ReflectOnProblem

GREEDY = Solution(name="Greedy", content="Sort.\nTake the largest first.", why_it_works="exchange", complexity="O(n)")
TABLE = Solution(
    name="DP", content='Fill a "table" {i, j}.', why_it_works="all cases", complexity="O(n²)", labels="dynamic: slow"
)
TESTS = [AITest(input="1\n2\n", output="3\n", explanation="small"), AITest(input="", output="0", explanation="")]
CODE = 'import sys\n\n\ndef main():\n    print("```", sys.stdin.read().split())\n\n\nmain()\n'

_PROBLEM = {"problem": "Double"}
_NOTES = {**_PROBLEM, "reflection": ["n is small"], "explanations": ["1 + 1 = 2"]}
_FAILED = {"code": "print(1)", "failure": "It prints a wrong answer.\nInput:\n2"}

VALUES: dict[type[dspy.Signature], tuple[dict[str, Any], dict[str, Any]]] = {
    SolveDirectly: ({"problem": "Double\n\nPrint 2n."}, {"code": CODE}),
    SolveStepByStep: (_PROBLEM, {"reasoning": "First: read n.\nThen print 2n.", "code": CODE}),
    ReflectOnProblem: (_PROBLEM, {"reflection": ["n ≤ 10", 'quoted "n"', "{braces}"]}),
    ExplainTests: (_PROBLEM, {"explanations": ["1 + 1 = 2", "two\nlines and a \\ backslash"]}),
    CheckExplanations: (_NOTES, {"checked": ["1 + 1 = 2", "3: three"]}),
    ProposeSolutions: ({**_NOTES, "count": 2, "wishes": "no brute force"}, {"solutions": [GREEDY, TABLE]}),
    RankSolutions: ({**_NOTES, "solutions": [GREEDY, TABLE]}, {"ranking": ["DP", "Greedy"], "steps": ["1. Sort: n"]}),
    WriteTests: ({**_NOTES, "count": 2}, {"tests": TESTS}),
    CheckTests: ({**_NOTES, "tests": TESTS}, {"checked": TESTS}),
    DeriveOutput: ({**_PROBLEM, "test_input": "1\n2"}, {"steps": ["read 1", "read 2"], "output": "3"}),
    WriteBruteForce: (_PROBLEM, {"code": CODE}),
    WriteGenerator: (_PROBLEM, {"code": CODE}),
    WriteLargestInput: (_PROBLEM, {"printer_code": CODE}),
    WriteValidator: (_PROBLEM, {"validator_code": CODE}),
    WriteCode: ({**_NOTES, "solution": GREEDY, "steps": ["Sort."], "failure": _FAILED["failure"]}, {"code": CODE}),
    AnalyseFailure: ({**_NOTES, **_FAILED}, {"analysis": ["it prints 1"]}),
    FixCode: ({**_NOTES, **_FAILED, "analysis": ["it prints 1"]}, {"fixed_code": CODE}),
    DrawLesson: ({**_PROBLEM, "lessons": ["a"], **_FAILED}, {"lesson": ["read all of the input"]}),
    SolveWithLessons: ({**_PROBLEM, "lessons": ["a"]}, {"code": CODE}),
}


def by_name(signatures):
    """One test for each of the signatures."""
    return pytest.mark.parametrize("signature", signatures, ids=lambda signature: signature.__name__)
