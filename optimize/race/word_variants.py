"""Words for the candidates of a race: demonstrations from the race's rollouts so far, and instructions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import read_rollouts
from optimize.credit.proven import chosen_demos
from optimize.job.candidates import prompts_of
from optimize.job.job import TEACHER, Job
from optimize.race.variants import DEMOS, Variant
from optimize.undocumented import demonstration
from program.problem import Problem
from signatures.sentences import SENTENCE_STAGES, SENTENCES


def demo_variants(
    job: Job, base: Variant, problems: Sequence[Problem], most: int, max_tokens: int, proof_calls: int
) -> list[Variant]:
    """The candidate `base` with one, two, … demonstrations for each of its stages with proven calls, from the
    compilation's rollouts so far. A stage that `base` did not call, for example after many draws, gets none.
    `job.evidence` has the reason for each.

    Args:
        job: the compilation.
        base: its switches do not change.
        problems: of the race.
        most: maximum demonstrations per predictor.
        max_tokens: of all demonstrations of a predictor.
        proof_calls: maximum programs to write to prove words.
    """
    program = base.program(job.inputs)
    rollouts = rollouts_so_far(job, problems)
    own = of_base(base, rollouts)
    called = {call.stage for _, rollout in own for call in rollout.trace.calls}
    names = [name for name, stage in job.tuned(program) if stage.name in called or not own]
    demos = chosen_demos(job, program, names, rollouts, most, max_tokens, proof_calls)
    job.evidence.update({name: [call.report() for call in calls] for name, calls in demos.items()})
    found, seen = [], [dict(base.words)]
    for count in range(1, most + 1):
        words = dict(base.words)
        for name, (instructions, _) in prompts_of(program).items():
            if chosen := demos.get(name, [])[:count]:
                words[name] = instructions, [demonstration(call.step.inputs, call.step.outputs) for call in chosen]
        if words not in seen:
            seen.append(words)
            found.append(Variant(base.changes, words, f"{DEMOS}{count}"))
    return found


def rollouts_so_far(job: Job, problems: Sequence[Problem]) -> list[tuple[Path, Rollout]]:
    """The runs of several programs so far on these problems, or else the teacher's; each with the folder of its run."""
    folders = job.run_folders or [job.folder.path]
    names = {problem.name for problem in problems}  # a pilot may have run others, which are left to the gate
    stored = [(folder, each) for folder in folders for each in read_rollouts(folder) if each.problem in names]
    found = [each for each in stored if not each[1].trace.lost_calls]
    return sorted(found, key=lambda each: (each[1].arm, each[1].sample))


def of_base(base: Variant, rollouts: Sequence[tuple[Path, Rollout]]) -> list[tuple[Path, Rollout]]:
    """The rollouts of the candidate itself, or the teacher's, which is the start."""
    return [each for each in rollouts if each[1].arm in (base.name, TEACHER)]


def instruction_variants(job: Job, base: Variant) -> list[Variant]:
    """The candidate `base` with each of our further sentences, in the instructions of the stages that write
    programs."""
    program = base.program(job.inputs)
    writers = {name for name, stage in job.tuned(program) if stage.name in SENTENCE_STAGES}
    prompts = {name: prompt for name, prompt in prompts_of(program).items() if name in writers}
    found = []
    for said, sentence in SENTENCES.items() if prompts else ():
        words = {name: (f"{asked.rstrip()} {sentence}", demos) for name, (asked, demos) in prompts.items()}
        found.append(Variant(base.changes, {**base.words, **words}, said))
    return found


def with_both(base: Variant, demos: Variant, instructions: Variant) -> Variant:
    """The candidate with the demonstrations of one and the instructions of another, both made from `base`."""
    words = {**demos.words, **instructions.words}
    for name, (_, shown) in demos.words.items():
        words[name] = words[name][0], shown
    return Variant(base.changes, words, f"{demos.said} {instructions.said}")
