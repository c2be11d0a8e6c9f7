"""A command in a process in which some modules cannot be imported."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.paths import ROOT

START = """
import runpy, sys
blocked, name, *arguments = sys.argv[1:]
sys.modules.update(dict.fromkeys(blocked.split(",")))  # an import of one is an ImportError
sys.argv = [name, *arguments]
runpy.run_module(name, run_name="__main__")
"""


def run_without(modules: Sequence[str], folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """The ended process of a command, such as `eval.show run`, that was started in `folder`."""
    return subprocess.run(
        [sys.executable, "-c", START, ",".join(modules), *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
