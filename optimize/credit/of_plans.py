"""Credit of the stages that plan in words: by the programs that were written from the plan.

What followed depends on much besides the plan, and a program that is right every time says nothing about it. So one
program proves nothing: it has to do better than another one, which was written without the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import mean

from optimize.credit.evidence import Credit, Episode, Step
from optimize.credit.of_programs import of_fix
from program.answers.ranking import match_names
from program.steps.plan import in_order, without_numbers


def of_ranking(step: Step, episode: Episode) -> Credit:
    """Right when programs from the solution it put first do better than those from one below, wrong in reverse.

    Programs are those of all rollouts of the problem, by the name of the solution; without one from either side nothing
    is known.
    """
    it = episode.words.it
    solutions = without_numbers(step.inputs["solutions"])
    places = match_names(step.outputs["ranking"], [each.name for each in solutions])
    first, *below = in_order(solutions, places)
    top = episode.written_from(first.name)
    others = {solution.name: rates for solution in below if (rates := episode.written_from(solution.name))}
    if not top or not others:
        return Credit(0.5, False, (f"{it}s were not written from both its first solution and a lower one",))
    best_below = max(mean(rates) for rates in others.values())
    said = [
        _said(first.name, top, it, "put first"),
        *(_said(name, rates, it, "below") for name, rates in others.items()),
    ]
    if mean(top) > best_below:
        return Credit(mean(top), mean(top) >= episode.threshold / 2, tuple(said))
    return Credit(0.0 if mean(top) < best_below else 0.5, False, tuple(said))


def of_proposals(step: Step, episode: Episode) -> Credit:
    """By the best program that was written after it, in comparison; see `_compared`."""

    def best(of: Episode) -> float | None:
        return max((of.rate(each.outputs["code"]) for each in _programs(of)), default=None)

    return _compared(step, episode, best, f"the best {episode.words.it} written from its solutions")


def of_reflection(step: Step, episode: Episode) -> Credit:
    """By the first program that was written after it, in comparison; see `_compared`."""

    def first(of: Episode) -> float | None:
        return next((of.rate(each.outputs["code"]) for each in _programs(of)), None)

    return _compared(step, episode, first, f"the first {episode.words.it} written with it")


def _compared(step: Step, episode: Episode, followed: Callable[[Episode], float | None], what: str) -> Credit:
    """By what followed, against what followed other answers to the same question in further rollouts of the problem.

    The score is what the call's own program has over the mean of the others. Proven when it is right and has more.

    Args:
        step, episode: the call and its rollout.
        followed: the metric of the program that followed in a rollout; None when there is none.
        what: names that program.
    """
    own = followed(episode)
    if own is None:
        return Credit(0.0, False, (f"no {episode.words.it} was written with it",))
    rivals = [each for each in episode.others if any(_answers_otherwise(step, there) for there in each.steps)]
    others = [rate for each in rivals if (rate := followed(each)) is not None]
    said = f"{what} passes {own:.0%} of the further tests"
    if not others:
        return Credit(0.0, False, (said, "no rollout with another answer is there to compare with"))
    gain = max(0.0, own - mean(others))
    rates = ", ".join(f"{rate:.0%}" for rate in others)
    return Credit(gain, gain > 0 and own >= episode.threshold, (said, f"after other answers: {rates}"))


def _programs(episode: Episode) -> list[Step]:
    return [each for each in episode.steps if each.stage == "WriteCode"]


def _answers_otherwise(step: Step, other: Step) -> bool:
    return other.stage == step.stage and other.outputs != step.outputs


def of_analysis(step: Step, episode: Episode) -> Credit:
    """By the fix that was made from it: the program before is what it is compared with."""
    fixes = [each for each in episode.steps if each.stage == "FixCode"]
    made = next((each for each in fixes if each.inputs["analysis"] == step.outputs["analysis"]), None)
    if made is None:
        return Credit(0.0, False, ("no fix was made from it",))
    fixed = of_fix(made, episode)
    said = tuple(f"the fix made from it: {sentence}" for sentence in fixed.evidence)
    return Credit(fixed.score, fixed.proven, said)


def of_lesson(step: Step, episode: Episode) -> Credit:
    """By the first program that was written with it in mind, in comparison with the one it was drawn from."""
    lesson = set(step.outputs["lesson"])
    later = [each for each in episode.steps if each.stage == "SolveWithLessons" and lesson <= {*each.inputs["lessons"]}]
    if not lesson or not later:
        return Credit(0.0, False, (f"no {episode.words.it} was written with it in mind",))
    before, rate = episode.rate(step.inputs["code"]), episode.rate(later[0].outputs["code"])
    said = f"the share of further tests passed went from {before:.0%} to {rate:.0%} with it"
    return Credit(max(0.0, rate - before), rate >= episode.threshold and rate > before, (said,))


def _said(name: str, rates: list[float], it: str, what: str) -> str:
    return f"“{name}”, {what}: its {it}s pass {', '.join(f'{rate:.0%}' for rate in rates)} of the further tests"
