"""Where a compilation pays: what is stored, counted, capped, and asked once."""

import copy
import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import dspy
import pytest
from dspy import LMProviderError, LMServerError

from judge.judge import judge
from judge.verdict import Limits, TestCase
from optimize.compilation.progress import CompileProgress
from program.adapters.choice import adapter_named
from program.errors import UserError
from program.models.prices import LOCAL_MAP, Price, price_of
from program.models.scripted import Scripted, ScriptedEngine, scripted_lm
from program.paid.halted import CapReached, Halted
from program.paid.ledger import Ledger, LedgerReports
from program.paid.ledger_engine import paid_lm
from program.paid.paid_calls import PaidCalls
from program.rollout.budget import OPTIONS, Budget
from program.rollout.context import Purpose, new_trace, within
from program.stage.stage import Stage
from signatures.understand import ReflectOnProblem
from tests.support.openai_server import serving


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(tmp_path / "ledger")
    yield opened
    opened.close()


@pytest.fixture
def paying(ledger):
    """A function that gives an LM whose calls are paid through the ledger, under caps, and the prompts it lets pass."""

    def make(rule, **limits):
        paid = PaidCalls(ledger, ledger.budget(Budget(**limits)))
        asked = rule if isinstance(rule, dspy.LM) else scripted_lm(rule)
        return paid_lm(asked, paid), paid, asked.engine.prompts

    return make


def reopened(ledger, tmp_path) -> Ledger:
    ledger.close()
    return Ledger(tmp_path / "ledger")


def test_an_answer_is_paid_once_and_survives_the_process(paying, ledger, tmp_path):
    lm, _, prompts = paying(lambda prompt: f"{prompt} indeed")
    assert lm("so") == lm("so") == ["so indeed"]
    assert len(prompts) == 1 and ledger.spent.calls == 1
    again = reopened(ledger, tmp_path)
    assert (again.session, again.spent.calls) == (2, 1)
    assert again.spent.prompt_tokens == 1 and again.spent.completion_tokens == 2
    assert again.totals(session=2).calls == 0
    again.close()


def test_the_line_says_for_what_is_paid_and_changes_with_every_answer(paying):
    lm, paid, _ = paying(lambda prompt: prompt)
    stream = io.StringIO()
    progress = CompileProgress("gepa", paid, stream)
    lm("a proposal")
    assert "gepa: 1 call, 2 + 2 tokens (proposals)" in progress.line()
    with within(purpose=Purpose("evaluation", "abc")):
        lm("a run")
    assert "gepa: 2 calls" in progress.line() and "(evaluation)" in progress.line()
    lm("a proposal")  # known already
    assert progress.status().endswith("(evaluation)")
    progress.close()
    assert "2 calls, 4 + 4 tokens (evaluation)" in stream.getvalue() and "\x1b" not in stream.getvalue()


def test_other_rollouts_and_settings_are_other_questions(paying, ledger):
    lm, _, _ = paying(lambda prompt: prompt)
    for settings in ({}, {"rollout_id": 1, "temperature": 0.5}, {"rollout_id": 2, "temperature": 0.5}, {"seed": 1}):
        lm("so", **settings)
        lm.copy(**settings)("so")
    assert ledger.spent.calls == 4


def test_several_answers_to_one_question_are_each_paid_once(paying, ledger):
    answers = iter("abcde")
    lm, _, _ = paying(lambda prompt: next(answers))
    assert lm("so", n=3) == lm("so", n=3) == ["a", "b", "c"]
    assert lm("so", n=4) == ["a", "b", "c", "d"] and ledger.spent.calls == 4


def test_copies_pay_from_the_same_budget(paying):
    lm, paid, _ = paying(lambda prompt: prompt, calls=3)
    for number, each in enumerate((lm, lm.copy(temperature=1.0), copy.deepcopy(lm))):
        each(str(number))
    with pytest.raises(CapReached):
        lm("one more")
    assert paid.left() == "0 calls"


