"""`verified`: demonstrations only from calls that are proven right, each on its own evidence (`optimize.credit`), also
from failed rollouts. Instructions do not change, and no candidates are evaluated."""

from __future__ import annotations

from pathlib import Path

import dspy
from pydantic import Field

from eval.rollouts.rollout import Rollout
from optimize.credit.proofs import PROOF_CALLS
from optimize.credit.proven import chosen_demos
from optimize.job.job import Job
from optimize.job.metric import measured
from optimize.optimizers.bootstrap import Bootstrap
from optimize.undocumented import demonstration
from program.paid.halted import CapReached


class Verified(Bootstrap, frozen=True):
    """Demonstrations from proven calls."""

    demos: int = Field(default=2, ge=1)
    rollouts: int = Field(default=1, ge=1)
    """rollouts per problem; more of them prove more calls, and allow comparisons of rankings"""
    runs: tuple[str, ...] = ()
    """folders of runs on the problems of the compilation; the calls of their rollouts, of all arms, give the
    demonstrations, and no new rollout is made"""
    demo_tokens: int = Field(default=2000, ge=1)
    """maximum tokens of all demonstrations of one predictor, at four characters per token"""
    proof_calls: int = Field(default=PROOF_CALLS, ge=0)
    """maximum programs to write to prove words for demonstrations; 0 to use only words that the rollouts prove"""

    def tune(self, job: Job) -> dspy.Module:
        """The student with the demonstrations; `job.evidence` has the reason for each."""
        # DSPy would repeat a rollout with occasional LM failures.
        whole = [(run, each) for run, each in self._rollouts(job) if not each.trace.lost_calls]
        teacher = job.candidates.name_of(job.teacher)
        for _, rollout in whole:
            if rollout.score is not None and not self.runs:
                value = measured(rollout.score, job.config.metric)
                job.candidates.enter(teacher, rollout.problem, str(rollout.sample), value)
        tuned = job.student.deepcopy()
        names = [name for name, _ in tuned.named_predictors()]
        demos = chosen_demos(job, job.teacher, names, whole, self.demos, self.demo_tokens, self.proof_calls)
        for name, predictor in tuned.named_predictors():
            chosen = demos[name]
            predictor.demos = [demonstration(call.step.inputs, call.step.outputs) for call in chosen]
            job.evidence[name] = [call.report() for call in chosen]
        return tuned

    def _rollouts(self, job: Job) -> list[tuple[Path, Rollout]]:
        """The rollouts to learn from, each with its folder."""
        if self.runs:
            return [(Path(run), rollout) for run in self.runs for rollout in job.rollouts_of(Path(run))]
        try:
            job.roll_out(samples=self.rollouts)
        except CapReached as reached:
            job.stopped = reached.said
        return [(job.folder.path, rollout) for rollout in job.stored_rollouts()]
