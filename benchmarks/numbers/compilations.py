"""What compilations ship if the truth is known: how often a truly worse program, and how often a planted lever.

    python -m benchmarks.numbers.compilations --optimizer race --count 20 --out FOLDER

Models are simulated. Programs are compiled on the pack's `valid`; their true solved rate is measured on `test`, with
answers that no compilation draws. The same command resumes at any time: FOLDER has one line per compilation.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import BaseModel

from benchmarks.numbers.simulated_work import resumed, simulated_work
from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet
from eval.options import path_name, whole
from eval.simulated.known_rates import true_rate
from eval.simulated.model import SIMULATED
from eval.simulated.remembered_tests import RememberedTests
from eval.simulated.skills import Skills
from eval.tables.markdown import table
from judge.place import judging_at
from optimize.compilation.compiling import compile_artifact
from optimize.job.candidates import prompts_of
from optimize.optimizers.table import read_config
from program import artifact
from program.cli.command import run_command
from program.cli.settings import parse_settings
from program.stage.program import Program

GAIN = 0.15  # of a planted lever
FOUND = 0.10  # minimum true gain of the shipped program for a lever to count as found
WORSE = (0.03, 0.10)
DRAWS = 10  # rollouts per problem for a true rate, which is then accurate to 2 points
# The model without a planted lever. A third of its luck belongs to the problem.
PLAIN: dict[str, Any] = {"code_right": 0.4, "steady": 0.33, "demo_gain": 0.0, "instruction_proposed": 0.75}
SHORT = {"solutions": 0, "ai_tests": 0, "code_attempts": 1, "public_tries": 0, "time_fixes": 0}


@dataclass(frozen=True)
class PlantedLever:
    """plant: the skills with which programs that use the lever gain this much; program, config: of a start without
    it."""

    plant: Callable[[float], dict[str, float]]
    program: artifact.ProgramName = "direct"
    config: Mapping[str, Any] | None = None


LEVERS = {
    "order": PlantedLever(lambda gain: {"order_gain": gain}),
    "demonstrations": PlantedLever(lambda gain: {"demo_gain": gain, "demo_gain_cap": abs(gain)}),
    "instructions": PlantedLever(lambda gain: {"instruction_gain": gain}),
    "planning": PlantedLever(lambda gain: {"plan_gain": gain}, "alphacodium", SHORT),
}
TURNED = {  # the levers that an optimizer changes, if not all
    **dict.fromkeys(("bootstrap", "bootstrap_rs", "verified"), ("demonstrations",)),
    **dict.fromkeys(("gepa", "copro"), ("instructions",)),
    **dict.fromkeys(("mipro", "simba"), ("demonstrations", "instructions")),
}
# One lever gains; every lever loses, by another amount in every compilation; no lever has an effect.
KINDS = ("lever", "traps", "nothing")
LOSSES = (0.04, 0.07, 0.10, 0.13)


class Compiled(BaseModel):
    """A compilation.

    kind: of its world; planted: the lever that gains; size: the gain of levers, as a share of problems.
    decision: of the gate; changes: differences of the shipped program from the start.
    start, shipped: true solved rates; None if the start is kept.
    calls, seconds: of compiling and of measuring the truth.
    """

    optimizer: str
    kind: str
    seed: int
    planted: str
    size: float
    decision: str
    changes: dict[str, Any]
    start: float | None
    shipped: float | None
    calls: int
    seconds: float

    @property
    def gain(self) -> float:
        return 0.0 if self.start is None or self.shipped is None else round(self.shipped - self.start, 4)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.numbers.compilations", description="What compilations truly ship."
    )
    parser.add_argument("--optimizer", default="race", help="by name (default: %(default)s)")
    parser.add_argument("--count", type=whole(), default=20, help="compilations of each kind (default: %(default)s)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["lever", "traps"], help="of worlds")
    parser.add_argument("--tune", action="append", default=[], metavar="KEY=VALUE", help="a key of the optimizer")
    parser.add_argument("--out", required=True, type=path_name, help="folder of the journal; the same command resumes")
    run_command(parser, _run)


def _run(options: argparse.Namespace) -> None:
    file = options.out / f"{options.optimizer}.jsonl"
    wanted = [(kind, seed) for seed in range(options.count) for kind in options.kinds]
    valid, test = (load_problems("pack", split) for split in ("valid", "test"))

    def made(each: tuple[str, int]) -> Compiled:
        line = compiled(options.optimizer, *each, valid, test, parse_settings(options.tune))
        print(_said(line), file=sys.stderr, flush=True)
        return line

    with judging_at(RememberedTests()):
        print(summary(resumed(file, Compiled, lambda line: (line.kind, line.seed), wanted, made)))


def compiled(
    optimizer: str, kind: str, seed: int, learn: ProblemSet, test: ProblemSet, tuning: Mapping[str, Any]
) -> Compiled:
    """Compile once, and measure the true solved rates of the start and the artifact.

    Args:
        optimizer: by name.
        kind: one of `KINDS`.
        seed: of the model, and of the optimizer.
        learn, test: problems with known programs.
        tuning: keys of the optimizer.
    """
    turned, begin = TURNED.get(optimizer, tuple(LEVERS)), time.monotonic()
    planted, loss = turned[seed % len(turned)], LOSSES[seed % len(LOSSES)]
    size = {"lever": GAIN, "traps": -loss, "nothing": 0.0}[kind]
    levers = [LEVERS[name] for name in ((planted,) if kind == "lever" else turned)]
    skills = {key: value for lever in levers for key, value in lever.plant(size).items()}
    model = Skills.model_validate({**PLAIN, **skills, "seed": seed})
    lever = LEVERS[planted]
    start = artifact.new_program(lever.program, dict(lever.config or {}))
    folder = Path(tempfile.mkdtemp())
    try:
        artifact.save(folder / "start", start, artifact.describe(lever.program, start))
        with simulated_work(folder, model):
            asked = {"optimizer": optimizer, "lm": SIMULATED, "start": str(folder / "start"), "seed": seed}
            compile_artifact(read_config(None, {**asked, **tuning}), folder / "out")
        program, manifest = artifact.load(folder / "out")
        calls = json.loads((folder / "out" / "report.json").read_text())["paid"]["total"]["calls"]
    finally:
        shutil.rmtree(folder)
    decision = (manifest.gate or {})["decision"]
    rates = [true_rate(each, test, model, DRAWS, [learn]) for each in (start, program) if decision != "kept"]
    before, after = [round(rate.solved, 4) for rate in rates] or (None, None)
    return Compiled(
        optimizer=optimizer,
        kind=kind,
        seed=seed,
        planted=planted if kind == "lever" else "",
        size=size,
        decision=decision,
        changes=_changes(start, program),
        start=before,
        shipped=after,
        calls=calls,
        seconds=round(time.monotonic() - begin, 1),
    )


def _changes(start: Program, made: Program) -> dict[str, Any]:
    """The keys that differ, and the numbers of stages with other instructions and demonstrations."""
    before, after = (artifact.flattened(each.config.model_dump()) for each in (start, made))
    changes = {key: value for key, value in after.items() if before[key] != value}
    as_written = prompts_of(type(made)(made.config))
    other = [(asked != as_written[name][0], len(demos)) for name, (asked, demos) in prompts_of(made).items()]
    counts = {"instructions": sum(asked for asked, _ in other), "demonstrations": sum(demos for _, demos in other)}
    return {**changes, **{key: count for key, count in counts.items() if count}}


def summary(lines: Sequence[Compiled]) -> str:
    """A Markdown table: one row per kind of world, and one per planted lever."""
    groups = [(kind, [line for line in lines if line.kind == kind]) for kind in KINDS]
    levers = dict.fromkeys(line.planted for line in lines if line.planted)
    groups += [(f"lever: {planted}", [line for line in lines if line.planted == planted]) for planted in levers]
    head = ["optimizer", "world", "compilations", "shipped", *(f"worse by > {100 * bound:.0f}" for bound in WORSE)]
    head += ["+10 or more", "true gain", "LM calls"]
    return table(head, [_row(said, some) for said, some in groups if some])


def _row(said: str, lines: Sequence[Compiled]) -> list[str]:
    return [
        lines[0].optimizer,
        said,
        str(len(lines)),
        str(sum(line.decision != "kept" for line in lines)),
        *(str(sum(line.gain < -bound for line in lines)) for bound in WORSE),
        str(sum(line.gain >= FOUND for line in lines)),
        f"{100 * fmean(line.gain for line in lines):+.1f}",
        f"{fmean(line.calls for line in lines):.0f}",
    ]


def _said(line: Compiled) -> str:
    world = f"{line.kind} {line.seed}" + (f" ({line.planted})" if line.planted else f" ({100 * line.size:+.0f})")
    said = f"{world}: {line.decision}" + (f", {100 * line.gain:+.1f} points" if line.shipped is not None else "")
    return f"{line.optimizer}: {said}; {line.changes or 'as it was'}; {line.calls} calls, {line.seconds:.0f} s"


if __name__ == "__main__":
    main()