def test_what_calls_are_paid_for_is_entered(paying, ledger):
    lm, _, _ = paying(lambda prompt: prompt)
    lm("a proposal")
    with within(purpose=Purpose("evaluation", "abc")):
        lm("a run")
    assert {phase: spent.calls for phase, spent in ledger.totals_by("phase").items()} == {
        "proposals": 1,
        "evaluation": 1,
    }
    assert ledger.totals_by("candidate")["abc"].prompt_tokens == 2


@pytest.mark.parametrize(("cap", "asked"), [({"calls": 3}, 3), ({"tokens": 7}, 4), ({"dollars": 3.5}, 2)])
def test_a_cap_ends_the_paying(paying, monkeypatch, cap, asked):
    monkeypatch.setattr("program.paid.ledger_engine.price_of", lambda _: Price(1.0, 1.0))
    lm, _, prompts = paying(lambda prompt: "yes", **cap)
    with pytest.raises(CapReached, match=f"{OPTIONS[next(iter(cap))]} = "):
        for number in range(10):
            lm(str(number))
    assert len(prompts) == asked
    assert lm("0") == ["yes"], "what is known costs nothing"


def test_seconds_are_capped_over_all_sessions(tmp_path):
    now = 0.0
    first = Ledger(tmp_path / "ledger", lambda: now)
    lm = paid_lm(scripted_lm(lambda prompt: "yes"), PaidCalls(first, first.budget(Budget(seconds=10))))
    lm("a")
    now = 6.0
    lm("b")
    first.close()
    again = Ledger(tmp_path / "ledger", lambda: now)
    assert again.seconds_before == 6.0
    paid = PaidCalls(again, again.budget(Budget(seconds=10)))
    now = 9.0
    assert paid.seconds == 9.0 and paid.left() == "1 seconds"
    now = 10.0
    with pytest.raises(CapReached):
        paid_lm(scripted_lm([]), paid)("c")
    again.close()


def test_calls_side_by_side_do_not_overshoot_a_cap_on_calls(paying):
    gate = threading.Barrier(4, timeout=120)  # passed by four calls that are in flight at once

    class Gated(ScriptedEngine):
        def complete(self, request):
            gate.wait()
            return super().complete(request)

    lm, _, prompts = paying(dspy.LM("scripted/lm", engine=Gated(lambda prompt: "yes"), cache=False), calls=4)

    def ask(number: int) -> str:
        try:
            return lm(str(number))[0]
        except Halted:
            return "halted"

    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(ask, range(8)))
    assert sorted(said) == ["halted"] * 4 + ["yes"] * 4 and len(prompts) == 4


def test_the_same_question_is_not_asked_twice_at_once(paying):
    started, go_on = threading.Event(), threading.Event()

    def answer(prompt: str) -> str:
        started.set()
        go_on.wait(120)
        return "yes"

    lm, _, prompts = paying(answer)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(lm, "same")
        started.wait(120)
        second = threads.submit(lm, "same")
        go_on.set()
        assert first.result() == second.result() == ["yes"]
    assert len(prompts) == 1


def test_a_call_that_fails_lets_the_next_one_ask(paying, ledger):
    answers = iter([LMServerError("down", model="m"), "yes"])
    lm, paid, _ = paying(lambda prompt: next(answers))
    with pytest.raises(LMServerError):
        lm("same")
    assert lm("same") == ["yes"] and ledger.spent.calls == 1
    paid.close()


def test_once_it_is_closed_nobody_is_answered(paying):
    """A step that a halted rollout has left behind would be paid for, and nobody would count it."""
    lm, paid, prompts = paying(lambda prompt: "yes")
    lm("known")
    paid.close()
    for prompt in ("known", "new"):
        with pytest.raises(Halted):
            lm(prompt)
    assert len(prompts) == 1


