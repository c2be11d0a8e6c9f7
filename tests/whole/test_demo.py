"""`make demo` does what it says: its own lines, on fewer problems."""

import subprocess

import eval.compare
import eval.run
import optimize.compile
from tests.support.packs import call, isolate
from tests.support.paths import ROOT
from tests.whole.test_documents import commands_of

MAINS = {"optimize.compile": optimize.compile.main, "eval.run": eval.run.main, "eval.compare": eval.compare.main}


def test_the_demo_compiles_compares_and_reports_and_says_that_its_model_is_simulated(monkeypatch, tmp_path, capsys):
    isolate(monkeypatch, tmp_path / "cache")
    monkeypatch.chdir(ROOT)
    for name in ("OPENAI_API_KEY", "LM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    # A make that was started by another one says which folder it is in.
    command = ["make", "--no-print-directory", "--dry-run", "--assume-old=.venv/ready", "demo"]
    lines = subprocess.check_output(command, text=True)
    commands = commands_of(lines)
    assert [words[0] for words in commands] == list(MAINS)
    assert lines.splitlines()[0].count("SIMULATED") == lines.splitlines()[-1].count("SIMULATED") == 1
    for module, *words in commands:
        words = [word.replace("runs/demo", str(tmp_path)) for word in words]
        words = ["2" if before == "--limit" else word for before, word in zip(["", *words], words, strict=False)]
        assert call(monkeypatch, MAINS[module], *words) == 0
        said = capsys.readouterr().out
        assert module == "optimize.compile" or "The model is simulated" in said
    assert "The model is simulated" in (tmp_path / "run" / "report.html").read_text()
