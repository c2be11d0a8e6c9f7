"""The probe: about 100 calls that measure in advance, lever by lever, what compiling can gain.

Every lever is tried on the same few problems; the most promising one then runs on more problems.
`benchmarks.numbers.probes` measures with the simulated LM how often the right lever is named, and how often one is
named although nothing gains.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from eval.rejudged.reading_headroom import readings_of
from eval.rollouts.rollout import Rollout
from eval.rollouts.trace_files import read_calls
from optimize.config import ConfigError
from optimize.job.job import Job
from optimize.probe.lever_findings import LeverFinding, ProbeArm, finding
from optimize.probe.levers_to_probe import (
    BOTH,
    DEMOS,
    FIX,
    LEVERS,
    ONE,
    READ,
    SENTENCE,
    STRONGER_FIX,
    STRONGER_LEVERS,
    THREE,
    TWO,
    Lever,
    shapes,
)
from optimize.race.variants import Variant
from optimize.race.word_variants import demo_variants, instruction_variants, with_both
from program.problem import Problem
from program.stage.program import Program
from program.steps.config import FlowConfig

FEWEST_PROBED = 8  # minimum problems for every lever
SCREENED, SETTLED = 12, 4  # calls of the probe per problem: for all levers, and at most for a single lever
OVERTIME = 1.3  # most calls, times those asked for, as long as a gain may be shown and none is
STEP = 5  # next problems for the most promising lever
DEMONSTRATIONS, DEMO_TOKENS = 3, 2000
SAID = "check-example"  # the sentence that represents instructions
WORDS = (SENTENCE, DEMOS, BOTH)


def flow_config(program: Program) -> FlowConfig:
    """The configuration of the program to probe.

    Raises:
        ConfigError: the program is not the flow.
    """
    if not isinstance(program.config, FlowConfig):
        raise ConfigError("--probe tries the switches of the flow, so --start must be a flow")
    return program.config


class _Probe:
    """The programs of a probe and their runs, one run per step, so that a step reads only the results of earlier steps,
    also after a resume."""

    def __init__(self, job: Job, problems: Sequence[Problem]) -> None:
        config = flow_config(job.inputs.program)
        self._job, self._problems = job, problems
        stronger = job.stronger is not None
        self.levers = (*LEVERS, *STRONGER_LEVERS) if stronger else LEVERS
        self._variants = {name: Variant(change) for name, change in shapes(config, stronger).items()}
        self._shown: set[str] = set()
        self._rollouts: dict[Path, list[Rollout]] = {}
        self._otherwise: dict[str, float] = {}  # by problem; see `_read_otherwise`

    def step(self, name: str, arms: Collection[str]) -> Callable[[Collection[str], int], None]:
        """Begin a step with the existing ones of these arms; returns a function that runs some of them on the first
        problems."""
        programs = {arm: self._variants[arm].program(self._job.inputs) for arm in arms if arm in self._variants}
        problems = [each for each in self._problems if arms != WORDS or each.name not in self._shown]
        if not programs or not problems:
            return lambda some, end: None
        runs = self._job.program_runs(name, programs, problems, samples=1)

        def run(some: Collection[str], end: int) -> None:
            count = sum(each in problems for each in self._problems[:end])
            self._rollouts[runs.path] = runs.run([arm for arm in some if arm in programs], count)

        return run

    def write_words(self) -> None:
        """Make the programs with other words; demonstrations are right draws."""
        job, base = self._job, self._variants[ONE]
        sentence = next((each for each in instruction_variants(job, base) if each.said == SAID), None)
        demos = next(
            reversed(demo_variants(job, base, self._problems, DEMONSTRATIONS, DEMO_TOKENS, proof_calls=0)), None
        )
        if sentence:
            self._variants[SENTENCE] = sentence
        if demos:
            self._variants[DEMOS] = demos
            self._shown = job.shown_by(demo for _, shown in demos.words.values() for demo in shown)
        if sentence and demos:
            self._variants[BOTH] = with_both(base, demos, sentence)

    def findings(self) -> list[LeverFinding]:
        """The findings on every lever, in the order of `levers`."""
        arms = {name: self._arm(name) for name in self._variants}
        arms[READ] = self._read_otherwise(arms[ONE])
        return [finding(lever, arms) for lever in self.levers]

    def calls(self) -> int:
        """The number of paid calls; prompts that several arms share are paid once."""
        most: Counter[tuple[str, str, str]] = Counter()
        for rollout in self._all():
            most |= Counter((rollout.problem, call.model, call.prompt_hash) for call in rollout.trace.calls)
        return most.total()

    def _all(self) -> list[Rollout]:
        return [rollout for rollouts in self._rollouts.values() for rollout in rollouts]

    def _arm(self, name: str) -> ProbeArm:
        some = [each for each in self._all() if each.arm == name and each.score]
        return ProbeArm(
            {each.problem: float(each.status == "solved") for each in some},
            {each.problem: float(len(each.trace.calls)) for each in some},
        )

    def _read_otherwise(self, drawn: ProbeArm) -> ProbeArm:
        """The solved rate of one draw if a right reading of every answer were chosen, if there is any."""
        for path, rollouts in self._rollouts.items():
            for each in rollouts:
                if each.arm == ONE and each.score and each.problem not in self._otherwise:
                    self._otherwise[each.problem] = self._best_read(path, each)
        return ProbeArm(self._otherwise, drawn.calls)

    def _best_read(self, path: Path, rollout: Rollout) -> float:
        """Whether some reading of an answer of a rollout is right; a solved rollout needs no reading."""
        if rollout.status == "solved":
            return 1.0
        problem = self._job.problems.problem(rollout.problem)
        readings = dict.fromkeys(
            code for call in read_calls(path, *rollout.key()) for code in readings_of(call, problem)
        )
        return float(any(self._job.metric.score(problem, code).solved for code in readings))


def probe(job: Job, calls: int) -> list[LeverFinding]:
    """Try every lever on some problems, then repeatedly the one that may still gain most, on further problems.

    Args:
        job: a compilation of the flow; only its problems, models and start are used.
        calls: approximate number of LM calls.

    Returns:
        The findings on each of `LEVERS`, and of `STRONGER_LEVERS` if a stronger model is named.

    Raises:
        ConfigError: the program is not the flow.
        Halted: a cap is reached; finished rollouts are stored.
    """
    shown = job.shown_in(job.inputs.program)
    left = [problem for problem in job.learn if problem.name not in shown]
    order = random.Random(job.config.seed).sample(left, len(left))
    most = min(len(order), max(FEWEST_PROBED, calls // SETTLED))
    screened = min(most, max(FEWEST_PROBED, calls // SCREENED))
    probe = _Probe(job, order[:most])
    draws = (ONE, TWO, THREE, FIX, *([STRONGER_FIX] if job.stronger else []))
    probe.step("probe-draws", draws)(draws, screened)
    probe.write_words()
    reached = {lever: _tried_on(lever, screened) for lever in probe.levers}
    shaped = [arm for lever in probe.levers if lever.kind == "shape" for arm in lever.pairs[0]]
    run_shapes = probe.step("probe-shapes", dict.fromkeys([*draws, *shaped]))
    run_words = probe.step("probe-words", WORDS)
    run_words(WORDS, screened)
    for lever, count in reached.items():
        if lever.kind == "shape" and count:
            run_shapes([arm for arm in lever.pairs[0] if arm not in draws], count)
    while (made := probe.calls()) < OVERTIME * calls:
        findings = probe.findings()
        if made >= calls and any(each.shown for each in findings):
            break
        open_ones = [each for each in findings if reached[each.lever] < most and (made < calls or each.may_be_shown)]
        if not open_ones:
            break
        lever = max(open_ones, key=lambda each: each.gain.high if each.problems else -1.0).lever
        reached[lever] = min(most, reached[lever] + STEP)
        for run in (run_shapes, run_words):
            run(lever.pairs[0], reached[lever])
    return probe.findings()


def _tried_on(lever: Lever, screened: int) -> int:
    """Number of first problems for a lever; 0 if they would be too few."""
    count = int(lever.share * screened)
    return count if count >= FEWEST_PROBED // 2 else 0
