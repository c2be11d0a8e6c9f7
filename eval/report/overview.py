"""The first page: headline, comparison, curves and the grid, as JSON values that hold numbers and names only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from eval.numbers.cost import UNITS, costs
from eval.numbers.intervals import Estimate
from eval.numbers.paired import Difference, Paired, pair_all
from eval.report.curves import solved_curve
from eval.rollouts.rollout import Rollout
from eval.rollouts.stored_arms import StoredArm, data_text, differing_rules, problem_names
from eval.simulated.model import caveat
from eval.tables.markdown import p_value, points
from eval.tables.paired_table import family_note, sentence
from eval.tables.summary import Summary, not_judged, summarize, too_few


def overview(arms: Sequence[StoredArm], notes: list[str]) -> dict[str, Any]:
    """What the page shows before a problem is opened; `eval/report/page` is written for these keys.

    cells: problem by arm, a list of [status letter, hidden tests passed, hidden tests] by sample.
    curves: unit to one curve an arm; a curve is null where that cost is not known.
    """
    problems, samples = problem_names(arms), max(arm.config["samples"] for arm in arms)
    summaries = [summarize(arm.label, arm.rollouts) for arm in arms]
    against = [None, *pair_all(arms[0].rollouts, [arm.rollouts for arm in arms[1:]])]
    family = max((paired.family for paired in against if paired), default=0)
    return {
        "title": f"{_count(len(arms), 'program')} on {_count(len(problems), 'problem')}",
        "subtitle": f"{data_text(arms[0].config)}, {_count(samples, 'sample')} a problem",
        "runs": [
            run.resolve().name for run in dict.fromkeys(arm.run for arm in arms)
        ],  # no paths: reports are sent to others
        "notes": [*notes, *_warnings(arms, summaries)],
        "arms": [
            {**_arm(arm, summary), "against": paired and _against(arms[0].label, arm.label, paired)}
            for arm, summary, paired in zip(arms, summaries, against, strict=True)
        ],
        "family": family_note(arms[0].label, family) if family else "",
        "curves": {unit: [solved_curve(arm.rollouts, unit) for arm in arms] for unit in UNITS},
        "problems": problems,
        "cells": _cells(arms, problems),
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
    return {
        "problems": len(paired.before),
        "better": len(paired.won),
        "worse": len(paired.lost),
        **{name: _difference(found) for name, found in (("solved", paired.solved), ("hidden", paired.hidden))},
        "power": paired.power,
        "sentence": sentence(first, second, paired),
    }


def _difference(found: Difference) -> list[str]:
    """As text, so that interval and p-value are rounded as in the sentence."""
    return [points(found.estimate), p_value(found.corrected)]


def _numbers(estimate: Estimate) -> list[float | None]:
    return [number if math.isfinite(number) else None for number in estimate]


def _cells(arms: Sequence[StoredArm], problems: Sequence[str]) -> list[list[list[Any]]]:
    found: dict[str, list[list[Any]]] = {name: [[] for _ in arms] for name in problems}
    for place, arm in enumerate(arms):
        for rollout in sorted(arm.rollouts, key=lambda each: each.sample):
            found[rollout.problem][place].append(_cell(rollout))
    return list(found.values())


def _cell(rollout: Rollout) -> list[Any]:
    if rollout.score is None:
        return ["n", rollout.sample, 0, 0]
    private, generated = rollout.score.private, rollout.score.generated
    passed, total = private.passed + generated.passed, private.total + generated.total
    return ["s" if rollout.score.solved else "f", rollout.sample, passed, total]


def _warnings(arms: Sequence[StoredArm], summaries: list[Summary]) -> list[str]:
    said = []
    done, missing = sum(len(arm.rollouts) for arm in arms), sum(arm.missing for arm in arms)
    cut = sum(arm.cut_short for arm in arms)
    if missing:
        said.append(f"Not finished: {done} of {done + missing} rollouts are there.")
    if cut:
        said.append(f"Not finished: {cut} rollouts were cut short by the budget of the run.")
    said += too_few(summaries)
    if lost := not_judged(summaries):
        said.append(" ".join(lost))
    if rules := differing_rules(arms):
        said.append(rules)
    caveats = dict.fromkeys(caveat(arm.config["lm"]) for arm in arms)
    return [*said, *filter(None, caveats)]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
