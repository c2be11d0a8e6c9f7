"""Serve the simulated LM as an OpenAI-compatible endpoint on 127.0.0.1: `python -m eval.serve_simulated`.

    python -m eval.serve_simulated --data pack --split valid --port 0 --set skills.code_right=0.4

The first line printed is the base URL, ending in `/v1`; any model name is accepted, and every answer's says `simulated/…`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dspy.lm15 import Response

    from eval.simulated_lm import SimulatedEngine
    from eval.simulated_skills import Skills


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


def _skills(settings: list[str]) -> Skills:
    """The skills with `skills.NAME=VALUE` settings.

    Raises:
        ValueError: a setting that is none, of an unknown name or with a value that does not fit.
    """
    from eval.simulated_skills import Skills

    values = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.startswith("skills."):
            raise ValueError(f"--set {setting}: a setting has the form skills.NAME=VALUE")
        values[key.removeprefix("skills.")] = value
    return Skills.model_validate(values)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.serve_simulated", description="Serve the simulated LM.")
    parser.add_argument("--data", default="pack", help="what problems it knows: as everywhere (default: pack)")
    parser.add_argument(
        "--split", action="append", help="may be given again, so that demonstrations may come from others"
    )
    parser.add_argument("--port", type=int, default=0, help="0 for any free one (default)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="skills.NAME=VALUE", help="see eval.simulated_skills"
    )
    options = parser.parse_args()
    from pydantic import ValidationError

    from eval.data import DataError, load_problems

    try:
        skills = _skills(options.set)
        first, *more = [load_problems(options.data, split) for split in options.split or ["test"]]
        from eval.simulated_lm import SimulatedEngine

        server = SimulatedServer(SimulatedEngine(first, skills, more), options.port)
    except ValidationError as fault:
        wrong = fault.errors()[0]
        parser.error(f"--set skills.{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}")
    except (DataError, ValueError, OSError, OverflowError) as fault:
        parser.error(str(fault))
    print(server.address, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
