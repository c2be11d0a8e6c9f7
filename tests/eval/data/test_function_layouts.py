"""Layouts of function problems: tests are read as literals, what a solver may see is taken out of the hidden ones."""

import gzip
import json
import sys
from typing import Any

import pytest

from eval.data.layouts.calls import SpecialOracle, calls_in
from eval.data.layouts.worded_examples import examples_in_words, shown_examples
from eval.data.load import load_problems
from eval.data.problem_set import DataError, ProblemSet
from eval.data.rules import Rules
from eval.given.judged_programs import judged
from eval.given.samples.samples import read_samples
from eval.rollouts.score import score
from judge.judge import judge
from judge.verdict import TestCase
from program.errors import UserError
from program.problem import AskedFunction, Problem, PublicTest
from tests.support.paths import FIXTURES


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("eval.data.layouts.expected.CACHE_FOLDER", tmp_path / "cache")


def load(name: str) -> ProblemSet:
    return load_problems(str(FIXTURES / f"{name}.jsonl"), "test")


def test_humaneval_plus_has_docstring_examples_as_public_tests_and_the_others_hidden():
    problems = load("humanevalplus")
    twice, third = problems.problems
    assert twice.tests() == [TestCase("[1, 2]", "[2, 4]"), TestCase("[]", "[]")]
    assert problems.hidden(twice.name).all() == [TestCase("[3]", "[6]"), TestCase("[-4, 5]", "[-8, 10]")]
    assert twice.function is not None and twice.function.tolerance == 1e-6
    assert third.tests() == [TestCase("3", "1.0"), TestCase("10", "3.3333333333333335")]
    assert problems.hidden(third.name).all() == [TestCase("7", repr(7 / 3)), TestCase("100", repr(100 / 3))]
    assert dict(problems.left_out) == {"HumanEval/902": "has an oracle of its own"}


def test_values_of_a_reference_are_computed_once(monkeypatch):
    first = load("humanevalplus")
    monkeypatch.setattr("eval.data.layouts.expected.run", None)
    assert load("humanevalplus").fingerprint == first.fingerprint


def test_humanevals_asserts_are_read_and_what_is_no_call_with_literals_is_left_out():
    problems = load("human_eval")
    (problem,) = problems.problems
    assert problem.tests() == [TestCase("1", "2")]
    hidden = [TestCase("1000", "1001"), TestCase("0.5", "1.5"), TestCase("-1", "0")]
    assert problems.hidden(problem.name).all() == hidden


def test_asserts_that_are_not_read_are_counted(tmp_path, caplog):
    asserts = [
        *("assert f(1) == 2", "assert f(n=2) == 3", "assert f(*[3]) == 4", "assert f(**{'n': 3}) == 4"),
        *("assert f(4) != 5", "assert f(len('a')) == 2", "assert f(5, m={frozenset({1})}) == {frozenset({2})}"),
    ]
    row = {"task_id": 1, "text": "Add.", "code": "def f(n, m=1): return n + 1", "test_list": asserts}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    problems = load_problems(str(tmp_path / "rows.jsonl"), "test")
    assert [*problems.problems[0].tests(), *problems.hidden("Mbpp/1").all()] == [
        *(TestCase("1", "2"), TestCase("n=2", "3"), TestCase("5, m={frozenset({1})}", "{frozenset({2})}"))
    ]
    assert "4 tests of 1 problems, such as Mbpp/1, are not calls with literals and are left out" in caplog.text


def test_packed_lines_are_read_as_well(tmp_path):
    packed = tmp_path / "mbpp.jsonl.gz"
    packed.write_bytes(gzip.compress((FIXTURES / "mbpp.jsonl").read_bytes()))
    assert load_problems(str(packed), "test").fingerprint == load("mbpp").fingerprint
    packed.write_bytes(b"no gzip")
    with pytest.raises(UserError, match=r"mbpp\.jsonl\.gz cannot be decompressed"):
        load_problems(str(packed), "test")


