"""A compiled program taken apart into its shape and its words."""

import dspy
import pytest

import optimize.parts
import optimize.show
from optimize.job.stages import signature_of
from program.artifact import describe, load, load_program, new_program, save
from tests.support.packs import call, printed, write_start

WRITE, SOLVE = "write_code.write_code.predict", "solve_directly.predict"


@pytest.fixture
def compiled(tmp_path):
    """A flow with ten direct draws and two changed instructions, compiled from `start`."""
    write_start(tmp_path / "start", "alphacodium", {"solutions": 2})
    return write_compiled(tmp_path, {"solutions": 2, "direct_first": 10, "budget": {"calls": 10}}, (WRITE, SOLVE))


def write_compiled(folder, config, reworded):
    program = new_program("alphacodium", config)
    for name, predictor in program.named_predictors():
        if name in reworded:
            predictor.signature = signature_of(predictor).with_instructions(f"Now {name}.")
    asked = {"settings": {"budget": config.get("budget", {})}, "lm": "openai/m", "data": "some/data"}
    compilation = {"start": str(folder / "start"), "problems": ["A"], "optimizer": "race", **asked}
    save(folder / "out", program, describe("alphacodium", program, origin="compiled", compile=compilation))
    return folder / "out"


def instructions(program: dspy.Module) -> dict[str, str]:
    return {name: signature_of(predictor).instructions for name, predictor in program.named_predictors()}


def test_shape_has_the_prompts_of_the_start_and_words_its_switches(compiled, monkeypatch, tmp_path, capsys):
    printed(monkeypatch, optimize.parts.main, compiled, "--out", tmp_path / "parts")
    start, shape, words = (load_program(tmp_path / name) for name in ("start", "parts/shape", "parts/words"))
    assert shape.config == load_program(compiled).config and words.config.direct_first == 0
    assert shape.config.budget == words.config.budget and words.config.budget.calls == 10
    hand_written = new_program("alphacodium", {"direct_first": 10})
    assert instructions(shape) == instructions(hand_written)
    assert instructions(words) == {**instructions(start), WRITE: f"Now {WRITE}."}
    for part in ("shape", "words"):
        manifest = load(tmp_path / "parts" / part)[1]
        assert (manifest.compile or {})["problems"] == ["A"], "evaluating on these problems is still refused"
        assert f"only its: {part}" in printed(monkeypatch, optimize.show.main, tmp_path / "parts" / part)


def test_it_names_the_comparison_at_the_same_budget(compiled, monkeypatch, tmp_path, capfd):
    assert call(monkeypatch, optimize.parts.main, compiled, "--out", tmp_path / "parts") == 0
    said = capfd.readouterr().err
    arms = [tmp_path / "start", tmp_path / "parts/shape", tmp_path / "parts/words", compiled]
    assert (
        f"next: python -m eval.run {' '.join(map(str, arms))} --lm openai/m --data some/data --set budget.calls=10"
        in said
    )


def test_words_of_stages_that_the_start_does_not_have_are_no_part(monkeypatch, tmp_path, capfd):
    write_start(tmp_path / "start", "alphacodium", {"solutions": 2})
    folder = write_compiled(tmp_path, {"solutions": 2, "direct_first": 3, "budget": {"calls": 5}}, (SOLVE,))
    assert call(monkeypatch, optimize.parts.main, folder, "--out", tmp_path / "parts") == 0
    said = capfd.readouterr()
    assert f"no words alone: {tmp_path / 'start'} has no stage" in said.out
    assert f"eval.run {tmp_path / 'start'} {tmp_path / 'parts/shape'} {folder} " in said.err
    assert not (tmp_path / "parts" / "words").exists()


@pytest.mark.parametrize(
    ("config", "reworded", "same"),
    [
        ({"solutions": 2}, (WRITE,), "shape"),
        ({"solutions": 2, "direct_first": 3}, (), "words"),
        ({"solutions": 2}, (), "shape and the words"),
    ],
)
def test_without_two_parts_it_says_what_is_the_same(monkeypatch, tmp_path, capfd, config, reworded, same):
    write_start(tmp_path / "start", "alphacodium", {"solutions": 2})
    folder = write_compiled(tmp_path, {**config, "budget": {"calls": 5}}, reworded)
    assert call(monkeypatch, optimize.parts.main, folder, "--out", tmp_path / "parts") == 2
    said = capfd.readouterr().err
    assert f"has the {same} of {tmp_path / 'start'}" in said and said.count("\n") == 1
    assert not (tmp_path / "parts").exists()


def test_an_artifact_is_no_folder_for_its_parts(compiled, monkeypatch, capfd):
    assert call(monkeypatch, optimize.parts.main, compiled, "--out", compiled) == 2
    assert "is an artifact; choose another folder" in capfd.readouterr().err


def test_only_a_compiled_program_of_the_same_kind_has_parts(compiled, monkeypatch, tmp_path, capfd):
    assert call(monkeypatch, optimize.parts.main, tmp_path / "start", "--out", tmp_path / "parts") == 2
    assert "is not compiled" in capfd.readouterr().err
    write_start(tmp_path / "other", "direct")
    with_start = [compiled, "--start", tmp_path / "other", "--out", tmp_path / "parts"]
    assert call(monkeypatch, optimize.parts.main, *with_start) == 2
    assert "is of kind" in capfd.readouterr().err
