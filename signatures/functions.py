"""What the stages are asked where the problem asks for a function: other words, and other names for what a test has."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast, get_args

import dspy

from signatures.code import (
    AnalyseFailure,
    DrawLesson,
    FixCode,
    SolveDirectly,
    SolveStepByStep,
    SolveWithLessons,
    WriteCode,
)
from signatures.fields import AITest, CallTest
from signatures.tests import (
    CheckTests,
    DeriveOutput,
    WriteBruteForce,
    WriteGenerator,
    WriteLargestInput,
    WriteTests,
    WriteValidator,
)
from signatures.understand import ReflectOnProblem

# In place of the instructions that are ours; the others say nothing that is not true of functions too.
INSTRUCTIONS: dict[type[dspy.Signature], str] = {
    SolveDirectly: "Write the Python 3 function that the problem asks for, with the imports and helpers it needs. It "
    "returns its result; it reads no input and prints nothing.",
    SolveStepByStep: "Think step by step about the problem in a few sentences: what is asked, the idea, what the "
    "function is given. Then write the Python 3 function that the problem asks for, with the imports and helpers it "
    "needs. It returns its result; it reads no input and prints nothing.",
    SolveWithLessons: "Write the Python 3 function that the problem asks for, with the imports and helpers it needs, "
    "and mind what earlier attempts have taught. It returns its result; it reads no input and prints nothing.",
    WriteCode: "Write the Python 3 function that the problem asks for and follow the chosen solution. Split it into "
    "small functions with telling names, and add the imports it needs. It returns exactly what the problem asks for; "
    "it reads no input and prints nothing.",
    AnalyseFailure: "The given Python function fails a test of the problem. Do not write code. Say in short bullet "
    "points what it does with these arguments, where that leaves the rules of the problem, and what has to change.",
    FixCode: "The given Python function fails a test of the problem. Find the mistake and write the whole corrected "
    "code. Its first line is a comment that says what was wrong. Change what is wrong and keep what is right.",
    DrawLesson: "The given Python function fails a test of the problem. Reflect on the attempt: in a few short bullet "
    "points say what went wrong and what the next attempt has to do differently. Do not write code.",
    ReflectOnProblem: "What does the problem ask? Say in short bullet points that name this problem's own things and "
    "numbers: the goal, what each argument of the function is, what exactly it has to return, the rules and limits, "
    "the details that are easily overlooked.",
    WriteTests: "Write further tests for the function, as many as `count` says. Each has the arguments of a call, as "
    "Python literals separated by commas, and the value that a right function returns for them, as a Python literal. "
    "Go from easy to hard: small ones, an edge case, a large one. Work out each value with care and do not repeat the "
    "examples.",
    CheckTests: "These tests were written for the function, and some of their values may be wrong. Work out the value "
    "for the arguments of each again, by the rules of the problem, and write all the tests again, in their order, with "
    "what was wrong put right. Leave the arguments as they are unless the function cannot be called with them.",
    DeriveOutput: "Work out by hand, by the rules of the problem, what a right function returns for the given "
    "arguments. Go through the rules step by step, then give the exact value as a Python literal. Do not write code.",
    WriteBruteForce: "Write the slowest and most obvious version of the Python 3 function that the problem asks for "
    "that is surely right: try everything, no clever idea. It need only manage tiny arguments. It returns its result "
    "and prints nothing.",
    WriteLargestInput: "Write a Python 3 program that prints the arguments of the one call of the function that takes "
    "a right but slow function longest: as large as the limits of the problem allow, as Python literals separated by "
    "commas, on one line. It reads nothing and prints the arguments and nothing else. Print at most some five million "
    "characters.",
    WriteValidator: "Write a Python 3 program that checks whether the function may be called with given arguments: "
    "their number, types, ranges, and every rule of the problem. It reads the arguments, Python literals separated by "
    "commas, from standard input. It prints VALID when all is in order and else what is wrong.",
    WriteGenerator: "Write a Python 3 program that makes the arguments of one random call of the function. It reads "
    "one integer from standard input, uses it as the seed of `random`, and prints small valid arguments as Python "
    "literals separated by commas, on one line, and nothing else. All numbers and lengths are tiny, at most about 6.",
}
# After the instructions that an optimizer has found.
NOTE = (
    "The problem asks for a function: where a program, its input and what it prints are meant, it is the function, the "
    "arguments of a call and the value it returns."
)
PROGRAMS = {WriteLargestInput.__name__, WriteValidator.__name__, WriteGenerator.__name__}  # what these write stays one
_FIELDS = {
    "the complete program": "the finished code, the body of the function included,",
    "the whole corrected program, with the mistake in a comment on top": "the whole corrected code, with the mistake "
    "in a comment on top",
    "the program that fails": "the code that fails",
    "the exact text of standard input": "the arguments of the call, as Python literals",
    "the exact text a right program prints": "the value that a right function returns, as a Python literal",
}
_BY_NAME = {signature.__name__: (signature.instructions, said) for signature, said in INSTRUCTIONS.items()}


def for_function(name: str, signature: type[dspy.Signature], entry_point: str) -> type[dspy.Signature]:
    """A stage's signature as it is asked of a function problem.

    Args:
        name: of the stage.
        signature: as it is asked for programs, with whatever instructions an optimizer has found.
        entry_point: of the function; the fields that hold a program say so, as `entry_point`.
    """
    return _for_function(name, cast(Any, signature), signature.instructions, entry_point)


@lru_cache(maxsize=256)
def _for_function(name: str, signature: Any, instructions: str, entry_point: str) -> type[dspy.Signature]:
    """As `for_function`. The instructions of a signature can be set in place, so they tell it apart too."""
    ours, said = _BY_NAME.get(name, (instructions, instructions))
    if instructions.startswith(ours):  # with or without further sentences
        changed = said + instructions.removeprefix(ours)
    else:
        changed = f"{instructions.rstrip()}\n\n{NOTE}"
    asked = signature.with_instructions(changed)
    for field, info in signature.fields.items():
        more: dict[str, Any] = dict(info.json_schema_extra or {})  # pyright: ignore
        new: dict[str, Any] = {}
        if name not in PROGRAMS:
            if more.get("desc") in _FIELDS:
                new["desc"] = _FIELDS[more["desc"]]
            if field in signature.output_fields and field.endswith("code"):
                new["entry_point"] = entry_point
        kind = list[CallTest] if get_args(info.annotation) == (AITest,) else None
        if new or kind:
            asked = asked.with_updated_fields(field, kind, **new)
    return asked
