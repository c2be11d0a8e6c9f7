"""Paired comparison of arms: on the problems both have, the difference, its interval, and which problems flipped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.rollout import Rollout
from eval.run_folder import RunError, read_config, read_rollouts
from eval.statistics import difference_interval, mcnemar
from eval.summary import by_problem, markdown_table, summarize


def compare(runs: Sequence[Path], arms: Sequence[str] | None = None) -> str:
    """A Markdown report: the table of all arms, then each against the first.

    Args:
        runs: run folders over the same data.
        arms: names of the arms, in order; all of them when None.

    Raises:
        RunError: no such run or arm, runs over other data, or fewer than two arms.
    """
    data = {_data_of(run) for run in runs}
    if len(data) > 1:
        raise RunError(
            "these runs are over different data: " + "; ".join(" ".join(map(str, each)) for each in sorted(data))
        )
    found: dict[str, list[Rollout]] = {}
    for run in runs:
        for name in read_config(run)["artifacts"]:
            found[_label(run, name, runs)] = []
        for rollout in read_rollouts(run):
            found[_label(run, rollout.arm, runs)].append(rollout)
    names = list(arms or found)
    missing = [name for name in names if name not in found]
    if missing:
        raise RunError(f"no arm {missing[0]}; there are {', '.join(found) or 'none'}")
    if len(names) < 2:
        raise RunError(f"a comparison needs two arms; found {', '.join(names) or 'none'}")
    parts = ["\n".join(_header(run) for run in runs), markdown_table([summarize(name, found[name]) for name in names])]
    parts += [_paired(names[0], found[names[0]], name, found[name]) for name in names[1:]]
    return "\n\n".join(parts)


def _label(run: Path, arm: str, runs: Sequence[Path]) -> str:
    """The arm's name, with as much of the run's path as tells it from the arms of other runs."""
    others = [other for other in runs if other != run and arm in read_config(other)["artifacts"]]
    if not others:
        return arm
    return f"{run if any(other.name == run.name for other in others) else run.name}/{arm}"


def _header(run: Path) -> str:
    config = read_config(run)
    what = f"{len(config['problems'])} problems of {config['data']} {config['split']}, n = {config['samples']}"
    return f"{run}: model {config['lm']}, {what}"


def _data_of(run: Path) -> tuple[str, str, str]:
    config = read_config(run)
    return config["data"], config["split"], config["data_fingerprint"]


def _paired(first: str, first_rollouts: list[Rollout], second: str, second_rollouts: list[Rollout]) -> str:
    lines = [f"{second} against {first}:"]
    for what, title in (("solved", "solved"), ("hidden_rate", "hidden tests passed")):
        a, b = by_problem(first_rollouts, what), by_problem(second_rollouts, what)
        shared = sorted(set(a) & set(b))
        if not shared:
            return f"{second} and {first} have no judged problem in common."
        x, y = [a[name] for name in shared], [b[name] for name in shared]
        low, high = difference_interval(x, y)
        gain = (sum(y) - sum(x)) / len(shared)
        shown = "shown" if low > 0 or high < 0 else "not shown at this size"
        interval = f"95 % CI {low * 100:+.1f} to {high * 100:+.1f}"
        lines.append(f"- {title}: {gain * 100:+.1f} points on {len(shared)} problems, {interval} ({shown})")
        if what == "solved" and set(x) | set(y) <= {0.0, 1.0}:
            lost = [name for name in shared if a[name] > b[name]]
            won = [name for name in shared if b[name] > a[name]]
            lines.append(f"- exact McNemar test: p = {mcnemar(len(lost), len(won)):.3f}")
            lines.append(f"- only {second} solves: {', '.join(won) or 'none'}")
            lines.append(f"- only {first} solves: {', '.join(lost) or 'none'}")
    return "\n".join(lines)
