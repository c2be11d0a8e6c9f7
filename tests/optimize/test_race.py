"""The race: candidates, when they drop out, what is recommended, and the whole of it with a scripted LM."""

import hashlib
import json
import random
import shlex
import shutil
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from statistics import fmean
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from dspy import ContextWindowExceededError, LMInvalidRequestError

import eval.compare
import eval.run
import optimize.compile
import optimize.show
from eval.data.load import load_problems
from eval.rollouts.run_folder import read_rollouts
from optimize.compilation.attempts import front
from optimize.credit.evidence import Credit, Step
from optimize.gate.gate_outcome import Outcome
from optimize.job.candidates import RaceLine
from optimize.job.job import FIRST_FRESH_DRAW
from optimize.optimizers.race import ROUNDS as RACE_ROUNDS
from optimize.race.dropping import FEWEST_ROLLOUTS, Standing, dropped, looks
from optimize.race.levers import MANY, changes_of, combined
from optimize.race.proposed import JudgedCall, costliest, repeats, worst_calls
from optimize.race.round import Round
from optimize.race.variants import Variant
from program import artifact
from program.baselines.reflexion import ReflexionConfig
from program.baselines.sampling import SamplingConfig
from program.models.profile import profile_named
from program.rollout.budget import Budget
from program.stage.config import ProgramConfig
from program.steps.config import FlowConfig
from signatures.sentences import SENTENCES
from tests.support.packs import (
    NOBODY,
    Task,
    answer_rule,
    asked_problem,
    call,
    plus_tasks,
    printed,
    use_lm,
    use_models,
    write_pack,
    write_start,
)
from tests.support.proposals import HINT, hinted_rule, is_proposal, proposal
from tests.support.scripted import stage_of

ROUNDS = ("race-switches", "race-words")
TASKS = plus_tasks(range(1, 25))
NAMES = [task.name for task in TASKS]


pytestmark = pytest.mark.usefixtures("own_caches")


def standing(values: list[float], cost: float = 1.0) -> Standing:
    return Standing({f"P{n}": value for n, value in enumerate(values)}, cost)


@pytest.mark.parametrize("rollouts", [2, 5, 12, 13, 30, 60, 100, 1000])
def test_looks_go_up_to_the_last_rollout_and_keep_fewer_each_time(rollouts):
    counts, keeps = zip(*looks(rollouts, 12), strict=True)
    assert list(counts) == sorted(set(counts)) and counts[-1] == rollouts
    assert counts[0] >= min(rollouts, FEWEST_ROLLOUTS) and list(keeps) == sorted(keeps, reverse=True)


def test_what_is_clearly_behind_drops_out_and_says_so():
    out = dropped({"a": standing([1.0] * 20), "b": standing([0.0] * 20), "c": standing([1.0] * 19 + [0.0])}, 3, "b")
    assert list(out) == ["b"] and out["b"].startswith("behind a by 100 points")


def test_of_those_that_are_alike_the_cheapest_stay():
    values = {"a": [1.0, 0.0], "b": [0.0, 1.0], "c": [1.0, 0.0], "d": [0.0, 1.0]}
    costs = zip("abcd", (4, 3, 2, 1), strict=True)
    out = dropped({name: standing(values[name] * 10, cost) for name, cost in costs}, 1, "d")
    assert out == {
        "a": "same results as c, not cheaper",
        "b": "same results as d, not cheaper",
        "c": "rank 2 of the 2 remaining",
    }


def test_the_candidate_to_beat_stays_until_it_is_clearly_behind():
    lucky = {"a": [1.0] * 7 + [0.0] * 5, "b": [0.0] * 6 + [1.0] * 6, "first": [1.0, 0.0] * 6, "twin": [1.0, 0.0] * 6}
    standings = {name: standing(values, float(name == "first")) for name, values in lucky.items()}
    assert dropped(standings, 2, "first") == {"b": "rank 2 of the 4 remaining", "twin": "rank 3 of the 4 remaining"}
    behind = standings | {"first": standing([0.0] * 12)}
    assert dropped(behind, 3, "first")["first"].startswith("behind a by 58 points")


def test_the_best_wins_unless_another_is_nearly_as_good_for_much_less():
    def winner(**entries: tuple[float, float]) -> str:
        standings = {
            name: Standing({f"P{n}": share for n in range(10)}, cost) for name, (share, cost) in entries.items()
        }
        names = {name: Variant(said=name) for name in entries}
        return Round("a round", "a", standings, {}, {}, names).winner.said

    assert winner(a=(0.50, 1.0), b=(0.60, 3.0)) == "b"
    assert winner(a=(0.58, 1.0), b=(0.60, 3.0)) == "a"
    assert winner(a=(0.58, 1.0), b=(0.60, 1.2)) == "a", "a change has to earn its place"
    assert winner(a=(0.60, 1.0), b=(0.60, 0.9)) == "a"
    assert winner(a=(0.58, 1.0), b=(0.62, 1.2)) == "b"
    assert winner(a=(0.58, 1.0), b=(0.62, 3.0), c=(0.60, 1.2)) == "b"
    assert winner(a=(0.58, 1.0), b=(0.62, 3.0), c=(0.60, 0.6)) == "c"


