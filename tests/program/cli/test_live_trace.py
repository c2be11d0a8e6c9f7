"""A rollout in the terminal: in the order of time, cut to a width or whole."""

import re

from program.cli.live_trace import WIDTH, LiveTrace
from program.rollout.decisions import StageGivenUp
from program.rollout.trace import Call, Decided, Event, JudgeRun, Message

LONG = "x" * (3 * WIDTH)
# As a trace takes them up: the call that began first has ended last.
EVENTS: list[Event] = [
    Call(stage="Second", started=2.0, seconds=1.0, prompt=[Message(role="user", content=LONG)], answer=LONG),
    JudgeRun(tests="public", program="a", verdicts=["AC"], started=4.0, seconds=0.5, code=f"# {LONG}\nprint(1)\n"),
    Call(stage="First", started=0.0, seconds=5.0, outcome="unparsable", error="E", detail=f"no {LONG}", answer=LONG),
    Call(stage="Last", started=1.0, seconds=3.9),  # ended a moment before, and taken up after it
    Decided(decision=StageGivenUp(stage="First"), started=5.0),
]


def lines(full: bool) -> list[str]:
    story = LiveTrace(full=full)
    return [line for event in EVENTS for line in story.lines(event)]


def test_times_go_on_and_say_when_a_call_was_asked():
    for full in (False, True):
        times = [float(found[1]) for line in lines(full) if (found := re.match(r" *([\d.]+) s  ", line))]
        assert times == [3.0, 4.5, 5.0, 5.0, 5.0]
    assert "First: unparsable, asked at 0.0 s" in lines(False)[-4]


def test_full_shows_whole_lines():
    whole = "\n".join(lines(full=True))
    assert whole.count(LONG) == 5  # prompt, two answers, program, fault
    assert "[user]" in whole and "[answer]" in whole


def test_otherwise_lines_are_cut_and_texts_left_out():
    shown = lines(full=False)
    assert all(len(line.split("| ", 1)[-1]) <= WIDTH for line in shown)
    assert LONG[:50] in "\n".join(shown) and not any("[answer]" in line for line in shown)
