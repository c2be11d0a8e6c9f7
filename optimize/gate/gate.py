"""The gate: the last step of every compilation runs its result against its start, with fresh draws, on problems that
gave neither of them a demonstration. What is not found to be ahead is not handed over.

Its rollouts are a run like any other, in the folder `gate` of the compilation: `python -m eval.compare OUT/gate`.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from eval.numbers.cost import price_ratio
from eval.numbers.criteria import outcomes, shares
from eval.rollouts.executor import Arm, Conditions, Threads
from eval.rollouts.loop import run_loop
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import RunFolder, read_config, read_rollouts
from optimize.gate.outcome import Outcome, decide
from optimize.job.inputs import Inputs
from optimize.job.job import Job
from optimize.job.losses import refuse_losses
from program import artifact
from program.artifact import Manifest
from program.problem import Problem
from program.stage.program import Program

FOLDER = "gate"
START, COMPILED = "start", "compiled"
FIRST_SAMPLE = 500  # no optimizer draws so many samples of a problem, so draws from here on are fresh


def gate(job: Job, inputs: Inputs, compiled: Program, out: Path) -> Outcome:
    """Compare `compiled` with the program that the compilation started from.

    Args:
        job: with what the optimizer has run.
        inputs: of the compilation.
        compiled: what the optimizer made; like the start, with every stage visible.
        out: the folder of the compilation.

    Raises:
        Halted: a cap is reached; the rollouts that had ended are stored.
        ModelError: too many rollouts were not judged; the same command goes on.
    """
    arms = [Arm(START, inputs.program), Arm(COMPILED, compiled)]
    prints = {arm.name: artifact.fingerprint(arm.program, inputs.manifest) for arm in arms}
    if len({*prints.values()}) == 1:
        return Outcome(decision="kept", why="the prompts are those of the start")
    problems = gate_problems(job, [arm.program for arm in arms])
    if not problems:
        return Outcome(decision="kept", why="every problem gave a demonstration, so none is left to compare on")
    config = {
        "artifacts": prints,
        **{key: inputs.identity[key] for key in ("data", "split", "data_fingerprint", "lm", "adapter", "code")},
        "problems": [problem.name for problem in problems],
        "samples": job.config.gate_draws,
        **job.problems.rules.model_dump(),
    }
    folder = _fresh(out / FOLDER, config)
    for arm in arms:
        artifact.save(folder.path / "artifacts" / arm.name, arm.program, _manifest(inputs, arm.program))
    rollouts = _rollouts(job, folder, arms, problems)
    refuse_losses(rollouts)
    return outcome_of(rollouts, job.config.gate_draws)


def gate_problems(job: Job, programs: Sequence[Program]) -> list[Problem]:
    """The problems to compare on, in the order of the data: none that a demonstration of one of `programs` shows, as
    that program would have its solution in the prompt; and first those that the optimizer has run least on.
    """
    demos = [demo for program in programs for predictor in program.predictors() for demo in predictor.demos]
    shown = {job.problems.shown_in(str(demo.get("problem", ""))) for demo in demos}
    runs = Counter({name: len(scores) for each in job.candidates.all() for name, scores in each.scores.items()})
    left = [problem for problem in job.problems.problems if problem.name not in shown]
    chosen = sorted(left, key=lambda problem: runs[problem.name])[: job.config.gate_problems]
    return [problem for problem in left if problem in chosen]


def outcome_of(rollouts: Sequence[Rollout], draws: int) -> Outcome:
    """What the rollouts of both programs say."""
    start, compiled = ([each for each in rollouts if each.arm == name] for name in (START, COMPILED))
    before, after = (shares(outcomes(each)) for each in (start, compiled))
    names = sorted(set(before) & set(after))
    if not names:
        return Outcome(decision="kept", why="no problem was judged for both")
    pair = [before[name] for name in names], [after[name] for name in names]
    cost = price_ratio(start, compiled)
    decision, (gain, low, high) = decide(pair, cost.value if cost else None)
    return Outcome(
        decision=decision,
        start=sum(pair[0]) / len(names),
        compiled=sum(pair[1]) / len(names),
        gain=gain,
        interval=(low, high),
        problems=len(names),
        draws=draws,
        cost=cost.value if cost else None,
        unit=cost.unit if cost else "",
    )


def _rollouts(job: Job, folder: RunFolder, arms: Sequence[Arm], problems: Sequence[Problem]) -> list[Rollout]:
    job.paid.phase = "gate"
    part = replace(job.problems, problems=tuple(problems))
    executor = Threads(job.lm, Conditions(pace=job.pace))
    asked = {"samples": job.config.gate_draws, "concurrency": job.config.concurrency, "label": "gate"}
    with closing(run_loop(folder, arms, part, executor, first=FIRST_SAMPLE, **asked)) as loop:
        for _ in loop:
            pass
    return read_rollouts(folder.path)


def _fresh(path: Path, config: dict) -> RunFolder:
    """The folder of the run. One of another result is left behind by a session with a smaller budget; the ledger has
    its answers."""
    if (path / "config.json").is_file() and read_config(path).get("artifacts") != config["artifacts"]:
        shutil.rmtree(path)
    return RunFolder(path, config)


def _manifest(inputs: Inputs, program: Program) -> Manifest:
    return artifact.describe(inputs.manifest.program, program, adapter=inputs.manifest.adapter)
