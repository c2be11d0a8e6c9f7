"""`--help` of every command answers at once: it imports neither DSPy nor datasets, and does nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

NO_COMMANDS = {"program/models/llama_process.py"}  # a process of ours, which nobody starts by hand
# Calls each command with `--help`. One process is enough: a module that cannot do without DSPy fails to import, and so
# fails again under the next command that needs it.
CALLS = """
import contextlib, io, json, runpy, sys, traceback
sys.modules.update(dspy=None, datasets=None)  # an import of either is an ImportError
found = {}
for name in sys.argv[1:]:
    sys.argv = [name, "--help"]
    status = "it did not leave"
    with contextlib.redirect_stdout(io.StringIO()) as said:
        try:
            runpy.run_module(name, run_name="__main__")
        except SystemExit as left:
            status = left.code
        except BaseException:
            status = traceback.format_exc()
    found[name] = [status, said.getvalue()]
print(json.dumps(found))
"""


def commands() -> list[str]:
    """Every module that can be started, as `python -m` names it."""
    files = [file.relative_to(ROOT) for top in ("program", "eval", "optimize") for file in (ROOT / top).rglob("*.py")]
    started = [file for file in files if 'if __name__ == "__main__":' in (ROOT / file).read_text()]
    return sorted(
        str(file.with_suffix("")).removesuffix("/__main__").replace("/", ".")
        for file in started
        if str(file) not in NO_COMMANDS
    )


def python(folder: Path, code: str, *arguments: str) -> str:
    """What `code` prints, run in `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_help_of_every_command_is_quick_and_writes_nothing(tmp_path):
    names = commands()
    assert {"program.solve", "program.handwritten", "eval.run", "eval.report", "optimize.compile"} <= set(names)
    found = json.loads(python(tmp_path, CALLS, *names))
    assert {name: status for name, (status, _) in found.items()} == dict.fromkeys(names, 0)
    assert [name for name, (_, said) in found.items() if not said.startswith("usage: ") or len(said) < 100] == []
    assert list(tmp_path.iterdir()) == []


def test_what_help_may_be_made_of_needs_no_dspy(tmp_path):
    modules = "program.rollout.rate_limits, program.rollout.budget, program.models.open, program.problem"
    python(tmp_path, f"import sys, {modules}; assert not {{'dspy', 'datasets'}} & sys.modules.keys()")
