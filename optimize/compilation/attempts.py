"""The attempts of a compilation as a table: every candidate of a race, its result, its cost and why it lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.numbers.intervals import Estimate
from eval.tables.markdown import NONE, points, table
from optimize.job.candidates import RaceLine
from optimize.job.copying import Copying

AGAINST = "against the first (80 % interval)"
HEAD = ["candidate", "problems", "rollouts", "solved", AGAINST, "cost", "on the front", "copied", "dropped out"]


def attempts_text(raced: Sequence[RaceLine]) -> str:
    """A Markdown table for each round, in order; empty if there was no race."""
    rounds = dict.fromkeys(line.round for line in raced)
    return "\n\n".join(_round_text(name, [line for line in raced if line.round == name]) for name in rounds)


def front(lines: Sequence[RaceLine]) -> list[str]:
    """The Pareto front of a round: candidates that ran to the end and that no other one dominates, cheapest first."""
    found: list[str] = []
    best = -1.0
    for line in sorted(lines, key=lambda each: (each.cost, -each.solved)):
        if not line.out and line.solved > best:
            best = line.solved
            found.append(line.candidate)
    return found


def copying_text(copied: Mapping[str, Copying]) -> str:
    """What each stage copied from its demonstrations in the comparison of the result with its start."""
    return f"answers that copy from a demonstration on another problem: {_copied(copied) or 'none'}"


def _copied(copied: Mapping[str, Copying]) -> str:
    """The stages that copied, each with its number of copying answers."""
    return ", ".join(f"{stage} {each.copied} of {each.answers}" for stage, each in copied.items() if each.copied)


def _round_text(name: str, lines: Sequence[RaceLine]) -> str:
    on_front = front(lines)
    rows = [
        [
            line.candidate,
            str(line.problems),
            str(line.rollouts or NONE),
            f"{line.solved:.1%}",
            NONE if line.first else points(Estimate(line.gain, *line.interval)),
            f"{line.cost:.2f}",
            "yes" if line.candidate in on_front else "",
            _copied(line.copied),
            line.out,
        ]
        for line in lines
    ]
    counted = next((f", in {line.unit}" for line in lines if line.unit), "")
    return f"{name}; costs are multiples of the first candidate's cost per rollout{counted}\n\n{table(HEAD, rows)}"
