"""Words for the candidates of a race: demonstrations out of the rollouts that the race has made so far, and
instructions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dspy

from eval.rollouts.run_folder import read_rollouts
from optimize.credit.demo_choice import choose_demos
from optimize.credit.proven import ProvenCalls, proven_calls
from optimize.job.job import Job
from optimize.job.stages import signature_of, stages_of
from optimize.race.variants import Variant
from optimize.undocumented import demonstration
from program.stage.program import Program
from signatures.sentences import SENTENCES, WRITERS


def demo_variants(job: Job, base: Variant, most: int, max_tokens: int) -> list[Variant]:
    """The candidate `base` with one, two, … demonstrations for each stage that has calls which are proven right, out of
    the rollouts that the compilation has made so far; where it has made none, the teacher's are made.

    Args:
        job: the compilation.
        base: its switches stay as they are.
        most: demonstrations of a predictor.
        max_tokens: that all demonstrations of a predictor may have.
    """
    program = base.program(job.inputs)
    folders = [*job.run_folders]
    if not folders:
        job.roll_out()
        folders = [job.folder.path]
    rollouts = [(folder, each) for folder in folders for each in read_rollouts(folder) if not each.trace.lost_calls]
    order = {problem.name: place for place, problem in enumerate(job.problems.problems)}
    rollouts.sort(key=lambda each: (order[each[1].problem], each[1].arm, each[1].sample))
    tuned = {f"{name}.predict" for name, stage in stages_of(program) if stage.name not in job.inputs.frozen}
    proven = {name: calls for name, calls in proven_calls(job, program, rollouts).items() if name in tuned}
    found, seen = [], [dict(base.words)]
    for count in range(1, most + 1):
        words = {**base.words, **_with_demos(program, proven, count, max_tokens)}
        if words not in seen:
            seen.append(words)
            found.append(Variant(base.changes, words, f"demos={count}"))
    return found


def instruction_variants(job: Job, base: Variant) -> list[Variant]:
    """The candidate `base` with each of our further sentences in the instructions of the stages that write programs."""
    writers = [
        f"{name}.predict"
        for name, stage in stages_of(base.program(job.inputs))
        if stage.name in WRITERS and stage.name not in job.inputs.frozen
    ]
    predictors = dict(base.program(job.inputs).named_predictors())
    found = []
    for said, sentence in SENTENCES.items() if writers else ():
        words = dict(base.words)
        for name in writers:
            signature = signature_of(predictors[name])
            changed = signature.with_instructions(f"{signature.instructions.rstrip()} {sentence}")
            words[name] = {**predictors[name].dump_state(), **_state_of(changed)}
        found.append(Variant(base.changes, words, said))
    return found


def with_both(base: Variant, demos: Variant, instructions: Variant) -> Variant:
    """The candidate with the demonstrations of one and the instructions of another, both made from `base`."""
    words = {**base.words, **instructions.words}
    for name, state in demos.words.items():
        words[name] = {**words.get(name, state), "demos": state["demos"]}
    return Variant(base.changes, words, f"{demos.said} {instructions.said}")


def _state_of(signature: Any) -> dict[str, Any]:
    """The part of a predictor's state that is its signature's."""
    return {"signature": dspy.Predict(signature).dump_state()["signature"]}


def shown_in(job: Job, variants: Sequence[Variant]) -> set[str | None]:
    """The names of the problems that demonstrations of these candidates show."""
    states = [state for variant in variants for state in variant.words.values()]
    return {job.problems.shown_in(str(demo.get("problem", ""))) for state in states for demo in state["demos"]}


def _with_demos(program: Program, proven: ProvenCalls, count: int, max_tokens: int) -> dict[str, Any]:
    state = {}
    for name, predictor in program.named_predictors():
        chosen = choose_demos(proven.get(name, []), count, max_tokens)
        if chosen:
            changed = predictor.deepcopy()
            changed.demos = [demonstration(call.step.inputs, call.step.outputs) for call in chosen]
            state[name] = changed.dump_state()
    return state
