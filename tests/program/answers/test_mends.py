"""Repairs that cost no call: each where something speaks for it, each a program that does what was meant."""

import contextlib
import io
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from program.answers import mends
from program.answers.mends import mended
from program.answers.scopes import facts_of
from program.answers.syntax import is_python, same_program, syntax_tree


def run(code, given=""):
    """What a program prints."""
    printed = io.StringIO()
    stdin, sys.stdin = sys.stdin, io.StringIO(given)
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "<program>", "exec"), {"__name__": "__main__"})
    finally:
        sys.stdin = stdin
    return printed.getvalue()


@pytest.mark.parametrize(
    ("code", "labels"),
    [
        ("print(math.floor(0.5) + int(input()))", [mends.IMPORTED]),
        ("q = deque(map(int, input().split()))\nprint(sum(q))", [mends.IMPORTED]),
        ("print(sum(map(int, sys.stdin.read().split())))", [mends.IMPORTED]),
        ("print(sum(map(int, stdin.read().split())))", [mends.IMPORTED]),
        ('"""Sum."""\nfrom __future__ import annotations\nprint(reduce(gcd, [15, int(input())]))', [mends.IMPORTED]),
        ("def f(a: List[int]) -> Optional[int]:\n    return sum(a)\nprint(f([int(input())]))", [mends.IMPORTED]),
        ("h = [5]\nheapq.heapify(h)\nheappush(h, 6)\nprint(int(input()))", [mends.IMPORTED]),
        ("print(bisect([1, 2], 1) * 5)", [mends.IMPORTED]),
        ("print(int(raw_input()))", [mends.PYTHON_2]),
        ("def main():\n    print(int(input()))", [mends.CALLED]),
        ("def helper(a):\n    return a\ndef solve():\n    print(helper(int(input())))\n", [mends.CALLED]),
        ("def solve():\n    return int(input())\n", [mends.CALLED]),
        ("def answer():\n    print(int(input()))\n", [mends.CALLED]),
        ("def main():\n    print(int(input()))\nif __name__ == 'main':\n    main()\n", [mends.CALLED]),
        (
            "sys.setrecursionlimit(9000)\ndef main():\n    print(sum(map(int, sys.stdin)))",
            [mends.IMPORTED, mends.CALLED],
        ),
    ],
)
def test_what_was_forgotten_is_added(code, labels):
    *_, last = mended(code)
    assert list(last.labels) == labels and run(last.code, "5\n") == "5\n"


@pytest.mark.parametrize(
    "code",
    [
        "import math\nprint(math.pi)",
        "print(unknown(5))",
        "def main():\n    print(5)\nmain()\n",
        "def main():\n    print(5)\nif __name__ == '__main__':\n    main()\n",
        "def f(a):\n    return a\ndef g(a):\n    return a\n",
        "def f(): return 1\ndef g(): return 2\n",
        "print(",
        "from math import *\nprint(floor(2))",
        "try:\n    raw_input\nexcept NameError:\n    pass\nprint(5)",
        "math = 5\nprint(math)",
    ],
)
def test_nothing_is_guessed(code):
    assert list(mended(code)) == []


ADD = "def add(a, b):\n    return a + b"


@pytest.mark.parametrize(
    ("code", "arity", "called"),
    [
        ("def add(a, b):\n    return a + b", 2, "entry(1, 2)"),
        ("def helper(a):\n    return a\ndef add(a, b):\n    return helper(a) + b", 2, "entry(1, 2)"),
        ("def helper(a, b):\n    return a + b\ndef add(a, b):\n    return helper(a, b)", 2, "entry(1, 2)"),
        ("def add(*numbers):\n    return sum(numbers)", 2, "entry(1, 2)"),
        ("class Solution:\n    def add(self, a, b):\n        return a + b", 2, "entry(1, 2)"),
        ("class Solution:\n    @staticmethod\n    def add(a, b):\n        return a + b", 2, "entry(1, 2)"),
        ("class Node:\n    pass\nclass Solution:\n    def add(self, a, b):\n        return a + b", 2, "entry(1, 2)"),
        ("add = lambda a, b: a + b", 2, "entry(1, 2)"),
        ("def En_Try(a, b):\n    return a + b\ndef other(a, b):\n    return 0", None, "entry(1, 2)"),
    ],
)
def test_a_function_gets_the_name_asked_for(code, arity, called):
    *_, last = mended(code, "entry", arity)
    assert last.labels == (mends.ALIASED,) and run(f"{last.code}\nprint({called})") == "3\n"


