"""Rollouts as OpenTelemetry traces: one span per rollout, with child spans for LM calls and judge runs.

Traces are sent as OTLP over HTTP in JSON, which every collector accepts. The standard environment variables configure
the export (opentelemetry.io/docs/specs/otel/protocol/exporter). Attributes follow the semantic conventions for
generative AI. Prompts and answers are left out unless OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT is `true`.
Programs see no hidden tests, so traces contain none.
"""

from __future__ import annotations

import json
import os
import queue
import secrets
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from threading import Thread
from typing import Any
from urllib.parse import unquote

from eval.errors import RunError
from eval.rollouts.rollout import Rollout
from program.cli.output import one_line
from program.rollout.trace import Call, Decided, Event, JudgeRun

CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
INTERNAL, CLIENT = 1, 3  # kinds of span
OK, ERROR = 1, 2  # status codes
MOST_FAILURES = 3  # in a row; then sending stops, because the run would wait for each failure at its end
Sender = Callable[[Rollout], None]


@contextmanager
def sent_traces(wanted: bool, lm: str, environment: Mapping[str, str] = os.environ) -> Iterator[Sender]:
    """A function that sends the trace of a finished rollout in a separate thread; it does nothing if traces are not
    wanted. A failure is only a warning, because the run has the traces on disk.

    Args:
        wanted: whether to send.
        lm: the model of calls that do not name their own.
        environment: has the standard variables.

    Raises:
        RunError: a variable is invalid, or the collector refuses traces.
    """
    if not wanted or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        yield lambda rollout: None
        return
    collector = Collector.of(environment)
    try:
        collector.send([])
    except OSError as fault:
        raise RunError(f"--otel: {collector.address} does not accept traces: {fault}") from fault
    waiting: queue.SimpleQueue[list[dict[str, Any]] | None] = queue.SimpleQueue()
    thread = Thread(target=_send_all, args=(collector, waiting), name="otel")
    thread.start()
    texts = environment.get(CONTENT, "").lower() == "true"
    try:
        yield lambda rollout: waiting.put(spans_of(rollout, lm, time.time(), texts))
    finally:
        waiting.put(None)
        thread.join()


def _send_all(collector: Collector, waiting: queue.SimpleQueue[list[dict[str, Any]] | None]) -> None:
    lost, in_a_row, last = 0, 0, ""
    while (spans := waiting.get()) is not None:
        try:
            if in_a_row < MOST_FAILURES:
                collector.send(spans)
                in_a_row = 0
                continue
        except OSError as fault:
            in_a_row, last = in_a_row + 1, str(fault)
        lost += 1
    if lost:
        print(f"warning: --otel: {lost} traces could not be sent: {one_line(last)}", file=sys.stderr)


