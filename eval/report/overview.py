"""The first page: headline, comparison, curves and the grid, as JSON values that hold numbers and names only."""

from __future__ import annotations

import math
from typing import Any

from eval.numbers.cost import UNITS, costs
from eval.numbers.criteria import outcomes
from eval.numbers.intervals import Estimate
from eval.numbers.paired import Paired, pair_all, sentence
from eval.report.arms import Runs
from eval.report.curves import solved_curve
from eval.rollouts.rollout import Rollout
from eval.rollouts.stored_arms import StoredArm, data_text, differing_rules
from eval.simulated.model import caveat
from eval.tables.summary import Summary, not_judged, summarize, too_few


def overview(runs: Runs, notes: list[str]) -> dict[str, Any]:
    """What the page shows before a problem is opened; `eval/report/page` is written for these keys.

    cells: problem by arm, a list of [status letter, hidden tests passed, hidden tests] by sample.
    curves: unit to one curve an arm; a curve is null where that cost is not known.
    """
    first, samples = runs.arms[0] if runs.arms else None, max((arm.config["samples"] for arm in runs.arms), default=0)
    summaries = [summarize(arm.label, arm.rollouts) for arm in runs.arms]
    done = [outcomes(arm.rollouts) for arm in runs.arms]
    against = [None, *pair_all(done[0], done[1:])] if done else []
    data = f"{data_text(first.config)}, " if first else ""
    return {
        "title": f"{_count(len(runs.arms), 'program')} on {_count(len(runs.problems), 'problem')}",
        "subtitle": f"{data}{_count(samples, 'sample')} a problem",
        "runs": [path.resolve().name for path in runs.paths],  # no paths: reports are sent to others
        "notes": [*notes, *_warnings(runs, summaries)],
        "arms": [
            {**_arm(arm, summary), "against": paired and _against(runs.arms[0].label, arm.label, paired)}
            for arm, summary, paired in zip(runs.arms, summaries, against, strict=True)
        ],
        "curves": {unit: [solved_curve(arm.rollouts, unit) for arm in runs.arms] for unit in UNITS},
        "problems": runs.problems,
        "cells": _cells(runs),
    }


def _arm(arm: StoredArm, summary: Summary) -> dict[str, Any]:
    """The row of an arm: shares and costs as [value, low, high]; costs are of one rollout and of a solved problem. The
    share of problems that `best_of` samples solve, with an oracle and without one, is None where `Summary` has none.
    """
    return {
        "name": arm.label,
        "lm": arm.config["lm"],
        "problems": summary.problems,
        "samples": summary.samples,
        "not_judged": summary.not_judged,
        "solved": [summary.solved, *summary.solved_interval] if summary.problems else None,
        "hidden": [summary.hidden_rate, *summary.hidden_rate_interval] if summary.problems else None,
        "public": summary.public_rate,
        "best_of": summary.best_of,
        "pass_at_k": summary.pass_at_k,
        "one_at_k": summary.one_at_k,
        "solved_by_any": summary.solved_by_any if summary.problems else None,
        "costs": {
            what: [_numbers(cost.each), cost.per_solved and _numbers(cost.per_solved)]
            for what, cost in costs(arm.rollouts).items()
        },
    }


def _against(first: str, second: str, paired: Paired) -> dict[str, Any]:
    """`difference`: [gain, low, high] of the solved share; `p` after Holm's correction."""
    return {
        "problems": len(paired.before),
        "difference": list(paired.difference),
        "better": len(paired.won),
        "worse": len(paired.lost),
        "test": paired.test,
        "p": paired.corrected,
        "sentence": sentence(first, second, paired),
    }


def _numbers(estimate: Estimate) -> list[float | None]:
    return [number if math.isfinite(number) else None for number in estimate]


def _cells(runs: Runs) -> list[list[list[Any]]]:
    found: dict[str, list[list[Any]]] = {name: [[] for _ in runs.arms] for name in runs.problems}
    for place, arm in enumerate(runs.arms):
        for rollout in sorted(arm.rollouts, key=lambda each: each.sample):
            found[rollout.problem][place].append(_cell(rollout))
    return list(found.values())


def _cell(rollout: Rollout) -> list[Any]:
    if rollout.score is None:
        return ["n", rollout.sample, 0, 0]
    private, generated = rollout.score.private, rollout.score.generated
    passed, total = private.passed + generated.passed, private.total + generated.total
    return ["s" if rollout.score.solved else "f", rollout.sample, passed, total]


def _warnings(runs: Runs, summaries: list[Summary]) -> list[str]:
    said = []
    done, missing = sum(len(arm.rollouts) for arm in runs.arms), sum(arm.missing for arm in runs.arms)
    cut = sum(arm.cut_short for arm in runs.arms)
    if missing:
        said.append(f"Not finished: {done} of {done + missing} rollouts are there.")
    if cut:
        said.append(f"Not finished: {cut} rollouts were cut short by the budget of the run.")
    said += too_few(summaries)
    if lost := not_judged(summaries):
        said.append(" ".join(lost))
    if rules := differing_rules(runs.arms):
        said.append(rules)
    caveats = dict.fromkeys(caveat(arm.config["lm"]) for arm in runs.arms)
    return [*said, *filter(None, caveats)]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
