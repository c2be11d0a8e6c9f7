"""The headline: one short row an arm, and what makes a run not valid."""

import pytest

from eval.numbers.criteria import outcomes, shares
from eval.tables.summary import markdown_table, summarize
from tests.support.rollouts import rollout


def cells(table: str, line: int = 2) -> list[str]:
    return [cell.strip() for cell in table.splitlines()[line].strip("|").split("|")]


def row(rollouts, arm: str = "plain") -> dict[str, str]:
    table = markdown_table([summarize(arm, rollouts)])
    return dict(zip(cells(table, 0), cells(table), strict=True))


def test_a_summary_of_one_sample_a_problem():
    rollouts = [rollout("a", 1.0), rollout("b", 0.5), rollout("c", 1.0, public=0.5), rollout("d", 0.0, public=0.5)]
    summary = summarize("plain", rollouts)
    assert (summary.problems, summary.samples, summary.not_judged, summary.best_of) == (4, 4, 0, 1)
    assert summary.solved == 0.25 and summary.hidden_rate == 0.625 and summary.public_rate == 0.5
    assert summary.solved_interval[0] < 0.25 < summary.solved_interval[1]
    assert summary.pass_at_k is None and summary.one_at_k is None and summary.solved_by_any.value == 0.25


def test_rollouts_that_were_not_judged_are_in_no_rate_and_no_cost():
    rollouts = [
        rollout("a", 1.0, calls=3, prompt_tokens=100),
        rollout("b", None, calls=1, prompt_tokens=50, failed_calls=1),
    ]
    summary = summarize("plain", rollouts)
    assert (summary.problems, summary.samples, summary.not_judged) == (1, 1, 1)
    assert summary.solved == summary.hidden_rate == 1.0
    assert (summary.calls, summary.tokens) == (3.0, 100.0), "what a rollout costs is told by those that ended"


def test_samples_of_a_problem_are_averaged_before_problems_are():
    rollouts = [rollout("a", float(n == 0), sample=n) for n in range(3)]
    rollouts += [rollout("a", None, sample=3), rollout("b", 1.0)]
    assert shares(outcomes(rollouts)) == {"a": 1 / 3, "b": 1.0}
    summary = summarize("plain", rollouts)
    assert summary.solved == pytest.approx((1 / 3 + 1) / 2)
    assert (summary.problems, summary.samples, summary.not_judged) == (2, 4, 1)


def test_several_samples_show_what_an_oracle_and_what_a_user_gets():
    rollouts = [rollout("a", 1.0, public=1.0), rollout("a", 0.0, sample=1, public=0.5)]
    rollouts += [rollout("b", 0.0, public=1.0), rollout("b", 1.0, sample=1, public=1.0)]
    found = row(rollouts)
    assert found["solved"] == "50.0%" and found["pass@2"] == "100.0%" and found["1@2"] == "75.0%"
    assert found["solved by any sample"] == "100.0%"


def test_an_arm_with_fewer_samples_has_no_pass_at_k():
    several = [rollout("a", 1.0), rollout("a", 0.0, sample=1)]
    table = markdown_table([summarize("several", several), summarize("one", [rollout("a", 1.0)])])
    assert cells(table, 2)[3:6] == ["100.0%", "50.0%", "100.0%"] and cells(table, 3)[3:6] == ["–", "–", "100.0%"]
    assert "are not known" not in table, "all problems of each arm have the same number of samples"


def test_a_lost_sample_makes_pass_at_k_unknown_and_not_lower_than_solved():
    """Two of four problems are solved by all five samples; without the one that lost a sample it was 1 of 3."""
    samples = [rollout(name, float(name < "c"), sample=n) for name in "abcd" for n in range(5)]
    samples[0] = rollout("a", None)
    table = markdown_table([summarize("plain", samples)])
    found = dict(zip(cells(table, 0), cells(table), strict=True))
    assert (found["solved"], found["pass@5"], found["1@5"]) == ("50.0%", "–", "–")
    assert found["solved by any sample"] == "50.0%"
    assert "plain: k = 5 on 3 of 4 problems only, so pass@5 and 1@5 are not known" in table


def test_of_a_solver_that_stops_at_its_first_success_what_any_sample_solves_is_told():
    """Four of five problems are solved, after one to four samples; the fifth takes all five in vain."""
    tries = {"a": 1, "b": 1, "c": 2, "d": 4}
    samples = [rollout(name, float(n == last - 1), sample=n) for name, last in tries.items() for n in range(last)]
    samples += [rollout("e", 0.0, sample=n) for n in range(5)]
    found = row(samples)
    assert (found["pass@5"], found["1@5"], found["solved by any sample"]) == ("–", "–", "80.0%")


def test_nothing_at_all_is_a_row_without_numbers():
    summary = summarize("plain", [])
    assert (summary.problems, summary.samples, summary.solved, summary.hidden_rate) == (0, 0, 0.0, 0.0)
    assert cells(markdown_table([summary]))[:3] == ["plain", "0 / 0", "–"]


def test_the_table_has_the_numbers_and_is_short():
    paid = {"calls": 4, "prompt_tokens": 900, "completion_tokens": 70}
    found = row([rollout("a", 1.0, **paid, dollars=0.02), rollout("b", 0.5, **paid, dollars=0.01)], "the arm")
    assert found["program"] == "the arm" and found["solved"] == "1 / 2" and found["hidden tests passed"] == "75.0%"
    assert found["LM calls"] == "4.0" and found["tokens"] == "970" and found["USD"] == "0.015"
    assert found["seconds (median)"] == "2.0" and found["95 % CI"] == "9%–91%"
    assert len(found) == 8


def test_an_unknown_price_is_a_dash():
    assert row([rollout("a", dollars=0.02), rollout("b", dollars=None)])["USD"] == "–"


def test_a_few_lost_rollouts_are_reported_and_more_than_two_in_a_hundred_make_a_run_not_valid():
    judged = [rollout(f"problem {number}") for number in range(99)]
    few = markdown_table([summarize("plain", [*judged, rollout("lost", None)])])
    assert "Not judged, and in no rate: 1 rollout (infrastructure)." in few and "not valid" not in few
    many = markdown_table([summarize("plain", [*judged, *(rollout(f"lost {n}", None) for n in range(3))])])
    assert "plain: that is 2.9% of its rollouts, more than 2%: not valid." in many


def test_an_arm_that_lost_too_many_is_named_among_others_that_did_not():
    fine = [rollout(f"problem {number}") for number in range(99)]
    table = markdown_table([summarize("fine", fine), summarize("poor", [*fine[:9], rollout("lost", None)])])
    assert "poor: that is 10.0% of its rollouts" in table and "fine: that is" not in table
