"""All programs that an optimizer has tried, their scores, and the best one so far."""

from __future__ import annotations

import copy
import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import mean
from typing import Any

import dspy
from pydantic import BaseModel, ConfigDict

from eval.numbers.intervals import mean_share
from optimize.job.copying import Copying
from optimize.job.stages import signature_of
from program.stage.program import Program

Prompt = tuple[str, list[Any]]  # the instructions and the demonstrations of a predictor
# Of the intervals by which a race drops candidates and a probe names levers: 80 %, which is one-sided 90 %.
SCREENING_LEVEL = 0.2


class RaceLine(BaseModel):
    """The result of a candidate in one round of a race, stored in reports.

    candidate, round: their names; first: whether it is the one to beat, with which the others are compared.
    changes: keys of the program's configuration that differ from the start's.
    problems: those that it ran on; rollouts: all its draws on them.
    solved: the solved share of its rollouts, 0 to 1.
    gain: the difference from the first candidate of the round on the rollouts of both; interval: 80 %.
    cost: per rollout, relative to the first candidate; unit: its unit.
    copied: how many answers of each stage copied from its demonstrations.
    out: why it dropped out; empty if it ran to the end.
    """

    model_config = ConfigDict(frozen=True)

    candidate: str
    round: str
    first: bool = False
    changes: dict[str, Any] = {}
    problems: int
    rollouts: int = 0
    solved: float
    gain: float
    interval: tuple[float, float]
    cost: float
    unit: str = ""
    copied: dict[str, Copying] = {}
    out: str


@dataclass
class Candidate:
    """One program: its prompts and its scores.

    name: 12 hex digits over instructions and demonstrations.
    prompts: by predictor, its instructions and demonstrations.
    scores: by problem, one for each different run; a repetition from known answers is the same run.
    """

    name: str
    prompts: dict[str, Prompt] = field(repr=False)
    scores: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict), repr=False)

    def runs(self) -> int:
        return sum(len(runs) for runs in self.scores.values())

    def means(self, problems: Sequence[str]) -> list[float]:
        """The mean score on each of these problems that it ran on."""
        return [mean(self.scores[name].values()) for name in problems if name in self.scores]

    def score(self, problems: Sequence[str]) -> float:
        return mean(self.means(problems) or [0.0])

    def interval(self, problems: Sequence[str]) -> tuple[float, float]:
        """The 95 % interval of the score over problems."""
        estimate = mean_share(self.means(problems))
        return estimate.low, estimate.high


class Candidates:
    """The candidates of one compilation. Thread-safe.

    Args:
        deciding: names of the problems for comparing candidates.
        required: minimum number of common problems to compare two candidates.
        changed: called after every score.
    """

    def __init__(
        self, deciding: Sequence[str], required: int, changed: Callable[[Candidates], None] = lambda _: None
    ) -> None:
        self.deciding = list(deciding)
        self._required = required
        self._changed = changed
        self._lock = threading.RLock()
        self._all: dict[str, Candidate] = {}

    def name_of(self, program: dspy.Module) -> str:
        """The name of the candidate that `program` currently is; also registers it."""
        states = {name: _bare_state(predictor) for name, predictor in program.named_predictors()}
        name = hashlib.sha256(json.dumps(states, sort_keys=True, default=str).encode()).hexdigest()[:12]
        with self._lock:
            if name not in self._all:
                self._all[name] = Candidate(name, prompts_of(program))
        return name

    def enter(self, candidate: str, problem: str, run: str, score: float) -> None:
        """Record the score of the run named `run`."""
        with self._lock:
            self._all[candidate].scores[problem][run] = score
        self._changed(self)

    def best(self) -> Candidate | None:
        """The candidate with the highest score; among equals the first. None if none has run on enough problems.

        Some optimizers score on another part of the problems at each step, so two candidates are compared on common
        problems; if these are too few, the earlier one stays.
        """
        best = None
        for each in self.all():
            shared = [name for name in self.deciding if name in each.scores and (not best or name in best.scores)]
            if len(shared) >= self._required and (best is None or each.score(shared) > best.score(shared)):
                best = each
        return best

    def named(self, name: str) -> Candidate | None:
        """The candidate with this name, if it ran at least once."""
        return next((each for each in self.all() if each.name == name), None)

    def runs(self) -> int:
        """The number of different runs of all candidates together."""
        with self._lock:
            return sum(each.runs() for each in self._all.values())

    def all(self) -> list[Candidate]:
        """All candidates that ran at least once, in order of first appearance."""
        with self._lock:
            return [each for each in self._all.values() if each.scores]


def prompts_of(program: dspy.Module) -> dict[str, Prompt]:
    """The instructions and demonstrations of every tuned predictor."""
    return {
        name: (signature_of(predictor).instructions, list(predictor.demos))
        for name, predictor in program.named_predictors()
    }


def with_prompts(program: Program, prompts: dict[str, Prompt]) -> Program:
    """A copy of `program` with these instructions and demonstrations."""
    made = program.deepcopy()
    for name, predictor in made.named_predictors():
        instructions, demos = prompts[name]
        predictor.signature = signature_of(predictor).with_instructions(instructions)
        predictor.demos = list(demos)
    return made


def _bare_state(predictor: dspy.Predict) -> dict[str, Any]:
    """The predictor's state without its LM, which may have no state to dump."""
    bare = copy.copy(predictor)
    bare.lm = None
    state = bare.dump_state()
    return {"instructions": signature_of(bare).instructions, "demos": state["demos"]}
