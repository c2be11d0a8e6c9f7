"""Credit of the stages that plan in words: by the programs that were written from the plan."""

from __future__ import annotations

from statistics import mean

from optimize.credit_programs import of_fix
from optimize.evidence import Credit, Episode, Step
from program.ranking import in_order

REFLECTION_WEIGHT, PROPOSALS_WEIGHT = 0.3, 0.5  # what followed depends on much besides


def of_ranking(step: Step, episode: Episode) -> Credit:
    """Right when programs from the solution it put first do better than those from one below, wrong in reverse.

    Programs are those of all rollouts of the problem, by the name of the solution; without one from either side nothing
    is known.
    """
    first, *below = in_order(step.inputs["solutions"], step.outputs["ranking"])
    top = episode.written_from(first.name)
    others = {solution.name: rates for solution in below if (rates := episode.written_from(solution.name))}
    if not top or not others:
        return Credit(0.5, False, ("programs were not written from both its first solution and a lower one",))
    best_below = max(mean(rates) for rates in others.values())
    said = [_said(first.name, top, "put first"), *(_said(name, rates, "below") for name, rates in others.items())]
    if mean(top) > best_below:
        return Credit(mean(top), mean(top) >= episode.threshold / 2, tuple(said))
    return Credit(0.0 if mean(top) < best_below else 0.5, False, tuple(said))


def of_proposals(step: Step, episode: Episode) -> Credit:
    """By the best of its solutions: whether a right program was written from it."""
    written = {each.name: rates for each in step.outputs["solutions"] if (rates := episode.written_from(each.name))}
    if not written:
        return Credit(0.0, False, ("no program was written from any of its solutions",))
    best = max(max(rates) for rates in written.values())
    said = tuple(_said(name, rates, "proposed") for name, rates in written.items())
    return Credit(PROPOSALS_WEIGHT * best, best >= episode.threshold, said)


def of_reflection(step: Step, episode: Episode) -> Credit:
    """By what followed, with a low weight: the first program that was written with it."""
    first = next((each for each in episode.steps if each.stage == "WriteCode"), None)
    if first is None:
        return Credit(0.0, False, ("no program was written with it",))
    rate = episode.rate(first.outputs["code"])
    said = f"the first program written with it passes {rate:.0%} of the further tests"
    return Credit(REFLECTION_WEIGHT * rate, rate >= episode.threshold, (said,))


def of_analysis(step: Step, episode: Episode) -> Credit:
    """By the fix that was made from it, with a low weight."""
    fixes = [each for each in episode.steps if each.stage == "FixCode"]
    made = next((each for each in fixes if each.inputs["analysis"] == step.outputs["analysis"]), None)
    if made is None:
        return Credit(0.0, False, ("no fix was made from it",))
    fixed = of_fix(made, episode)
    said = tuple(f"the fix made from it: {sentence}" for sentence in fixed.evidence)
    return Credit(REFLECTION_WEIGHT * fixed.score, fixed.proven, said)


def of_lesson(step: Step, episode: Episode) -> Credit:
    """By the first program that was written with it in mind, with a low weight."""
    lesson = set(step.outputs["lesson"])
    later = [each for each in episode.steps if each.stage == "SolveWithLessons" and lesson <= {*each.inputs["lessons"]}]
    if not lesson or not later:
        return Credit(0.0, False, ("no program was written with it in mind",))
    before, rate = episode.rate(step.inputs["code"]), episode.rate(later[0].outputs["code"])
    said = f"the share of further tests passed went from {before:.0%} to {rate:.0%} with it"
    return Credit(REFLECTION_WEIGHT * rate, rate >= episode.threshold and rate > before, (said,))


def _said(name: str, rates: list[float], what: str) -> str:
    return f"“{name}”, {what}: its programs pass {', '.join(f'{rate:.0%}' for rate in rates)} of the further tests"
