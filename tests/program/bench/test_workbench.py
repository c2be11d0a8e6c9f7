"""The workbench: what was run is remembered, and of all programs seen it knows the best."""

import pytest

from judge.verdict import TestCase, Verdict
from program.bench.workbench import Workbench
from program.problem import Problem, PublicTest
from program.rollout.trace import Best

RIGHT = "print(2 * int(input()))\n"
FIRST_ONLY = "print(2)\n"
NEVER = "print(0)\n"
CRASH = "raise ValueError\n"
AI_TESTS = [TestCase("3\n", "6\n"), TestCase("0\n", "0\n")]
# Right on the public tests, wrong on one or both of the AI tests.
NOT_ON_THREE = "n = int(input())\nprint(2 * n if n != 3 else -1)\n"
ONLY_PUBLIC = "n = int(input())\nprint(2 * n if n in (1, 2) else -1)\n"


def bench_with(problem, *programs, ai_tests=AI_TESTS) -> Workbench:
    bench = Workbench(problem)
    bench.add_ai_tests(ai_tests)
    for program in programs:
        bench.add(program, "first")
    return bench


def test_a_program_is_never_run_twice_on_a_test(double, runs):
    bench = bench_with(double, NEVER, RIGHT, FIRST_ONLY)
    for program in (RIGHT, FIRST_ONLY, NEVER, RIGHT):
        bench.results(program, bench.public[1:])
        bench.results(program, [*bench.ai[:1], *bench.public])
        bench.results(program, bench.ai)
        bench.distance(program)
    assert bench.best() == RIGHT
    assert len(runs) == len(set(runs)) == 3 * 4


def test_a_program_is_run_once_on_a_test_that_the_statement_gives_twice(double, runs):
    twice = double.model_copy(update={"public_tests": double.public_tests * 2})
    assert bench_with(twice).passes_all_public(RIGHT)
    assert len(runs) == 2


def test_results_come_in_the_order_of_the_tests(double, runs):
    bench = bench_with(double)
    bench.results(FIRST_ONLY, bench.public[1:])
    results = bench.results(FIRST_ONLY, [bench.ai[0], *bench.public])
    assert [result.verdict for result in results] == [Verdict.WA, Verdict.AC, Verdict.WA]


def test_every_run_is_in_the_account_and_only_runs(double, runs, trace):
    bench = bench_with(double)
    for _ in range(2):
        bench.results(FIRST_ONLY, bench.public)
        bench.results(RIGHT, [bench.ai[0], *bench.public])
    assert [(run.tests, run.verdicts) for run in trace.judge_runs] == [
        ("public", ["AC", "WA"]),
        ("public", ["AC", "AC"]),
        ("ai", ["AC"]),
    ]
    assert all(run.seconds > 0 for run in trace.judge_runs)
    assert trace.totals().judge_seconds == sum(run.seconds for run in trace.judge_runs)


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        pytest.param(NEVER, RIGHT, id="more public tests"),
        pytest.param("print(5, 2)\n" * 3, FIRST_ONLY, id="one public test instead of none"),
        pytest.param("n = int(input())\nprint(n * 2 if n != 1 else 3)\n", ONLY_PUBLIC, id="public before AI tests"),
        pytest.param(ONLY_PUBLIC, NOT_ON_THREE, id="some AI tests"),
        pytest.param(NOT_ON_THREE, RIGHT, id="all AI tests"),
        pytest.param("print(0)\nprint(0)\n", NEVER, id="fewer lines that differ"),
        pytest.param(CRASH, "print(0)\n" * 50, id="anything rather than a crash"),
        pytest.param("print(\n", NEVER, id="anything rather than no program"),
        pytest.param("print(2)\nraise ValueError\n", NEVER, id="what was printed before a crash does not count"),
    ],
)
def test_the_best_program_does_better(double, runs, worse, better):
    assert bench_with(double, worse, better).best() == better
    assert bench_with(double, better, worse).best() == better


def test_ai_tests_count_only_where_all_public_tests_pass(double, runs):
    likes_ai = "n = int(input())\nprint(2 * n if n != 2 else '0\\n0')\n"  # one public test, both AI tests
    closer = "n = int(input())\nprint(2 * n if n == 1 else 7)\n"  # one public test, fewer lines that differ
    assert bench_with(double, closer, likes_ai).best() == closer
    assert not [test for _, test in runs if test in AI_TESTS]  # so they are not even run


def test_of_equals_the_earliest_is_the_best(double, runs):
    again = "n = int(input())\nprint(n + n)\n"
    assert bench_with(double, RIGHT, again).best() == RIGHT
    assert bench_with(double, NEVER, again, NEVER, RIGHT).best() == again


def test_programs_are_taken_up_once_in_their_order_and_empty_ones_not_at_all(double, runs):
    bench = bench_with(double, NEVER, "", RIGHT, NEVER, " \n")
    assert bench.programs == [NEVER, RIGHT] and bench.passing() == [RIGHT]
    assert not bench.passes_all_public("")


