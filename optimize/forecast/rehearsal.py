"""Predict an optimizer's requests by running it on a stand-in for the program, which answers at no cost.

The optimizer is the real one, so its algorithm is not implemented twice. The stand-ins:

- A run of the program calls its stages in the order of a stored rollout. Instructions, demonstrations and inputs
  identify a call, and its inputs contain the previous answer, so a change of one stage makes all later calls new. Only
  new calls are counted, because the ledger has the others.
- A problem is solved as in a stored rollout, or else at random with the average rate. Other prompts than the start's
  give the same result, except for a share `CHANGED` of the problems, which are drawn again.
- A proposal is the current instruction with a remark.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import ceil
from pathlib import Path
from statistics import fmean
from types import SimpleNamespace
from typing import Any, cast

import dspy

from eval.rollouts.rollout import Rollout
from eval.rollouts.score import Score, SetResult, Status
from eval.simulated.proposals import propose
from optimize.config import CompileConfig
from optimize.credit.earned import PHASE as COPYING
from optimize.forecast.averages import Averages
from optimize.gate.gate import COMPILED, MORE, START, gate_problems
from optimize.gate.gate import FOLDER as GATE
from optimize.job.candidates import prompts_of
from optimize.job.inputs import Inputs
from optimize.job.job import FIRST_FRESH_DRAW, TEACHER, Job, new_job
from optimize.job.metric import HiddenPassRate, measured
from optimize.job.stages import signature_of, stages_of
from optimize.optimizers.optimizer import optimizer_of
from optimize.undocumented import posing_as
from program.models.scripted import scripted_lm
from program.problem import Problem
from program.rollout.context import Purpose, context
from program.rollout.rate_limits import Pace
from program.stage.program import Program

CHANGED = 0.15  # a prior: share of problems that are drawn again if prompts change


@dataclass
class PhaseCount:
    """The requests of one phase.

    runs: program runs with at least one new call.
    calls: new calls of stages.
    demos: demonstrations in the prompts of all these calls together, besides those of the start, which are in the
        averages.
    proposals: calls of the optimizer itself.
    at_most: whether the numbers are only upper bounds.
    """

    runs: int = 0
    calls: int = 0
    demos: float = 0
    proposals: int = 0
    at_most: bool = False


def rehearse(
    config: CompileConfig, inputs: Inputs, average: Averages, known: dict[str, Score]
) -> dict[str, PhaseCount]:
    """The requests of each phase of the optimizer, in order of their beginning.

    Args:
        config, inputs: of the compilation.
        average: of a run of the program.
        known: existing scores of the start program, by problem.
    """
    own = _shown(inputs.program)
    count = _Count(own)
    answers, lm = _Answers(_Count(own)), scripted_lm(count.propose)
    good = {name: measured(score, config.metric) >= config.tuning.threshold for name, score in known.items()}
    chance = _Chance(average.good, good)
    with tempfile.TemporaryDirectory() as folder:
        job = new_job(
            _RehearsedJob,
            config,
            replace(inputs, program=_stand_in(config, inputs, average, answers)),
            metric=lambda candidates: HiddenPassRate(inputs.problems, config.metric, candidates, chance.score),
            paid=count,
            folder=SimpleNamespace(path=Path(folder)),  # gets what DSPy prints
            pace=Pace(),
            lms={"lm": lm, "teacher_lm": lm, "prompt_lm": lm},
        )
        job.average = average
        with dspy.context(lm=lm):
            chance.starts = {
                each(problem).code for each in (job.student, job.teacher) for problem in job.learn + job.choose
            }
        answers.count = count  # from here on
        tuned = optimizer_of(config).tune(job)
        if config.gate and config.tuning.demos:
            calls = config.copy_answers * len(prompts_of(job.student))
            shown = max(_shown(cast(Program, tuned)), config.tuning.likely_demos)
            count.phases[COPYING] = PhaseCount(calls=calls, demos=calls * count.further(shown), at_most=True)
        if config.gate:  # whether the real optimizer changes the prompts is unknown
            programs = {START: job.teacher, COMPILED: cast(Program, tuned)}
            problems, more = gate_problems(job, [*programs.values()])
            draws = config.gate_draws
            runs = job.program_runs(GATE, programs, problems, draws, FIRST_FRESH_DRAW)
            runs.run(programs, draws * len(problems))
            if problems:  # whether the first look leaves the outcome open is unknown
                first, share = count.phases[GATE], len(more) / len(problems)
                numbers = (round(each * share) for each in (first.runs, first.calls, first.demos))
                count.phases[MORE] = PhaseCount(*numbers, at_most=True)
    return dict(count.phases)


class _Count:
    """Counts new calls by phase. Thread-safe.

    Args:
        own: demonstrations in a prompt of the start, on average.

    Attributes:
        phase: of calls outside program runs; see `PaidCalls`.
    """

    def __init__(self, own: float) -> None:
        self.phase, self._own = "proposals", own
        self.phases: dict[str, PhaseCount] = defaultdict(PhaseCount)
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def call(self, name: str, demos: float) -> None:
        """A call of a stage with so many demonstrations."""
        with self._lock:
            if name not in self._seen:
                self._seen.add(name)
                asked = self._asked()
                asked.calls, asked.demos = asked.calls + 1, asked.demos + self.further(demos)

    def further(self, demos: float) -> float:
        """How many of the demonstrations of a prompt the start's prompts do not have."""
        return max(0.0, demos - self._own)

    def run(self, name: str) -> None:
        """A run of the program that ended in the call `name`."""
        with self._lock:
            if f"run {name}" not in self._seen:
                self._seen.add(f"run {name}")
                self._asked().runs += 1

    def propose(self, prompt: str) -> str:
        """Count a question of the optimizer and return the answer."""
        with self._lock:
            asked = self._asked()
            asked.proposals += 1
            number = sum(each.proposals for each in self.phases.values())
        return propose(prompt, prompt, random.Random(number)) or f"Remark {number}."

    def _asked(self) -> PhaseCount:
        return self.phases[(context().purpose or Purpose(self.phase)).phase]


