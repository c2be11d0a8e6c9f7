"""All that `optimize` takes for granted about DSPy's optimizers and they do not document; each is checked by a test of
its own in `tests/whole/test_dspy_contract.py`, so that an upgrade names what broke."""

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

# Assumed: `dspy.Evaluate` and `dspy.Parallel`, by which all optimizers run programs side by side, find what does so in
# their modules under this name when they are called.
EXECUTING: tuple[Any, ...] = (evaluating, running)
# The fields in which optimizers get a proposal, and those in which their question holds the present instruction.
PROPOSALS = ("new_instruction", "proposed_instruction", "module_advice")
PRESENT = ("current_instruction", "basic_instruction")
ATTEMPTS, ATTEMPT = "attempted_instructions", "Instruction #"  # those of COPRO's later rounds, and how one is listed


@contextmanager
def submitted_once() -> Iterator[None]:
    """Inside of the block DSPy submits a task once, and none is running when a call returns or raises."""
    own = [module.ParallelExecutor for module in EXECUTING]
    for module in EXECUTING:
        module.ParallelExecutor = SubmitOnce
    try:
        yield
    finally:
        for module, before in zip(EXECUTING, own, strict=True):
            module.ParallelExecutor = before


class SubmitOnce(ParallelExecutor):
    """DSPy submits a task once more when it takes 120 s and few others are left, so that a slow problem would be run
    twice; `dspy.Evaluate` has no switch for it. And where an optimizer is halted it leaves tasks running, which would
    still run programs when nobody looks any more."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "timeout": 0})  # assumed: which switches it off

    def execute(self, function: Callable[[Any], Any], data: Sequence[Any]) -> Any:
        """The results; returns or raises when no task is running."""
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
                self.cancel_jobs.set()  # assumed: where this is set no further task begins
            raise
        finally:
            with changed:
                changed.wait_for(lambda: running == 0)


@contextmanager
def random_state_kept() -> Iterator[None]:
    """At the end of the block the random numbers of the process go on as if nothing had been drawn: DSPy draws a name
    for every predictor that is made, and optimizers draw."""
    before, numpys = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpys)


@contextmanager
def verbosity_kept() -> Iterator[None]:
    """At the end of the block optuna says as much as before; DSPy's optimizer tells it to be silent."""
    import optuna

    before = optuna.logging.get_verbosity()
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def hide(stage: dspy.Module, hidden: bool) -> None:
    """Hide a stage from optimizers, or show it again: they leave alone what says of itself that it is compiled. So do
    saving, loading and `set_lm`."""
    stage._compiled = hidden


def given_to(inputs: dict[str, Any]) -> dict[str, Any]:
    """The arguments a module was called with by name, out of what a callback gets."""
    return inputs["kwargs"]


def tag(outputs: Any, mark: Any) -> None:
    """Mark what a program has returned, as a callback gets it, for whoever gets the prediction later."""
    # Assumed: while GEPA traces a program, it returns its prediction and its trace; predictions keep an attribute with
    # an underscore apart from their fields; and the metric gets the very prediction.
    prediction = outputs[0] if isinstance(outputs, tuple) else outputs
    prediction._mark = mark


def mark_of(prediction: Any) -> Any:
    """The mark of a prediction; None where it has none."""
    return getattr(prediction, "_mark", None)


def demonstration(inputs: dict[str, Any], outputs: dict[str, Any]) -> dspy.Example:
    """A call as a demonstration, which says, as DSPy's do, that no one has labelled it."""
    return dspy.Example(augmented=True, **inputs, **outputs)


def posing_as(kind: type, **members: Any) -> type:
    """A subclass that goes by the name of `kind`, by which optimizers that read a program's source find it."""
    return type(kind.__name__, (kind,), {"__module__": kind.__module__, "__qualname__": kind.__qualname__, **members})


def mipro_proposals(
    program: dspy.Module, lm: dspy.LM, examples: Sequence[Any], demos: Sequence[Sequence[Any]], count: int, seed: int
) -> list[str]:
    """Instructions by the proposer of DSPy's MIPROv2 for the one predictor of `program` that is not hidden.

    Args:
        program: see `hide`.
        lm: that proposes.
        examples: of the data.
        demos: sets of demonstrations, of which each proposal but the first is shown one.
        count: how many.
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
    # Assumed: both ways predictors go by their number, and a proposal with the first set is shown none of it.
    sets = {0: [[], *(demos[number % len(demos)] for number in range(count))][:count]} if demos else None
    proposed: Any = proposer.propose_instructions_for_program(examples, program, sets, {}, count)
    return proposed.get(0, [])


def asks_for_proposal(signature: type[dspy.Signature]) -> bool:
    """Whether an optimizer asks for an instruction or for advice to go into one."""
    return any(name in PROPOSALS for name in signature.output_fields)


def without_proposal(inputs: dict[str, Any]) -> dict[str, str]:
    """What to answer the question in place of a proposal: the present instruction, so that there is no candidate to pay
    for. By the fields that a proposal may be in."""
    present = next((inputs[name] for name in PRESENT if inputs.get(name)), None) or _best_attempt(inputs)
    return dict.fromkeys(PROPOSALS, present)


def _best_attempt(inputs: dict[str, Any]) -> str:
    """The last of the instructions that COPRO lists, as it lists the best last."""
    listed = [said for said in inputs.get(ATTEMPTS, []) if said.startswith(ATTEMPT)]
    return listed[-1].partition(": ")[2] if listed else ""
