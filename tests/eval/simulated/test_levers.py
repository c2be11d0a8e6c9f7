"""One lever at a time can be planted in the simulated LM: the programs that use it gain, or lose, what was planted."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import dspy
import pytest

from eval.rejudged.reading_headroom import readings_of
from eval.rollouts.score import score
from eval.simulated.chances import skill_on
from eval.simulated.known_rates import true_rate
from eval.simulated.lm import SimulatedEngine, simulated_lm
from eval.simulated.prompt import SIGNATURES
from eval.simulated.proposals import propose
from eval.simulated.remembered_tests import RememberedTests
from eval.simulated.skills import SENTENCE, Skills
from judge.place import judging_at
from program.adapters.lean import LeanAdapter
from program.alphacodium import AlphaCodium
from program.baselines.direct import Direct
from program.rollout.context import new_trace
from program.stage.program import Program
from program.steps.config import FlowConfig
from program.undocumented import DrawingLM
from signatures.code import FixCode, SolveStepByStep
from tests.support.simulated import ask, codes, known_right, said, skilled, some_problems, truth, within_four_sigma

PLAIN = Skills(code_right=0.4, fix_repairs=0.4, format_broken=0, demo_gain=0)
STEADY = skilled(PLAIN, steady=1)
SIZE = 0.15
# The flow with one program and the one step that a test is about.
SHORT = {"solutions": 0, "ai_tests": 0, "code_attempts": 1, "public_tries": 0}


@pytest.fixture(autouse=True, scope="module")
def remembered():
    with judging_at(RememberedTests()):
        yield


@pytest.fixture
def problems():
    return some_problems()


def flow(**settings) -> Program:
    return AlphaCodium(FlowConfig(**{**SHORT, **settings}))


def with_demo() -> Program:
    program, shown = flow(), some_problems().problems[-1]
    code = some_problems().known(shown.name).right[0]
    asked = {"problem": shown.text(), "reflection": ["r"], "explanations": ["e"]}
    program.write_code.write_code.predict.demos = [dspy.Example(**asked, code=code)]
    return program


def with_sentence() -> Program:
    program = flow()
    predict = program.write_code.write_code.predict
    predict.signature = predict.signature.with_instructions(f"{predict.signature.instructions} {SENTENCE}")
    return program


@dataclass(frozen=True)
class Lever:
    """plant: the skills with a gain of so many points; uses: a program that uses it, as `flow()` does not."""

    plant: Callable[[float], dict[str, float]]
    uses: Callable[[], Program]


LEVERS = {
    "planning": Lever(lambda gain: {"plan_gain": gain}, lambda: flow(solutions=1)),
    "instructions": Lever(lambda gain: {"instruction_gain": gain}, with_sentence),
    "demonstrations": Lever(lambda gain: {"demo_gain": gain}, with_demo),
    "order": Lever(lambda gain: {"order_gain": gain}, lambda: flow(order="stage-first")),
}


class Noting(SimulatedEngine):
    """Notes the skill of every request that asks for a program."""

    def __init__(self, skills: Skills) -> None:
        super().__init__(some_problems(), skills)
        self.noted: list[float] = []

    def _skill(self, prompt, name):
        skill = super()._skill(prompt, name)
        self.noted += [skill] if prompt.stage == "WriteCode" else []
        return skill


def skills_met(program: Program, skills: Skills) -> set[float]:
    engine = Noting(skills)
    with dspy.context(lm=DrawingLM(engine.model, engine=engine, cache=False)):
        for problem in some_problems().problems[:2]:
            program(problem=problem)
    return {round(each, 6) for each in engine.noted}


@pytest.mark.parametrize("gain", [SIZE, -SIZE])
@pytest.mark.parametrize("planted", LEVERS)
def test_a_planted_lever_changes_the_skill_that_programs_meet_which_use_it_and_of_no_other(planted, gain):
    skills = skilled(PLAIN, **LEVERS[planted].plant(gain))
    assert skills_met(flow(), skills) == {0.4}
    for name, lever in LEVERS.items():
        uses = name == planted or (name, planted) == ("demonstrations", "order")  # they change the order of a stage
        assert skills_met(lever.uses(), skills) == {0.4 + gain if uses else 0.4}


def alike(one, other, expected: float) -> bool:
    """Whether the difference of two true rates is what is expected, but for the luck of their draws."""
    return abs(one.solved - other.solved - expected) <= 4 * math.hypot(one.error, other.error)


@pytest.mark.parametrize("gain", [SIZE, -SIZE])
@pytest.mark.parametrize("planted", LEVERS)
def test_a_planted_lever_is_worth_that_many_problems(problems, planted, gain):
    skills = skilled(PLAIN, **LEVERS[planted].plant(gain))
    rates = [true_rate(program, problems, skills, draws=25) for program in (LEVERS[planted].uses(), flow())]
    assert alike(*rates, gain)


def test_with_steady_luck_a_problem_is_solved_always_or_never(problems):
    lm = simulated_lm(problems, STEADY)
    for problem in problems.problems:
        right = {code in known_right(problem.name) for code in codes(lm, problem.text(), 10)}
        assert right == {skill_on(problem.name, 0.4, STEADY) == 1.0}


def test_steady_luck_leaves_the_mean_and_takes_the_gain_of_drawing_again():
    names = [f"problem {number}" for number in range(4000)]
    any_of_three = []
    for steady in (0.0, 0.5, 1.0):
        chances = [skill_on(name, 0.4, skilled(PLAIN, steady=steady)) for name in names]
        assert sum(chances) / len(names) == pytest.approx(0.4, abs=4 * math.sqrt(0.24 / len(names)))
        any_of_three.append(sum(1 - (1 - chance) ** 3 for chance in chances) / len(names))
    expected = [1 - 0.6**3, 0.4 * (1 - 0.3**3) + 0.6 * (1 - 0.8**3), 0.4]
    assert any_of_three == pytest.approx(expected, abs=0.03)


def test_more_skill_makes_no_problem_harder():
    for steady in (0.0, 0.3, 1.0):
        skills = skilled(PLAIN, steady=steady)
        for number in range(50):
            chances = [skill_on(f"problem {number}", mean / 20, skills) for mean in range(21)]
            assert chances == sorted(chances) and (chances[0], chances[-1]) == (0.0, 1.0)


def test_the_luck_of_fixing_is_not_that_of_writing(problems):
    """Of a model whose draws and fixes are both steady, fixes mend what draws never solve."""
    skills = skilled(STEADY, fix_repairs=0.5)
    names = [f"problem {number}" for number in range(2000)]
    both = [(skill_on(name, 0.4, skills), skill_on(name, 0.5, skills, "fix")) for name in names]
    fixed = [fix for write, fix in both if not write]
    assert within_four_sigma(int(sum(fixed)), len(fixed), 0.5)


def test_fixing_can_be_the_only_lever(problems):
    skills = skilled(STEADY, fix_repairs=1)
    once, again = flow(), flow(code_attempts=3)
    fixed = flow(public_tries=1, fixes_per_program=1)
    redrawn = flow(public_tries=1, fixes_per_program=0)
    programs = (once, again, redrawn, fixed)
    rates = [true_rate(each, problems, skilled(skills, public_only=0), draws=2).solved for each in programs]
    assert rates[0] == rates[1] == rates[2] < 1 == rates[3]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_wrong_programs_pass_the_public_tests_as_often_as_set(problems, share):
    lm = simulated_lm(problems, skilled(PLAIN, code_right=0, public_only=share))
    passed = 0
    for problem in problems.problems:
        wrong = codes(lm, problem.text(), 20)
        passed += sum(truth().passes_public(problem.name, code) for code in wrong)
        assert not any(truth().solves(problem.name, code) for code in wrong)
        assert not any(score(code, problem, problems).solved for code in set(wrong))
    assert within_four_sigma(passed, 20 * len(problems.problems), share)


def test_fixes_that_pass_public_tests_only_come_as_often_as_set(problems):
    lm, first = simulated_lm(problems, skilled(PLAIN, fix_repairs=0, public_only=0.5)), problems.problems[0]
    inputs = {"problem": first.text(), "code": "print('no')", "failure": "It prints a wrong answer."}
    fixed = [ask(lm, FixCode, **inputs).fixed_code for _ in range(80)]
    assert within_four_sigma(sum(truth().passes_public(first.name, code) for code in fixed), 80, 0.5)


def test_a_program_in_odd_form_is_found_by_another_reading_only(problems):
    lm = simulated_lm(problems, skilled(PLAIN, code_right=1, odd_form=0.5))
    read, in_it, answers = 0, 0, 0
    for problem in problems.problems:
        for sample in range(10):
            with dspy.context(lm=lm, adapter=LeanAdapter()), new_trace() as trace:
                code = Direct()(problem=problem, sample=sample).code
            read += truth().solves(problem.name, code)
            in_it += any(truth().solves(problem.name, each) for each in readings_of(trace.calls[0], problem))
            answers += 1
    assert in_it == answers and within_four_sigma(read, answers, 0.5)


def test_fixes_and_thoughts_have_an_odd_form_too(problems):
    lm, first = simulated_lm(problems, skilled(PLAIN, code_right=1, fix_repairs=1, odd_form=1)), problems.problems[0]
    inputs = {"problem": first.text(), "code": "print('no')", "failure": "It prints a wrong answer."}
    assert not truth().solves(first.name, ask(lm, FixCode, **inputs).fixed_code)
    assert not truth().solves(first.name, ask(lm, SolveStepByStep, problem=first.text()).code)


def test_demonstrations_shorten_answers_in_what_they_cost(problems):
    text, other = problems.problems[0].text(), problems.problems[1]
    demo = dspy.Example(problem=other.text(), code="print(1)")

    def asked(share: float, demos) -> tuple[str, int]:
        lm = simulated_lm(problems, skilled(PLAIN, demo_shortens=share))
        code = codes(lm, text, demos=demos)[0]
        return code, lm.history[-1]["usage"]["completion_tokens"]

    full, short = asked(0.0, [demo]), asked(0.75, [demo])
    assert full[0] == short[0] and short[1] == math.ceil(full[1] / 4) and asked(0.75, []) == asked(0.0, [])


def test_the_rewarded_sentence_is_proposed_as_often_as_set_and_stands_in_no_instruction_of_ours():
    system = "Your output fields are:\n1. `proposed_instruction` (str): it\nAll interactions"
    user = "[[ ## basic_instruction ## ]]\nSolve it.\n\nRespond with"
    proposed = [propose(system, user, random.Random(number), 0.25) or "" for number in range(400)]
    assert within_four_sigma(sum(SENTENCE in text for text in proposed), 400, 0.25)
    assert not any(SENTENCE in each.instructions for each in SIGNATURES)


def test_an_engine_proposes_the_sentence_only_where_it_gains(problems):
    system = "Your output fields are:\n1. `proposed_instruction` (str): it\nAll interactions"
    messages = [{"role": "system", "content": system}, {"role": "user", "content": "[[ ## a ## ]]\nb"}]
    for gain, expected in ((0.0, False), (SIZE, True)):
        engine = SimulatedEngine(problems, skilled(PLAIN, instruction_gain=gain, instruction_proposed=1))
        assert (SENTENCE in said(engine, messages)) == expected
