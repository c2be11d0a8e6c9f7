"""The paired report over stored runs."""

import re
from pathlib import Path

import pytest

import eval.compare
import eval.tables.comparison
from eval.data.problem_set import Facts
from eval.errors import RunError
from eval.rollouts.run_folder import RunFolder
from eval.tables.comparison import compare
from eval.tables.details import summarize_runs
from program import artifact
from program.rollout.decisions import StageNotAsked
from tests.support.packs import call
from tests.support.rollouts import checkpoint, config_of, rates, rollout, store


def write_run(folder: Path, arms: dict[str, dict[str, float | None]], **changes: str) -> Path:
    """A run in which each arm has the given hidden rate on each problem."""
    return store(folder, rates(arms), **changes)


def test_the_flips_are_named_on_the_right_side(tmp_path):
    rates = {
        "plain": {"apple": 1.0, "berry": 0.5, "cherry": 1.0, "damson": 0.0, "elder": 0.0},
        "tuned": {"apple": 1.0, "berry": 1.0, "cherry": 0.5, "damson": 1.0, "elder": 0.0},
    }
    report = compare([write_run(tmp_path / "run", rates)])
    lines = report.splitlines()
    assert "- only tuned solves: berry, damson" in lines
    assert "- only plain solves: cherry" in lines
    row = next(line for line in lines if line.startswith("| tuned | 5 | "))
    assert row.count(" | +20.0 points (") == 2 and " | 0.625 | " in row
    assert "model scripted/lm, 5 problems of pack test" in report
    assert "| plain |" in report and "2 / 5" in report and "3 / 5" in report


def test_the_order_of_arms_decides_the_sign(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 0.0, "berry": 1.0}, "tuned": {"apple": 1.0, "berry": 1.0}})
    assert "| tuned | 2 | +50.0 points" in compare([run], ["plain", "tuned"])
    assert "| plain | 2 | -50.0 points" in compare([run], ["tuned", "plain"])
    assert "plain against tuned:" in compare([run], ["tuned", "plain"])


def test_a_difference_is_called_shown_only_when_its_p_value_is_small(tmp_path):
    names = [f"problem {number}" for number in range(20)]
    plain = dict.fromkeys(names, 0.0)
    much = write_run(tmp_path / "much", {"plain": plain, "tuned": dict.fromkeys(names, 1.0)})
    little = write_run(tmp_path / "little", {"plain": plain, "tuned": {**plain, names[0]: 1.0}})
    assert "tuned solves more problems than plain: +100.0 points, " in compare([much]) and "p < 0.001." in compare(
        [much]
    )
    assert "It is not shown whether tuned solves more or fewer problems than plain: +5.0 points, " in compare([little])


def test_several_arms_are_corrected_for(tmp_path):
    names = [f"problem {number}" for number in range(8)]
    better = {name: float(number < 6) for number, name in enumerate(names)}
    plain = dict.fromkeys(names, 0.0)
    alone = write_run(tmp_path / "alone", {"plain": plain, "tuned": better})
    among = write_run(tmp_path / "among", {"plain": plain, "tuned": better, "other": plain, "third": plain})
    assert ", p = 0.016." in compare([alone]) and "one family" not in compare([alone])
    report = compare([among])
    assert ", p = 0.047 (corrected for 3 comparisons)." in report and "These 3 comparisons are one family" in report


def test_arms_that_are_a_choice_among_more_are_said_to_be(tmp_path):
    same = {"apple": 1.0, "berry": 0.0}
    run = write_run(tmp_path / "run", dict.fromkeys(("plain", "tuned", "other", "third"), same))
    assert "These runs have 2 more arms. If the 2 here were chosen after" in compare([run], ["plain", "third"])
    assert "more arms" not in compare([run])


def test_only_problems_judged_for_both_arms_are_paired(tmp_path):
    rates = {
        "plain": {"apple": 1.0, "berry": 0.0, "cherry": None, "damson": 1.0},
        "tuned": {"apple": 1.0, "berry": 1.0, "cherry": 1.0, "damson": None},
    }
    report = compare([write_run(tmp_path / "run", rates)])
    assert "| tuned | 2 | +50.0 points (" in report
    assert "cherry" not in report and "damson" not in report
    assert "Not judged, and in no rate: 2 rollouts" in report


def test_arms_without_a_common_problem(tmp_path):
    report = compare([write_run(tmp_path / "run", {"plain": {"apple": 1.0}, "tuned": {"berry": 1.0}})])
    assert "no judged problem in common" in report and "points" not in report


