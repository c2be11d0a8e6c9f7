"""The probabilities of the simulated LM are true, and good demonstrations raise them by what is set."""

from dataclasses import replace

import dspy
import pytest
from dspy import AdapterParseError
from pydantic import ValidationError

from eval.simulated.lm import simulated_lm
from eval.simulated.skills import Skills
from eval.simulated.truth import wrong_output
from judge.checker import STRICT
from judge.judge import judge
from program.adapters.lean import LeanAdapter
from signatures.code import FixCode, SolveDirectly, WriteCode
from signatures.fields import AITest, Solution
from signatures.plan import ProposeSolutions, RankSolutions
from signatures.tests import CheckTests, WriteTests
from signatures.understand import ExplainTests
from tests.support.simulated import (
    EVEN,
    SURE,
    ask,
    codes,
    known_right,
    skilled,
    some_problems,
    truth,
    within_four_sigma,
)

DRAWS = 150


@pytest.fixture
def problems():
    return some_problems()


@pytest.mark.parametrize("probability", [0.2, 0.7])
def test_code_is_right_as_often_as_set(problems, probability):
    first = problems.problems[0]
    got = codes(simulated_lm(problems, skilled(SURE, code_right=probability)), first.text(), DRAWS)
    assert within_four_sigma(sum(code in known_right(first.name) for code in got), DRAWS, probability)
    assert set(got) <= known_right(first.name) | {program.strip() for program in problems.known(first.name).wrong}


def test_fixes_repair_as_often_as_set_and_else_change_the_program(problems):
    lm, first = simulated_lm(problems, EVEN), problems.problems[0]
    broken = problems.known(first.name).wrong[0]
    inputs = {"problem": first.text(), "code": broken, "failure": "It prints a wrong answer."}
    fixed = [ask(lm, FixCode, **inputs).fixed_code.strip() for _ in range(DRAWS)]
    assert within_four_sigma(sum(code in known_right(first.name) for code in fixed), DRAWS, 0.5)
    assert broken.strip() not in fixed


def test_the_right_solution_is_ranked_first_as_often_as_set(problems):
    lm, first = simulated_lm(problems, EVEN), problems.problems[0]
    proposed = ask(lm, ProposeSolutions, problem=first.text(), reflection=["r"], explanations=["e"], count=3).solutions
    best = truth().right_solution(first.name)
    assert len({solution.name for solution in proposed}) == 3
    assert best in {solution.name for solution in proposed}
    firsts = [ask(lm, RankSolutions, problem=first.text(), solutions=proposed).ranking[0] for _ in range(DRAWS)]
    assert within_four_sigma(firsts.count(best), DRAWS, 0.5)


def test_ai_tests_are_valid_as_often_as_set(problems):
    lm, first = simulated_lm(problems, EVEN), problems.problems[0]
    inputs = {"problem": first.text(), "reflection": ["r"], "explanations": ["e"], "count": 3}
    tests = [test for _ in range(100) for test in ask(lm, WriteTests, **inputs).tests]
    known = {test.input: test.output for test in truth().valid_tests(first.name)}
    valid = sum(STRICT.matches(test.output, known[test.input]) for test in tests)
    assert within_four_sigma(valid, len(tests), 0.5)


def test_checked_tests_are_valid_as_often_as_set_too(problems):
    lm, first = simulated_lm(problems, EVEN), problems.problems[0]
    known = {test.input: test.output for test in truth().valid_tests(first.name)}
    shown = [AITest(input=text, output=output, explanation="") for text, output in known.items()][:3]
    inputs = {"problem": first.text(), "reflection": ["r"], "explanations": ["e"], "tests": shown}
    tests = [test for _ in range(100) for test in ask(lm, CheckTests, **inputs).checked]
    assert len(tests) == 300
    valid = sum(STRICT.matches(test.output, known[test.input]) for test in tests)
    assert within_four_sigma(valid, len(tests), 0.5)


def test_valid_ai_tests_are_new_and_agree_with_every_right_program(problems):
    first = problems.problems[0]
    made = truth().valid_tests(first.name)
    assert made and not {test.input for test in made} & {test.input for test in first.public_tests}
    for program in problems.known(first.name).right:
        assert judge(program, made, first.limits()).all_passed


@pytest.mark.parametrize("output", ["12\n", "YES\n", "1 2.5\n", "abc\n", "", "-1"])
def test_a_wrong_output_is_not_accepted(output):
    assert not STRICT.matches(wrong_output(output), output)


def test_broken_answers_cannot_be_parsed_and_come_as_often_as_set(problems):
    lm, text = simulated_lm(problems, skilled(SURE, format_broken=0.3)), problems.problems[0].text()
    broken = 0
    for _ in range(DRAWS):
        try:
            codes(lm, text)
        except AdapterParseError:
            broken += 1
    assert within_four_sigma(broken, DRAWS, 0.3)
    always = simulated_lm(problems, skilled(SURE, format_broken=1))
    for signature, inputs in [
        (SolveDirectly, {}),
        (WriteTests, {"reflection": ["r"], "explanations": ["e"], "count": 2}),
    ]:
        with pytest.raises(AdapterParseError):
            ask(always, signature, problem=text, **inputs)


