"""Folders named on the command line: a wrong name is refused before DSPy is imported, with the one that is meant."""

import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

NO_DSPY = "import runpy, sys; sys.modules.update(dspy=None, numpy=None); name = sys.argv[1]; sys.argv = sys.argv[1:]; "
START = NO_DSPY + "runpy.run_module(name, run_name='__main__')"


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
    ran = subprocess.run(
        [sys.executable, "-c", START, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2, ran.stderr
    assert (f"did you mean {meant}?" in ran.stderr) if meant else ("did you mean" not in ran.stderr)
    assert ran.stderr.count("\n") == 1 and "is missing" in ran.stderr