def test_several_samples_are_compared_by_their_shares(tmp_path):
    samples = [
        *(rollout("apple", float(n == 0), arm="plain", sample=n) for n in range(2)),
        *(rollout("apple", 1.0, arm="tuned", sample=n) for n in range(2)),
        *(rollout("berry", 0.0, arm=arm, sample=n) for arm in ("plain", "tuned") for n in range(2)),
    ]
    report = compare([store(tmp_path / "run", samples)])
    assert re.search(r"\| tuned \| 2 \| \+25\.0 points \(-\S+ to \+\S+\) \| 1\.000 \|", report)
    assert "- tuned solves more often: apple (50% → 100%)" in report and "- plain solves more often: none" in report
    assert "| pass@2 | 1@2 |" in report


def test_it_is_said_when_runs_were_judged_by_different_rules(tmp_path):
    first = write_run(tmp_path / "first", {"flow": {"apple": 0.0}})
    second = write_run(tmp_path / "second", {"flow": {"apple": 0.0}}, checker="deepmind")
    third = write_run(tmp_path / "third", {"flow": {"apple": 0.0}}, time_factor=5.0)
    told = "first: checker strict, time limits times 2; second: checker deepmind, time limits times 2"
    assert f"NOT THE SAME RULES: these runs were judged differently ({told})" in compare([first, second])
    assert "third: checker strict, time limits times 5" in compare([first, third])
    same = write_run(tmp_path / "same", {"flow": {"apple": 0.0}}, checker="strict")
    assert "NOT THE SAME" not in compare([first, same])


def test_the_same_run_twice_is_refused(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 1.0}, "tuned": {"apple": 1.0}})
    with pytest.raises(RunError, match="the same run is named twice"):
        compare([run, tmp_path / "." / "run"])


def test_rules_that_are_not_the_usual_ones_are_said(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 1.0}, "tuned": {"apple": 1.0}}, checker="deepmind")
    assert "n = 1, checker deepmind\n" in compare([run])


def test_another_systems_programs_have_no_known_cost_and_as_many_samples_as_they_have(tmp_path):
    theirs = [rollout(name, arm=arm, imported=True) for arm in ("one", "two") for name in ("apple", "berry")]
    report = compare([store(tmp_path / "run", theirs, samples=7, imported={"file": "theirs.jsonl"})])
    assert "- prompts: the prompts of one are unknown, because it is another system" in report
    assert "NOT FINISHED" not in report and "| one | 2 / 2 | 34%–100% | 100.0% | – | – | – | – |" in report
    assert "- cost: not known" in report


def test_rollouts_that_the_runs_budget_cut_short_are_said(tmp_path):
    made = [rollout("apple", arm=arm) for arm in ("plain", "tuned")]
    made[0].trace.decide(StageNotAsked(stage="FixCode", resource="calls", budget="run"))
    said = compare([store(tmp_path / "r", made)])
    assert "NOT FINISHED: the budget of the run cut short 1 rollout; no rate includes them" in said
    assert "| plain | 0 / 0 | – |" in said and "| tuned | 1 / 1 |" in said, "an older version judged what was cut short"


def test_what_is_missing_of_a_run_is_said(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 1.0}, "tuned": {"apple": 1.0}}, samples=3)
    assert "NOT FINISHED: 4 of 6 rollouts are missing" in compare([run])


def test_the_exclusion_file_is_named(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 1.0}, "tuned": {"apple": 1.0}}, exclude="suspects.json")
    assert "1 problem of pack test without those of suspects.json" in compare([run])


def test_what_the_second_arm_costs_is_told_in_multiples(tmp_path):
    costs = {"plain": {"calls": 1, "prompt_tokens": 100}, "tuned": {"calls": 4, "prompt_tokens": 700}}
    made = [rollout(name, arm=arm, **cost) for arm, cost in costs.items() for name in ("apple", "berry")]
    report = compare([store(tmp_path / "run", made)])
    assert "- cost: 4.0 × LM calls (4.0 to 4.0), 7.0 × tokens (7.0 to 7.0), 1.0 × seconds" in report


def test_artifacts_that_are_gone_are_said_to_be(tmp_path):
    run = write_run(tmp_path / "run", {"one": {"apple": 1.0}, "two": {"apple": 1.0}})
    assert "- prompts: the run does not have the artifact of one" in compare([run])


