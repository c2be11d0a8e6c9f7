"""The study: one command compiles, evaluates and compares; here with the simulated LM on a dataset of three splits."""

import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import eval.compare
import eval.run
import optimize.compile
import optimize.study
from eval.data.rows import PACK_FOLDER
from eval.rollouts.run_folder import read_config as read_run
from eval.rollouts.run_folder import read_rollouts
from optimize.forecast.averages import averages
from optimize.job.inputs import read_inputs
from optimize.optimizers.table import read_config
from optimize.studies.study_arms import study_arms
from optimize.studies.studying import _average_of, _do, _printed, _study_config
from program import artifact
from program.paid.ledger import PAID, Ledger
from tests.judge.test_hostile import settles
from tests.support.packs import call, isolate, printed, write_dataset
from tests.support.paths import ROOT

CONFIG = ROOT / "optimize" / "configs" / "codecontests.toml"


@pytest.fixture
def data(tmp_path) -> Path:
    """A copy of the layout of CodeContests, made from the bundled pack."""
    rows = [json.loads(line) for line in (PACK_FOLDER / "data" / "valid.jsonl").read_text().splitlines()[:7]]
    return write_dataset(tmp_path / "data", {"train": rows[:2], "valid": rows[2:5], "test": rows[5:]})


@pytest.fixture
def study(tmp_path, data, monkeypatch):
    """Call the study with more options; the flow's bounds are those of its artifact and the optimizer is `verified`,
    which are cheaper. What that makes is handed over without a gate.

    Its commands run in this process, which is quicker.
    """
    mains = {"optimize.compile": optimize.compile.main, "eval.run": eval.run.main, "eval.compare": eval.compare.main}

    def do(module: str, *arguments: object) -> None:
        if status := call(monkeypatch, mains[module], *map(str, arguments)):
            sys.exit(status)

    monkeypatch.setattr("optimize.studies.studying._do", do)
    monkeypatch.setattr(
        "optimize.studies.studying._printed", lambda module, *rest: printed(monkeypatch, mains[module], *rest)
    )
    isolate(monkeypatch, tmp_path / "cache")
    monkeypatch.setenv("ALPHACODIUM_CACHE", str(tmp_path / "cache"))
    config = tmp_path / "config.toml"
    text = CONFIG.read_text().replace('optimizer = "race"', 'optimizer = "verified"\ngate = false')
    config.write_text(text.partition("[settings]")[0] + "[study]" + text.partition("[study]")[2])
    arguments = [config, "--lm", "simulated", "--data", data, "--out", tmp_path / "out"]
    return lambda *more: call(monkeypatch, optimize.study.main, *arguments, *more)


def test_the_cost_comes_first_and_a_dry_run_stops_there(study, tmp_path, capsys):
    assert study("--dry-run") == 0
    said = capsys.readouterr().out
    assert "on 3 problems of" in said and "then evaluate on 2 problems of" in said
    for row in ("| training |", "| all |", "| handwritten |", "| direct |", "| compiled |"):
        assert row in said
    assert not (tmp_path / "out").exists()


def test_one_command_compiles_evaluates_and_compares_and_can_be_repeated(study, tmp_path, capsys):
    assert study() == 0
    comparison = (tmp_path / "out" / "comparison.md").read_text()
    for arm in ("handwritten", "direct", "sampling", "compiled"):
        assert f"| {arm} |" in comparison
    assert "compiled against handwritten:" in comparison and "95 % CI" in comparison
    run = read_run(tmp_path / "out" / "test")
    assert (run["split"], len(run["problems"]), list(run["artifacts"])) == (
        "test",
        2,
        ["handwritten", "direct", "sampling", "compiled"],
    )
    trained = {each.problem for each in read_rollouts(tmp_path / "out" / "compiled" / "training")}
    assert len(trained) == 3 and not trained & set(run["problems"])
    before = (tmp_path / "out" / "test" / "rollouts.jsonl").read_bytes()
    capsys.readouterr()
    assert study() == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{tmp_path / 'out' / 'compiled'} is compiled already"), "nothing of it is in the plan"
    assert (tmp_path / "out" / "test" / "rollouts.jsonl").read_bytes() == before


