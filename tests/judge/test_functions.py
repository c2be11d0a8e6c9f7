"""Functions: the judge calls them with the arguments of a test and compares the value."""

import math
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from judge.calling import read
from judge.checker import Checker
from judge.judge import judge, run
from judge.literals import NoLiteral, arguments_of, value_of
from judge.sandbox.pool import PLAIN, Pool
from judge.value_texts import literal
from judge.values import same_value
from judge.verdict import JudgeError, Limits, Report, TestCase, Verdict

F = Checker(entry_point="f")


@pytest.fixture(scope="module", params=["best", "process"])
def pool(request):
    with warnings.catch_warnings(), Pool(1) as made:
        warnings.simplefilter("ignore", RuntimeWarning)
        if request.param == "process":
            made._isolation = PLAIN
        yield made


def called(pool: Pool, program: str, *tests: tuple[str, str], checker: Checker = F) -> Report:
    return judge(program, [TestCase(*test) for test in tests], Limits(), checker=checker, pool=pool)


LONG = [10**5000, [10**5000], [True, -(10**5000)], {"a": [10**5000]}, [10**4000]]
RIGHT = {
    "named and default arguments": ("def f(a, b=2): return a + b", ("1", "3"), ("1, b=5", "6"), ("b=1, a=2", "3")),
    "prints while it is imported and called": ("print('x')\ndef f(a):\n    print(9)\n    return a", ("1", "1")),
    "from __future__": ("from __future__ import annotations\ndef f(a: list[Unknown]): return a", ("[1]", "[1]")),
    "a main block that reads": (
        "def f(a): return a\nif __name__ == '__main__':\n    print(f(int(input())))",
        ("1", "1"),
    ),
    "input that reads nothing": ("import sys\ndef f(a): return sys.stdin.read()", ("1", "''")),
    "redefined names": (
        "print = open = len = None\nimport builtins\nbuiltins.isinstance = builtins.list = None\ndef f(a): return [a]",
        ("1", "[1]"),
    ),
    "standard output closed": ("import sys\nsys.stdout.close()\nsys.stdout = None\ndef f(a): return a", ("1", "1")),
    "a method": ("class Solution:\n    def f(self, a): return self.g(a)\n    def g(self, a): return a * 2", ("2", "4")),
    "an alias of a method": ("class S:\n    def g(self, a): return a\nf = S().g", ("2", "2")),
    "NumPy's numbers": ("import numpy\ndef f(a): return [numpy.float64(a) / 3, numpy.int64(a)]", ("1", "[1/3, 1]")),
    "subclasses": (
        "import collections\ndef f(a): return collections.Counter(a), collections.namedtuple('P', 'x')(1), True",
        ("'aab'", "({'a': 2, 'b': 1}, (1,), 1)"),
    ),
    "huge numbers": ("def f(n): return -(3 ** n)", ("30000", hex(-(3**30000)))),
    "what is not finite": ("def f(a): return [a, -a, complex(a, 1)]", ("inf", "[inf, -inf, complex(inf, 1)]")),
    "sets in sets and as keys": (
        "def f(a):\n    a |= {frozenset({(1, 'x')})}\n    return {frozenset(a): a}, frozenset()",
        (
            "{frozenset({1}), frozenset()}",
            "({frozenset({frozenset({1}), frozenset(), frozenset({(1, 'x')})}): "
            "{frozenset(), frozenset({(1, 'x')}), frozenset({1})}}, set())",
        ),
    ),
    "what equals a plain value": (
        "from collections import ChainMap, UserDict, UserList\nfrom types import MappingProxyType\n"
        "def f(a): return {1: ChainMap({1: 2}, {3: 4}), 2: UserList([1, (2,)]), 3: MappingProxyType({1: 2}), "
        "4: [UserDict(a=UserList())]}[a]",
        ("1", "{1: 2, 3: 4}"),
        ("2", "[1, (2,)]"),
        ("3", "{1: 2}"),
        ("4", "[{'a': []}]"),
    ),
    "integers with many digits, wherever they are": (
        "def f(a): return {0: 10**5000, 1: [10**5000], 2: [True, -10**5000], 3: {'a': [10**5000]}, 4: [10**4000]}[a]",
        *((str(place), literal(value)) for place, value in enumerate(LONG)),
    ),
    "deep recursion": ("def f(n): return f(n - 1) + 1 if n else 0", ("900", "900")),
    "dataclasses and pickles of its own classes": (
        "import copy, dataclasses, pickle\n@dataclasses.dataclass\nclass P:\n    x: 'int'\n"
        "def f(a): return pickle.loads(pickle.dumps(copy.deepcopy(P(a)))).x",
        ("1", "1"),
    ),
}


