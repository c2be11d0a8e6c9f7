"""What an answer says that is known to be false, and what is let pass."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.data.problem_set import Known
from optimize.credit.credit import credit_of
from optimize.credit.evidence import Episode
from optimize.credit.false_claims import false_claims
from optimize.credit.false_sums import false_sums
from program.bench.failure import about_source
from program.problem import AskedFunction, Problem, PublicTest
from program.rollout.trace import Trace
from signatures.fields import AITest, Solution
from tests.support.steps import step

SUMS = Problem(
    name="Sum",
    description="Add.",
    public_tests=(PublicTest(input="3\n5 8 7\n", output="20\n"), PublicTest(input="2\n1 2\n", output="3\n")),
)
RIGHT = "input()\nprint(sum(map(int, input().split())))\n"
SQUARE = Problem(name="Square", description="n * n", public_tests=(PublicTest(input="3\n", output="9\n"),))


def episode(problem: Problem = SUMS, right: tuple[str, ...] = (RIGHT,)) -> Episode:
    def scored(code: str):
        raise AssertionError("no program is judged")

    known = Known(right, ())
    return Episode(problem, known, frozenset(), [], Trace(), scored, scored, 1.0, lambda score: score.hidden_rate)


@pytest.mark.parametrize(
    "text",
    [
        "2 + 2 = 5",
        "so 3 * 4 = 13, which is printed",
        "3 x 4 = 13",
        "5 + 8 + 7 = 21.",
        "(1 + 2) * 3 = 10",
        "11 / 3 = 3.8 letters",
        "7 / 2 = 4.5",
        "7 // 2 = 4",
        "7 % 2 = 0",
        "10 - 12 = 2",
        "1,000 + 1,000 = 3,000",
        "2 + 3 = 5 = 6 - 2",
        "the total is 3 × 5 = 16",
        "sum = 1 + 2 = 4",
    ],
)
def test_sums_that_do_not_come_out_are_found(text):
    assert false_sums(text)


@pytest.mark.parametrize(
    "text",
    [
        "2 + 2 = 4",
        "3 + 3 + 5 = 11, and 11 / 3 = 3.666667",
        "11 / 3 = 3.67, 11 / 3 = 3 with a remainder of 2",
        "7 / 2 = 3, rounded down",
        "10 - 12 = -2",
        "1,000 + 1,000 = 2,000",
        "n + 2 = 5",
        "2n + 3 = 8",
        "10^2 + 3 = 103",
        "a[1] + 2 = 9",
        "f(2) = 7",
        "max(3, 8) = 8",
        "n = 3, k = 2",
        "9 + 5 = 4 (mod 10)",
        "as strings 1 + 1 = 11",
        "3 - 5 = 3, 4, 5",
        "2 + 3 != 6 and 2 + 3 <= 6",
        "x = 3 + y",
        "3:20 + 45:50 = 49:10",
        "10 / 0 = 0",
        "2 + 3 = 5 apples",
        "",
    ],
)
def test_sums_that_come_out_or_are_no_sums_of_numbers_are_let_pass(text):
    assert not false_sums(text)


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=5), st.integers(-3, 3))
def test_a_sum_is_false_exactly_when_it_is(numbers, off):
    said = " + ".join(f"({number})" for number in numbers)
    assert bool(false_sums(f"We get {said} = {sum(numbers) + off}.")) == bool(off)


@given(st.text(alphabet="0123456789+-*/%=(). x,", max_size=40))
def test_no_text_breaks_the_reader_of_sums(text):
    assert all("=" in said for said in false_sums(text))


@pytest.mark.parametrize(
    ("first", "second", "false"),
    [
        ("5 + 8 + 7 = 20, so the output is 20", "1 + 2 = 3", False),
        ("5 + 8 + 7 = 21, so the output is 20", "1 + 2 = 3", True),
        ("The output is 21.", "It prints 3", True),
        ("The program should print 20.", "It prints `3`", False),
        ("the answer is 3", "the answer is 20", True),  # of the other example
        ("For input 9 the output is 20", "3", True),
        ("The input is 5 8 7, the output is 20", "the input is 1 and 2", False),
        ("Input: 3\n5 8 7\nOutput: 20", "Input: 2\n1 2\nOutput: 3", False),
        ("Input: 3\n5 8 7\nOutput: 22", "Input: 2\n1 2\nOutput: 3", True),
        ("The output is not 21 but 20", "3", False),
        ("It prints 1 integer", "the output is 2 lines long", False),
        ("If there is no number the output is 0", "3", False),
        ("Unlike the second example, whose output is 3, this gives 20", "the second example prints 20", True),
        ("the output is the sum", "the output is the sum of all", False),
        ("the output is '20'", 'the output is "three"', True),
    ],
)
@pytest.mark.parametrize(("stage", "field"), [("ExplainTests", "explanations"), ("CheckExplanations", "checked")])
def test_an_explanation_is_about_its_example(stage, field, first, second, false):
    said = step(stage, {field: [first, second]})
    assert bool(false_claims(said, episode())) == false


def test_explanations_of_which_nobody_knows_whose_they_are_may_be_about_any():
    assert not false_claims(step("ExplainTests", {"explanations": ["the answer is 3"]}), episode())
    assert false_claims(step("ExplainTests", {"explanations": ["the answer is 4"]}), episode())


@pytest.mark.parametrize(
    ("text", "false"),
    [
        ("For the first example the output is 20.", False),
        ("For the first example the output is 3.", True),
        ("In example 2 the input is 1 2 and the output is 3.", False),
        ("In example 2 the input is 7 and the output is 3.", True),
        ("Example 1: Input: 3 5 8 7 Output: 20 Example 2: Input: 2 1 2 Output: 3", False),
        ("Example 1: Input: 3 5 8 7 Output: 20 Example 2: Input: 2 1 2 Output: 4", True),
        ("The output is 0 for an empty list.", False),
        ("When the input is 5 8 7, the program prints 21.", True),
        ("The answer is 12.", False),  # of what, nobody knows
        ("1 + 2 = 4", True),
        ("Print one integer.", False),
    ],
)
@pytest.mark.parametrize(
    ("stage", "outputs"),
    [
        ("ReflectOnProblem", lambda text: {"reflection": ["add", text]}),
        ("RankSolutions", lambda text: {"ranking": ["a"], "steps": [text]}),
        ("ProposeSolutions", lambda text: {"solutions": [Solution(name="a", content=text)]}),
        ("SolveStepByStep", lambda text: {"reasoning": text, "code": "print(1 + 2 == 4)"}),
    ],
)
def test_other_words_are_about_what_they_name(stage, outputs, text, false):
    assert bool(false_claims(step(stage, outputs(text)), episode())) == false


@pytest.mark.parametrize(("claimed", "false"), [(16, False), (17, True)])
def test_of_other_inputs_a_known_program_tells_and_what_it_says_is_not_told(claimed, false):
    said = step("ReflectOnProblem", {"reflection": [f"For input 4 the output is {claimed}."]})
    known = episode(SQUARE, ("n = int(input())\nprint(n * n)\n",))
    assert bool(false_claims(said, known)) == false
    assert not any("16" in each for each in false_claims(said, known) if false)
    assert not false_claims(said, episode(SQUARE, ())), "nothing is known"
    assert not false_claims(said, episode(SUMS)), "that is no whole input of this problem"


def test_a_known_function_tells_too():
    triple = Problem(
        name="Triple",
        description="3 * n",
        public_tests=(PublicTest(input="2", output="6"),),
        function=AskedFunction(entry_point="triple"),
    )
    known = episode(triple, ("def triple(n):\n    return 3 * n\n",))
    for value, false in ((15, False), (16, True)):
        said = step("ReflectOnProblem", {"reflection": [f"With the argument 5 it returns {value}."]})
        assert bool(false_claims(said, known)) == false


@pytest.mark.parametrize(
    ("text", "false"),
    [
        ("it prints 22, the expected output is 20", False),
        ("it prints 21", True),
        ("the expected output is 23", True),
        ("the test is wrong", True),
        ("5 + 8 + 7 = 20", False),
        ("5 + 8 + 7 = 22", True),
    ],
)
@pytest.mark.parametrize(("stage", "field"), [("AnalyseFailure", "analysis"), ("DrawLesson", "lesson")])
def test_words_about_a_failure_are_about_that_failure(stage, field, text, false):
    failure = f"The program prints a wrong answer.\n{about_source('example')}\nInput:\n3\n5 8 7\nExpected output:\n20\n"
    said = step(stage, {field: [text]}, failure=f"{failure}Output of the program:\n22", code="print(22)")
    assert bool(false_claims(said, episode())) == false


def test_that_a_test_which_a_model_wrote_is_wrong_may_be_so():
    said = step("DrawLesson", {"lesson": ["the test is wrong"]}, failure=about_source("written"), code="")
    assert not false_claims(said, episode())


@pytest.mark.parametrize(("explanation", "false"), [("4 + 5 = 9", False), ("4 + 5 = 8", True), ("it prints 8", True)])
def test_the_explanation_of_a_test_that_the_model_wrote_is_about_that_test(explanation, false):
    written = AITest(input="2\n4 5\n", output="9\n", explanation=explanation)
    assert bool(false_claims(step("WriteTests", {"tests": [written]}), episode())) == false


def test_what_says_something_false_is_worth_nothing_and_is_told_why():
    given = credit_of(step("ReflectOnProblem", {"reflection": ["1 + 2 = 4"]}), episode())
    assert given is not None and not given.proven and given.score == 0.0
    assert given.evidence == ("it says that 1 + 2 = 4, which is wrong",)


def test_programs_are_not_read_as_words():
    said = step("WriteCode", {"code": "assert 1 + 1 == 3  # the output is 7\n"})
    assert not false_claims(said, replace(episode(), problem=SUMS))
