"""The simulated LM as an OpenAI-compatible endpoint on 127.0.0.1."""

from __future__ import annotations

import json
import math
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from dspy import lm15

from eval.simulated.lm import SimulatedEngine


class SimulatedServer(ThreadingHTTPServer):
    """Serves `/v1/chat/completions`, `/v1/models` and `/health` with an engine; port 0 takes a free port."""

    daemon_threads = True
    request_queue_size = 256  # a load test opens all its connections at once

    def __init__(self, engine: SimulatedEngine, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.engine = engine

    @property
    def address(self) -> str:
        """The base URL for OpenAI clients."""
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: SimulatedServer  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"  # lets clients keep connections alive
    wbufsize = -1  # head and body in one packet, else each response waits for a delayed acknowledgement

    def do_GET(self) -> None:
        if self.path == "/health":
            self._send(200, {"status": "ok", "model": self.server.engine.model})
        elif self.path == "/v1/models":
            model = {"id": self.server.engine.model, "object": "model", "created": 0, "owned_by": "simulated"}
            self._send(200, {"object": "list", "data": [model]})
        else:
            self._refuse(404, f"there is no {self.path}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/v1/chat/completions":
            return self._refuse(404, f"there is no {self.path}")
        try:
            asked = json.loads(body)
            request = lm15.request_from_openai_chat(asked)
            if asked.get("stream"):
                raise ValueError("streaming is not simulated")
        except (ValueError, TypeError, lm15.CapabilityError) as fault:
            return self._refuse(400, str(fault))
        try:
            self._send(200, _completion(self.server.engine.complete(request)))
        except lm15.RateLimitError as fault:
            self._refuse(429, fault.message, {"Retry-After": str(math.ceil(fault.retry_after or 0))})
        except lm15.ProviderError as fault:
            self._refuse(fault.status or 500, fault.message)
        except lm15.ConfigurationError as fault:
            self._refuse(400, fault.message)

    def _refuse(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        self._send(status, {"error": {"message": message, "type": "simulated", "code": status}}, headers)

    def _send(self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Does nothing, to keep standard error free."""


def _completion(response: lm15.Response) -> dict[str, Any]:
    message = {"role": "assistant", "content": response.message.text}
    used = response.usage
    tokens = {"prompt_tokens": used.input_tokens, "completion_tokens": used.output_tokens}
    return {
        "id": "simulated",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": response.model,
        "choices": [{"index": 0, "message": message, "finish_reason": response.finish_reason}],
        "usage": {**tokens, "total_tokens": used.total_tokens},
    }
