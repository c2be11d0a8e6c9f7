"""In which predictors two arms differ, from the artifacts a run was made with."""

import json
from pathlib import Path

import pytest

from eval.rollouts.run_folder import RunFolder
from eval.tables.prompt_differences import instruction_diff, prompt_differences, setting_differences, stored_artifact
from program import artifact
from tests.support.packs import write_start
from tests.support.rollouts import config_of

DEMO = {"augmented": True, "problem": "Add.", "code": "print(1)"}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return write_start(tmp_path / "plain", "direct")


def changed(plain: Path, folder: Path, instruction: str | None = None, demos: tuple[dict, ...] = ()) -> Path:
    program, manifest = artifact.load(plain)
    (predictor,) = program.predictors()
    if instruction:
        predictor.signature = predictor.signature.with_instructions(instruction)
    predictor.demos = list(demos)
    artifact.save(folder, program, manifest)
    return folder


def test_equal_artifacts_differ_in_nothing(plain, tmp_path):
    same = changed(plain, tmp_path / "same")
    assert prompt_differences(plain, same) == [] and instruction_diff(plain, same) == ""


def test_instructions_and_demonstrations_are_told_apart(plain, tmp_path):
    words = changed(plain, tmp_path / "words", "Write the program.")
    shown = changed(plain, tmp_path / "shown", demos=(DEMO, DEMO))
    other = changed(plain, tmp_path / "other", demos=(DEMO, {**DEMO, "problem": "Subtract."}))
    (said,) = prompt_differences(plain, words)
    assert said.startswith("solve.predict: another instruction (3 words instead of ")
    assert prompt_differences(plain, shown) == ["solve.predict: 2 demonstrations instead of 0"]
    assert prompt_differences(shown, other) == ["solve.predict: 2 other demonstrations instead of 2"]
    assert "+Write the program." in instruction_diff(plain, words).splitlines()


def test_every_key_in_which_arms_differ_is_named_with_its_values(plain, tmp_path):
    warm = write_start(tmp_path / "warm", "direct", {"temperature": 0.9, "order": "stage-first"})
    few = write_start(tmp_path / "few", "direct", {"budget": {"calls": 3}})
    assert prompt_differences(plain, warm) == [] and setting_differences({"plain": plain, "same": plain}) == ""
    assert setting_differences({"plain": plain, "warm": warm}) == (
        "NOT ONLY THE PROMPTS DIFFER: temperature (None: plain; 0.9: warm), order (problem-first: plain; stage-first: "
        "warm)."
    )
    said = setting_differences({"plain": plain, "few": few, "again": plain, "lost": None})
    assert said == "NOT ONLY THE PROMPTS DIFFER: budget.calls (None: plain, again; 3: few)."


def test_an_adapter_and_settings_of_the_calls_are_named_too(plain, tmp_path):
    program, manifest = artifact.load(plain)
    other = manifest.model_copy(update={"adapter": "yaml", "lm": {"model": "openai/tiny", "top_p": 0.9}})
    artifact.save(tmp_path / "other", program, other)
    assert setting_differences({"plain": plain, "other": tmp_path / "other"}) == (
        "NOT ONLY THE PROMPTS DIFFER: adapter (lean: plain; yaml: other), lm.top_p (not set: plain; 0.9: other)."
    )


def test_the_order_is_named_that_demonstrations_make(plain, tmp_path):
    shown = changed(plain, tmp_path / "shown", demos=(DEMO,))
    stage_first = write_start(tmp_path / "stage-first", "direct", {"order": "stage-first"})
    said = "NOT ONLY THE PROMPTS DIFFER: order (problem-first: plain; stage-first: shown)."
    assert setting_differences({"plain": plain, "shown": shown}) == said
    assert setting_differences({"shown": shown, "stage-first": stage_first}) == ""
    flow, few = write_start(tmp_path / "flow", "alphacodium"), tmp_path / "few"
    program, manifest = artifact.load(flow)
    program.write_code.write_code.predict.demos = [DEMO]
    artifact.save(few, program, manifest)
    count = len(program.predictors())
    assert setting_differences({"flow": flow, "few": few}) == (
        f"NOT ONLY THE PROMPTS DIFFER: order (problem-first: flow; stage-first in 1 of {count} stages: few)."
    )


def test_of_different_programs_only_the_keys_count_that_both_have(plain, tmp_path):
    flow = write_start(tmp_path / "flow", "alphacodium", {"order": "stage-first"})
    assert setting_differences({"plain": plain, "flow": flow}) == (
        "NOT ONLY THE PROMPTS DIFFER: order (problem-first: plain; stage-first: flow)."
    )


def test_a_stage_that_one_program_does_not_have_is_a_difference(tmp_path):
    flow = write_start(tmp_path / "flow", "alphacodium")
    drawn = write_start(tmp_path / "drawn", "alphacodium", {"direct_first": 3})
    assert prompt_differences(flow, drawn) == ["solve_directly.predict: only in the second"]
    assert prompt_differences(drawn, flow) == ["solve_directly.predict: only in the first"]
    program, manifest = artifact.load(drawn)
    dict(program.named_predictors())["solve_directly.predict"].demos = [DEMO, DEMO]
    artifact.save(tmp_path / "shown", program, manifest)
    assert prompt_differences(flow, tmp_path / "shown") == [
        "solve_directly.predict: only in the second, with 2 demonstrations"
    ]


def test_another_program_is_named(plain, tmp_path):
    flow = write_start(tmp_path / "flow", "alphacodium")
    assert "another program: alphacodium instead of direct" in prompt_differences(plain, flow)


def test_a_run_keeps_its_artifacts_and_older_runs_find_them_by_name_while_they_are_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    now = write_start(tmp_path / "artifacts" / "direct", "direct")
    print_ = artifact.fingerprint(*artifact.load(now))
    RunFolder(tmp_path / "old", config_of(["direct"], ["apple"], artifacts={"direct": print_}))
    assert stored_artifact(tmp_path / "old", "direct") == Path("artifacts/direct")
    changed(now, now, "Write it otherwise.")
    assert stored_artifact(tmp_path / "old", "direct") is None
    assert stored_artifact(tmp_path / "old", "absent") is None
    write_start(tmp_path / "old" / "artifacts" / "direct", "direct")
    assert stored_artifact(tmp_path / "old", "direct") == tmp_path / "old" / "artifacts" / "direct"


def test_hidden_tests_are_in_no_stored_artifact(plain, tmp_path):
    """What is stored of a program is what was asked, field by field."""
    shown = changed(plain, tmp_path / "shown", demos=(DEMO,))
    state = json.loads((shown / "program.json").read_text())
    assert set(state["solve.predict"]["demos"][0]) == {"augmented", "problem", "code"}
