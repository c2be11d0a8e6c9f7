"""Traces: what the events of a rollout hold is found again, texts stay out of `rollouts.jsonl`, names never collide."""

from __future__ import annotations

from eval.rollout import Rollout
from eval.run_folder import RunFolder, read_rollouts
from eval.traces import read_trace, trace_path
from program.account import Account, Call, Message, name_of

SECRET = "a text of some length that only the trace holds"


def rollout(problem: str = "1_A. Ünïcode / slash", sample: int = 0) -> Rollout:
    account = Account()
    account.enter(Call(stage="WriteCode", prompt=[Message(role="user", content=SECRET)], answer="größer \ud800"))
    account.best("print(1)\n")
    account.decide("kept")
    return Rollout(arm="flow", problem=problem, sample=sample, status="failed", account=account)


def test_a_trace_holds_every_event_with_its_texts(tmp_path):
    RunFolder(tmp_path, {}).append(stored := rollout())
    events = read_trace(tmp_path, *stored.key())
    assert [event.kind for event in events] == ["call", "best", "decision"]
    assert events[0].prompt[0].content == SECRET and events[0].answer == "größer ?"
    assert events[1].code == "print(1)\n" and events[1].program == name_of("print(1)\n")


def test_the_line_of_a_rollout_holds_the_events_without_the_texts(tmp_path):
    RunFolder(tmp_path, {}).append(rollout())
    assert SECRET not in (tmp_path / "rollouts.jsonl").read_text()
    (read,) = read_rollouts(tmp_path)
    assert [event.kind for event in read.account.events] == ["call", "best", "decision"]
    assert read.account.calls[0].stage == "WriteCode" and not read.account.calls[0].prompt


def test_problems_whose_names_differ_in_punctuation_only_have_files_of_their_own(tmp_path):
    names = ["a b", "a/b", "a-b", "../../a b", "é", "è", "x" * 300]
    paths = {trace_path(tmp_path, "flow", name, 0) for name in names}
    assert len(paths) == len(names)
    assert all(path.parent == tmp_path / "traces" / "flow" for path in paths)


def test_a_rollout_without_a_trace_reads_as_no_events(tmp_path):
    assert read_trace(tmp_path, "flow", "nothing", 0) == []
