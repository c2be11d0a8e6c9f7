"""Does a probe name the planted lever, and none if there is none?

    python -m benchmarks.numbers.probes --out FOLDER [--calls 120] [--gain 0.3] [--count 20] [--first 0] [--levers …]

Models are simulated, each with one planted lever or none, and with another seed in every probe. Problems are those of
the pack's `valid`. As with real models, most of the luck in writing programs belongs to the problem; otherwise further
draws would gain more than any planted lever. Where nothing gains, all of it does. Reading is no lever here: the flow
itself reads an answer as the public tests say, and these can tell the simulated model's programs apart.

The same command resumes at any time: FOLDER has one line per probe.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import BaseModel

from benchmarks.numbers.simulated_work import STRONGER, resumed, simulated_work
from eval.options import path_name, whole
from eval.simulated.model import SIMULATED
from eval.simulated.remembered_tests import RememberedTests
from eval.simulated.skills import Skills
from eval.tables.markdown import table
from judge.place import judging_at
from optimize.compilation.compiling import probe_levers
from optimize.optimizers.table import read_config
from program.cli.command import run_command

RIGHT = 0.4  # share of right programs without a planted lever
STEADY = 0.9  # share of luck that is the problem's own, where a lever gains


def _solved(draws: int, steady: float) -> float:
    """The share of problems with a right program among this many draws."""
    easy, hard = RIGHT * (1 - steady) + steady, RIGHT * (1 - steady)
    return RIGHT * (1 - (1 - easy) ** draws) + (1 - RIGHT) * (1 - (1 - hard) ** draws)


SECOND = _solved(2, STEADY) - RIGHT  # what a second draw gains by itself
# Fixes and demonstrations have no effect; wrong programs fail a public test.
PLAIN: dict[str, Any] = {"code_right": RIGHT, "fix_repairs": 0.0, "demo_gain": 0.0, "public_only": 0.0}
# For each lever the skills with which its use gains `gain` in the probe's comparison; 1 - RIGHT of the problems fail.
PLANTED: dict[str, Callable[[float], dict[str, float]]] = {
    "nothing": lambda gain: {},
    "drawing again": lambda gain: {"steady": _steady(gain)},
    "fixing, not drawing again": lambda gain: {"fix_repairs": min(1.0, (gain + SECOND) / (1 - RIGHT))},
    "instructions": lambda gain: {"instruction_gain": gain},
    "demonstrations": lambda gain: {"demo_gain": gain, "demo_gain_cap": gain},
    "planning, not drawing again": lambda gain: {"plan_gain": gain + SECOND},
}
# The same for the skills of the stronger model; without these levers no stronger model is named.
STRONGER_PLANTED: dict[str, Callable[[float], dict[str, float]]] = {
    "a stronger model for fixes": lambda gain: {"fix_repairs": min(1.0, gain / (1 - RIGHT))},
    "a stronger model for all after the first draw": lambda gain: {"code_right": RIGHT + gain + SECOND},
    "nothing, a stronger model that is no better": lambda gain: {},
}
ALL = {**PLANTED, **STRONGER_PLANTED}
NOTHING = [lever for lever in ALL if lever.startswith("nothing")]


class Probed(BaseModel):
    """A probe.

    planted: the lever that gains; named: the one that the probe recommends.
    calls: that it made.
    """

    planted: str
    seed: int
    named: str
    calls: int


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.numbers.probes", description="Probes of planted levers."
    )
    parser.add_argument("--calls", type=whole(least=20), default=120, help="of a probe (default: %(default)s)")
    parser.add_argument("--gain", type=float, default=0.3, help="of the planted lever (default: %(default)s)")
    parser.add_argument("--count", type=whole(), default=20, help="probes for each lever (default: %(default)s)")
    parser.add_argument("--first", type=whole(least=0), default=0, help="seed of the first (default: %(default)s)")
    parser.add_argument("--levers", nargs="+", choices=ALL, default=list(ALL))
    parser.add_argument("--out", required=True, type=path_name, help="folder of the journal; the same command resumes")
    run_command(parser, _run)


def _run(options: argparse.Namespace) -> None:
    file = options.out / f"{options.calls}-calls-{100 * options.gain:g}-points.jsonl"
    wanted = [(lever, seed) for seed in range(options.first, options.first + options.count) for lever in options.levers]

    def made(each: tuple[str, int]) -> Probed:
        line = probed(*each, options.calls, options.gain)
        print(line, file=sys.stderr, flush=True)
        return line

    with judging_at(RememberedTests()):
        print(summary(resumed(file, Probed, lambda line: (line.planted, line.seed), wanted, made)))


def summary(lines: Sequence[Probed]) -> str:
    """A Markdown table: one row per planted lever."""
    rows = []
    for lever in dict.fromkeys(line.planted for line in lines):
        some = [line for line in lines if line.planted == lever]
        found = Counter(line.named for line in some)
        others = [f"{named} ({count})" for named, count in found.most_common() if named != lever]
        calls = fmean(line.calls for line in some)
        rows.append([lever, f"{found[lever]} of {len(some)}", next(iter(others), ""), f"{calls:.0f}"])
    return table(["planted", "named", "named most often otherwise", "LM calls"], rows)


def probed(lever: str, seed: int, calls: int, gain: float) -> Probed:
    """Probe a model with a planted lever.

    Args:
        lever: one of `ALL`.
        seed: of the model, and of the probe.
        calls: of the probe, at most.
        gain: of the lever, as a share of problems.
    """
    plain = {**PLAIN, "steady": 1.0 if lever in NOTHING else STEADY, "seed": seed}
    skills = Skills.model_validate({**plain, **PLANTED.get(lever, PLANTED["nothing"])(gain)})
    config = {"lm": SIMULATED, "seed": seed}
    stronger = None
    if lever in STRONGER_PLANTED:
        stronger = Skills.model_validate({**plain, **STRONGER_PLANTED[lever](gain)})
        config |= {"escalate_lm": STRONGER}
    with tempfile.TemporaryDirectory() as folder, simulated_work(Path(folder), skills, stronger):
        said = probe_levers(read_config(None, config), Path(folder) / "out", calls, [], [])
    line = next(line for line in said.splitlines() if line.startswith(("recommended: ", "nothing ")))
    (made,) = re.findall(r"^in this session ([\d,]+) calls", said, re.MULTILINE)
    nothing = lever if lever in NOTHING else NOTHING[0]
    named = nothing if line.startswith("nothing") else line.split(": ")[1]
    return Probed(planted=lever, seed=seed, named=named, calls=int(made.replace(",", "")))


def _steady(gain: float) -> float:
    """The share of luck that must belong to the problem for the best of three draws to gain `gain`."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _solved(3, middle) - RIGHT > gain else (low, middle)
    return low


if __name__ == "__main__":
    main()