def test_a_race_finds_the_winner_of_a_full_evaluation_at_two_fifths_of_its_rollouts():
    """Twelve candidates with independent luck, one of them 15 points ahead, on 100 problems of unlike difficulty."""
    draw, found, as_full, used = np.random.default_rng(0), 0, 0, 0.0
    for _ in range(60):
        base = draw.beta(0.7, 0.9, 100)
        ahead = np.clip(base + 0.15 * base * (1 - base) / (base * (1 - base)).mean(), 0, 1)
        solved = draw.random((12, 100)) < np.vstack([ahead, *[base] * 11])
        winner, share = _raced(solved.astype(float))
        found, as_full, used = found + (winner == 0), as_full + (winner == solved.mean(axis=1).argmax()), used + share
    assert found >= 50 and as_full >= 51 and used / 60 <= 0.4


def _raced(solved: np.ndarray) -> tuple[int, float]:
    """The winner, and the share of all rollouts that were made; as `run_round` goes."""
    alive, before, made = list(range(len(solved))), 0, 0
    for count, keep in looks(solved.shape[1], len(solved)):
        made, before = made + len(alive) * (count - before), count
        standings = {str(each): standing(solved[each, :count].tolist()) for each in alive}
        if count < solved.shape[1]:
            out = dropped(standings, keep, str(len(solved) - 1))
            alive = [each for each in alive if str(each) not in out]
    return max(alive, key=lambda each: solved[each].mean()), made / solved.size


CONFIGS = [
    ("alphacodium", FlowConfig()),
    ("alphacodium", FlowConfig(budget=Budget(calls=10), solutions=0, ai_tests=0)),
    ("sampling", SamplingConfig(budget=Budget(calls=10))),
    ("reflexion", ReflexionConfig()),
    ("direct", ProgramConfig()),
]


@pytest.mark.parametrize(("program", "config"), CONFIGS)
@pytest.mark.parametrize("adapter", ["lean", "yaml", "chat"])
def test_every_change_makes_another_program_and_pairs_turn_two_switches(program, config, adapter):
    changes = changes_of(config, adapter, profile_named("openai/gpt-4o-mini"))
    assert len({json.dumps(change) for change in changes}) == len(changes)
    present = config.model_dump()
    for change in changes:
        made = artifact.new_program(program, artifact.merged(present, change))
        assert made.config != config
    assert adapter == "lean" or not any("order" in change for change in changes) or adapter == "yaml"
    both = [pair for one in changes for two in changes if (pair := combined(one, two, config.budget))]
    for pair in both:
        assert len(pair) >= 2 and artifact.new_program(program, artifact.merged(present, pair))


def test_what_a_model_does_anyway_or_cannot_do_is_not_tried():
    def keys(model: str) -> set[str]:
        changes = changes_of(FlowConfig(), "lean", profile_named(model))
        return {f"{key}={value}" for change in changes for key, value in change.items()}

    small, strong, thinking = map(keys, ("local/qwen2.5-coder-0.5b", "openai/gpt-4o-mini", "openai/o3"))
    assert "fixes_per_program=0" in strong and "fixes_per_program=0" not in small
    assert "temperature=0.8" in strong and not any(key.startswith("temperature") for key in thinking)


def test_a_conversation_is_a_switch_where_stages_follow_each_other():
    tried = {name: changes_of(config, "lean", profile_named("openai/gpt-4o-mini")) for name, config in CONFIGS}
    talk = {"order": "conversation"}
    assert {name for name, changes in tried.items() if talk in changes} == {"alphacodium", "reflexion"}
    assert combined({"direct_first": 10}, talk, Budget(calls=10)) is None
    assert combined({"direct_first": 1}, talk, Budget(calls=10))


@pytest.mark.parametrize(
    ("budget", "only_draws"),
    [({"calls": 3}, True), ({"calls": 2}, True), ({"calls": 10}, False), ({"tokens": 20_000}, False), ({}, False)],
)
def test_a_switch_of_stages_is_not_combined_with_draws_that_take_the_whole_budget(budget, only_draws):
    pair = combined({"direct_first": 3}, {"ai_tests": 0}, Budget(**budget))
    assert (pair is None) == only_draws


def test_early_stopping_is_tried_with_every_number_of_agreeing_programs():
    never, early = (
        [change for change in changes_of(config, "lean", profile_named("openai/gpt-4o-mini")) if "agree" in change]
        for config in (SamplingConfig(), SamplingConfig(stop_early=True))
    )
    assert early == [{"agree": 1}, {"agree": 2}]
    assert never == [{"stop_early": True, **change} for change in early]


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        ("order,nothing", "turn: nothing to try for nothing here; it can have ai_tests, direct_first"),
        ("rounds", "turn: rounds is tried only together with direct_first; name both"),
        ("order,vary_draws", "turn: vary_draws is tried only together with direct_first; name both"),
    ],
)
def test_a_switch_that_would_not_be_raced_is_refused_before_anything_is_asked(monkeypatch, capsys, options, turn, said):
    prompts = use_lm(monkeypatch, rule)
    assert call(monkeypatch, optimize.compile.main, *options, "--tune", f"turn={turn}", "--dry-run") == 2
    assert said in capsys.readouterr().err and not prompts


