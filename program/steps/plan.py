"""The second step: solutions in words, best first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import dspy

from program.rollout.context import trace
from program.rollout.decisions import SolutionsLeftOut
from program.steps.config import FlowConfig
from program.steps.task import Choice, Notes, Task
from signatures.fields import Solution
from signatures.plan import ProposeSolutions, RankSolutions

MAX_STEPS = 6
NO_BRUTE_FORCE = "No brute force: a solution that tries all possibilities is too slow."


class Plan(dspy.Module):
    """Proposes solutions and ranks them."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        if config.solutions:
            self.propose_solutions = config.text_stage(ProposeSolutions, solutions=config.solutions)
        if config.solutions > 1:
            self.rank_solutions = config.text_stage(RankSolutions, ranking=config.solutions, steps=MAX_STEPS)

    def forward(self, task: Task, notes: Notes) -> list[Choice]:
        """The solutions in the order in which they are to be written; empty when there is none."""
        solutions = self._propose(task, notes) if task.config.solutions else []
        if len(solutions) < 2:
            return [Choice(solution) for solution in solutions]
        asked = {"problem": task.text, "reflection": notes.reflection, "explanations": notes.explanations}
        answer = self.rank_solutions(task.number, **asked, solutions=solutions)
        if answer is None:
            return _from(task.first_solution, [Choice(solution) for solution in solutions])
        best, *others = in_order(solutions, answer.ranking)
        return _from(task.first_solution, [Choice(best, answer.steps), *map(Choice, others)])

    def _propose(self, task: Task, notes: Notes) -> list[Solution]:
        answer = self.propose_solutions(
            task.number,
            problem=task.text,
            reflection=notes.reflection,
            explanations=notes.explanations if task.plans_with_explanations else [],
            count=task.config.solutions,
            wishes=NO_BRUTE_FORCE if task.drops_brute_force else "",
        )
        solutions = without_repeats(answer.solutions[: task.config.solutions]) if answer else []
        return _without_brute_force(solutions) if task.drops_brute_force else solutions


def _without_brute_force(solutions: list[Solution]) -> list[Solution]:
    kept = [solution for solution in solutions if "brute" not in f"{solution.name} {solution.labels}".lower()]
    if kept and len(kept) < len(solutions):
        trace().decide(SolutionsLeftOut(left_out=len(solutions) - len(kept), proposed=len(solutions)))
    return kept or solutions


def _from(first: int, choices: list[Choice]) -> list[Choice]:
    """The choices with number `first` moved to the front."""
    return [choices[first], *choices[:first], *choices[first + 1 :]]


Item = TypeVar("Item", str, Solution)


def without_repeats(items: Sequence[Item]) -> list[Item]:
    """The items in order, each once: small models repeat themselves, and every repeat would be paid for again."""
    seen: dict[str, Item] = {}
    for item in items:
        seen.setdefault(_key(item), item)
    return list(seen.values())


def in_order(solutions: Sequence[Solution], ranking: Sequence[str]) -> list[Solution]:
    """The solutions in the order of the names in `ranking`; those it leaves out come last, in their own order."""
    position = {_plain(name): place for place, name in reversed(list(enumerate(ranking)))}
    return sorted(solutions, key=lambda solution: position.get(_plain(solution.name), len(ranking)))


def _key(item: str | Solution) -> str:
    return _plain(item if isinstance(item, str) else item.name + item.content)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
