"""The simulated LM is repeatable, fails as real servers do, names itself, and can stand behind whole programs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import dspy
import pytest
from dspy import LMConfigurationError, LMRateLimitError, LMServerError, LMTimeoutError, is_retryable_lm_error
from dspy.lm15 import Message, Request

from eval.data.problem_set import DataError
from eval.simulated.lm import SimulatedEngine, simulated_lm
from eval.simulated.prompt import SIGNATURES, read_prompt
from judge.judge import judge
from judge.verdict import TestCase
from program.adapters.lean import LeanAdapter
from program.alphacodium import AlphaCodium
from program.baselines.direct import ChainOfThought, Direct
from program.baselines.reflexion import Reflexion, ReflexionConfig
from program.baselines.sampling import Sampling, SamplingConfig
from program.bench.ai_tests import looks_like
from program.rollout.context import new_trace
from program.stage.correction import REQUEST
from program.steps.config import FlowConfig
from signatures.code import SolveDirectly, WriteCode
from signatures.fields import AITest, Solution
from signatures.tests import WriteBruteForce, WriteGenerator, WriteTests
from tests.support.scripted import EVERYTHING, PLANNING, UNDERSTANDING
from tests.support.simulated import EVEN, SURE, ask, codes, known_right, skilled, some_problems, within_four_sigma


@pytest.fixture
def problems():
    return some_problems()


@pytest.fixture
def text():
    return some_problems().problems[0].text()


def test_the_same_seed_gives_the_same_answers_in_any_order_and_another_seed_gives_others(problems):
    texts = [problem.text() for problem in problems.problems]
    one, two, other = (simulated_lm(problems, skills) for skills in (EVEN, EVEN, skilled(EVEN, seed=1)))
    forward = {text: codes(one, text, 4) for text in texts}
    backward = {text: codes(two, text, 4) for text in reversed(texts)}
    assert forward == backward
    assert {text: codes(other, text, 4) for text in texts} != forward


def test_threads_together_get_the_answers_of_one_thread(problems, text):
    one, many = simulated_lm(problems, EVEN), simulated_lm(problems, EVEN)
    alone = codes(one, text, 40)
    with ThreadPoolExecutor(8) as pool:
        together = [code for got in pool.map(lambda _: codes(many, text), range(40)) for code in got]
    assert sorted(together) == sorted(alone) and len(set(alone)) > 1


def test_at_temperature_zero_a_prompt_has_one_answer(problems, text):
    assert len(set(codes(simulated_lm(problems, EVEN), text, 20, temperature=0))) == 1


def test_a_stage_is_recognised_when_an_optimizer_changed_its_instruction(problems):
    lm, first = simulated_lm(problems, SURE), problems.problems[0]
    solution = Solution(name="n", content="c", why_it_works="w", complexity="O(1)")
    write = WriteCode.with_instructions("Quite another instruction.")
    code = ask(lm, write, problem=first.text(), reflection=["r"], solution=solution).code
    assert code.strip() in known_right(first.name)
    tests = WriteTests.with_instructions("Write tests. Please.")
    assert len(ask(lm, tests, problem=first.text(), reflection=["r"], explanations=["e"], count=2).tests) == 2


def test_the_question_is_found_before_a_request_to_correct_the_answer(problems):
    """A bad answer and the request to correct it follow the question; they are no demonstration."""
    first = problems.problems[0]
    adapter = LeanAdapter()
    asked = adapter.format(SolveDirectly, [demo := {"problem": first.text(), "code": "print(1)\n"}], {"problem": "P"})
    turns = [("assistant", "Hm."), ("user", f"{REQUEST}no code. Give it again.")]
    system, *messages = [*((each["role"], each["content"]) for each in asked), *turns]
    made = {"user": Message.user, "assistant": Message.assistant}
    request = Request(model="m", system=system[1], messages=[made[role](text) for role, text in messages])
    prompt = read_prompt(request)
    assert (prompt.stage, prompt.user, len(prompt.demos)) == ("SolveDirectly", "## problem\nP", 1)
    assert demo["code"].strip() in prompt.demos[0][1]


def test_questions_that_are_no_stage_of_ours_are_answered_in_the_form_asked_for(problems):
    answer = ask(simulated_lm(problems, SURE), "observation: str -> numbers: list[int], sure: bool", observation="o")
    assert answer.numbers and isinstance(answer.sure, bool)


@pytest.mark.parametrize(
    ("setting", "error"), [({"fault_rate": 1}, LMServerError), ({"timeout_rate": 1}, LMTimeoutError)]
)
def test_faults_are_retryable_errors(problems, text, setting, error):
    lm = simulated_lm(problems, skilled(SURE, **setting))
    lm.num_retries = 0
    with pytest.raises(error) as caught:
        codes(lm, text)
    assert is_retryable_lm_error(caught.value)


def test_faults_come_as_often_as_set_and_take_no_answer_away(problems, text):
    sound = codes(simulated_lm(problems, EVEN), text, 50)
    faulty = simulated_lm(problems, skilled(EVEN, fault_rate=0.4))
    faulty.num_retries = 0
    got, faults = [], 0
    while len(got) < 50:
        try:
            got += codes(faulty, text)
        except LMServerError:
            faults += 1
    assert got == sound
    assert within_four_sigma(faults, 50 + faults, 0.4)


def test_over_the_limit_there_is_a_retryable_error_that_says_how_long_to_wait(problems, text):
    now = 0.0
    engine = SimulatedEngine(problems, skilled(SURE, requests_per_minute=2), clock=lambda: now)
    lm = dspy.LM(engine.model, engine=engine, cache=False, num_retries=0)
    codes(lm, text)
    now = 20.0
    codes(lm, text)
    with pytest.raises(LMRateLimitError) as caught:
        codes(lm, text)
    assert is_retryable_lm_error(caught.value) and caught.value.retry_after == 40
    now = 60.0
    codes(lm, text)


def test_latency_and_tokens_are_as_set(problems, monkeypatch):
    slept = []
    monkeypatch.setattr("eval.simulated.lm.time.sleep", slept.append)
    lm = simulated_lm(problems, skilled(SURE, tokens_per_character=2, latency_seconds=0.5))
    lm("x" * 10)
    assert slept == [0.5] and lm.history[-1]["usage"]["prompt_tokens"] == 20


def test_everything_recorded_says_simulated_and_differently_skilled_models_differ_in_name(problems, text):
    lm = simulated_lm(problems, SURE)
    codes(lm, text)
    assert lm.model.startswith("simulated/")
    assert lm.history[-1]["model"] == lm.history[-1]["response_model"] == lm.model
    assert simulated_lm(problems, EVEN).model != lm.model


def test_a_problem_it_does_not_know_is_a_mistake_in_the_set_up(problems):
    with pytest.raises(LMConfigurationError, match="No Such Problem"):
        ask(simulated_lm(problems, SURE), SolveDirectly, problem="No Such Problem\n\nPrint 1.")


def test_problems_without_known_programs_are_refused(problems):
    first = problems.problems[0]
    bare = replace(problems, problems=(first,), _known={first.name: replace(problems.known(first.name), wrong=())})
    with pytest.raises(DataError, match="lacks"):
        simulated_lm(bare, SURE)


def test_direct_runs_over_it(problems):
    with dspy.context(lm=simulated_lm(problems, SURE), adapter=LeanAdapter()):
        for problem in problems.problems[:3]:
            assert Direct()(problem=problem).code.strip() in known_right(problem.name)


def test_the_flow_finds_a_right_program_by_fixing(problems):
    """No first program is right, and it fails every test: only run-and-fix can succeed."""
    problem = problems.problems[0]
    known = replace(problems.known(problem.name), wrong=("print('nothing')\n",))
    one = replace(problems, problems=(problem,), _known={problem.name: known})
    lm = simulated_lm(one, skilled(SURE, code_right=0))
    with dspy.context(lm=lm, adapter=LeanAdapter()), new_trace() as trace:
        code = AlphaCodium(FlowConfig(code_attempts=1))(problem=problem).code
    stages = [*UNDERSTANDING, *PLANNING, "WriteTests", "WriteCode", "FixCode"]
    assert sorted(call.stage for call in trace.calls) == sorted(stages)
    assert all(call.outcome == "ok" and call.completion_tokens for call in trace.calls)
    assert code.strip() in known_right(problem.name)
    assert {run.tests for run in trace.judge_runs} == {"public", "ai"}


def test_every_stage_of_every_program_is_answered_in_a_form_that_is_read(problems):
    small = {"code_attempts": 1, "public_tries": 1, "ai_fixes": 1, "stress_inputs": 3, **EVERYTHING}
    programs = [
        AlphaCodium(FlowConfig(**small)),
        ChainOfThought(),
        Sampling(SamplingConfig(programs=2)),
        Reflexion(ReflexionConfig(attempts=2)),
    ]
    problem = problems.problems[0]
    known = replace(problems.known(problem.name), wrong=("print('nothing')\n",))
    one = replace(problems, problems=(problem,), _known={problem.name: known})
    lm = simulated_lm(one, skilled(SURE, code_right=0, fix_repairs=0))
    with dspy.context(lm=lm, adapter=LeanAdapter()), new_trace() as trace:
        for program in programs:
            program(problem=problem)
    lm = simulated_lm(one, skilled(SURE, ai_test_valid=0))  # where a program passes and a claim is wrong
    with dspy.context(lm=lm, adapter=LeanAdapter()), new_trace() as doubting:
        AlphaCodium()(problem=problem)
        AlphaCodium(FlowConfig(**{**small, "direct_first": 0}))(problem=problem)
    calls = [*trace.calls, *doubting.calls]
    assert {call.stage for call in calls} == {signature.__name__ for signature in SIGNATURES}
    assert {call.outcome for call in calls} == {"ok"}


def test_a_brute_force_program_and_a_generator_are_fit_for_use(problems):
    lm, first = simulated_lm(problems, SURE), problems.problems[0]
    brute_force = ask(lm, WriteBruteForce, problem=first.text()).code
    generator = ask(lm, WriteGenerator, problem=first.text()).code
    assert brute_force.strip() in known_right(first.name)
    made = judge(generator, [TestCase(f"{seed}\n", "") for seed in range(4)], first.limits()).results
    assert all(looks_like(result.output, [test.input for test in first.tests()]) for result in made)


def test_a_stage_that_it_knows_nothing_of_is_answered_with_nothing_that_matters(monkeypatch):
    class ListTraps(dspy.Signature):
        """List what is easily overlooked in the problem, and the tests that would show it."""

        problem: str = dspy.InputField()
        traps: list[str] = dspy.OutputField()
        tests: list[AITest] = dspy.OutputField()
        sure: bool = dspy.OutputField()

    monkeypatch.setattr("eval.simulated.prompt.SIGNATURES", (*SIGNATURES, ListTraps))
    problems = some_problems()
    found = ask(simulated_lm(problems, SURE), ListTraps, problem=problems.problems[0].text())
    assert (len(found.traps), len(found.tests), type(found.tests[0]), type(found.sure)) == (1, 1, AITest, bool)
