"""A run as logs of Inspect (inspect.aisi.org.uk), one `.eval` file per arm, for `inspect view`.

A log is a ZIP file of JSON values in the form of `inspect_ai.log.EvalLog`, version 2. It is written without the
package, which has forty dependencies. The tests read it with the package if that is installed.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eval.data.problem_set import ProblemSet
from eval.errors import RunError
from eval.report.statements import data_of
from eval.rollouts.rollout import Rollout
from eval.rollouts.score import Score
from eval.rollouts.stored_arms import StoredArm, data_text, problem_names, stored_arms
from eval.story.diagnosis import why
from eval.story.story import Story, read_story
from eval.tables.summary import summarize
from program.files import write_whole
from program.rollout.trace import Call, Decided, Event, Totals

SOLVED, HIDDEN = "solved", "hidden tests passed"  # the two scores of a sample
SCHEMA = 2  # of `EvalLog`
PLAIN_NAME = re.compile(r"[\w .,()'+-]{1,120}")  # can be a member's name in a ZIP file
STOPS = {"cut": "max_tokens", "cut while thinking": "max_tokens", "endless": "max_tokens", "filtered": "content_filter"}


def write_inspect_logs(run: Path, out: Path, exclude: str | None = None) -> list[Path]:
    """Write a log for every arm of a stored run.

    Args:
        run: its folder.
        out: a new folder.
        exclude: see `stored_arms`.

    Returns:
        The files, in the order of the arms.

    Raises:
        RunError, DataError: as in `stored_arms`, or `out` exists already or cannot be written.
    """
    if out.exists():
        raise RunError(f"{out} already exists and is not overwritten; choose another folder")
    arms = stored_arms([run], exclude=exclude)
    data, _ = data_of(arms, None)
    begun = datetime.fromtimestamp((run / "config.json").stat().st_mtime, UTC)
    logs = {out / f"{arm.name}.eval": inspect_log(arm, data, begun) for arm in arms}
    try:
        out.mkdir(parents=True)
        for file, log in logs.items():
            write_whole(file, log)
    except OSError as fault:
        raise RunError(f"{out}: {fault.strerror}") from fault
    return list(logs)


def inspect_log(arm: StoredArm, data: ProblemSet | None, begun: datetime) -> bytes:
    """The log of one arm.

    Args:
        arm: of a stored run.
        data: has the statements; if None, a sample's input is the name of its problem.
        begun: when the run began; event times count from there, because rollouts store only relative times.
    """
    head = _head(arm, begun)
    samples = [_sample(arm, rollout, data, begun) for rollout in arm.rollouts]
    start = {key: head[key] for key in ("version", "eval", "plan")}
    summaries = [_summary(sample) for sample in samples]
    members = {
        "_journal/start.json": start,
        **{f"samples/{each['id']}_epoch_{each['epoch']}.json": each for each in samples},
        "_journal/summaries/1.json": summaries,
        "summaries.json": summaries,
        "header.json": head,
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, value in members.items():
            text = json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
            archive.writestr(zipfile.ZipInfo(name, begun.timetuple()[:6]), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _head(arm: StoredArm, begun: datetime) -> dict[str, Any]:
    config, summary = arm.config, summarize(arm.label, arm.rollouts)
    scored = {"scored_samples": summary.samples, "unscored_samples": summary.not_judged + summary.cut_short}
    scores = [(SOLVED, "accuracy", summary.solved), (HIDDEN, "mean", summary.hidden_rate)]
    ids = [_identifier(name) for name in problem_names([arm])]
    spec = {
        "eval_id": _digits(arm.config["data_fingerprint"], arm.name),
        "run_id": _digits(arm.run.resolve().name),
        "task_id": _digits(config["data"], config["split"]),
        "created": _time(begun),
        "task": data_text(config),
        "solver": arm.name,
        "dataset": {"name": data_text(config), "samples": len(ids), "sample_ids": ids, "shuffled": False},
        "model": config["lm"],
        "config": {"epochs": config["samples"], "epochs_reducer": ["mean"]},
        "metadata": {key: config.get(key) for key in ("adapter", "escalate_lm", "repair_lm", "data_fingerprint")},
    }
    spent = sum((rollout.totals for rollout in arm.rollouts), Totals())
    latest = max((rollout.seconds for rollout in arm.rollouts), default=0.0)
    return {
        "version": SCHEMA,
        "status": "cancelled" if arm.missing else "success",
        "eval": spec,
        "plan": {"name": arm.name, "steps": [{"solver": arm.name, "params": {}}]},
        "results": {
            "total_samples": len(ids) * config["samples"],
            "completed_samples": summary.samples,
            "scores": [
                {"name": name, "scorer": name, **scored, "metrics": {metric: {"name": metric, "value": value}}}
                for name, metric, value in (scores if summary.problems else [])
            ],
        },
        "stats": {
            "started_at": _time(begun),
            "completed_at": _time(begun, latest),
            "model_usage": {config["lm"]: _usage(spent)},
        },
    }


def _sample(arm: StoredArm, rollout: Rollout, data: ProblemSet | None, begun: datetime) -> dict[str, Any]:
    story, lm = read_story(arm.run, rollout), arm.config["lm"]
    asked = data.problem(rollout.problem).asked() if data and rollout.problem in data else rollout.problem
    answer = {"role": "assistant", "content": _fenced(rollout.code), "model": lm}
    found: dict[str, Any] = {
        "id": _identifier(rollout.problem),
        "epoch": rollout.sample + 1,
        "uuid": _digits(*map(str, rollout.key())),
        "input": asked,
        "target": "",
        "messages": [{"role": "user", "content": asked}, answer],
        "output": {
            "model": lm,
            "choices": [{"message": answer, "stop_reason": "stop"}],
            "completion": answer["content"],
        },
        "metadata": {"problem": rollout.problem, "arm": arm.name, "status": rollout.status, "why": why(story)},
        "events": list(_events(story, lm, begun)),
    }
    if rollout.cost_known:
        found |= {"model_usage": {lm: _usage(rollout.totals)}, "total_time": rollout.seconds}
        found |= {"started_at": _time(begun), "completed_at": _time(begun, rollout.seconds)}
    if rollout.score:
        found["scores"] = _scores(rollout, rollout.score, found["metadata"]["why"])
    else:
        found["error"] = {"message": rollout.error, "traceback": "", "traceback_ansi": ""}
    return found


def _scores(rollout: Rollout, score: Score, sentences: Sequence[str]) -> dict[str, Any]:
    """The scores of a sample. Of hidden tests they have only counts and verdicts."""
    said = {"answer": _fenced(rollout.code), "explanation": "\n".join(sentences)}
    return {
        SOLVED: {"value": "C" if score.solved else "I", **said, "metadata": score.model_dump(mode="json")},
        HIDDEN: {"value": score.hidden_rate},
    }


def _summary(sample: dict[str, Any]) -> dict[str, Any]:
    """The fields that a viewer lists before it opens the sample."""
    kept = ("id", "epoch", "input", "target", "metadata", "scores", "model_usage", "total_time", "uuid")
    error = {"error": sample["error"]["message"]} if "error" in sample else {}
    return {**{key: sample[key] for key in kept if key in sample}, **error, "completed": True, "message_count": 2}


def _events(story: Story, lm: str, begun: datetime) -> Iterator[dict[str, Any]]:
    """The trace: each LM call in a span with its stage's name, and all other events as information."""
    for number, event in enumerate(story.events):
        at = {"timestamp": _time(begun, event.started), "working_start": event.started}
        if not isinstance(event, Call):
            yield {"event": "info", **at, "source": event.kind, "data": _information(event)}
            continue
        span = f"call-{number}"
        yield {"event": "span_begin", **at, "id": span, "name": event.stage, "type": "stage"}
        yield {
            "event": "model",
            **at,
            "span_id": span,
            **_call(event, lm),
            "completed": _time(begun, event.started + event.seconds),
        }
        yield {"event": "span_end", **at, "id": span, "timestamp": _time(begun, event.started + event.seconds)}


