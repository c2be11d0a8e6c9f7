"""Credit: every call is judged on its own evidence, and what is said about it gives no hidden test away."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from eval.data.problem_set import Facts, Known
from eval.rollouts.score import Score, SetResult
from judge.verdict import TestCase
from optimize.credit.credit import credit_of
from optimize.credit.demo_choice import ProvenCall, choose_demos
from optimize.credit.evidence import Credit, Episode, Step
from program.problem import Problem, PublicTest
from program.rollout.decisions import ChangeTried
from program.rollout.trace import Trace, name_of
from signatures.fields import AITest, Solution
from tests.support.steps import credit_by, step

RIGHT = "print(2 * int(input()))\n"
WRONG = "n = int(input())\nprint(2 * n if n < 10 else 0)\n"
BROKEN = "print('no answer')\n"
PROBLEM = Problem(
    name="Double",
    description="Print twice the number.",
    public_tests=(PublicTest(input="1\n", output="2\n"), PublicTest(input="2\n", output="4\n")),
)
RATES = {RIGHT: 1.0, WRONG: 0.5, BROKEN: 0.0, f"{RIGHT}# also\n": 1.0}


def scored(code: str) -> Score:
    """What the hidden tests would say; no judge is needed for that here."""
    passed = round(RATES[code] * 4)
    hidden = SetResult(passed=passed, total=4, verdict="AC" if passed == 4 else "WA")
    public = SetResult(passed=0 if code == BROKEN else 2, total=2, verdict="WA" if code == BROKEN else "AC")
    none = SetResult(passed=0, total=0, verdict="AC")
    solved = passed == 4 and public.passed == 2
    return Score(
        public=public, private=hidden, generated=none, hidden_rate=passed / 4, solved=solved, judge_seconds=0.0
    )


def episode(*steps: Step, others: Sequence[Episode] = (), right: Sequence[str] = (RIGHT,), hidden=()) -> Episode:
    return Episode(
        problem=PROBLEM,
        known=Known(tuple(right), (WRONG,)),
        hidden=frozenset(hidden),
        steps=list(steps),
        trace=Trace(),
        score=scored,
        threshold=1.0,
        measure=lambda score: score.hidden_rate,
        others=others,
    )


credit = credit_by(episode)


def written_tests(*pairs: tuple[str, str]) -> Step:
    return step("WriteTests", {"tests": [AITest(input=i, output=o, explanation="") for i, o in pairs]})


def written(code: str, solution: str = "A") -> Step:
    return step("WriteCode", {"code": code}, solution=named(solution))


def named(name: str) -> Solution:
    return Solution(name=name, content="c", why_it_works="w", complexity="O(1)")


# Tests


def test_tests_are_right_when_accepted_programs_print_what_they_claim():
    given = credit(written_tests(("3", "6"), ("20", "40")))
    assert given.proven and given.score == 1.0
    assert "they catch 1 of 1 known wrong programs" in given.evidence


def test_tests_that_catch_no_wrong_program_are_worth_half():
    given = credit(written_tests(("3", "6")))
    assert given.proven and given.score == 0.5


def test_a_test_that_claims_something_else_is_found_and_said():
    given = credit(written_tests(("3", "6"), ("4", "7")), right=(RIGHT, f"{RIGHT}# also\n"))
    assert not given.proven and given.score == 0.5
    assert "test 2 claims 7; 2 accepted programs print 8" in given.evidence


def test_the_right_answer_to_a_hidden_input_is_not_said():
    given = credit(written_tests(("4", "7")), hidden=["4"])
    assert not given.proven and "test 1 claims 7; an accepted program prints something else" in given.evidence
    assert not any("8" in said for said in given.evidence)


def test_an_input_that_breaks_the_rules_of_the_statement_makes_no_test():
    careful = "n = int(input())\nassert n > 0\nprint(2 * n)\n"
    given = credit(written_tests(("-3", "-6")), right=(careful,))
    assert not given.proven and "breaks a rule" in given.evidence[0]


def test_right_programs_that_disagree_prove_nothing():
    given = credit(written_tests(("20", "40")), right=(RIGHT, WRONG))
    assert not given.proven and "different answers" in given.evidence[0]


def test_tests_that_were_checked_are_judged_alike():
    checked = [AITest(input="3", output="6", explanation=""), AITest(input="20", output="40", explanation="")]
    assert credit(step("CheckTests", {"checked": checked})).proven


def test_tests_that_only_repeat_examples_say_nothing():
    given = credit(written_tests(("1", "2")))
    assert not given.proven and given.score == 0.0


def test_tests_of_no_use_count_against_those_that_are():
    """Five of these six are empty, unlike the examples or a repeat of one."""
    given = credit(written_tests(("20", "40"), ("", ""), ("1", "2"), ("2", "4"), ("1", "2"), ("", "7")))
    assert not given.proven and given.score == pytest.approx(1 / 6)


def test_without_a_right_program_no_test_is_proven():
    assert not credit(written_tests(("3", "6")), right=()).proven


# Reasoning about the examples


@pytest.mark.parametrize(
    ("explanations", "score"),
    [
        (["twice 1 is 2", "2 + 2 = 4"], 1.0),
        (["twice 1 is 2", "2 + 2 = 5"], 0.5),
        (["1 gives 2, no, it is 3", "2 gives 4"], 0.5),
        (["the output is 2", "the output is 4"], 0.0),
        (["it is 2, as the input is 1, so 2", "the output is 2 2 4"], 1.0),
        (["twice 1 is 2"], 0.5),
        ([], 0.0),
    ],
)
def test_an_explanation_has_to_start_from_the_input_and_arrive_at_the_output(explanations, score):
    given = credit(step("ExplainTests", {"explanations": explanations}))
    assert given.score == score and given.proven == (score == 1.0)


@pytest.mark.parametrize(
    ("explanation", "right"),
    [
        ("3 numbers, 5 and 8 among them, add up to 20", True),
        ("all 3 add up to 20", False),  # two of the input at least
        ("20", False),
        ("with 5 and 8 it is 20, so the sum is 21", False),
    ],
)
def test_of_a_longer_input_two_numbers_have_to_be_named(explanation, right):
    summed = Problem(name="Sum", description="Add.", public_tests=(PublicTest(input="3\n5 8 7\n", output="20\n"),))
    explained = step("ExplainTests", {"explanations": [explanation]})
    given = credit_of(explained, replace(episode(explained), problem=summed))
    assert given is not None and given.proven == right


def test_explanations_that_were_checked_are_judged_alike():
    assert credit(step("CheckExplanations", {"checked": ["twice 1 is 2", "2 + 2 = 4"]})).proven


# Programs


def test_a_program_is_as_right_as_the_hidden_tests_say():
    assert credit(written(RIGHT)) == Credit(
        1.0, True, ("the program passes 2 of 2 example tests and 4 of 4 further tests",)
    )
    given = credit(written(WRONG))
    assert (given.score, given.proven) == (
        0.5,
        False,
    ) and "2 of 4 further tests (it prints a wrong answer)" in given.evidence[0]


@pytest.mark.parametrize("stage", ["SolveDirectly", "SolveStepByStep", "SolveWithLessons"])
def test_programs_of_the_baselines_are_judged_alike(stage):
    assert credit(step(stage, {"code": RIGHT})).proven


def test_a_brute_force_program_need_only_be_right_on_small_inputs():
    """Of the tests that the model wrote those count that known programs confirm."""
    given = credit(step("WriteBruteForce", {"code": WRONG}), written_tests(("3", "6"), ("4", "7")))
    assert given == Credit(1.0, True, ("it passes 3 of 3 small tests",))
    assert not credit(step("WriteBruteForce", {"code": WRONG}), written_tests(("30", "60"))).proven


@pytest.mark.parametrize(
    ("code", "score"),
    [
        ("print(int(input()) + 5)", 1.0),
        ("print(7)", 0.2),
        ("n = int(input())\nprint(n if n < 4 else 'many')", 0.6),
        ("print(", 0.0),
    ],
)
def test_a_generator_has_to_print_different_inputs_that_accepted_programs_agree_on(code, score):
    given = credit(step("WriteGenerator", {"code": code}))
    assert given.score == score and given.proven == (score == 1.0)


def test_an_analysis_is_credited_by_the_fix_that_was_made_from_it():
    analysed = step("AnalyseFailure", {"analysis": ["it prints a word"]}, code=BROKEN, failure="It fails.")

    def proven(after: str, analysis: list[str]) -> bool:
        asked = {"code": BROKEN, "failure": "It fails.", "analysis": analysis}
        rollout = episode(analysed, step("FixCode", {"fixed_code": after}, **asked))
        rollout.trace.decide(change(BROKEN, after, TestCase("1\n", "2\n")))
        given = credit_of(analysed, rollout)
        assert given is not None
        return given.proven

    assert proven(RIGHT, ["it prints a word"])
    assert not proven(BROKEN, ["it prints a word"])
    assert not proven(RIGHT, [])


def test_a_lesson_is_credited_by_the_program_that_was_written_with_it():
    drawn = step("DrawLesson", {"lesson": ["mind large inputs"]}, code=WRONG)
    asked = {"lessons": ["earlier", "mind large inputs"]}
    given = credit(drawn, step("SolveWithLessons", {"code": RIGHT}, **asked))
    assert given.proven and given.score == 0.5  # what it gained over the program that it was drawn from
    assert not credit(drawn, step("SolveWithLessons", {"code": WRONG}, **asked)).proven
    assert not credit(drawn, step("SolveWithLessons", {"code": RIGHT}, lessons=["earlier"])).proven


def change(before: str, after: str, test: TestCase) -> ChangeTried:
    names = {"program": name_of(before), "changed": name_of(after)}
    on = {"test_input": test.input, "test_output": test.output}
    return ChangeTried(way="fix", outcome="kept", before="WA", after="AC", **names, **on)


def fix(before: str, after: str, test: TestCase, *more: Step) -> Credit:
    fixing = step("FixCode", {"fixed_code": after}, code=before, failure="It fails.")
    rollout = episode(fixing, *more)
    rollout.trace.decide(change(before, after, test))
    given = credit_of(fixing, rollout)
    assert given is not None
    return given


def test_a_fix_is_right_when_the_failing_test_passes_and_nothing_else_breaks():
    given = fix(BROKEN, RIGHT, TestCase("1\n", "2\n"))
    assert given.proven and given.score == 1.0
    assert given.evidence[:2] == ("the failing test passes now", "every test that passed still does")


def test_a_fix_that_the_flow_never_ran_is_not_credited():
    given = credit(step("FixCode", {"fixed_code": RIGHT}, code=BROKEN, failure="It fails."))
    assert not given.proven and given.evidence == ("the flow did not run it",)


def test_a_fix_that_is_still_wrong_elsewhere_is_no_demonstration():
    given = fix(BROKEN, WRONG, TestCase("1\n", "2\n"))
    assert not given.proven and given.score == 0.5


def test_a_fix_that_changes_nothing_is_worth_nothing():
    given = fix(BROKEN, BROKEN, TestCase("1\n", "2\n"))
    assert not given.proven and given.score == 0.0 and "it is the same program again" in given.evidence


def test_a_fix_for_a_test_that_is_wrong_itself_is_not_credited():
    given = fix(WRONG, RIGHT, TestCase("20\n", "41\n"), written_tests(("20", "41")))
    assert not given.proven and given.evidence == ("the test that the fix is for is wrong itself",)


def test_a_fix_is_for_the_test_as_the_flow_ran_it_not_as_the_model_claimed_it():
    """The model claimed 41; most programs print 40, and so the flow expected."""
    assert fix(WRONG, RIGHT, TestCase("20\n", "40\n"), written_tests(("20", "41"))).proven


def test_a_fix_that_breaks_a_test_which_passed_is_not_right():
    given = fix(WRONG, BROKEN, TestCase("20\n", "40\n"), written_tests(("20", "40")))
    assert not given.proven and any("breaks 2 of 2" in said for said in given.evidence)


def test_a_fix_may_break_a_test_that_is_wrong_itself():
    assert fix(WRONG, RIGHT, TestCase("20\n", "40\n"), written_tests(("20", "40"), ("30", "0"))).proven


# Plans


def ranking(*names: str) -> Step:
    return step("RankSolutions", {"ranking": list(names)}, solutions=[named(name) for name in sorted(names)])


def test_a_ranking_is_right_when_its_first_solution_led_to_a_pass_and_a_lower_one_did_not():
    given = credit(ranking("A", "B"), written(RIGHT, "A"), written(WRONG, "B"))
    assert given.proven and given.score == 1.0


def test_a_ranking_is_wrong_in_the_reverse():
    given = credit(ranking("B", "A"), written(RIGHT, "A"), written(WRONG, "B"))
    assert not given.proven and given.score == 0.0


def test_other_rollouts_of_the_problem_tell_about_a_ranking_too():
    assert not credit(ranking("A", "B"), written(RIGHT, "A")).proven
    others = [episode(written(BROKEN, "b"))]
    assert credit(ranking("A", "B"), written(RIGHT, "A"), others=others).proven


PLANS = [
    (
        step("ProposeSolutions", {"solutions": [named("A"), named("B")]}),
        step("ProposeSolutions", {"solutions": [named("C")]}),
    ),
    (
        step("ReflectOnProblem", {"reflection": ["double it"]}),
        step("ReflectOnProblem", {"reflection": ["add something"]}),
    ),
]


@pytest.mark.parametrize(("plan", "another"), PLANS, ids=["proposals", "reflection"])
def test_a_plan_is_credited_by_what_followed_in_comparison_with_what_followed_others(plan, another):
    worse = [episode(another, written(WRONG))]
    given = credit(plan, written(RIGHT), others=worse)
    assert given.proven and given.score == 0.5 and "50%" in given.evidence[1]
    assert not credit(another, written(WRONG), others=[episode(plan, written(RIGHT))]).proven


@pytest.mark.parametrize(("plan", "another"), PLANS, ids=["proposals", "reflection"])
def test_one_program_that_followed_proves_no_plan(plan, another):
    assert not credit(plan, written(RIGHT)).proven
    assert not credit(plan).proven
    assert not credit(plan, written(RIGHT), others=[episode(plan, written(WRONG))]).proven  # the same answer
    assert not credit(plan, written(RIGHT), others=[episode(another, written(RIGHT))]).proven  # an easy problem


def test_a_stage_of_which_nothing_is_known_gets_no_credit():
    assert credit_of(step("ValidateAnswer", {"verdict": "yes"}), episode()) is None


# Demonstrations


def proven(problem: str, tokens: int, tags=(), difficulty="1", score=1.0) -> ProvenCall:
    return ProvenCall(problem, 0, written(RIGHT), Credit(score, True, ()), Facts(difficulty, tuple(tags)), tokens)


def names(calls: Sequence[ProvenCall]) -> list[str]:
    return [call.problem for call in calls]


def test_the_shortest_of_equal_calls_are_shown_one_a_problem():
    calls = [proven("a", 90), proven("a", 10), proven("b", 50), proven("c", 20)]
    assert names(choose_demos(calls, 2, 1000)) == ["a", "c"]
    assert choose_demos(calls, 1, 1000)[0].tokens == 10


def test_demonstrations_differ_in_tags_and_difficulty():
    calls = [proven("a", 10, ["math"]), proven("b", 20, ["math"]), proven("c", 90, ["strings"], "2")]
    assert names(choose_demos(calls, 2, 1000)) == ["a", "c"]


def test_more_credit_goes_before_less_length():
    assert names(choose_demos([proven("a", 10, score=0.5), proven("b", 90)], 1, 1000)) == ["b"]


def test_the_cap_on_tokens_holds():
    calls = [proven("a", 60), proven("b", 60), proven("c", 30)]
    chosen = choose_demos(calls, 3, 100)
    assert sum(call.tokens for call in chosen) <= 100 and names(chosen) == ["c", "a"]
    assert choose_demos(calls, 3, 10) == []
