"""The probe: how levers are compared, what is recommended, and the whole of it with a scripted LM."""

import json
import shlex
from itertools import pairwise
from typing import Any

import pytest

import optimize.compile
from optimize.probe.lever_findings import LeverFinding, ProbeArm, finding, findings_table
from optimize.probe.levers_to_probe import BOTH, DEMOS, LEVERS, ONE, SENTENCE, STRONGER_LEVERS, THREE, shapes
from optimize.probe.recommendation import recommendation
from program import artifact
from program.cli.settings import parse_settings
from program.rollout.budget import Budget
from program.steps.config import FlowConfig
from tests.support.packs import answer_rule, call, plus_tasks, printed, use_lm, use_models, write_pack, write_start
from tests.support.scripted import stage_of

TASKS = plus_tasks(range(1, 25))
NAMES = [task.name for task in TASKS]
BY_NAME = {lever.name: lever for lever in (*LEVERS, *STRONGER_LEVERS)}


pytestmark = pytest.mark.usefixtures("own_caches")


def arm(*solved: float, calls: float = 1.0, first: int = 0) -> ProbeArm:
    names = [f"P{number}" for number in range(first, first + len(solved))]
    return ProbeArm(dict(zip(names, solved, strict=True)), dict.fromkeys(names, calls))


def test_a_lever_is_compared_on_the_problems_that_both_arms_ran_on():
    arms = {ONE: arm(0, 0, 1, 1), THREE: arm(1, 1, 1, calls=2.0, first=1)}
    found = finding(BY_NAME["drawing again"], arms)
    assert (found.problems, found.gain.value, found.calls) == (3, pytest.approx(1 / 3), (1.0, 2.0))


def test_each_kind_of_words_counts_alone_and_with_the_other():
    arms = {ONE: arm(0, 0), SENTENCE: arm(1, 1), DEMOS: arm(0, 0), BOTH: arm(1, 0)}
    gains = {name: finding(BY_NAME[name], arms).gain.value for name in ("instructions", "demonstrations")}
    assert gains == {"instructions": 0.75, "demonstrations": -0.25}


@pytest.mark.parametrize("name", BY_NAME)
def test_a_lever_that_was_not_tried_is_in_the_table_and_not_shown(name):
    found = finding(BY_NAME[name], {})
    assert found.problems == 0 and not found.shown and "not tried" in findings_table([found])