class _Answers(dspy.Adapter):
    """Answers a stage without an LM, with a text that depends on the whole question."""

    def __init__(self, count: _Count) -> None:
        super().__init__()
        self.count = count

    def __deepcopy__(self, memo: dict[int, Any]) -> _Answers:
        """Returns itself, so that copies of the program count together."""
        return self

    def __call__(self, lm: Any, lm_kwargs: Any, signature: Any, demos: Any, inputs: Any) -> list[dict[str, Any]]:
        draws = [each.get("rollout_id") for each in (lm.kwargs, lm_kwargs)]
        name = _digest(signature.instructions, [dict(demo) for demo in demos], inputs, draws)
        self.count.call(name, len(demos))
        return [dict.fromkeys(signature.output_fields, name)]


def _stand_in(config: CompileConfig, inputs: Inputs, average: Averages, answers: _Answers) -> Program:
    """The program with its stages and prompts; each run calls the stages in the order of a stored rollout, within the
    budget of a run."""
    places = inputs.problems.places()
    within = average.within(inputs.program.config.budget, config.lm).calls
    most = max(1, round(within)) if within < average.calls else None

    def forward(self: dspy.Module, problem: Problem, sample: int = 0) -> dspy.Prediction:
        ask = {stage.name: stage.predict for _, stage in stages_of(self)}
        said = [""]
        for number, name in enumerate(average.sequences[places[problem.name] % len(average.sequences)][:most]):
            fields = dict.fromkeys(signature_of(ask[name]).input_fields, said[-1])
            answer = ask[name](**{**fields, "problem": problem.text()}, config={"rollout_id": (sample, number)})
            said.append(next(iter(answer.values())))
        code = _digest(said)
        answers.count.run(code)
        return dspy.Prediction(code=code)

    made = inputs.program.deepcopy()
    made.adapter = answers
    made.__class__ = posing_as(type(made), forward=forward)
    return made