def test_a_race_of_nothing_is_refused(monkeypatch, capsys, options):
    off = ("switches=false", "demos=0", "instructions=false", "proposals=0")
    given = [word for each in off for word in ("--tune", each)]
    assert call(monkeypatch, optimize.compile.main, *options, *given, "--dry-run") == 2
    assert "nothing to race: switches, demos, instructions and proposals are all off" in capsys.readouterr().err


def test_rollouts_leave_draws_to_the_gate(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule)
    alone = ["--tune", "turn=order", "--tune", "demos=0", "--tune", "instructions=false", "--tune", "proposals=0"]
    more = ["--limit", "1", "--tune", "rollouts=600", "--no-gate"]
    printed(monkeypatch, optimize.compile.main, *options, *alone, *more)
    rollouts = read_rollouts(tmp_path / "out" / "race-switches")
    assert max(rollout.sample for rollout in rollouts) == FIRST_FRESH_DRAW // RACE_ROUNDS - 1


def test_what_a_stronger_model_is_asked_for_is_a_switch_where_one_is_named():
    profile = profile_named("openai/gpt-4o-mini")
    without, named = (changes_of(FlowConfig(), "lean", profile, stronger) for stronger in (False, True))
    assert not any("stronger_for" in change for change in without)
    roles = [change["stronger_for"] for change in named if "stronger_for" in change]
    assert roles == ["fixes", "tests", "rest", "rest"]
    assert not any("stronger_for" in change for change in changes_of(ProgramConfig(), "lean", profile, True))


def test_the_front_holds_what_nothing_cheaper_equals():
    def line(name: str, solved: float, cost: float, out: str = "") -> RaceLine:
        measured = {"problems": 10, "solved": solved, "gain": 0.0, "interval": (0.0, 0.0), "cost": cost}
        return RaceLine(candidate=name, round="a round", out=out, **measured)

    lines = [
        line("a", 0.5, 1.0),
        line("b", 0.6, 2.0),
        line("c", 0.5, 1.5),
        line("d", 0.4, 0.5),
        line("e", 0.9, 0.1, "x"),
    ]
    assert front(lines) == ["d", "a", "b"]


def rule(prompt: str) -> str:
    """The flow's programs are wrong; a plain call gives right ones."""
    if is_proposal(prompt):
        return proposal(prompt)
    fate = "right" if stage_of(prompt) == "SolveDirectly" else "wrong"
    return answer_rule(TASKS, **dict.fromkeys(NAMES, fate))(prompt)


def report_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "report.json").read_text())


@pytest.fixture
def options(tmp_path) -> list:
    data, start = write_pack(tmp_path / "data", TASKS), write_start(tmp_path / "start", "alphacodium")
    racing = ["--optimizer", "race", "--tune", f"rollouts={len(TASKS)}", "--at", "calls=6"]
    return ["--start", start, "--data", data, "--out", tmp_path / "out", *racing]


def test_a_race_turns_the_switch_that_pays_and_ships_it(monkeypatch, tmp_path, options):
    prompts = use_lm(monkeypatch, rule)
    said = printed(monkeypatch, optimize.compile.main, *options)
    program, manifest = artifact.load(tmp_path / "out")
    assert program.config.direct_first and program.config.budget.calls == 6
    assert manifest.gate and manifest.gate["decision"] == "better" and said.splitlines()[-1].startswith("better: ")
    report = report_of(tmp_path / "out")
    assert report["program_runs"] >= sum(line["rollouts"] for line in report["race"]) > report["candidates"] > 2
    rounds = list(dict.fromkeys(line["round"] for line in report["race"]))
    assert rounds[0] == "race-switches" and rounds[-1] == "race-words"
    lines = {line["candidate"]: line for line in report["race"] if line["round"] == "race-switches"}
    assert lines["start"]["solved"] == 0.0 and lines["direct_first=1"]["solved"] == 1.0
    assert "behind" in lines["ai_tests=0"]["out"] and lines["ai_tests=0"]["problems"] < len(TASKS)
    shown = printed(monkeypatch, optimize.show.main, tmp_path / "out")
    assert "direct_first=1" in shown and "better: " in shown and "| yes |" in shown
    run = tmp_path / "out" / "race-switches"
    assert "against start" in printed(monkeypatch, eval.compare.main, run, "--arms", "start", "direct_first=1")
    assert len(prompts) == report["paid"]["total"]["calls"]


def test_a_race_that_a_cap_ends_before_a_comparison_has_compared_nothing(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule)
    said = printed(monkeypatch, optimize.compile.main, *options, "--tune", "copy_answers=0", "--max-calls", "300")
    assert said.splitlines()[-1].startswith("not compared yet: max_calls = 300 is reached")
    shown = printed(monkeypatch, optimize.show.main, tmp_path / "out")
    assert "not compared yet: max_calls = 300 is reached" in shown and "not finished: max_calls = 300" in shown


