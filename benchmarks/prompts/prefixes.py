"""How much of its prompts could a prefix cache serve? `python -m benchmarks.prompts.prefixes RUN…`

Counted in stored rollouts, by arm: the characters of a prompt that are a prefix of an earlier prompt (with its answer)
of the same rollout and model, because servers cache both. `reported` is the server's own report of cached tokens.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import read_rollouts
from eval.rollouts.trace_files import read_calls
from eval.tables.markdown import NONE, table
from program.cli.command import run_command
from program.rollout.trace import Call

COLUMNS = ["run", "arm", "rollouts", "solved", "LM calls", "characters sent", "begin as an earlier prompt", "new"]
COLUMNS += ["prompt tokens", "answer tokens", "reported"]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prompts.prefixes",
        description="Count the share of prompts that a prefix cache could serve.",
    )
    parser.add_argument("runs", nargs="+", type=Path)
    run_command(parser, lambda options: print(table(COLUMNS, [row for run in options.runs for row in _rows(run)])))


def _rows(run: Path) -> Iterator[list[str]]:
    arms: dict[str, list[Rollout]] = defaultdict(list)
    for rollout in read_rollouts(run):
        arms[rollout.arm].append(rollout)
    for arm, rollouts in arms.items():
        sent = served = 0
        for each in rollouts:
            asked = [call for call in read_calls(run, *each.key()) if call.prompt]
            calls = sorted(asked, key=lambda call: call.started)
            sent += sum(len(_text(call)) for call in calls)
            served += sum(served_of(calls))
        totals = [each.totals for each in rollouts]
        tokens, cached = (sum(getattr(each, name) for each in totals) for name in ("prompt_tokens", "cached_tokens"))
        yield [
            *(run.name, arm, f"{len(rollouts)}", f"{sum(each.status == 'solved' for each in rollouts)}"),
            *(f"{sum(each.calls for each in totals):,}", f"{sent:,}"),
            *(f"{served / sent:.0%}" if sent else NONE, f"{sent - served:,}", f"{tokens:,}"),
            *(f"{sum(each.completion_tokens for each in totals):,}", f"{cached / tokens:.0%}" if tokens else NONE),
        ]


def served_of(calls: Sequence[Call]) -> list[int]:
    """For each call of one rollout, in order, how many characters of its prompt are a prefix of text that its model has
    read or written before."""
    served, known = [], defaultdict(list)
    for call in calls:
        text = _text(call)
        served.append(max((_shared(text, each) for each in known[call.model]), default=0))
        known[call.model].append(text + call.answer)
    return served


def _text(call: Call) -> str:
    return "".join(f"{each.role}\n{each.content}\n" for each in call.prompt) + "assistant\n"


def _shared(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


if __name__ == "__main__":
    main()
