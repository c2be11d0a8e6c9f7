"""A stored run under other rules, on other tests or fewer problems, without an LM call."""

import json
from pathlib import Path

import pytest

import eval.rescore
from eval.data.load import load_problems
from eval.rollouts.rollout import Rollout, judge_rollout
from eval.rollouts.run_folder import RunFolder, read_config, read_rollouts
from eval.rollouts.trace_files import read_trace, trace_path
from judge.verdict import JudgeError
from program.rollout.decisions import StageNotAsked
from program.rollout.trace import Call, Trace
from tests.support.packs import VALID, call, printed, write_dataset, write_pack

TWICE, SQUARE, SUCCESSOR, TRIANGLE = VALID
CRASHES = SQUARE.right + "raise SystemExit(3)\n"  # right for the deepmind checker, which ignores the exit status


def account_of(*programs: str) -> Trace:
    """Each program was the best for a while, and cost a call."""
    trace = Trace()
    for code in programs:
        trace.enter(Call(stage="WriteCode", prompt_tokens=10, answer=code))
        trace.best(code)
    return trace


@pytest.fixture
def workplace(tmp_path, monkeypatch) -> Path:
    """A run: Twice solved by the second program, Square crashes after its answer, Successor lost its LM, Triangle its
    judge."""
    monkeypatch.setattr("eval.data.rows.CACHE_FOLDER", tmp_path / "cache")
    monkeypatch.chdir(tmp_path)
    problems = load_problems(str(write_pack(tmp_path / "data")), "valid")
    config = {
        "artifacts": {"flow": "0"},
        "data": "data",
        "split": "valid",
        "data_fingerprint": problems.fingerprint,
        "problems": [task.name for task in VALID],
        "lm": "scripted/lm",
        "samples": 1,
    }
    folder = RunFolder(tmp_path / "run", config)
    for task, *programs in ((TWICE, TWICE.wrong, TWICE.right), (SQUARE, CRASHES)):
        rollout = Rollout(arm="flow", problem=task.name, sample=0, status="not judged", code=programs[-1], seconds=2.5)
        rollout.trace = account_of(*programs)
        rollout.totals = rollout.trace.totals()
        judge_rollout(rollout, problems.problem(task.name), problems)
        folder.append(rollout)
    lost = {"arm": "flow", "sample": 0, "status": "not judged"}
    folder.append(Rollout(**lost, problem=SUCCESSOR.name, error="LMTimeoutError: late"))
    folder.append(Rollout(**lost, problem=TRIANGLE.name, error="JudgeError: full", code=TRIANGLE.right))
    return tmp_path


def rescored(run: str = "again") -> dict[str, Rollout]:
    return {rollout.problem: rollout for rollout in read_rollouts(Path(run))}


def statuses(run: str = "again") -> list[str]:
    found = rescored(run)
    return [found[task.name].status for task in VALID if task.name in found]


def test_the_same_rules_give_the_same_scores_and_what_lacked_a_judge_gets_one(workplace, monkeypatch):
    assert statuses("run") == ["solved", "failed", "not judged", "not judged"]
    said = printed(monkeypatch, eval.rescore.main, "run", "--out", "again")
    assert statuses() == ["solved", "failed", "not judged", "solved"]
    assert said.splitlines()[-1] == "1 of 3 rollouts changed: 1 not judged → solved"
    old, new = rescored("run")[TWICE.name], rescored()[TWICE.name]
    assert new.model_copy(update={"score": old.score}) == old, "but for the time the judge took"
    assert rescored()[SUCCESSOR.name].error == "LMTimeoutError: late"


def test_another_checker_changes_scores_and_is_recorded(workplace, monkeypatch):
    said = printed(monkeypatch, eval.rescore.main, "run", "--checker", "deepmind", "--out", "again")
    assert statuses()[:2] == ["solved", "solved"] and "1 failed → solved" in said
    config = read_config(Path("again"))
    assert (config["checker"], config["time_factor"]) == ("deepmind", 2.0)
    assert config["rescored"]["run"] == "run" and config["rescored"]["checker"] == "strict"
    assert {key: config[key] for key in ("artifacts", "lm", "samples")} == {
        "artifacts": {"flow": "0"},
        "lm": "scripted/lm",
        "samples": 1,
    }


