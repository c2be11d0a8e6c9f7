"""Traces sent to an OpenTelemetry collector, which is a small HTTP server here."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import eval.run
from eval.errors import RunError
from eval.evaluation.open_telemetry import CONTENT, Collector, sent_traces, spans_of
from tests.support.packs import answer_rule, call, isolate, printed, use_lm, write_pack, write_start
from tests.support.rollouts import traced


class Received:
    """A collector: what it got, and the status it answers with."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.statuses: list[int] = []
        received = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                received.requests.append((self.path, dict(self.headers), body))
                self.send_response(received.statuses.pop(0) if received.statuses else 200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: Any) -> None:
                """Nothing is printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def spans(self) -> list[dict[str, Any]]:
        scopes = [
            scope for _, _, body in self.requests for each in body["resourceSpans"] for scope in each["scopeSpans"]
        ]
        return [span for scope in scopes for span in scope["spans"]]


@pytest.fixture
def collector(monkeypatch) -> Iterator[Received]:
    received = Received()
    thread = threading.Thread(target=received.server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.address)
    yield received
    received.server.shutdown()
    received.server.server_close()
    thread.join()


def attributes(span: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


def test_a_rollout_is_a_trace_with_a_span_for_each_call_and_each_run_of_the_judge():
    root, *inner = spans_of(traced(end="failed"), "scripted/lm", 1000.0, texts=False)
    assert root["name"] == "invoke_agent flow" and "parentSpanId" not in root
    assert {span["parentSpanId"] for span in inner} == {root["spanId"]}
    assert {span["traceId"] for span in (root, *inner)} == {root["traceId"]} and len(root["traceId"]) == 32
    assert [span["name"] for span in inner] == [
        *["chat scripted/lm"] * 3,
        *("execute_tool judge", "chat scripted/lm", "execute_tool judge"),
    ]
    assert int(root["endTimeUnixNano"]) - int(root["startTimeUnixNano"]) == pytest.approx(4.5e9, abs=1e3)
    assert int(inner[1]["startTimeUnixNano"]) - int(root["startTimeUnixNano"]) == pytest.approx(0.5e9, abs=1e3)
    first, judge_run = attributes(inner[0]), attributes(inner[3])
    assert inner[0]["status"] == {"code": 2, "message": "no JSON"} and inner[1]["status"] == {"code": 1}
    assert (first["gen_ai.provider.name"], first["gen_ai.request.model"]) == ("scripted", "lm")
    assert (first["gen_ai.usage.input_tokens"], first["error.type"]) == ("100", "unparsable")
    assert first["alphacodium.stage"] == "ReflectOnProblem" and judge_run["alphacodium.verdicts"] == "WA AC"
    assert [event["name"] for event in root["events"]] == ["new program", "best", "new program", "decided", "best"]


def test_prompts_and_answers_are_sent_only_when_asked_for():
    rollout = traced(text="a text of the model")
    assert "a text of the model" not in json.dumps(spans_of(rollout, "scripted/lm", 0.0, texts=False))
    _, first, *_ = spans_of(rollout, "scripted/lm", 0.0, texts=True)
    asked = json.loads(attributes(first)["gen_ai.input.messages"])
    assert [each["role"] for each in asked] == ["system", "user"]
    assert asked[1]["parts"] == [{"type": "text", "content": "## problem\na text of the model"}]
    assert (
        json.loads(attributes(first)["gen_ai.output.messages"])[0]["parts"][0]["content"] == "wella text of the model"
    )


def test_a_run_sends_what_it_ran_once(collector, monkeypatch, tmp_path):
    isolate(monkeypatch, tmp_path / "cache")
    use_lm(monkeypatch, answer_rule(Cube="wrong"))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b,x-other=c")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    monkeypatch.setenv(CONTENT, "true")
    options = [write_start(tmp_path / "direct", "direct"), "--data", write_pack(tmp_path / "data"), "--otel"]
    printed(monkeypatch, eval.run.main, *options, "--limit", "1", "--out", tmp_path / "run")
    sent = collector.spans()
    assert [span["name"] for span in sent if "parentSpanId" not in span] == ["invoke_agent direct"]
    path, headers, body = collector.requests[-1]
    assert (path, headers["X-Key"], headers["X-Other"]) == ("/v1/traces", "a b", "c")
    resource = {
        each["key"]: each["value"]["stringValue"] for each in body["resourceSpans"][0]["resource"]["attributes"]
    }
    assert resource == {"service.name": "alphacodium", "deployment.environment.name": "test"}
    everything = json.dumps([span["attributes"] for span in sent])  # the digits of an id, or of a time, may be anything
    assert "The task is called" in everything and "1728" not in re.findall(r"\w+", everything), "no hidden test"
    printed(monkeypatch, eval.run.main, *options, "--limit", "1", "--out", tmp_path / "run")
    assert collector.spans() == sent, "nothing was run again"


def test_a_collector_that_refuses_traces_is_a_user_error_before_any_call(collector, monkeypatch, tmp_path, capsys):
    isolate(monkeypatch, tmp_path / "cache")
    prompts = use_lm(monkeypatch, answer_rule())
    collector.statuses = [401]
    options = [write_start(tmp_path / "direct", "direct"), "--data", write_pack(tmp_path / "data"), "--otel"]
    assert call(monkeypatch, eval.run.main, *options, "--out", tmp_path / "run") == 2
    assert "--otel: " in (said := capsys.readouterr().err) and "401" in said and prompts == []


def test_traces_that_are_lost_on_the_way_are_a_warning_and_are_soon_tried_no_more(collector, capsys):
    collector.statuses = [200, 503, 200, 503, 503, 503]
    with sent_traces(True, "scripted/lm") as send:
        for _ in range(8):
            send(traced())
    assert "warning: --otel: 7 traces could not be sent" in capsys.readouterr().err
    assert len(collector.requests) == 6


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "only http/json is supported"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "soon", "is not a number of milliseconds"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "file:///etc/", "is not the address of a collector"),
    ],
)
def test_variables_that_are_not_understood_are_refused(variable, value, said):
    with pytest.raises(RunError, match=said):
        Collector.of({variable: value})


def test_the_variables_have_the_meaning_and_the_defaults_of_the_specification():
    assert Collector.of({}).address == "http://localhost:4318/v1/traces"
    own = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://x/own", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://y"}
    found = Collector.of({**own, "OTEL_EXPORTER_OTLP_TIMEOUT": "2500", "OTEL_SERVICE_NAME": "mine"})
    assert (found.address, found.timeout, found.resource) == ("https://x/own", 2.5, {"service.name": "mine"})


def test_nothing_is_sent_where_it_is_not_wanted_or_switched_off(collector):
    for wanted, environment in ((False, {}), (True, {"OTEL_SDK_DISABLED": "true"})):
        with sent_traces(wanted, "scripted/lm", environment) as send:
            send(traced())
    assert collector.requests == []
