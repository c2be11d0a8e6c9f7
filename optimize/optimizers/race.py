"""`race`: switches and words of the program, raced against the start on the same problems with the same draws.

The winner of each round is the candidate to beat in the next round. The rounds: one switch at a time; combinations of
successful switches; words (demonstrations from the rollouts so far, further sentences for instructions, and
instructions that a model proposes); both kinds of words together.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Annotated, Any, Self

import dspy
from pydantic import BeforeValidator, Field, model_validator

from optimize.config import ConfigError
from optimize.credit.proofs import PROOF_CALLS, foresee_proofs
from optimize.gate.gate import GATE_LOOKS
from optimize.job.job import FIRST_FRESH_DRAW, Job
from optimize.optimizers.proposing import Proposing
from optimize.race.dropping import FEWEST_ROLLOUTS, most_rollouts
from optimize.race.levers import Change, changes_of, combined
from optimize.race.proposed import proposed_variants
from optimize.race.round import Round, run_round
from optimize.race.variants import DEMOS, Variant
from optimize.race.word_variants import demo_variants, instruction_variants, with_both
from program.models.profile import profile_named, profile_of
from program.paid.halted import CapReached
from program.problem import Problem
from program.rollout.budget import Budget

MOST_COMBINED = 6  # candidates in a round of combinations
ROUNDS = 4  # at most; each has draws of its own


def _split(given: Any) -> Any:
    return given.split(",") if isinstance(given, str) else given


class Race(Proposing, frozen=True):
    """Switches and words, raced against the start."""

    demos: int = Field(default=3, ge=0)
    """maximum demonstrations per predictor; 0 to try none"""
    demo_tokens: int = Field(default=2000, ge=1)
    """maximum tokens of all demonstrations of one predictor, at four characters per token"""
    proof_calls: int = Field(default=PROOF_CALLS, ge=0)
    """maximum programs to write to prove words for demonstrations; 0 to use only words that the rollouts prove"""
    instructions: bool = True
    """whether to try further sentences in the instructions of the stages that write programs"""
    proposals: int = Field(default=4, ge=0)
    """instructions that `prompt_lm` proposes for the stage that loses most solves, half with GEPA's questions and half
    with MIPRO's; 0 for none"""
    switches: bool = True
    """whether to race the switches of the program; false races words only"""
    turn: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()
    """the switches to race, such as direct_first,ai_tests; all if empty"""
    rollouts: int = Field(default=150, ge=2)
    """rollouts of a candidate that runs to the end of a round: one per problem, then a second per problem, and so on"""

    @model_validator(mode="after")
    def _races_something(self) -> Self:
        if not (self.switches or self.demos or self.instructions or self.proposals):
            raise ValueError("there is nothing to race: switches, demos, instructions and proposals are all off")
        return self

    @property
    def likely_demos(self) -> int:
        """None: what a race compares is known by the rollouts of its leader."""
        return 0

    def tune(self, job: Job) -> dspy.Module:
        """The recommended program; all attempts are in `job.raced`."""
        best = Variant()
        try:
            for winner in self._winners(job):
                best = winner
                if job.stopped:
                    break
        except CapReached as reached:
            job.stopped = reached.said
        if job.rehearsed:
            return job.student
        shown = {name: len(demos) for name, (_, demos) in best.words.items()} if best.has_demos else {}
        job.evidence = {name: job.evidence[name][:count] for name, count in shown.items() if job.evidence.get(name)}
        return best.program(job.inputs)

    def _winners(self, job: Job) -> Iterator[Variant]:
        """The winner of each round."""
        best = Variant()
        problems = self._problems(job, best)
        if self.switches and problems:
            for winner in self._switches(job, best, problems):
                yield (best := winner)
        if (self.demos or self.instructions or self.proposals) and problems:
            yield from self._words(job, best, problems)

    def _problems(self, job: Job, start: Variant) -> list[Problem]:
        """The problems of the race. Those in the start's demonstrations are left out, and up to half of the rest is
        left to the gate, because a winner of many candidates owes part of its score to luck on the race's problems."""
        shown = job.shown_in(start.program(job.inputs))
        left = [problem for problem in job.learn if problem.name not in shown]
        unseen = min(GATE_LOOKS * job.config.gate_problems, len(left) // 2) if job.config.gate else 0
        return random.Random(job.config.seed).sample(left, min(self.rollouts, len(left) - unseen))

    def _switches(self, job: Job, best: Variant, problems: Sequence[Problem]) -> Iterator[Variant]:
        program = job.inputs.program
        profile = profile_named(job.config.lm) if job.rehearsed else profile_of(job.lm)
        changes = changes_of(program.config, job.inputs.manifest.adapter, profile, job.config.escalate_lm is not None)
        changes = _only_turned(changes, self.turn) if self.turn else changes
        first = self._round(job, "race-switches", [best, *map(Variant, changes)], problems)
        yield (best := first.winner)
        together = [variant for variant in _combinations(first, program.config.budget) if variant != best]
        if together:
            yield self._round(job, "race-combined", [best, *together], problems).winner
        elif job.rehearsed and len(changes) > 1:
            job.foresee_runs("race-combined", most_rollouts(self.rollouts, 1 + MOST_COMBINED))

    def _words(self, job: Job, best: Variant, problems: Sequence[Problem]) -> Iterator[Variant]:
        if not job.run_folders and (self.demos or self.proposals):  # only on the race's problems: others are the gate's
            job.roll_out(problems=problems)
        demos = self._demos(job, best, problems) if self.demos else []
        while len(left := _not_shown(job, demos, problems)) < min(FEWEST_ROLLOUTS, len(problems) / 2):
            print(f"{demos.pop().name} is not raced: its demonstrations show most of the problems")
        instructions = instruction_variants(job, best) if self.instructions else []
        if self.proposals:
            instructions += proposed_variants(job, best, problems, self.proposals, demos)
        if not [*demos, *instructions]:
            return
        ended = self._round(job, "race-words", [best, *demos, *instructions], left)
        yield (chosen := ended.winner)
        good = [ended.variants[name] for name in ended.finalists]
        pairs = [with_both(best, one, two) for one in good if one in demos for two in good if two in instructions]
        if pairs:
            yield self._round(job, "race-both", [chosen, *pairs[:MOST_COMBINED]], left).winner
        elif job.rehearsed and demos and instructions:
            job.foresee_runs("race-both", most_rollouts(self.rollouts, 1 + MOST_COMBINED))

    def _demos(self, job: Job, best: Variant, problems: Sequence[Problem]) -> list[Variant]:
        if job.rehearsed:  # a rehearsal has no rollouts for demonstrations
            foresee_proofs(job, job.inputs.program, self.proof_calls)
            return [Variant(best.changes, said=f"{DEMOS}{count}") for count in range(1, self.demos + 1)]
        return demo_variants(job, best, problems, self.demos, self.demo_tokens, self.proof_calls)

    def _round(self, job: Job, name: str, variants: Sequence[Variant], problems: Sequence[Problem]) -> Round:
        rollouts = min(self.rollouts, FIRST_FRESH_DRAW // ROUNDS * len(problems))  # so that the gate's draws are fresh
        ended = run_round(job, name, variants, problems, rollouts)
        job.raced += ended.lines()
        return ended


def _not_shown(job: Job, demos: Sequence[Variant], problems: Sequence[Problem]) -> list[Problem]:
    """The problems in no demonstration of the candidates, which would have their solutions in the prompt."""
    shown = job.shown_by(demo for each in demos for _, shown in each.words.values() for demo in shown)
    return [problem for problem in problems if problem.name not in shown]


def _only_turned(changes: Sequence[Change], keys: Sequence[str]) -> list[Change]:
    """The changes of no other switches than `keys`.

    Raises:
        ConfigError: there is no such switch to try, or only together with others.
    """
    kept = [change for change in changes if set(change) <= set(keys)]
    for key in keys:
        together = [change for change in changes if key in change]
        if not together:
            known = sorted({name for change in changes for name in change})
            raise ConfigError(f"turn: nothing to try for {key} here; it can have {', '.join(known)}")
        if not any(key in change for change in kept):
            others = " and ".join(name for name in together[0] if name != key)
            raise ConfigError(f"turn: {key} is tried only together with {others}; name both")
    return kept


def _combinations(ended: Round, budget: Budget) -> list[Variant]:
    """Pairs of changes that were each not worse than the start, the most promising first."""
    good = [name for name in ended.finalists if name != ended.first and ended.gains[name].value >= 0]
    changes = {name: dict(ended.variants[name].changes) for name in good}
    both = (combined(changes[one], changes[two], budget) for one, two in combinations(good, 2))
    return [Variant(pair) for pair in both if pair is not None][:MOST_COMBINED]
