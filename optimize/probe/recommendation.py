"""The recommendation after a probe, with its command."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.tables.markdown import points
from optimize.probe.lever_findings import LeverFinding
from optimize.probe.levers_to_probe import shapes
from program.cli.settings import setting_options
from program.manifest import flattened, merged
from program.steps.config import FlowConfig

ONLY = {"shape": ("demos=0", "instructions=false", "proposals=0"), "words": ("switches=false",)}  # keys of the race
# The keys of the race that may be off, and their values for a lever that needs them.
NEEDED = {"shape": "switches=true", "instructions": "instructions=true", "demonstrations": "demos=3"}


def recommendation(
    findings: Sequence[LeverFinding],
    start: str,
    config: FlowConfig,
    arguments: Sequence[str],
    stored: Mapping[str, Any] | None = None,
    larger: int | None = None,
    off: Collection[str] = (),
) -> str:
    """A few lines: the shown lever with the largest gain and its command, or that no gain is shown.

    Args:
        findings: of all levers.
        start: the probed artifact; config: its switches, as probed.
        arguments: of the probe's command.
        stored: the configuration in the artifact; None for that of `config`.
        larger: a number of calls with which a probe would see smaller gains; None if there are no further problems.
        off: the keys of the race that are off in the probe's configuration.
    """
    shown = [each for each in findings if each.shown]
    if not shown:
        tried = [each.visible for each in findings if each.problems]
        if tried and all(each.before == 1.0 for each in findings if each.problems):
            return "nothing to gain here: the program that the levers change solves every problem"
        said = "nothing to gain here, as far as this probe can see"
        if nearly := [each for each in findings if each.may_be_shown]:
            best = max(nearly, key=lambda each: each.gain.value)
            said = f"nothing is shown; {best.lever.name} may gain {points(best.gain)} on {best.problems} problems"
        if tried:
            said += f": only gains of {100 * min(tried):.0f} to {100 * max(tried):.0f} points could be shown"
        return said + (f"; --probe {larger} sees smaller ones" if larger else "")
    best = max(shown, key=lambda each: each.gain.value)
    lever, (before, after) = best.lever, best.calls
    first, second = lever.pairs[0]
    calls = f"at {after:.1f} calls a rollout for {before:.1f}"
    said = f"recommended: {lever.name}: {points(best.gain)} for {second} over {first}, {calls}"
    said += f"; {Path(start).name} as it is was not run"
    if lever.kind == "reading":
        return f"{said}; answers have right programs that are parsed wrongly: please report this as a bug"
    lines = [said]
    if lever.kind == "shape":
        probed = config.model_dump()
        present = flattened({**probed, **(stored or {})})
        measured = flattened(merged(probed, shapes(config, stronger=True)[second]))
        settings = {key: value for key, value in measured.items() if present.get(key) != value}
        options = setting_options(settings)
        lines += ["", f"  {second}, as measured:", f"  python -m eval.run {shlex.quote(start)} {' '.join(options)} …"]
        lines += ["", "  or raced against other switches:"]
    else:
        lines += ["", "  raced against other words:"]
    needed = NEEDED["shape" if lever.kind == "shape" else lever.name]
    lines.append(f"  {_compile(arguments, lever.kind, [needed] if needed.partition('=')[0] in off else [])}")
    return "\n".join(lines)


def _compile(arguments: Sequence[str], kind: str, needed: Sequence[str]) -> str:
    """The command that races levers of this kind, with another folder because its configuration differs. The last value
    of a key counts."""
    kept: list[str] = []
    left = [*reversed(arguments)]
    while left:
        each = left.pop()
        if each == "--probe":
            if left and left[-1].isdigit():
                left.pop()
        elif each == "--out" or each.startswith("--out="):
            out = left.pop() if each == "--out" else each.partition("=")[2]
            kept += ["--out", f"{out}-{kind}"]
        elif not each.startswith("--probe="):
            kept.append(each)
    tuned = [part for key in (*ONLY[kind], *needed) for part in ("--tune", key)]
    return shlex.join(["python", "-m", "optimize.compile", *kept, *tuned])
