"""`program.solve` prints a program, or leaves with 1 and says why; what it says besides goes to standard error."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from dspy import lm15

import program.solve
from program.rollout.context import context
from tests.support.packs import call, isolate
from tests.support.paths import ROOT
from tests.support.scripted import GARBAGE, USUAL, code, stage_of
from tests.support.scripted_server import ServedEngine, served

SUM = ROOT / "examples" / "sum.md"
RIGHT = "a, b = map(int, input().split())\nprint(a + b)\n"
WRONG = "print(3)\n"  # right on one of the two examples
ANSWERS = {**USUAL, "SolveDirectly": code(RIGHT), "WriteCode": code(RIGHT), "FixCode": code(RIGHT)}
FEW = ("--set", "direct_first=1", "--set", "code_attempts=1", "--set", "public_tries=1", "--set", "rounds=1")


def answering(**answers: object) -> ServedEngine:
    """A model that answers as usual, but for some stages."""
    return ServedEngine(lambda prompt: {**ANSWERS, **answers}[stage_of(prompt)])


@contextmanager
def at(options: dict[str, ServedEngine]) -> Iterator[list[str]]:
    """The options of a command that name models, each with its own server."""
    with ExitStack() as stack:
        words = []
        for option, engine in options.items():
            base = "--api-base" if option == "--lm" else option.replace("-lm", "-api-base")
            words += [option, f"openai/{option.strip('-')}", base, stack.enter_context(served(engine))]
        yield words


@pytest.fixture
def solve(monkeypatch, tmp_path, capsys) -> Callable[..., tuple[int, str, str]]:
    """Solve a problem; the exit status and what was printed to both streams."""
    isolate(monkeypatch, tmp_path / "cache")
    monkeypatch.chdir(ROOT)

    def solve(*more: str, problem: Path = SUM, **models: ServedEngine) -> tuple[int, str, str]:
        with at({f"--{name.replace('_', '-')}": engine for name, engine in models.items()}) as words:
            status = call(monkeypatch, program.solve.main, problem, *words, *more)
        said = capsys.readouterr()
        return status, said.out, said.err

    return solve


def test_a_right_program_takes_one_direct_call(solve):
    lm = answering()
    assert solve(lm=lm)[:2] == (0, RIGHT)
    assert [stage_of(prompt) for prompt in lm.prompts if "Say yes" not in prompt] == ["SolveDirectly"]


def test_the_flow_follows_where_direct_tries_fail(solve):
    lm = answering(SolveDirectly=code(WRONG))
    status, out, err = solve(lm=lm)
    assert (status, out) == (0, RIGHT) and "passes 2 of 2 public tests" in err
    asked = [stage_of(prompt) for prompt in lm.prompts if "Say yes" not in prompt]
    assert asked[:3] == ["SolveDirectly"] * 3 and "WriteCode" in asked[3:]


def test_the_best_program_is_printed_with_how_many_tests_it_passes(solve):
    wrong = dict.fromkeys(("SolveDirectly", "WriteCode", "FixCode"), code(WRONG))
    status, out, err = solve(*FEW, lm=answering(**wrong))
    assert (status, out) == (0, WRONG) and "the program passes 1 of 2 public tests" in err


@pytest.mark.parametrize("answer", [GARBAGE, ""])
def test_no_readable_answer_is_a_failure_with_a_reason(solve, answer):
    status, out, err = solve(*FEW, lm=ServedEngine(lambda prompt: answer))
    assert (status, out) == (1, "")
    assert re.match(r"error: no program: (\d+) of \1 answers were unusable: \1 ", err.splitlines()[-1])


def test_no_answer_is_a_failure_with_a_reason(solve):
    def refuse(prompt: str) -> str:
        raise lm15.InvalidRequestError("that is\nno good", provider="scripted", status=400)

    status, out, err = solve(*FEW, lm=ServedEngine(refuse))
    assert (status, out) == (1, "") and "calls failed: " in err.splitlines()[-1] and "that is" in err.splitlines()[-1]


def test_a_spent_budget_is_a_reason(solve):
    status, out, err = solve("--set", "budget.calls=1", lm=ServedEngine(lambda prompt: GARBAGE))
    assert (status, out) == (1, "") and "the budget of calls is spent" in err.splitlines()[-1]


def test_what_ends_the_flow_leaves_the_best_program(solve):
    def answer(prompt: str) -> str:
        if stage_of(prompt) != "SolveDirectly":
            raise lm15.AuthError("the key has expired", provider="scripted", status=401)
        return code(WRONG)

    status, out, err = solve(lm=ServedEngine(answer))
    assert (status, out) == (0, WRONG)
    assert "ended early; this is the best program so far: " in err and "the key has expired" in err


def test_a_statement_without_examples_says_so(solve, tmp_path):
    problem = tmp_path / "problem.txt"
    problem.write_text("Print the sum of two numbers.")
    status, out, err = solve(*FEW, problem=problem, lm=answering())
    assert (status, out) == (0, RIGHT)
    assert "no examples were found in the statement" in err and "public tests" not in err


def test_some_bad_answers_are_a_warning(solve):
    status, out, err = solve(*FEW, lm=answering(SolveDirectly=code(WRONG), ReflectOnProblem=GARBAGE))
    assert (status, out) == (0, RIGHT) and "warning: 2 of " in err and "answers were unusable" in err


def test_fixes_are_asked_of_their_own_model_and_nothing_else_is(solve):
    lm, repairer = answering(SolveDirectly=code(WRONG), WriteCode=code(WRONG), FixCode=code(WRONG)), answering()
    status, out, _ = solve(*FEW, "--set", "fix_calls=2", lm=lm, repair_lm=repairer)
    assert (status, out) == (0, RIGHT)
    assert repairer.checks == lm.checks == 1
    assert {stage_of(prompt) for prompt in repairer.prompts} == {"AnalyseFailure", "FixCode"}
    assert not {stage_of(prompt) for prompt in lm.prompts} & {"AnalyseFailure", "FixCode"}


def test_the_redraw_after_a_fix_that_failed_stays_with_the_usual_model(solve):
    wrong = {"SolveDirectly": code(WRONG)}
    drawn = iter([code(WRONG), code(RIGHT)])
    lm = ServedEngine(
        lambda prompt: next(drawn) if stage_of(prompt) == "WriteCode" else {**ANSWERS, **wrong}[stage_of(prompt)]
    )
    repairer = answering(FixCode=code("print(4)\n"))
    status, out, _ = solve(*FEW, "--set", "public_tries=2", lm=lm, repair_lm=repairer)
    assert (status, out) == (0, RIGHT)
    assert [stage_of(prompt) for prompt in repairer.prompts] == ["FixCode"]


def test_later_rounds_are_asked_of_the_stronger_model_at_its_address(solve):
    wrong = dict.fromkeys(("SolveDirectly", "WriteCode", "FixCode"), code(WRONG))
    lm, stronger = answering(**wrong), answering()
    assert solve(*FEW[:-2], lm=lm, escalate_lm=stronger)[:2] == (0, RIGHT)
    assert {stage_of(prompt) for prompt in stronger.prompts} >= {"ReflectOnProblem", "WriteCode"}
    assert context().stronger is None
