"""Further programs to prove words for demonstrations, written by the stage that reads the words: with and without
them."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, islice

from optimize.credit.contrast import Contrast
from optimize.credit.demo_choice import ProvenCall
from optimize.credit.of_plans import WORDS
from optimize.job.job import FIRST_FRESH_DRAW, Job
from optimize.job.stage_answers import StageQuestion, stage_answers
from optimize.job.stages import stages_of
from program.paid.halted import CapReached
from program.stage.program import Program
from signatures.answer_fields import PROGRAM_FIELD

PHASE = "proofs"
PROOF_CALLS = 100  # default


def foresee_proofs(job: Job, program: Program, calls: int) -> None:
    """Announce that up to `calls` programs may be written for words, if `program` has stages that answer in words."""
    if any(stage.name in WORDS for _, stage in stages_of(program)):
        job.foresee(PHASE, calls)


class Proofs:
    """Proves words, as long as it may write programs.

    Args:
        job: the compilation; its teacher model writes the programs.
        program: has the stages that write them.
        calls: programs that may be written.
    """

    def __init__(self, job: Job, program: Program, calls: int) -> None:
        self._job = job
        self._program = program
        self._left = calls
        self._kept = 0  # reserved for later ones
        self._writers = {stage.name for _, stage in stages_of(program)}
        foresee_proofs(job, program, calls)

    def share(self, among: int) -> None:
        """From now on, use only an equal part of the remaining programs, for `among` predictors."""
        self._kept = self._left * (among - 1) // among if among else 0

    def prove(self, call: ProvenCall) -> ProvenCall | None:
        """The call with its current credit, or None if its words are not proven. After a cap no words are.

        Raises:
            Halted: the model is out of reach.
        """
        contrast = call.contrast
        if contrast is None:
            return call
        if contrast.writer not in self._writers or sum(contrast.missing) > self._left - self._kept:
            return None
        # Programs without the words first, because they often show that nothing can be proven.
        try:
            for with_words in (False, True):
                if contrast.may_show:
                    contrast = self._with_more(contrast, with_words)
        except CapReached as reached:
            self._job.stopped, self._left = reached.said, 0
            return None
        if not contrast.shows:
            return None
        credit = contrast.credit
        evidence = (*call.credit.evidence[:-1], *credit.evidence)  # the last one was about the programs so far
        return replace(call, credit=replace(credit, evidence=evidence), contrast=None)

    def _with_more(self, contrast: Contrast, with_words: bool) -> Contrast:
        asked = [contrast.asked] if with_words else contrast.without
        missing = contrast.missing[0 if with_words else 1]
        self._left -= missing
        inputs = islice(cycle(asked), missing)
        questions = [StageQuestion(contrast.problem, each, FIRST_FRESH_DRAW + n) for n, each in enumerate(inputs)]
        answers = stage_answers(self._job, self._program, self._job.teacher_lm, contrast.writer, questions, PHASE)
        field = PROGRAM_FIELD[contrast.writer]
        codes = [each.prediction[field] if each.prediction else "" for each in answers]
        return contrast.and_more(codes, with_words)
