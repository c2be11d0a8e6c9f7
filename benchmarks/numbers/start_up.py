"""What a command costs before it works: CPU seconds up to the first LM call, or up to the end.

    python -m benchmarks.numbers.start_up [--rounds 5]

`program.solve` and `eval.run` ask a server of this process; their CPU time is read when the first request arrives.
`eval.compare` and `eval.report` read `runs/strategies-0.5b` (six arms on 36 problems). Byte code is warm, as the first
round is not counted. CPU time depends less on other load than elapsed time. Medians of the rounds, as a table.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from tempfile import TemporaryDirectory

from benchmarks.scale.process_tree import children_seconds
from eval.tables.markdown import table

RUN = "runs/strategies-0.5b"


class _Server(HTTPServer):
    """Notes that it was asked, and refuses."""

    asked = False
    timeout = 0.01


class _Refusal(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        self.server.asked = True
        self.send_error(400)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def until_asked(arguments: list[str]) -> float:
    """CPU seconds of a command when it asks its model for the first time."""
    with _Server(("127.0.0.1", 0), _Refusal) as server:
        base = f"http://127.0.0.1:{server.server_port}/v1"
        asking = [*arguments, "--lm", "openai/any", "--api-base", base]
        before = children_seconds()
        with subprocess.Popen([sys.executable, "-m", *asking], stderr=subprocess.DEVNULL) as process:
            while not server.asked and process.poll() is None:
                server.handle_request()
            spent = children_seconds() - before
            process.kill()
        if not server.asked:
            raise SystemExit(f"{' '.join(arguments)} asked no model")
        return spent


def until_end(arguments: list[str]) -> float:
    """CPU seconds of a whole command."""
    before = children_seconds()
    subprocess.run([sys.executable, "-m", *arguments], check=True, capture_output=True)
    return children_seconds() - before


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.numbers.start_up", description="Measure start-up.")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with TemporaryDirectory() as folder:
        numbers = count()  # a run of its own for each round
        measured = {
            "`program.solve examples/sum.md`, first LM call": lambda: until_asked(["program.solve", "examples/sum.md"]),
            "`eval.run artifacts/direct`, first LM call": lambda: until_asked(
                ["eval.run", "artifacts/direct", "--limit", "1", "--out", f"{folder}/run{next(numbers)}"]
            ),
            "`optimize.compile --dry-run`": lambda: until_end(
                ["optimize.compile", "--dry-run", "--lm", "openai/gpt-4o-mini", "--out", f"{folder}/dry"]
            ),
            "`eval.compare`, six arms": lambda: until_end(["eval.compare", RUN]),
            "`eval.report`, six arms": lambda: until_end(["eval.report", RUN, "--out", f"{folder}/report.html"]),
        }
        seconds = {name: [run() for _ in range(rounds + 1)][1:] for name, run in measured.items()}
    print(table(["", "CPU seconds"], [[name, f"{statistics.median(each):.1f}"] for name, each in seconds.items()]))


if __name__ == "__main__":
    main()
