"""The first page: comparison, cost, curves, funnel and problems, as JSON values with numbers and names only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from eval.data.problem_set import Facts, ProblemSet
from eval.numbers.cost import UNITS, costs
from eval.numbers.intervals import Estimate
from eval.numbers.paired import Difference, Paired, pair_all
from eval.report.curves import solved_curve
from eval.report.findings import findings
from eval.report.funnel import FATES, funnel
from eval.rollouts.rollout import Rollout
from eval.rollouts.stored_arms import StoredArm, data_text, differing_rules, gaps, problem_names
from eval.simulated.model import caveat
from eval.tables.markdown import ends, p_value, signed
from eval.tables.paired_table import family_note
from eval.tables.summary import Summary, not_judged, spread, summarize, too_few
from program.cli.output import counted


def overview(arms: Sequence[StoredArm], notes: list[str], data: ProblemSet | None = None) -> dict[str, Any]:
    """The data of the page before a problem is opened; `eval/report/page` uses these keys.

    cells: for each problem and arm, a list of [status letter, sample, hidden tests passed, hidden tests] by sample.
    curves: unit to one curve per arm; a curve is null if that cost is unknown.
    facts: for each problem its difficulty (empty if unknown), tags and rating (0 if unknown).
    """
    problems, samples = problem_names(arms), max(arm.config["samples"] for arm in arms)
    summaries = [summarize(arm.label, arm.rollouts) for arm in arms]
    against = [None, *pair_all(arms[0].rollouts, [arm.rollouts for arm in arms[1:]])]
    compared = {arm.label: paired for arm, paired in zip(arms, against, strict=True) if paired}
    return {
        "title": f"{counted(len(arms), 'program')} on {counted(len(problems), 'problem')}",
        "subtitle": f"{data_text(arms[0].config)}, {counted(samples, 'sample')} per problem",
        "runs": [
            run.resolve().name for run in dict.fromkeys(arm.run for arm in arms)
        ],  # no paths, because reports are shared
        "notes": [*notes, *_warnings(arms, summaries)],
        "arms": [
            {**_arm(arm, summary), "against": paired and _against(paired), "funnel": funnel(arm.rollouts)}
            for arm, summary, paired in zip(arms, summaries, against, strict=True)
        ],
        "findings": findings(arms[0].label, compared),
        "family": family_note(arms[0].label, len(compared)) if compared else "",
        "remarks": [*spread(summaries), *too_few(summaries)],
        "fates": FATES,
        "curves": {unit: [solved_curve(arm.rollouts, unit) for arm in arms] for unit in UNITS},
        "problems": problems,
        "facts": [_facts(data.facts(name) if data else Facts()) for name in problems],
        "cells": _cells(arms, problems),
    }


def _arm(arm: StoredArm, summary: Summary) -> dict[str, Any]:
    """The row of an arm: shares and costs as [value, low, high]; costs per rollout and per solved problem. The share of
    problems that `best_of` samples solve, with and without an oracle, is None if `Summary` has none.
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


def _against(paired: Paired) -> dict[str, Any]:
    return {
        "problems": len(paired.before),
        "better": len(paired.won),
        "worse": len(paired.lost),
        **{name: _difference(found) for name, found in (("solved", paired.solved), ("hidden", paired.hidden))},
        "power": paired.power,
    }


def _difference(found: Difference) -> dict[str, Any]:
    """The interval as numbers and, with the p-value, as text with the usual rounding."""
    return {
        "interval": _numbers(found.estimate),
        "value": signed(found.estimate),
        "ends": ends(found.estimate),
        "p": p_value(found.corrected),
        "shown": found.shown,
    }


def _facts(facts: Facts) -> list[Any]:
    return ["" if facts.difficulty == Facts.difficulty else facts.difficulty, list(facts.tags), facts.rating]


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
    said = [f"{each}." for each in gaps(arms)]
    if lost := not_judged(summaries):
        said.append(" ".join(lost))
    if rules := differing_rules(arms):
        said.append(rules)
    caveats = dict.fromkeys(caveat(arm.config["lm"]) for arm in arms)
    return [*said, *filter(None, caveats)]
