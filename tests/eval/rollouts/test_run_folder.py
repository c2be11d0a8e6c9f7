"""A run on disk: what is stored is found again, a killed run goes on, another configuration is refused."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from eval.data.rules import Rules
from eval.errors import RunError
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import RunFolder, read_config, read_rollouts
from eval.rollouts.score import Score, SetResult
from program.files import hold
from program.rollout.decisions import StageGivenUp
from program.rollout.trace import Call, Decided, JudgeRun, Trace

CONFIG = {"lm": "scripted", "samples": 2, "problems": ["a", "b"], "settings": {"solutions": 2}}


def rollout(problem: str = "a", sample: int = 0, status="solved", **more) -> Rollout:
    return Rollout(arm="direct", problem=problem, sample=sample, status=status, **more)


def full_rollout() -> Rollout:
    result = SetResult(passed=1, total=2, verdict="WA")
    trace = Trace(
        events=[
            Call(stage="WriteCode", prompt_tokens=10, dollars=0.25, detail="a\nb"),
            JudgeRun(tests="public", program="0" * 12, verdicts=["AC", "WA"], seconds=0.5),
            Decided(decision=StageGivenUp(stage="WriteCode")),
        ]
    )
    return rollout(
        status="failed",
        error="größer",
        code='print("ä\t\\n")\n',
        score=Score(public=result, private=result, generated=result, hidden_rate=0.5, solved=False, judge_seconds=1.0),
        trace=trace,
        totals=trace.totals(),
        seconds=1.5,
    )


def test_what_is_appended_is_read_again(tmp_path):
    folder = RunFolder(tmp_path / "run", CONFIG)
    stored = [full_rollout(), rollout("b")]
    for each in stored:
        folder.append(each)
    assert read_rollouts(tmp_path / "run") == stored
    assert read_config(tmp_path / "run") == CONFIG


def test_a_run_opened_again_knows_what_is_done_and_appends(tmp_path):
    RunFolder(tmp_path, CONFIG).append(rollout("a"))
    again = RunFolder(tmp_path, dict(reversed(CONFIG.items())))
    assert set(again.judged()) == {("direct", "a", 0)}
    again.append(rollout("a", sample=1))
    assert set(again.judged()) == {("direct", "a", 0), ("direct", "a", 1)}


def test_many_threads_append_whole_lines(tmp_path):
    folder = RunFolder(tmp_path, CONFIG)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: folder.append(rollout("a", number, code="x" * 5000)), range(60)))
    assert sorted(each.sample for each in read_rollouts(tmp_path)) == list(range(60))


@pytest.mark.parametrize("kept", [1, 20, -2])
def test_a_torn_last_line_is_dropped_and_the_rollout_runs_again(tmp_path, kept):
    folder = RunFolder(tmp_path, CONFIG)
    folder.append(rollout("a"))
    file = tmp_path / "rollouts.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole + full_rollout().model_dump_json().encode()[:kept])
    again = RunFolder(tmp_path, CONFIG)
    assert file.read_bytes() == whole
    again.append(rollout("b"))
    assert [each.problem for each in read_rollouts(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize("kept", [1, 20, -2])
def test_a_run_with_a_torn_last_line_can_be_read_and_is_left_as_it_is(tmp_path, kept):
    RunFolder(tmp_path, CONFIG).append(rollout("a"))
    with (tmp_path / "rollouts.jsonl").open("ab") as file:
        file.write(full_rollout().model_dump_json().encode()[:kept])
    before = (tmp_path / "rollouts.jsonl").read_bytes()
    assert [each.problem for each in read_rollouts(tmp_path)] == ["a"]
    assert (tmp_path / "rollouts.jsonl").read_bytes() == before


def test_a_damaged_line_that_is_not_the_last_is_told_with_its_number(tmp_path):
    RunFolder(tmp_path, CONFIG).append(rollout("a"))
    whole = (tmp_path / "rollouts.jsonl").read_bytes()
    (tmp_path / "rollouts.jsonl").write_bytes(whole + b"\x00\x00{\n" + whole)
    with pytest.raises(RunError, match=r"rollouts\.jsonl, line 2 is damaged"):
        read_rollouts(tmp_path)


def test_a_second_process_on_the_same_run_is_refused_and_one_after_it_is_not(tmp_path):
    held = RunFolder(tmp_path, CONFIG)
    importing = "from pathlib import Path; from eval.rollouts.run_folder import RunFolder"
    opening = f"{importing}; RunFolder(Path({str(tmp_path)!r}), {CONFIG})"
    second = subprocess.run([sys.executable, "-c", opening], capture_output=True, text=True, check=False)
    assert second.returncode != 0 and "is being written to by another process" in second.stderr
    held.append(rollout("a"))
    del held
    assert subprocess.run([sys.executable, "-c", opening], capture_output=True, check=False).returncode == 0
    assert [each.problem for each in read_rollouts(tmp_path)] == ["a"]


def test_a_configuration_that_another_process_stores_before_the_lock_is_had_is_compared_with(tmp_path, monkeypatch):
    def after_another(lock, said):
        (lock.parent / "config.json").write_text(json.dumps({**CONFIG, "samples": 3}))
        (lock.parent / "rollouts.jsonl").write_text(json.dumps(rollout("a").slim()) + "\n")
        return hold(lock, said)

    monkeypatch.setattr("eval.rollouts.run_folder.hold", after_another)
    with pytest.raises(RunError, match="samples is 3 there and 2 now"):
        RunFolder(tmp_path, CONFIG)


def test_a_file_that_is_one_torn_line_becomes_empty(tmp_path):
    RunFolder(tmp_path, CONFIG)
    (tmp_path / "rollouts.jsonl").write_text('{"arm": "di')
    assert RunFolder(tmp_path, CONFIG).judged() == {}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({**CONFIG, "samples": 3}, "configuration: samples is 2 there and 3 now;"),
        ({**CONFIG, "settings": {"solutions": 3}}, "settings.solutions is 2 there and 3 now"),
        ({**CONFIG, "more": 1}, "more is not set there and 1 now"),
        ({key: CONFIG[key] for key in ("lm", "samples", "problems")}, "settings is {'solutions': 2} there and not set"),
        (
            {**CONFIG, "problems": ["a", "c", "d"]},
            "problems has 2 there and 3 now (only there: 'b'; only now: 'c', 'd')",
        ),
        ({**CONFIG, "problems": ["b", "a"]}, "problems has 2 there and 2 now (in another order)"),
        (
            {**CONFIG, "samples": 3, "lm": "other"},
            "lm is 'scripted' there and 'other' now; samples is 2 there and 3 now",
        ),
    ],
)
def test_another_configuration_is_refused_and_the_run_left_as_it_is(tmp_path, changed, said):
    RunFolder(tmp_path, CONFIG).append(rollout())
    before = {path.name: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    with pytest.raises(RunError) as caught:
        RunFolder(tmp_path, changed)
    assert said in str(caught.value) and str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert {path.name: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()} == before


def test_a_run_from_before_rules_were_recorded_goes_on_under_those_of_then_only(tmp_path):
    RunFolder(tmp_path, CONFIG).append(rollout())
    with pytest.raises(RunError, match="timeouts is not set there and 10 now"):
        RunFolder(tmp_path, {**CONFIG, **Rules().model_dump()})
    again = RunFolder(tmp_path, {**CONFIG, **Rules(timeouts=None).model_dump()})
    assert set(again.judged()) == {("direct", "a", 0)}
    with pytest.raises(RunError, match=r"checker is 'strict' there and 'deepmind' now"):
        RunFolder(tmp_path, {**CONFIG, **Rules(checker="deepmind").model_dump()})


def test_rollouts_not_judged_run_again_and_the_last_one_counts(tmp_path):
    folder = RunFolder(tmp_path, CONFIG)
    folder.append(rollout("a", status="not judged", error="LMTimeoutError: late"))
    folder.append(rollout("b"))
    assert set(folder.judged()) == {("direct", "b", 0)}
    folder.append(rollout("a", status="failed", code="print(1)\n"))
    assert {key[1]: each.status for key, each in folder.judged().items()} == {"a": "failed", "b": "solved"}
    assert [each.status for each in read_rollouts(tmp_path) if each.problem == "a"] == ["failed"]


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x0c", "\x1c", "\r"])
def test_a_program_with_an_odd_line_separator(tmp_path, separator):
    RunFolder(tmp_path, CONFIG).append(rollout(code=f"print('{separator}')\n"))
    (stored,) = read_rollouts(tmp_path)
    assert stored.code == f"print('{separator}')\n"


def test_a_program_with_half_a_surrogate_pair_does_not_end_the_run(tmp_path):
    folder = RunFolder(tmp_path, CONFIG)
    folder.append(rollout(code="print('\ud83d')\n"))
    assert [each.problem for each in read_rollouts(tmp_path)] == ["a"]


def test_no_run_and_an_empty_run(tmp_path):
    with pytest.raises(RunError, match="not a run"):
        read_config(tmp_path / "nowhere")
    RunFolder(tmp_path / "run", CONFIG)
    assert read_rollouts(tmp_path / "run") == []


def test_a_folder_that_cannot_be_made_is_a_run_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError):
        RunFolder(tmp_path / "file", CONFIG)


def test_a_folder_without_rollouts_takes_a_corrected_configuration(tmp_path):
    """A misspelt model is noticed after the folder is made."""
    RunFolder(tmp_path, {**CONFIG, "lm": "mispelt"}, {"a.py": "1"})
    RunFolder(tmp_path, CONFIG, {"a.py": "2"}).append(rollout("a"))
    assert read_config(tmp_path)["lm"] == CONFIG["lm"] and len(read_config(tmp_path)["code_versions"]) == 1
    with pytest.raises(RunError, match="another configuration"):
        RunFolder(tmp_path, {**CONFIG, "lm": "another"}, {"a.py": "2"})


def test_a_torn_configuration_is_a_run_error(tmp_path):
    RunFolder(tmp_path, CONFIG).append(rollout("a"))
    text = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").write_text(text[: len(text) // 2])
    with pytest.raises(RunError):
        RunFolder(tmp_path, json.loads(text))
