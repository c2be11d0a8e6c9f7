"""A server that behaves as a provider does: it refuses what that refuses, thinks and fails as that does."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WRONG = "First try:\n```python\nprint('a draft')\n```\nHmm, no.\n"


class Provider(ThreadingHTTPServer):
    """Answers every request by `answer`, unless a rule of the provider says otherwise.

    Attributes:
        refuses: settings that are answered with status 400, as OpenAI words it.
        schema_status: the status that a request with a schema gets; 200 for an answer.
        thinking: how the model thinks: not at all, in a "field" of its own, in "tags", or "unopened".
        most_tokens: a higher cap is refused; None for any.
        context: tokens that prompt and answer share, of 4 characters each; None for any.
        chunked: whether answers come in pieces, after white space that keeps the connection open.
        failing: every so many requests one fails as `passing_failure`; 0 for none.
        usage: whether tokens are counted.
        counted: tokens that every prompt is said to have had.
        failures: what the next requests get in place of an answer: status, headers, body.
        models: that `/v1/models` lists; another is unknown, unless the list is empty.
        bodies: of all requests.
    """

    def __init__(self, answer: Callable[[str], str]):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.root = f"http://127.0.0.1:{self.server_port}"
        self.address = f"{self.root}/v1"
        self.refuses: set[str] = set()
        self.schema_status = 200
        self.thinking = ""
        self.most_tokens: int | None = None
        self.context: int | None = None
        self.chunked, self.failing = False, 0
        self.passing_failure: tuple[int, dict[str, str], str] = (429, {"Retry-After": "0"}, "")
        self.usage, self.counted = True, 30
        self.failures: list[tuple[int, dict[str, str], str]] = []
        self.models: list[str] = []
        self.key = ""
        self.bodies: list[dict] = []


class _Handler(BaseHTTPRequestHandler):
    server: Provider
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path != "/v1/models":
            return self._send(404, "404 page not found")
        return self._send(200, {"object": "list", "data": [{"id": name} for name in self.server.models]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server, model = self.server, body["model"]
        if self.path != "/v1/chat/completions":
            return self._send(404, "404 page not found")
        server.bodies.append(body)
        if server.key and self.headers.get("Authorization") != f"Bearer {server.key}":
            return self._refuse(401, "Incorrect API key provided.", "invalid_api_key")
        if server.models and model not in server.models:
            return self._send(404, {"object": "error", "message": f"The model `{model}` does not exist.", "code": 404})
        failure = server.failures.pop(0) if server.failures else None
        if server.failing and len(server.bodies) % server.failing == 0:
            failure = server.passing_failure
        if failure:
            status, headers, text = failure
            return self._send(status, text, headers)
        cap = body.get("max_tokens") or body.get("max_completion_tokens")
        read = sum(len(str(each["content"])) for each in body["messages"]) // 4
        for name in server.refuses & set(body):
            other = {"max_tokens": " Use 'max_completion_tokens' instead."}.get(name, "")
            said = f"Unsupported parameter: '{name}' is not supported with this model.{other}"
            return self._refuse(400, said, "unsupported_parameter")
        if "response_format" in body and server.schema_status != 200:
            return self._refuse(server.schema_status, "the backend failed", None)
        if server.most_tokens and cap > server.most_tokens:
            said = f"max_tokens is too large: {cap}. This model supports at most {server.most_tokens} completion tokens"
            return self._refuse(400, said, "invalid_value")
        if server.context and read + cap > server.context:
            said = f"maximum context length is {server.context} tokens and your request has {read} input tokens"
            return self._refuse(400, f"'max_tokens' is too large: {cap}. This model's {said}", None)
        return self._answer(body, server.answer("\n\n".join(str(each["content"]) for each in body["messages"])))

    def _answer(self, body: dict, text: str) -> None:
        message: dict[str, Any] = {"role": "assistant", "content": text}
        match self.server.thinking:
            case "field":
                message["reasoning_content"] = WRONG
            case "tags":
                message["content"] = f"<think>\n{WRONG}</think>\n\n{text}"
            case "unopened":
                message["content"] = f"{WRONG}</think>\n\n{text}"
        answer = {
            **{"id": "1", "object": "chat.completion", "created": 1, "model": body["model"]},
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        }
        if self.server.usage:
            read = self.server.counted
            answer["usage"] = {"prompt_tokens": read, "completion_tokens": 12, "total_tokens": read + 12}
        self._send(200, answer)

    def _refuse(self, status: int, message: str, code: str | None) -> None:
        self._send(status, {"error": {"message": message, "type": "invalid_request_error", "code": code}})

    def _send(self, status: int, body: dict | str, headers: dict[str, str] | None = None) -> None:
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        pieces = self.server.chunked and status == 200
        length = {"Transfer-Encoding": "chunked"} if pieces else {"Content-Length": str(len(data))}
        for name, value in {**length, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in [b"\n\n  \n", data[:9], data[9:], b""] if pieces else []:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        if not pieces:
            self.wfile.write(data)

    def log_message(self, format, *args):
        """Not to the test's output."""


@contextmanager
def provider(
    answer: Callable[[str], str] | str = '```python\nprint(1)\n```\n\n{"answer": "yes"}',
) -> Iterator[Provider]:
    given = (lambda prompt: answer) if isinstance(answer, str) else answer
    server = Provider(given)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
