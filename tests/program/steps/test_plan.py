"""The second step: solutions are proposed and ranked; later samples look at the problem in other ways."""

import pytest

from program.steps.config import FlowConfig
from program.steps.plan import NO_BRUTE_FORCE, Plan, in_order, without_repeats
from program.steps.task import Notes, Task
from signatures.fields import Solution
from tests.support.scripted import GARBAGE, PLANNING, Rollout, proposed, ranked, section
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("lean_adapter", "impatient")

NOTES = Notes(["one number"], ["1 + 1 is 2"])


def plan(problem, config: dict | None = None, sample: int = 0, **answers) -> Rollout:
    made = FlowConfig(**(config or {}))
    return Rollout(Plan(made), Task(problem, sample, 0, made), NOTES, **answers)


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
    assert section(propose, "count") == "3" and section(propose, "wishes") == NO_BRUTE_FORCE
    assert all(f"name: {name}" in section(rank, "solutions") for name in ("Adding", "Shifting", "Multiplying"))


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


def test_brute_force_is_dropped_while_others_remain(double, trace):
    answer = proposed("Adding", "Brute force", "Shifting")
    asked = plan(double, ProposeSolutions=answer)
    assert "brute" not in section(asked.prompts("RankSolutions")[0], "solutions").lower()
    assert sorted(names(asked)) == ["Adding", "Shifting"]
    assert words(trace) == ["brute force left out: 1 of 3 solutions"]


def test_it_is_known_by_its_label_too_and_kept_where_it_is_all_there_is(double, trace):
    assert names(plan(double, ProposeSolutions=proposed("Trying all", labels="Brute-Force"))) == ["Trying all"]
    assert not trace.decisions


def test_it_is_kept_where_the_configuration_does_not_mind(double):
    asked = plan(double, {"drop_brute_force": False}, ProposeSolutions=proposed("Adding", "Brute force"))
    assert sorted(names(asked)) == ["Adding", "Brute force"]
    assert NO_BRUTE_FORCE not in asked.prompts("ProposeSolutions")[0]


# Samples differ


def test_every_second_sample_begins_with_the_second_best_solution(double):
    assert [names(plan(double, sample=sample))[0] for sample in range(4)] == ["Shifting", "Adding"] * 2
    later = plan(double, sample=1).result
    assert [choice.steps for choice in later] == [[], ["double it"], []]  # they belong to the best one


def test_every_third_sample_plans_without_explanations_and_allows_brute_force(double):
    for sample in range(6):
        (prompt,) = plan(double, sample=sample).prompts("ProposeSolutions")
        differs = sample % 3 == 2
        assert ("## explanations" in prompt, NO_BRUTE_FORCE in prompt) == (not differs, not differs)


def test_samples_can_be_left_alike(double):
    for sample in range(4):
        asked = plan(double, {"vary_samples": False}, sample)
        assert names(asked)[0] == "Shifting" and "## explanations" in asked.prompts("ProposeSolutions")[0]


def test_rounds_of_a_sample_differ_from_each_other_and_from_all_other_samples(double):
    config = FlowConfig(rounds=3)
    numbers = [Task(double, sample, turn, config).number for sample in range(4) for turn in range(3)]
    assert len(set(numbers)) == 12
    assert Task(double, 0, 1, config).first_solution == 1


def test_planning_need_not_see_explanations(double):
    asked = plan(double, {"explain_to_plan": False})
    assert "## explanations" not in asked.prompts("ProposeSolutions")[0]


# Ranking


def solution(name: str, content: str = "") -> Solution:
    return Solution(name=name, content=content, why_it_works="", complexity="")


def test_names_that_the_ranking_leaves_out_come_last_and_unknown_ones_count_for_nothing():
    solutions = [solution(name) for name in ("A", "B", "C", "D")]
    ordered = in_order(solutions, ["X", "  c ", "a", "C"])
    assert [each.name for each in ordered] == ["C", "A", "B", "D"]


def test_repeats_are_told_by_their_words():
    assert without_repeats(["One  two", "one two", "two"]) == ["One  two", "two"]
    same = [solution("A", "do this"), solution("a", "Do  this"), solution("A", "do that")]
    assert [each.content for each in without_repeats(same)] == ["do this", "do that"]


def test_a_ranking_of_no_use_leaves_the_order(double):
    assert names(plan(double, RankSolutions=ranked("Guessing"))) == ["Adding", "Shifting", "Multiplying"]
