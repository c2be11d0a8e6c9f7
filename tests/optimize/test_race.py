"""The race: candidates, when they drop out, what is recommended, and the whole of it with a scripted LM."""

import json

import numpy as np
import pytest

import eval.compare
import optimize.compile
import optimize.show
from eval.rollouts.run_folder import read_rollouts
from optimize.compilation.attempts import front
from optimize.race.dropping import FEWEST, Standing, dropped, looks
from optimize.race.levers import changes_of, combined
from optimize.race.round import Round
from optimize.race.variants import Variant
from program import artifact
from program.baselines.reflexion import ReflexionConfig
from program.baselines.sampling import SamplingConfig
from program.models.profile import profile_named
from program.rollout.budget import Budget
from program.stage.config import ProgramConfig
from program.steps.config import FlowConfig
from tests.support.packs import answer_rule, call, isolate, number_task, printed, use_lm, write_pack, write_start
from tests.support.scripted import stage_of

TASKS = tuple(number_task(f"Plus {k}", lambda n, k=k: n + k, f"n + {k}") for k in range(1, 25))
NAMES = [task.name for task in TASKS]


@pytest.fixture(autouse=True)
def own_caches(monkeypatch, tmp_path):
    isolate(monkeypatch, tmp_path / "cache")


def standing(values: list[float], cost: float = 1.0) -> Standing:
    return Standing({f"P{n}": value for n, value in enumerate(values)}, cost)


@pytest.mark.parametrize("problems", [2, 5, 12, 13, 30, 60, 100, 1000])
def test_looks_go_up_to_the_last_problem_and_keep_fewer_each_time(problems):
    counts, keeps = zip(*looks(problems), strict=True)
    assert list(counts) == sorted(set(counts)) and counts[-1] == problems
    assert counts[0] >= min(problems, FEWEST) and list(keeps) == sorted(keeps, reverse=True)


def test_what_is_clearly_behind_drops_out_and_says_so():
    out = dropped({"a": standing([1.0] * 20), "b": standing([0.0] * 20), "c": standing([1.0] * 19 + [0.0])}, keep=3)
    assert list(out) == ["b"] and out["b"].startswith("behind a by 100 points")


def test_of_those_that_are_alike_the_cheapest_stay():
    out = dropped({name: standing([1.0, 0.0] * 10, cost) for name, cost in zip("abcd", (4, 3, 2, 1), strict=True)}, 1)
    assert set(out) == {"a", "b"} and "of 4 that were left" in out["a"]


def test_the_best_wins_unless_another_is_nearly_as_good_for_much_less():
    def winner(**entries: tuple[float, float]) -> str:
        standings = {
            name: Standing({f"P{n}": share for n in range(10)}, cost) for name, (share, cost) in entries.items()
        }
        names = {name: Variant(said=name) for name in entries}
        return Round("a round", "a", standings, {}, names).winner.said

    assert winner(a=(0.50, 1.0), b=(0.60, 3.0)) == "b"
    assert winner(a=(0.58, 1.0), b=(0.60, 3.0)) == "a"
    assert winner(a=(0.58, 1.0), b=(0.60, 1.2)) == "b"
    assert winner(a=(0.60, 1.0), b=(0.60, 0.9)) == "b"


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
    for count, keep in looks(solved.shape[1]):
        made, before = made + len(alive) * (count - before), count
        standings = {str(each): standing(solved[each, :count].tolist()) for each in alive}
        if count < solved.shape[1]:
            out = dropped(standings, int(np.ceil(keep * len(solved))))
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
    both = [pair for one in changes for two in changes if (pair := combined(one, two))]
    for pair in both:
        assert len(pair) >= 2 and artifact.new_program(program, artifact.merged(present, pair))


def test_what_a_model_does_anyway_or_cannot_do_is_not_tried():
    def keys(model: str) -> set[str]:
        changes = changes_of(FlowConfig(), "lean", profile_named(model))
        return {f"{key}={value}" for change in changes for key, value in change.items()}

    small, strong, thinking = map(keys, ("local/qwen2.5-coder-0.5b", "openai/gpt-4o-mini", "openai/o3"))
    assert "fixes_per_program=0" in strong and "fixes_per_program=0" not in small
    assert "temperature=0.8" in strong and not any(key.startswith("temperature") for key in thinking)


def test_the_front_holds_what_nothing_cheaper_equals():
    def line(name: str, solved: float, cost: float, out: str = "") -> dict:
        return {"candidate": name, "solved": solved, "cost": cost, "out": out}

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
    fate = "right" if stage_of(prompt) == "SolveDirectly" else "wrong"
    return answer_rule(TASKS, **dict.fromkeys(NAMES, fate))(prompt)


