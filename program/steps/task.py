"""The data that the steps of the flow pass to each other."""

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

    As in AlphaCodium's iteration scheme, later rounds vary the view of the problem: every second one starts with the
    second-best solution, and every third plans without the explanations and allows brute force. This is the same for
    all samples of a problem.
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
        """Distinguishes the calls of this round from those of all other samples and rounds."""
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
        """The rank of the solution that is written first."""
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
    """The results of understanding: bullet points about the problem, and one explanation for each public test."""

    reflection: list[str] = field(default_factory=list)
    explanations: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Choice:
    """A proposed solution; the best-ranked one also has the steps that lead to the outputs of the examples."""

    solution: Solution
    steps: list[str] = field(default_factory=list)
