"""Programs in DSPy's own hands: each of its ways to call, evaluate, tune and store a module, as it documents them."""

import asyncio
import random

import dspy
import pytest

from eval.simulated.prompt import SIGNATURES
from eval.simulated.proposals import propose
from program.artifact import load_program
from program.models.scripted import scripted_lm
from program.problem import Problem
from program.rollout.context import new_trace
from program.stage.program import Program
from tests.support.paths import ROOT
from tests.support.scripted import GARBAGE, RIGHT, USUAL

PROBLEM = Problem.from_text("Double\n\nPrint twice the number.", [("1\n", "2\n"), ("2\n", "4\n")])
EXAMPLES = [dspy.Example(problem=PROBLEM).with_inputs("problem") for _ in range(4)]


def answer(prompt: str) -> str:
    """What a stage is usually answered; a question of an optimizer gets a sentence."""
    if proposed := propose(prompt, prompt, random.Random(len(prompt))):
        return proposed
    return str(USUAL[next(each.__name__ for each in SIGNATURES if each.instructions.strip() in prompt)])


def right(example, prediction, trace=None, *_) -> bool:
    return prediction.code == RIGHT


@pytest.fixture
def program() -> Program:
    return load_program(str(ROOT / "artifacts" / "direct"))


@pytest.fixture(autouse=True)
def lm(runs):
    """Nothing but a model is configured, as a user would have it."""
    answering = scripted_lm(answer)
    with dspy.context(lm=answering, adapter=None):
        yield answering


def test_a_program_is_called_with_a_problem_its_dictionary_or_its_text(program):
    assert {program(each).code for each in (PROBLEM, PROBLEM.model_dump(), PROBLEM.description)} == {RIGHT}


def test_the_flow_works_in_plain_python():
    assert load_program(ROOT / "artifacts" / "handwritten")(problem=PROBLEM).code == RIGHT


def test_the_budget_of_a_program_holds_without_a_rollout_around_it(lm):
    program = load_program(ROOT / "artifacts" / "sampling", {"budget": {"calls": 2}})
    program(problem=PROBLEM)
    assert len(lm.engine.prompts) == 2


def test_an_answer_that_cannot_be_read_is_no_crash(program):
    with dspy.context(lm=scripted_lm(lambda _: GARBAGE)):
        flow = load_program(ROOT / "artifacts" / "handwritten")
        assert program(problem=PROBLEM).code == flow(problem=PROBLEM).code == ""


def test_asynchronous_calls(program):
    async def all_ways() -> list:
        return [await program.acall(problem=PROBLEM), await dspy.asyncify(program)(problem=PROBLEM)]

    assert [each.code for each in asyncio.run(all_ways())] == [RIGHT, RIGHT]


def test_evaluate_and_parallel(program):
    scored = dspy.Evaluate(devset=EXAMPLES, metric=right, num_threads=2, display_progress=False)(program)
    assert scored.score == 100.0
    found = dspy.Parallel(num_threads=2, disable_progress_bar=True)([(program, example) for example in EXAMPLES])
    assert [each.code for each in found] == [RIGHT] * len(EXAMPLES)


def test_best_of_n(program):
    best = dspy.BestOfN(module=program, N=2, reward_fn=lambda _, answer: float(answer.code == RIGHT), threshold=1.0)
    assert best(problem=PROBLEM).code == RIGHT


def told(gold, pred, trace=None, pred_name=None, pred_trace=None) -> dspy.Prediction:
    return dspy.Prediction(score=0.5, feedback="go on")


FEW = {"max_bootstrapped_demos": 1, "max_labeled_demos": 0}
OPTIMIZERS = {
    "bootstrap": lambda lm: (dspy.BootstrapFewShot(metric=right, **FEW), {}),
    "mipro": lambda lm: (
        dspy.MIPROv2(metric=right, auto=None, num_candidates=2, num_threads=1, **FEW),
        {"valset": EXAMPLES[2:], "num_trials": 2, "minibatch": False},
    ),
    "simba": lambda lm: (dspy.SIMBA(metric=right, bsize=2, num_candidates=2, max_steps=1, num_threads=1), {}),
    "gepa": lambda lm: (dspy.GEPA(metric=told, max_metric_calls=8, reflection_lm=lm, num_threads=1), {}),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_tune_a_program(program, lm, name):
    optimizer, more = OPTIMIZERS[name](lm)
    tuned = optimizer.compile(program, trainset=EXAMPLES, **more)
    assert tuned(problem=PROBLEM).code == RIGHT
    assert name != "bootstrap" or len(tuned.solve.predict.demos) == 1


def test_save_and_load(program, tmp_path):
    program.solve.predict.demos = [dspy.Example(problem="Another", code="print(1)\n")]
    program.save(tmp_path / "state.json")
    other = load_program(ROOT / "artifacts" / "direct")
    other.load(tmp_path / "state.json")
    assert other.dump_state() == program.dump_state()


def test_usage_is_tracked_through_the_threads_of_a_flow(lm):
    flow = load_program(ROOT / "artifacts" / "handwritten")
    with dspy.context(track_usage=True):
        used = flow(problem=PROBLEM).get_lm_usage()["scripted/lm"]
    assert used["completion_tokens"] > 0


def test_a_program_can_be_streamed(program):
    async def last():
        async for chunk in dspy.streamify(program)(problem=PROBLEM):
            found = chunk
        return found

    assert asyncio.run(last()).code == RIGHT


@pytest.mark.parametrize("switched_off", [{"disable_history": True}, {"max_history_size": 0}])
def test_without_history_no_cost_is_lost_and_nothing_piles_up(program, lm, switched_off):
    with dspy.context(**switched_off), new_trace() as trace:
        assert program(problem=PROBLEM).code == RIGHT
    assert trace.totals().completion_tokens > 0 and trace.calls[0].prompt
    assert lm.history == program.history == []