class _Chance:
    """Which programs solve which problems; deterministic.

    Args:
        good: share of problems that the start program solves.
        known: whether it solves a problem, if known.

    Attributes:
        starts: the codes that the start program returns.
    """

    def __init__(self, good: float, known: dict[str, bool]) -> None:
        self._good, self._known = good, known
        self.starts: set[str] = set()

    def score(self, problem: Problem, code: str) -> Score:
        solved = self._known.get(problem.name, self._draw(problem.name) < self._good)
        if code not in self.starts and self._draw("changed", problem.name, code) < CHANGED:
            solved = self._draw(problem.name, code) < self._good
        tests = SetResult(passed=int(solved), total=1, verdict="AC" if solved else "WA")
        rate = float(solved)
        return Score(public=tests, private=tests, generated=tests, hidden_rate=rate, solved=solved, judge_seconds=0.0)

    @staticmethod
    def _draw(*of: str) -> float:
        return int(_digest(*of), 16) / 16**12


class _RehearsedJob(Job):
    """A job with rollouts that cost nothing and are not stored."""

    rehearsed = True
    average: Averages  # of a run

    def roll_out(
        self,
        samples: int = 1,
        enough: Callable[[Sequence[Rollout]], bool] = lambda _: False,
        problems: Sequence[Problem] | None = None,
    ) -> list[Rollout]:
        self.paid.phase = "training"
        asked = self.learn if problems is None else problems
        left = [(problem, sample) for problem in asked for sample in range(samples)]
        done: list[Rollout] = []
        with dspy.context(lm=self.lm):
            while left and not enough(done):
                done.append(self._rollout(*left.pop(0)))
            for running in left[: self.config.concurrency - 1]:  # running ones still end, as in the real loop
                self._rollout(*running)
        self.paid.phase = "proposals"
        return []

    def program_runs(
        self, name: str, programs: Mapping[str, Program], problems: Sequence[Problem], samples: int, first: int = 0
    ) -> Any:
        self.paid.phase = name
        self.run_folders.append(self.folder.path / name)
        tasks = [(problem.name, sample) for sample in range(first, first + samples) for problem in problems]
        return SimpleNamespace(
            run=lambda names, some, step="": self._run({arm: programs[arm] for arm in names}, tasks[:some])
        )

    def _run(self, programs: Mapping[str, Program], tasks: Sequence[tuple[str, int]]) -> list[Rollout]:
        """Run each program on each problem and draw, with the average number of calls within its budget. It is unknown
        which prompts different programs share, so none are shared."""
        found, count = [], cast(_Count, self.paid)
        shown = {arm: _shown(program) for arm, program in programs.items()}
        if COMPILED in shown:  # the stand-in may have fewer demonstrations than the real optimizer's result
            shown[COMPILED] = max(shown[COMPILED], self.config.tuning.likely_demos)
        for arm, (problem, sample) in product(programs, tasks):
            each = arm, problem, sample
            for number in range(round(self.average.within(programs[arm].config.budget, self.config.lm).calls)):
                count.call(_digest(each, number), shown[arm])
            count.run(_digest(each))
            score = self.metric.score(self.problems.problem(problem), _digest(each))
            found.append(Rollout(arm=arm, problem=problem, sample=sample, status=_status(score), score=score))
        return found

    def foresee(self, phase: str, calls: int) -> None:
        cast(_Count, self.paid).phases[phase] = PhaseCount(calls=calls, at_most=True)

    def foresee_runs(self, phase: str, runs: int) -> None:
        calls = self.average.within(self.inputs.program.config.budget, self.config.lm).calls
        cast(_Count, self.paid).phases[phase] = PhaseCount(runs=runs, calls=ceil(runs * calls), at_most=True)

    def rollouts_of(self, run: Path) -> list[Rollout]:
        return []

    def _rollout(self, problem: Problem, sample: int) -> Rollout:
        score = self.metric.score(problem, self.teacher(problem=problem, sample=sample).code)
        return Rollout(arm=TEACHER, problem=problem.name, sample=sample, status=_status(score), score=score)


def _shown(program: Program) -> float:
    """The mean number of demonstrations in a prompt of its stages."""
    return fmean(len(stage.predict.demos) for _, stage in stages_of(program))


def _status(score: Score) -> Status:
    return "solved" if score.solved else "failed"


def _digest(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()[:12]