def test_more_problems_see_smaller_gains():
    lever = BY_NAME["drawing again"]
    sizes = [finding(lever, {ONE: arm(*[0, 1] * n), THREE: arm(*[1, 1, 1, 0] * (n // 2))}).visible for n in (4, 20, 80)]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] < 0.3


def test_every_shape_is_another_flow_and_its_settings_are_keys_of_it():
    changes = shapes(FlowConfig(solutions=0), stronger=True)
    made = [
        artifact.new_program("alphacodium", artifact.merged(FlowConfig().model_dump(), c)) for c in changes.values()
    ]
    assert len({program.config.model_dump_json() for program in made}) == len(changes)
    for lever in BY_NAME.values():
        assert lever.kind != "shape" or {*lever.pairs[0]} <= {*changes}


def found(name: str, gain: float) -> LeverFinding:
    """Of 40 problems as many more are solved, or fewer."""
    lever, moved = BY_NAME[name], round(40 * abs(gain))
    arms = [arm(*[0] * 40), arm(*[1] * moved, *[0] * (40 - moved))]
    first, second = arms if gain >= 0 else arms[::-1]
    return finding(lever, {lever.pairs[0][0]: first, lever.pairs[0][1]: second})


COMMAND = ["mine.toml", "--probe", "200", "--lm", "openai/a b", "--out", "artifacts/new"]


@pytest.mark.parametrize("probe", [["--probe"], ["--probe", "200"], ["--probe=200"]])
@pytest.mark.parametrize("out", [["--out", "artifacts/new"], ["--out=artifacts/new"]])
@pytest.mark.parametrize("place", [lambda probe, out: [*probe, *out], lambda probe, out: [*out, *probe]])
def test_the_recommended_command_is_the_one_that_probed_for_another_folder(probe, out, place):
    said = recommendation(
        [found("instructions", 0.3)], "start", FlowConfig(), ["mine.toml", "--lm", "a b", *place(probe, out)]
    )
    assert shlex.split(said.splitlines()[-1]) == shlex.split(
        "python -m optimize.compile mine.toml --lm 'a b' --out artifacts/new-words --tune switches=false"
    )


@pytest.mark.parametrize(
    ("gains", "said"),
    [
        ({"drawing again": 0.3, "instructions": 0.1}, "drawing again"),
        (
            {"drawing again": 0.1, "instructions": -0.3, "planning, not drawing again": 0.5},
            "planning, not drawing again",
        ),
        ({"reading answers otherwise": 0.3}, "reading answers otherwise"),
        ({"drawing again": 0.0, "instructions": -0.3}, ""),
        ({"drawing again": 0.025}, ""),
        ({}, ""),
    ],
)
def test_the_largest_gain_that_is_shown_is_recommended(gains, said):
    text = recommendation([found(*each) for each in gains.items()], "start", FlowConfig(), COMMAND)
    assert text.startswith(f"recommended: {said}: +" if said else "nothing to gain here, as far as ")


@pytest.mark.parametrize(
    ("name", "off", "added"),
    [
        ("demonstrations", ["demos"], "demos=3"),
        ("instructions", ["instructions"], "instructions=true"),
        ("drawing again", ["switches", "demos"], "switches=true"),
        ("demonstrations", ["instructions"], ""),
    ],
)
def test_the_recommended_race_has_its_lever_also_if_the_configuration_turns_it_off(name, off, added):
    text = recommendation([found(name, 0.4)], "start", FlowConfig(), COMMAND, off=off)
    tuned = shlex.split(text.splitlines()[-1])
    assert (tuned[-1] == added) if added else not {"demos=3", "instructions=true", "switches=true"} & {*tuned}


def test_where_everything_is_solved_no_larger_probe_is_named():
    solved = finding(BY_NAME["drawing again"], {ONE: arm(*[1] * 12), THREE: arm(*[1] * 12)})
    text = recommendation([solved], "start", FlowConfig(), COMMAND, larger=360)
    assert text == "nothing to gain here: the program that the levers change solves every problem"


@pytest.mark.parametrize(
    ("problems", "said"), [(10, "nothing is shown; drawing again may gain +20.0 points"), (40, "")]
)
def test_a_gain_that_is_nearly_shown_is_named(problems, said):
    lever, more = BY_NAME["drawing again"], problems // 5
    nearly = finding(lever, {ONE: arm(*[0] * problems), THREE: arm(*[1] * more, *[0] * (problems - more))})
    text = recommendation([nearly], "start", FlowConfig(), COMMAND, larger=360)
    assert text.startswith(said or "recommended: drawing again")
    assert nearly.may_be_shown == bool(said) and ("--probe 360 sees smaller ones" in text) == bool(said)


def test_of_a_shape_only_the_settings_that_differ_are_named():
    config = FlowConfig(direct_first=3)
    text = recommendation([found("drawing again", 0.4)], "artifacts/mine", config, COMMAND)
    assert "python -m eval.run artifacts/mine --set budget.calls=3" in text and "direct_first" not in text
    assert "for three draws over one draw" in text and "mine as it is was not run" in text


@pytest.mark.parametrize("stored", [FlowConfig(), FlowConfig(solutions=1, budget=Budget(calls=9), direct_first=2)])
def test_what_is_recommended_as_measured_is_the_program_that_was_measured(stored):
    """The artifact may have other switches than those with which it was probed."""
    for lever in (each for each in BY_NAME.values() if each.kind == "shape"):
        text = recommendation([found(lever.name, 0.4)], "start", FlowConfig(), COMMAND, stored.model_dump())
        words = shlex.split(next(line for line in text.splitlines() if "eval.run" in line))
        settings = parse_settings([word for before, word in pairwise(words) if before == "--set"])
        made, measured = (
            FlowConfig.model_validate(artifact.merged(config.model_dump(), change))
            for config, change in (
                (stored, settings),
                (FlowConfig(), shapes(FlowConfig(), stronger=True)[lever.pairs[0][1]]),
            )
        )
        assert made == measured


def planned(prompt: str) -> Any:
    """A rule: only programs that are written to a plan are right."""
    fate = "right" if stage_of(prompt) == "WriteCode" else "broken"
    return answer_rule(TASKS, **{name: fate for name in NAMES})(prompt)


def fixed(prompt: str) -> Any:
    """A rule: only fixes are right."""
    return answer_rule(TASKS, **{name: "fixed" for name in NAMES})(prompt)


@pytest.fixture
def options(tmp_path) -> list:
    data, start = write_pack(tmp_path / "data", TASKS), write_start(tmp_path / "start", "alphacodium")
    return ["--start", start, "--data", data, "--out", tmp_path / "out"]


@pytest.mark.parametrize(
    ("rule", "lever"), [(fixed, "fixing, not drawing again"), (planned, "planning, not drawing again")]
)
def test_the_lever_that_gains_is_recommended_and_nothing_is_paid_twice(monkeypatch, tmp_path, options, rule, lever):
    prompts = use_lm(monkeypatch, rule)
    command = (optimize.compile.main, *options, "--probe", "60")
    said = printed(monkeypatch, *command)
    assert f"recommended: {lever}: +100.0" in said
    lines = {line["name"]: line for line in json.loads((tmp_path / "out" / "probe.json").read_text())}
    assert lines[lever]["shown"] and not lines["drawing again"]["shown"]
    assert 60 <= len(prompts) < 120
    asked = len(prompts)
    assert (
        said.splitlines()[-3:]
        == printed(monkeypatch, optimize.compile.main, *options, "--probe", "60").splitlines()[-3:]
    )
    assert len(prompts) == asked, "the same command again asks nothing"
    assert f"recommended: {lever}" in printed(monkeypatch, optimize.compile.main, *options, "--probe", "90")
    assert asked < len(prompts) < 150, "one with more calls goes on from there"


@pytest.mark.parametrize(
    ("optimizer", "key"), [("race", ""), ("verified", "rollouts=2"), ("bootstrap", "threshold=0.5"), ("gepa", "")]
)
def test_the_recommended_command_can_be_typed_whatever_optimizer_was_named(
    monkeypatch, tmp_path, options, optimizer, key
):
    use_lm(monkeypatch, fixed)
    config = tmp_path / "config.toml"
    first = [f"{key}\n"] if key else []
    own = {"gate_problems": 7, "copy_answers": 0, "requests_per_minute": 90_000, "retries": 3}
    shared = [f"{key} = {value}\n" for key, value in own.items()]
    config.write_text("".join([f'optimizer = "{optimizer}"\n', *first, *shared, "[settings]\nsolutions = 1\n"]))
    given = [config, *options, "--max-calls", "5000", "--probe", "60"]
    said = printed(monkeypatch, optimize.compile.main, *given)
    assert "recommended: " in said
    command = shlex.split(said.splitlines()[-1])[3:]
    plan = printed(monkeypatch, optimize.compile.main, *command, "--dry-run")
    assert "| race-switches |" in plan and "rollouts=150" in plan
    limits = {"--max-calls", "5000", "--requests-per-minute", "90000"}
    tuned = {"settings.solutions=1", "gate_problems=7", "copy_answers=0", "retries=3"}
    assert optimizer == "race" or limits | tuned <= {*command}


@pytest.mark.parametrize("fate", ["right", "broken"])
def test_where_nothing_helps_nothing_is_recommended(monkeypatch, options, fate):
    use_lm(monkeypatch, answer_rule(TASKS, **{name: fate for name in NAMES}))
    said = printed(monkeypatch, optimize.compile.main, *options, "--probe", "60").splitlines()[-1]
    assert said.startswith("nothing to gain here") and ("solves every problem" in said) == (fate == "right")


def test_a_compilation_takes_the_answers_of_a_probe_for_nothing(monkeypatch, tmp_path, options):
    prompts = use_lm(monkeypatch, fixed)
    race = ["--no-gate", "--tune", "demos=0", "--tune", "instructions=false"]
    printed(monkeypatch, optimize.compile.main, *options, "--probe", "60")
    prompts.clear()
    raced = [tmp_path / "raced" if each == tmp_path / "out" else each for each in options]
    said = printed(monkeypatch, optimize.compile.main, *raced, *race)
    report = json.loads((tmp_path / "raced" / "report.json").read_text())
    assert report["paid"]["reused"] >= len(TASKS) / 2 and "reused from other compilations" in said
    after_probe = len(prompts)
    prompts.clear()
    monkeypatch.setattr("optimize.compilation.compile_session.WORK_FOLDER", tmp_path / "another ledger")
    alone = [tmp_path / "alone" if each == tmp_path / "out" else each for each in options]
    printed(monkeypatch, optimize.compile.main, *alone, *race)
    assert after_probe + report["paid"]["reused"] == len(prompts)
    made = [artifact.read_manifest(tmp_path / name).config for name in ("raced", "alone")]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("stage", "role", "lever"),
    [
        ("FixCode", "fixes", "a stronger model for fixes"),
        ("WriteCode", "rest", "a stronger model for all after the first draw"),
    ],
)
def test_a_stronger_model_is_a_lever_of_each_role_where_one_is_named(
    monkeypatch, tmp_path, options, stage, role, lever
):
    def better(prompt: str) -> Any:
        fate = "fixed" if stage_of(prompt) == stage == "FixCode" else "right"
        return answer_rule(TASKS, **dict.fromkeys(NAMES, fate))(prompt)

    broken = answer_rule(TASKS, **{name: "broken" for name in NAMES})
    models = use_models(monkeypatch, usual=broken, stronger=better)
    said = printed(monkeypatch, optimize.compile.main, *options, *models, "--probe", "150")
    lines = {line["name"]: line for line in json.loads((tmp_path / "out" / "probe.json").read_text())}
    assert lines[lever]["gain"] == 1.0 and lines[lever]["shown"]
    assert f"stronger_for={role}" in said


def test_a_shape_has_only_the_stronger_model_that_its_name_says():
    for config in (FlowConfig(stronger_for="rest"), FlowConfig(stronger_for="fixes"), FlowConfig(stronger_for="tests")):
        stronger = {
            name for name, change in shapes(config, stronger=True).items() if change["stronger_for"] != "rounds"
        }
        assert stronger == {name for name in shapes(config, stronger=True) if "stronger" in name}


def test_only_the_flow_can_be_probed(monkeypatch, tmp_path, capsys, options):
    use_lm(monkeypatch, answer_rule(TASKS))
    start = write_start(tmp_path / "sampling", "sampling")
    assert call(monkeypatch, optimize.compile.main, *options[2:], "--start", start, "--probe") == 2
    assert "so --start must be a flow" in capsys.readouterr().err
