"""`bootstrap_rs`: several sets of bootstrapped demonstrations, the best by the problems set aside; DSPy's
`BootstrapFewShotWithRandomSearch`."""

from __future__ import annotations

import math
from collections import Counter

import dspy
from pydantic import Field

from optimize.expected import Expected, Sizes, different
from optimize.job.job import Job
from optimize.optimizers import bootstrap


class Options(bootstrap.Options):
    """What `bootstrap_rs` reads, besides the keys of `bootstrap`.

    candidates: sets that are drawn; besides them the program without demonstrations and the set in the order of the
        data are tried.
    choose: share of the problems that candidates are chosen by; the others give demonstrations.
    """

    demos: int = Field(default=2, ge=1)
    candidates: int = Field(default=3, ge=1)
    choose: float = Field(default=0.5, gt=0, lt=1)


def expected(options: Options, sizes: Sizes) -> list[Expected]:
    good = sizes.good_runs
    # A set that is to be larger than there are good rollouts is one of all of them.
    counts = Counter(min(size, good) for size in range(1, options.demos + 1)) if good else {}
    drawn = (1 + options.candidates) / options.demos
    sets = sum(different(drawn * often, math.perm(good, size)) for size, often in counts.items())
    return [
        Expected("training", runs=sizes.train),
        Expected("evaluation", runs=sizes.val * (1 + sets), demos=options.demos * sets / (1 + sets)),
    ]


def tune(job: Job, options: Options) -> dspy.Module:
    """The best of the candidates."""
    job.roll_out()  # all sets are made from the same rollouts of the teacher
    with job.running():
        optimizer = dspy.BootstrapFewShotWithRandomSearch(
            metric=job.metric,
            metric_threshold=options.threshold,
            max_bootstrapped_demos=options.demos,
            max_labeled_demos=0,
            num_candidate_programs=options.candidates,
            num_threads=job.config.concurrency,
            max_errors=1,
            teacher_settings={"lm": job.teacher_lm},
        )
        return optimizer.compile(
            job.student, teacher=job.teacher, trainset=job.learn_examples, valset=job.choose_examples
        )