def test_a_limit_is_for_the_compilation_and_the_evaluation_together(study, tmp_path, capsys):
    assert study("--max-calls", "1000") == 0
    capsys.readouterr()
    compiled = artifact.read_manifest(tmp_path / "out" / "compiled").cost["calls"]
    (tmp_path / "out" / "test").rename(tmp_path / "first")
    assert study("--max-calls", str(compiled)) == 2
    assert "study: the compilation has spent the calls; allow more" in capsys.readouterr().err
    assert study("--max-calls", str(compiled + 3)) == 2
    assert "NOT FINISHED" in (said := capsys.readouterr().err) and "allow more and run the command again" in said
    with closing(Ledger(tmp_path / "out" / "test" / PAID)) as ledger:
        assert ledger.spent.calls == 3
    assert study() == 0 and "NOT FINISHED" not in (tmp_path / "out" / "comparison.md").read_text()


def test_what_is_kept_as_it_was_is_not_evaluated_twice(study, tmp_path, capsys):
    config = tmp_path / "config.toml"
    text = config.read_text().replace("gate = false\n", "")
    config.write_text(text.partition("against")[0])
    assert study() == 0
    said = capsys.readouterr().out
    assert "equals handwritten: nothing better was found, so it is evaluated only once" in said
    assert "| start | best candidate |" in said, "what the gate saw"
    assert list(read_run(tmp_path / "out" / "test")["artifacts"]) == ["handwritten"]


def test_all_programs_are_under_the_same_settings_as_far_as_they_have_keys_for_them():
    config, plan = read_config(CONFIG, {"adapter": "chat", "lm_settings": {"top_p": 0.9}}), _study_config(CONFIG)
    arms = {arm.path.name: arm for arm in study_arms(config, plan.against, plan.settings, taken=["compiled"])}
    assert list(arms) == ["handwritten", "direct", "sampling"]
    for arm in arms.values():
        assert config.settings["solutions"] == 3 and arm.program.config.max_code_tokens is None
        assert arm.manifest.adapter == "chat" and artifact.lm_settings(arm.manifest) == {"top_p": 0.9}
    assert arms["sampling"].program.config.ai_tests == 6
    assert arms["sampling"].program.config.programs == 19
    warm = {"direct_first": 1, "temperatures": {"FixCode": 0.5, "SolveDirectly": 0.7}}
    _, direct = study_arms(config.model_copy(update={"settings": warm}), ["artifacts/direct"], {}, [])
    assert direct.program.config.temperatures == {"SolveDirectly": 0.7}


def test_sampling_asks_about_as_much_as_the_flow_is_expected_to(study, capsys):
    study("--dry-run")
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines()]
    calls = {
        row[0].strip("| "): float(row[2].replace(",", "")) for row in rows if len(row) == 6 and row[2][0].isdigit()
    }
    assert calls["direct"] == 2  # one a problem, of two
    assert 0.5 < calls["sampling"] / calls["handwritten"] < 2


def test_what_was_measured_of_the_flow_tells_the_tokens_of_other_programs_calls_but_not_their_number(study, tmp_path):
    config, plan = read_config(CONFIG, {"data": "pack", "lm": "simulated"}), _study_config(CONFIG)
    inputs = read_inputs(config)
    measured = replace(
        averages(config, inputs, None), calls=10, prompt_tokens=50_000, answer_tokens=9000, measured=True
    )
    _, direct, sampling = study_arms(config, plan.against, plan.settings, [])
    for arm, calls in ((direct, 1), (sampling, 20)):
        its = _average_of(arm, config, inputs, measured)
        assert (its.calls, its.prompt_tokens, its.answer_tokens) == (calls, calls * 5000, calls * 900)


def test_a_setting_of_the_command_leaves_the_others_of_the_file():
    config = read_config(CONFIG, {"settings": {"budget": {"calls": 7}}})
    assert config.settings == {**read_config(CONFIG, {}).settings, "budget": {"calls": 7}}