def test_budgets_are_shown_for_every_arm_from_the_stored_rollouts(tmp_path):
    made = [
        rollout("apple", arm="plain", checkpoints=[checkpoint(1, True)], calls=1),
        rollout("apple", arm="tuned", checkpoints=[checkpoint(5, True)], calls=5),
    ]
    report = compare([store(tmp_path / "run", made)], budgets=["calls"])
    assert "| calls per problem | plain | tuned |" in report and "| 5 | 100.0 %" in report


class Problems:
    """The part of a problem set that groups are made from."""

    def facts(self, name: str) -> Facts:
        return Facts("EASY" if name == "apple" else "HARD")


def test_a_comparison_can_be_broken_down_by_difficulty(tmp_path, monkeypatch):
    monkeypatch.setattr(eval.tables.comparison, "problems_of", lambda run: Problems())
    run = write_run(tmp_path / "run", {"plain": {"apple": 1.0, "berry": 0.0}, "tuned": {"apple": 1.0, "berry": 1.0}})
    report = compare([run], by=["difficulty"])
    assert "| difficulty | problems | plain | tuned | tuned against plain |" in report
    easy, hard = report.index("| EASY | 1 |"), report.index("| HARD | 1 |")
    assert easy < hard and "+100.0 points" in report[hard:]


def test_groups_of_data_that_has_changed_are_refused(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 1.0}, "tuned": {"apple": 1.0}})
    with pytest.raises(RunError, match=r"pack test has changed since the run "):
        compare([run], by=["difficulty"])


def test_several_runs_are_told_apart_by_folder(tmp_path):
    first = write_run(tmp_path / "first", {"flow": {"apple": 0.0, "berry": 0.0}})
    second = write_run(tmp_path / "second", {"flow": {"apple": 1.0, "berry": 0.0}})
    report = compare([first, second])
    assert "second/flow against first/flow:" in report and "- only second/flow solves: apple" in report


def test_runs_in_folders_of_the_same_name_are_kept_apart(tmp_path):
    first = write_run(tmp_path / "monday" / "run", {"flow": {"apple": 0.0, "berry": 0.0}})
    second = write_run(tmp_path / "friday" / "run", {"flow": {"apple": 1.0, "berry": 0.0}})
    assert "/flow | 2 | +50.0 points (" in compare([first, second])


@pytest.mark.parametrize("key", ["data", "split", "data_fingerprint"])
def test_runs_over_different_data_are_refused(tmp_path, key):
    first = write_run(tmp_path / "first", {"flow": {"apple": 0.0}})
    second = write_run(tmp_path / "second", {"flow": {"apple": 0.0}}, **{key: "other"})
    with pytest.raises(RunError, match=r"different data.*other"):
        compare([first, second])


def test_a_missing_arm_is_refused_with_those_there_are(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 0.0}, "tuned": {"apple": 0.0}})
    with pytest.raises(RunError, match="no arm toned; there are plain, tuned"):
        compare([run], ["plain", "toned"])


def test_fewer_than_two_arms_are_refused(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 0.0}})
    with pytest.raises(RunError, match="needs two arms; found plain"):
        compare([run])
    RunFolder(tmp_path / "empty", config_of([], []))
    with pytest.raises(RunError, match="needs two arms; found none"):
        compare([tmp_path / "empty"])


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="is not a run"):
        compare([tmp_path])
    RunFolder(tmp_path / "training", {"optimizer": "bootstrap"})
    with pytest.raises(RunError, match=r"is not a run of eval\.run"):
        compare([tmp_path / "training"])


def test_a_run_whose_arm_may_be_worse_fails_the_check_that_was_asked_for(tmp_path, monkeypatch, capsys):
    names = [f"problem {number}" for number in range(60)]
    same = dict.fromkeys(names, 1.0)
    worse = {**same, **dict.fromkeys(names[:30], 0.0)}
    run = write_run(tmp_path / "run", {"plain": same, "as good": same, "worse": worse})
    asked = (monkeypatch, eval.compare.main, run, "--fail-if-worse")
    assert call(*asked, "90") == 0 and "--fail-if-worse" not in capsys.readouterr().err
    assert call(*asked, "20") == 3
    said = capsys.readouterr().err
    assert "--fail-if-worse: worse may solve" in said and "as good" not in said
    assert call(monkeypatch, eval.compare.main, run, "--arms", "worse", "plain", "--fail-if-worse", "0") == 0
    assert call(*asked, "-1") == 2


