"""As much of an OpenAI-compatible server as tests need."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = '{"tests": [{"input": "1", "output": "2", "explanation": "x"}]}\n\n```python\nprint(1)\n```'


class Server(ThreadingHTTPServer):
    """Gives every request the same answer, and keeps it."""

    def __init__(self, answer: str):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.address = f"http://127.0.0.1:{self.server_port}/v1"
        self.status = 200
        self.refused_key = ""  # requests with it are answered with status 400
        self.requests: list[tuple[str, dict[str, str], dict]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.path, headers, body))
        message = {"role": "assistant", "content": self.server.answer}
        usage = {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42}
        answer = {
            **{"id": "1", "object": "chat.completion", "created": 1, "model": body["model"]},
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {**usage, "prompt_tokens_details": {"cached_tokens": 20}},
        }
        failure = {"error": {"message": "that does not work\nat all", "type": "some"}}
        status = 400 if self.server.refused_key in body else self.server.status
        text = json.dumps(answer if status == 200 else failure).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format, *args):
        """Not to the test's output."""


@contextmanager
def serving(answer: str = ANSWER) -> Iterator[Server]:
    server = Server(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