def test_the_plan_names_rounds_that_may_follow(monkeypatch, options):
    """Whether switches can be combined depends on results."""
    use_lm(monkeypatch, rule)
    plan = printed(monkeypatch, optimize.compile.main, *options, "--dry-run")
    rows = {line.split(" | ")[0].strip("| ") for line in plan.splitlines() if line.startswith("| race-")}
    named = {row.removesuffix(", at most") for row in rows}
    assert named == {"race-switches", "race-combined", "race-words", "race-both"}
    assert "calls per run, 6.0 within the budget of a run, come from" in plan


def test_a_race_that_was_stopped_goes_on_and_pays_nothing_twice(monkeypatch, tmp_path, options):
    prompts = use_lm(monkeypatch, rule)
    printed(monkeypatch, optimize.compile.main, *options, "--max-calls", "100")
    assert (artifact.read_manifest(tmp_path / "out").compile or {})["stopped"]
    printed(monkeypatch, optimize.compile.main, *options)
    went_on = len(prompts)
    prompts.clear()
    monkeypatch.setattr("optimize.compilation.compile_session.WORK_FOLDER", tmp_path / "another ledger")
    whole = [tmp_path / "whole" if each == tmp_path / "out" else each for each in options]
    printed(monkeypatch, optimize.compile.main, *whole)
    assert went_on == len(prompts)
    made, whole = (artifact.read_manifest(tmp_path / name) for name in ("out", "whole"))
    assert made.gate and whole.gate and made.gate["decision"] == whole.gate["decision"] == "better"
    assert made.config == whole.config


def test_gains_and_costs_are_of_the_draws_that_both_candidates_made(monkeypatch, tmp_path, options):
    """A candidate that drops out has fewer draws of a problem than one that runs to the end."""

    def at_random(prompt: str) -> str:
        if is_proposal(prompt):
            return proposal(prompt)
        fate = {name: random.choice(["right", "wrong"]) for name in NAMES}
        return answer_rule(TASKS, **fate)(prompt)

    random.seed(1)
    use_lm(monkeypatch, at_random)
    printed(monkeypatch, optimize.compile.main, *options, "--no-gate", "--tune", f"rollouts={3 * len(TASKS)}")
    fewer = 0
    for name, lines in groupby(report_of(tmp_path / "out")["race"], itemgetter("round")):
        folder = tmp_path / "out" / name
        first = next(iter(json.loads((folder / "config.json").read_text())["artifacts"]))
        solved = {rollout.key(): float(rollout.status == "solved") for rollout in read_rollouts(folder)}
        for line in lines:
            own = [key for arm, *key in solved if arm == line["candidate"]]
            gains: dict[str, list[float]] = {}
            for problem, draw in own:
                if (first, problem, draw) in solved:
                    gain = solved[line["candidate"], problem, draw] - solved[first, problem, draw]
                    gains.setdefault(problem, []).append(gain)
            assert line["rollouts"] == len(own)
            assert line["gain"] == pytest.approx(fmean(map(fmean, gains.values())), abs=1e-4)
            assert line["gain"] == 0 or not line["out"].startswith(f"same results as {first},")
            fewer += len(own) < 3 * len(TASKS)
    assert fewer >= 3
    assert "| candidate | problems | rollouts | solved |" in printed(monkeypatch, optimize.show.main, tmp_path / "out")


def test_every_round_has_draws_of_its_own(monkeypatch, tmp_path, options):
    """The winner of a round won it partly by its draws there, so they must not count again in the next round."""
    use_lm(monkeypatch, rule)
    printed(monkeypatch, optimize.compile.main, *options, "--no-gate")
    drawn = {run: {(r.problem, r.sample) for r in read_rollouts(tmp_path / "out" / run)} for run in ROUNDS}
    assert all(drawn.values()) and not set.intersection(*drawn.values())


def test_what_a_pilot_lost_ends_no_race(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule)
    printed(monkeypatch, optimize.compile.main, *options, "--pilot", "3")
    stored = tmp_path / "out" / "training" / "rollouts.jsonl"
    stored.write_text(stored.read_text().replace('"status": "failed"', '"status": "not judged"', 1))
    assert '"not judged"' in stored.read_text()
    assert printed(monkeypatch, optimize.compile.main, *options).splitlines()[-1].startswith("better: ")


@pytest.mark.parametrize(("optimizer", "lost"), [("verified", "training"), ("race", "race-switches")])
def test_rollouts_without_their_traces_are_refused(monkeypatch, tmp_path, options, capsys, optimizer, lost):
    """Nothing would be found in their calls, and the compilation would end with another program."""
    use_lm(monkeypatch, rule)
    once = ["--tune", "rollouts=1"] if optimizer == "verified" else []
    command = (optimize.compile.main, *options, "--optimizer", optimizer, *once, "--no-gate")
    printed(monkeypatch, *command)
    (tmp_path / "out" / "manifest.json").unlink()
    shutil.rmtree(tmp_path / "out" / lost / "traces")
    assert call(monkeypatch, *command) == 2
    said = capsys.readouterr().err
    assert "is missing, so the calls of this rollout cannot be read; put it back, or remove " in said
    (tmp_path / "out" / lost / "rollouts.jsonl").unlink()
    assert call(monkeypatch, *command) == 0


