"""Ask every stage with every adapter and store the answers, one JSON line each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dspy
from tqdm import tqdm

from benchmarks.prompts.adapter_inputs import Inputs, signature_of, stages_of
from benchmarks.prompts.adapter_table import Asked
from eval.rollouts.json_lines import JsonLines
from program.adapters.choice import adapter_named
from program.rollout.context import new_trace
from program.rollout.trace import Call
from program.stage.stage import Stage


def ask_all(
    program: dspy.Module,
    inputs: dict[str, Inputs],
    adapters: Sequence[str],
    stages: Sequence[str] | None,
    lm: Any,
    concurrency: int,
    file: Path,
) -> None:
    """Request the answers that `file` lacks, problem by problem, so that drift affects all adapters equally.

    Args:
        program: has the stages, with their demonstrations and sampling settings.
        inputs: by problem.
        adapters: by name.
        stages: names of the stages to ask; None for all.
        lm: the model.
        concurrency: parallel requests.
        file: of the answers; each is on disk before the next request begins.
    """
    answers = JsonLines(file)
    done = {record.key() for record in read_answers(file, program) if not record.lost}
    tasks = [
        (problem, stage, adapter)
        for number, (problem, given) in enumerate(inputs.items())
        for stage in given
        if stages is None or stage in stages
        for adapter in _turned(adapters, number)  # no adapter is always the first
        if (problem, stage, adapter) not in done
    ]

    def one(task: tuple[str, str, str]) -> None:
        problem, stage, adapter = task
        calls = _ask(stages_of(program)[stage], adapter, lm, inputs[problem][stage])
        answers.append({"problem": problem, "stage": stage, "adapter": adapter, "calls": calls})

    with ThreadPoolExecutor(concurrency) as pool:
        list(tqdm(pool.map(one, tasks), desc="answers", total=len(tasks), unit="answer"))


def read_answers(file: Path, program: dspy.Module) -> list[Asked]:
    """The answers in `file`; for repeated questions the last."""
    stages = stages_of(program)
    records = {}
    for line in file.read_text().splitlines() if file.is_file() else ():
        each = json.loads(line)
        calls = [Call(**call) for call in each.pop("calls")]
        record = Asked(**each, calls=calls, signature=signature_of(stages[each["stage"]]))
        records[record.key()] = record
    return list(records.values())


def _ask(stage: Stage, adapter: str, lm: Any, inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls of one stage: the first and, if its answer could not be read, the repair call."""
    asked = Stage(signature_of(stage), stage.max_tokens, stage.temperature, attempts=2)
    asked.name, asked.predict.demos = stage.name, stage.predict.demos
    with new_trace() as trace, dspy.context(lm=lm, adapter=adapter_named(adapter)):
        asked(0, **inputs)
    return [call.model_dump(exclude={"prompt"}) for call in trace.calls]


def _turned(items: Sequence[str], number: int) -> list[str]:
    first = number % len(items)
    return [*items[first:], *items[:first]]
