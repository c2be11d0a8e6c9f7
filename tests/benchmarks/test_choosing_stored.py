"""The choice among the programs of stored rollouts."""

import numpy as np
import pytest

from benchmarks.choosing import simulated, stored
from benchmarks.choosing.cases import FIRST, ORACLE, RANDOM, TODAY
from benchmarks.choosing.edge_inputs import edge_inputs
from benchmarks.choosing.selectors import SELECTORS
from eval.data.load import load_problems
from program.bench.behaviours import CRASHED
from program.problem import AskedFunction, Problem, PublicTest
from program.rollout.trace import Best, Call, JudgeRun, name_of
from program.rollout.trace import TestRun as Ran
from tests.support.packs import isolate, number_task, printed, write_pack
from tests.support.rollouts import new_program, rollout, store

TWICE = number_task("Twice", lambda n: 2 * n, "2 * n")
RIGHT, WRONG = TWICE.right, TWICE.wrong  # wrong from 10 on, which the public inputs 3 and 7 do not show
ALSO_RIGHT = "print(int(input()) * 2)\n"
FAILS = "print(6)\n"


@pytest.fixture
def problems(tmp_path, monkeypatch):
    isolate(monkeypatch, tmp_path / "cache")
    return load_problems(str(write_pack(tmp_path / "data", test=[TWICE])), "test")


def answer(code: str, stage: str = "SolveDirectly") -> Call:
    return Call(stage=stage, answer=f"```python\n{code}```")


def sampled(answers: list[str], inputs: list[str] = [], *, sample: int = 0):  # noqa: B006
    """A rollout that sampled these programs, ran the first on AI tests, and submitted it."""
    distinct = [*dict.fromkeys(answers)]
    runs = [Ran(input=text, expected="0\n", verdict="WA") for text in inputs]
    events = [
        Best(program=name_of(distinct[0]), code=distinct[0]),
        *(JudgeRun(tests="public", program=name_of(code), verdicts=[], code=code) for code in distinct),
        *(new_program(code, "first") for code in distinct),
        *map(answer, answers),
        answer("print(0)\n", "WriteGenerator"),
        JudgeRun(tests="ai", program=name_of(distinct[0]), verdicts=[], code=distinct[0], runs=runs),
    ]
    return rollout("Twice", sample=sample, code=distinct[0], events=events)


def draws(tmp_path, *rollouts):
    folder = store(tmp_path / "run", rollouts)
    return [stored.draws_of(folder, each, Problem(name="Twice", description="")) for each in rollouts]


def test_a_program_is_there_as_often_as_it_was_sampled(tmp_path):
    (found,) = draws(tmp_path, sampled([WRONG, RIGHT, RIGHT], ["12\n", "1" * 2000]))
    assert found.programs == (WRONG, RIGHT, RIGHT) and found.inputs == ("12\n",) and found.answer == WRONG


def test_a_rollout_without_a_trace_has_the_program_that_it_handed_in(tmp_path):
    assert draws(tmp_path, rollout("Twice", code=RIGHT))[0].programs == (RIGHT,)
    assert draws(tmp_path, rollout("Twice", code=""))[0].programs == ()


def test_rollouts_together_know_a_program_that_differs_in_layout(tmp_path):
    first, second = sampled([RIGHT], ["5\n"]), sampled([f"{RIGHT}# the same\n", WRONG], ["5\n", "6\n"], sample=1)
    found = stored.together(draws(tmp_path, first, second))
    assert found.programs == (RIGHT, RIGHT, WRONG) and found.inputs == ("5\n", "6\n") and found.answer is None


def test_programs_are_judged_again_and_inputs_tell_them_apart(tmp_path, problems):
    (found,) = draws(tmp_path, sampled([WRONG, FAILS, RIGHT, RIGHT, ALSO_RIGHT], ["50\n", "word\n"]))
    case = stored.case_of(found, problems.problem("Twice"), problems)
    assert case and case.right.tolist() == [False, True, True, True] and not case.today and case.contested
    assert case.behaviours[stored.AI].tolist() == [[0, CRASHED], *[[1, CRASHED]] * 3]
    solved = case.solved()
    assert (solved[ORACLE], solved[TODAY], solved[FIRST], solved[RANDOM]) == (1, 0, 0, 0.75)
    assert all(solved[f"{name}, {stored.AI}"] for name in SELECTORS)


def test_without_two_programs_that_pass_there_is_no_choice(tmp_path, problems):
    for answers in ([RIGHT, FAILS], [FAILS], [RIGHT, RIGHT]):
        found = draws(tmp_path / str(len(answers) + (RIGHT in answers)), sampled(answers))
        assert stored.case_of(found[0], problems.problem("Twice"), problems) is None


def test_the_command_prints_a_table_for_rollouts_and_one_for_all_draws(tmp_path, problems, monkeypatch):
    rollouts = [sampled([WRONG, RIGHT, ALSO_RIGHT], ["50\n"]), sampled([RIGHT, FAILS], sample=1)]
    data = {"data": str(tmp_path / "data"), "data_fingerprint": problems.fingerprint}
    said = printed(monkeypatch, stored.main, store(tmp_path / "run", rollouts, **data))
    assert "2 rollouts: in 1 at least two different programs pass the public tests, in 1 of these" in said
    assert "1 problems, all draws together: in 1 at least two" in said
    assert "behave differently on the AI inputs in 1 and on the changed inputs in 0 of them" in said
    assert f"| {TODAY} | 0.0 %" in said and f"| largest group, {stored.AI} | 100.0 %" in said


def test_the_right_one_is_found_where_errors_scatter_and_lost_where_most_are_shared(monkeypatch):
    said = printed(monkeypatch, simulated.main, "--problems", "100")
    shares = {
        name: [float(each.split(" %")[0]) for each in cells]
        for name, *cells in (line.strip("| ").split(" | ") for line in said.splitlines()[2:])
    }
    random, *selectors = shares["errors of their own, half right"][1:]
    assert min(selectors) > random + 20
    random, *selectors = shares["most errors shared, a fifth right"][1:]
    assert max(selectors) < random


def test_right_programs_do_the_same_on_every_valid_input():
    right, matrix = simulated.drawn(simulated.Skill(), 20, 5, np.random.default_rng(1))
    assert (matrix[right] == 0).all() and (matrix[~right] != 0).any()


def test_inputs_at_edges_change_one_value_of_a_call():
    tests = (PublicTest(input="[2, (True, 'a')], 1.5", output="1"), PublicTest(input="n=2", output="1"))
    function = AskedFunction(entry_point="f")
    found = edge_inputs(Problem(name="f", description="f", public_tests=tests, function=function))
    assert {"[], 1.5", "[-2, (True, 'a')], 1.5", "[2, (False, 'a')], 1.5", "[2, (True, '')], 1.5", "[2, ()], 1.5"} <= {
        *found
    }
    assert "[2, (True, 'a')], 0.0" in found and not any("n=" in each for each in found)
    assert edge_inputs(Problem(name="p", description="p", public_tests=tests)) == []
