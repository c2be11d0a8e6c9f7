"""What a compilation tried, in a table: every candidate of a race, how it did, what it cost and why it lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.numbers.intervals import Estimate
from eval.tables.markdown import points, table
from optimize.job.candidates import RaceLine
from optimize.job.copying import Copying

AGAINST = "against the first (90 % interval)"
HEAD = ["candidate", "problems", "solved", AGAINST, "cost", "on the front", "copied", "dropped out"]


def attempts_text(raced: Sequence[RaceLine]) -> str:
    """A Markdown table for each round, in their order; empty where nothing was raced."""
    rounds = dict.fromkeys(line.round for line in raced)
    return "\n\n".join(_round_text(name, [line for line in raced if line.round == name]) for name in rounds)


def front(lines: Sequence[RaceLine]) -> list[str]:
    """The candidates of a round that ran to the end and of which no other solves as much for less, the cheapest
    first."""
    found: list[str] = []
    best = -1.0
    for line in sorted(lines, key=lambda each: (each.cost, -each.solved)):
        if not line.out and line.solved > best:
            best = line.solved
            found.append(line.candidate)
    return found


def copying_text(copied: Mapping[str, Copying]) -> str:
    """What each stage copied out of its demonstrations while the result was compared with its start."""
    return f"answers that copy from a demonstration on another problem: {_copied(copied) or 'none'}"


def _copied(copied: Mapping[str, Copying]) -> str:
    """The stages that copied, each with the number of its answers that did."""
    return ", ".join(f"{stage} {each.copied} of {each.answers}" for stage, each in copied.items() if each.copied)


def _round_text(name: str, lines: Sequence[RaceLine]) -> str:
    on_front = front(lines)
    rows = [
        [
            line.candidate,
            str(line.problems),
            f"{line.solved:.1%}",
            points(Estimate(line.gain, *line.interval)),
            f"{line.cost:.2f}",
            "yes" if line.candidate in on_front else "",
            _copied(line.copied),
            line.out,
        ]
        for line in lines
    ]
    counted = next((f", in {line.unit}" for line in lines if line.unit), "")
    return f"{name}; costs are those of the first candidate's rollouts times so much{counted}\n\n{table(HEAD, rows)}"
