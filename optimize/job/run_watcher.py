"""Watches the program runs of DSPy's optimizers: stores a trace of every run, and stops the optimizer if a run failed
for a reason outside the program."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.utils.callback import BaseCallback

from optimize.job.candidates import Candidates
from optimize.undocumented import given_to, mark_of, tag
from program.errors import ModelError
from program.paid.halted import Halted
from program.rollout.context import Purpose, new_trace
from program.rollout.trace import Trace, outage_of


@dataclass(frozen=True)
class ProgramRun:
    """One run of a program inside an optimizer."""

    candidate: str
    problem: str
    trace: Trace

    def name(self) -> str:
        """A fingerprint of all questions and answers, whether paid now or before: 12 hex digits."""
        said = sorted((call.prompt_hash, call.answer) for call in self.trace.calls)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:12]


def run_of(prediction: Any) -> ProgramRun | None:
    """The run of a prediction; None if no watched program made it."""
    return mark_of(prediction)


class RunWatcher(BaseCallback):
    """A DSPy callback, put into `dspy.context(callbacks=[...])` around an optimizer.

    All its errors are `Halted`, because DSPy turns other exceptions of callbacks into warnings.

    Args:
        kind: the class of the watched programs.
        candidates: records them.
        phases: by problem name, the purpose of a run on it; also the `phase` of its paid LM calls.
        given: fields of every run's context, because DSPy's threads do not inherit the caller's context variables.
    """

    def __init__(
        self, kind: type[dspy.Module], candidates: Candidates, phases: dict[str, str], given: Mapping[str, Any]
    ) -> None:
        self._kind = kind
        self._candidates = candidates
        self._phases = phases
        self._given = given
        self._open: dict[str, tuple[ProgramRun, ExitStack]] = {}
        self._lock = threading.Lock()

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        if type(instance) is not self._kind:
            return
        try:
            problem = given_to(inputs)["problem"].name
            stack = ExitStack()
            candidate = self._candidates.name_of(instance)
            purpose = Purpose(self._phases.get(problem, "training"), candidate)
            opened = stack.enter_context(new_trace(**self._given, purpose=purpose))
            run = ProgramRun(candidate, problem, opened)
            with self._lock:
                self._open[call_id] = run, stack
        except Exception as fault:
            raise Halted(fault) from fault

    def on_module_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        with self._lock:
            opened = self._open.pop(call_id, None)
        if opened is None:
            return
        run, stack = opened
        stack.close()
        if isinstance(exception, Exception):
            # Our programs never raise because of a model's answer, so the cause is the judge, a wrong key, or a bug.
            raise Halted(exception) from exception
        if exception is None:
            _refuse_lost(run)
            tag(outputs, run)


def _refuse_lost(run: ProgramRun) -> None:
    """Halt if calls were lost because the LM was out of reach: their answers are unknown, and a resumed compilation
    repeats the calls."""
    if lost := outage_of(run.trace):
        raise Halted(ModelError(f"{run.problem} got no answer ({lost}); the same command resumes"))
