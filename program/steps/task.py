"""What the steps of the flow hand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import dspy

from program.models.profile import profile_of
from program.problem import Problem
from program.rollout.budget import MOST_DRAWS
from program.rollout.context import context
from program.steps.config import FlowConfig
from signatures.fields import Solution


@dataclass(frozen=True)
class Task:
    """One round of one sample of one problem.

    As AlphaCodium's iteration scheme meant it, later rounds look at the problem in other ways: every second one begins
    with the second-best solution, and every third plans without the explanations and allows brute force. All samples
    of a problem do the same.
    """

    problem: Problem
    sample: int
    turn: int
    config: FlowConfig

    @cached_property
    def text(self) -> str:
        return self.problem.text()

    @property
    def number(self) -> int:
        """Tells this round's calls from those of all other samples and rounds."""
        return self.sample * (MOST_DRAWS if context().allowance else self.config.rounds) + self.turn

    @property
    def fixes_per_program(self) -> int:
        """Fixes of one program before another is drawn."""
        chosen = self.config.fixes_per_program
        return profile_of(dspy.settings.lm).fixes_per_program if chosen is None else chosen

    @property
    def time_fixes(self) -> int:
        """Fixes of a program that is too slow."""
        chosen = self.config.time_fixes
        return profile_of(dspy.settings.lm).time_fixes if chosen is None else chosen

    @property
    def first_solution(self) -> int:
        """The place in the ranking of the solution that is written first."""
        return self.turn % 2 if self.config.vary_rounds else 0

    @property
    def plans_with_explanations(self) -> bool:
        return self.config.explain_to_plan and not self._differs

    @property
    def avoids_brute_force(self) -> bool:
        return self.config.avoid_brute_force and not self._differs

    @property
    def _differs(self) -> bool:
        return self.config.vary_rounds and self.turn % 3 == 2


@dataclass(frozen=True)
class Notes:
    """What was understood: bullet points about the problem, and one explanation for each public test."""

    reflection: list[str] = field(default_factory=list)
    explanations: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Choice:
    """A proposed solution, and for the best-ranked one the steps that lead to the examples' outputs."""

    solution: Solution
    steps: list[str] = field(default_factory=list)