@pytest.mark.parametrize("case", RIGHT)
def test_the_value_of_a_call_is_compared(pool, case):
    program, *tests = RIGHT[case]
    tests = [(given, expected.replace("1/3", repr(1 / 3))) for given, expected in tests]
    checker = Checker(entry_point="Solution.f") if "class Solution" in program else F
    report = called(pool, program, *tests, checker=checker)
    assert report.all_passed and not any(result.error for result in report.results), report.results


WRONG = {
    "exit while it is imported": ("print(1)\nexit(0)\ndef f(a): return 1", Verdict.RE, "before the function returned"),
    "exit in the call": ("def f(a):\n    print(1)\n    exit(0)", Verdict.RE, "before the function returned"),
    "a hard exit": ("import os\ndef f(a):\n    print(1)\n    os._exit(0)", Verdict.RE, "before the function returned"),
    "no such function": ("def g(a): return 1", Verdict.RE, "The program defines no function 'f'."),
    "prints in place of returning": ("def f(a): print(1)", Verdict.WA, ""),
    "says that it equals everything": (
        "class A(int):\n    __eq__ = lambda *_: True\n    __repr__ = lambda _: '1'\ndef f(a): return A(2)",
        Verdict.WA,
        "",
    ),
    "too many arguments": ("def f(): return 1", Verdict.RE, "takes 0 positional arguments but 1 was given"),
    "an exception": ("def f(a):\n    b = 0\n    return a / b", Verdict.RE, 'program.py", line 3, in f'),
    "another margin": ("def f(a):\n    return 1\n  x = 2", Verdict.CE, "line 3"),
    "an endless loop": ("def f(a):\n    while True: pass", Verdict.TLE, ""),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_call_without_the_value_has_failed_and_says_why(pool, case):
    program, verdict, said = WRONG[case]
    limits = Limits(seconds=1)
    (result,) = judge(program, [TestCase("1", "1")], limits, checker=F, pool=pool).results
    assert result.verdict is verdict and said in result.error, result


@pytest.mark.parametrize(
    ("comparison", "value", "verdict"),
    [
        *(
            ("sets", value, Verdict.AC)
            for value in ("filter(None, [1, 2, 0])", "(x for x in [2, 1, 1])", "{1: 0, 2: 0}")
        ),
        *(("sets", value, Verdict.AC) for value in ("{0: 1, 3: 2}.values()", "range(1, 3)", "deque([1, 2])", "(1, 2)")),
        *(("sets", value, Verdict.WA) for value in ("filter(None, [1, 3])", "range(0)", "'12'")),
        *(("sets", value, Verdict.RE) for value in ("12", "None", "[[1], [2]]")),
        *(
            ("truth", value, Verdict.AC)
            for value in ("deque([0])", "range(1)", "'a'", "object()", "re.search('a', 'a')")
        ),
        *(("truth", value, Verdict.WA) for value in ("deque()", "range(0)", "UserList()", "''", "0.0", "None")),
    ],
)
def test_a_value_without_a_literal_counts_by_its_items_or_its_truth(pool, comparison, value, verdict):
    """As the harnesses write it: `set(out) == set(exp)` and `assert f(1)`."""
    program = f"import re\nfrom collections import UserList, deque\ndef f(a): return {value}"
    expected = "[2, 1]" if comparison == "sets" else "True"
    checker = Checker(entry_point="f", comparison=comparison)
    assert called(pool, program, ("1", expected), checker=checker).verdict is verdict
    if comparison == "truth" and verdict is not Verdict.RE:
        turned = called(pool, program, ("1", "False"), checker=checker).verdict
        assert turned is (Verdict.WA if verdict is Verdict.AC else Verdict.AC)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("(x for x in [a])", "<a generator>"),
        ("[object()]", "[<an object>]"),
        ("type('A', (), {'__repr__': lambda s: '1'})()", "<an A>"),
        ("f", "<a function>"),
        ("__import__('collections').deque([a])", "<a deque>"),
        ("(lambda d: d.append(d) or d)([])", "[" * 91 + "<too deep>" + "]" * 91),
    ],
)
def test_what_is_no_value_is_a_wrong_answer_in_clear_words(pool, value, shown):
    (result,) = called(pool, f"def f(a): return {value}", ("1", "1")).results
    assert (result.verdict, result.output) == (Verdict.WA, shown)


