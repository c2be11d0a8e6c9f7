"""How often a compiled program ships, by its true gain and the size of the comparison.

    python -m benchmarks.numbers.gates [--comparisons N]

Problems have different solved rates, equal for both programs: rates are drawn from Beta(spread, spread). The true
difference is distributed over them, mostly on problems that are solved half of the time. Luck is independent. If the
first look is not decisive, the gate also looks at as many other problems.
"""

from __future__ import annotations

import argparse

import numpy as np

from eval.options import whole
from eval.tables.markdown import table
from optimize.gate.gate_outcome import Outcome, decide
from program.cli.command import run_command

SIZES = ((12, 2), (30, 2), (60, 2), (120, 2))
DIFFERENCES = (-0.10, -0.05, 0.0, 0.05, 0.10, 0.15)
SPREADS = (0.5, 4.0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.numbers.gates", description="How often a gate opens.")
    parser.add_argument("--comparisons", type=whole(), default=2000, help="simulated comparisons of each kind")
    run_command(parser, _print)


def ship_rate(
    true: float, problems: int, draws: int, spread: float, comparisons: int, seed: int = 0, looks: int = 2
) -> float:
    """The share of comparisons in which the compiled program ships as better or ahead, at equal cost.

    Args:
        true: the true difference in the solved rate.
        problems, draws: size of one look.
        spread: of the problems' rates; the lower, the more problems are solved always or never.
        comparisons: number of simulations.
        seed: of the draws.
        looks: maximum looks of the gate.
    """
    chance = np.random.default_rng(seed)
    shipped = 0
    for _ in range(comparisons):
        before: list[float] = []
        after: list[float] = []
        decision = "kept"
        for _ in range(looks):
            rate = chance.beta(spread, spread, problems)
            moved = np.clip(rate + true * rate * (1 - rate) * (4 + 2 / spread), 0, 1)
            before += (chance.binomial(draws, rate) / draws).tolist()
            after += (chance.binomial(draws, moved) / draws).tolist()
            decision, (gain, *ends) = decide((before, after), cost=1.0)
            numbers = {"start": np.mean(before), "compiled": np.mean(after), "gain": gain, "interval": ends}
            if not Outcome.model_validate({"decision": decision, **numbers}).is_open:
                break
        shipped += decision in ("better", "ahead, not shown")
    return shipped / comparisons


def _print(options: argparse.Namespace) -> None:
    head = ["problems × draws", "spread", *(f"{100 * true:+.0f} points" for true in DIFFERENCES)]
    rows = [
        [
            f"{problems} × {draws}",
            f"{spread:g}",
            *(f"{ship_rate(true, problems, draws, spread, options.comparisons):.0%}" for true in DIFFERENCES),
        ]
        for problems, draws in SIZES
        for spread in SPREADS
    ]
    print(table(head, rows))


if __name__ == "__main__":
    main()
