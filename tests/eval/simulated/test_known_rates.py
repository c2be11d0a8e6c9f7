"""What is true of a program with the simulated LM: worked out where that is possible, and what running it says."""

import dspy
import pytest

from eval.rollouts.executor import run_program
from eval.rollouts.rollout import judge_answer
from eval.simulated.known_rates import drawn_rate, true_rate
from eval.simulated.lm import SimulatedEngine
from eval.simulated.remembered_tests import RememberedTests
from eval.simulated.skills import Skills
from judge.judge import judge
from judge.place import judging_at
from judge.shared import default_pool
from judge.verdict import Limits, TestCase
from program.alphacodium import AlphaCodium
from program.baselines.direct import Direct
from program.baselines.sampling import Sampling, SamplingConfig
from program.errors import ModelError
from program.undocumented import DrawingLM
from tests.support.simulated import skilled, some_problems

SHORT = Limits(seconds=0.3, wall_factor=1.0)
SKILLS = {
    "by default": Skills(),
    "steady": Skills(steady=0.7, code_right=0.5),
    "misleading tests": Skills(public_only=0.5),
    "odd forms": Skills(odd_form=0.4, code_right=0.8, format_broken=0.2),
}


@pytest.fixture(autouse=True, scope="module")
def remembered():
    with judging_at(RememberedTests()):
        yield


def first_of(draws: int) -> Sampling:
    return Sampling(SamplingConfig(programs=draws, ai_tests=0, stop_early=True, agree=1, at_once=1))


@pytest.mark.parametrize("skills", SKILLS.values(), ids=SKILLS)
@pytest.mark.parametrize("draws", [1, 3])
def test_what_is_worked_out_is_what_running_says(skills, draws):
    found = true_rate(Direct() if draws == 1 else first_of(draws), some_problems(), skills, draws=40)
    assert found.solved == pytest.approx(drawn_rate(some_problems(), skills, draws), abs=4 * found.error)
    assert 0 < found.error < 0.04


def test_every_rollout_that_is_right_by_what_is_known_solves_its_problem_and_no_other_does():
    problems = some_problems()
    engine = SimulatedEngine(problems, Skills(fix_obeys=0.5, public_only=0.5, odd_form=0.2))
    lm, seen = DrawingLM(engine.model, engine=engine, cache=False), set()
    for problem in problems.problems:
        for sample in range(3):
            with dspy.context(lm=lm):
                rollout = run_program("flow", AlphaCodium(), problem, sample)
            judge_answer(rollout, problem, problems)
            assert rollout.status == ("solved" if engine.solves(problem.name, rollout.code) else "failed")
            seen.add(rollout.status)
    assert seen == {"solved", "failed"}


def test_the_truth_is_of_answers_that_no_other_run_has_drawn():
    """Or a program that was chosen for its luck would be credited with it."""
    problems, skills = some_problems().select(1), Skills(code_right=0.5)
    engine = SimulatedEngine(problems, skills)
    lm = DrawingLM(engine.model, engine=engine, cache=False)
    with dspy.context(lm=lm):
        shares = [
            sum(engine.solves(problem.name, Direct()(problem=problem, sample=sample).code) for sample in range(40)) / 40
            for problem in problems.problems
        ]
    assert true_rate(Direct(), problems, skills, draws=40).solved != shares[0]
    assert true_rate(Direct(), problems, skills, draws=40) == true_rate(Direct(), problems, skills, draws=40)


def test_what_a_rollout_costs_comes_with_it():
    skills = Skills(code_right=0, public_only=0)
    one, three = (true_rate(first_of(draws), some_problems(), skills, draws=2) for draws in (1, 3))
    assert (one.calls, three.calls) == (1.0, 3.0) and three.tokens > 2 * one.tokens > 0


class Broken(Direct):
    def forward(self, problem, sample=0):
        raise ValueError("a mistake of the program's own")


def test_a_rollout_that_ends_with_an_error_is_no_wrong_program():
    with pytest.raises(ModelError, match="mistake of the program's own"):
        true_rate(Broken(), some_problems().select(1), Skills(), draws=2)


def test_faults_and_latency_change_nothing_of_the_truth(monkeypatch):
    monkeypatch.setattr("eval.simulated.lm.time.sleep", [].append)
    slow = skilled(Skills(), fault_rate=1, timeout_rate=1, latency_seconds=100, requests_per_minute=1)
    rates = [true_rate(Direct(), some_problems().select(2), skills, draws=3) for skills in (Skills(), slow)]
    assert rates[0] == rates[1]


def test_remembered_tests_say_what_the_judge_says():
    problem = some_problems().problems[0]
    known, tests = some_problems().known(problem.name), problem.tests()
    wanted = [*tests, TestCase(tests[0].input, "nonsense"), tests[0]]
    for code in (*known.right, *known.wrong, "while True: pass", "1 +", "1 / 0"):
        for options in ({}, {"stop_at_failure": True, "in_order": True}, {"max_timeouts": 1}, {"texts": False}):
            asked = {"checker": problem.checker(), **options}
            there, here = judge(code, wanted, SHORT, **asked), judge(code, wanted, SHORT, pool=default_pool(), **asked)
            assert [_said(each) for each in there.results] == [_said(each) for each in here.results]
            assert (there.total, there.checker, there.isolation) == (here.total, here.checker, here.isolation)


def _said(result):
    return result.index, result.verdict, result.output, result.error


def test_no_program_is_run_twice_on_a_test(monkeypatch):
    ran = []

    def counting(code, tests, *rest, **options):
        ran.extend((code, test) for test in tests)
        return judge(code, tests, *rest, **options)

    monkeypatch.setattr("eval.simulated.remembered_tests.judge", counting)
    skills = skilled(Skills(), format_broken=0)
    with judging_at(RememberedTests()):
        for seed in range(2):
            true_rate(AlphaCodium(), some_problems().select(2), skilled(skills, seed=seed), draws=3)
    assert ran and len(ran) == len(set(ran))