def test_nothing_of_the_expected_value_is_in_the_candidates_process(pool):
    # All that its process holds, objects and its open files, is searched for.
    program = """
import gc, os, sys
def f(a):
    texts = [each for each in gc.get_objects() if isinstance(each, (list, tuple, dict))]
    word = "word".join(["secret", ""])
    found = [0 for each in texts if word in map(str, list(each)[:50])]
    return len(found)
"""
    (result,) = called(pool, program, ("1", "'secretword'")).results
    assert (result.verdict, result.output) == (Verdict.WA, "0")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.sets(st.integers() | st.frozensets(st.integers(), max_size=2), max_size=3)
        | st.dictionaries(
            st.frozensets(st.integers() | st.text(max_size=1), max_size=2) | st.integers(), inner, max_size=2
        )
    ),
    max_leaves=12,
)


@given(values)
@settings(max_examples=200, deadline=None)
def test_a_value_survives_its_text(value):
    assert literal(value_of(literal(value))) == literal(value)
    given, named = arguments_of(literal([value])[1:-1])
    assert literal(given) == literal([value]) and not named


NO_VALUE = (SyntaxError, NameError, TypeError, LookupError, ValueError)


def evaluated(text: str) -> object:
    """What Python reads, or None."""
    try:
        return eval(f"(lambda *given: given)({text}\n)")
    except NO_VALUE:
        return None


numbers = st.recursive(st.integers() | st.floats(allow_nan=False, allow_infinity=False), st.lists, max_leaves=12)


@given(st.lists(numbers).map(lambda each: str(each)[1:-1]) | st.text("0123456789-.eE,[] \n", max_size=12))
@example("5.")
@example("[1, 2,],")
@example("01")
@example("1 2")
@example("")
@settings(max_examples=500, deadline=None)
@pytest.mark.filterwarnings("ignore::SyntaxWarning")  # "1[2]"
def test_arguments_without_names_are_read_as_python_reads_them(text):
    try:
        given, named = read(text.encode())
    except NO_VALUE:
        assert evaluated(text) is None
    else:
        assert repr(given) == repr(evaluated(text)) and not named


