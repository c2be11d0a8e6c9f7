"""What a rollout decides: typed values that are stored without losing anything, and put into words at the end."""

from typing import get_args

import pytest
from pydantic import BaseModel, TypeAdapter

from program.rollout import decisions
from program.rollout.decisions import DECISION_TEXTS, ChangeTried, LargestInputChecked, OtherDecision, _Known
from program.rollout.trace import Decided, Event, Remark, Trace

KINDS = get_args(get_args(_Known)[0])
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
VALUES = {
    **{"stage": "WriteCode", "resource": "calls", "model": "server/m", "explanations": 1, "public_tests": 2},
    **{
        "left_out": 1,
        "proposed": 3,
        "written": 4,
        "reasons": {"huge": 2, "empty": 1},
        "number": 2,
        "by": "majority",
        "result": "corrected",
        "characters": 9,
        "calls": 6,
        "counted": 2,
        "setting": "temperature",
    },
    **{"inputs": 30, "failed": 3, "way": "redraw", "outcome": "kept", "program": "a", "changed": "b"},
    **{"before": "WA", "after": "AC", "test_input": "1 2\n", "test_output": "3\n", "alike": 2, "passing": 3},
    **{"readings": 3, "chosen": 2, "repairs": ("an import added",), "passed": 1, "of": 2, "source": "written"},
}


def example(kind):
    values = {**VALUES, "result": "confirmed"} if kind is LargestInputChecked else VALUES
    return kind(**{name: values[name] for name in kind.model_fields if name in values})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_decision_is_stored_and_read_and_has_words_of_its_own(kind):
    event = Decided(decision=example(kind), started=1.5)
    assert EVENT.validate_json(event.model_dump_json()) == event
    assert str(event.decision) and "kind" not in str(event.decision)


def test_no_two_decisions_have_the_same_words():
    assert len({str(example(kind)) for kind in KINDS}) == len(KINDS)


def test_every_decision_of_the_module_can_be_stored():
    classes = [each for each in vars(decisions).values() if isinstance(each, type) and issubclass(each, BaseModel)]
    assert {each for each in classes if "kind" in each.model_fields} == {*KINDS, OtherDecision}


@pytest.mark.parametrize("outcome", ["kept", "same program", "no progress", "breaks an anchor"])
@pytest.mark.parametrize("way", ["fix", "redraw"])
def test_the_words_of_a_change_name_its_way(way, outcome):
    changed = example(ChangeTried).model_copy(update={"way": way, "outcome": outcome})
    assert str(changed).startswith(way)


def test_the_texts_of_a_decision_stay_in_the_trace():
    trace = Trace(events=[Decided(decision=example(ChangeTried))])
    (stored,) = trace.slim()["events"]
    assert not DECISION_TEXTS & set(stored["decision"]) and stored["decision"]["outcome"] == "kept"
    assert Trace(**trace.slim()).decisions[0].before == "WA"


def test_a_kind_of_decision_that_is_made_no_more_is_still_read_and_shown():
    stored = {"kind": "decided", "decision": {"kind": "solutions left out", "left_out": 1, "proposed": 3}}
    trace = Trace.model_validate({"events": [stored]})
    assert [str(each) for each in trace.decisions] == ["solutions left out: left_out 1, proposed 3"]


def test_a_decision_that_was_stored_in_words_is_still_read_and_claims_nothing():
    trace = Trace.model_validate({"events": [{"kind": "decision", "what": "Plan: given up", "started": 0.5}]})
    assert trace.events == [Remark(what="Plan: given up", started=0.5)] and trace.decisions == []
