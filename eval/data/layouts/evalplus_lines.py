"""The layout of evalplus' own JSON lines: HumanEval+ and MBPP+ as in its releases.

Source: its data loaders and its evaluator. `base_input` has the inputs of the original dataset, `plus_input` the added
    inputs. There are no expected values: the canonical solution computes them. JSON has lists where MBPP's functions
    take tuples.
"""

from __future__ import annotations

import ast
from typing import Any

from eval.data.layouts.calls import arguments_text, asserted
from eval.data.layouts.entry import Entry, LeftOut
from eval.data.layouts.expected import expected_tests
from eval.data.layouts.function_problem import function_entry
from eval.data.layouts.worded_examples import shown_examples
from judge.literals import syntax_tree
from judge.values import Comparison
from judge.verdict import TestCase
from program.problem import AskedFunction

NAME: str = "evalplus"
COLUMNS = frozenset({"task_id", "prompt", "canonical_solution", "entry_point", "base_input", "plus_input"})

# evalplus judges these with special code.
SPECIAL = {"find_zero", "are_equivalent", "sum_div", "surface_Area", "digit_distance_nums"}
AS_SETS = {
    *("similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly", "larg_nnum"),
    *("intersection_array", "find_dissimilar", "Diff"),
}
WHETHER_FOUND = {"check_str", "text_match_three", "text_starta_endb"}
_WHETHER = """

def _whether(*given):
    value = {0}(*given)
    return value if isinstance(value, bool) else value is not None
"""
# Tasks of MBPP by the position of tuples: each argument, the items of each argument, both, and so on.
_EACH = {2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596, 616, 630, 726, 740, 744, 809}
_ITEMS = {63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780}
_ITEMS_OF_FIRST = {75, 413, 444, 753}
_BOTH = {259, 401, 445}
_FIRST = {250, 307, 405, 446, 617, 720, 763, 808}
_SECOND = {106, 750}
_ALL = {580, 615, 791}


def read(row: dict[str, Any]) -> Entry:
    """The problem in a row, named by its task; its base tests are private, its plus tests generated.

    Raises:
        LeftOut: the problem has its own oracle, or its canonical solution does not run on its inputs.
        KeyError, TypeError, ValueError: the row is not in this layout.
    """
    name, entry_point, prompt = row["task_id"], row["entry_point"], row["prompt"]
    if entry_point in SPECIAL:
        raise LeftOut(name, "has an oracle of its own")
    program = prompt + row["canonical_solution"]
    is_mbpp = name.lower().startswith("mbpp")
    number = int(name.rpartition("/")[2]) if is_mbpp else -1
    comparison = _comparison(entry_point) if is_mbpp else "equal"
    reference, called = program, entry_point
    if comparison == "found":  # it may return what has no literal
        reference, called = program + _WHETHER.format(entry_point), "_whether"
    sets = [[arguments_text(_typed(number, given)) for given in row[key]] for key in ("base_input", "plus_input")]
    try:
        base, plus = (expected_tests(reference, called, given) for given in sets)
    except ValueError as fault:
        raise LeftOut(name, str(fault)) from fault
    words, public, starter = "", shown_examples(prompt, prompt, entry_point), prompt
    if is_mbpp:
        words, starter = _words(prompt)
        public = _asserted(starter, entry_point)
        starter = ""
    function = AskedFunction(
        entry_point=entry_point, starter_code=starter, tolerance=float(row.get("atol") or 0), comparison=comparison
    )
    return function_entry(name, words, function, public, base, plus, right=(program,))


def _comparison(entry_point: str) -> Comparison:
    return "sets" if entry_point in AS_SETS else "found" if entry_point in WHETHER_FOUND else "equal"


def _words(prompt: str) -> tuple[str, str]:
    """The description in a prompt of MBPP+ (a docstring), and the assert at its end."""
    text = prompt.strip().strip('"').strip()
    begin = text.find("\nassert ")
    return (text, "") if begin < 0 else (text[:begin].strip(), text[begin:].strip())


def _asserted(text: str, entry_point: str) -> list[TestCase]:
    try:
        nodes = [node for node in syntax_tree(text).body if isinstance(node, ast.Assert)]
        return list(asserted(nodes, {entry_point}).tests)
    except (SyntaxError, ValueError):
        return []


def _typed(task: int, given: list[Any]) -> list[Any]:
    """The arguments with types that JSON lacks, restored by the task's number as in evalplus."""
    first, *rest = given or [None]
    if task in _EACH:
        return [tuple(each) for each in given]
    if task in _ITEMS:
        return [[tuple(item) for item in each] for each in given]
    if task in _ITEMS_OF_FIRST:
        return [[tuple(item) for item in first], *rest]
    if task in _BOTH:
        return [tuple(tuple(item) for item in each) for each in given]
    if task in _FIRST:
        return [tuple(first), *rest]
    if task in _SECOND:
        return [first, tuple(rest[0])]
    if task in _ALL:
        return [_tuples(each) for each in given]
    if task == 115:
        return [[set(item) if isinstance(item, list) and item else {} for item in first]]
    if task == 124:
        return [float(first), complex(rest[0])]
    if task == 252:
        return [complex(first)]
    if task == 278:
        return [[tuple(item) if isinstance(item, list) else item for item in first]]
    if task == 722:
        return [{key: tuple(value) for key, value in first.items()}, *rest]
    return given


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
