"""Equal inputs for every adapter: the stages' inputs in one rollout of each problem, stored in a file."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import dspy
from dspy.utils.callback import BaseCallback
from pydantic import TypeAdapter
from tqdm import tqdm

from eval.rollouts.json_lines import JsonLines
from program.adapters.sections import plain
from program.problem import Problem
from program.rollout.context import new_trace
from program.stage.stage import Stage

Inputs = dict[str, dict[str, Any]]  # stage name to its input fields


class _Listener(BaseCallback):
    """Stores the first inputs of each stage."""

    def __init__(self) -> None:
        self.inputs: Inputs = {}
        self._lock = threading.Lock()

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        if isinstance(instance, Stage):
            fields = signature_of(instance).input_fields
            with self._lock:
                given = {name: plain(value) for name, value in inputs["kwargs"].items() if name in fields}
                self.inputs.setdefault(instance.name, given)


def stages_of(program: dspy.Module) -> dict[str, Stage]:
    """The stages of a program by the names of their signatures."""
    return {module.name: module for _, module in program.named_sub_modules() if isinstance(module, Stage)}


def signature_of(stage: Stage) -> type[dspy.Signature]:
    """The signature of a stage."""
    return cast(Any, stage.predict.signature)


def fixed_inputs(
    program: dspy.Module, problems: Sequence[Problem], lm: Any, adapter: dspy.Adapter, concurrency: int, file: Path
) -> dict[str, Inputs]:
    """The inputs of the stages of `program` in one rollout, by problem; problems in `file` are not run again.

    Stages that the rollout did not reach (nothing to repair) are missing.
    """
    stored = JsonLines(file)
    known: dict[str, Inputs] = {each["problem"]: each["inputs"] for each in stored.values()}
    left = [problem for problem in problems if problem.name not in known]

    def one(problem: Problem) -> None:
        inputs = _asked(program, problem, lm, adapter)
        stored.append({"problem": problem.name, "inputs": inputs})
        known[problem.name] = inputs

    with ThreadPoolExecutor(concurrency) as pool:
        list(tqdm(pool.map(one, left), desc="inputs", total=len(left), unit="problem"))
    stages = stages_of(program)
    return {
        problem.name: {name: _typed(stages[name], given) for name, given in known[problem.name].items()}
        for problem in problems
    }


def _asked(program: dspy.Module, problem: Problem, lm: Any, adapter: dspy.Adapter) -> Inputs:
    listener = _Listener()
    with new_trace(), dspy.context(lm=lm, adapter=adapter, callbacks=[listener]):
        program(problem=problem)
    return listener.inputs


def _typed(stage: Stage, given: dict[str, Any]) -> dict[str, Any]:
    kinds: dict[str, Any] = {name: field.annotation for name, field in signature_of(stage).input_fields.items()}
    return {name: TypeAdapter(kinds[name]).validate_python(value) for name, value in given.items()}
