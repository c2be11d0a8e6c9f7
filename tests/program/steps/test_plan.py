"""The second step: solutions are proposed and ranked; later rounds look at the problem in other ways."""

import pytest

from program.steps.config import FlowConfig
from program.steps.plan import LANGUAGE, NO_BRUTE_FORCE, Plan, in_order, numbered, without_numbers, without_repeats
from program.steps.task import Notes, Task
from signatures.fields import Solution
from tests.support.scripted import GARBAGE, PLANNING, Rollout, proposed, ranked, section

pytestmark = pytest.mark.usefixtures("lean_adapter", "impatient")

NOTES = Notes(["one number"], ["1 + 1 is 2"])


def plan(problem, config: dict | None = None, turn: int = 0, sample: int = 0, **answers) -> Rollout:
    made = FlowConfig(**(config or {}))
    return Rollout(Plan(made), Task(problem, sample, turn, made), NOTES, **answers)


def names(asked: Rollout) -> list[str]:
    return [choice.solution.name for choice in asked.result]


def test_solutions_come_best_first_and_the_best_one_with_its_steps(double):
    asked = plan(double)
    assert asked.stages == PLANNING and names(asked) == ["Shifting", "Adding", "Multiplying"]
    assert [choice.steps for choice in asked.result] == [["double it"], [], []]


def test_both_stages_are_told_what_was_understood(double):
    propose, rank = (prompt for _, prompt in plan(double).asked)
    for prompt in (propose, rank):
        assert section(prompt, "reflection") == "- one number" and section(prompt, "explanations") == "- 1 + 1 is 2"
    assert section(propose, "count") == "3" and section(propose, "wishes").endswith(NO_BRUTE_FORCE)
    assert all(f"name: {each}" in section(rank, "solutions") for each in ("1. Adding", "2. Shifting", "3. Multiplying"))


def test_no_more_solutions_are_used_than_were_asked_for(double):
    assert sorted(names(plan(double, {"solutions": 2}))) == ["Adding", "Shifting"]


@pytest.mark.parametrize("answer", [proposed("Adding"), proposed("Adding", "ADDING")], ids=["one", "a repeat"])
def test_one_solution_is_not_ranked(double, answer):
    asked = plan(double, ProposeSolutions=answer)
    assert asked.stages == ["ProposeSolutions"] and names(asked) == ["Adding"]


def test_without_a_ranking_solutions_keep_their_order(double):
    asked = plan(double, RankSolutions=GARBAGE)
    assert names(asked) == ["Adding", "Shifting", "Multiplying"] and not any(each.steps for each in asked.result)


def test_without_solutions_there_is_no_plan(double):
    assert plan(double, ProposeSolutions=GARBAGE).result == []
    asked = plan(double, {"solutions": 0})
    assert asked.result == [] and not asked.asked


# Brute force


@pytest.mark.parametrize("avoid", [True, False])
def test_whether_brute_force_is_unwanted_is_set_and_no_solution_is_left_out(double, avoid):
    asked = plan(double, {"avoid_brute_force": avoid}, ProposeSolutions=proposed("Adding", "Brute force"))
    assert sorted(names(asked)) == ["Adding", "Brute force"]
    assert (NO_BRUTE_FORCE in asked.prompts("ProposeSolutions")[0]) == avoid


def test_planning_is_told_the_language_and_the_time_the_judge_gives(double):
    (prompt,) = plan(double.model_copy(update={"seconds": 4.0})).prompts("ProposeSolutions")
    assert f"The program will be {LANGUAGE}. A test may take 8 seconds." in section(prompt, "wishes")


# Rounds differ, samples do not


def test_every_second_round_begins_with_the_second_best_solution(double):
    assert [names(plan(double, turn=turn))[0] for turn in range(4)] == ["Shifting", "Adding"] * 2
    later = plan(double, turn=1).result
    assert [choice.steps for choice in later] == [[], ["double it"], []]  # they belong to the best one


def test_every_third_round_plans_without_explanations_and_allows_brute_force(double):
    for turn in range(6):
        (prompt,) = plan(double, turn=turn).prompts("ProposeSolutions")
        differs = turn % 3 == 2
        assert ("## explanations" in prompt, NO_BRUTE_FORCE in prompt) == (not differs, not differs)


def test_rounds_can_be_left_alike(double):
    for turn in range(4):
        asked = plan(double, {"vary_rounds": False}, turn)
        assert names(asked)[0] == "Shifting" and "## explanations" in asked.prompts("ProposeSolutions")[0]


@pytest.mark.parametrize("turn", range(3))
def test_a_round_is_the_same_in_every_sample(double, turn):
    first, *others = (plan(double, turn=turn, sample=sample) for sample in range(4))
    assert all((each.asked, each.result) == (first.asked, first.result) for each in others)


def test_every_round_of_every_sample_has_a_number_of_its_own(double):
    config = FlowConfig(rounds=3)
    numbers = [Task(double, sample, turn, config).number for sample in range(4) for turn in range(3)]
    assert len(set(numbers)) == 12


def test_planning_need_not_see_explanations(double):
    asked = plan(double, {"explain_to_plan": False})
    assert "## explanations" not in asked.prompts("ProposeSolutions")[0]


# Ranking


def solution(name: str, content: str = "") -> Solution:
    return Solution(name=name, content=content, why_it_works="", complexity="")


def test_what_the_ranking_leaves_out_comes_last():
    solutions = [solution(name) for name in ("A", "B", "C", "D")]
    assert [each.name for each in in_order(solutions, [2, 0, 2])] == ["C", "A", "B", "D"]


@pytest.mark.parametrize(
    "ranking",
    [
        ("shifting", "Adding"),
        ("2", "1", "3"),
        ("Solution 2", "Solution 1"),
        ("2. Shifting", "1. Adding"),
        ("1. Shifting",),
    ],
)
def test_a_ranking_may_be_one_of_names_or_of_the_numbers_that_it_is_shown(double, ranking):
    asked = plan(double, RankSolutions=ranked(*ranking))
    assert "1. Adding" in asked.prompts("RankSolutions")[0] and "2. Shifting" in asked.prompts("RankSolutions")[0]
    assert names(asked) == ["Shifting", "Adding", "Multiplying"]
    assert [choice.steps for choice in asked.result] == [["double it"], [], []]


def test_numbers_come_off_again():
    solutions = [solution("A"), solution("2. B")]
    assert (
        without_numbers(numbered(solutions)) == solutions
        and [each.name for each in numbered(solutions)][1] == "2. 2. B"
    )


def test_repeats_are_told_by_their_words():
    assert without_repeats(["One  two", "one two", "two"]) == ["One  two", "two"]
    same = [solution("A", "do this"), solution("a", "Do  this"), solution("A", "do that")]
    assert [each.content for each in without_repeats(same)] == ["do this", "do that"]


def test_a_ranking_of_no_use_leaves_the_order_and_its_steps_are_for_none(double):
    asked = plan(double, RankSolutions=ranked("Guessing"))
    assert names(asked) == ["Adding", "Shifting", "Multiplying"] and not any(each.steps for each in asked.result)
