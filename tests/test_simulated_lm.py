"""The simulated LM: its probabilities are true, its answers repeatable, its failures those a real server has."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import dspy
import pytest
from dspy.utils.exceptions import (
    AdapterParseError,
    LMConfigurationError,
    LMRateLimitError,
    LMServerError,
    LMTimeoutError,
    is_retryable_lm_error,
)
from pydantic import ValidationError

from eval.data import DataError, ProblemSet, load_problems
from eval.simulated_lm import SimulatedEngine, simulated_lm
from eval.simulated_skills import Skills
from eval.simulated_truth import Truth, wrong_output
from judge.checker import outputs_match
from judge.judge import judge
from judge.verdict import TestCase
from program.account import new_account
from program.adapter import LeanAdapter
from program.alphacodium import AlphaCodium
from program.direct import Direct
from program.flow_config import FlowConfig
from signatures.code import FixCode, SolveDirectly, WriteCode
from signatures.fields import Solution
from signatures.plan import ProposeSolutions, RankSolutions, WriteTests

SURE = Skills(code_right=1, fix_repairs=1, ai_test_valid=1, ranking_right=1, format_broken=0)
EVEN = SURE.model_copy(update={"code_right": 0.5, "fix_repairs": 0.5, "ai_test_valid": 0.5, "ranking_right": 0.5})
DRAWS = 300


@pytest.fixture(scope="module")
def problems() -> ProblemSet:
    return load_problems("pack", "valid").select(8)


@pytest.fixture(autouse=True)
def lean_adapter():
    with dspy.context(adapter=LeanAdapter()):
        yield


def ask(lm, signature, demos=(), temperature=0.7, **inputs):
    return dspy.Predict(signature)(lm=lm, demos=list(demos), config={"temperature": temperature}, **inputs)


def within_four_sigma(hits: int, draws: int, probability: float) -> bool:
    return abs(hits - draws * probability) <= 4 * math.sqrt(draws * probability * (1 - probability))


def codes(lm, texts, draws=1, **asked) -> list[str]:
    return [ask(lm, SolveDirectly, problem=text, **asked).code.strip() for text in texts for _ in range(draws)]


def known_right(problems, name) -> set[str]:
    return {program.strip() for program in problems.known(name).right}


@pytest.mark.parametrize("probability", [0.2, 0.7])
def test_code_is_right_as_often_as_set(problems, probability):
    lm = simulated_lm(problems, SURE.model_copy(update={"code_right": probability}))
    first = problems.problems[0]
    got = codes(lm, [first.text()], DRAWS)
    assert within_four_sigma(sum(code in known_right(problems, first.name) for code in got), DRAWS, probability)
    assert set(got) <= known_right(problems, first.name) | {p.strip() for p in problems.known(first.name).wrong}


def test_fixes_repair_as_often_as_set_and_else_change_the_program(problems):
    lm, first = simulated_lm(problems, EVEN), problems.problems[0]
    broken = problems.known(first.name).wrong[0]
    inputs = {"problem": first.text(), "code": broken, "failure": "It prints a wrong answer."}
    fixed = [ask(lm, FixCode, **inputs).fixed_code.strip() for _ in range(DRAWS)]
    assert within_four_sigma(sum(code in known_right(problems, first.name) for code in fixed), DRAWS, 0.5)
    assert broken.strip() not in fixed


def test_the_right_solution_is_ranked_first_as_often_as_set(problems):
    lm, first = simulated_lm(problems, EVEN), problems.problems[0]
    proposed = ask(lm, ProposeSolutions, problem=first.text(), reflection=["r"], explanations=["e"], count=3).solutions
    best = Truth([problems]).right_solution(first.name)
    assert len({solution.name for solution in proposed}) == 3 and best in {solution.name for solution in proposed}
    firsts = [ask(lm, RankSolutions, problem=first.text(), solutions=proposed).ranking[0] for _ in range(DRAWS)]
    assert within_four_sigma(firsts.count(best), DRAWS, 0.5)


def test_ai_tests_are_valid_as_often_as_set(problems):
    lm, first = simulated_lm(problems, EVEN), problems.problems[0]
    inputs = {"problem": first.text(), "reflection": ["r"], "count": 3}
    tests = [test for _ in range(100) for test in ask(lm, WriteTests, **inputs).tests]
    truth = {test.input: test.output for test in Truth([problems]).valid_tests(first.name)}
    valid = sum(outputs_match(test.output, truth[test.input]) for test in tests)
    assert within_four_sigma(valid, len(tests), 0.5)
    public = [test.input for test in first.public_tests]
    assert not set(public) & set(truth)
    made = [TestCase(given, wanted) for given, wanted in truth.items()]
    assert all(judge(program, made, first.limits()).all_passed for program in problems.known(first.name).right)


@pytest.mark.parametrize("output", ["12\n", "YES\n", "1 2.5\n", "abc\n", "", "-1"])
def test_a_wrong_output_is_not_accepted(output):
    assert not outputs_match(wrong_output(output), output)


def test_broken_answers_cannot_be_parsed_and_come_as_often_as_set(problems):
    lm, first = simulated_lm(problems, SURE.model_copy(update={"format_broken": 0.3})), problems.problems[0]
    broken = 0
    for _ in range(DRAWS):
        try:
            ask(lm, SolveDirectly, problem=first.text())
        except AdapterParseError:
            broken += 1
    assert within_four_sigma(broken, DRAWS, 0.3)
    always = simulated_lm(problems, SURE.model_copy(update={"format_broken": 1}))
    for signature, inputs in [(SolveDirectly, {}), (WriteTests, {"reflection": ["r"], "count": 2})]:
        with pytest.raises(AdapterParseError):
            ask(always, signature, problem=first.text(), **inputs)


def test_the_same_seed_gives_the_same_answers_in_any_order_and_another_seed_gives_others(problems):
    texts = [problem.text() for problem in problems.problems]
    forward = codes(simulated_lm(problems, EVEN), texts, draws=4)
    backward = codes(simulated_lm(problems, EVEN), texts[::-1], draws=4)
    in_blocks = [forward[at : at + 4] for at in range(0, len(forward), 4)]
    assert [backward[at : at + 4] for at in range(0, len(backward), 4)] == in_blocks[::-1]
    assert codes(simulated_lm(problems, EVEN.model_copy(update={"seed": 1})), texts, draws=4) != forward


def test_threads_together_get_the_answers_of_one_thread(problems):
    text = problems.problems[0].text()
    one, many = simulated_lm(problems, EVEN), simulated_lm(problems, EVEN)
    alone = codes(one, [text], 40)
    with ThreadPoolExecutor(8) as pool:
        adapter = LeanAdapter()

        def draw(_):
            with dspy.context(adapter=adapter):
                return codes(many, [text])[0]

        together = list(pool.map(draw, range(40)))
    assert sorted(together) == sorted(alone) and len(set(alone)) > 1


def test_at_temperature_zero_a_prompt_has_one_answer(problems):
    lm = simulated_lm(problems, EVEN)
    assert len(set(codes(lm, [problems.problems[0].text()], 20, temperature=0))) == 1


def test_good_demonstrations_raise_the_skill_by_the_set_amount_up_to_the_cap_and_bad_ones_do_not(problems):
    skills = SURE.model_copy(update={"code_right": 0.2, "demo_gain": 0.3, "demo_gain_cap": 0.5})
    first, second, third = problems.problems[:3]

    def demo(problem, right):
        known = problems.known(problem.name)
        return dspy.Example(problem=problem.text(), code=(known.right if right else known.wrong)[0])

    def hits(*demos):
        got = codes(simulated_lm(problems, skills), [first.text()], DRAWS, demos=demos)
        return [code in known_right(problems, first.name) for code in got]

    none, bad = hits(), hits(demo(second, right=False))
    one, three = hits(demo(second, right=True)), hits(*(demo(each, right=True) for each in (first, second, third)))
    assert bad == none
    assert within_four_sigma(sum(one), DRAWS, 0.5) and within_four_sigma(sum(three), DRAWS, 0.7)
    assert all(after for before, after in zip(none, one, strict=True) if before)  # more skill loses no right answer


def test_demonstrations_of_tests_and_rankings_are_judged_by_truth(problems):
    truth, name = Truth([problems]), problems.problems[0].name
    tests = [{"input": test.input, "output": test.output, "explanation": ""} for test in truth.valid_tests(name)]
    wrong = [*tests[1:], {**tests[0], "output": wrong_output(tests[0]["output"])}]
    adapter, best = LeanAdapter(), truth.right_solution(name)

    def good(signature, fields):
        answer = adapter.format_assistant_message_content(signature, fields)
        return truth.is_right(signature.__name__, name, adapter.parse(signature, answer))

    assert good(WriteTests, {"tests": tests}) and not good(WriteTests, {"tests": wrong})
    assert good(RankSolutions, {"ranking": [best, "x"]}) and not good(RankSolutions, {"ranking": ["x", best]})


def test_demonstrations_of_another_split_count_when_that_split_is_given(problems):
    train, test = replace(problems, problems=problems.problems[:4]), replace(problems, problems=problems.problems[4:])
    skills = SURE.model_copy(update={"code_right": 0, "demo_gain": 1, "demo_gain_cap": 1})
    shown, asked = train.problems[0], test.problems[0]
    demos = [dspy.Example(problem=shown.text(), code=problems.known(shown.name).right[0])]
    without, given = simulated_lm(test, skills), simulated_lm(test, skills, demo_problems=[train])
    assert codes(without, [asked.text()], demos=demos)[0] not in known_right(problems, asked.name)
    assert codes(given, [asked.text()], demos=demos)[0] in known_right(problems, asked.name)


def test_a_stage_is_recognised_when_an_optimizer_changed_its_instruction(problems):
    lm, first = simulated_lm(problems, SURE), problems.problems[0]
    solution = Solution(name="n", content="c", why_it_works="w", complexity="O(1)")
    write = WriteCode.with_instructions("Quite another instruction.")
    code = ask(lm, write, problem=first.text(), reflection=["r"], solution=solution).code
    assert code.strip() in known_right(problems, first.name)
    tests = WriteTests.with_instructions("Write tests. Please.")
    assert ask(lm, tests, problem=first.text(), reflection=["r"], count=2).tests


def test_questions_that_are_no_stage_of_ours_are_answered_in_the_form_asked_for(problems):
    answer = ask(simulated_lm(problems, SURE), "observation: str -> numbers: list[int], sure: bool", observation="o")
    assert answer.numbers and isinstance(answer.sure, bool)


@pytest.mark.parametrize(
    ("setting", "error"), [({"fault_rate": 1}, LMServerError), ({"timeout_rate": 1}, LMTimeoutError)]
)
def test_faults_are_retryable_errors(problems, setting, error):
    lm = simulated_lm(problems, SURE.model_copy(update=setting))
    lm.num_retries = 0
    with pytest.raises(error) as caught:
        codes(lm, [problems.problems[0].text()])
    assert is_retryable_lm_error(caught.value)


def test_faults_come_as_often_as_set_and_take_no_answer_away(problems):
    text = problems.problems[0].text()
    sound = codes(simulated_lm(problems, EVEN), [text], 50)
    faulty = simulated_lm(problems, EVEN.model_copy(update={"fault_rate": 0.4}))
    faulty.num_retries = 0
    got, faults = [], 0
    while len(got) < 50:
        try:
            got += codes(faulty, [text])
        except LMServerError:
            faults += 1
    assert got == sound
    assert within_four_sigma(faults, 50 + faults, 0.4)


def test_over_the_limit_there_is_a_retryable_error_that_says_how_long_to_wait(problems):
    now = 0.0
    engine = SimulatedEngine(problems, SURE.model_copy(update={"requests_per_minute": 2}), clock=lambda: now)
    lm, text = dspy.LM(engine.model, engine=engine, cache=False, num_retries=0), problems.problems[0].text()
    codes(lm, [text])
    now = 20.0
    codes(lm, [text])
    with pytest.raises(LMRateLimitError) as caught:
        codes(lm, [text])
    assert is_retryable_lm_error(caught.value) and caught.value.retry_after == 40
    now = 60.0
    codes(lm, [text])


def test_everything_recorded_says_simulated_and_differently_skilled_models_differ_in_name(problems):
    lm = simulated_lm(problems, SURE)
    codes(lm, [problems.problems[0].text()])
    assert lm.model.startswith("simulated/")
    assert lm.history[-1]["model"] == lm.history[-1]["response_model"] == lm.model
    assert simulated_lm(problems, EVEN).model != lm.model


def test_tokens_are_counted_by_characters(problems):
    lm, text = simulated_lm(problems, SURE.model_copy(update={"tokens_per_character": 2})), "x" * 10
    lm(text)
    assert lm.history[-1]["usage"]["prompt_tokens"] == 20


def test_a_problem_it_does_not_know_is_a_mistake_in_the_set_up(problems):
    with pytest.raises(LMConfigurationError, match="No Such Problem"):
        ask(simulated_lm(problems, SURE), SolveDirectly, problem="No Such Problem\n\nPrint 1.")


def test_problems_without_known_programs_are_refused(problems):
    name = problems.problems[0].name
    bare = replace(problems, _known={name: replace(problems.known(name), wrong=())})
    with pytest.raises(DataError, match="lacks"):
        simulated_lm(bare.select(1), SURE)


def test_unknown_and_impossible_settings_are_refused():
    for wrong in ({"code_rigth": 0.5}, {"code_right": 1.5}):
        with pytest.raises(ValidationError):
            Skills.model_validate(wrong)


def test_direct_runs_over_it(problems):
    with dspy.context(lm=simulated_lm(problems, SURE)):
        for problem in problems.problems[:3]:
            assert Direct()(problem=problem).code.strip() in known_right(problems, problem.name)


def test_the_flow_finds_a_right_program_by_fixing(problems):
    """No first program is right, and it fails every test: only run-and-fix can succeed."""
    problem = problems.problems[0]
    known = replace(problems.known(problem.name), wrong=("print('nothing')\n",))
    lm = simulated_lm(
        replace(problems, problems=(problem,), _known={problem.name: known}), SURE.model_copy(update={"code_right": 0})
    )
    with dspy.context(lm=lm), new_account() as account:
        code = AlphaCodium(FlowConfig(code_attempts=1))(problem=problem).code
    understanding = ["ReflectOnProblem", "ExplainTests", "ProposeSolutions", "RankSolutions", "WriteTests"]
    assert [call.stage for call in account.calls] == [*understanding, "WriteCode", "FixCode"]
    assert all(call.outcome == "ok" and call.completion_tokens for call in account.calls)
    assert code.strip() in known_right(problems, problem.name)
    assert {run.tests for run in account.judge_runs} == {"public", "ai"}
