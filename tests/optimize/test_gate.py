"""The gate: what ships, what does not, and how the comparison is made."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import eval.compare
import optimize.compile
from benchmarks.numbers.gates import SPREADS, ship_rate
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import read_config, read_rollouts
from eval.rollouts.score import Score, SetResult
from optimize.gate.gate import COMPILED, START, outcome_of
from optimize.gate.gate_outcome import CHEAPER, Outcome
from optimize.job.job import FIRST_FRESH_DRAW
from program import artifact
from program.models.scripted import scripted_lm
from program.rollout.trace import Totals
from tests.support.packs import (
    answer_rule,
    demonstrations,
    plus_tasks,
    printed,
    use_lm,
    use_opener,
    write_pack,
    write_start,
)

TASKS = plus_tasks(range(1, 11))


pytestmark = pytest.mark.usefixtures("own_caches")


@pytest.fixture
def options(tmp_path) -> list:
    data, start = write_pack(tmp_path / "data", TASKS), write_start(tmp_path / "start", "direct")
    return ["--start", start, "--data", data, "--optimizer", "bootstrap", "--demos", "2", "--out", tmp_path / "out"]


def rule(with_demos: str, without: str, wrong_from: int = 2):
    """Answers the first tasks rightly, the others by whether demonstrations are in the prompt."""
    late = [task.name for task in TASKS[wrong_from:]]
    shown, bare = (answer_rule(TASKS, **dict.fromkeys(late, fate)) for fate in (with_demos, without))
    return lambda prompt: (shown if demonstrations(prompt) else bare)(prompt)


def gate_of(folder) -> Outcome:
    return Outcome.model_validate(artifact.read_manifest(folder).gate)


def test_what_is_ahead_ships_with_the_score_of_its_start(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule(with_demos="right", without="wrong"))
    said = printed(monkeypatch, optimize.compile.main, *options)
    program, manifest = artifact.load(tmp_path / "out")
    assert program.predictors()[0].demos and manifest.origin == "compiled"
    found = gate_of(tmp_path / "out")
    assert (found.decision, found.start, found.compiled, found.gain) == ("better", 0.0, 1.0, 1.0)
    assert said.splitlines()[-1] == found.line() and "the start solves 0.0%, this 100.0%" in found.line()


def test_the_comparison_is_made_with_the_model_that_is_compiled_for_and_not_with_the_teacher(monkeypatch, options):
    models = {name: scripted_lm(answer_rule(TASKS)) for name in ("some/pupil", "some/teacher")}

    @contextmanager
    def open_model(model: str, problems: Any, **_: Any) -> Iterator[Any]:
        yield models[model]

    use_opener(monkeypatch, open_model)
    asked = ["--lm", "some/pupil", "--teacher-lm", "some/teacher", "--concurrency", "1"]
    printed(monkeypatch, optimize.compile.main, *options, *asked)
    taught, compared = (len(model.engine.prompts) for model in (models["some/teacher"], models["some/pupil"]))
    assert taught == 2, "two demonstrations"
    assert compared == 2 * (2 * 2 * 8), "two draws of two programs on eight problems, and as much again: both are alike"


def test_what_is_worse_does_not_ship_and_the_artifact_is_the_start(monkeypatch, tmp_path, options):
    prompts = use_lm(monkeypatch, rule(with_demos="wrong", without="right"))
    said = printed(monkeypatch, optimize.compile.main, *options)
    (kept, manifest), (start, _) = artifact.load(tmp_path / "out"), artifact.load(tmp_path / "start")
    assert kept.dump_state() == start.dump_state() and manifest.origin == "hand-written"
    found = gate_of(tmp_path / "out")
    assert (found.decision, found.start, found.compiled) == ("kept", 1.0, 0.0)
    assert said.splitlines()[-1].startswith("kept: nothing found that is better; the best candidate: -100.0 points")
    assert json.loads((tmp_path / "out" / "report.json").read_text())["gate"]["decision"] == "kept"
    before = len(prompts)
    assert "compiled already" in printed(monkeypatch, optimize.compile.main, *options) and len(prompts) == before


def test_without_a_gate_what_the_optimizer_makes_is_handed_over(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule(with_demos="wrong", without="right"))
    said = printed(monkeypatch, optimize.compile.main, *options, "--no-gate")
    assert artifact.load(tmp_path / "out")[0].predictors()[0].demos
    assert gate_of(tmp_path / "out").decision == "not compared" and "--no-gate" in said.splitlines()[-1]
    assert not (tmp_path / "out" / "gate").exists()


def test_problems_that_gave_demonstrations_are_not_compared_and_draws_are_fresh(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule(with_demos="right", without="wrong"))
    printed(monkeypatch, optimize.compile.main, *options, "--tune", "gate_draws=3")
    run = tmp_path / "out" / "gate"
    assert read_config(run)["problems"] == [task.name for task in TASKS[2:]]
    samples = {(each.arm, each.sample) for each in read_rollouts(run)}
    assert samples == {(arm, FIRST_FRESH_DRAW + n) for arm in (START, COMPILED) for n in range(3)}
    said = printed(monkeypatch, eval.compare.main, run)
    assert "compiled solves more problems than start" in said and "NOT FINISHED" not in said


def test_a_problem_that_asks_for_what_a_demonstration_shows_is_not_compared(monkeypatch, tmp_path, options):
    """Contests of two divisions share problems, which have two names."""
    twin = {**TASKS[0].row(), "name": "The first again"}
    with (tmp_path / "data" / "data" / "valid.jsonl").open("a") as file:
        file.write(f"{json.dumps(twin)}\n")
    answers = rule(with_demos="right", without="wrong")
    use_lm(monkeypatch, lambda prompt: answers(prompt.replace(twin["name"], TASKS[0].name)))
    printed(monkeypatch, optimize.compile.main, *options)
    assert read_config(tmp_path / "out" / "gate")["problems"] == [task.name for task in TASKS[2:]]


def test_problems_nobody_ran_on_are_compared_first(monkeypatch, tmp_path, options):
    """The optimizer stops at two demonstrations, after the first problems."""
    use_lm(monkeypatch, rule(with_demos="right", without="wrong"))
    printed(monkeypatch, optimize.compile.main, *options, "--concurrency", "1", "--tune", "gate_problems=4")
    assert read_config(tmp_path / "out" / "gate")["problems"] == [task.name for task in TASKS[2:6]]


def test_what_is_left_open_is_compared_on_as_much_again(monkeypatch, tmp_path, options):
    """With demonstrations other tasks are solved, as many as without."""
    names = [task.name for task in TASKS]
    with_demos, without = (answer_rule(TASKS, **dict.fromkeys(some, "wrong")) for some in (names[2::2], names[3::2]))
    use_lm(monkeypatch, lambda prompt: (with_demos if demonstrations(prompt) else without)(prompt))
    plan = printed(monkeypatch, optimize.compile.main, *options, "--dry-run")
    printed(monkeypatch, optimize.compile.main, *options)
    paid = json.loads((tmp_path / "out" / "report.json").read_text())["paid"]["by_phase"]["gate-more"]["calls"]
    assert f"| gate-more, at most | {paid} | {paid} |" in plan
    found = gate_of(tmp_path / "out")
    assert (found.decision, found.gain, found.problems, found.draws) == ("kept", 0.0, 8, 4)
    draws = {each.sample for folder in ("gate", "gate-more") for each in read_rollouts(tmp_path / "out" / folder)}
    assert draws == {FIRST_FRESH_DRAW + number for number in range(4)}
    printed(
        monkeypatch,
        optimize.compile.main,
        *(x if x != tmp_path / "out" else tmp_path / "few" for x in options),
        "--tune",
        "gate_problems=4",
    )
    compared = [{each.problem for each in read_rollouts(tmp_path / "few" / name)} for name in ("gate", "gate-more")]
    assert [len(names) for names in compared] == [4, 4] and not set.intersection(*compared), "others where there are"


def test_a_result_that_is_the_start_costs_no_comparison(monkeypatch, tmp_path, options):
    prompts = use_lm(monkeypatch, answer_rule(TASKS, **dict.fromkeys([task.name for task in TASKS], "wrong")))
    said = printed(monkeypatch, optimize.compile.main, *options)
    assert len(prompts) == len(TASKS)
    assert said.splitlines()[-1] == "kept: nothing found that is better (the prompts are those of the start)"


def test_where_every_problem_gave_a_demonstration_the_start_is_kept(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, answer_rule(TASKS))
    said = printed(monkeypatch, optimize.compile.main, *options, "--limit", "2")
    assert "none is left to compare on" in said and gate_of(tmp_path / "out").decision == "kept"
    assert not artifact.load(tmp_path / "out")[0].predictors()[0].demos


def test_at_a_cap_in_the_comparison_the_start_is_kept_and_a_larger_cap_goes_on(monkeypatch, tmp_path, options):
    prompts = use_lm(monkeypatch, rule(with_demos="right", without="wrong"))
    said = printed(monkeypatch, optimize.compile.main, *options, "--concurrency", "1", "--max-calls", "12")
    assert len(prompts) == 12 and "not compared yet: max_calls = 12 is reached" in said
    assert not artifact.load(tmp_path / "out")[0].predictors()[0].demos
    printed(monkeypatch, optimize.compile.main, *options, "--concurrency", "1", "--max-calls", "1000")
    assert gate_of(tmp_path / "out").decision == "better"
    assert len(prompts) == 2 + 2 * 2 * 8, "two demonstrations, then two draws of two programs on eight problems"


def test_what_the_comparison_needs_is_kept_back_and_the_optimizer_stops_earlier(monkeypatch, tmp_path, options):
    """Of 46 calls 40 are kept back: two programs, ten problems, two draws each; the optimizer would take ten."""
    prompts = use_lm(monkeypatch, rule(with_demos="right", without="wrong"))
    limited = [*options, "--optimizer", "verified", "--tune", "copy_answers=0", "--max-calls", "46"]
    said = printed(monkeypatch, optimize.compile.main, *limited)
    assert "max_calls = 46 is reached, except for the part reserved for the comparison with the start" in said
    assert gate_of(tmp_path / "out").decision == "better" and len(prompts) == 6 + 2 * 2 * 8
    again = printed(monkeypatch, optimize.compile.main, *limited)
    assert len(prompts) == 6 + 2 * 2 * 8, "the same cap again pays nothing"
    assert "max_calls = 46 leaves 8 calls, less than the comparison with the start needs, about 40 calls" in again
    printed(monkeypatch, optimize.compile.main, *limited[:-2])
    assert not (artifact.read_manifest(tmp_path / "out").compile or {})["stopped"]


def test_a_cap_below_the_comparison_says_so_before_anything_is_paid(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule(with_demos="right", without="wrong"))
    for more in (["--dry-run"], []):
        said = printed(monkeypatch, optimize.compile.main, *options, "--max-calls", "12", *more)
        assert "max_calls = 12 is less than the comparison with the start needs, about 52 calls" in said, (
            "12 are for the check for copied text"
        )


def rollouts(arm: str, solved: list[list[bool]], tokens: int = 100) -> list[Rollout]:
    def one(problem: int, sample: int, right: bool) -> Rollout:
        tests = SetResult(passed=int(right), total=1, verdict="AC" if right else "WA")
        return Rollout(
            arm=arm,
            problem=f"P{problem}",
            sample=sample,
            status="solved" if right else "failed",
            score=Score(
                public=tests, private=tests, generated=tests, hidden_rate=right, solved=right, judge_seconds=0.0
            ),
            totals=Totals(calls=1, completion_tokens=tokens, dollars=None),
        )

    return [one(p, FIRST_FRESH_DRAW + s, right) for p, draws in enumerate(solved) for s, right in enumerate(draws)]


def test_as_good_and_cheaper_ships_and_as_good_at_the_same_price_does_not():
    solved = [[n % 2 == 0] * 2 for n in range(60)]
    start = rollouts(START, solved)
    cheap, dear = (rollouts(COMPILED, solved, tokens=round(100 * share)) for share in (CHEAPER, 0.8))
    assert outcome_of([*start, *cheap]).decision == "as good, cheaper"
    assert outcome_of([*start, *dear]).decision == "kept"
    half = [[True, False]] * 60
    worse = rollouts(COMPILED, [[True, False] if n > 3 else [False] * 2 for n in range(60)], tokens=50)
    assert outcome_of([*rollouts(START, half), *worse]).decision != "better"


def test_the_cost_is_that_of_the_rollouts_by_price_of_token():
    start, compiled = rollouts(START, [[True]] * 3), rollouts(COMPILED, [[True]] * 3, tokens=50)
    for each in compiled:
        each.totals.prompt_tokens = 200
    found = outcome_of([*start, *compiled])
    assert found.cost == pytest.approx((50 + 200 / 4) / 100) and found.unit == "tokens weighted by price"
    for each in (*start, *compiled):
        each.totals.dollars = 0.5 if each.arm == START else 0.75
    found = outcome_of([*start, *compiled])
    assert (found.cost, found.unit) == (1.5, "USD")


@pytest.mark.parametrize(("problems", "draws"), [(30, 2), (60, 2), (12, 2), (8, 1)])
@pytest.mark.parametrize("spread", SPREADS)
def test_a_loss_seldom_ships_whatever_the_size_and_a_gain_often_does(problems, draws, spread):
    def shipped(true: float) -> float:
        return ship_rate(true, problems, draws, spread, comparisons=400)

    assert shipped(-0.05) <= 0.1
    assert shipped(-0.10) <= 0.08
    if problems >= 30:
        assert shipped(0.10) >= 0.6


def test_every_decision_has_a_line_that_begins_with_it():
    numbers = {"start": 0.4, "compiled": 0.5, "gain": 0.1, "interval": (-0.02, 0.2), "problems": 30, "draws": 2}
    for decision in ("better", "ahead, not shown", "as good, cheaper", "kept"):
        line = Outcome(decision=decision, **numbers, cost=0.5, unit="USD").line()
        assert line.startswith(f"{decision}: ") and "+10.0 points (-2.0 to +20.0)" in line and "\n" not in line
        assert "the start solves 40.0%" in line and "USD: 0.50 times the start's" in line


@pytest.mark.parametrize("problems", [10, 30, 50, 60, 200])
def test_a_cheaper_program_that_lost_a_draw_ships_only_where_one_that_lost_none_does(problems):
    """On few problems neither is shown to be as good, and the outcome says why."""

    def outcome(lost: int) -> Outcome:
        made = [[True] * 4] * (problems - 1)
        right = rollouts(START, [*made, [True] * 4], 1000)
        return outcome_of([*right, *rollouts(COMPILED, [*made, [False] * lost + [True] * (4 - lost)], 100)])

    tie, lost = outcome(0), outcome(1)
    assert tie.decision == ("as good, cheaper" if problems >= 60 else "kept")
    assert tie.decision == "as good, cheaper" or lost.decision == "kept"
    assert ("too few problems" in tie.line()) == (tie.decision == "kept")


def test_solving_nothing_for_less_does_not_ship():
    nothing = [[False] * 2] * 80
    found = outcome_of([*rollouts(START, nothing, 1000), *rollouts(COMPILED, nothing, 10)])
    assert found.decision == "kept" and "as good" not in found.line()