@pytest.fixture
def options(tmp_path) -> list:
    data, start = write_pack(tmp_path / "data", TASKS), write_start(tmp_path / "start", "alphacodium")
    return ["--start", start, "--data", data, "--optimizer", "race", "--out", tmp_path / "out", "--at", "calls=6"]


def test_a_race_turns_the_switch_that_pays_and_ships_it(monkeypatch, tmp_path, options):
    prompts = use_lm(monkeypatch, rule)
    said = printed(monkeypatch, optimize.compile.main, *options)
    program, manifest = artifact.load(tmp_path / "out")
    assert program.config.direct_first and program.config.budget.calls == 6
    assert manifest.gate and manifest.gate["decision"] == "better" and said.splitlines()[-1].startswith("better: ")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
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


def test_a_race_that_was_stopped_goes_on_and_pays_nothing_twice(monkeypatch, tmp_path, options):
    prompts = use_lm(monkeypatch, rule)
    printed(monkeypatch, optimize.compile.main, *options, "--max-calls", "100")
    assert (artifact.read_manifest(tmp_path / "out").compile or {})["stopped"]
    printed(monkeypatch, optimize.compile.main, *options)
    went_on = len(prompts)
    prompts.clear()
    monkeypatch.setattr("optimize.compilation.compiling.WORK_FOLDER", tmp_path / "another ledger")
    whole = [tmp_path / "whole" if each == tmp_path / "out" else each for each in options]
    printed(monkeypatch, optimize.compile.main, *whole)
    assert went_on == len(prompts)
    made, whole = (artifact.read_manifest(tmp_path / name) for name in ("out", "whole"))
    assert made.gate and whole.gate and made.gate["decision"] == whole.gate["decision"] == "better"
    assert made.config == whole.config


def test_problems_that_the_race_ran_least_on_are_compared_first(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule)
    few = ["--tune", "problems=14", "--tune", "demos=0", "--tune", "gate_problems=10"]
    printed(monkeypatch, optimize.compile.main, *options, *few)
    raced = {each.problem for each in read_rollouts(tmp_path / "out" / "race-switches")}
    compared = {each.problem for each in read_rollouts(tmp_path / "out" / "gate")}
    assert len(raced) == 14 and len(compared) == 10 and not raced & compared


def test_an_answer_that_two_candidates_share_is_paid_once_and_counts_for_both(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule)
    printed(monkeypatch, optimize.compile.main, *options, "--no-gate", "--tune", "demos=0")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    cost = {line["candidate"]: line["cost"] for line in report["race"] if line["round"] == "race-switches"}
    assert cost["direct_first=1"] == pytest.approx(cost["direct_first=3"]), "the first draw solves all"
    used = sum(each.totals.calls for each in read_rollouts(tmp_path / "out" / "race-switches"))
    assert report["paid"]["by_phase"]["race-switches"]["calls"] < 0.7 * used


def test_words_alone_and_switches_alone(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, answer_rule(TASKS))
    for more, rounds in (
        ("switches=false", {"race-words"}),
        ("instructions=false", {"race-switches", "race-combined"}),
    ):
        folder = tmp_path / more
        arguments = [folder if each == tmp_path / "out" else each for each in options]
        rest = ["--demos", "0"] if "instructions" in more else []
        printed(monkeypatch, optimize.compile.main, *arguments, "--tune", more, *rest)
        report = json.loads((folder / "report.json").read_text())
        assert {line["round"] for line in report["race"]} <= rounds


def test_the_budget_that_is_compiled_for_is_that_of_the_start_too(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule)
    printed(monkeypatch, optimize.compile.main, *options)
    for arm in ("start", "compiled"):
        assert artifact.load(tmp_path / "out" / "gate" / "artifacts" / arm)[0].config.budget.calls == 6
    assert call(monkeypatch, optimize.compile.main, *options, "--at", "coins=3") == 2


def test_a_frozen_stage_gets_no_demonstrations(monkeypatch, tmp_path, options):
    """Of the calls of this LM only the programs are proven right."""
    use_lm(monkeypatch, answer_rule(TASKS))
    for folder, more in (("free", []), ("frozen", ["--freeze", "WriteCode"])):
        arguments = [tmp_path / folder if each == tmp_path / "out" else each for each in options]
        printed(monkeypatch, optimize.compile.main, *arguments, "--no-gate", "--tune", "switches=false", *more)
    assert not (tmp_path / "frozen" / "race-words").exists()
    for count in (1, 2, 3):
        made, _ = artifact.load(tmp_path / "free" / "race-words" / "artifacts" / f"demos={count}")
        assert len(dict(made.named_predictors())["write_code.write_code.predict"].demos) == count
