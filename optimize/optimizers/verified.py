"""`verified`: demonstrations only from calls that are proven right, each on its own evidence (`optimize.credit`),
out of rollouts that failed too. No instruction is changed, and no candidate has to be evaluated."""

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
    """of each problem; with more of them more calls are proven, and rankings can be compared"""
    runs: tuple[str, ...] = ()
    """folders of runs on the problems that are compiled on; calls of their rollouts, of any arm, give the
    demonstrations, and no rollout is made"""
    demo_tokens: int = Field(default=2000, ge=1)
    """the most that all demonstrations of one predictor may have, at four characters a token"""
    proof_calls: int = Field(default=PROOF_CALLS, ge=0)
    """programs that may be written to prove words that would be shown; with 0 only what the rollouts prove is"""

    def tune(self, job: Job) -> dspy.Module:
        """The student with the demonstrations; for each, why it was chosen, in `job.evidence`."""
        # A rollout whose LM failed now and then would be asked again.
        whole = [(run, each) for run, each in self._rollouts(job) if not each.trace.lost_calls]
        teacher = job.candidates.name_of(job.teacher)
        for _, rollout in whole:
            if rollout.score is not None and not self.runs:
                value = measured(rollout.score, job.config.metric)
                job.candidates.enter(teacher, rollout.problem, str(rollout.sample), value)
        demos = chosen_demos(job, job.teacher, whole, self.demos, self.demo_tokens, self.proof_calls)
        tuned = job.student.deepcopy()
        for name, predictor in tuned.named_predictors():
            chosen = demos[name]
            predictor.demos = [demonstration(call.step.inputs, call.step.outputs) for call in chosen]
            job.evidence[name] = [call.report() for call in chosen]
        return tuned

    def _rollouts(self, job: Job) -> list[tuple[Path, Rollout]]:
        """The rollouts to learn from with the folder of each."""
        if self.runs:
            return [(Path(run), rollout) for run in self.runs for rollout in job.rollouts_of(Path(run))]
        try:
            job.roll_out(samples=self.rollouts)
        except CapReached as reached:
            job.stopped = str(reached)
        return [(job.folder.path, rollout) for rollout in job.stored_rollouts()]
