"""`--help` of every command and the commands that read a run import neither DSPy nor datasets, which take a second; the
generated pages of the reference are up to date."""

import json
import os
import subprocess
import sys

import pytest

from optimize.reference import PAGES
from program.cli.console import COMMANDS
from tests.support.paths import ROOT
from tests.support.rollouts import rollout, store
from tests.support.without_modules import run_without

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


def test_help_of_every_command_is_quick_and_writes_nothing(tmp_path):
    names = commands()
    assert {"program.solve", "program.handwritten", "eval.run", "eval.report", "optimize.compile"} <= set(names)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = json.loads(subprocess.check_output([sys.executable, "-c", CALLS, *names], cwd=tmp_path, env=environment))
    assert {name: status for name, (status, _) in found.items()} == dict.fromkeys(names, 0)
    assert [name for name, (_, said) in found.items() if not said.startswith("usage: ") or len(said) < 100] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["compare", "show", "summarize", "report", "export"])
def test_a_command_that_reads_a_run_imports_neither_dspy_nor_datasets(tmp_path, command):
    rollouts = [made for arm in ("one", "two") for made in (rollout("apple", arm=arm), rollout("berry", 0.0, arm=arm))]
    store(tmp_path / "run", rollouts)
    ran = run_without(["dspy", "datasets"], tmp_path, f"eval.{command}", "run")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("page", PAGES)
def test_the_generated_pages_are_what_the_code_says(page):
    stored = (ROOT / "docs" / "reference" / f"{page}.md").read_text()
    assert stored == PAGES[page](), f"python -m optimize.reference {page} > docs/reference/{page}.md"


def test_every_command_has_a_section():
    page = PAGES["commands"]()
    assert {*COMMANDS} == {*commands()} - {"eval.pack.build"}, "that one makes the pack, and is for contributors"
    assert [name for name in COMMANDS if f"\n## {name}\n" not in page] == []


def test_every_key_and_every_option_is_described():
    assert not [line for made in PAGES.values() for line in made().splitlines() if line.endswith("|  |")]
