"""Folders named on the command line: a wrong name is refused before DSPy is imported, with the one that is meant."""

import pytest

from tests.support.without_modules import run_without


@pytest.mark.parametrize(
    "command, meant",
    [
        (("eval.run", "artifacts/handwriten", "--out", "run"), "artifacts/handwritten"),
        (("program.solve", "sum.md", "--artifact", "handwriten"), "artifacts/handwritten"),
        (("optimize.compile", "--start", "artifacts/handwriten", "--out", "out"), "artifacts/handwritten"),
        (("optimize.show", "artifacts/handwritten", "artifacts/handwriten"), "artifacts/handwritten"),
        (("eval.compare", "runs/mine", "runs/yourz"), "runs/yours"),
        (("eval.report", "yourz"), "runs/yours"),
        (("eval.show", "runs/nothing-like-it"), None),
    ],
)
def test_a_wrong_name_is_refused_before_anything_heavy_is_imported(tmp_path, command, meant):
    for file in ("artifacts/handwritten/manifest.json", "runs/mine/config.json", "runs/yours/config.json"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("{}")
    ran = run_without(["dspy", "numpy"], tmp_path, *command)
    assert ran.returncode == 2, ran.stderr
    assert (f"did you mean {meant}?" in ran.stderr) if meant else ("did you mean" not in ran.stderr)
    assert ran.stderr.count("\n") == 1 and "is missing" in ran.stderr
