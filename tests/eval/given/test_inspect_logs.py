"""Runs as logs of Inspect. Where its package is installed, it reads them; `uv run --with inspect_ai` brings it."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

import eval.export
from eval.given.inspect_logs import write_inspect_logs
from program.rollout.trace import Totals, Trace
from tests.support.packs import call, printed
from tests.support.rollouts import SECOND, store, traced

ODD = "../../up/</script> \u2028"


@pytest.fixture
def run(tmp_path) -> Path:
    rollouts = [
        traced("plain", "Double", 0, "failed"),
        traced("plain", "Double", 1, "solved"),
        traced("plain", "Halve", 0, "not judged"),
        traced("plain", ODD, 0, "reverted", text=f"{ODD} \ud800"),
        traced("tuned", "Double", 0, "solved"),
    ]
    return store(tmp_path / "run", rollouts)


def members(log: Path) -> dict[str, Any]:
    with zipfile.ZipFile(log) as archive:
        assert archive.testzip() is None
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def test_an_arm_is_a_log_whose_samples_say_what_was_solved(run, tmp_path, monkeypatch):
    out = tmp_path / "logs"
    said = printed(monkeypatch, eval.export.main, run, "--format", "inspect", "--out", out)
    assert said.splitlines() == [str(out / "plain.eval"), str(out / "tuned.eval")]
    found = members(out / "plain.eval")
    head = found["header.json"]
    assert (head["eval"]["task"], head["eval"]["solver"], head["eval"]["model"]) == (
        "pack test",
        "plain",
        "scripted/lm",
    )
    assert head["status"] == "cancelled", "rollouts are missing"
    assert (head["results"]["total_samples"], head["results"]["completed_samples"]) == (6, 3)
    assert {score["name"]: [*score["metrics"]] for score in head["results"]["scores"]} == {
        "solved": ["accuracy"],
        "hidden tests passed": ["mean"],
    }
    assert head["results"]["scores"][0]["metrics"]["accuracy"]["value"] == 0.25
    solved, lost = found["samples/Double_epoch_2.json"], found["samples/Halve_epoch_1.json"]
    assert (solved["scores"]["solved"]["value"], solved["scores"]["solved"]["answer"]) == (
        "C",
        f"```python\n{SECOND}```",
    )
    assert solved["model_usage"]["scripted/lm"]["total_tokens"] == 480 and solved["total_time"] == 4.5
    assert lost["error"]["message"] == "JudgeError: lost" and "scores" not in lost
    assert [each["id"] for each in found["summaries.json"]] == [*("Double", "Double", "Halve"), solved_odd(found)["id"]]


def solved_odd(found: dict[str, Any]) -> dict[str, Any]:
    """The sample of the problem with an odd name."""
    (odd,) = (sample for name, sample in found.items() if name.startswith("samples/up-script-"))
    return odd


def test_a_trace_is_spans_of_model_calls_with_what_else_happened_between_them(run, tmp_path):
    (log, _) = write_inspect_logs(run, tmp_path / "logs")
    events = members(log)["samples/Double_epoch_2.json"]["events"]
    assert [event["event"] for event in events][:6] == ["span_begin", "model", "span_end"] * 2
    assert [event["name"] for event in events if event["event"] == "span_begin"] == [
        *("ReflectOnProblem", "ReflectOnProblem", "WriteCode", "FixCode")
    ]
    first = events[1]
    assert (first["metadata"]["outcome"], first["error"], first["output"]["usage"]["input_tokens"]) == (
        *("unparsable", "no JSON"),
        100,
    )
    assert [message["role"] for message in first["input"]] == ["system", "user"]
    sources = [event["source"] for event in events if event["event"] == "info"]
    assert sources == ["judge", "new program", "best", "judge", "new program", "decided", "best"]


def test_names_that_lead_out_of_a_folder_name_no_member(run, tmp_path):
    (log, _) = write_inspect_logs(run, tmp_path / "logs")
    found = members(log)
    assert all(name.count("/") <= 2 and ".." not in name for name in found)
    assert solved_odd(found)["metadata"]["problem"] == ODD


def test_nothing_is_overwritten_and_a_folder_is_needed(run, tmp_path, monkeypatch, capsys):
    there = tmp_path / "there.eval"
    there.write_text("mine")
    assert call(monkeypatch, eval.export.main, run, "--format", "inspect", "--out", there) == 2
    assert "already exists" in capsys.readouterr().err and there.read_text() == "mine"
    assert call(monkeypatch, eval.export.main, run, "--format", "inspect") == 2
    assert "name a new folder with --out" in capsys.readouterr().err


def test_inspect_reads_the_logs(run, tmp_path):
    log_of = pytest.importorskip("inspect_ai.log", reason="no inspect_ai: uv run --with inspect_ai")
    theirs = traced(checkpoints=[], trace=Trace(marks=["imported"]), totals=Totals(dollars=None), seconds=0.0)
    foreign = store(tmp_path / "foreign", [theirs], imported={"file": "x.jsonl"})
    empty = store(tmp_path / "empty", [], artifacts={"flow": "0"}, problems=["Double"])
    for number, folder in enumerate((run, foreign, empty)):
        for file in write_inspect_logs(folder, tmp_path / f"logs{number}"):
            stored, log = members(file), log_of.read_eval_log(str(file))
            samples = [value for name, value in stored.items() if name.startswith("samples/")]
            assert (log.status, log.eval.solver) == (stored["header.json"]["status"], file.stem)
            assert len(log.samples or []) == len(log_of.read_eval_log_sample_summaries(str(file))) == len(samples)
            for sample in samples:
                read = log_of.read_eval_log_sample(str(file), sample["id"], sample["epoch"])
                assert [event.event for event in read.events] == [event["event"] for event in sample["events"]]
                assert {name: score.value for name, score in (read.scores or {}).items()} == {
                    name: score["value"] for name, score in sample.get("scores", {}).items()
                }
                assert read.output.completion == sample["messages"][1]["content"]
