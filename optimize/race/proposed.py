"""Instructions for the candidates of a race, written by DSPy's proposers of GEPA and MIPRO for the stage that loses
most solves. Their questions are paid like those of the optimizers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import dspy
from dspy.teleprompt.gepa import InstructionProposer

from eval.data.problem_set import ProblemSet
from optimize.credit.credit import credit_of
from optimize.credit.episodes import stored_episodes
from optimize.credit.evidence import Credit, Episode, Step
from optimize.credit.outcome import feedback
from optimize.job.candidates import Prompt, prompts_of
from optimize.job.copying import word_runs
from optimize.job.job import Job
from optimize.job.stages import hide_all_but
from optimize.race.variants import Variant
from optimize.race.word_variants import of_base, rollouts_so_far
from optimize.undocumented import mipro_proposals
from program.adapters.sections import plain
from program.problem import Problem
from program.stage.program import Program
from signatures.sentences import SENTENCE_STAGES

SHOWN = 3  # calls that GEPA's proposer sees, each on another problem
REPEATED = 12  # words in a row that a proposal may not share with one problem's text or a hidden test
LOOKED_AT = 2000  # checked characters of a hidden test; some have megabytes


class JudgedCall(NamedTuple):
    """A call with its credit.

    solved: whether its rollout solved the problem.
    score: of the rollout.
    """

    step: Step
    credit: Credit
    episode: Episode
    solved: bool
    score: Any


def proposed_variants(
    job: Job, base: Variant, problems: Sequence[Problem], count: int, with_demos: Sequence[Variant]
) -> list[Variant]:
    """The candidate `base` with each of `count` proposed instructions, half by the proposer of GEPA, half by MIPRO's.

    A proposal is no candidate if it equals the current instruction or an earlier proposal, or if it repeats the text of
    a problem or a hidden test.

    Args:
        job: the compilation.
        base: its switches and its other words do not change.
        problems: of the race; its rollouts on them are the evidence.
        count: number of proposals.
        with_demos: candidates with demonstrations for MIPRO's proposer.
    """
    program = base.program(job.inputs)
    calls = [] if job.rehearsed else _calls_of(job, base, problems, program)
    name = costliest(calls) if calls else _first_writer(job, program)
    if name is None:
        return []
    job.paid.phase = "proposals"
    prompts = prompts_of(program)
    asked, demos = prompts[name]
    shown = [words[name][1] for words in (each.words for each in with_demos) if name in words]
    with job.running():
        by_gepa = _gepa(job, name, asked, [each for each in calls if each.step.predictor == name], count - count // 2)
        by_mipro = _mipro(job, program, name, shown, count // 2)
        proposed = [*by_gepa, *by_mipro]
    found: dict[str, Prompt] = {}
    taken = {asked}
    for said, text in proposed:
        if text and text not in taken and not _refused(job, text, asked):
            found[said] = text, demos
        taken.add(text)
    return [Variant(base.changes, {**base.words, name: prompt}, said) for said, prompt in found.items()]


def _calls_of(job: Job, base: Variant, problems: Sequence[Problem], program: Program) -> list[JudgedCall]:
    """The calls of the candidate's rollouts with known credit, in tuned stages."""
    rollouts = [each for each in of_base(base, rollouts_so_far(job, problems)) if each[1].score]
    tuned = {name for name, _ in job.tuned(program)}
    episodes = stored_episodes(job, program, rollouts)
    with ThreadPoolExecutor(job.config.concurrency) as threads:
        credits = list(threads.map(lambda episode: [credit_of(step, episode) for step in episode.steps], episodes))
    return [
        JudgedCall(step, credit, episode, rollout.status == "solved", rollout.score)
        for (_, rollout), episode, some in zip(rollouts, episodes, credits, strict=True)
        for step, credit in zip(episode.steps, some, strict=True)
        if credit is not None and step.predictor in tuned
    ]


