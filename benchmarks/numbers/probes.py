"""Does a probe name the planted lever, and none if there is none?

    python -m benchmarks.numbers.probes [--data DATA] [--split SPLIT] [--calls 100] [--gain 0.3] [--count 20]

Models are simulated, each with one planted lever or none, and with another seed in every probe. As with real models,
most of the luck in writing programs belongs to the problem; otherwise further draws would gain more than any planted
lever.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.numbers.simulated_work import STRONGER, simulated_work
from eval.options import whole
from eval.simulated.model import SIMULATED
from eval.simulated.remembered_tests import RememberedTests
from eval.simulated.skills import Skills
from eval.tables.markdown import table
from judge.place import judging_at
from optimize.compilation.compiling import probe_levers
from optimize.optimizers.table import read_config
from program.cli.command import run_command

RIGHT = 0.4  # share of right programs without a planted lever
# Fixes and demonstrations have no effect; wrong programs fail a public test.
PLAIN: dict[str, Any] = {"code_right": RIGHT, "fix_repairs": 0.0, "demo_gain": 0.0, "public_only": 0.0}
# For each lever the skills with which its use gains `gain`; the share of failed problems is 1 - RIGHT.
PLANTED: dict[str, Callable[[float], dict[str, float]]] = {
    "nothing": lambda gain: {},
    "drawing again": lambda gain: {"steady": _steady(gain)},
    "fixing, not drawing again": lambda gain: {"fix_repairs": min(1.0, gain / (1 - RIGHT))},
    "instructions": lambda gain: {"instruction_gain": gain},
    "demonstrations": lambda gain: {"demo_gain": gain, "demo_gain_cap": gain},
    "planning, not drawing again": lambda gain: {"plan_gain": gain},
    "reading answers otherwise": lambda gain: {"odd_form": min(1.0, gain / RIGHT)},
}
# The same for the skills of the stronger model; without these levers no stronger model is named.
STRONGER_PLANTED: dict[str, Callable[[float], dict[str, float]]] = {
    "a stronger model for fixes": lambda gain: {"fix_repairs": min(1.0, gain / (1 - RIGHT))},
    "a stronger model for all after the first draw": lambda gain: {"code_right": RIGHT + gain},
    "nothing, a stronger model that is no better": lambda gain: {},
}
ALL = {**PLANTED, **STRONGER_PLANTED}
NOTHING = [lever for lever in ALL if lever.startswith("nothing")]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.numbers.probes", description="Probes of planted levers."
    )
    parser.add_argument("--data", default="pack")
    parser.add_argument("--split", default="valid")
    parser.add_argument("--calls", type=whole(least=20), default=100, help="of a probe (default: %(default)s)")
    parser.add_argument("--gain", type=float, default=0.3, help="of the planted lever (default: %(default)s)")
    parser.add_argument("--steady", type=float, default=0.9, help="share of luck that is the problem's own")
    parser.add_argument("--count", type=whole(), default=20, help="probes for each lever (default: %(default)s)")
    parser.add_argument("--levers", nargs="+", choices=ALL, default=list(ALL))
    run_command(parser, _run)


def _run(options: argparse.Namespace) -> None:
    named: dict[str, Counter[str]] = {lever: Counter() for lever in options.levers}
    calls: Counter[str] = Counter()
    with judging_at(RememberedTests()), tqdm(total=len(named) * options.count, unit="probe") as bar:
        for lever, found in named.items():
            for seed in range(options.count):
                said, spent = _probed(lever, seed, options)
                found[said] += 1
                calls[lever] += spent
                bar.update()
    head = ["planted", "named", "probes", "named most often otherwise", "LM calls"]
    rows = []
    for lever, found in named.items():
        others = [(each, count) for each, count in found.most_common() if each != lever]
        said = f"{others[0][0]} ({others[0][1]})" if others else ""
        rows.append([lever, str(found[lever]), str(options.count), said, f"{calls[lever] / options.count:.0f}"])
    print(table(head, rows))


def _probed(lever: str, seed: int, options: argparse.Namespace) -> tuple[str, int]:
    """The lever that a probe recommends, and its number of calls."""
    plain = {**PLAIN, "steady": options.steady, "seed": seed}
    skills = Skills.model_validate({**plain, **PLANTED.get(lever, PLANTED["nothing"])(options.gain)})
    config = {"lm": SIMULATED, "data": options.data, "split": options.split, "seed": seed}
    stronger = None
    if lever in STRONGER_PLANTED:
        stronger = Skills.model_validate({**plain, **STRONGER_PLANTED[lever](options.gain)})
        config |= {"escalate_lm": STRONGER}
    with tempfile.TemporaryDirectory() as folder, simulated_work(Path(folder), skills, stronger):
        said = probe_levers(read_config(None, config), Path(folder) / "out", options.calls, [])
    line = next(line for line in said.splitlines() if line.startswith(("recommended: ", "nothing to gain")))
    (calls,) = re.findall(r"^in this session ([\d,]+) calls", said, re.MULTILINE)
    nothing = lever if lever in NOTHING else NOTHING[0]
    return (nothing if line.startswith("nothing") else line.split(": ")[1]), int(calls.replace(",", ""))


def _steady(gain: float) -> float:
    """The share of luck that must belong to the problem for the best of three draws to gain `gain`."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        chances = (RIGHT * (1 - middle) + middle, RIGHT * (1 - middle))
        solved = RIGHT * (1 - (1 - chances[0]) ** 3) + (1 - RIGHT) * (1 - (1 - chances[1]) ** 3)
        low, high = (middle, high) if solved - RIGHT > gain else (low, middle)
    return low


if __name__ == "__main__":
    main()
