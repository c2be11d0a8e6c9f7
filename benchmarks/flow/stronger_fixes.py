"""A small model that writes and a larger one that fixes, next to each alone: `python -m benchmarks.flow.stronger_fixes
RUN… --rate MODEL=READS,WRITES …`.

The runs are of `eval.run` on the same problems, one program each. Seconds are those of a server that does nothing else:
new prompt tokens by READS plus answer tokens by WRITES, both in tokens per second. So they do not depend on what else
the machine did during the runs. Prints what each run solved and spent, and what it solved within equal tokens and
seconds.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path

from eval.errors import RunError
from eval.numbers.cost import Unit, cost_of
from eval.numbers.intervals import mean_share
from eval.numbers.paired import pair_all
from eval.numbers.solved_against_budget import solved_against_budget
from eval.options import path_name
from eval.rollouts.rollout import Rollout
from eval.rollouts.stored_arms import StoredArm, stored_arms
from eval.rollouts.trace_files import read_calls
from eval.tables.markdown import p_value, percent, points, table
from program.cli.command import run_command
from program.rollout.trace import Call

Rates = Mapping[str, tuple[float, float]]  # by model: prompt tokens read, and answer tokens written, per second

# LM seconds take the place of dollars in copies of the rollouts.
NAMES: dict[Unit, str] = {"calls": "LM calls", "tokens": "tokens", "dollars": "LM seconds"}
UNITS = tuple(NAMES)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.flow.stronger_fixes", description="A stronger model for fixes, at equal cost."
    )
    parser.add_argument("runs", nargs="+", type=path_name, help="folders of eval.run; the first is the baseline")
    parser.add_argument("--rate", nargs="+", type=_rate, required=True, metavar="MODEL=READS,WRITES")
    run_command(parser, lambda options: print(report(options.runs, dict(options.rate))))


def _rate(text: str) -> tuple[str, tuple[float, float]]:
    model, _, rates = text.rpartition("=")
    reads, _, writes = rates.partition(",")
    return model, (float(reads), float(writes))


def report(runs: Sequence[Path], rates: Rates) -> str:
    """The tables, as Markdown.

    Raises:
        RunError: a run cannot be read or does not know its tokens, or there is no rate for a model.
    """
    arms = stored_arms(runs)
    timed = [[_timed(arm, each, rates) for each in arm.rollouts if each.score] for arm in arms]
    labels = [arm.run.name for arm in arms]
    rows = [
        [
            label,
            percent(mean_share([float(each.status == "solved") for each in rollouts])),
            *(f"{_mean(rollouts, unit):,.1f}" for unit in UNITS),
        ]
        for label, rollouts in zip(labels, timed, strict=True)
    ]
    parts = [table(["run", "solved", *NAMES.values()], rows)]
    paired = zip(labels[1:], pair_all(timed[0], timed[1:]), strict=True)
    compared = [[label, points(pair.solved.estimate), p_value(pair.solved.corrected)] for label, pair in paired if pair]
    parts.append(table([f"against {labels[0]}", "solved", "p"], compared))
    for unit in UNITS[1:]:
        budgets = sorted(_mean(rollouts, unit) for rollouts in timed)
        curves = [solved_against_budget(rollouts, unit, budgets) or [] for rollouts in timed]
        cells = [
            [label, *(percent(point.solved) + (" or more" if point.open else "") for point in curve)]
            for label, curve in zip(labels, curves, strict=True)
        ]
        parts.append(
            table([f"solved within so many {NAMES[unit]} a problem", *(f"{each:,.0f}" for each in budgets)], cells)
        )
    return "\n\n".join(parts)


def _mean(rollouts: Sequence[Rollout], unit: Unit) -> float:
    spent = [cost for each in rollouts if (cost := cost_of(each, unit)) is not None]
    if len(spent) < len(rollouts):
        raise RunError(f"a run does not know its {NAMES[unit]}")
    return sum(spent) / len(spent)


def _timed(arm: StoredArm, rollout: Rollout, rates: Rates) -> Rollout:
    """The rollout with LM seconds at these rates in place of dollars, so that a curve can be drawn over them."""
    calls = read_calls(arm.run, *rollout.key())
    spent = [0.0, *accumulate(_seconds(call, rates) for call in calls)]
    checkpoints = [each.model_copy(update={"dollars": spent[each.calls]}) for each in rollout.checkpoints]
    totals = rollout.totals.model_copy(update={"dollars": spent[-1]})
    return rollout.model_copy(update={"checkpoints": checkpoints, "totals": totals})


def _seconds(call: Call, rates: Rates) -> float:
    if call.model not in rates:
        raise RunError(f"--rate has no entry for {call.model}")
    reads, writes = rates[call.model]
    return (call.prompt_tokens - call.cached_tokens) / reads + call.completion_tokens / writes


if __name__ == "__main__":
    main()