def test_a_session_with_more_money_does_not_replace_what_was_found_to_be_better(monkeypatch, tmp_path, options):
    prompts = use_lm(monkeypatch, rule)
    options += ["--tune", "gate_problems=4", "--tune", "copy_answers=0"]
    printed(monkeypatch, optimize.compile.main, *options)
    enough = len(prompts) - 20
    monkeypatch.setattr("optimize.compilation.compile_session.WORK_FOLDER", tmp_path / "another ledger")
    again = [tmp_path / "again" if each == tmp_path / "out" else each for each in options]
    said = printed(monkeypatch, optimize.compile.main, *again, "--max-calls", str(enough))
    found = artifact.read_manifest(tmp_path / "again")
    assert "is not finished" in said and found.gate and found.gate["decision"] == "ahead, not shown"
    worse = Outcome(decision="kept", why="as in a test")
    monkeypatch.setattr("optimize.compilation.compiling.gate", lambda job, program: worse)
    said = printed(monkeypatch, optimize.compile.main, *again)
    assert "as in a test" in said and said.splitlines()[-1].startswith("ahead, not shown: ")
    kept = artifact.read_manifest(tmp_path / "again")
    assert kept.gate == found.gate and kept.config == found.config and not (kept.compile or {})["stopped"]
    evidence, shown = report_of(tmp_path / "again")["evidence"], artifact.load_program(tmp_path / "again")
    assert {name: len(each) for name, each in evidence.items()} == {
        name: len(predictor.demos) for name, predictor in shown.named_predictors() if predictor.demos
    }


def lucky(prompt: str) -> str:
    """Programs are right by the luck of the prompt, with one sentence three of four, else half of them."""
    luck = hashlib.sha256(prompt.encode()).digest()[0] % 4
    right = luck > (0 if SENTENCES["edge-cases"] in prompt else 1)
    return answer_rule(TASKS, **dict.fromkeys(NAMES, "right" if right else "wrong"))(prompt)


@pytest.mark.parametrize(
    ("program", "answers", "more", "shares"),
    [
        ("direct", lucky, ("--demos", "0", "--tune", "proposals=0"), (0.5, 0.7, 0.9)),
        ("alphacodium", rule, ("--demos", "1", "--tune", "turn=direct_first"), (1.1, 1.3)),
    ],
)
def test_wherever_a_race_is_stopped_it_goes_on_as_if_nothing_had_been(
    monkeypatch, tmp_path, program, answers, more, shares
):
    """Neither what is decided on the way nor the problems of the gate may depend on what an earlier session has run."""
    data, start = write_pack(tmp_path / "data", TASKS), write_start(tmp_path / "start", program)
    racing = ["--tune", f"rollouts={len(TASKS)}", "--tune", "gate_problems=8", "--at", "calls=4", *more]
    prompts = use_lm(monkeypatch, answers)

    def compiled(folder: str, *limits: str) -> list[bytes]:
        out = tmp_path / folder
        monkeypatch.setattr("optimize.compilation.compile_session.WORK_FOLDER", tmp_path / f"ledger of {folder}")
        printed(monkeypatch, optimize.compile.main, "--start", start, "--data", data, "--out", out, *racing, *limits)
        files = [out / name for name in ("program.json", "candidates.jsonl", "gate/config.json")]
        return [file.read_bytes() if file.is_file() else b"" for file in files]

    whole, calls = compiled("whole"), len(prompts)
    for share in shares:
        prompts.clear()
        compiled(f"stopped at {share}", "--max-calls", str(round(share * calls)))
        assert compiled(f"stopped at {share}") == whole
        assert len(prompts) - calls in range(2 * 2 * 8 * 2 + 1), "besides what only the first session has compared"


def test_at_temperature_0_the_gate_compares_only_on_problems_that_the_race_has_not_run_on(
    monkeypatch, tmp_path, direct, capsys
):
    """The best of several by luck would show the same luck again: its draws there are the ones that chose it."""
    use_lm(monkeypatch, lucky)
    cold = [*direct, "--set", "temperature=0", "--tune", "proposals=0"]
    for more in (["--dry-run"], []):
        assert "temperature 0" in printed(monkeypatch, optimize.compile.main, *cold, *more)
    raced, compared = (problems_of(tmp_path / "out" / name) for name in ("race-words", "gate"))
    assert len(raced) == len(compared) == 12 and not raced & compared


def problems_of(run: Path) -> set[str]:
    return {each.problem for each in read_rollouts(run)}


def test_words_are_made_from_the_problems_of_the_race_only(monkeypatch, tmp_path, options):
    prompts = use_lm(monkeypatch, rule)
    words = [*options, "--tune", "switches=false", "--tune", "gate_problems=6"]
    plan = printed(monkeypatch, optimize.compile.main, *words, "--dry-run")
    assert prompts == [] and "| training | 12 |" in plan
    printed(monkeypatch, optimize.compile.main, *words)
    learned = problems_of(tmp_path / "out" / "training")
    assert len(learned) == 12 and not learned & problems_of(tmp_path / "out" / "gate")


