"""Credit on problems that ask for a function: the same rules, calls for tests, and the words of functions."""

import json

import pytest

import eval.compare
import eval.run
import eval.show
import optimize.compile
from eval.data.problem_set import Known
from judge.verdict import TestCase
from optimize.credit.credit import credit_of
from optimize.credit.evidence import Credit, Episode, Step
from optimize.credit.of_tests import of_explanations
from optimize.credit.outcome import outcome
from program.bench.words import FUNCTION, PROGRAM
from program.problem import AskedFunction, Problem, PublicTest
from program.rollout.decisions import ChangeTried
from program.rollout.trace import name_of
from signatures.fields import AITest, Solution
from tests.support.packs import SMALL_FLOW, isolate, printed, write_start
from tests.support.steps import credit_by, episode_of, score_at, step

RIGHT = "def triple(n):\n    return 3 * n\n"
WRONG = "def triple(n):\n    return 3 * n if n < 10 else [n]\n"
BROKEN = "def triple(n):\n    print(3 * n)\n"
RATES = {RIGHT: 1.0, WRONG: 0.5, BROKEN: 0.0}
PROBLEM = Problem(
    name="Triple",
    description="Three times a number.",
    public_tests=(PublicTest(input="2", output="6"), PublicTest(input="-1", output="-3")),
    function=AskedFunction(entry_point="triple"),
)


def episode(*steps: Step, right: tuple[str, ...] = (RIGHT,), others: tuple[Episode, ...] = ()) -> Episode:
    return episode_of(PROBLEM, RATES, Known(right, (WRONG,)), steps, ["20"], others=others)


credit = credit_by(episode)


def claimed(*pairs: tuple[str, str]) -> Step:
    return step("WriteTests", {"tests": [AITest(input=given, output=value) for given, value in pairs]})


def test_tests_are_calls_that_accepted_functions_are_run_on():
    given = credit(claimed(("5", "15"), ("triple(30)", "90")))
    assert given == Credit(
        1.0,
        True,
        (
            "test 1: an accepted function returns what it claims",
            "test 2: an accepted function returns what it claims",
            "they catch 1 of 1 known wrong functions",
        ),
    )


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (("5", "16"), "test 1 claims 16; an accepted function returns 15"),
        (("20", "61"), "test 1 claims 61; an accepted function returns something else"),
        (("n=20", "61"), "test 1 claims 61; an accepted function returns something else"),
        (("None", "0"), "no test is left that says anything new"),
        (("5", "fifteen"), "no test is left that says anything new"),
    ],
)
def test_a_test_that_is_wrong_is_not_proven(pair, said):
    given = credit(claimed(pair))
    assert not given.proven and given.score == 0.0 and said in given.evidence


def test_arguments_that_accepted_functions_fail_on_break_a_rule():
    given = credit(claimed(("0", "0")), right=("def triple(n):\n    assert n\n    return 3 * n\n",))
    assert given.evidence == ("test 1: accepted functions fail on its arguments, so it breaks a rule of the statement",)


def test_accepted_functions_that_disagree_prove_nothing():
    assert credit(claimed(("30", "90")), right=(RIGHT, WRONG)).evidence == (
        "test 1: accepted functions return different values",
    )


def test_a_function_is_as_right_as_the_hidden_tests_say():
    assert credit(step("WriteCode", {"code": RIGHT})).evidence == (
        "the function passes 2 of 2 example tests and 4 of 4 further tests",
    )
    assert credit(step("WriteCode", {"code": BROKEN})).evidence == (
        "the function passes 0 of 2 example tests (it returns a wrong value) "
        "and 0 of 4 further tests (it returns a wrong value)",
    )


def test_a_brute_force_function_is_called():
    tests = claimed(("30", "90"))
    assert credit(step("WriteBruteForce", {"code": RIGHT}), tests).proven
    assert credit(step("WriteBruteForce", {"code": WRONG}), tests).evidence == ("it passes 2 of 3 small tests",)


@pytest.mark.parametrize(
    ("code", "score"),
    [
        ("print(int(input()) + 5)", 1.0),
        ("print(7)", 0.2),
        ("n = int(input())\nprint(n if n < 4 else 'many')", 0.6),
        ("n = int(input())\nprint(n if n < 4 else [n])", 0.6),
        ("n = int(input())\nprint(f'{n}, {n}')", 0.0),
        ("def triple(n):\n    return n\n", 0.0),
    ],
)
def test_a_generator_is_a_program_that_prints_arguments(code, score):
    given = credit(step("WriteGenerator", {"code": code}))
    assert given.score == score and given.proven == (score == 1.0)


