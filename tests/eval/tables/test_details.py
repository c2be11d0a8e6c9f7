"""The report of a run arm by arm."""

import pytest

import eval.summarize
from eval.errors import RunError
from eval.tables.details import (
    cost_tables,
    passes_public_fails_hidden,
    picks_table,
    samples_table,
    solved_table,
    summarize_runs,
)
from program.rollout.trace import Call
from tests.support.packs import call, printed
from tests.support.rollouts import FIRST, SECOND, checkpoint, made, new_program, rollout, store


def row(table: str, begin: str) -> list[str]:
    (line,) = (line for line in table.splitlines() if line.startswith(f"| {begin} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_each_choice_of_tests_has_its_own_share():
    rollouts = [
        rollout("apple", 1.0, generated=made(5, 5)),
        rollout("berry", 1.0, generated=made(4, 5)),
        rollout("cherry", 0.5, generated=made(5, 5)),
        rollout("date", 1.0, public=0.5, generated=made(5, 5)),
    ]
    table = solved_table({"plain": rollouts})
    assert [cell.split(" ")[0] for cell in row(table, "plain")] == ["25.0", "50.0", "75.0", "75.0", "66.7"]
    assert " of " not in table.splitlines()[-1], "all problems have tests of each kind"


def test_problems_without_tests_of_a_kind_are_not_counted_for_it():
    bare = rollout("apple", 1.0)
    assert bare.score is not None
    no_private = bare.model_copy(update={"score": bare.score.model_copy(update={"private": made(0, 0)})})
    table = solved_table({"plain": [no_private, rollout("berry", 0.0)]})
    assert row(table, "plain")[2] == "0.0 % (0–79) of 1"


def test_programs_that_only_look_right_are_counted_among_those_that_pass_the_public_tests():
    rollouts = [
        rollout("apple", 1.0),
        rollout("berry", 0.5),
        rollout("cherry", 0.0, public=0.5),
        rollout("date", 0.0, code=""),
        rollout("elder", None),
    ]
    assert passes_public_fails_hidden(rollouts).value == 0.5


def test_pass_at_k_has_a_row_for_every_k_that_some_arm_has():
    several = [rollout("apple", float(n == 0), sample=n) for n in range(3)]
    table = samples_table({"several": several, "one": [rollout("apple")]})
    assert [line.split("|")[1].strip() for line in table.splitlines()[2::2]] == ["1", "2", "3", "any"]
    assert row(table, "3 | several")[1].startswith("100.0 %") and row(table, "3 | one")[1:] == ["–", "–"]
    assert row(table, "2 | several")[2].startswith("33.3 %"), "by public tests that all pass any of two is as good"


def test_pass_at_k_is_not_told_over_some_of_the_problems():
    early = [rollout("apple"), *(rollout("berry", 0.0, sample=n) for n in range(3))]
    table = samples_table({"early": early})
    assert row(table, "1 | early")[1].startswith("50.0 %") and row(table, "any | early")[1].startswith("50.0 %")
    assert row(table, "2 | early")[1:] == ["k = 2 on 1 of 2 problems"] * 2


def test_costs_are_told_a_rollout_and_a_solved_problem():
    rollouts = [rollout(name, float(name == "apple"), calls=3, dollars=0.5) for name in ("apple", "berry")]
    head, _, each, _, _, _, _, _, per_solved = cost_tables({"plain": rollouts}).splitlines()[2:]
    columns = [cell.strip() for cell in head.strip("|").split("|")]
    one, two = (
        dict(zip(columns, map(str.strip, line.strip("|").split("|")), strict=True)) for line in (each, per_solved)
    )
    assert (one["LM calls"].split()[0], two["LM calls"].split()[0]) == ("3.0", "6.0")
    assert (one["USD"].split()[0], two["USD"].split()[0]) == ("0.5", "1.0")
    assert one["seconds, median"] == "2.0 (?–?)"


def test_what_further_programs_handed_in_would_solve_is_told():
    rollouts = [
        rollout("apple", picks=[True, False, False]),
        rollout("berry", 0.0, picks=[False, False, True]),
        rollout("cherry", 0.0, picks=[False]),  # its programs were all alike
        rollout("date", 0.0, code=""),
        rollout("elder", None, picks=[True]),  # not judged
    ]
    table = picks_table(rollouts)
    assert [row(table, str(n))[0].split(" %")[0] for n in (1, 2, 3)] == ["25.0", "25.0", "50.0"]
    assert picks_table([rollout("apple"), rollout("berry", picks=[True])]) == ""


def test_samples_of_a_problem_are_averaged_before_problems_are():
    rollouts = [rollout("apple", 0.0, sample=n, picks=[False, n == 0]) for n in range(2)] + [
        rollout("berry", picks=[True])
    ]
    assert row(picks_table(rollouts), "2")[0].startswith("75.0 %")


def test_the_report_has_every_section_there_is_something_for(tmp_path):
    held = [checkpoint(2, False, code=FIRST), checkpoint(3, True, code=SECOND)]
    events = [
        Call(stage="WriteCode"),
        new_program(FIRST, "first"),
        Call(stage="FixCode"),
        new_program(SECOND, "fix", 2),
    ]
    rollouts = [rollout("apple", sample=n, checkpoints=held, picks=[True, False], events=events) for n in range(2)]
    report = summarize_runs([store(tmp_path / "run", rollouts)])
    assert [line for line in report.splitlines() if line.startswith("## ")] == [
        "## Solved, by the tests that count",
        "## Several samples",
        "## plain: several submitted programs",
        "## plain: which program solved it",
        "## plain: stages",
        "## Answers",
        "## Cost",
    ]
    assert "| a fix | 2 | 2.0 (?–?) | 100.0 % (" in report and "| FixCode | 2 | 0.0 % (" in report


def test_a_run_of_before_there_were_events_is_read_without_them(tmp_path):
    report = summarize_runs([store(tmp_path / "run", [rollout("apple"), rollout("berry", 0.0)])])
    assert "Several samples" not in report and "which program solved it" not in report and "| plain | 1 / 2 |" in report


def test_an_empty_run_has_an_empty_report(tmp_path):
    report = summarize_runs([store(tmp_path / "run", [rollout("apple", None)])])
    assert "| plain | 0 / 0 |" in report and "Not judged, and in no rate: 1 rollout" in report


def test_the_command_prints_the_report_and_refuses_what_is_no_run(tmp_path, monkeypatch, capsys):
    run = store(tmp_path / "run", [rollout("apple")])
    assert "## Cost" in printed(monkeypatch, eval.summarize.main, run)
    assert call(monkeypatch, eval.summarize.main, tmp_path) == 2
    assert "is not a run" in capsys.readouterr().err


def test_ai_tests_of_data_that_is_gone_are_refused(tmp_path):
    run = store(tmp_path / "run", [rollout("apple")])
    with pytest.raises(RunError, match="has changed since"):
        summarize_runs([run], ai_tests=True)
