"""`eval.run --total-calls` and its kin, with the simulated LM."""

import json
from collections.abc import Iterator

import pytest

import eval.compare
import eval.run
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import read_rollouts
from eval.simulated.lm import SimulatedEngine
from eval.spending.spread import standing_of
from program.paid.ledger import Ledger
from program.rollout.decisions import ClusterChosen, StageNotAsked
from program.rollout.trace import Decided, JudgeRun, Trace, name_of
from tests.support.packs import call, isolate, printed, write_start

PROBLEMS, TOTAL = 5, 17


@pytest.fixture(autouse=True)
def workplace(monkeypatch, tmp_path):
    isolate(monkeypatch, tmp_path / "cache")
    write_start(tmp_path / "sampling", "sampling", {"ai_tests": 2})
    write_start(tmp_path / "direct", "direct")
    write_start(tmp_path / "flow", "alphacodium")
    write_start(tmp_path / "reflexion", "reflexion")
    return tmp_path


def options(folder, out: str, *arms: str, total: int = TOTAL, more=()) -> list:
    named = [folder / arm for arm in arms or ("sampling",)]
    asked = ["--lm", "simulated", "--split", "valid", "--limit", PROBLEMS, "--out", folder / out]
    return [*named, *asked, "--total-calls", total, *more]


def outcome_of(run) -> list[tuple]:
    """What has to be the same however a run went."""
    found = read_rollouts(run)
    return sorted((each.arm, each.problem, each.draws, each.code, each.status, each.totals.calls) for each in found)


def test_a_total_is_kept_and_spread_alike_whatever_runs_side_by_side(monkeypatch, workplace):
    printed(monkeypatch, eval.run.main, *options(workplace, "one", more=["--concurrency", 1]))
    said = printed(monkeypatch, eval.run.main, *options(workplace, "many", more=["--concurrency", 5]))
    assert outcome_of(workplace / "one") == outcome_of(workplace / "many")
    rollouts = read_rollouts(workplace / "many")
    draws = [each.draws or 0 for each in rollouts]
    assert len(rollouts) == PROBLEMS and min(draws) >= 1 and max(draws) > 1
    calls = sum(each.totals.calls for each in rollouts)
    assert max(draws) < calls <= TOTAL and f"sampling: {calls} LM calls" in said
    ledger = Ledger(workplace / "many" / "paid")
    assert ledger.totals(phase="rollouts").calls == calls  # nothing was asked twice
    ledger.close()


class Killed(BaseException):
    """Nothing of ours may take it for a fault of its own."""


@pytest.mark.parametrize("at", [1, 5, 13])
def test_a_run_that_was_killed_ends_as_one_that_was_not(monkeypatch, workplace, at):
    asked = options(workplace, "whole", more=["--concurrency", 2])
    printed(monkeypatch, eval.run.main, *asked)
    complete, requests = SimulatedEngine.complete, iter(range(1000))

    def dying(engine, request):
        if next(requests) >= at:
            raise Killed
        return complete(engine, request)

    again = [workplace / "killed" if each == workplace / "whole" else each for each in asked]
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(SimulatedEngine, "complete", dying)
        call(patched, eval.run.main, *again)
    printed(monkeypatch, eval.run.main, *again)
    assert outcome_of(workplace / "killed") == outcome_of(workplace / "whole")


def test_programs_of_several_rounds_are_spread_too_and_compared_by_problem(monkeypatch, workplace):
    arms = ("flow", "reflexion", "sampling")
    said = printed(monkeypatch, eval.run.main, *options(workplace, "run", *arms, total=45))
    rollouts = read_rollouts(workplace / "run")
    for arm in arms:
        calls = sum(each.totals.calls for each in rollouts if each.arm == arm)
        assert 0 < calls <= 45 and f"{arm}: {calls} LM calls" in said
    compared = printed(monkeypatch, eval.compare.main, workplace / "run")
    assert "a total of 45 calls spread over the problems" in compared and "NOT FINISHED" not in compared
    assert {each.arm for each in rollouts} == {*arms} and len(rollouts) == 3 * PROBLEMS


def test_no_program_is_judged_on_hidden_tests_before_all_is_spent(monkeypatch, workplace):
    events: list[str] = []
    judge, complete = eval_judge(), SimulatedEngine.complete
    monkeypatch.setattr("eval.rollouts.loop.judge_answer", lambda *a: (events.append("hidden"), judge(*a)))
    monkeypatch.setattr(SimulatedEngine, "complete", lambda *a: (events.append("asked"), complete(*a))[1])
    printed(monkeypatch, eval.run.main, *options(workplace, "run"))
    assert {"hidden", "asked"} == {*events} and "asked" not in events[events.index("hidden") :]


def eval_judge():
    from eval.rollouts.rollout import judge_answer

    return judge_answer


@pytest.mark.parametrize(
    ("arm", "more", "said"),
    [
        ("direct", [], "direct: a total budget is spread draw by draw, but Direct makes only one draw"),
        ("sampling", ["--max-calls", "5"], "--total-… already limits what a run may spend"),
        ("sampling", ["--total-dollars", "1"], "--total-dollars: no price is known for simulated"),
        ("sampling", ["--total-tokens", "0"], "tokens: Input should be greater than or equal to 1"),
    ],
)
def test_what_cannot_be_spread_is_refused(monkeypatch, workplace, capsys, arm, more, said):
    assert call(monkeypatch, eval.run.main, *options(workplace, "run", arm, more=more)) == 2
    assert said in capsys.readouterr().err and not (workplace / "run").exists()


def test_another_total_is_another_run(monkeypatch, workplace, capsys):
    printed(monkeypatch, eval.run.main, *options(workplace, "run"))
    assert json.loads((workplace / "run" / "config.json").read_text())["total"] == {"calls": TOTAL}
    assert call(monkeypatch, eval.run.main, *options(workplace, "run", total=TOTAL + 1)) == 2
    assert "total.calls is 17 there and 18 now" in capsys.readouterr().err


def test_tokens_are_spread_too(monkeypatch, workplace):
    asked = [each if each != "--total-calls" else "--total-tokens" for each in options(workplace, "run", total=5000)]
    printed(monkeypatch, eval.run.main, *asked)
    found = read_rollouts(workplace / "run")
    dearest = max(call.prompt_tokens + call.completion_tokens for each in found for call in each.trace.calls)
    spent = sum(each.totals.prompt_tokens + each.totals.completion_tokens for each in found)
    assert 0 < spent < 5000 + dearest and max(each.draws or 0 for each in found) > 1


def shown(code: str = "print(1)", verdicts: Iterator[str] | tuple = (), decided=()) -> Rollout:
    """A rollout of three draws as it is before anybody has judged it: without a hidden test in it."""
    events = [Decided(decision=each) for each in decided]
    runs = [JudgeRun(tests="public", program=name_of(code), verdicts=list(verdicts))] if verdicts else []
    trace = Trace(events=[*events, *runs])
    return Rollout(arm="a", problem="p", sample=0, status="not judged", code=code, draws=3, trace=trace)


def test_what_is_seen_of_a_problem():
    assert standing_of(shown("", ())).passing == 0
    assert not standing_of(shown(verdicts=("AC", "WA"))).passing
    passes = standing_of(shown(verdicts=("AC", "AC")))
    assert passes.passing == 1 and passes.ended
    several = standing_of(shown(verdicts=("AC",), decided=[ClusterChosen(alike=1, passing=2)]))
    assert (several.passing, several.alike, several.ended) == (2, 1, False)
    assert standing_of(shown(verdicts=("WA",), decided=[StageNotAsked(stage="s", resource="calls")])).ended
