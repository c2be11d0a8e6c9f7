"""All undocumented behaviour of DSPy's optimizers that `optimize` relies on. Each has its own test in
`tests/whole/test_dspy_contract.py`, so that an upgrade shows what broke."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dspy
import dspy.evaluate.evaluate as evaluating
import dspy.predict.parallel as running
import numpy as np
from dspy.propose import GroundedProposer
from dspy.utils.parallelizer import ParallelExecutor

from eval.undocumented import PRESENT

# Assumed: `dspy.Evaluate` and `dspy.Parallel`, which all optimizers use to run programs in parallel, look up the
# executor under this name in their modules when they are called.
EXECUTING: tuple[Any, ...] = (evaluating, running)
# The answer fields with a proposal.
PROPOSALS = ("new_instruction", "proposed_instruction", "module_advice")
# The field in COPRO's later rounds, and its label of one attempt.
ATTEMPTS, ATTEMPT = "attempted_instructions", "Instruction #"


@contextmanager
def submitted_once() -> Iterator[None]:
    """Inside the block, DSPy submits a task only once, and no task is running when a call returns or raises."""
    own = [module.ParallelExecutor for module in EXECUTING]
    for module in EXECUTING:
        module.ParallelExecutor = SubmitOnce
    try:
        yield
    finally:
        for module, before in zip(EXECUTING, own, strict=True):
            module.ParallelExecutor = before


class SubmitOnce(ParallelExecutor):
    """DSPy submits a task again if it takes 120 s and few others are left, so a slow problem would run twice;
    `dspy.Evaluate` has no option for it. If an optimizer is halted, DSPy also leaves tasks running, which would
    continue to run programs unobserved."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "timeout": 0})  # assumed: this switches it off

    def execute(self, function: Callable[[Any], Any], data: Sequence[Any]) -> Any:
        """The results; returns or raises only when no task is running."""
        running, changed = 0, threading.Condition()

        def counted(item: Any) -> Any:
            nonlocal running
            with changed:
                if self.cancel_jobs.is_set():
                    return None
                running += 1
            try:
                return function(item)
            finally:
                with changed:
                    running -= 1
                    changed.notify_all()

        try:
            return super().execute(counted, data)
        except BaseException:
            with changed:
                self.cancel_jobs.set()  # assumed: once this is set, no further task begins
            raise
        finally:
            with changed:
                changed.wait_for(lambda: running == 0)


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Restores the state of the process's random generators at the end of the block: DSPy draws a name for every new
    predictor, and optimizers draw too."""
    before, numpys = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpys)


@contextmanager
def verbosity_kept() -> Iterator[None]:
    """Restores optuna's verbosity at the end of the block; DSPy's optimizer silences optuna."""
    import optuna

    before = optuna.logging.get_verbosity()
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def hide(stage: dspy.Module, hidden: bool) -> None:
    """Hide a stage from optimizers, or show it again: optimizers skip modules that are marked as compiled. So do
    saving, loading and `set_lm`."""
    stage._compiled = hidden


def given_to(inputs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a module call by name, from the inputs of a callback."""
    return inputs["kwargs"]


def tag(outputs: Any, mark: Any) -> None:
    """Mark the output of a program in a callback, for later readers of the prediction."""
    # Assumed: while GEPA traces a program, the program returns its prediction and its trace; predictions keep
    # attributes with an underscore separate from their fields; and the metric gets the same prediction object.
    prediction = outputs[0] if isinstance(outputs, tuple) else outputs
    prediction._mark = mark


def mark_of(prediction: Any) -> Any:
    """The mark of a prediction; None if it has none."""
    return getattr(prediction, "_mark", None)


def demonstration(inputs: dict[str, Any], outputs: dict[str, Any]) -> dspy.Example:
    """A call as a demonstration, marked as unlabelled like DSPy's own demonstrations."""
    return dspy.Example(augmented=True, **inputs, **outputs)


def posing_as(kind: type, **members: Any) -> type:
    """A subclass with the name of `kind`, because optimizers that read a program's source look it up by name."""
    return type(kind.__name__, (kind,), {"__module__": kind.__module__, "__qualname__": kind.__qualname__, **members})


def mipro_proposals(
    program: dspy.Module, lm: dspy.LM, examples: Sequence[Any], demos: Sequence[Sequence[Any]], count: int, seed: int
) -> list[str]:
    """Instructions from the proposer of DSPy's MIPROv2, for the only visible predictor of `program`.

    Args:
        program: see `hide`.
        lm: the proposing model.
        examples: of the data.
        demos: sets of demonstrations; each proposal but the first gets one.
        count: number of proposals.
        seed: of the tips and of the draws.
    """
    proposer = GroundedProposer(
        prompt_model=lm,
        program=program,
        trainset=examples,
        use_dataset_summary=False,
        program_aware=False,
        use_instruct_history=False,
        set_history_randomly=False,
        rng=random.Random(seed),
    )
    # Assumed: both use the predictor's index, and a proposal with the first set gets no demonstrations.
    sets = {0: [[], *(demos[number % len(demos)] for number in range(count))][:count]} if demos else None
    proposed: Any = proposer.propose_instructions_for_program(examples, program, sets, {}, count)
    return proposed.get(0, [])


def asks_for_proposal(signature: type[dspy.Signature]) -> bool:
    """Whether an optimizer asks for an instruction, or for advice for one."""
    return any(name in PROPOSALS for name in signature.output_fields)


def without_proposal(inputs: dict[str, Any]) -> dict[str, str]:
    """The answer instead of a proposal: the current instruction in each proposal field, so that no new candidate has to
    be paid for."""
    present = next((inputs[name] for name in PRESENT if inputs.get(name)), None) or _best_attempt(inputs)
    return dict.fromkeys(PROPOSALS, present)


def _best_attempt(inputs: dict[str, Any]) -> str:
    """The last instruction in COPRO's list, which is the best."""
    listed = [said for said in inputs.get(ATTEMPTS, []) if said.startswith(ATTEMPT)]
    return listed[-1].partition(": ")[2] if listed else ""
