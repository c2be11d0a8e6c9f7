"""`make demo` does what it says: its own line, on fewer problems."""

import re
import subprocess

import eval.compare
import eval.run
import optimize.compile
import optimize.study
from tests.support.packs import call, isolate, printed
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
    ((module, config, *words),) = commands_of(lines)
    assert module == "optimize.study" and "SIMULATED" in lines.splitlines()[0]
    smaller, count = re.subn(
        r"^(rollouts|gate_problems|limit) = \d+$", r"\1 = 4", (ROOT / config).read_text(), flags=re.M
    )
    assert count == 3
    (tmp_path / "demo.toml").write_text(smaller)
    run = {name: lambda *rest, main=main: call(monkeypatch, main, *map(str, rest)) for name, main in MAINS.items()}
    monkeypatch.setattr("optimize.studies.studying._do", lambda name, *rest: run[name](*rest))
    monkeypatch.setattr(
        "optimize.studies.studying._printed", lambda name, *rest: printed(monkeypatch, MAINS[name], *rest)
    )
    words = [word.replace("runs/demo", str(tmp_path / "out")) for word in words]
    assert call(monkeypatch, optimize.study.main, tmp_path / "demo.toml", *words) == 0
    assert "The model is simulated" in capsys.readouterr().out
    assert "The model is simulated" in (tmp_path / "out" / "test" / "report.html").read_text()
