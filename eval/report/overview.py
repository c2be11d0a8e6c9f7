"""The first page: headline, comparison, curves and the grid, as JSON values that hold numbers and names only."""

from __future__ import annotations

from typing import Any

from eval.numbers.intervals import difference_estimate
from eval.numbers.paired_tests import mcnemar
from eval.report.arms import ReportArm, Runs
from eval.report.curves import UNITS, costs_known, solved_curve
from eval.rollout import Rollout
from eval.summary import by_problem, summarize

INVALID_ABOVE = 0.02  # share of rollouts that were not judged


def overview(runs: Runs, notes: list[str]) -> dict[str, Any]:
    """What the page shows before a problem is opened; `eval/report/page` is written for these keys.

    cells: problem by arm, a list of [status letter, hidden tests passed, hidden tests] by sample.
    curves: unit to one curve an arm; a curve is null where that cost is not known.
    """
    configs = list(runs.configs.values())
    first, samples = configs[0], max(config["samples"] for config in configs)
    return {
        "title": f"{_count(len(runs.arms), 'program')} on {_count(len(runs.problems), 'problem')}",
        "subtitle": f"{first['data']} {first['split']}, {_count(samples, 'sample')} a problem",
        "runs": [path.resolve().name for path in runs.configs],  # no paths: reports are sent to others
        "notes": [*notes, *_warnings(runs)],
        "arms": [_arm(arm, runs.arms[0]) for arm in runs.arms],
        "curves": {unit: [solved_curve(arm.rollouts, unit) for arm in runs.arms] for unit in UNITS},
        "problems": runs.problems,
        "cells": _cells(runs),
    }


def _arm(arm: ReportArm, first: ReportArm) -> dict[str, Any]:
    """The row of an arm: costs are means over rollouts, None where not known; `against` is paired by problem."""
    summary = summarize(arm.label, arm.rollouts)
    count, totals = max(1, len(arm.rollouts)), summary.totals
    priced = any(costs_known(rollout) for rollout in arm.rollouts)
    costs = {
        "calls": totals.calls,
        "failed_calls": totals.failed_calls,
        "prompt_tokens": totals.prompt_tokens,
        "cached_tokens": totals.cached_tokens,
        "answer_tokens": totals.completion_tokens,
        "dollars": totals.dollars,
        "seconds": summary.seconds,
    }
    return {
        "name": arm.label,
        "lm": arm.lm,
        "problems": summary.problems,
        "samples": summary.samples,
        "not_judged": summary.not_judged,
        "solved": [summary.solved, *summary.solved_interval] if summary.problems else None,
        "hidden": [summary.hidden_rate, *summary.hidden_rate_interval] if summary.problems else None,
        "public": summary.public_rate,
        **{name: number / count if priced and number is not None else None for name, number in costs.items()},
        "against": None if arm is first else _against(first.rollouts, arm.rollouts),
    }


def _against(first: list[Rollout], second: list[Rollout]) -> dict[str, Any] | None:
    """`difference`: [gain, low, high] of the solved share; `p` of McNemar's test where samples are single."""
    a, b = by_problem(first, "solved"), by_problem(second, "solved")
    shared = [name for name in a if name in b]
    if not shared:
        return None
    x, y = [a[name] for name in shared], [b[name] for name in shared]
    won, lost = sum(p < q for p, q in zip(x, y, strict=True)), sum(p > q for p, q in zip(x, y, strict=True))
    return {
        "problems": len(shared),
        "difference": list(difference_estimate(x, y)),
        "better": won,
        "worse": lost,
        "p": mcnemar(lost, won) if {*x, *y} <= {0.0, 1.0} else None,
    }


def _cells(runs: Runs) -> list[list[list[Any]]]:
    found: list[list[list[Any]]] = []
    for name in runs.problems:
        by_arm = [[rollout for rollout in arm.rollouts if rollout.problem == name] for arm in runs.arms]
        found.append([[_cell(r) for r in sorted(each, key=lambda r: r.sample)] for each in by_arm])
    return found


def _cell(rollout: Rollout) -> list[Any]:
    if rollout.score is None:
        return ["n", rollout.sample, 0, 0]
    private, generated = rollout.score.private, rollout.score.generated
    passed, total = private.passed + generated.passed, private.total + generated.total
    return ["s" if rollout.score.solved else "f", rollout.sample, passed, total]


def _warnings(runs: Runs) -> list[str]:
    said = []
    done = sum(len(arm.rollouts) for arm in runs.arms)
    expected = sum(arm.expected for arm in runs.arms)
    lost = sum(rollout.score is None for arm in runs.arms for rollout in arm.rollouts)
    if done < expected:
        said.append(f"Not finished: {done} of {expected} rollouts are there.")
    if lost:
        valid = "" if lost <= INVALID_ABOVE * done else f" More than {INVALID_ABOVE:.0%}: the run is not valid."
        said.append(f"{lost} of {done} rollouts were not judged (infrastructure) and are in no rate.{valid}")
    if any(arm.lm == "simulated" for arm in runs.arms):
        said.append("The model is simulated: these numbers say nothing about any language model.")
    return said


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