def test_mbpp_shows_its_first_assert():
    problems = load("mbpp")
    shared, half = problems.problems
    assert shared.tests() == [TestCase("(1, 2), (2, 3)", "(2,)")] and shared.checker().comparison == "sets"
    assert problems.hidden(shared.name).all() == [TestCase("[1], [1]", "[1]"), TestCase("[], [1]", "set()")]
    assert half.tests() == [TestCase("4", "2")]
    hidden = [TestCase("0", "False"), TestCase("-3", "-1.5")]  # and one with another tolerance
    assert problems.hidden(half.name).all() == hidden


@pytest.mark.parametrize(
    ("asserts", "comparison"),
    [
        (["assert has_b('ab')", "assert not has_b('a')", "assert has_b('b')"], "truth"),
        (["assert has_b('ab')", "assert has_b('a') == False", "assert has_b('b')"], "equal"),
    ],
)
def test_a_bare_assert_takes_whatever_is_true(tmp_path, asserts, comparison):
    right = "def has_b(text):\n    return 'b' in text"
    row = {"task_id": 1, "text": "Has it a b?", "code": right, "test_list": asserts}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    problems = load_problems(str(tmp_path / "rows.jsonl"), "test")
    (problem,) = problems.problems
    assert problem.checker().comparison == comparison
    hidden = problems.hidden(problem.name).all()
    assert hidden == [TestCase("'a'", "False"), TestCase("'b'", "True")]
    for code, passes in (
        (right, True),
        ("import re\ndef has_b(text):\n    return re.search('b', text)", comparison == "truth"),
        ("def has_b(text):\n    return [each for each in text if each == 'b']", comparison == "truth"),
        ("def has_b(text):\n    return text", False),
    ):
        assert judge(code, hidden, problem.limits(), checker=problem.checker()).all_passed == passes, code


def mbpp_of(tmp_path, *asserts: str, code: str = "def f(x): return x") -> Any:
    row = {"task_id": 1, "text": "Do it.", "code": code, "test_list": asserts}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    problems = load_problems(str(tmp_path / "rows.jsonl"), "test")
    return problems.problems[0], problems.hidden("Mbpp/1").all()


@pytest.mark.parametrize("isclose", ["math.isclose(f({0}), {0}, rel_tol=0.001)", "np.isclose(f({0}), {0}, rtol=0.001)"])
def test_a_relative_tolerance_is_relative_to_each_value(tmp_path, isclose):
    """In absolute terms it would be a thousand for all three."""
    problem, hidden = mbpp_of(tmp_path, *(f"assert {isclose.format(each)}" for each in ("1000000.0", "3", "5.0")))
    tests = [*problem.tests(), *hidden]
    for factor, passes in ((1.0, True), (1.0005, True), (1.01, False)):
        program = f"def f(x): return x * {factor}"
        assert judge(program, tests, problem.limits(), checker=problem.checker()).all_passed == passes
    lax = judge("def f(x): return 1e6 if x > 10 else 0.0", tests, problem.limits(), checker=problem.checker())
    assert [each.passed for each in lax.results] == [True, False, False]


def test_a_large_tolerance_of_one_test_is_not_that_of_the_others(tmp_path):
    asserts = ("assert f(2) == 2", "assert abs(f(1) - 1.0) < 0.5", "assert f(3) == 3")
    problem, hidden = mbpp_of(tmp_path, *asserts)
    assert hidden == [TestCase("3", "3")] and problem.checker().tolerance is None
    asserts = ("assert f(2) == 2.0", "assert abs(f(1) - 1.0) < 1e-6", "assert np.isclose(f(3), 3.00001)")
    problem, hidden = mbpp_of(tmp_path, *asserts)
    assert hidden == [TestCase("1", "1.0")] and problem.checker().tolerance == 1e-6


@pytest.mark.parametrize("given", ["[0] * 10**13", "'a' * 10**9", "(1, 2) * 10**7", "(10**10000)**10000", "10**10**10"])
def test_a_short_text_of_a_huge_value_is_left_out_and_never_built(tmp_path, given):
    _, hidden = mbpp_of(tmp_path, "assert f(1) == 1", f"assert f({given}) == 1", "assert f([0] * 3) == 2 ** 100")
    assert hidden == [TestCase("[0, 0, 0]", str(2**100))]


