"""`--help` answers at once: no command imports dspy or datasets for it."""

from __future__ import annotations

import subprocess
import sys

from tests.support.paths import ROOT

COMMANDS = (
    *("run", "compare", "summarize", "replication", "show", "export", "judge", "rescore", "audit", "serve_simulated"),
    *("report.__main__", "pack.build"),
)
ASK_ALL = """
import contextlib, importlib, io, sys
for command in sys.argv[1:]:
    main = importlib.import_module(f"eval.{command}").main
    sys.argv = [command, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        main()
    assert said.getvalue().startswith("usage: python -m eval."), command
    assert not {"dspy", "datasets"} & set(sys.modules), command
"""


def test_help_imports_neither_dspy_nor_datasets():
    asked = subprocess.run([sys.executable, "-c", ASK_ALL, *COMMANDS], cwd=ROOT, capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr
