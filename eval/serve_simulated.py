"""Serve the simulated LM as an OpenAI-compatible endpoint on 127.0.0.1: `python -m eval.serve_simulated`.

    python -m eval.serve_simulated --data pack --split valid --port 0 --set skills.code_right=0.4

The first line printed is the base URL, ending in `/v1`; any model name is accepted,
and every answer's says `simulated/…`.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from program.cli.command import run_command
from program.errors import UserError, first_error

if TYPE_CHECKING:
    from dspy.lm15 import Response

    from eval.simulated.lm import SimulatedEngine
    from eval.simulated.skills import Skills


class SimulatedServer(ThreadingHTTPServer):
    """Answers `/v1/chat/completions`, `/v1/models` and `/health` through an engine; port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 256  # a load test opens its connections all at once

    def __init__(self, engine: SimulatedEngine, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.engine = engine

    @property
    def address(self) -> str:
        """The base URL, as OpenAI clients want it."""
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: SimulatedServer  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"  # so that clients can keep their connections
    wbufsize = -1  # head and body in one packet, else each answer waits for a delayed acknowledgement

    def do_GET(self) -> None:
        if self.path == "/health":
            self._send(200, {"status": "ok", "model": self.server.engine.model})
        elif self.path == "/v1/models":
            model = {"id": self.server.engine.model, "object": "model", "created": 0, "owned_by": "simulated"}
            self._send(200, {"object": "list", "data": [model]})
        else:
            self._refuse(404, f"there is no {self.path}")

    def do_POST(self) -> None:
        from dspy import lm15

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
        for key, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Standard error stays free for what matters."""


def _completion(response: Response) -> dict[str, Any]:
    used = response.usage
    message = {"role": "assistant", "content": response.message.text}
    return {
        "id": "simulated",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": response.model,
        "choices": [{"index": 0, "message": message, "finish_reason": response.finish_reason}],
        "usage": {
            "prompt_tokens": used.input_tokens,
            "completion_tokens": used.output_tokens,
            "total_tokens": used.total_tokens,
        },
    }


def _skills(parser: argparse.ArgumentParser, settings: list[str]) -> Skills:
    from pydantic import ValidationError

    from eval.simulated.skills import Skills

    values = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.startswith("skills."):
            parser.error(f"--set {setting}: a setting has the form skills.NAME=VALUE")
        values[key.removeprefix("skills.")] = value
    try:
        return Skills.model_validate(values)
    except ValidationError as fault:
        parser.error(f"--set skills.{first_error(fault, Skills)}")


def _serve(data: str, splits: list[str], port: int, skills: Skills) -> None:
    from eval.data.load import load_problems
    from eval.simulated.lm import SimulatedEngine

    first, *more = [load_problems(data, split) for split in splits]
    try:
        server = SimulatedServer(SimulatedEngine(first, skills, more), port)
    except (OSError, OverflowError) as fault:
        raise UserError(f"--port {port} cannot be used: {fault}") from fault
    with server:
        print(server.address, flush=True)
        server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.serve_simulated", description="Serve the simulated LM.")
    parser.add_argument(
        "--data", default="pack", help="pack, a hub name, a local folder in its layout, or a JSON problem"
    )
    parser.add_argument("--split", action="append", help="default: test; may be given again for demonstrations' splits")
    parser.add_argument("--port", type=int, default=0, help="0 (default) takes a free one")
    parser.add_argument(
        "--set", action="append", default=[], metavar="skills.NAME=VALUE", help="names: see eval/simulated/skills.py"
    )
    options = parser.parse_args()
    skills = _skills(parser, options.set)

    run_command(lambda: _serve(options.data, options.split or ["test"], options.port, skills))


if __name__ == "__main__":
    main()