def test_after_a_halt_nothing_is_paid_any_more(paying):
    lm, paid, _ = paying(lambda prompt: "yes")
    lm("known")
    paid.halt(Halted(RuntimeError("enough")))
    assert lm("known") == ["yes"]
    with pytest.raises(Halted, match="enough"):
        lm("new")


def test_a_halt_is_no_exception_that_an_optimizer_would_swallow():
    assert not issubclass(Halted, Exception)


def test_a_second_process_at_the_same_compilation_is_refused(ledger, tmp_path):
    with pytest.raises(UserError, match="another process"):
        Ledger(tmp_path / "ledger")


@pytest.mark.parametrize("adapter", ["lean", "chat", "json"])
def test_what_is_sent_and_what_it_costs_is_as_without_the_ledger(ledger, monkeypatch, adapter):
    """Prices of cached tokens included, which the price map alone does not tell."""
    monkeypatch.setenv(LOCAL_MAP, "true")
    written = {"reflection": ["so it is"]}
    with serving(adapter_named(adapter).format_assistant_message_content(ReflectOnProblem, written)) as server:
        lm = dspy.LM("openai/gpt-4o-mini", api_base=server.address, api_key="none", cache=False, num_retries=0)
        traces = []
        for asked in (lm, paid_lm(lm, PaidCalls(ledger), top_p=0.9), lm.copy(top_p=0.9)):
            with new_trace() as trace, dspy.context(lm=asked, adapter=adapter_named(adapter)):
                assert Stage(ReflectOnProblem, 100, 0.2)(1, problem="p").reflection == ["so it is"]
            traces.append(trace.totals().model_copy(update={"lm_seconds": 0.0}))
    (_, _, first), (*_, second), (*_, third) = server.requests
    assert second == third != first and third["top_p"] == 0.9
    assert traces[0] == traces[1] == traces[2] == ledger.spent.model_copy(update={"lm_seconds": 0.0})
    price = price_of("openai/gpt-4o-mini")
    assert price and 0 < traces[0].dollars < price.dollars(traces[0].prompt_tokens, traces[0].completion_tokens)


def test_reports_of_the_judge_are_kept(ledger, tmp_path, monkeypatch):
    program, tests, limits = "print(input())", [TestCase("1\n", "1\n"), TestCase("2\n", "3\n")], Limits()
    first = judge(program, tests, limits, cache=LedgerReports(ledger))
    again = reopened(ledger, tmp_path)
    monkeypatch.setattr("judge.judge.Session", None)  # nothing can be run
    assert judge(program, tests, limits, cache=LedgerReports(again)) == first
    again.close()


def test_an_answer_from_the_ledger_counts_with_the_seconds_that_it_took(paying, monkeypatch):
    def slow(prompt):
        time.sleep(0.3)
        return '{"reflection": ["so"]}'

    lm, _, prompts = paying(slow)
    seconds = []
    for _ in range(2):
        with new_trace() as trace, dspy.context(lm=lm, adapter=adapter_named("lean")):
            Stage(ReflectOnProblem)(0, problem="P")
        seconds.append((trace.calls[0].seconds, trace.now()))
    assert len(prompts) == 1 and all(0.3 <= each < 5 for pair in seconds for each in pair)


def test_an_answer_with_only_a_thought_is_not_paid_again_and_an_empty_one_is(paying):
    for answer, calls in ((Scripted("", thought="```python\nprint(1)\n```"), 1), (Scripted(""), 2)):
        lm, _, prompts = paying(lambda prompt, answer=answer: answer)
        for _ in range(2):
            lm(f"so {calls}")
        assert len(prompts) == calls


def test_a_garbled_response_may_have_cost_something_and_counts(paying):
    down, half = LMServerError("down", model="m"), LMProviderError("half of an answer", model="m")
    for fault, ends in ((down, LMServerError), (half, CapReached)):
        lm, _, _ = paying(lambda prompt, fault=fault: fault, calls=1)
        for expected in (type(fault), ends):
            with pytest.raises(expected):
                lm("so")