@pytest.mark.parametrize(
    ("compared", "raced", "more"), [(4, 16, ()), (10, 12, ()), (30, 12, ()), (4, 24, ("--no-gate",))]
)
def test_the_race_leaves_problems_to_the_gate(monkeypatch, tmp_path, direct, compared, raced, more):
    use_lm(monkeypatch, lucky)
    few = ["--tune", "proposals=0", "--tune", f"gate_problems={compared}", *more]
    printed(monkeypatch, optimize.compile.main, *direct, *few)
    ran = problems_of(tmp_path / "out" / "race-words")
    assert len(ran) == raced
    assert not (tmp_path / "out" / "training").exists() or problems_of(tmp_path / "out" / "training") <= ran
    if not more:
        fresh = problems_of(tmp_path / "out" / "gate") - ran
        assert len(fresh) == min(compared, len(TASKS) - raced), "those that it did not run on come first"


def test_problems_in_the_starts_own_demonstrations_are_not_raced(monkeypatch, tmp_path, direct):
    use_lm(monkeypatch, hinted_rule(TASKS, helped=()))
    first = [tmp_path / "first" if each == tmp_path / "out" else each for each in direct if each != "--demos"]
    first = [each for each in first if each != "0"]
    printed(monkeypatch, optimize.compile.main, *first[:-4], "--optimizer", "bootstrap", "--demos", "3", "--no-gate")
    (predictor,) = artifact.load(tmp_path / "first")[0].predictors()
    shown = {name for demo in predictor.demos for name in NAMES if name in demo["problem"].split("\n")[0]}
    use_lm(monkeypatch, lucky)
    again = [tmp_path / "first" if each == tmp_path / "start" else each for each in direct]
    printed(monkeypatch, optimize.compile.main, *again, "--tune", "proposals=0", "--no-gate")
    assert len(shown) == 3 and problems_of(tmp_path / "out" / "race-words") == {*NAMES} - shown


def test_a_cap_inside_a_round_leaves_the_best_of_the_last_comparison(monkeypatch, tmp_path, direct):
    eased = f"\n{SENTENCES['edge-cases']}"
    use_lm(monkeypatch, lambda prompt: lucky(prompt + eased * (prompt.find("## problem") > 20)))
    short = [*direct, "--tune", "proposals=0", "--tune", "gate_problems=4", "--concurrency", "2"]
    printed(monkeypatch, optimize.compile.main, *short, "--max-calls", "66")
    manifest = artifact.read_manifest(tmp_path / "out")
    assert (manifest.compile or {})["stopped"] and not (tmp_path / "out" / "race-words").exists()
    report = report_of(tmp_path / "out")
    assert max(line["problems"] for line in report["race"]) == FEWEST_ROLLOUTS, "the second part did not end"
    best = max(report["race"], key=lambda line: line["solved"])
    compared, _ = artifact.load(tmp_path / "out" / "gate" / "artifacts" / "compiled")
    assert best["candidate"] == "order=stage-first" and compared.config.order == "stage-first"
    assert manifest.gate and manifest.gate["problems"] == 4


def test_a_question_for_a_proposal_that_the_model_refuses_ends_no_compilation(monkeypatch, tmp_path, direct):
    def answer(prompt: str) -> Any:
        return LMInvalidRequestError("content policy", model="m") if is_proposal(prompt) else lucky(prompt)

    use_lm(monkeypatch, answer)
    said = printed(monkeypatch, optimize.compile.main, *direct)
    report = report_of(tmp_path / "out")
    assert report["proposals_dropped"] == 4 and "4 proposals dropped" in said
    assert any("check-example" in line["candidate"] for line in report["race"]), "our own sentences are tried"


@pytest.mark.parametrize("fault", [LMInvalidRequestError, ContextWindowExceededError])
def test_a_problem_that_the_server_refuses_is_unsolved_and_ends_no_compilation(monkeypatch, tmp_path, direct, fault):
    def answer(prompt: str) -> Any:
        refused = asked_problem(prompt) in NAMES[2::4]
        return fault(message="content management policy", model="m") if refused else lucky(prompt)

    use_lm(monkeypatch, answer)
    printed(monkeypatch, optimize.compile.main, *direct, "--tune", "proposals=0")
    gate = artifact.read_manifest(tmp_path / "out").gate
    assert gate and gate["problems"] == len(TASKS), "both programs are compared on all problems"


def test_a_budget_in_tokens_has_many_draws_too_and_one_in_seconds_is_refused(monkeypatch, options, capsys):
    changes = changes_of(FlowConfig(budget=Budget(tokens=40_000)), "lean", profile_named("openai/gpt-4.1"))
    assert {each.get("direct_first", 0) for each in changes} >= set(MANY)
    assert call(monkeypatch, optimize.compile.main, *options[:-1], "seconds=10") == 2
    assert "cannot be compared by time" in capsys.readouterr().err


