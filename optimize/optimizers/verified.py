"""`verified`: demonstrations only from calls that are proven right, each on its own evidence (`optimize.credit`),
out of rollouts that failed too. No instruction is changed, and no candidate has to be evaluated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import dspy
from pydantic import Field

from eval.rollouts.rollout import Rollout
from optimize.credit.credit import credit_of
from optimize.credit.demo_choice import ProvenCall, choose_demos
from optimize.credit.episodes import stored_episodes
from optimize.credit.evidence import Credit, Episode, Step
from optimize.job.job import Job
from optimize.job.metric import measured
from optimize.job.stages import signature_of
from optimize.optimizers.bootstrap import Bootstrap
from optimize.undocumented import demonstration
from program.paid.halted import CapReached


class Verified(Bootstrap, frozen=True):
    """Demonstrations from proven calls."""

    demos: int = Field(default=2, ge=1)
    rollouts: int = Field(default=1, ge=1)
    """of each problem; with more of them more calls are proven, and rankings can be compared"""
    runs: tuple[str, ...] = ()
    """folders of runs on the problems that are compiled on; calls of their rollouts, of any arm, give the
    demonstrations, and no rollout is made"""
    demo_tokens: int = Field(default=2000, ge=1)
    """the most that all demonstrations of one predictor may have, at four characters a token"""

    def tune(self, job: Job) -> dspy.Module:
        """The student with the demonstrations; for each, why it was chosen, in `job.evidence`."""
        # A rollout whose LM failed now and then would be asked again.
        whole = [(run, each) for run, each in self._rollouts(job) if not each.trace.lost_calls]
        proven: dict[str, list[ProvenCall]] = defaultdict(list)
        teacher = job.candidates.name_of(job.teacher)
        episodes = groupby(stored_episodes(job, whole), lambda episode: episode.problem.name)
        by_problem = [list(group) for _, group in episodes]
        with ThreadPoolExecutor(job.config.concurrency) as threads:  # a program that never ends takes a minute
            credits = chain.from_iterable(threads.map(_credits, by_problem))
            for (_, rollout), calls in zip(whole, credits, strict=True):
                if rollout.score is not None and not self.runs:
                    value = measured(rollout.score, job.config.metric)
                    job.candidates.enter(teacher, rollout.problem, str(rollout.sample), value)
                facts = job.problems.facts(rollout.problem)
                for step, credit in calls:
                    if credit is not None and credit.proven:
                        call = ProvenCall(rollout.problem, rollout.sample, step, credit, facts, _tokens(job, step))
                        proven[step.predictor].append(call)
        tuned = job.student.deepcopy()
        for name, predictor in tuned.named_predictors():
            chosen = choose_demos(proven[name], self.demos, self.demo_tokens)
            predictor.demos = [demonstration(call.step.inputs, call.step.outputs) for call in chosen]
            job.evidence[name] = [call.report() for call in chosen]
        return tuned

    def _rollouts(self, job: Job) -> list[tuple[Path, Rollout]]:
        """The rollouts to learn from with the folder of each, those of one problem together."""
        if self.runs:
            stored = [(Path(run), rollout) for run in self.runs for rollout in job.rollouts_of(Path(run))]
            order = {problem.name: place for place, problem in enumerate(job.learn)}
            return sorted(stored, key=lambda each: order[each[1].problem])
        try:
            job.roll_out(samples=self.rollouts)
        except CapReached as reached:
            job.stopped = str(reached)
        return [(job.folder.path, rollout) for rollout in job.stored_rollouts()]


def _credits(episodes: Sequence[Episode]) -> list[list[tuple[Step, Credit | None]]]:
    """The credit of every call, by rollout of one problem: one after the other, as they look at each other's programs,
    and what is judged already is not run again."""
    return [[(step, credit_of(step, episode)) for step in episode.steps] for episode in episodes]


def _tokens(job: Job, step: Step) -> int:
    """About how many tokens a prompt grows by with a call as a demonstration."""
    predictor = dict(job.student.named_predictors()).get(step.predictor)
    if predictor is None:  # of a frozen stage
        return 0
    return (_size(job, predictor, step, [{**step.inputs, **step.outputs}]) - _size(job, predictor, step, [])) // 4


def _size(job: Job, predictor: dspy.Predict, step: Step, demos: list[dict[str, Any]]) -> int:
    messages = job.adapter.format(signature_of(predictor), demos, step.inputs)
    return sum(len(str(message["content"])) for message in messages)
