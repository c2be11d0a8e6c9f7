"""The interface of a compilation for optimizers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import dspy

from eval.data.problem_set import ProblemSet
from eval.rollouts.executor import Arm, Conditions, Threads
from eval.rollouts.loop import run_loop
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import RunFolder, read_rollouts
from eval.rollouts.stored_arms import read_run
from eval.rollouts.trace_files import refuse_lost_traces
from optimize.config import CompileConfig, ConfigError
from optimize.job.candidates import Candidates, RaceLine
from optimize.job.dspy_runs import dspy_run
from optimize.job.examples import examples
from optimize.job.inputs import Inputs
from optimize.job.losses import refuse_losses
from optimize.job.metric import HiddenPassRate
from optimize.job.program_runs import ProgramRuns
from optimize.job.proposal_adapter import ProposalAdapter
from optimize.job.run_watcher import RunWatcher
from optimize.job.stages import freeze, stages_of
from program.paid.paid_calls import PaidCalls
from program.problem import Problem
from program.rollout.context import within
from program.rollout.rate_limits import Pace
from program.stage.program import Program
from program.stage.stage import Stage

TEACHER = "teacher"  # the arm of its rollouts
FIRST_FRESH_DRAW = 500  # optimizers draw fewer samples of a problem, so draws from here on are fresh
AnyJob = TypeVar("AnyJob", bound="Job")


@dataclass
class Job:
    """One compilation, as its optimizer sees it.

    inputs: of the compilation.
    student: the program to tune; its tuned stages have no demonstrations.
    metric: of one prediction.
    lm, teacher_lm, prompt_lm: of the program, of the teacher, and of the optimizer's own questions.
    paid: counts the cost of all LM calls.
    candidates: records every program that is tried.
    folder: where the teacher's rollouts are stored.
    stronger, repairer: further models of programs, as in `program.rollout.context`.
    stopped: why the optimizer ended early; empty if it did not.
    pace: retries of refused requests and their waits; `paid` limits the number of requests.
    proposals: the adapter of the optimizer's own questions; counts dropped proposals.
    evidence: by predictor, for each demonstration in order, why it was chosen.
    dropped: the demonstrations that were rejected before the gate, each with the reason.
    raced: the results of every candidate of a race, in order.
    run_folders: of the runs of several programs so far.
    rolled_out: the problems of the teacher's rollouts; a pilot in an earlier session may have stored others.
    reserve: keeps back the gate's part of the budget, given the rollouts of the likely result.
    rehearsed: whether this is only a rehearsal; see `optimize.forecast.rehearsal`.
    """

    config: CompileConfig
    inputs: Inputs
    student: Program
    metric: HiddenPassRate
    lm: dspy.LM
    teacher_lm: dspy.LM
    prompt_lm: dspy.LM
    paid: PaidCalls
    candidates: Candidates
    folder: RunFolder
    pace: Pace
    stronger: dspy.LM | None = None
    repairer: dspy.LM | None = None
    stopped: str = ""
    proposals: ProposalAdapter = field(default_factory=ProposalAdapter)
    evidence: dict[str, list[dict]] = field(default_factory=dict)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    raced: list[RaceLine] = field(default_factory=list)
    run_folders: list[Path] = field(default_factory=list)
    rolled_out: set[str] = field(default_factory=set)
    reserve: Callable[[Sequence[Rollout]], object] = lambda _: None
    rehearsed: ClassVar[bool] = False

    @property
    def teacher(self) -> Program:
        """The original program, with its demonstrations."""
        return self.inputs.program

    @property
    def problems(self) -> ProblemSet:
        """All problems, for look-ups."""
        return self.inputs.problems

    @property
    def learn(self) -> list[Problem]:
        """The problems to learn from."""
        return self.inputs.learn

    @property
    def choose(self) -> list[Problem]:
        """The problems to choose candidates by; empty if no choice is made."""
        return self.inputs.choose

    @property
    def adapter(self) -> dspy.Adapter:
        """The adapter of the program's prompts."""
        assert self.teacher.adapter is not None, "an artifact names its adapter"
        return self.teacher.adapter

    @property
    def learn_examples(self) -> list[dspy.Example]:
        return examples(self.learn)

    @property
    def choose_examples(self) -> list[dspy.Example]:
        return examples(self.choose)

    @property
    def _conditions(self) -> Conditions:
        return Conditions(pace=self.pace, stronger=self.stronger, repairer=self.repairer)

    @property
    def token_weights(self) -> dict[str, float]:
        """The cost of a token of each stronger model, in tokens of the usual model."""
        others = {each.model for each in (self.stronger, self.repairer) if each} - {self.lm.model}
        return dict.fromkeys(sorted(others), self.config.stronger_tokens)

    def tuned(self, program: Program) -> list[tuple[str, Stage]]:
        """The tuned stages of a program with the names of their predictors, in its order; a program of another shape
        may have stages that the start does not have."""
        only, frozen = self.config.only, self.inputs.frozen
        named = stages_of(program)
        return [each for each in named if each[1].name not in frozen and (not only or each[1].name in only)]

    def roll_out(
        self,
        samples: int = 1,
        enough: Callable[[Sequence[Rollout]], bool] = lambda _: False,
        problems: Sequence[Problem] | None = None,
    ) -> list[Rollout]:
        """The teacher's rollouts on the problems to learn from, run in parallel and stored. Stored ones are not run
        again.

        Args:
            samples: per problem.
            problems: only these problems; None for all.
            enough: tells from the rollouts so far whether more would be useless.

        Raises:
            Halted: a cap is reached; finished rollouts are stored.
        """
        self.paid.phase = "training"
        arm = Arm(TEACHER, self.teacher)
        part = replace(self.problems, problems=tuple(self.learn if problems is None else problems))
        self.rolled_out |= {problem.name for problem in part.problems}
        loop = run_loop(
            self.folder,
            [arm],
            part,
            Threads(self.teacher_lm, self._conditions),
            samples=samples,
            concurrency=self.config.concurrency,
            label="training",
        )
        done: list[Rollout] = []
        with closing(loop):
            for rollout in loop:
                done.append(rollout)
                if enough(done):
                    break
        self.paid.phase = "proposals"
        return self.stored_rollouts()

    def refuse_losses(self) -> None:
        """Refuse to continue if outages lost too many of the teacher's rollouts that were asked for.

        Raises:
            ModelError: the same command retries them.
        """
        refuse_losses([each for each in read_rollouts(self.folder.path) if each.problem in self.rolled_out])

    def program_runs(
        self, name: str, programs: Mapping[str, Program], problems: Sequence[Problem], samples: int, first: int = 0
    ) -> ProgramRuns:
        """The run of some programs in the folder `name` of the compilation, which is also the phase's name; see
        `ProgramRuns`."""
        self.paid.phase = name
        self.run_folders.append(self.folder.path.parent / name)
        executor = Threads(self.lm, self._conditions)
        asked = {"samples": samples, "first": first, "concurrency": self.config.concurrency}
        return ProgramRuns(self.folder.path.parent / name, self.inputs, programs, problems, executor, **asked)

    def foresee(self, phase: str, calls: int) -> None:
        """Announce that a phase makes at most `calls` calls, but the exact number is unknown; only a rehearsal counts
        them."""

    def foresee_runs(self, phase: str, runs: int) -> None:
        """Announce that a phase runs programs at most so often; only a rehearsal counts them."""

    def shown_by(self, demos: Iterable[Any]) -> set[str]:
        """The names of the problems in demonstrations, and of problems with the same text under another name."""
        shown = {name for demo in demos if (name := self.problems.shown_in(str(demo.get("problem", ""))))}
        asked = {self.problems.problem(name).asked() for name in shown}
        return {problem.name for problem in self.problems.problems if asked and problem.asked() in asked}

    def shown_in(self, *programs: dspy.Module) -> set[str]:
        """Like `shown_by`, for the demonstrations of programs."""
        predictors = [predictor for each in programs for predictor in each.predictors()]
        return self.shown_by(demo for predictor in predictors for demo in predictor.demos)

    def stored_rollouts(self) -> list[Rollout]:
        """The teacher's judged rollouts, in the order of the problems.

        Raises:
            RunError: a trace is missing.
        """
        return self._in_order(self.folder.path, read_rollouts(self.folder.path))

    def rollouts_of(self, run: Path) -> list[Rollout]:
        """The judged rollouts of a run of `eval.run` on the problems to learn from, in the order of the problems.

        Raises:
            ConfigError, RunError: it is not a run, or a run over other data, or a trace is missing.
        """
        config, rollouts = read_run(run)
        if (config["split"], config["data_fingerprint"]) != (self.problems.split, self.problems.fingerprint):
            here = f"{self.problems.data} {self.problems.split}"
            raise ConfigError(f"{run} is a run over {config['data']} {config['split']}, not over {here}")
        return self._in_order(run, rollouts)

    def _in_order(self, run: Path, rollouts: Sequence[Rollout]) -> list[Rollout]:
        """The judged rollouts of `run` on the problems to learn from, each with its trace."""
        order = {problem.name: place for place, problem in enumerate(self.learn)}
        judged = [each for each in rollouts if each.status != "not judged" and each.problem in order]
        refuse_lost_traces(run, judged)
        return sorted(judged, key=lambda each: (order[each.problem], each.sample))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Everything that runs programs or asks for proposals must be inside this block."""
        phases = {problem.name: "evaluation" for problem in self.choose}
        given = {"rate_limiter": self.pace, "stronger": self.stronger, "repairer": self.repairer}
        watch = RunWatcher(type(self.student), self.candidates, phases, given)
        with (
            dspy.context(lm=self.lm, adapter=self.proposals, callbacks=[watch]),
            dspy_run(self.folder.path / "optimizer.log"),
            within(rate_limiter=self.pace),
        ):
            yield


def new_job(
    kind: type[AnyJob],
    config: CompileConfig,
    inputs: Inputs,
    *,
    metric: Callable[[Candidates], HiddenPassRate],
    paid: Any,
    folder: Any,
    pace: Pace,
    lms: dict[str, dspy.LM],
    changed: Callable[[Candidates], None] = lambda _: None,
) -> AnyJob:
    """A job of class `kind` over `inputs`, with a metric for its candidates and the models by role. `changed` is called
    after every score. From now on, the frozen stages of `inputs.program` are hidden."""
    learn, choose = inputs.learn, inputs.choose
    freeze(inputs.program, inputs.frozen)
    required = len(choose) or min(len(learn), config.tuning.batch or len(learn))
    candidates = Candidates([problem.name for problem in choose or learn], required, changed)
    return kind(
        config=config,
        inputs=inputs,
        student=inputs.program.reset_copy(),
        metric=metric(candidates),
        paid=paid,
        candidates=candidates,
        folder=folder,
        pace=pace,
        lm=lms["lm"],
        teacher_lm=lms["teacher_lm"],
        prompt_lm=lms["prompt_lm"],
        stronger=lms.get("escalate_lm"),
        repairer=lms.get("repair_lm"),
    )
