"""The last check of a compiled program's demonstrations, for every optimizer: drop those with a false claim, and those
from which the stage copies text in answers about other problems."""

from __future__ import annotations

from collections.abc import Iterator

from eval.rollouts.run_folder import read_config, read_rollouts
from eval.rollouts.trace_files import read_calls
from optimize.credit.episodes import episode_of, typed
from optimize.credit.evidence import Step
from optimize.credit.false_claims import false_claims
from optimize.job.copying import copied_from, copying_of, demonstrated
from optimize.job.job import Job
from optimize.job.stage_answers import StageQuestion, stage_answers
from optimize.job.stages import signature_of
from program import artifact
from program.rollout.trace import Call, Trace
from program.stage.program import Program
from program.stage.stage import Stage

PHASE = "copying"
# Share of a stage's copying answers above which its demonstrations count as templates. Even answers without any
# demonstration share a run of words with one in up to 40 % of cases, because small models say the same about every
# problem (docs/measured/copying.md).
MOST_COPIED = 0.5


def with_earned_demos(job: Job, program: Program) -> Program:
    """A copy of a program without rejected demonstrations, which are recorded in `job.dropped`. Stages that were not
    tuned do not change.

    Args:
        job: the compilation; its model gives at most `copy_answers` answers of each stage with demonstrations, and
            again after some are dropped.
        program: with every stage visible.

    Raises:
        Halted: a cap is reached, or the model is out of reach.
    """
    made = program.deepcopy()
    shown = job.shown_in(made)
    for name, stage in job.tuned(made):
        _drop_false(job, made, name, stage)
        _drop_copied(job, made, name, stage, shown)
    return made


def _drop_false(job: Job, program: Program, predictor: str, stage: Stage) -> None:
    signature = signature_of(stage.predict)
    why: dict[int, str] = {}
    for place, demo in enumerate(stage.predict.demos):
        name = job.problems.shown_in(str(demo.get("problem", "")))
        if name is not None and all(field in demo for field in signature.fields):
            episode = episode_of(job, program, job.problems.problem(name), Trace())
            fields = (typed(signature, demo, each) for each in (signature.input_fields, signature.output_fields))
            if found := false_claims(Step(stage.name, predictor, *fields), episode):
                why[place] = found[0]
    _drop(job, predictor, stage, why)


def _drop_copied(job: Job, program: Program, predictor: str, stage: Stage, shown: set[str]) -> None:
    """Drop demonstrations that answers copy from, until at most `MOST_COPIED` of the answers copy."""
    signature = signature_of(stage.predict)
    while stage.predict.demos and job.config.copy_answers:
        questions = list(_questions(job, program, stage, shown))
        answered = stage_answers(job, program, job.lm, stage.name, questions, PHASE)
        calls = [call for answer in answered for call in answer.calls]
        copying = copying_of(calls).get(stage.name)
        if copying is None or copying.share <= MOST_COPIED:
            return
        said = f"{copying.copied} of {copying.answers} answers on other problems copy"
        texts = {demonstrated(call)[place] for call in calls for place in copied_from(call)}
        # Adapters may reorder demonstrations. If no text matches, any of them may be the source.
        own = [job.adapter.format_assistant_message_content(signature, demo) for demo in stage.predict.demos]
        places = [place for place, text in enumerate(own) if text in texts] or range(len(own))
        _drop(job, predictor, stage, dict.fromkeys(places, said))


def _drop(job: Job, predictor: str, stage: Stage, why: dict[int, str]) -> None:
    demos, evidence = stage.predict.demos, job.evidence.get(predictor, [])
    for place in sorted(why):
        problem = job.problems.shown_in(str(demos[place].get("problem", "")))
        job.dropped.append({"predictor": predictor, "problem": problem, "why": why[place]})
    stage.predict.demos = [demo for place, demo in enumerate(demos) if place not in why]
    if predictor in job.evidence:
        job.evidence[predictor] = [each for place, each in enumerate(evidence) if place not in why]


def _questions(job: Job, program: Program, stage: Stage, shown: set[str]) -> Iterator[StageQuestion]:
    """The stage's first questions in stored rollouts of problems that are in no demonstration, one per problem, at most
    `copy_answers`; those of the program itself come first, because their answers are in the ledger."""
    signature, seen = signature_of(stage.predict), set(shown)
    for call, problem in _stored(job, program, stage.name):
        if len(seen) - len(shown) >= job.config.copy_answers:
            return
        if problem not in seen and problem in job.problems:
            seen.add(problem)
            yield StageQuestion(job.problems.problem(problem), typed(signature, call.inputs, signature.input_fields))


def _stored(job: Job, program: Program, stage: str) -> Iterator[tuple[Call, str]]:
    order = job.problems.places()
    own = artifact.fingerprint(program, job.inputs.manifest)
    for folder in reversed([job.folder.path, *job.run_folders]):
        names = read_config(folder).get("artifacts", {})
        stored = sorted(read_rollouts(folder), key=lambda each: (order.get(each.problem, 0), each.key()))
        for rollout in sorted(stored, key=lambda each: names.get(each.arm) != own):
            calls = read_calls(folder, *rollout.key())
            if asked := next((call for call in calls if call.stage == stage and call.inputs), None):
                yield asked, rollout.problem
