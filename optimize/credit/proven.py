"""The calls of rollouts that are proven right, each on its own evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import dspy

from eval.rollouts.rollout import Rollout
from optimize.credit.credit import credit_of
from optimize.credit.demo_choice import ProvenCall
from optimize.credit.episodes import stored_episodes
from optimize.credit.evidence import Credit, Episode, Step
from optimize.job.job import Job
from optimize.job.stages import signature_of
from program.stage.program import Program

CHARACTERS = 4  # a token
ProvenCalls = dict[str, list[ProvenCall]]  # by predictor


def proven_calls(job: Job, program: Program, rollouts: Sequence[tuple[Path, Rollout]]) -> ProvenCalls:
    """The calls of `rollouts` that are proven right.

    Args:
        job: the compilation.
        program: whose predictors shall get them.
        rollouts: each with the folder of its run; they are looked at problem by problem.
    """
    order = {problem.name: place for place, problem in enumerate(job.problems.problems)}
    rollouts = sorted(rollouts, key=lambda each: order[each[1].problem])
    proven: ProvenCalls = defaultdict(list)
    predictors = dict(program.named_predictors())
    episodes = groupby(stored_episodes(job, program, rollouts), lambda episode: episode.problem.name)
    by_problem = [list(group) for _, group in episodes]
    with ThreadPoolExecutor(job.config.concurrency) as threads:  # a program that never ends takes a minute
        credits = chain.from_iterable(threads.map(_credits, by_problem))
        for (_, rollout), calls in zip(rollouts, credits, strict=True):
            facts = job.problems.facts(rollout.problem)
            for step, credit in calls:
                if credit is not None and credit.proven and step.predictor in predictors:
                    tokens = _tokens(job, predictors[step.predictor], step)
                    call = ProvenCall(rollout.problem, rollout.sample, step, credit, facts, tokens)
                    proven[step.predictor].append(call)
    return proven


def _credits(episodes: Sequence[Episode]) -> list[list[tuple[Step, Credit | None]]]:
    """The credit of every call, by rollout of one problem: one after the other, as they look at each other's programs,
    and what is judged already is not run again."""
    return [[(step, credit_of(step, episode)) for step in episode.steps] for episode in episodes]


def _tokens(job: Job, predictor: dspy.Predict, step: Step) -> int:
    """About how many tokens a prompt grows by with a call as a demonstration."""
    with_it, without = (_size(job, predictor, step, demos) for demos in ([{**step.inputs, **step.outputs}], []))
    return (with_it - without) // CHARACTERS


def _size(job: Job, predictor: dspy.Predict, step: Step, demos: list[dict[str, Any]]) -> int:
    messages = job.adapter.format(signature_of(predictor), demos, step.inputs)
    return sum(len(str(message["content"])) for message in messages)
