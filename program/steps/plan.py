"""The second step: solutions in words, best first."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TypeVar

import dspy

from program.answers.coercions import normalized
from program.answers.ranking import match_names
from program.steps.config import FlowConfig
from program.steps.task import Choice, Notes, Task
from signatures.fields import Solution
from signatures.plan import ProposeSolutions, RankSolutions

MAX_STEPS = 6
LANGUAGE = "Python 3 with its standard library" + (" and numpy" if find_spec("numpy") else "")
NO_BRUTE_FORCE = "No solution that tries all possibilities, unless the limits of the statement allow it."


class Plan(dspy.Module):
    """Proposes solutions and ranks them."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        if config.solutions:
            self.propose_solutions = config.text_stage(ProposeSolutions, solutions=config.solutions)
        if config.solutions > 1:
            self.rank_solutions = config.text_stage(RankSolutions, ranking=config.solutions, steps=MAX_STEPS)

    def forward(self, task: Task, notes: Notes) -> list[Choice]:
        """The solutions, in the order in which to write them; empty if there is none."""
        solutions = self._propose(task, notes) if task.config.solutions else []
        if len(solutions) < 2:
            return [Choice(solution) for solution in solutions]
        asked = {"problem": task.text, "reflection": notes.reflection, "explanations": notes.explanations}
        answer = self.rank_solutions(task.number, **asked, solutions=numbered(solutions))
        places = match_names(answer.ranking, [each.name for each in solutions]) if answer else []
        choices = [Choice(each) for each in in_order(solutions, places)]
        if places and answer:  # the steps belong to the solution that is ranked first
            choices[0] = Choice(choices[0].solution, answer.steps)
        return _from(task.first_solution, choices)

    def _propose(self, task: Task, notes: Notes) -> list[Solution]:
        answer = self.propose_solutions(
            task.number,
            problem=task.text,
            reflection=notes.reflection,
            explanations=notes.explanations if task.plans_with_explanations else [],
            count=task.config.solutions,
            wishes=_wishes(task),
        )
        return without_repeats(answer.solutions[: task.config.solutions]) if answer else []


def _wishes(task: Task) -> str:
    """The constraints on the program: its language and its time limit."""
    said = f"The program will be {LANGUAGE}. A test may take {task.problem.limits().seconds:g} seconds."
    return f"{said} {NO_BRUTE_FORCE}" if task.avoids_brute_force else said


def _from(first: int, choices: list[Choice]) -> list[Choice]:
    """The choices with number `first` moved to the front."""
    return [choices[first], *choices[:first], *choices[first + 1 :]]


Item = TypeVar("Item", str, Solution)


def without_repeats(items: Sequence[Item]) -> list[Item]:
    """The items in order, without duplicates: small models repeat themselves, and each repeat would cost calls."""
    seen: dict[str, Item] = {}
    for item in items:
        seen.setdefault(_key(item), item)
    return list(seen.values())


def numbered(solutions: Sequence[Solution]) -> list[Solution]:
    """The solutions with numbers (from 1) before their names, so that a ranking can refer to number or name."""
    return [each.model_copy(update={"name": f"{n}. {each.name}"}) for n, each in enumerate(solutions, 1)]


def without_numbers(solutions: Sequence[Solution]) -> list[Solution]:
    """The inverse of `numbered`."""
    return [each.model_copy(update={"name": each.name.removeprefix(f"{n}. ")}) for n, each in enumerate(solutions, 1)]


def in_order(solutions: Sequence[Solution], places: Sequence[int]) -> list[Solution]:
    """The solutions in the order of `places` (from 0); the others come last, in their original order."""
    return [solutions[place] for place in dict.fromkeys([*places, *range(len(solutions))])]


def _key(item: str | Solution) -> str:
    return normalized(item if isinstance(item, str) else item.name + item.content)