@pytest.mark.parametrize(
    "code", ["def a(x):\n    pass\ndef b(x):\n    pass", "def a(x):\n    pass", "def entry(): pass"]
)
def test_a_function_that_does_not_fit_gets_no_name(code):
    assert list(mended(code, "entry", 2 if "def b" not in code else 1)) == []


@pytest.mark.parametrize(
    ("code", "called"),
    [
        ("def add(self, a, b):\n    return a + b", "Solution().add(1, 2)"),
        ("def one(self, a):\n    return a\ndef add(self, a, b):\n    return self.one(a) + b", "Solution().add(1, 2)"),
        ("def add(a, b):\n    return a + b", "Solution().add(1, 2)"),
        ("import math\n\ndef add(a, b):\n    return math.fsum([a, b])", "int(Solution().add(1, 2))"),
        ("class Sol:\n    def add(self, a, b):\n        return a + b", "Solution().add(1, 2)"),
        ("class Answer:\n    def Add(self, a, b):\n        return a + b", "Solution().add(1, 2)"),
        ("class Solution:\n    def add_up(self, a, b):\n        return a + b", "Solution().add(1, 2)"),
        (
            "class Solution:\n    def one(self, a):\n        return a\n    def Add(self, a, b):\n        return a + b",
            "Solution().add(1, 2)",
        ),
        ("def ADD(a, b):\n    return a + b\ndef one(a):\n    return a", "Solution().add(1, 2)"),
        ("def total(self, a, b):\n    return a + b", "Solution().add(1, 2)"),
    ],
)
def test_a_method_without_its_class_gets_it(code, called):
    *_, last = mended(code, "Solution.add", 2)
    assert last.labels == (mends.ALIASED,) and run(f"{last.code}\nprint({called})") == "3\n"


@pytest.mark.parametrize(
    "driver",
    [
        "a, b = map(int, input().split())\nprint(add(a, b))",
        "import sys\nfor line in sys.stdin:\n    print(add(*map(int, line.split())))",
        "assert add(1, 1) == 3",
        "print(add('1', 2))",
        "import unittest\n\nclass Tests(unittest.TestCase):\n    pass\n\nunittest.main()",
        "total = int(input())\nfor _ in range(total):\n    x = total\n    print(add(x, x))",
        "result = add('1', 2)",
        "def main():\n    print(add(*input().split()))\n\nmain()",
        "import sys\ndata = sys.stdin.read().split()\nn = int(data[0])\nb = int(data[1])\nprint(add(n, b))",
        "import sys\ndata = sys.stdin.read().split()\nit = iter(data)\nn = int(next(it))\nprint(n)",
        "n, k = map(int, input().split())\nidx = list(range(n))\nprint(idx)",
        "rows = []\nfor _ in range(int(input())):\n    rows.append(int(input()))\nbest = max(rows)\nprint(best)",
        "def check():\n    assert add(1, 1) == 3\n\ncheck()",
        "import sys\nsys.exit(add(1, 2))",
        "if True:\n    print(add(*input().split()))",
    ],
)
def test_code_that_runs_the_function_is_cut(driver):
    """A test of a function has no input for it, and an example of its own may fail."""
    fixed = "import math\nBASE = 10 ** 9\nTABLE = [0]\nfor n in range(3):\n    TABLE.append(n)\n\n"
    filled = "def fill(a):\n    print('filled', end='')\n    return [a]\n\nTABLE += fill(7)\n"
    code = f"{fixed}{filled}{ADD}\n\n{driver}\n"
    *_, last = mended(code, "add", 2)
    assert last.labels == (mends.DRIVER_CUT,)
    assert run(f"{last.code}\nprint(add(1, 2), BASE, TABLE)") == "filled3 1000000000 [0, 0, 1, 2, 7]\n"


@pytest.mark.parametrize(
    "code", ["def add(a, b):\n    return a + b", "X = [1]\nX.sort()\ndef add(a, b):\n    return X"]
)
def test_where_nothing_runs_the_function_nothing_is_cut(code):
    assert list(mended(code, "add", 2)) == []


@pytest.mark.parametrize(
    ("asks", "bare"),
    [
        ("n = int(input('Enter n: '))", "n = int(input())"),
        ('a, b = input("é a: "), input(f"b {1}: ")', "a, b = input(), input()"),
        ("n = int(input())", ""),
    ],
)
def test_texts_that_ask_for_input_are_no_output(asks, bare):
    found = [each.code for each in mended(f"{asks}\nprint(3)\n")]
    assert found == ([f"{bare}\nprint(3)\n"] if bare else [])


