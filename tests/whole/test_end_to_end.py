"""Compile, evaluate and compare with a scripted LM: the commands as a user calls them, in this process."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dspy
import pytest
from dspy import LMServerError, LMTimeoutError

import eval.compare
import eval.run
import optimize.compile
from eval.rollouts.run_folder import read_rollouts
from judge.verdict import JudgeError
from program import artifact
from tests.support.packs import (
    TEST,
    VALID,
    answer_rule,
    asked_problem,
    call,
    demonstrations,
    isolate,
    printed,
    use_lm,
    write_dataset,
    write_pack,
    write_start,
)
from tests.support.paths import ROOT
from tests.support.scripted import stage_of
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("own_caches")

FATES = {"Square": "wrong", "Successor": "fixed", "Cube": "broken", "Predecessor": "wrong"}
PROGRAMS = ("direct", "alphacodium")


def rule(prompt: str) -> str:
    """The flow solves two of the first three training problems; demonstrations help it to solve the Cube."""
    shown = demonstrations(prompt)
    return answer_rule(**(FATES | {"Cube": "right"} if shown else FATES))(prompt)


@dataclass
class Pipeline:
    """What one pass over all commands left behind."""

    data: Path
    start: Path
    compiled: Path
    run: Path
    compile_prompts: list[str]
    run_prompts: list[str]
    compile_output: str
    report: str


@pytest.fixture(scope="module", params=PROGRAMS)
def pipeline(request, tmp_path_factory) -> Pipeline:
    folder = tmp_path_factory.mktemp(request.param)
    data, start = write_pack(folder / "data"), write_start(folder / "start", request.param)
    compiled, run = folder / "compiled", folder / "run"
    with pytest.MonkeyPatch.context() as patched:
        isolate(patched, folder / "cache")
        prompts = use_lm(patched, rule)
        made = printed(patched, optimize.compile.main, *compile_options(data, start, compiled))
        compile_prompts = prompts.copy()
        prompts.clear()
        printed(patched, eval.run.main, start, compiled, "--data", data, "--out", run)
        report = printed(patched, eval.compare.main, run)
    return Pipeline(data, start, compiled, run, compile_prompts, prompts, made, report)


def compile_options(data: Path, start: Path, out: Path, *more: str) -> list[str | Path]:
    common = ["--start", start, "--data", data, "--out", out, "--optimizer", "bootstrap", "--no-gate"]
    return [*common, "--demos", "2", "--concurrency", "1", *more]


def statuses(run: Path, arm: str) -> dict[str, str]:
    return {each.problem: each.status for each in read_rollouts(run) if each.arm == arm}


def stops_after(count: int, answer: Callable[[str], str] = rule) -> Callable[[str], str]:
    """A rule that answers `count` prompts and then is interrupted, as by Ctrl-C."""
    answered = 0

    def answer_or_stop(prompt: str) -> str:
        nonlocal answered
        if answered == count:
            raise KeyboardInterrupt
        answered += 1
        return answer(prompt)

    return answer_or_stop


def interrupted(*_, **__):
    raise KeyboardInterrupt


def test_a_compiled_artifact_says_what_it_is(pipeline):
    manifest = json.loads((pipeline.compiled / "manifest.json").read_text())
    assert manifest["origin"] == "compiled"
    assert manifest["compile"]["problems"] == [task.name for task in VALID]
    assert (manifest["compile"]["split"], manifest["compile"]["demos"], manifest["compile"]["seed"]) == ("valid", 2, 0)
    assert manifest["cost"]["calls"] == len(pipeline.compile_prompts)
    assert manifest["scores"]["solved"] == 0.5 or manifest["program"] == "alphacodium"
    assert str(pipeline.compiled) in pipeline.compile_output
    trained = statuses(pipeline.compiled / "training", "teacher")
    assert trained["Twice"] == "solved" and trained["Square"] == "failed"


def test_demonstrations_come_only_from_rollouts_that_passed_every_hidden_test(pipeline):
    trained = statuses(pipeline.compiled / "training", "teacher")
    solved = [name for name, status in trained.items() if status == "solved"]
    program, manifest = artifact.load(pipeline.compiled)
    assert len(solved) == 2
    for name, predictor in program.named_predictors():
        shown = [demo["problem"].partition("\n")[0] for demo in predictor.demos]
        # A scripted model is asked for no largest input.
        if not name.startswith(("repair.", "confirm.", "largest_input.")):
            assert shown == solved, name
        for demo in predictor.demos:
            assert set(demo) <= {*manifest.predictors[name], "augmented"}, "a field that is not the stage's own"


def test_no_more_is_asked_than_the_demonstrations_need(pipeline):
    trained = statuses(pipeline.compiled / "training", "teacher")
    assert {asked_problem(prompt) for prompt in pipeline.compile_prompts} == set(trained)
    if pipeline.start.parent.name.startswith("alphacodium"):
        assert "Triangle" not in trained, "two good rollouts were found before the fourth problem"


def test_the_start_artifact_has_no_demonstrations_and_the_compiled_prompts_have(pipeline):
    assert not any(demonstrations(prompt) for prompt in pipeline.compile_prompts)
    shown = Counter(bool(demonstrations(prompt)) for prompt in pipeline.run_prompts)
    assert shown[True] > 0 and shown[False] > 0
    for prompt in pipeline.run_prompts:
        assert asked_problem(prompt) in {task.name for task in TEST}
        assert set(demonstrations(prompt)) <= {task.name for task in VALID}, "nothing is shown of the test split"


def test_a_loaded_artifact_is_the_one_that_was_saved(pipeline, tmp_path):
    program, manifest = artifact.load(pipeline.compiled)
    artifact.save(tmp_path / "again", program, manifest)
    for name in ("program.json", "manifest.json"):
        assert (tmp_path / "again" / name).read_text() == (pipeline.compiled / name).read_text()


def test_both_arms_are_evaluated_on_every_test_problem(pipeline):
    names = [task.name for task in TEST]
    assert statuses(pipeline.run, "start") == dict(zip(names, ["solved", "failed", "failed"], strict=True))
    assert statuses(pipeline.run, "compiled") == dict(zip(names, ["solved", "solved", "failed"], strict=True))
    table = (pipeline.run / "summary.md").read_text()
    assert "| start | 1 / 3 |" in table and "| compiled | 2 / 3 |" in table


def test_the_comparison_names_what_compiling_gained(pipeline):
    assert "compiled against start:" in pipeline.report
    assert " | 3 | +33.3 points (" in pipeline.report
    assert "- only compiled solves: Cube" in pipeline.report and "- only start solves: none" in pipeline.report


def test_what_is_finished_is_not_asked_again(pipeline, monkeypatch):
    prompts = use_lm(monkeypatch, ["nothing may be asked"])
    before = (pipeline.compiled / "program.json").read_bytes(), (pipeline.run / "rollouts.jsonl").read_bytes()
    printed(monkeypatch, optimize.compile.main, *compile_options(pipeline.data, pipeline.start, pipeline.compiled))
    printed(
        monkeypatch, eval.run.main, pipeline.start, pipeline.compiled, "--data", pipeline.data, "--out", pipeline.run
    )
    after = (pipeline.compiled / "program.json").read_bytes(), (pipeline.run / "rollouts.jsonl").read_bytes()
    assert prompts == [] and after == before


def test_an_interrupted_compilation_goes_on_where_it_stopped(pipeline, monkeypatch, tmp_path):
    options = compile_options(pipeline.data, pipeline.start, tmp_path / "out")
    asked = []
    for answers in (1, len(pipeline.compile_prompts) // 2):
        prompts = use_lm(monkeypatch, stops_after(answers))
        assert call(monkeypatch, optimize.compile.main, *options) == 130
        assert not (tmp_path / "out" / "manifest.json").exists(), "half a compilation is no artifact"
        asked += prompts[:answers]  # what came after was interrupted before its answer
    prompts = use_lm(monkeypatch, rule)
    printed(monkeypatch, optimize.compile.main, *options)
    assert Counter(asked + prompts) == Counter(pipeline.compile_prompts)  # side by side, so in any order
    assert (tmp_path / "out" / "program.json").read_bytes() == (pipeline.compiled / "program.json").read_bytes()


def test_a_compilation_killed_after_its_last_lm_call_makes_no_other(pipeline, monkeypatch, tmp_path):
    options = compile_options(pipeline.data, pipeline.start, tmp_path / "out")
    with monkeypatch.context() as patched:
        patched.setattr(dspy.BootstrapFewShot, "compile", interrupted)
        use_lm(patched, rule)
        assert call(patched, optimize.compile.main, *options) == 130
    prompts = use_lm(monkeypatch, ["nothing may be asked"])
    printed(monkeypatch, optimize.compile.main, *options)
    assert prompts == []
    assert (tmp_path / "out" / "program.json").read_bytes() == (pipeline.compiled / "program.json").read_bytes()


def test_side_by_side_rollouts_that_are_interrupted_ask_nothing_twice(monkeypatch, tmp_path):
    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "start", "alphacodium")
    options = ["--start", start, "--data", data, "--out", tmp_path / "out", "--concurrency", "4"]
    options += ["--optimizer", "bootstrap", "--no-gate"]
    first = use_lm(monkeypatch, stops_after(9, answer_rule()))
    assert call(monkeypatch, optimize.compile.main, *options) == 130
    second = use_lm(monkeypatch, answer_rule())
    printed(monkeypatch, optimize.compile.main, *options)
    # Where all goes well each problem is asked once by each of the six stages before fixing.
    assert len(first) > 9 and Counter(first[:9] + second) == dict.fromkeys({*first, *second}, 1)
    assert len({*first, *second}) == 6 * len(VALID)


def test_an_interrupted_evaluation_goes_on_where_it_stopped(pipeline, monkeypatch, tmp_path):
    options = [pipeline.start, pipeline.compiled, "--data", pipeline.data, "--concurrency", "1", "--out"]
    use_lm(monkeypatch, stops_after(len(pipeline.run_prompts) - 1))
    assert call(monkeypatch, eval.run.main, *options, tmp_path / "run") == 130
    done = {each.key() for each in read_rollouts(tmp_path / "run")}
    second = use_lm(monkeypatch, rule)
    printed(monkeypatch, eval.run.main, *options, tmp_path / "run")
    everything = {each.key(): each.status for each in read_rollouts(tmp_path / "run")}
    assert len(done) == 2 * len(TEST) - 1
    assert everything == {each.key(): each.status for each in read_rollouts(pipeline.run)}
    assert len({asked_problem(prompt) for prompt in second}) == 1, "only the rollout that was not stored runs again"


def test_a_dry_run_asks_nothing_and_writes_nothing(monkeypatch, tmp_path):
    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "start", "alphacodium")
    monkeypatch.setattr("optimize.compilation.compile_session.open_model", None)  # opening one would already be a call
    said = printed(monkeypatch, optimize.compile.main, *compile_options(data, start, tmp_path / "out", "--dry-run"))
    assert "4 problems" in said and "WriteCode" in said and "valid" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("fault", [LMTimeoutError("late", model="m"), LMServerError("down", model="m"), "{garbage"])
def test_a_stage_the_lm_never_answers_costs_the_stage_only(monkeypatch, tmp_path, fault):
    def answer(prompt: str):
        return fault if stage_of(prompt) in ("ReflectOnProblem", "WriteTests") else answer_rule()(prompt)

    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "flow", "alphacodium")
    use_lm(monkeypatch, answer)
    printed(monkeypatch, eval.run.main, start, "--data", data, "--out", tmp_path / "run")
    rollouts = read_rollouts(tmp_path / "run")
    assert [each.status for each in rollouts] == ["solved"] * len(TEST)
    assert all("ReflectOnProblem: given up" in " ".join(words(each.trace)) for each in rollouts)


@pytest.mark.parametrize("garbage", ["I cannot help with that.", "{" * 50, "```python\n```", "\x00\ud83d"])
def test_an_lm_that_only_talks_garbage_fails_rollouts_and_not_the_run(monkeypatch, tmp_path, garbage):
    data = write_pack(tmp_path / "data")
    starts = [write_start(tmp_path / name, name) for name in PROGRAMS]
    use_lm(monkeypatch, lambda _: garbage)
    said = printed(monkeypatch, eval.run.main, *starts, "--data", data, "--limit", "1", "--out", tmp_path / "run")
    assert {each.status for each in read_rollouts(tmp_path / "run")} == {"failed"}
    assert "| direct | 0 / 1 |" in said and "| alphacodium | 0 / 1 |" in said


def test_an_lm_that_dies_costs_the_rest_of_the_rollouts_until_it_is_back(monkeypatch, tmp_path, capsys):
    answered = 0

    def answer(prompt: str):
        nonlocal answered
        answered += 1
        return answer_rule()(prompt) if answered <= 2 else LMServerError("down", model="m")

    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "direct", "direct")
    options = [start, "--data", data, "--concurrency", "1", "--out", tmp_path / "run"]
    use_lm(monkeypatch, answer)
    assert call(monkeypatch, eval.run.main, *options) == 1
    said = capsys.readouterr()
    assert list(statuses(tmp_path / "run", "direct").values()) == ["solved", "solved", "not judged"]
    assert "Not judged, and in no rate: 1 rollout" in said.out and "| direct | 2 / 2 |" in said.out
    assert "error: 1 of 3 rollouts were not judged (LMServerError" in said.err
    prompts = use_lm(monkeypatch, answer_rule())
    assert "| direct | 3 / 3 |" in printed(monkeypatch, eval.run.main, *options)
    assert [asked_problem(prompt) for prompt in prompts] == [TEST[2].name]


def test_an_lm_that_fails_now_and_then_does_not_end_a_compilation(monkeypatch, tmp_path):
    asked: Counter[str] = Counter()

    def answer(prompt: str):
        asked[stage_of(prompt)] += 1
        flaky = asked[stage_of(prompt)] % 2 == 1  # the repeat of every call succeeds
        return LMTimeoutError("late", model="m") if flaky else answer_rule()(prompt)

    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "flow", "alphacodium")
    use_lm(monkeypatch, answer)
    options = compile_options(data, start, tmp_path / "out", "--limit", "2")
    assert "reflect.predict: 2 demonstrations" in printed(monkeypatch, optimize.compile.main, *options)


def test_a_compilation_without_an_lm_is_an_outage_and_goes_on_later(monkeypatch, tmp_path):
    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "direct", "direct")
    options = compile_options(data, start, tmp_path / "out")
    use_lm(monkeypatch, lambda _: LMServerError("down", model="m"))
    assert call(monkeypatch, optimize.compile.main, *options) == 1
    use_lm(monkeypatch, rule)
    assert "solve.predict: 2 demonstrations" in printed(monkeypatch, optimize.compile.main, *options)


def test_a_judge_that_fails_is_an_outage_and_the_compilation_goes_on_later(pipeline, monkeypatch, tmp_path, capsys):
    def broken_judge(*_, **__):
        raise JudgeError("no processes left")

    options = compile_options(pipeline.data, pipeline.start, tmp_path / "out")
    with monkeypatch.context() as patched:
        use_lm(patched, rule)
        patched.setattr("eval.rollouts.score.judge", broken_judge)
        assert call(patched, optimize.compile.main, *options) == 1
    assert "error: no processes left" in capsys.readouterr().err
    assert not (tmp_path / "out" / "manifest.json").exists()
    use_lm(monkeypatch, rule)
    # How many rollouts run side by side changes nothing in the result.
    printed(monkeypatch, optimize.compile.main, *options, "--concurrency", "4")
    assert (tmp_path / "out" / "program.json").read_bytes() == (pipeline.compiled / "program.json").read_bytes()


# User errors: exit status 2, one line on standard error, no LM call.


@pytest.fixture(scope="module")
def workplace(tmp_path_factory) -> Path:
    """A directory with data, two artifacts, and things that are none of these. What is refused writes nothing there."""
    folder = tmp_path_factory.mktemp("workplace")
    write_pack(folder / "data")
    no_hidden = {**VALID[0].row(), "private_tests": None, "generated_tests": None}
    write_dataset(folder / "open_data", {"valid": [no_hidden]}, "jsonl")
    for name in PROGRAMS:
        write_start(folder / name, name)
    write_start(folder / "other" / "direct", "direct")
    for name, text in (
        ("unknown_key.toml", "demonstrations = 3\n"),
        ("not_toml.toml", "demos: 3\n"),
        ("file", "a file\n"),
        ("torn/manifest.json", '{"program": "dir'),
        ("torn/program.json", "{}"),
        ("foreign/config.json", '{"lm": "another"}'),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


MAINS = {"run": eval.run.main, "compile": optimize.compile.main, "compare": eval.compare.main}
RUN, COMPILE = "run direct --data data --out out", "compile --start direct --data data --out out"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("run nowhere --data data --out out", "nowhere is not an artifact"),
        ("run torn --data data --out out", "torn is not an artifact"),
        ("run direct other/direct --data data --out out", "same folder name"),
        ("run direct --data ./nowhere --out out", "nowhere"),
        (f"{RUN} --split train", "train"),
        (f"{RUN} --set temperature", "KEY=VALUE"),
        (f"{RUN} --set heat=1", "heat"),
        (f"{RUN} --set temperature=hot", "temperature"),
        ("run direct --data data --out foreign", "another configuration"),
        (f"{RUN} --match (", "("),
        (f"{RUN} --match Nothing", "no problem"),
        (f"{RUN} --tags flows", "no problem has --tags flows"),
        (f"{COMPILE} --difficulty Z", "no problem has --difficulty Z"),
        ("run direct --data open_data --split valid --out out", "no hidden tests"),
        (f"{RUN} --limit 0", "limit"),
        (f"{RUN} --set temperature=[1", "temperature"),
        (f"{RUN} --limit -1", "limit"),
        (f"{RUN} --n 0", "--n"),
        (f"{RUN} --concurrency 0", "concurrency"),
        ("run direct --data data --out file", "file"),
        ("compile --start nowhere --data data --out out", "nowhere is not an artifact"),
        ("compile --start direct --data ./nowhere --out out", "nowhere"),
        ("compile --start direct --data open_data --out out", "no hidden tests"),
        (f"{COMPILE} --split train", "train"),
        ("compile --start not_toml.toml --data data --out out", "not_toml.toml is not an artifact"),
        (f"{COMPILE} --optimizer gepa --tune metric_calls=2", "metric_calls = 2 is used up"),
        (f"{COMPILE} --optimizer bootstrap --demos 0", "demos"),
        (f"{COMPILE} --limit 0", "limit"),
        (f"{COMPILE} --concurrency 0", "concurrency"),
        (f"{COMPILE} --optimizer magic", "optimizer"),
        (f"{COMPILE} --set heat=1", "heat"),
        (f"{COMPILE} --match Nothing", "no problem"),
        ("compile absent.toml --out out", "absent.toml"),
        ("compile not_toml.toml --out out", "not TOML"),
        ("compile unknown_key.toml --out out", "demonstrations"),
        ("compare nowhere", "nowhere is not a run"),
    ],
)
def test_user_errors_are_one_line_and_exit_status_2(workplace, monkeypatch, capsys, command, said):
    monkeypatch.chdir(workplace)
    prompts = use_lm(monkeypatch, answer_rule())
    name, *arguments = command.split()
    assert call(monkeypatch, MAINS[name], *arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ") and said in lines[0]
    assert prompts == []


@pytest.mark.parametrize("change", [("--demos", "3"), ("--split", "test"), ("--set", "temperature=0.5")])
def test_another_configuration_in_the_same_folder_is_refused(pipeline, monkeypatch, capsys, change):
    options = compile_options(pipeline.data, pipeline.start, pipeline.compiled, *change)
    assert call(monkeypatch, optimize.compile.main, *options) == 2
    assert "another configuration" in capsys.readouterr().err


def test_another_start_program_in_the_same_folder_is_refused(monkeypatch, capsys, tmp_path):
    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "start", "direct")
    options = compile_options(data, start, tmp_path / "out", "--limit", "1")
    use_lm(monkeypatch, answer_rule())
    printed(monkeypatch, optimize.compile.main, *options)
    program, manifest = artifact.load(start)
    stage = program.predictors()[0]
    stage.signature = stage.signature.with_instructions("Do it otherwise.")
    artifact.save(start, program, manifest)
    capsys.readouterr()
    assert call(monkeypatch, optimize.compile.main, *options) == 2
    assert "another configuration" in capsys.readouterr().err


def test_what_was_compiled_by_other_code_is_finished_but_a_start_that_changed_under_the_same_code_is_not(
    monkeypatch, capsys, tmp_path
):
    """With a new key of its class the fingerprint of the same start program is another."""
    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "start", "direct")
    options = compile_options(data, start, tmp_path / "out", "--limit", "1")
    use_lm(monkeypatch, answer_rule())
    printed(monkeypatch, optimize.compile.main, *options)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    manifest["compile"]["start_fingerprint"] = "of then"
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(manifest))
    assert call(monkeypatch, optimize.compile.main, *options) == 2
    assert "start_fingerprint is 'of then' there" in capsys.readouterr().err
    manifest["compile"]["code"]["program/baselines/direct.py"] = "of then"
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(manifest))
    assert "is compiled already" in printed(monkeypatch, optimize.compile.main, *options)


def test_a_reader_that_has_seen_enough_leaves_no_traceback():
    """`… | head`: here the pipe is closed before anything is written."""
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "optimize.show", "artifacts/handwritten", "--prompts"],
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, "")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["eval.compare", "nowhere"], "nowhere is not a run"),
        (["optimize.compile", "--start", "nowhere", "--out", "out"], "nowhere is not an artifact"),
    ],
)
def test_a_user_error_in_a_process_of_its_own(tmp_path, command, said):
    bytecode = {name: value for name, value in os.environ.items() if name == "PYTHONPYCACHEPREFIX"}
    ended = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        env={**bytecode, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"error: {said}") and ended.stderr.count("\n") == 1