def test_an_arm_that_cannot_be_compared_fails_no_check_silently(tmp_path, monkeypatch, capsys):
    run = write_run(tmp_path / "run", {"plain": {"apple": 1.0, "berry": None}, "other": {"apple": None, "berry": 1.0}})
    assert call(monkeypatch, eval.compare.main, run, "--fail-if-worse", "2") == 2
    assert "no judged problem in common" in capsys.readouterr().err


def made_by(folder: Path, *codes: dict[str, str]) -> Path:
    """A run of one arm whose rollouts were made by these code versions."""
    config = config_of(["plain"], [f"P{number}" for number in range(len(codes))])
    for number, code in enumerate(codes):
        opened = RunFolder(folder, config, code, mix_code=True)
        opened.append(rollout(f"P{number}", 1.0, arm="plain"))
        del opened
    return folder


def test_arms_that_were_run_by_different_code_are_said_to_be(tmp_path):
    old, new = ({"program/a.py": name, "program/b.py": "same"} for name in ("old", "new"))
    runs = {name: made_by(tmp_path / name, *codes) for name, codes in {"one": [old] * 2, "two": [new] * 2}.items()}
    again = made_by(tmp_path / "again", old, old)
    said = compare([runs["one"], runs["two"]])
    assert "NOT THE SAME CODE: one/plain: " in said and "other: program/a.py. The code may cause" in said
    assert "NOT THE SAME CODE" not in compare([runs["one"], again])
    mixed = made_by(tmp_path / "mixed", old, new)
    assert "NOT THE SAME CODE" in compare([mixed, again])


def test_an_arm_that_was_compiled_on_the_problems_is_said_to_be(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 1.0, "berry": 0.0}, "tuned": {"apple": 1.0, "berry": 1.0}})
    for name in ("plain", "tuned"):
        made = artifact.new_program("direct", {})
        compiled = {"compile": {"problems": ["berry", "cherry"]}} if name == "tuned" else {}
        described = artifact.describe("direct", made, adapter="lean").model_copy(update=compiled)
        artifact.save(run / "artifacts" / name, made, described)
    said = "tuned was compiled on 1 of these problems, such as berry; its rates are too high there"
    assert said in compare([run]) and said in summarize_runs([run])


def test_an_arm_named_twice_is_refused(tmp_path):
    run = write_run(tmp_path / "run", {"plain": {"apple": 1.0}, "tuned": {"apple": 0.0}})
    with pytest.raises(RunError, match="the arm tuned is named twice"):
        compare([run], ["plain", "tuned", "tuned"])


def test_an_unfinished_run_passes_no_check(tmp_path, monkeypatch, capsys):
    run = write_run(tmp_path / "run", {"plain": {"apple": 1.0}, "tuned": {"apple": 1.0}}, problems=["apple", "berry"])
    assert call(monkeypatch, eval.compare.main, run, "--fail-if-worse", "100") == 3
    assert "rollouts are missing" in capsys.readouterr().err


def test_arms_on_different_numbers_of_problems_say_how_many(tmp_path):
    samples = [
        rollout(name, float(sample), arm=arm, sample=sample) for arm in "ab" for name in arm + "c" for sample in (0, 1)
    ]
    table = compare([store(tmp_path / "run", [*samples, rollout("d", 1.0, arm="b")])])
    assert "| a | 50.0% of 2 |" in table and "| b | 66.7% of 3 |" in table


def test_prompts_that_the_server_refused_are_told_apart_from_an_outage(tmp_path):
    lost = [rollout("berry", None, arm="plain"), rollout("cherry", None, arm="plain")]
    lost[0].error, lost[1].error = "ContextWindowExceededError: too long", "LMServerError: down"
    both = [rollout(name, 1.0, arm=arm) for arm in ("plain", "tuned") for name in ("apple", "damson")]
    said = compare([store(tmp_path / "run", [*lost, *both])])
    assert "Not judged, and in no rate: 2 rollouts (infrastructure; of 1 the server refused the prompts" in said


def test_errors_of_a_program_are_said_below_the_table(tmp_path):
    rollouts = [rollout(name, 0.0, arm="broken", code="") for name in ("apple", "berry")]
    for each in rollouts:
        each.error = "ValueError: temperature must be in [0, 2]"
    both = [*rollouts, *(rollout(name, 1.0, arm="plain") for name in ("apple", "berry"))]
    said = compare([store(tmp_path / "run", both)])
    assert "broken: 2 of 2 rollouts were ended by an error of the program: ValueError: temperature must" in said