def test_gepa_is_shown_the_worst_wrong_call_of_each_problem_first():
    def judged(name: str, score: float, solved: bool = False) -> JudgedCall:
        episode: Any = SimpleNamespace(problem=SimpleNamespace(name=name))
        return JudgedCall(Step("s", "s", {}, {}), Credit(score, score == 1, ()), episode, solved, None)

    calls = [judged("a", 1.0), judged("b", 0.5), judged("c", 0.2), judged("c", 0.0), judged("d", 0.0, solved=True)]
    assert [(each.episode.problem.name, each.credit.score) for each in worst_calls(calls)] == [("c", 0.0), ("b", 0.5)]


def test_the_race_records_why_each_demonstration_was_chosen(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, hinted_rule(TASKS, helped=()))
    options = [*options, "--tune", "switches=false", "--tune", "instructions=false", "--tune", "proposals=0"]
    printed(monkeypatch, optimize.compile.main, *options, "--no-gate", "--report")
    evidence = report_of(tmp_path / "out")["evidence"]
    shown = {name: len(each.demos) for name, each in artifact.load(tmp_path / "out")[0].named_predictors()}
    assert {name: len(why) for name, why in evidence.items()} == {name: n for name, n in shown.items() if n}


def test_an_answer_that_two_candidates_share_is_paid_once_and_counts_for_both(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule)
    printed(monkeypatch, optimize.compile.main, *options, "--no-gate", "--tune", "demos=0")
    report = report_of(tmp_path / "out")
    cost = {line["candidate"]: line["cost"] for line in report["race"] if line["round"] == "race-switches"}
    assert cost["direct_first=1"] == pytest.approx(cost["direct_first=3"]), "the first draw solves all"
    used = sum(each.totals.calls for each in read_rollouts(tmp_path / "out" / "race-switches"))
    assert report["paid"]["by_phase"]["race-switches"]["calls"] < 0.7 * used


def test_words_alone_and_switches_alone(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, hinted_rule(TASKS, helped=()))
    for more, rounds in (
        ("switches=false", {"race-words"}),
        ("instructions=false", {"race-switches", "race-combined"}),
    ):
        folder = tmp_path / more
        arguments = [folder if each == tmp_path / "out" else each for each in options]
        rest = ["--demos", "0"] if "instructions" in more else []
        printed(monkeypatch, optimize.compile.main, *arguments, "--tune", more, *rest)
        report = report_of(folder)
        assert {line["round"] for line in report["race"]} <= rounds


def test_the_budget_that_is_compiled_for_is_that_of_the_start_too(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule)
    printed(monkeypatch, optimize.compile.main, *options)
    for arm in ("start", "compiled"):
        assert artifact.load(tmp_path / "out" / "gate" / "artifacts" / arm)[0].config.budget.calls == 6
    assert call(monkeypatch, optimize.compile.main, *options, "--at", "coins=3") == 2


def test_a_frozen_stage_gets_no_demonstrations(monkeypatch, tmp_path, options):
    """Of the calls of this LM only the programs are proven right."""
    use_lm(monkeypatch, hinted_rule(TASKS, helped=()))
    for folder, more in (("free", []), ("frozen", ["--freeze", "WriteCode"])):
        arguments = [tmp_path / folder if each == tmp_path / "out" else each for each in options]
        printed(monkeypatch, optimize.compile.main, *arguments, "--no-gate", "--tune", "switches=false", *more)
    assert not (tmp_path / "frozen" / "race-words").exists()
    for count in (1, 2, 3):
        made, _ = artifact.load(tmp_path / "free" / "race-words" / "artifacts" / f"demos={count}")
        assert len(dict(made.named_predictors())["write_code.write_code.predict"].demos) == count


@pytest.fixture
def direct(tmp_path) -> list:
    data, start = write_pack(tmp_path / "data", TASKS), write_start(tmp_path / "start", "direct")
    racing = ["--optimizer", "race", "--tune", f"rollouts={len(TASKS)}", "--demos", "0"]
    return ["--start", start, "--data", data, "--out", tmp_path / "out", *racing]


def test_instructions_that_gepa_and_mipro_would_propose_are_raced(monkeypatch, tmp_path, direct):
    asked = use_lm(monkeypatch, hinted_rule(TASKS, helped=NAMES[::2]))
    printed(monkeypatch, optimize.compile.main, *direct)
    program, manifest = artifact.load(tmp_path / "out")
    assert HINT in program.predictors()[0].signature.instructions
    assert manifest.gate and manifest.gate["decision"] == "better"
    questions = [prompt for prompt in asked if is_proposal(prompt)]
    shown = [prompt for prompt in questions if "examples_with_feedback" in prompt]
    assert len(questions) == 4 and len(shown) == 2, "the others are MIPRO's"
    assert all(any(name in prompt for name in NAMES[::2]) for prompt in shown), "GEPA is shown what failed"
    lines = report_of(tmp_path / "out")["race"]
    tried = {line["candidate"].split()[-1] for line in lines if line["round"] == "race-words"}
    assert {name for name in tried if name.startswith(("gepa", "mipro"))} == {"gepa-1"}, "the four are the same"


