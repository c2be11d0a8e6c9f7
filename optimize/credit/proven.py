"""The proven calls of rollouts, each on its own evidence, and the choice of demonstrations among them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import dspy

from eval.rollouts.rollout import Rollout
from optimize.credit.contrast import Contrast
from optimize.credit.credit import credit_of, open_contrast
from optimize.credit.demo_choice import ProvenCall, choose_demos
from optimize.credit.episodes import stored_episodes
from optimize.credit.evidence import Credit, Episode, Step
from optimize.credit.proofs import Proofs
from optimize.job.job import Job
from optimize.job.stages import CHARACTERS_PER_TOKEN, signature_of
from program.cli.progress_line import ProgressLine
from program.stage.program import Program

Chosen = dict[str, list[ProvenCall]]  # by predictor


def chosen_demos(
    job: Job,
    program: Program,
    names: Sequence[str],
    rollouts: Sequence[tuple[Path, Rollout]],
    count: int,
    max_tokens: int,
    proof_calls: int,
) -> Chosen:
    """The demonstrations for some predictors of `program`, the best first. If words would be chosen but have too few
    programs with or without them, these programs are written first.

    Args:
        job: the compilation.
        program: its predictors get the demonstrations, and its stages write the programs.
        names: of these predictors.
        rollouts: to choose from, each with the folder of its run.
        count: maximum demonstrations per predictor.
        max_tokens: of all demonstrations of a predictor.
        proof_calls: maximum programs to write for proofs in all; unused ones of a predictor go to the next ones.

    Raises:
        Halted: a cap is reached, or the model is out of reach.
    """
    proofs = Proofs(job, program, proof_calls)
    calls = proven_calls(job, program, names, rollouts)
    in_words = [name for name in names if any(call.contrast for call in calls.get(name, []))]
    chosen: Chosen = {}
    for name in names:
        proofs.share(len(set(in_words) - set(chosen)))
        chosen[name] = choose_demos(calls.get(name, []), count, max_tokens, proofs.prove)
    return chosen


def proven_calls(job: Job, program: Program, names: Sequence[str], rollouts: Sequence[tuple[Path, Rollout]]) -> Chosen:
    """The calls of `rollouts` that are proven, and those with words that might be proven.

    Args:
        job: the compilation.
        program: its predictors get the demonstrations.
        names: of these predictors; calls of others are left out.
        rollouts: each with the folder of its run; processed problem by problem.
    """
    order = job.problems.places()
    rollouts = sorted(rollouts, key=lambda each: order[each[1].problem])
    proven: Chosen = defaultdict(list)
    predictors = {name: each for name, each in program.named_predictors() if name in names}
    episodes = groupby(stored_episodes(job, program, rollouts), lambda episode: episode.problem.name)
    by_problem = [list(group) for _, group in episodes]
    done: list[str] = []

    def credits_of(some: Sequence[Episode]) -> list[list[tuple[Step, Credit, Contrast | None]]]:
        found = _credits(some, names)
        done.append(some[0].problem.name)
        return found

    with (
        ThreadPoolExecutor(job.config.concurrency) as threads,  # a program that never ends takes a minute
        ProgressLine(lambda: f"evidence for demonstrations: {len(done)} of {len(by_problem)} problems"),
    ):
        credits = chain.from_iterable(threads.map(credits_of, by_problem))
        for (_, rollout), calls in zip(rollouts, credits, strict=True):
            facts = job.problems.facts(rollout.problem)
            for step, credit, contrast in calls:
                tokens = _tokens(job, predictors[step.predictor], step)
                call = ProvenCall(rollout.problem, rollout.sample, step, credit, facts, tokens, contrast)
                proven[step.predictor].append(call)
    return proven


def _credits(episodes: Sequence[Episode], names: Sequence[str]) -> list[list[tuple[Step, Credit, Contrast | None]]]:
    """The calls that are proven or may be, by rollout of one problem. Rollouts are processed in sequence, because they
    use each other's programs, so that judged programs are not run again."""
    return [
        [found for step in episode.steps if step.predictor in names and (found := _credit(step, episode))]
        for episode in episodes
    ]


def _credit(step: Step, episode: Episode) -> tuple[Step, Credit, Contrast | None] | None:
    credit = credit_of(step, episode)
    if credit is None or credit.proven:
        return (step, credit, None) if credit else None
    contrast = open_contrast(step, episode)
    return (step, credit, contrast) if contrast else None


def _tokens(job: Job, predictor: dspy.Predict, step: Step) -> int:
    """Estimated tokens that a call adds to a prompt as a demonstration."""
    with_it, without = (_size(job, predictor, step, demos) for demos in ([{**step.inputs, **step.outputs}], []))
    return (with_it - without) // CHARACTERS_PER_TOKEN


def _size(job: Job, predictor: dspy.Predict, step: Step, demos: list[dict[str, Any]]) -> int:
    messages = job.adapter.format(signature_of(predictor), demos, step.inputs)
    return sum(len(str(message["content"])) for message in messages)