# What a program needs


@pytest.mark.parametrize(
    ("code", "undefined"),
    [
        ("print(a)", ("a",)),
        ("def f():\n    global a\n    a = 1\nf()\nprint(a)", ()),
        ("print([x for x in range(3) if x])", ()),
        ("class A:\n    b = 1\n    def f(self):\n        return b", ("b",)),
        ("def f(a, *b, c=1, **d):\n    return lambda e: (a, b, c, d, e, g)", ("g",)),
        ("import os.path as p\nfrom math import floor as fl\nprint(p, fl, __name__)", ()),
        ("for i, (j, k) in []:\n    pass\nwith open(0) as h:\n    print(i, j, k, h)", ()),
        ("if (n := 5) > 2:\n    print(n)", ()),
        ("match 5:\n    case [x, *y]:\n        print(x, y)\n    case z:\n        print(z)", ()),
        ("globals()['a'] = 1\nprint(a)", ()),
        ("from unknown import *\nprint(a)", ()),
        ("try:\n    print(a)\nexcept ValueError as e:\n    print(e)", ("a",)),
    ],
)
def test_undefined_names(code, undefined):
    assert facts_of(code).undefined == undefined


@pytest.mark.parametrize(
    "code",
    [
        "input()",
        "from sys import stdin",
        "import sys as s\ns.stdin.buffer.readline()",
        "print(open(0).read())",
        "open('/dev/stdin')",
        "import os\nos.read(0, 9)",
        "import fileinput",
        "read = input",
        "raw_input()",
    ],
)
def test_reading_input_is_seen(code):
    assert facts_of(code).reads_input
    assert not facts_of("import sys\nprint(sys.argv, open('a'))").reads_input


# The same program

PROGRAM = "import sys\n\n\ndef f(a, b=(1, 2)):\n    '''Doc.'''\n    return a + b[0] - -0.0\n\n\nprint(f(5), 'a')\n"


@pytest.mark.parametrize(
    "other",
    [
        "# what was wrong\n" + PROGRAM,
        PROGRAM.replace("\n\n\n", "\n"),
        PROGRAM.replace("    return", "        # deep\n    return"),
        PROGRAM.replace("'a'", '"a"').replace("(1, 2)", "(\n1,\n2,\n)"),
        PROGRAM.replace("\n    ", "\n  "),
        PROGRAM.replace("import sys\n", "import sys;"),
    ],
)
def test_comments_and_layout_make_no_other_program(other):
    assert same_program(PROGRAM, other) and same_program(other, PROGRAM)


@pytest.mark.parametrize(
    "other",
    [
        PROGRAM.replace("5", "6"),
        PROGRAM.replace("5", "5.0"),
        PROGRAM.replace("-0.0", "0.0"),
        PROGRAM.replace("Doc", "Another"),
        PROGRAM.replace("a + b[0]", "b[0] + a"),
        PROGRAM + "print()\n",
        "print(",
    ],
)
def test_another_program_is_another(other):
    assert not same_program(PROGRAM, other)


def test_long_sums_and_broken_programs_are_compared():
    long = "print(" + "+".join(["1"] * 900) + ")"
    assert same_program(long, f"# a\n{long}") and not same_program(long, long.replace("1+1)", "1+2)"))
    assert same_program("print(", "print(\n") and not same_program("print(", "print((")


def test_trees_may_be_built_in_many_threads():
    barrier = threading.Barrier(8)
    code = "\n".join(
        f"def f{n}(a):\n    return [a + {n} for a in range({n}) if (a, {n}) != (1, [{n}])]" for n in range(60)
    )

    def build(_):
        barrier.wait()
        return [same_program(code, f"# a\n{code}") for _ in range(4)]

    with ThreadPoolExecutor(8) as pool:
        assert all(all(each) for each in pool.map(build, range(8)))


@settings(deadline=None, max_examples=100, database=None, derandomize=True)
@given(st.lists(st.sampled_from(["math.pi", "deque()", "sys.argv", "x", "main()", "Counter(a)", "f'{b}'"]), max_size=4))
def test_repairs_end_in_python_with_fewer_names_undefined(parts):
    code = "\n".join(["def main():\n    return 1", *(f"y = {part}" for part in parts)])
    before = facts_of(code)
    for each in mended(code):
        assert is_python(each.code) and set(facts_of(each.code).undefined) <= set(before.undefined)
        assert syntax_tree(each.code).body