@dataclass(frozen=True)
class Collector:
    """The receiver of traces.

    timeout: seconds per request.
    resource: attributes of all spans.
    """

    address: str
    headers: dict[str, str]
    timeout: float
    resource: dict[str, str]

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Collector:
        """The collector that the standard variables name.

        Raises:
            RunError: a variable is invalid, or asks for another protocol.
        """

        def value(name: str, default: str) -> str:
            own = environment.get(f"OTEL_EXPORTER_OTLP_TRACES_{name}")
            return own or environment.get(f"OTEL_EXPORTER_OTLP_{name}") or default

        if (protocol := value("PROTOCOL", "http/json")) != "http/json":
            raise RunError(f"--otel: only http/json is supported, but OTEL_EXPORTER_OTLP_PROTOCOL is {protocol}")
        base = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or "http://localhost:4318"
        address = environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or f"{base.rstrip('/')}/v1/traces"
        if not address.startswith(("http://", "https://")):
            raise RunError(f"--otel: {address} is not the address of a collector")
        try:
            timeout = float(value("TIMEOUT", "10000")) / 1000
        except ValueError as fault:
            raise RunError("--otel: OTEL_EXPORTER_OTLP_TIMEOUT is not a number of milliseconds") from fault
        named = {"service.name": environment.get("OTEL_SERVICE_NAME") or "alphacodium"}
        resource = {**_pairs(environment.get("OTEL_RESOURCE_ATTRIBUTES", "")), **named}
        return cls(address, _pairs(value("HEADERS", "")), timeout, resource)

    def send(self, spans: list[dict[str, Any]]) -> None:
        """Send spans and wait for the response.

        Raises:
            OSError: there is no response, or it is an error.
        """
        scope = {"scope": {"name": "alphacodium-dspy"}, "spans": spans}
        resource = {"attributes": _attributes(self.resource)}
        sent = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}] if spans else []}
        headers = {**self.headers, "Content-Type": "application/json"}
        request = urllib.request.Request(self.address, json.dumps(sent).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                answer.read()
        except HTTPException as fault:
            raise OSError(f"not HTTP: {fault}") from fault


def _pairs(text: str) -> dict[str, str]:
    """Parse `key=value,key=value`; characters may be percent-encoded."""
    pairs = [each.split("=", 1) for each in text.split(",") if "=" in each]
    return {unquote(key.strip()): unquote(value.strip()) for key, value in pairs}


def spans_of(rollout: Rollout, lm: str, ended: float, texts: bool) -> list[dict[str, Any]]:
    """The spans of a rollout.

    Args:
        rollout: with its full trace.
        lm: the model of calls that do not name their own.
        ended: when it was judged, in seconds since 1970; its start is computed from this.
        texts: whether to include prompts and answers.
    """
    begun = ended - rollout.seconds - (rollout.score.judge_seconds if rollout.score else 0.0)
    trace = secrets.token_hex(16)

    def span(name: str, kind: int, started: float, seconds: float, parent: str = "", **more: Any) -> dict[str, Any]:
        times = {"startTimeUnixNano": _nanoseconds(begun + started)}
        times["endTimeUnixNano"] = _nanoseconds(begun + started + seconds)
        own = {"traceId": trace, "spanId": secrets.token_hex(8), "name": name, "kind": kind, **times, **more}
        return {**own, "parentSpanId": parent} if parent else own

    found = span(f"invoke_agent {rollout.arm}", INTERNAL, 0.0, rollout.seconds, **_rollout(rollout))
    found["events"] = [
        {"name": event.kind, "timeUnixNano": _nanoseconds(begun + event.started), "attributes": _decided(event)}
        for event in rollout.trace.events
        if not isinstance(event, Call | JudgeRun)
    ]
    spans = [found]
    for event in rollout.trace.events:
        match event:
            case Call():
                name, kind, more = f"chat {event.model or lm}", CLIENT, _call(event, lm, texts)
            case JudgeRun():
                name, kind, more = "execute_tool judge", INTERNAL, _judge_run(event)
            case _:
                continue
        spans.append(span(name, kind, event.started, event.seconds, found["spanId"], **more))
    return spans


def _rollout(rollout: Rollout) -> dict[str, Any]:
    totals = rollout.totals
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": rollout.arm,
        "gen_ai.usage.input_tokens": totals.prompt_tokens,
        "gen_ai.usage.output_tokens": totals.completion_tokens,
        "alphacodium.problem": rollout.problem,
        "alphacodium.sample": rollout.sample,
        "alphacodium.status": rollout.status,
        "alphacodium.hidden_rate": rollout.score.hidden_rate if rollout.score else None,
        "alphacodium.dollars": totals.dollars,
    }
    return {"attributes": _attributes(attributes), "status": _status(rollout.error if not rollout.score else "")}


def _call(call: Call, lm: str, texts: bool) -> dict[str, Any]:
    model = call.model or lm
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": model.partition("/")[0],
        "gen_ai.request.model": model.partition("/")[2] or model,
        "gen_ai.usage.input_tokens": call.prompt_tokens,
        "gen_ai.usage.output_tokens": call.completion_tokens,
        "error.type": call.error or (call.outcome if call.outcome != "ok" else None),
        "alphacodium.stage": call.stage,
        "alphacodium.outcome": call.outcome,
    }
    if texts:
        asked = [_message(each.role, each.content) for each in call.prompt]
        answered = [{**_message("assistant", call.answer), "finish_reason": "stop"}]
        attributes["gen_ai.input.messages"] = json.dumps(asked, ensure_ascii=False)
        attributes["gen_ai.output.messages"] = json.dumps(answered, ensure_ascii=False)
    fault = "" if call.outcome == "ok" else call.fault or call.outcome
    return {"attributes": _attributes(attributes), "status": _status(fault)}


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _judge_run(run: JudgeRun) -> dict[str, Any]:
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "judge",
        "alphacodium.tests": run.tests,
        "alphacodium.verdicts": " ".join(run.verdicts),
        "alphacodium.program": run.program,
    }
    return {"attributes": _attributes(attributes), "status": _status("")}


def _decided(event: Event) -> list[dict[str, Any]]:
    words = str(event.decision) if isinstance(event, Decided) else getattr(event, "what", None)
    return _attributes({"alphacodium.words": words, "alphacodium.program": getattr(event, "program", None)})


def _status(fault: str) -> dict[str, Any]:
    return {"code": ERROR, "message": fault} if fault else {"code": OK}


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Attributes in OTLP's form, without unknown ones. OTLP writes 64-bit numbers as strings."""
    return [{"key": key, "value": _value(value)} for key, value in values.items() if value is not None]


def _value(value: str | float) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value.encode("utf-8", "replace").decode()}
    return {"intValue": str(value)} if isinstance(value, int) else {"doubleValue": value}


def _nanoseconds(seconds: float) -> str:
    return str(int(seconds * 1e9))