@pytest.mark.parametrize(
    ("option", "value", "seen"),
    [
        ("--time-factor", "4", (10.0, None)),  # the problems' limit is 2.5 s
        ("--timeouts", "3", (5.0, 3)),
    ],
)
def test_limits_reach_the_judge(workplace, monkeypatch, option, value, seen):
    from eval.rollouts import score as scores

    found, real = set(), scores.judge

    def judge(program, tests, limits, **options):
        found.add((limits.seconds, options["max_timeouts"]))
        return real(program, tests, limits, **options)

    monkeypatch.setattr("eval.rollouts.score.judge", judge)
    printed(monkeypatch, eval.rescore.main, "run", option, value, "--out", "again")
    assert found == {seen}


def test_programs_before_the_last_are_judged_again_too(workplace, monkeypatch):
    printed(monkeypatch, eval.rescore.main, "run", "--out", "again")
    checkpoints = rescored()[TWICE.name].checkpoints
    assert [(each.calls, each.solved) for each in checkpoints] == [(1, False), (2, True)]
    events = read_trace(Path("again"), "flow", TWICE.name, 0)
    assert events == read_trace(Path("run"), "flow", TWICE.name, 0) and events


def test_programs_handed_in_besides_are_judged_again_too(workplace, monkeypatch):
    lines = Path("run/rollouts.jsonl").read_text().splitlines()
    square = json.loads(lines[1])
    handed_in = [{"code": CRASHES, "solved": True}, {"code": SQUARE.right, "solved": False}]
    lines[1] = json.dumps({**square, "picks": handed_in})
    Path("run/rollouts.jsonl").write_text("\n".join([*lines, ""]))
    printed(monkeypatch, eval.rescore.main, "run", "--out", "again")
    picks = rescored()[SQUARE.name].picks
    assert [(pick.code, pick.solved) for pick in picks] == [(CRASHES, False), (SQUARE.right, True)]


def test_without_its_trace_a_rollout_keeps_its_answer_and_says_that_its_checkpoints_are_gone(workplace, monkeypatch):
    for task in (TWICE, SQUARE):
        trace_path(workplace / "run", "flow", task.name, 0).unlink()
    printed(monkeypatch, eval.rescore.main, "run", "--out", "again")
    twice, square = rescored()[TWICE.name], rescored()[SQUARE.name]
    assert (twice.status, twice.checkpoints, twice.trace.marks) == ("solved", [], ["checkpoints: no trace"])
    assert len(twice.trace.calls) == 2 and twice.totals.prompt_tokens == 20, "what it cost is still known"
    assert len(square.checkpoints) == 1 and not square.trace.marks, "its only program is the answer"
    assert not (workplace / "again" / "traces").exists()


