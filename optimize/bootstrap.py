"""`bootstrap`: demonstrations from the program's own good rollouts, by `dspy.BootstrapFewShot`.

DSPy's optimizer goes through the training problems one by one. Here the same rollouts are first run side by side, with
every LM answer in a cache on disk and every rollout in a file; DSPy's optimizer then finds all answers in the cache.
So a killed compilation goes on where it stopped, and the result is what DSPy alone would give.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import dspy

from eval.data import ProblemSet
from eval.loop import Arm, run_loop
from eval.rollout import Rollout
from eval.run_folder import RunFolder
from optimize.config import CompileConfig
from optimize.examples import trainset
from optimize.metric import Accept, HiddenPassRate


def compile_bootstrap(
    program: dspy.Module,
    adapter: dspy.Adapter,
    lm: dspy.LM,
    problems: ProblemSet,
    config: CompileConfig,
    folder: RunFolder,
) -> dspy.Module:
    """A copy of `program` whose predictors have up to `config.demos` demonstrations.

    Args:
        program: its own demonstrations, if any, help to make the new ones and are then dropped.
        adapter: of the artifact.
        lm: with its cache on; plays the teacher.
        problems: the training problems.
        config: of the compilation.
        folder: where the training rollouts are stored.
    """
    arm = Arm("teacher", program, adapter)
    rollouts = run_loop(folder, [arm], problems, lm, concurrency=config.concurrency, label="bootstrap")
    with closing(rollouts):
        _run_until_enough(rollouts, [problem.name for problem in problems.problems], config)
    # Without `max_labeled_demos=0` raw examples, which have no stage outputs, would fill up the demonstrations.
    optimizer = dspy.BootstrapFewShot(
        metric=Accept(HiddenPassRate(problems), config.threshold),
        max_bootstrapped_demos=config.demos,
        max_labeled_demos=0,
        max_rounds=1,
        max_errors=1,
    )
    with dspy.context(lm=lm, adapter=adapter):
        return optimizer.compile(program, trainset=trainset(problems))


def _run_until_enough(rollouts: Iterator[Rollout], order: list[str], config: CompileConfig) -> None:
    """Run until the optimizer, which goes in order, will find enough good rollouts; more would be paid for nothing."""
    good: dict[str, bool] = {}
    for rollout in rollouts:
        good[rollout.problem] = rollout.score is not None and rollout.score.hidden_rate >= config.threshold
        found = 0
        for name in order:
            if name not in good:
                break
            found += good[name]
            if found >= config.demos:
                return
