"""Steps side by side: they do run at the same time, and neither results nor DSPy's trace depend on who is first."""

import threading

import dspy
import pytest

from program.models.scripted import ScriptedEngine, scripted_lm
from program.rollout.context import trace as current_trace
from program.rollout.decisions import StageGivenUp
from program.stage.side_by_side import start, together
from tests.support.trace_words import words

WAIT = 30.0  # seconds until a test that waits for nothing fails


class Answering(dspy.Module):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.predict = dspy.Predict("question -> answer")
        self.name = name

    def forward(self) -> str:
        return self.predict(question=self.name).answer


class InOrder(ScriptedEngine):
    """Answers questions in the order given, whatever the order in which they come."""

    def __init__(self, order: str) -> None:
        super().__init__(lambda prompt: f'{{"answer": "to {_question(prompt)}"}}')
        self._order, self._next, self._changed = order, 0, threading.Condition()

    def complete(self, request):
        question = _question("".join(message.text for message in request.messages))
        with self._changed:
            assert self._changed.wait_for(lambda: self._order[self._next] == question, WAIT)
            answer = super().complete(request)
            self._next = min(self._next + 1, len(self._order) - 1)
            self._changed.notify_all()
            return answer


def _question(prompt: str) -> str:
    return prompt.rpartition("[[ ## question ## ]]\n")[2][0]


def ask(engine_order: str):
    """Three questions at once, answered in an order; the last one asks two of its own first."""

    def nested() -> list[str]:
        return [*together(Answering("c"), Answering("d")), Answering("e")()]

    lm = dspy.LM("scripted/lm", engine=InOrder(engine_order), cache=False)
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter(), trace=[]):
        before = Answering("x")()
        begun = start(Answering("a"))
        rest = together(Answering("b"), nested)
        results = [before, begun.result(), *rest]
        return results, [trace[1]["question"] for trace in dspy.settings.trace]


@pytest.mark.parametrize("order", ["xabcde", "xdcbea", "xcdeab", "xbdace"])
def test_results_and_trace_are_in_the_order_of_asking_whatever_the_order_of_answers(order):
    results, trace = ask(order)
    assert results == ["to x", "to a", "to b", ["to c", "to d", "to e"]]
    # What was begun earlier but asked for later comes later: here the results of `together` come first.
    assert trace == ["x", "b", "c", "d", "e", "a"]


def test_without_a_trace_there_is_none():
    with dspy.context(lm=scripted_lm(lambda _: '{"answer": "yes"}'), adapter=dspy.JSONAdapter(), trace=None):
        assert together(Answering("a"), Answering("b")) == ["yes", "yes"]
        assert dspy.settings.trace is None


def test_steps_meet_in_the_middle():
    """Each waits for all the others: one after the other they would never end."""
    meeting = threading.Barrier(4)
    assert len(together(*[lambda: meeting.wait(WAIT)] * 4)) == 4


def test_a_single_step_needs_no_thread():
    assert together(threading.get_ident) == [threading.get_ident()]
    assert together() == []


def test_steps_enter_what_they_do_in_the_account_of_the_rollout(trace):
    together(*(lambda n=n: current_trace().decide(StageGivenUp(stage=f"step {n}")) for n in range(3)))
    assert sorted(words(trace)) == ["step 0: given up", "step 1: given up", "step 2: given up"]


@pytest.mark.parametrize("failing", [0, 1])
def test_a_step_that_fails_fails_where_its_result_is_asked_for(failing):
    steps = [lambda: "fine", lambda: "fine"]
    steps[failing] = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        together(*steps)
    begun = start(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        begun.result()
