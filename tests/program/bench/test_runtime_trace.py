"""The runtime trace: the last lines a program ran, with what they changed, under the real judge."""

import pytest

from judge.verdict import Limits, TestCase
from program.bench.runtime_trace import MAX_CHARACTERS, last_steps
from program.bench.workbench import Workbench
from program.problem import Problem

TEST = TestCase("3\n", "6\n")
LOOP = "n = int(input())\ntotal = 0\nfor i in range(n):\n    total += i\nprint(total)\n"


@pytest.fixture(scope="module")
def bench():
    return Workbench(Problem(name="Traced", description=""))


def traced(bench, code: str, count: int = 50, depth: int = 4) -> list[str]:
    return last_steps(code, TEST, bench, count, depth).splitlines()


def test_a_trace_shows_lines_in_the_order_they_ran_with_the_values_they_changed(bench):
    assert traced(bench, LOOP) == [
        "1: n = int(input())  # n = 3",
        "2: total = 0  # total = 0",
        "3: for i in range(n):  # i = 0",
        "4: total += i",
        "3: for i in range(n):  # i = 1",
        "4: total += i  # total = 1",
        "3: for i in range(n):  # i = 2",
        "4: total += i  # total = 3",
        "3: for i in range(n):",
        "5: print(total)",
    ]


def test_only_the_last_lines_are_shown(bench):
    assert traced(bench, LOOP, count=2) == ["3: for i in range(n):", "5: print(total)"]
    assert traced(bench, LOOP, count=0) == []


def test_a_program_that_stops_with_an_error_shows_where(bench):
    steps = traced(bench, "def f(x):\n    return 1 / x\nf(0)\n")
    assert steps[-2:] == ["3: f(0)  # x = 0", "2: return 1 / x"]


def test_calls_are_followed_as_deep_as_is_asked_for(bench):
    nested = "def f(n):\n    m = n + 1\n    return f(m) if m < 9 else m\nf(0)\n"
    followed = {depth: sum("m = n + 1" in line for line in traced(bench, nested, depth=depth)) for depth in (1, 2, 4)}
    assert followed == {1: 1, 2: 2, 4: 4}


def test_what_the_library_does_is_not_shown(bench):
    assert traced(bench, "import json\nx = json.dumps([1])\n") == [
        "1: import json",
        "2: x = json.dumps([1])  # x = '[1]'",
    ]


@pytest.mark.parametrize("code", ["print(\n", "import os\nos._exit(0)\n"], ids=["no Python", "gone at once"])
def test_where_there_is_nothing_to_show_nothing_is_shown(bench, code):
    assert traced(bench, code) == []


def test_a_program_that_does_not_end_has_no_trace(bench):
    hurried = Workbench(Problem(name="Traced", description=""))
    hurried.limits = Limits(seconds=0.5, wall_factor=4)
    assert last_steps("while True:\n    pass\n", TEST, hurried, 10, 4) == ""


def test_a_program_may_leave_early_print_marks_of_its_own_and_have_odd_line_ends(bench):
    assert traced(bench, "import sys\nsys.exit(1)\n")[-1] == "2: sys.exit(1)"
    assert (
        traced(bench, "import sys\nsys.stderr.write('== last steps == begin\\n')\nx = 1\n")[-1] == "3: x = 1  # x = 1"
    )
    assert traced(bench, "a = 'x\x0cy\u2028z'\nb = 2\n")[-1] == "2: b = 2  # b = 2"


def test_values_that_cannot_be_shown_do_not_end_the_program(bench):
    code = "class Shy:\n    def __repr__(self):\n        raise ValueError\nx = [Shy()]\ny = 1\n"
    assert traced(bench, code)[-2:] == ["4: x = [Shy()]  # x = ?", "5: y = 1  # y = 1"]


def test_long_values_and_long_traces_are_cut(bench):
    assert traced(bench, "x = list(range(1000))\n") == [
        f"1: x = list(range(1000))  # x = {str(list(range(99)))[:36]} ..."
    ]
    long = traced(bench, "".join(f"name_{n} = 'some text of line {n}'\n" for n in range(190)), count=200)
    assert len("\n".join(long)) <= MAX_CHARACTERS and long[-1].startswith("190: name_189 = ")


def test_the_run_is_entered_in_the_account(bench, trace):
    traced(bench, LOOP)
    (run,) = trace.judge_runs
    assert run.tests == "other" and run.seconds > 0
