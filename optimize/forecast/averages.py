"""The average requests of one program run: from a stored run of the same program and model, else from priors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from statistics import mean
from typing import Any

from eval.errors import RunError
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import read_config, read_rollouts
from eval.rollouts.score import Score
from optimize.config import CompileConfig
from optimize.job.inputs import Inputs
from optimize.job.metric import measured
from optimize.job.stages import CHARACTERS_PER_TOKEN, stages_of
from program.models.prices import price_of
from program.models.profile import profile_named
from program.rollout.budget import Budget

RUNS = Path("runs")
PRIOR_PROMPT_TOKENS = 300  # per call, without the problem
PRIOR_ANSWER_TOKENS, PRIOR_THINKING_TOKENS = 200, 3000  # per call; the second for a model that thinks
PRIOR_GOOD = 0.4


@dataclass(frozen=True)
class Averages:
    """The averages of one program run.

    calls, prompt_tokens, answer_tokens: LM calls, and the tokens of all calls together.
    good: share of runs that reach the threshold.
    sequences: for some runs, the stages called, in order.
    measured: whether from rollouts, not from priors.
    source: the origin, in words.
    seconds: of a run, without judging; None if not measured.
    """

    calls: float
    prompt_tokens: float
    answer_tokens: float
    good: float
    sequences: list[list[str]]
    measured: bool
    source: str
    seconds: float | None = None

    def with_tokens_of(self, other: Averages) -> Averages:
        """The same number of calls, each with the tokens of a call in `other`."""
        share = self.calls / other.calls
        tokens = {"prompt_tokens": other.prompt_tokens * share, "answer_tokens": other.answer_tokens * share}
        return replace(self, **tokens)

    def with_demos(self, count: float) -> Averages:
        """The same calls with so many demonstrations in each prompt, each as long as a prompt and its answer."""
        return replace(self, prompt_tokens=self.prompt_tokens + count * (self.prompt_tokens + self.answer_tokens))

    def within(self, budget: Budget, model: str) -> Averages:
        """The averages under the budget of one run, with the prices of `model`."""
        prompt, answer = self.prompt_tokens / self.calls, self.answer_tokens / self.calls
        price = price_of(model)
        each = {"calls": 1.0, "tokens": prompt + answer, "dollars": price.dollars(prompt, answer) if price else 0.0}
        limits = budget.model_dump(include=set(each), exclude_none=True)
        allowed = [max(1.0, limit / each[name]) for name, limit in limits.items() if each[name]]
        calls = min([self.calls, *allowed])
        seconds = self.seconds and self.seconds * calls / self.calls
        return replace(self, calls=calls, prompt_tokens=calls * prompt, answer_tokens=calls * answer, seconds=seconds)


def averages(config: CompileConfig, inputs: Inputs, out: Path | None) -> Averages:
    """The averages of stored rollouts of this program with this model, preferably on the same data.

    Args:
        config, inputs: of the compilation.
        out: its folder; its rollouts, also those of the start in a race, take precedence over those in `runs/`.
    """
    own = [(out / "training", read_rollouts(out / "training"))] if out else []
    for place, rollouts in chain(own, _stored(inputs, out) if out else (), _stored(inputs, RUNS)):
        whole = [each for each in rollouts if each.trace.calls and not each.is_cut_short]
        fresh = [each for each in whole if not any(call.from_cache for call in each.trace.calls)]
        if fresh:
            return averages_of(fresh, config, f"{len(fresh)} rollouts of {place}")
    return _prior(inputs)


def training_scores(out: Path | None) -> dict[str, Score]:
    """The scores of the teacher's rollouts in `out` from a pilot or an earlier session, by problem."""
    rollouts = read_rollouts(out / "training") if out else []
    return {each.problem: each.score for each in rollouts if each.score is not None}


def averages_of(rollouts: Sequence[Rollout], config: CompileConfig, source: str) -> Averages:
    """The averages of these rollouts, which have calls; `source` says where they are from."""
    scores = [each.score for each in rollouts if each.score is not None]
    good = sum(measured(score, config.metric) >= config.tuning.threshold for score in scores)
    calls = sum(len(each.trace.calls) for each in rollouts)
    return Averages(
        calls=calls / len(rollouts),
        prompt_tokens=sum(each.totals.prompt_tokens for each in rollouts) / len(rollouts),
        answer_tokens=sum(each.totals.completion_tokens for each in rollouts) / len(rollouts),
        good=(good + 1) / (len(scores) + 2),  # a few rollouts may all be bad or good by chance
        sequences=[[call.stage for call in each.trace.calls] for each in rollouts],
        measured=True,
        source=source,
        seconds=sum(each.seconds for each in rollouts) / len(rollouts),
    )


def _stored(inputs: Inputs, runs: Path) -> Iterator[tuple[Path, list[Rollout]]]:
    """The runs below `runs` of the program with the model, each with its rollouts: first those on the same data; the
    largest first within each kind, which does not depend on the times of files."""
    here = inputs.identity
    matching: dict[bool, list[tuple[Path, list[str]]]] = {True: [], False: []}  # by whether the data are the same
    for run, there in _configs(runs):
        fingerprints = there.get("artifacts") or {}
        arms = [arm for arm, fingerprint in fingerprints.items() if fingerprint == here["start_fingerprint"]]
        if there.get("lm") == here["lm"] and arms:
            matching[there.get("data") == here["data"]].append((run, arms))
    for some in matching.values():
        found = [(run, [each for each in read_rollouts(run) if each.arm in arms]) for run, arms in some]
        yield from sorted(found, key=lambda each: (-len(each[1]), each[0]))


def _configs(runs: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The folders below `runs` that are runs, each with its configuration."""
    for run in runs.glob("*"):
        try:
            yield run, read_config(run)
        except RunError:
            continue


def _prior(inputs: Inputs) -> Averages:
    """Priors: about one call per stage, half of the bounds on repeats, and every program of `sampling`."""
    settings = inputs.manifest.config
    repeats = sum(settings.get(key, 0) for key in ("code_attempts", "public_tries", "ai_fixes"))
    named = stages_of(inputs.program)
    stages = [stage.name for _, stage in named]
    calls = len(stages) + repeats / 2 - (2 if repeats else 0)
    calls += settings.get("programs", 1) - 1 + (settings.get("attempts", 1) - 1) / 2
    answer = PRIOR_THINKING_TOKENS if profile_named(inputs.identity["lm"]).thinks else PRIOR_ANSWER_TOKENS
    length = mean(len(each.text()) for each in inputs.problems.problems)
    shown = sum(len(str(value)) for _, stage in named for demo in stage.predict.demos for value in dict(demo).values())
    prompt = PRIOR_PROMPT_TOKENS + round((length + shown / len(named)) / CHARACTERS_PER_TOKEN)
    return Averages(
        calls=calls,
        prompt_tokens=calls * prompt,
        answer_tokens=calls * answer,
        good=PRIOR_GOOD,
        sequences=[[*stages, *[stages[-1]] * (round(calls) - len(stages))]],
        measured=False,
        source=f"assumptions, because the program was not run yet: {prompt} + {answer} tokens per call, "
        f"{PRIOR_GOOD:.0%} good runs (--pilot N measures them)",
    )
