"""Paired comparison of arms: the difference on common problems, its significance, the flips and the cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.errors import RunError
from eval.numbers.cost import Unit, cost_ratios
from eval.numbers.criteria import outcomes, shares
from eval.numbers.groups import By, groups
from eval.numbers.paired import Paired, pair_all
from eval.rollouts.stored_arms import StoredArm, header, problem_names, problems_of, stored_arms
from eval.simulated.model import caveat
from eval.tables.breakdown import by_group
from eval.tables.budget_table import budget_table, compared_at
from eval.tables.markdown import quantity
from eval.tables.paired_table import paired_table, sentence
from eval.tables.prompt_differences import arm_warnings, prompts_against
from eval.tables.summary import markdown_table, summarize


def compare(
    runs: Sequence[Path],
    arms: Sequence[str] | None = None,
    by: Sequence[By] = (),
    budgets: Sequence[Unit] = (),
    prompts: bool = False,
    exclude: str | None = None,
    at: Sequence[tuple[Unit, float]] = (),
) -> str:
    """A Markdown report: the table of all arms, the comparison of each with the first, and details of each difference.

    Args:
        runs, arms, exclude: see `stored_arms`.
        by: kinds of problem groups for a breakdown.
        budgets: units of budget, for tables of solved against budget.
        prompts: whether to show instructions that differ line by line.
        at: units and amounts per problem at which all arms are compared.

    Raises:
        RunError: as in `stored_arms`, or there are fewer than two arms.
        DataError: as in `stored_arms`, or groups are requested and the data of the runs cannot be loaded.
    """
    chosen = stored_arms(runs, arms, exclude)
    if len(chosen) < 2:
        raise RunError(f"a comparison needs two arms; found {', '.join(arm.label for arm in chosen) or 'none'}")
    summaries = [summarize(arm.label, arm.rollouts) for arm in chosen]
    first, others = chosen[0], chosen[1:]
    found = pair_all(first.rollouts, [other.rollouts for other in others])
    against = {other.label: paired for other, paired in zip(others, found, strict=True) if paired}
    caveats = dict.fromkeys(caveat(arm.config["lm"]) for arm in chosen)
    parts = [header(chosen), *caveats, markdown_table(summaries), arm_warnings(chosen)]
    parts += [paired_table(first.label, against)] if against else []
    parts += _left_out(chosen)
    for other in others:
        if other.label in against:
            parts.append(_against(first, other, against[other.label], prompts))
        else:
            parts.append(f"{other.label} and {first.label} have no judged problem in common.")
    by_arm = {arm.label: arm.rollouts for arm in chosen}
    parts += [budget_table(by_arm, unit) for unit in budgets]
    parts += [compared_at(by_arm, at)] if at else []
    if by:
        problems = problems_of(first)
        facts = {name: problems.facts(name) for name in problem_names(chosen)}
        done = {arm.label: shares(outcomes(arm.rollouts)) for arm in chosen}
        parts += [by_group(done, groups(facts, kind), kind) for kind in by]
    return "\n\n".join(filter(None, parts))


def lower_ends(
    runs: Sequence[Path], arms: Sequence[str] | None = None, exclude: str | None = None
) -> dict[str, float] | None:
    """For each arm but the first, the lower end of the interval of its solved rate minus the first's, in points. None
    if rollouts are missing, or were cut short by the budget of their run.

    Args:
        runs, arms, exclude: see `stored_arms`.

    Raises:
        RunError: as in `compare`, or an arm has no judged problem in common with the first.
        DataError: as `stored_arms` does.
    """
    first, *others = chosen = stored_arms(runs, arms, exclude)
    if any(arm.missing or arm.cut_short for arm in chosen):
        return None
    found = zip(others, pair_all(first.rollouts, [other.rollouts for other in others]), strict=True)
    ends = {other.label: 100 * paired.solved.estimate.low for other, paired in found if paired}
    if missing := [other.label for other in others if other.label not in ends]:
        raise RunError(f"{missing[0]} and {first.label} have no judged problem in common")
    return ends


def _left_out(chosen: Sequence[StoredArm]) -> list[str]:
    """A warning if the runs have more arms, because the correction does not include them."""
    runs = {arm.run: len(arm.config["artifacts"]) for arm in chosen}
    more = sum(runs.values()) - len(chosen)
    if not more:
        return []
    return [
        f"These runs have {more} more arms. If the {len(chosen)} here were chosen after seeing the results, p is "
        "too small: it is corrected only for the comparisons of this table."
    ]


def _against(first: StoredArm, other: StoredArm, paired: Paired, prompts: bool) -> str:
    lines = [f"{other.label} against {first.label}:", sentence(first.label, other.label, paired), ""]
    lines += _flips(first.label, other.label, paired)
    ratios = cost_ratios(first.rollouts, other.rollouts).items()
    said = [f"{quantity(r.value)} × {what} ({quantity(r.low)} to {quantity(r.high)})" for what, r in ratios]
    lines.append(f"- cost: {', '.join(said) or 'not known'}")
    return "\n".join([*lines, *_prompts(first, other, prompts)])


def _flips(first: str, second: str, paired: Paired) -> list[str]:
    if paired.single:
        return [
            f"- only {second} solves: {', '.join(paired.won) or 'none'}",
            f"- only {first} solves: {', '.join(paired.lost) or 'none'}",
        ]
    moved = {
        name: f"{name} ({paired.before[name]:.0%} → {paired.after[name]:.0%})" for name in (*paired.won, *paired.lost)
    }
    return [
        f"- {second} solves more often: {', '.join(moved[name] for name in paired.won) or 'none'}",
        f"- {first} solves more often: {', '.join(moved[name] for name in paired.lost) or 'none'}",
    ]


def _prompts(first: StoredArm, other: StoredArm, in_full: bool) -> list[str]:
    differences, diff = prompts_against(first, other)
    lines = [f"- prompts: {'; '.join(differences) or 'the same'}"]
    return [*lines, "", "```diff", diff, "```"] if in_full and diff else lines