def test_proposals_are_forecast_and_can_be_left_out(monkeypatch, tmp_path, direct):
    def planned(*more: str) -> str:
        return printed(monkeypatch, optimize.compile.main, *direct, "--dry-run", *more)

    assert "| proposals | 0 | 4 |" in planned() and "| proposals |" not in planned("--tune", "proposals=0")
    prompts = use_lm(monkeypatch, hinted_rule(TASKS, helped=NAMES[::2]))
    printed(monkeypatch, optimize.compile.main, *direct, "--tune", "proposals=0")
    assert not any(is_proposal(prompt) for prompt in prompts)


def test_a_proposal_that_repeats_a_problem_or_a_hidden_test_is_refused(tmp_path):
    long = "one two three four five six seven eight nine ten eleven twelve thirteen"
    tasks = [
        Task("A", "print(1)", "print(2)", ("3\n", f"{long}\n"), lambda _: "1\n"),
        Task("B", "print(1)", "print(2)", ("3\n", "4\n"), lambda _: "1\n"),
    ]
    problems = load_problems(str(write_pack(tmp_path / "data", tasks)), "valid")
    statement = "read one line and answer it whatever the task is called a read one line"
    assert repeats(f"Mind that {long} is a case.", "", problems)
    assert not repeats(f"Mind that {long} is a case.", f"As before: {long}", problems)
    assert repeats(problems.problem("A").text(), "", problems)
    assert not repeats(statement, "", problems) and not repeats("Read one line and answer it.", "", problems)


def test_the_stage_that_costs_most_is_the_one_that_is_wrong_where_rollouts_fail():
    def calls(solved: bool, **scores: float) -> list[JudgedCall]:
        rollout: Any = object()
        return [
            JudgedCall(Step(name, name, {}, {}), Credit(score, score == 1, ()), rollout, solved, None)
            for name, score in scores.items()
        ]

    always_wrong = [*calls(True, plan=0.0, code=1.0), *calls(False, plan=0.0, code=0.5)]
    assert costliest(always_wrong) == "code"
    assert costliest([*calls(True, plan=1.0, code=1.0), *calls(False, plan=0.0, code=0.5)]) == "plan"
    assert costliest(calls(True, code=1.0)) is None and costliest([]) is None


def test_a_stronger_model_for_fixes_is_found_and_the_artifact_names_a_role_and_no_address(
    monkeypatch, tmp_path, capsys
):
    few = TASKS[:8]
    broken = answer_rule(few, **{task.name: "broken" for task in few})
    fixing = answer_rule(few, **{task.name: "fixed" for task in few})
    models = use_models(monkeypatch, usual=broken, stronger=fixing)
    data, start = write_pack(tmp_path / "data", few), write_start(tmp_path / "start", "alphacodium")
    words = ["--demos", "0", "--tune", "instructions=false", "--tune", "proposals=0", "--tune", "rollouts=8"]
    words += ["--at", "calls=20"]
    compiling = ["--start", start, "--data", data, *words, *models, "--out", tmp_path / "out"]
    said = printed(monkeypatch, optimize.compile.main, *compiling)
    program, manifest = artifact.load(tmp_path / "out")
    assert manifest.gate and manifest.gate["decision"] == "better"
    assert program.config.model_dump()["stronger_for"] == "fixes", "which asks it for less than a second round does"
    assert "scripted/stronger times 10" in manifest.gate["unit"] and "scripted/stronger times 10" in said
    assert NOBODY not in (tmp_path / "out" / "manifest.json").read_text()
    running = [tmp_path / "out", "--data", data, "--lm", "openai/usual", "--out", tmp_path / "run"]
    assert call(monkeypatch, eval.run.main, *running) == 2
    (line,) = (
        line for line in capsys.readouterr().err.splitlines() if line.startswith("next: ") and "eval.run" in line
    )
    follow = [*shlex.split(line)[4:], "--split", "valid", "--out", str(tmp_path / "followed")]
    printed(monkeypatch, eval.run.main, *follow)
    arms = [artifact.load(tmp_path / "followed" / "artifacts" / name)[0] for name in ("start", "out")]
    assert [made.config.budget.calls for made in arms] == [20, 20]


def test_answers_of_another_server_with_a_model_of_the_same_name_are_not_reused(monkeypatch, tmp_path, direct):
    counts = []
    for folder, address in (
        ("one", "http://127.0.0.1:1/v1"),
        ("two", "http://127.0.0.1:2/v1"),
        ("three", "http://localhost:1/v1/"),
    ):
        prompts = use_lm(monkeypatch, lucky)
        asked = [tmp_path / folder if each == tmp_path / "out" else each for each in direct]
        asked += ["--tune", "proposals=0", "--tune", "switches=false", "--lm", "openai/model", "--api-base", address]
        # Another configuration, so that each has its own ledger:
        asked += ["--tune", f"gate_problems={8 + len(counts)}"]
        printed(monkeypatch, optimize.compile.main, *asked)
        counts.append(len(prompts))
    assert counts[1] > 0.5 * counts[0] and counts[2] < 0.5 * counts[0]