def _call(call: Call, lm: str) -> dict[str, Any]:
    model = call.model or lm
    thought = [{"type": "reasoning", "reasoning": call.thought}] if call.thought else []
    content: Any = [*thought, {"type": "text", "text": call.answer}] if thought else call.answer
    message = {"role": "assistant", "content": content, "model": model}
    spent = Totals(
        prompt_tokens=call.prompt_tokens,
        cached_tokens=call.cached_tokens,
        completion_tokens=call.completion_tokens,
        dollars=call.dollars,
    )
    choice = {"message": message, "stop_reason": STOPS.get(call.outcome, "stop")}
    output = {"model": model, "choices": [choice] if call.came else [], "usage": _usage(spent), "time": call.seconds}
    return {
        "model": model,
        "input": [{"role": _role(each.role), "content": each.content} for each in call.prompt],
        "tools": [],
        "tool_choice": "none",
        "config": {},
        "output": output,
        "retries": call.retries or None,
        "error": call.fault or None,
        "cache": "read" if call.from_cache else None,
        "working_time": call.seconds,
        "metadata": {"stage": call.stage, "outcome": call.outcome, "attempt": call.attempt, "repair": call.repair},
    }


def _information(event: Event) -> dict[str, Any]:
    values = event.model_dump(mode="json", exclude={"kind", "started"})
    return {**values, "words": str(event.decision)} if isinstance(event, Decided) else values


def _fenced(code: str) -> str:
    """A program as Markdown, because viewers render texts as Markdown."""
    return f"```python\n{code}```" if code else ""


def _role(role: str) -> str:
    return role if role in ("system", "user", "assistant") else "user"


def _usage(totals: Totals) -> dict[str, Any]:
    used = {"input_tokens": totals.prompt_tokens, "output_tokens": totals.completion_tokens}
    cached = {"input_tokens_cache_read": totals.cached_tokens or None, "total_cost": totals.dollars}
    return {**used, "total_tokens": sum(used.values()), **cached}


def _identifier(problem: str) -> str:
    """The problem's name if it can be a member's name in a ZIP file, else a name derived from it."""
    if PLAIN_NAME.fullmatch(problem) and problem.strip(". "):
        return problem
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', problem).strip('-')[:60]}-{_digits(problem)[:6]}"


def _digits(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:22]


def _time(begun: datetime, seconds: float = 0.0) -> str:
    return (begun + timedelta(seconds=seconds)).isoformat()