def test_the_imports_of_the_sets_own_runner_are_there_for_every_program(tmp_path):
    method = "class Solution:\n    def half(self, n: List[int]) -> int:\n        return floor(len(n) / 2)\n"

    def tests(*sizes: int) -> str:
        given = [(json.dumps(list(range(size))), str(size // 2)) for size in sizes]
        return json.dumps([{"input": some, "output": half, "testtype": "functional"} for some, half in given])

    row = {
        **{"question_id": "1", "question_title": "Half", "question_content": "Halve it."},
        **{"public_test_cases": tests(2, 5), "private_test_cases": tests(4), "metadata": '{"func_name": "half"}'},
        **{"starter_code": "class Solution:\n    def half(self, n: List[int]) -> int:\n        "},
    }
    (tmp_path / "lcb.jsonl").write_text(json.dumps(row))
    problems = load_problems(str(tmp_path / "lcb.jsonl"), "test")
    (problem,) = problems.problems
    for begin in ("", "from __future__ import annotations\n", '"""Half."""\n', "\ufeff"):
        assert score(f"{begin}{method}", problem, problems).solved, begin
    assert not judge(method, problem.tests(), problem.limits(), checker=problem.checker()).all_passed, "ours import it"
    assert not score("", problem, problems).solved and not score("def", problem, problems).solved


def test_any_separator_but_a_line_feed_is_part_of_an_argument(tmp_path):
    test = [{"input": json.dumps("a\u2028b\x85c", ensure_ascii=False), "output": "3", "testtype": "functional"}]
    row = json.loads((FIXTURES / "livecodebench.jsonl").read_text().splitlines()[-1])
    row |= {"public_test_cases": json.dumps(test), "private_test_cases": json.dumps(test)}
    row |= {"starter_code": "class Solution:", "metadata": '{"func_name": "f"}'}
    (tmp_path / "lcb.jsonl").write_text(json.dumps(row))
    (problem,) = load_problems(str(tmp_path / "lcb.jsonl"), "test").problems
    assert problem.tests() == [TestCase(repr("a\u2028b\x85c"), "3")]


def test_what_was_found_may_have_no_literal(tmp_path):
    row = {
        "task_id": "Mbpp/434",
        "prompt": '"""\nWrite a function that finds an a.\nassert text_match_three("ab")\n"""\n',
        "canonical_solution": "import re\ndef text_match_three(text):\n    return re.search('a', text)\n",
        "entry_point": "text_match_three",
        "base_input": [["ab"], ["b"]],
        "plus_input": [["ca"], [""]],
    }
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    problems = load_problems(str(tmp_path / "rows.jsonl"), "test")
    (problem,) = problems.problems
    assert problem.tests() == [TestCase("'ab'", "True")]
    hidden = problems.hidden(problem.name).all()
    assert hidden == [TestCase("'b'", "False"), TestCase("'ca'", "True"), TestCase("''", "False")]
    (known,) = problems.known(problem.name).right
    assert judge(known, hidden, problem.limits(), checker=problem.checker()).all_passed


def test_a_rounded_value_of_mbpp_plus_does_not_make_the_hidden_tests_lax():
    problems = load("mbppplus")
    (area,) = problems.problems
    assert area.function is not None and area.function.tolerance == 1e-4
    assert area.tests() == [TestCase("10", "314.159")], "the exact value, and no assert that nothing says more about"
    assert problems.hidden(area.name).all() == [TestCase("2", "12.56636"), TestCase("inf", "inf")]


def test_evalplus_lines_keep_base_and_plus_tests_apart_and_restore_tuples():
    problems = load("evalplus")
    add, shared = problems.problems
    assert add.tests() == [TestCase("1", "3")]
    assert problems.hidden(add.name).private == (TestCase("5", "7"),)
    assert problems.hidden(add.name).generated == (TestCase("-7", "-5"), TestCase("100", "102"))
    assert shared.tests() == [TestCase("(3, 4), (4, 7)", "(4,)")] and shared.checker().comparison == "sets"
    assert dict(problems.left_out) == {"HumanEval/32": "has an oracle of its own"}


def test_nan_and_infinity_are_arguments_like_others_and_nan_is_an_empty_cell(tmp_path):
    row = json.loads((FIXTURES / "evalplus.jsonl").read_text().splitlines()[0])
    row |= {"base_input": [[float("inf")], [10**30]], "plus_input": [[float("nan")]], "atol": float("nan")}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    hidden = load_problems(str(tmp_path / "rows.jsonl"), "test").hidden(row["task_id"])
    assert hidden.private == (TestCase("inf", "inf"), TestCase(str(10**30), str(10**30 + 2)))
    assert hidden.generated == (TestCase("nan", "nan"),)


def test_livecodebenchs_methods_are_called_with_a_json_value_a_line():
    problems = load_problems(str(FIXTURES / "livecodebench.jsonl"), "test")
    problem = problems.problem("9001. Add Two")
    assert problem.checker().entry_point == "Solution.addTwo" and problem.tests() == [TestCase("1, 2", "3")]


@pytest.mark.parametrize("name", ["humanevalplus", "human_eval", "mbpp", "mbppplus", "evalplus"])
def test_reference_programs_pass_all_tests_and_wrong_ones_do_not(name):
    problems = load(name).judged_by(Rules())
    for problem in problems.problems:
        (right,) = problems.known(problem.name).right
        line = {"name": problem.name, "solution": right}
        assert judged(line, problems, full=True)["status"] == "solved"
        empty = f"def {problem.checker().entry_point}(*given):\n    return object()\n"
        assert judged({**line, "solution": empty}, problems)["status"] == "failed"


def test_completions_follow_the_starter_code(tmp_path):
    problems = load("humanevalplus")
    lines = [
        {"task_id": "HumanEval/900", "completion": "    return [each + each for each in numbers]\n"},
        {"task_id": "HumanEval/901", "solution": "def third(n): return n / 3\n"},
        {"task_id": "HumanEval/902", "completion": "    return 0\n"},
    ]
    (tmp_path / "samples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    samples = read_samples(tmp_path / "samples.jsonl", problems)
    assert samples.skipped == 1
    assert [judged(line, problems.judged_by(Rules()))["status"] for line in samples.lines] == ["solved", "solved"]


def test_the_package_human_eval_is_a_set_where_it_is_installed(tmp_path, monkeypatch):
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "human_eval", None)
        with pytest.raises(DataError, match="human-eval: the package is not installed"):
            load_problems("human-eval", "test")
    folder = tmp_path / "human_eval" / "data"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise SystemExit('run by nobody')\n")
    with gzip.open(folder / "HumanEval.jsonl.gz", "wt") as packed:
        packed.write((FIXTURES / "human_eval.jsonl").read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [problem.name for problem in load_problems("human-eval", "test").problems] == ["HumanEval/910"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (">>> f([1, 2], ')')\n'a'\n", [TestCase("[1, 2], ')'", "'a'")]),
        ("f(1) == 2, f(2) = 3", [TestCase("1", "2"), TestCase("2", "3")]),
        ("f('a b') ➞ True.", [TestCase("'a b'", "True")]),
        ("f(3) => 3 # three", [TestCase("3", "3")]),
        ("f(2) -> 2 + 3 = 5", [TestCase("2", "5")]),
        ("f(2) should return [1, 2]", [TestCase("2", "[1, 2]")]),
        ("f(7)  # returns true", [TestCase("7", "True")]),
        ("f(2) == 1 + x", []),
        (">>> f(5)\n\n>>> f(6)\n6", [TestCase("6", "6")]),
        ("g.f(1) == 2; if(1) == 2; f(x) == 2; f(1", []),
        ("f(lambda: 0) == 1", []),
        ("f(1) is 2; f(3) == 4.", [TestCase("3", "4")]),
        (">>> f(3)\n1 2 3\n", []),
        ("f(3) => 3 4", []),
        ("f(3) => 2 or 3", []),
        ("f(3) => 1,000 dollars", []),
        ("f(4) = 2 f(3)", []),
        (">>> f(3)==4\nFalse\n>>> f(5) == 6\nTrue", [TestCase("5", "6")]),
        ("f(3) returns 1 if x else 2", []),
        ("f(3) returns 4, because it adds. f(4) returns `5` (one more)", [TestCase("3", "4"), TestCase("4", "5")]),
        ("f(3) == 4 if it is odd", [TestCase("3", "4")]),
    ],
)
def test_examples_in_words(text, found):
    assert examples_in_words(text, "f") == found


ONE, TWO = "def f(a: list[int]) -> int:\n", 'class Solution:\n    def f(self, a, b=(1, 2)):\n        "Text."\n'


@pytest.mark.parametrize(
    ("code", "text", "found"),
    [
        (ONE, "For a = [1, 2] the output should be 3.", [("[1, 2]", "3")]),
        (ONE, "For a = [1], the sum is 1 the output should be 1\n", [("[1]", "1")]),
        (ONE, "Example 1:\n\n    Input: [1,2]\n    Output: 3\n    Explanation: 1 + 2", [("[1, 2]", "3")]),
        (ONE, "Input: a = [1,\n 2]\nOutput: 3 # sum\nInput: a = []\nOutput: 0", [("[1, 2]", "3"), ("[]", "0")]),
        (ONE, "Input: a = [1]\nOutput: one", []),
        (ONE, "Input: b = [1]\nOutput: 1", []),
        (ONE, "f([1]) == 1. Input: a = [2]\nOutput: 2", [("[1]", "1")]),
        (TWO, "For a = 'x', b = 'y', the result should be ('xy', True)", [("'x', 'y'", "('xy', True)")]),
        (TWO, "Input: a = [1, 2], b = 3\nOutput: [1]", [("[1, 2], 3", "[1]")]),
        (TWO, "Input: a : [1]\n  b : 2\nOutput: 4", [("[1], 2", "4")]),
        (TWO, "Input: b = 1, a = 2\nOutput: 3", []),
        (TWO, "Input: 1, 2\nOutput: 3", []),
        (TWO, "Input: a = 1\nOutput: 3", []),
        ("", "Input: 1\nOutput: 3", []),
        ("def f(a", "Input: 1\nOutput: 3", []),
    ],
)
def test_examples_by_the_names_of_parameters(code, text, found):
    assert shown_examples(text, code, "Solution.f") == [TestCase(*each) for each in found]


@pytest.mark.parametrize(
    "loop", ["assertion(fix(f(*inp)), exp, 0)", "assert close(f(*inp), exp)", "assertion(f(*inp), exp, 0); print(inp)"]
)
def test_tests_that_do_more_than_compare_are_refused_and_not_executed(loop):
    source = "def assertion(a, b, c):\n    assert a == b\ninputs = [[1]]\nresults = [1]\n"
    source += f"for inp, exp in zip(inputs, results):\n    {loop}\n"
    with pytest.raises(SpecialOracle):
        calls_in(source, {"f"})


def test_nothing_in_a_source_of_tests_is_executed(tmp_path):
    mark = tmp_path / "mark"
    source = f"open({str(mark)!r}, 'w')\ndef check(candidate):\n    assert candidate(open({str(mark)!r}, 'w')) == 1\n"
    with pytest.raises(ValueError, match="none of its tests"):
        calls_in(source, {"candidate"})
    assert not mark.exists()


def test_a_test_without_literals_is_reported_when_the_data_is_read(tmp_path):
    row = json.loads((FIXTURES / "livecodebench.jsonl").read_text().splitlines()[2])
    deep = {"input": "1", "output": "[" * 200 + "]" * 200, "testtype": "functional"}
    (tmp_path / "rows.jsonl").write_text(json.dumps({**row, "private_test_cases": json.dumps([deep])}))
    with pytest.raises(DataError, match=r"of livecodebench \(ValueError: a test is not made of literals: 1 ->"):
        load_problems(str(tmp_path / "rows.jsonl"), "test")


@pytest.mark.parametrize(
    ("given", "value"), [("1", "three"), ("1 2", "3"), ("g(1)", "3"), ("1", "<a generator>"), ("1", "")]
)
def test_an_example_of_a_function_without_literals_is_no_problem(given, value):
    function = AskedFunction(entry_point="f")
    with pytest.raises(ValueError, match="public test 1 must consist of Python literals"):
        Problem(name="p", description="", function=function, public_tests=(PublicTest(input=given, output=value),))
    Problem(name="p", description="", public_tests=(PublicTest(input=given, output=value),))
