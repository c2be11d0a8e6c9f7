"""Credit: every call is judged on its own evidence, and what is said about it gives no hidden test away."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from eval.data.problem_set import Facts, Known
from judge.verdict import TestCase
from optimize.credit.credit import credit_of, open_contrast
from optimize.credit.demo_choice import ProvenCall, choose_demos
from optimize.credit.evidence import Credit, Episode, Step
from optimize.credit.of_tests import of_explanations
from program.problem import Problem, PublicTest
from program.rollout.decisions import ChangeTried
from program.rollout.trace import name_of
from signatures.fields import AITest, Solution
from tests.support.rollouts import run_on
from tests.support.steps import credit_by, episode_of, step

RIGHT = "print(2 * int(input()))\n"
WRONG = "n = int(input())\nprint(2 * n if n < 10 else 0)\n"
BROKEN = "print('no answer')\n"
PROBLEM = Problem(
    name="Double",
    description="Print twice the number.",
    public_tests=(PublicTest(input="1\n", output="2\n"), PublicTest(input="2\n", output="4\n")),
)
RATES = {RIGHT: 1.0, WRONG: 0.5, BROKEN: 0.0, f"{RIGHT}# also\n": 1.0}


def episode(
    *steps: Step, others: Sequence[Episode] = (), right: Sequence[str] = (RIGHT,), hidden=(), sample: int = 0
) -> Episode:
    known = Known(tuple(right), (WRONG,))
    return episode_of(PROBLEM, RATES, known, steps, hidden, others=others, sample=sample)


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


# Programs


def test_a_program_that_was_seen_to_end_too_late_is_not_judged_again():
    """To judge it would be an error here, because it has no score."""
    endless = "while True:\n    pass\n"
    seen = episode(written(endless))
    seen.trace.events.append(run_on("public", endless, "AC TLE"))
    given = credit_of(seen.steps[0], seen)
    assert given == Credit(0.0, False, ("on an example the program takes too long",))
    with pytest.raises(KeyError):
        credit_of(seen.steps[0], episode(written(endless)))


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
    given = of_explanations(step("ExplainTests", {"explanations": explanations}), episode())
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
    assert of_explanations(explained, replace(episode(explained), problem=summed)).proven == right


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


def test_an_analysis_is_credited_by_the_fixes_that_were_made_from_it():
    analysed = step("AnalyseFailure", {"analysis": ["it prints a word"]}, code=BROKEN, failure="It fails.")

    def proven(good: Sequence[str], others: Sequence[str], analysis: Sequence[str] = ("it prints a word",)) -> bool:
        made = [(code, list(analysis)) for code in good] + [(code, []) for code in others]
        asked = {"code": BROKEN, "failure": "It fails."}
        fixes = [step("FixCode", {"fixed_code": code}, **asked, analysis=said) for code, said in made]
        rollout = episode(analysed, *fixes)
        for code in {*good, *others}:
            rollout.trace.decide(change(BROKEN, code, TestCase("1\n", "2\n")))
        given = credit_of(analysed, rollout)
        assert given is not None
        return given.proven

    assert proven([RIGHT] * 4, [BROKEN] * 4)
    assert not proven([RIGHT], [BROKEN] * 4)
    assert not proven([RIGHT] * 4, [RIGHT] * 4)
    assert not proven([BROKEN] * 4, [BROKEN] * 4)
    assert not proven([RIGHT] * 4, [BROKEN] * 4, analysis=["another one"])


def test_a_lesson_is_credited_by_the_programs_that_were_written_with_it():
    drawn = step("DrawLesson", {"lesson": ["mind large inputs"]}, code=WRONG)

    def solved(code: str, *lessons: str) -> Step:
        return step("SolveWithLessons", {"code": code}, lessons=["earlier", *lessons])

    right = [solved(f"{RIGHT}# also\n" if n % 2 else RIGHT, "mind large inputs") for n in range(4)]
    assert credit(drawn, *right, *[solved(WRONG)] * 4).proven
    assert not credit(drawn, *right[:3], *[solved(WRONG)] * 4).proven
    assert credit(drawn, solved(WRONG)).evidence == ("no program was written with it",)


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


def test_of_a_fix_too_a_program_that_was_seen_to_end_too_late_is_not_judged_again():
    endless = "n = int(input())\nwhile n == 1:\n    pass\nprint(2 * n)\n"
    fixing, test = step("FixCode", {"fixed_code": RIGHT}, code=endless, failure="It fails."), TestCase("1\n", "2\n")
    seen = episode(fixing)
    seen.trace.decide(change(endless, RIGHT, test))
    seen.trace.events.append(run_on("public", endless, "TLE AC"))
    given = credit_of(fixing, seen)
    assert given is not None and given.proven and given.score == 1.0
    with pytest.raises(KeyError):
        fix(endless, RIGHT, test)


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


# Words


def ranking(*names: str) -> Step:
    return step("RankSolutions", {"ranking": list(names)}, solutions=[named(name) for name in sorted(names)])


def planned(code: str, solution: str = "A", **inputs) -> Step:
    asked = {"reflection": ["double it"], "explanations": EXPLAINED, "solution": named(solution), "failure": ""}
    return step("WriteCode", {"code": code}, **{**asked, **inputs})


EXPLAINED, NOTED = ["twice 1 is 2", "2 + 2 = 4"], ["double it"]
# A call, how its words stand in the inputs of a program, and how those inputs look without them.
WORDS = [
    (step("ReflectOnProblem", {"reflection": NOTED * 2}), {"reflection": NOTED}, {"reflection": []}),
    (step("ExplainTests", {"explanations": EXPLAINED}), {"explanations": EXPLAINED}, {"explanations": []}),
    (step("CheckExplanations", {"checked": EXPLAINED}), {"explanations": EXPLAINED}, {"explanations": []}),
    (step("ProposeSolutions", {"solutions": [named("A"), named("B")]}), {"solution": "B"}, {"solution": "C"}),
    (ranking("A", "B"), {"solution": "A"}, {"solution": "B"}),
]
each_kind = pytest.mark.parametrize(("words", "with_them", "without"), WORDS, ids=[call.stage for call, *_ in WORDS])


@each_kind
@pytest.mark.parametrize(
    ("good", "others", "proven"),
    [
        ("rrrr", "wwww", True),
        ("rrrw", "wwww", True),
        ("rrrr", "rwww", True),
        ("rrrw", "rwww", False),
        ("rrrr", "rrww", False),
        ("rrrr", "rrrr", False),
        ("wwww", "rrrr", False),
        ("rrr", "wwww", False),  # three programs are too few, however they come out
        ("rrrr", "www", False),
        ("rrrr", "", False),
        ("rrrrwwww", "wwwwwwww", True),
        ("rrrrwwww", "rrwwwwww", False),
    ],
)
def test_four_programs_with_words_against_four_without_prove_them(words, with_them, without, good, others, proven):
    codes = {"r": RIGHT, "w": WRONG}
    steps = [planned(codes[each], **inputs) for side, inputs in ((good, with_them), (others, without)) for each in side]
    given = credit(words, *steps)
    assert given.proven == proven
    count = [f"{side.count('r')} of {len(side)} programs written" for side in (good, others)]
    assert given.evidence[-1] == f"{count[0]} with it are right, {count[1]} without it are right"


@each_kind
def test_programs_of_other_rollouts_of_the_problem_count_too(words, with_them, without):
    others = [episode(planned(WRONG, **without), sample=n) for n in range(4)]
    others += [episode(planned(RIGHT, **with_them), sample=n) for n in range(3)]
    assert credit(words, planned(RIGHT, **with_them), others=others, sample=9).proven


def test_one_answer_that_many_candidates_share_counts_once():
    """Candidates of a race ask the same question and get the same answer, which is one program."""
    words, with_them, without = WORDS[0]
    asked = [planned(RIGHT, **with_them), *[planned(WRONG, **without)] * 4]
    given = credit(words, *asked, others=[episode(*asked) for _ in range(3)])
    assert not given.proven and given.evidence == (
        "1 of 1 programs written with it are right, 0 of 4 programs written without it are right",
    )


def test_a_program_that_was_shown_a_failure_says_nothing_about_words():
    words, with_them, without = WORDS[0]
    given = credit(words, planned(RIGHT, **with_them), *[planned(WRONG, **without, failure="It fails.")] * 4)
    assert "0 of 0 programs written without it" in given.evidence[-1]


@each_kind
def test_further_programs_are_asked_for_where_they_can_prove_words(words, with_them, without):
    def found(*steps: Step):
        return open_contrast(words, episode(words, *steps))

    right, wrong = planned(RIGHT, **with_them), planned(WRONG, **with_them)
    contrast = found(right)
    assert contrast and contrast.missing == (3, 4) and contrast.writer == "WriteCode"
    changed = {name for each in contrast.without for name in each if each[name] != contrast.asked.get(name)}
    assert changed <= {*with_them, "steps"} and changed
    assert found(wrong) is None, "no program is right so far"
    assert found() is None, "nothing was written with it"
    assert found(right, *[planned(RIGHT, **without)] * 2) is None, "two of four are right without it"
    assert found(*[right] * 4, *[planned(WRONG, **without)] * 4) is None, "they are proven"


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
