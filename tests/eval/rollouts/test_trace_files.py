"""Traces: what the events of a rollout hold is found again, texts stay out of `rollouts.jsonl`, names never collide."""

import gzip
import os

import pytest

import eval.show
from eval.errors import RunError
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import RunFolder, read_rollouts
from eval.rollouts.trace_files import read_trace, trace_path
from program.rollout.decisions import StageGivenUp
from program.rollout.trace import Call, Message, Trace, name_of
from tests.support.packs import call
from tests.support.rollouts import store

SECRET = "a text of some length that only the trace holds"


def rollout(problem: str = "1_A. Ünïcode / slash", sample: int = 0) -> Rollout:
    trace = Trace()
    trace.enter(Call(stage="WriteCode", prompt=[Message(role="user", content=SECRET)], answer="größer \ud800"))
    trace.best("print(1)\n")
    trace.decide(StageGivenUp(stage="FixCode"))
    return Rollout(arm="flow", problem=problem, sample=sample, status="failed", trace=trace)


def test_a_trace_holds_every_event_with_its_texts(tmp_path):
    RunFolder(tmp_path, {}).append(stored := rollout())
    events = read_trace(tmp_path, *stored.key())
    assert [event.kind for event in events] == ["call", "best", "decided"]
    assert events[0].prompt[0].content == SECRET and events[0].answer == "größer ?"
    assert events[1].code == "print(1)\n" and events[1].program == name_of("print(1)\n")


def test_the_line_of_a_rollout_holds_the_events_without_the_texts(tmp_path):
    RunFolder(tmp_path, {}).append(rollout())
    assert SECRET not in (tmp_path / "rollouts.jsonl").read_text()
    (read,) = read_rollouts(tmp_path)
    assert [event.kind for event in read.trace.events] == ["call", "best", "decided"]
    assert read.trace.calls[0].stage == "WriteCode" and not read.trace.calls[0].prompt


def test_problems_whose_names_differ_in_punctuation_only_have_files_of_their_own(tmp_path):
    names = ["a b", "a/b", "a-b", "../../a b", "é", "è", "x" * 300]
    paths = {trace_path(tmp_path, "flow", name, 0) for name in names}
    assert len(paths) == len(names)
    assert all(path.parent == tmp_path / "traces" / "flow" for path in paths)


def test_a_rollout_without_a_trace_reads_as_no_events(tmp_path):
    assert read_trace(tmp_path, "flow", "nothing", 0) == []


DAMAGES = {
    "nothing": lambda whole: b"",
    "half": lambda whole: whole[: len(whole) // 2],
    "other bytes": lambda whole: b"\x00" * len(whole),
    "other bytes inside": lambda whole: whole[:10] + b"\xff" * 20 + whole[30:],
    "no event": lambda whole: gzip.compress(b'{"kind": "call"}\n'),
    "half a character": lambda whole: gzip.compress(b"\xc3\n"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_trace_is_told_in_a_line(tmp_path, monkeypatch, capsys, damage):
    run = store(tmp_path / "run", [stored := rollout()])
    path = trace_path(run, *stored.key())
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RunError, match=r"is damaged: .+; remove the file"):
        read_trace(run, *stored.key())
    assert call(monkeypatch, eval.show.main, run, stored.problem) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {path} is damaged") and said.count("\n") == 1


def test_a_trace_is_on_disk_before_it_has_its_name(tmp_path, monkeypatch):
    seen = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: seen.append(os.readlink(f"/proc/self/fd/{descriptor}")) or real(descriptor)
    )
    folder = RunFolder(tmp_path, {})
    seen.clear()
    folder.append(stored := rollout())
    path = trace_path(tmp_path, *stored.key())
    assert seen == [f"{path}.tmp", str(path.parent), str(tmp_path / "rollouts.jsonl")]