def demo(problem, right: bool) -> dspy.Example:
    known = some_problems().known(problem.name)
    return dspy.Example(problem=problem.text(), code=(known.right if right else known.wrong)[0])


def test_good_demonstrations_raise_the_skill_by_the_set_amount_up_to_the_cap_and_bad_ones_do_not(problems):
    skills = skilled(SURE, code_right=0.2, demo_gain=0.3, demo_gain_cap=0.5)
    first, second, third = problems.problems[:3]

    def hits(*demos):
        got = codes(simulated_lm(problems, skills), first.text(), DRAWS, demos=demos)
        return [code in known_right(first.name) for code in got]

    none, bad, one = hits(), hits(demo(second, right=False)), hits(demo(second, right=True))
    three = hits(*(demo(each, right=True) for each in (first, second, third)))
    assert bad == none
    assert within_four_sigma(sum(one), DRAWS, 0.5) and within_four_sigma(sum(three), DRAWS, 0.7)
    assert all(after for before, after in zip(none, one, strict=True) if before)  # more skill loses no right answer


def test_demonstrations_of_tests_and_rankings_are_judged_by_truth(problems):
    name = problems.problems[0].name
    tests = [{"input": test.input, "output": test.output, "explanation": ""} for test in truth().valid_tests(name)]
    wrong = [*tests[1:], {**tests[0], "output": wrong_output(tests[0]["output"])}]
    adapter, best = LeanAdapter(), truth().right_solution(name)

    def good(signature, fields):
        answer = adapter.format_assistant_message_content(signature, fields)
        return truth().is_right(signature.__name__, name, adapter.parse(signature, answer))

    assert good(WriteTests, {"tests": tests}) and not good(WriteTests, {"tests": wrong})
    steps = {"steps": ["s"]}
    assert good(RankSolutions, {"ranking": [best, "x"], **steps})
    assert not good(RankSolutions, {"ranking": ["x", best], **steps})


def test_demonstrations_of_another_split_count_when_that_split_is_given(problems):
    train, test = replace(problems, problems=problems.problems[:4]), replace(problems, problems=problems.problems[4:])
    skills = skilled(SURE, code_right=0, demo_gain=1, demo_gain_cap=1)
    asked, demos = test.problems[0], [demo(train.problems[0], right=True)]
    without, given = simulated_lm(test, skills), simulated_lm(test, skills, demo_problems=[train])
    assert codes(without, asked.text(), demos=demos)[0] not in known_right(asked.name)
    assert codes(given, asked.text(), demos=demos)[0] in known_right(asked.name)


@pytest.mark.parametrize("wrong", [{"code_rigth": 0.5}, {"code_right": 1.5}, {"latency_seconds": -1}])
def test_unknown_and_impossible_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        Skills.model_validate(wrong)


def test_explanations_arrive_at_the_outputs_as_often_as_set(problems):
    lm, first = simulated_lm(problems, skilled(EVEN, explanation_right=0.5)), problems.problems[0]
    asked = {"problem": first.text(), "reflection": ["r"]}
    right = [truth().is_right("ExplainTests", first.name, dict(ask(lm, ExplainTests, **asked))) for _ in range(DRAWS)]
    assert within_four_sigma(sum(right), DRAWS, 0.5)


def test_a_wrong_plan_costs_the_set_share_of_the_skill(problems):
    lm, first = simulated_lm(problems, skilled(SURE, code_right=0.8, plan_matters=0.5)), problems.problems[0]

    def hits(name: str) -> int:
        solution = Solution(name=name, content="c", why_it_works="w", complexity="O(1)")
        asked = {"problem": first.text(), "reflection": ["r"], "solution": solution}
        got = [ask(lm, WriteCode, **asked).code.strip() for _ in range(DRAWS)]
        return sum(code in known_right(first.name) for code in got)

    assert within_four_sigma(hits(truth().right_solution(first.name)), DRAWS, 0.8)
    assert within_four_sigma(hits("another approach"), DRAWS, 0.4)


def test_a_rollout_id_draws_the_same_answer_again_in_another_process(problems):
    text = problems.problems[0].text()
    one, two = simulated_lm(problems, EVEN), simulated_lm(problems, EVEN)
    ids = range(1, 20)
    first = [codes(one.copy(rollout_id=number), text)[0] for number in ids]
    second = [codes(two.copy(rollout_id=number), text)[0] for number in reversed(ids)]
    assert first == second[::-1] and len(set(first)) > 1


def test_draws_of_different_problems_are_counted_apart_where_the_problem_is_the_system_text(problems):
    first, second = problems.problems[:2]
    config = {"temperature": 0.7, "rollout_id": 1}

    def answer(lm: dspy.LM, text: str) -> str:
        with dspy.context(lm=lm, adapter=LeanAdapter("problem-first")):
            return dspy.Predict(SolveDirectly)(problem=text, config=config).code

    alone = [answer(simulated_lm(problems, skilled(EVEN, seed=seed)), second.text()) for seed in range(8)]
    after = []
    for seed in range(8):
        lm = simulated_lm(problems, skilled(EVEN, seed=seed))
        answer(lm, first.text())
        after.append(answer(lm, second.text()))
    assert after == alone