def costliest(calls: Sequence[JudgedCall]) -> str | None:
    """The predictor with the largest difference in missing credit per rollout between failed and solved rollouts; None
    if no difference is positive."""
    rollouts = Counter({solved: len({id(c.episode) for c in calls if c.solved == solved}) for solved in (False, True)})
    lacking: dict[str, dict[bool, float]] = defaultdict(lambda: {False: 0.0, True: 0.0})
    for step, credit, _, solved, _ in calls:
        lacking[step.predictor][solved] += (1 - credit.score) / rollouts[solved]
    costs = {name: lack[False] - lack[True] for name, lack in lacking.items()}
    name = max(costs, key=lambda each: costs[each], default=None)
    return name if name is not None and costs[name] > 0 else None


def _first_writer(job: Job, program: Program) -> str | None:
    """The first stage that writes programs, for the case without rollouts."""
    return next((name for name, stage in job.tuned(program) if stage.name in SENTENCE_STAGES), None)


def _gepa(job: Job, name: str, asked: str, calls: Sequence[JudgedCall], count: int) -> Iterator[tuple[str, str]]:
    """Proposals from wrong calls and their feedback."""
    wrong = [_example(each) for each in worst_calls(calls)]
    for number in range(count):
        begin = number * SHOWN % max(1, len(wrong))
        dataset = {name: [*wrong[begin:], *wrong[:begin]][:SHOWN]}
        with dspy.context(lm=job.prompt_lm.copy(rollout_id=number)):
            try:
                proposed = InstructionProposer(adapter=job.proposals)({name: asked}, dataset, [name])
            except ValueError:  # an empty answer; the proposer refuses nothing else
                job.proposals.dropped += 1
                continue
        yield f"gepa-{number + 1}", proposed[name]


def worst_calls(calls: Sequence[JudgedCall]) -> list[JudgedCall]:
    """The worst wrong call of each problem in failed rollouts, the worst first."""
    found: dict[str, JudgedCall] = {}
    for each in sorted(calls, key=lambda each: each.credit.score):
        if not each.solved and each.credit.score < 1:
            found.setdefault(each.episode.problem.name, each)
    return list(found.values())


def _example(judged: JudgedCall) -> dict[str, Any]:
    """A call in the form for GEPA's proposer."""
    said = feedback(judged.credit.evidence, judged.score, judged.episode.words)
    return {"Inputs": plain(judged.step.inputs), "Generated Outputs": plain(judged.step.outputs), "Feedback": said}


def _mipro(
    job: Job, program: Program, name: str, shown: Sequence[Sequence[Any]], count: int
) -> Iterator[tuple[str, str]]:
    """Proposals from the current instruction, a tip, and demonstrations if there are any."""
    alone = program.deepcopy()
    hide_all_but(alone, name)
    proposed = mipro_proposals(alone, job.prompt_lm, job.learn_examples, shown, count, job.config.seed)
    for number, text in enumerate(proposed, 1):
        yield f"mipro-{number}", text


def _refused(job: Job, text: str, asked: str) -> bool:
    """Whether a proposal repeats text that would reveal answers; also counts it."""
    refused = repeats(text, asked, job.problems)
    job.proposals.refused += refused
    return refused


def repeats(text: str, asked: str, problems: ProblemSet) -> bool:
    """Whether an instruction has a run of words that the current one lacks, in common with a hidden test or with the
    text of exactly one problem; text of several problems is common wording."""
    runs = word_runs(text, REPEATED) - word_runs(asked, REPEATED)
    if not runs:
        return False
    said = Counter(run for problem in problems.problems for run in word_runs(problem.text(), REPEATED) & runs)
    tests = (test for problem in problems.problems for test in problems.hidden(problem.name).all())
    hidden = (f"{test.input[:LOOKED_AT]} {test.output[:LOOKED_AT]}" for test in tests)
    return 1 in said.values() or any(runs & word_runs(each, REPEATED) for each in hidden)