def test_a_program_that_differs_in_comments_and_layout_only_is_one_that_is_known(double, runs):
    bench = bench_with(double, RIGHT)
    again = "# Now it is right.\nprint(2*int( input() ))  # twice\n"
    assert bench.known(again) == bench.add(again, "fix") == RIGHT and bench.programs == [RIGHT]
    assert bench.add(NEVER, "fix") == NEVER and bench.known(NEVER) == NEVER and bench.programs == [RIGHT, NEVER]


def test_a_test_that_counts_no_more_decides_nothing(double, runs):
    bench = bench_with(double, ONLY_PUBLIC, RIGHT)
    bench.anchor(RIGHT, bench.ai)
    assert bench.best() == RIGHT
    for test in list(bench.ai):
        bench.drop_ai_test(test)
    assert bench.best() == ONLY_PUBLIC and not bench.anchors


def test_anchors_are_the_tests_that_the_program_at_hand_passes(double, runs):
    bench = bench_with(double, FIRST_ONLY, RIGHT)
    first, second = bench.public
    bench.anchor(FIRST_ONLY, bench.public)
    assert bench.anchors == [first]
    bench.anchor(RIGHT, [bench.ai[0]])
    assert bench.anchors == [first, bench.ai[0]]
    bench.anchor("print(4)\n", [second])  # another program: what it does not pass is no anchor of it
    assert bench.anchors == [second]


def test_anchors_decide_before_other_ai_tests(double, runs):
    bench = bench_with(
        double, RIGHT, ai_tests=[TestCase("3\n", "7\n"), TestCase("4\n", "9\n"), TestCase("5\n", "10\n")]
    )
    likes_wrong_tests = "n = int(input())\nprint({3: 7, 4: 9, 5: 0}.get(n, 2 * n))\n"
    bench.anchor(RIGHT, bench.ai)
    bench.add(likes_wrong_tests, "first")
    assert bench.best() == RIGHT and [test.input for test in bench.anchors] == ["5\n"]
    bench.anchors = []
    assert bench.best() == likes_wrong_tests


def test_of_ai_tests_with_the_same_input_the_first_counts_and_public_ones_are_none(double, runs):
    bench = bench_with(double, ai_tests=[])
    bench.add_ai_tests([TestCase("3\n", "6\n"), TestCase("3\n", "7\n"), TestCase("1\n", "3\n")])
    bench.add_ai_tests([TestCase("3\n", "8\n"), TestCase("4\n", "8\n")])
    assert bench.ai == [TestCase("3\n", "6\n"), TestCase("4\n", "8\n")]


def test_nothing_fails_when_the_best_program_passes_every_test_there_is(double, runs):
    assert not bench_with(double).nothing_fails()
    assert not bench_with(double, FIRST_ONLY).nothing_fails()
    assert not bench_with(double, ONLY_PUBLIC).nothing_fails()
    assert bench_with(double, ONLY_PUBLIC, ai_tests=[]).nothing_fails()
    assert bench_with(double, ONLY_PUBLIC, RIGHT, NEVER).nothing_fails()


def test_every_change_of_the_best_program_is_entered(double, runs, trace):
    bench = bench_with(double, NEVER, FIRST_ONLY, NEVER, ONLY_PUBLIC, ai_tests=[])
    bench.add_ai_tests(AI_TESTS)
    bench.add(RIGHT, "first")
    changes = [event.code for event in trace.events if isinstance(event, Best)]
    assert changes == [NEVER, FIRST_ONLY, ONLY_PUBLIC, RIGHT]


def test_other_programs_are_run_every_time_and_are_no_candidates(double, runs, trace):
    bench = bench_with(double)
    for _ in range(2):
        assert [result.output for result in bench.run(NEVER, AI_TESTS, bench.limits)] == ["0\n", "0\n"]
    assert bench.run(NEVER, [], bench.limits) == [] and bench.programs == []
    assert len(runs) == 4 and [run.tests for run in trace.judge_runs] == ["other", "other"]


def test_without_programs_there_is_no_best(double):
    assert bench_with(double).best() == ""


def test_without_public_tests_the_ai_tests_decide(runs):
    bare = Problem(name="Bare", description="Print twice the number.")
    assert bench_with(bare, RIGHT, NEVER).best() == RIGHT
    assert bench_with(bare, NEVER, RIGHT, ai_tests=[]).best() == NEVER  # nothing tells them apart
    assert bench_with(bare).passes_all_public(CRASH)


def test_distance_counts_lines_that_differ_over_all_public_tests(runs):
    lines = Problem(
        name="Lines",
        description="",
        public_tests=(PublicTest(input="1", output="a\nb\nc\n"), PublicTest(input="2", output="a\n")),
    )
    bench = bench_with(lines)
    assert bench.distance("print('a\\nb\\nc')\n") == 2  # right on the first, two lines too many on the second
    assert bench.distance("print('a')\n") == 2
    assert bench.distance("print('x\\nb')\n") == 2 + 2
    assert bench.distance(CRASH) == 2000


def test_the_real_judge_stands_behind_it(double):
    bench = bench_with(double, RIGHT)
    verdicts = {code: bench.results(code, bench.public)[1].verdict for code in (RIGHT, FIRST_ONLY, CRASH, "print(\n")}
    assert list(verdicts.values()) == [Verdict.AC, Verdict.WA, Verdict.RE, Verdict.CE]
    assert bench.best() == RIGHT