@given(st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_value_or_none(text):
    try:
        value = value_of(text)
    except NoLiteral:
        assert not same_value(text, text)
    else:
        assert literal(value_of(literal(value))) == literal(value)


SAME = [
    ("1", "1.0", {}),
    ("True", "1", {}),
    ("0.3", "0.30000000000000004", {}),
    ("[0.1, 0.2]", "(0.1000000001, 0.2)", {}),
    ("nan", "nan", {}),
    ("[inf, 1.0]", "[inf, 1.0000001]", {}),
    ("{2, 1}", "{1, 2}", {}),
    ("2.5", "2.50009", {"tolerance": 1e-4}),
    ("[[1.0], [2]]", "[[1], [2.00001]]", {"tolerance": 1e-4}),
    ("(1, [2])", "[1, (2,)]", {"comparison": "sequences"}),
    ("[1, 2, 2]", "(2, 1)", {"comparison": "sets"}),
    (repr([1, 2] * 2000), "(2, 1)", {"comparison": "sets"}),
    ("{frozenset({1, 2}), frozenset()}", "{frozenset(), frozenset({2, 1})}", {}),
    ("frozenset({1})", "{1}", {}),
    ("'x'", "True", {"comparison": "found"}),
    ("None", "False", {"comparison": "found"}),
    ("<a Match>", "True", {"comparison": "found"}),
    ("[<a Match>]", "True", {"comparison": "found"}),
    ("0", "True", {"comparison": "found"}),
    (repr("x" * 5000), "True", {"comparison": "found"}),
    ("None", "False", {"comparison": "truth"}),
    ("''", "False", {"comparison": "truth"}),
    ("-0.0", "[]", {"comparison": "truth"}),
    ("<a Match>", "True", {"comparison": "truth"}),
    (repr([0] * 5000), "True", {"comparison": "truth"}),
]
DIFFERENT = [
    ("1", "'1'", {}),
    ("[1, 2]", "(1, 2)", {}),
    ("1.001", "1.0", {}),
    ("[1, 0.2]", "[1, 0.20000001]", {}),  # not a flat list of numbers with fractions: exactly
    ("[1.0]", "1.0", {}),
    ("[3]", "3", {"comparison": "boxed"}),
    ("1", "[1, 2]", {"comparison": "boxed"}),
    ("[1.0]", "[1.0, 1.0]", {}),
    ("nan", "1.0", {}),
    ("None", "1.0", {"tolerance": 0.1}),
    ("1e999", "1.0", {"tolerance": 0.1}),
    ("<a generator>", "[1]", {}),
    ("", "None", {}),
    ("__import__('os')", "1", {}),
    ("[" * 5000, "1", {}),
    ("1" * 100_000, "1", {}),
    ("1", "[1]", {"comparison": "sets"}),
    (repr([1, 2] * 2000), "[1, 2]", {}),
    ("{frozenset({1})}", "{frozenset({2})}", {}),
    ("None", "True", {"comparison": "found"}),
    ("False", "True", {"comparison": "found"}),
    ("<a Match>", "False", {"comparison": "found"}),
    ("no value", "no value", {"comparison": "found"}),
    ("<a Match>", "False", {"comparison": "truth"}),
    ("[0]", "False", {"comparison": "truth"}),
    ("()", "True", {"comparison": "truth"}),
]


@pytest.mark.parametrize("expected", ["", "three", "<a generator>", "[1", "len('abc')"])
@pytest.mark.parametrize("code", ["def f():\n    return 3\n", "def f():\n    return (each for each in ())\n"])
def test_an_expected_text_that_is_no_value_makes_no_answer_wrong(code, expected):
    for more in ({}, {"stop_at_failure": True}):
        with pytest.raises(JudgeError, match=r"the expected value of test 0 is not a literal: "):
            judge(code, [TestCase("", expected)], Limits(), checker=F, **more)
    crashed = judge("def f():\n    return 1 / 0\n", [TestCase("", expected)], Limits(), checker=F)
    assert crashed.verdict is Verdict.RE, "nothing was compared"


def test_functions_and_programs_run_where_nothing_is_expected():
    code = "def f(n):\n    return 6 // n if n else iter(())\n"
    assert [(each.verdict, each.output) for each in run(code, ["2", "0"], Limits(), checker=F)] == [
        (Verdict.AC, "3"),
        (Verdict.AC, "<a tuple_iterator>"),
    ]
    assert run("print(1 / int(input()))", ["0\n", "1\n"], Limits())[0].verdict is Verdict.RE
    assert run(code, [], Limits(), checker=F) == []


@pytest.mark.parametrize(("actual", "expected", "how"), SAME)
def test_the_same_values(actual, expected, how):
    assert same_value(actual, expected, **how)


@pytest.mark.parametrize(("actual", "expected", "how"), DIFFERENT)
def test_different_values(actual, expected, how):
    assert not same_value(actual, expected, **how)


def test_numbers_are_close_as_numpy_has_it():
    np = pytest.importorskip("numpy")
    for want in (0.0, 1.0, 1e6, -3e9):
        for difference in (0.0, 0.9e-6, 1.1e-6, 0.1 * abs(want) * 1e-6, 2e-7 * abs(want)):
            got = want + difference
            assert same_value(repr(got), repr(want)) == bool(np.allclose(got, want, rtol=1e-7, atol=1e-6)), (got, want)
    assert math.isinf(value_of("inf"))


def test_a_value_with_far_more_items_is_not_read(monkeypatch):
    monkeypatch.setattr("judge.values.value_of", lambda text: pytest.fail("it takes hundreds of bytes an item"))
    assert not same_value(f"[{'1, ' * 100_000}]", f"[{'123456789, ' * 10_000}]")
