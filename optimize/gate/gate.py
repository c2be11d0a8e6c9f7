"""The gate: the last step of every compilation compares its result with its start, with fresh draws, on problems that
are in no demonstration of either. A result that is not ahead is not shipped. If the outcome is open, they are compared
on the same amount again.

Its rollouts are runs like any other, in the folders `gate` and `gate-more` of the compilation:
`python -m eval.compare OUT/gate`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from eval.numbers.cost import price_ratio
from eval.numbers.criteria import outcomes, shares
from eval.numbers.paired import on_common
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import read_rollouts
from optimize.gate.gate_outcome import Outcome, decide
from optimize.job.copying import Copying, copying_in
from optimize.job.job import FIRST_FRESH_DRAW, Job
from optimize.job.program_runs import remove_run
from optimize.job.stages import stages_of
from program import artifact
from program.paid.halted import CapReached
from program.problem import Problem
from program.stage.program import Program
from signatures.sentences import SENTENCE_STAGES

FOLDER, MORE = "gate", "gate-more"
START, COMPILED = "start", "compiled"
GATE_LOOKS = 2  # at most: the second is on as many problems again


def gate(job: Job, compiled: Program) -> Outcome:
    """Compare `compiled` with the program that the compilation started from. Runs of an earlier session with a smaller
    budget that this comparison does not use are removed.

    Args:
        job: knows what the optimizer has run.
        compiled: the optimizer's result; like the start, with every stage visible.

    Raises:
        Halted: a cap is reached; finished rollouts are stored.
        ModelError: too many rollouts were not judged; the same command resumes.
    """
    outcome, folders = _compared(job, compiled)
    if not job.stopped:
        for name in {FOLDER, MORE} - {*folders}:
            remove_run(job.folder.path.parent / name)
    return outcome.model_copy(update={"copied": _copied(job, folders)})


def _compared(job: Job, compiled: Program) -> tuple[Outcome, list[str]]:
    """The outcome, and the folders of its runs."""
    programs = {START: job.inputs.program, COMPILED: compiled}
    if len({artifact.fingerprint(program, job.inputs.manifest) for program in programs.values()}) == 1:
        return Outcome(decision="kept", why="the prompts are those of the start", stopped=job.stopped), []
    problems, more = gate_problems(job, [*programs.values()])
    if not problems:
        why = "every problem gave a demonstration"
        if any(map(repeats_its_draws, programs.values())):
            why = f"at temperature 0 every draw is the same, and {why} or was run before"
        return Outcome(decision="kept", why=f"{why}, so none is left to compare on", stopped=job.stopped), []
    draws = job.config.gate_draws
    runs = job.program_runs(FOLDER, programs, problems, draws, FIRST_FRESH_DRAW)
    rollouts = runs.run(programs, draws * len(problems))
    outcome = outcome_of(rollouts, job.token_weights)
    folders = [FOLDER]
    if outcome.is_open:
        try:
            further = job.program_runs(MORE, programs, more, draws, FIRST_FRESH_DRAW + draws)
            outcome = outcome_of([*rollouts, *further.run(programs, draws * len(more))], job.token_weights)
            folders.append(MORE)
        except CapReached as reached:
            job.stopped = reached.said
    return outcome, folders


def gate_rollouts(compilation: Path) -> list[Rollout]:
    """The rollouts of the start and of the compiled program in a compilation's gate; empty if there was no
    comparison."""
    folders = [compilation / name for name in (FOLDER, MORE) if (compilation / name).is_dir()]
    return [each for folder in folders for each in read_rollouts(folder)]


def _copied(job: Job, folders: Sequence[str]) -> dict[str, Copying]:
    """What each stage of the compiled program copied from its demonstrations in these runs."""
    found: dict[str, Copying] = {}
    for path in (job.folder.path.parent / name for name in folders):
        compiled = [each for each in read_rollouts(path) if each.arm == COMPILED]
        for stage, copying in copying_in(path, compiled).items():
            found[stage] = found.get(stage, Copying()) + copying
    return found


def gate_problems(job: Job, programs: Sequence[Program]) -> tuple[list[Problem], list[Problem]]:
    """The problems for the comparison, and those for a second one if the first is open: others if there are enough,
    else the same.

    They are in the order of the data, with the problems that the optimizer ran least first. Problems in a demonstration
    of one of `programs` are left out, because that program would have the solution in its prompt. If a program repeats
    its draws, problems that the optimizer has run on are left out too.
    """
    shown = job.shown_in(*programs)
    runs = Counter(name for each in job.candidates.all() for name, scores in each.scores.items() for _ in scores)
    runs.update(rollout.problem for folder in job.run_folders for rollout in read_rollouts(folder))
    left = [problem for problem in job.problems.problems if problem.name not in shown]
    if any(map(repeats_its_draws, programs)):
        left = [problem for problem in left if not runs[problem.name]]
    count, fresh = job.config.gate_problems, sorted(left, key=lambda problem: runs[problem.name])
    parts = fresh[:count], fresh[count : GATE_LOOKS * count]
    first, second = ([problem for problem in left if problem in part] for part in parts)
    return first, second if len(second) == len(first) else first


def repeats_its_draws(program: Program) -> bool:
    """Whether the program writes code at temperature 0, so that every draw of a problem is the same."""
    return any(stage.name in SENTENCE_STAGES and stage.temperature == 0 for _, stage in stages_of(program))


def outcome_of(rollouts: Sequence[Rollout], weights: Mapping[str, float] | None = None) -> Outcome:
    """The outcome of the rollouts of both programs; for `weights` see `price_ratio`."""
    start, compiled = ([each for each in rollouts if each.arm == name] for name in (START, COMPILED))
    names, pair = on_common(*(shares(outcomes(each)) for each in (start, compiled)))
    if not names:
        return Outcome(decision="kept", why="no problem was judged for both")
    cost = price_ratio(start, compiled, weights)
    decision, (gain, low, high) = decide(pair, cost.value if cost else None)
    return Outcome(
        decision=decision,
        start=sum(pair[0]) / len(names),
        compiled=sum(pair[1]) / len(names),
        gain=gain,
        interval=(low, high),
        problems=len(names),
        draws=-(-len(start) // len(names)),
        cost=cost.value if cost else None,
        unit=cost.unit if cost else "",
    )
