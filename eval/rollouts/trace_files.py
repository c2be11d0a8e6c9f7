"""The traces of a run: one file per rollout, one JSON line per event, with all prompts, answers, programs and test
runs.

`RUN/traces/ARM/PROBLEM-SAMPLE.jsonl.gz`; read one with `zcat` or `python -m eval.show`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter

from eval.errors import RunError
from eval.rollouts.rollout import Rollout, arm_name
from program.errors import first_line
from program.files import write_whole
from program.input_files import MOST_DATA_BYTES, read_packed
from program.rollout.trace import Call, Event

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def trace_path(run: Path, arm: str, problem: str, sample: int) -> Path:
    """The path of a rollout's trace. The digits distinguish names that become equal as file names.

    Raises:
        RunError: the arm's name would lead out of the run.
    """
    readable = re.sub(r"[^A-Za-z0-9]+", "-", problem).strip("-")[:60]
    digits = hashlib.sha256(problem.encode()).hexdigest()[:6]
    try:
        folder = run / "traces" / arm_name(arm)
    except ValueError as fault:
        raise RunError(f"{run}: {fault}") from fault
    return folder / f"{readable}-{digits}-{sample}.jsonl.gz"


def write_trace(run: Path, rollout: Rollout) -> None:
    """Write the trace atomically; it is on disk when this returns."""
    path = trace_path(run, *rollout.key())
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(event.model_dump(), ensure_ascii=False) for event in rollout.trace.events)
    text = "".join(f"{line}\n" for line in lines)
    write_whole(path, gzip.compress(text.encode("utf-8", "replace"), mtime=0))


def refuse_lost_traces(run: Path, rollouts: Iterable[Rollout]) -> None:
    """Refuse rollouts whose calls cannot be read any more: nothing would be found in them.

    Raises:
        RunError: the trace of a rollout with calls is missing.
    """
    for rollout in rollouts:
        path = trace_path(run, *rollout.key())
        if rollout.trace.calls and not path.is_file():
            again = f"remove {run / 'rollouts.jsonl'} to run its rollouts again"
            raise RunError(f"{path} is missing, so the calls of this rollout cannot be read; put it back, or {again}")


def read_trace(run: Path, arm: str, problem: str, sample: int) -> list[Event]:
    """The events of a rollout with all their texts; empty if no trace was stored.

    Raises:
        RunError: the trace is damaged.
    """
    path = trace_path(run, arm, problem, sample)
    if not path.is_file():
        return []
    try:
        lines = read_packed(path, MOST_DATA_BYTES).decode().split("\n")
        return [_EVENT.validate_json(line) for line in lines if line]
    except ValueError as fault:
        said = first_line(fault).removeprefix(f"{path} ")
        raise RunError(f"{path} is damaged: {said}; remove the file to show the rollout without its trace") from fault


def read_calls(run: Path, arm: str, problem: str, sample: int) -> list[Call]:
    """The LM calls of a rollout; see `read_trace`."""
    return [event for event in read_trace(run, arm, problem, sample) if isinstance(event, Call)]