@pytest.mark.parametrize(
    ("roles", "settings"),
    [
        (("escalate_lm",), "rounds = 2"),
        (("escalate_lm",), 'stronger_for = "fixes"'),
        (("repair_lm",), "rounds = 1"),
        (("escalate_lm", "repair_lm"), 'stronger_for = "rest"'),
    ],
)
def test_programs_are_evaluated_with_the_models_that_they_were_compiled_with(study, tmp_path, roles, settings):
    """`eval.run` refuses a program whose model is not named."""
    config = tmp_path / "config.toml"
    models = "".join(f'{role} = "simulated"\n' for role in roles)
    start = config.read_text().partition("against")[0]
    config.write_text(f"{models}{start.replace('[study]', f'[settings]{chr(10)}{settings}{chr(10)}[study]')}")
    assert study() == 0
    run = read_run(tmp_path / "out" / "test")
    assert {role for role in ("escalate_lm", "repair_lm") if run[role]} == {*roles}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"artifacts/sampling"]', '"artifacts/direct"]', "are called direct"),
        ("[study.settings.sampling]", "[study.settings.sample]", "there is no program sample"),
        ('"artifacts/direct",', '"artifacts/nowhere",', "nowhere is not an artifact"),
        ("programs = 19", "heat = 1", "heat"),
    ],
)
def test_programs_that_cannot_be_compared_are_refused_before_anything_is_paid(study, tmp_path, capsys, old, new, said):
    config = tmp_path / "config.toml"
    assert old in config.read_text()
    config.write_text(config.read_text().replace(old, new))
    assert study() == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line and not (tmp_path / "out").exists()


def test_a_study_stops_where_compiling_has_stopped_at_a_cap(study, monkeypatch, tmp_path, capsys):
    config = tmp_path / "config.toml"
    config.write_text(f"max_calls = 3\n{config.read_text()}")
    run = []

    def do(module: str, *arguments: object) -> None:
        run.append(module)
        assert call(monkeypatch, optimize.compile.main, *map(str, arguments)) == 0

    monkeypatch.setattr("optimize.studies.studying._do", do)
    assert study() == 2 and run == ["optimize.compile"]
    assert "is not fully compiled: max_calls = 3 is reached" in capsys.readouterr().err.splitlines()[-1]


def test_a_command_that_fails_ends_the_study_as_it_ended(capfd):
    """Here, and in the test below, it has a process of its own, as the study's commands do."""
    with pytest.raises(SystemExit) as left:
        _do("eval.compare", "nowhere")
    assert left.value.code == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("error: ")


def test_a_command_ends_with_a_study_that_is_killed(tmp_path):
    module = tmp_path / "long_command.py"
    module.write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n")
    study = "from optimize.studies.studying import _do\n_do('long_command')"
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    with subprocess.Popen(
        [sys.executable, "-c", study], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        command = int(next(line for line in lines if line.strip().isdigit()))
        process.kill()
    assert settles(lambda: has_ended(command))


def has_ended(process: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return True


def test_what_a_command_prints_can_be_kept(capfd):
    assert _printed("eval.compare", "--help").startswith("usage: ")
    assert capfd.readouterr().out == "\n$ python -m eval.compare --help\n"


@pytest.mark.parametrize("name", ["valid", "validation"])  # both mean the same
def test_the_split_that_is_compiled_on_is_not_evaluated_on(study, tmp_path, capsys, name):
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace('split = "test"', f'split = "{name}"'))
    assert study("--dry-run") == 2
    assert "is the split of the compilation" in capsys.readouterr().err


def test_problems_of_the_compilation_are_not_evaluated_on(study, tmp_path, capsys):
    """A file has no splits, so it has the same problems under every name."""
    file = tmp_path / "problems.jsonl"
    file.write_text("\n".join((PACK_FOLDER / "data" / "valid.jsonl").read_text().splitlines()[:4]))
    assert study("--data", file) == 2
    assert "4 problems, such as " in capsys.readouterr().err