def test_a_run_from_before_traces_is_read(workplace, monkeypatch):
    stored = [json.loads(line) for line in (workplace / "run" / "rollouts.jsonl").read_text().splitlines()]
    for line in stored:
        line["account"] = {"calls": [], "judge_runs": [], "decisions": []}
        line.pop("checkpoints")
        trace_path(workplace / "run", "flow", line["problem"], 0).unlink(missing_ok=True)
    (workplace / "run" / "rollouts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in stored))
    printed(monkeypatch, eval.rescore.main, "run", "--out", "again")
    assert statuses() == ["solved", "failed", "not judged", "solved"]
    assert rescored()[TWICE.name].totals.prompt_tokens == 20


def test_excluded_problems_are_not_part_of_the_new_run(workplace, monkeypatch):
    (workplace / "exclude.json").write_text(json.dumps({"exclude": [SQUARE.name, SUCCESSOR.name]}))
    printed(monkeypatch, eval.rescore.main, "run", "--exclude", "exclude.json", "--out", "again")
    assert set(rescored()) == {TWICE.name, TRIANGLE.name}
    config = read_config(Path("again"))
    assert config["problems"] == [TWICE.name, TRIANGLE.name] and config["rescored"]["exclude"] == "exclude.json"


def test_an_interrupted_rescoring_judges_the_rest_only(workplace, monkeypatch):
    from eval.rollouts import rollout as rollouts

    cut_short = rescored("run")[SQUARE.name]
    cut_short.trace.decide(
        StageNotAsked(stage="Plan", resource="calls", budget="run")
    )  # eval.run would run it again; here it is judged once
    RunFolder(workplace / "run", read_config(Path("run"))).append(cut_short, trace=False)
    judged, real = [], rollouts.score

    def score(code, problem, problems):
        judged.append(code)
        if code == TRIANGLE.right and judged.count(code) == 1:
            raise JudgeError("full")
        return real(code, problem, problems)

    monkeypatch.setattr("eval.rollouts.rollout.score", score)
    printed(monkeypatch, eval.rescore.main, "run", "--out", "again")
    assert statuses() == ["solved", "failed", "not judged", "not judged"]
    lines = (workplace / "again" / "rollouts.jsonl").read_text().count("\n")
    judged[:] = [TRIANGLE.right]
    printed(monkeypatch, eval.rescore.main, "run", "--out", "again")
    assert judged == [TRIANGLE.right] * 2 and statuses()[-1] == "solved"
    assert (workplace / "again" / "rollouts.jsonl").read_text().count("\n") == lines + 1


def test_changed_data_is_refused_unless_it_is_named(workplace, monkeypatch, capsys):
    rows = [task.row() for task in VALID]
    rows[0]["private_tests"] = {"input": ["50\n"], "output": ["999\n"]}
    write_dataset(workplace / "data", {"valid": rows})
    assert call(monkeypatch, eval.rescore.main, "run", "--out", "again") == 2
    assert "is not what run was judged on" in capsys.readouterr().err and not (workplace / "again").exists()
    printed(monkeypatch, eval.rescore.main, "run", "--data", "data", "--out", "again")
    assert statuses()[0] == "failed"
    assert read_config(Path("again"))["data_fingerprint"] != read_config(Path("run"))["data_fingerprint"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "--out", "again"], "nowhere is not a run"),
        (["run", "--out", "run"], "is the run itself"),
        (["run", "--out", "again", "--time-factor", "0"], "--time-factor"),
        (["run", "--out", "again", "--timeouts", "0"], "--timeouts"),
        (["run", "--out", "again", "--match", "Nothing"], "no problem is left"),
        (["run", "--out", "again", "--data", "pack"], "pack valid has no problem 'Twice'"),
        (["training", "--out", "again"], "is not a run of eval.run"),
        (["empty", "--out", "again"], "has no rollouts"),
    ],
)
def test_user_errors_are_one_line(workplace, monkeypatch, capsys, arguments, said):
    RunFolder(workplace / "training", {"start": "artifacts/direct"})
    RunFolder(workplace / "empty", read_config(workplace / "run"))
    assert call(monkeypatch, eval.rescore.main, *arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and said in lines[0]


@pytest.mark.parametrize("arm", ["../../evil", "/tmp/evil", ".."])
def test_a_run_whose_arm_leads_out_of_it_writes_nothing_there(workplace, monkeypatch, capsys, arm):
    """Run folders come from strangers too."""
    lines = (workplace / "run" / "rollouts.jsonl").read_text().replace('"arm": "flow"', f'"arm": {json.dumps(arm)}')
    lines = lines.replace('"arm":"flow"', f'"arm":{json.dumps(arm)}')
    (workplace / "run" / "rollouts.jsonl").write_text(lines)
    before = {*workplace.rglob("*")}
    assert call(monkeypatch, eval.rescore.main, "run", "--out", "again") == 2
    assert "cannot be the name of an arm" in capsys.readouterr().err
    assert all((workplace / "again") in (path, *path.parents) for path in {*workplace.rglob("*")} - before)


def test_links_in_a_run_are_not_copied(workplace, monkeypatch, capsys):
    (workplace / "secret").mkdir()
    (workplace / "run" / "artifacts").mkdir()
    (workplace / "run" / "artifacts" / "flow").symlink_to(workplace / "secret")
    assert call(monkeypatch, eval.rescore.main, "run", "--out", "again") == 2
    assert "has links" in capsys.readouterr().err
