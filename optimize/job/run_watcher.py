"""Looks on while DSPy's optimizers run programs: keeps a trace of every run, and stops the optimizer where a run
failed for a reason that is no fault of the program."""

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
    """One run of a program inside of an optimizer."""

    candidate: str
    problem: str
    trace: Trace

    def name(self) -> str:
        """Tells apart what was asked and answered, whether it was paid for now or before: 12 hex digits."""
        said = sorted((call.prompt_hash, call.answer) for call in self.trace.calls)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:12]


def run_of(prediction: Any) -> ProgramRun | None:
    """The run a prediction came from; None for one that no watched program made."""
    return mark_of(prediction)


class RunWatcher(BaseCallback):
    """A DSPy callback, put into `dspy.context(callbacks=[...])` around an optimizer.

    What it raises it raises as `Halted`: DSPy writes other exceptions of callbacks off with a warning.

    Args:
        kind: the class of the programs to be looked at.
        candidates: where they are entered.
        phases: by problem name, what a run on it is for; also the `phase` its LM calls are paid under.
        given: to every run, fields of its context; DSPy's threads see nothing of the caller's context variables.
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
            # No program of ours raises for what a model says, so this is the judge, a wrong key, or a bug.
            raise Halted(exception) from exception
        if exception is None:
            _refuse_lost(run)
            tag(outputs, run)


def _refuse_lost(run: ProgramRun) -> None:
    """An LM out of reach is no answer of the program's: nobody knows what the lost calls would have brought, and a
    compilation that is started again asks them."""
    if lost := outage_of(run.trace):
        raise Halted(ModelError(f"{run.problem} was not answered ({lost}); start again to go on"))