@pytest.mark.parametrize(
    ("before", "after", "test", "right"),
    [
        (BROKEN, RIGHT, ("2", "6"), True),
        (WRONG, RIGHT, ("30\n", "90\n"), True),
        (WRONG, BROKEN, ("30\n", "90\n"), False),
        (RIGHT, RIGHT, ("30\n", "91\n"), False),
    ],
)
def test_a_fix_is_judged_by_calls(before, after, test, right):
    fixed = step("FixCode", {"fixed_code": after}, code=before)
    rollout = episode(fixed, claimed(("30", "90"), ("5", "15")))
    names, on = {"program": name_of(before), "changed": name_of(after)}, TestCase(*test)
    said = ChangeTried(
        way="fix", outcome="kept", before="WA", after="AC", test_input=on.input, test_output=on.output, **names
    )
    rollout.trace.decide(said)
    given = credit_of(fixed, rollout)
    assert given is not None and given.proven == right
    assert not any("program" in sentence for sentence in given.evidence)


def test_a_fix_for_a_test_that_claims_no_value_is_not_credited():
    fixed = step("FixCode", {"fixed_code": RIGHT}, code=WRONG)
    rollout = episode(fixed)
    names, on = {"program": name_of(WRONG), "changed": name_of(RIGHT)}, {"test_input": "30", "test_output": "ninety"}
    rollout.trace.decide(ChangeTried(way="fix", outcome="kept", before="WA", after="WA", **names, **on))
    given = credit_of(fixed, rollout)
    assert given == Credit(0.0, False, ("the test that the fix is for is wrong itself",))


@pytest.mark.parametrize(
    ("explanation", "right"), [("With 2 three times 2 gives 6", True), ("It returns 6", False), ("2 becomes 7", False)]
)
def test_an_explanation_starts_from_the_arguments_and_arrives_at_the_value(explanation, right):
    said = step("ExplainTests", {"explanations": [explanation, "-1 times 3 is -3"]})
    assert of_explanations(said, episode()).proven == right


def test_plans_are_credited_by_functions_that_were_written_from_them():
    solutions = [Solution(name=name, content="c", why_it_works="w", complexity="O(1)") for name in "AB"]
    ranked = step("RankSolutions", {"ranking": ["A", "B"]}, solutions=solutions)
    programs = [
        step("WriteCode", {"code": code}, solution=each) for code, each in zip((RIGHT, WRONG), solutions, strict=True)
    ]
    given = credit(ranked, *programs * 4)
    said = "4 of 4 functions written with it are right, 0 of 4 functions written without it are right"
    assert given.proven and given.evidence == (said,)
    assert credit(step("ReflectOnProblem", {"reflection": ["r"]})).evidence == ("no function was written with it",)


def test_outcomes_are_told_in_the_words_of_what_is_asked_for():
    assert outcome(score_at(RATES[WRONG]), PROGRAM, " here") == (
        "the program here passes 2 of 2 example tests and 2 of 4 further tests (it prints a wrong answer)"
    )
    assert outcome(score_at(RATES[WRONG]), FUNCTION).endswith("(it returns a wrong value)")


def row(number: int) -> dict:
    """A problem in the columns of MBPP, as `google-research-datasets/mbpp` has them."""
    name, calls = f"plus_{number}", (3, 10, -4, 100, 0)
    return {
        "task_id": number,
        "text": f"Write a function to add {number} to a number.",
        "code": f"def {name}(n):\n    return n + {number}",
        "test_list": [f"assert {name}({n}) == {n + number}" for n in calls],
        "test_setup_code": "",
        "challenge_test_list": [],
    }


def test_functions_are_compiled_for_evaluated_compared_and_shown(monkeypatch, tmp_path):
    isolate(monkeypatch, tmp_path / "cache")
    (tmp_path / "data" / "data").mkdir(parents=True)
    for split, numbers in (("valid", range(1, 6)), ("test", range(6, 9))):
        lines = "".join(f"{json.dumps(row(number))}\n" for number in numbers)
        (tmp_path / "data" / "data" / f"{split}.jsonl").write_text(lines)
    flow = {**SMALL_FLOW, "brute_force": True, "stress_inputs": 2}
    start = write_start(tmp_path / "start", "alphacodium", flow)
    given = ["--data", tmp_path / "data", "--lm", "simulated", "--concurrency", "2"]
    out, run = tmp_path / "out", tmp_path / "run"
    said = printed(
        monkeypatch,
        optimize.compile.main,
        "--start",
        start,
        *given,
        "--optimizer",
        "verified",
        "--out",
        out,
        "--report",
    )
    assert "an accepted function returns what it claims" in said and "accepted program" not in said
    assert "of 4 further tests" in said
    table = printed(monkeypatch, eval.run.main, start, out, *given, "--split", "test", "--out", run)
    assert "| out |" in table
    assert "against start" in printed(monkeypatch, eval.compare.main, run)
    stories = printed(monkeypatch, eval.show.main, run, "Mbpp/7")
    assert "arguments: 3" in stories or "Solved: 1 public and 4 hidden tests pass." in stories
    assert "printed:" not in stories
