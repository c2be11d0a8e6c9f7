"""Compilations whose truth is known: they run, and what they truly shipped is counted."""

import pytest

from benchmarks.numbers.compilations import Compiled, compiled, summary
from eval.data.load import load_problems


def line(kind: str, seed: int, start: float | None, shipped: float | None, planted: str = "") -> Compiled:
    decision = "kept" if start is None else "better"
    made = {"planted": planted, "size": 0.1, "changes": {}, "calls": 100, "seconds": 1.0}
    return Compiled(optimizer="race", kind=kind, seed=seed, decision=decision, start=start, shipped=shipped, **made)


def test_losses_and_finds_are_counted_by_kind_of_world_and_by_lever():
    lines = [
        line("lever", 0, 0.4, 0.5, "order"),
        line("lever", 1, 0.4, 0.45, "demonstrations"),
        line("traps", 0, 0.4, 0.36),
        line("traps", 1, 0.4, 0.29),
        line("traps", 2, None, None),
    ]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in summary(lines).splitlines()[2:]]
    assert rows == [
        ["race", "lever", "2", "2", "0", "0", "1", "+7.5", "100"],
        ["race", "traps", "3", "2", "2", "1", "0", "-5.0", "100"],
        ["race", "lever: order", "1", "1", "0", "0", "1", "+10.0", "100"],
        ["race", "lever: demonstrations", "1", "1", "0", "0", "0", "+5.0", "100"],
    ]


@pytest.mark.parametrize("kind", ["lever", "nothing"])
def test_a_compilation_of_a_known_truth_runs_and_leaves_nothing_behind(tmp_path, monkeypatch, kind):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    valid, test = (load_problems("pack", split).select(6) for split in ("valid", "test"))
    found = compiled("bootstrap", kind, 1, valid, test, {"limit": 8, "gate_draws": 1})
    assert (found.planted, found.size) == (("demonstrations", 0.15) if kind == "lever" else ("", 0.0))
    assert (found.shipped is None) == (found.decision == "kept") and found.calls > 0
    assert not list(tmp_path.iterdir())
