"""The embedded LM: llama.cpp as an OpenAI-compatible server on 127.0.0.1.

`serve` starts the server in its own process, waits until it responds, yields its address and stops it. The address is
also stored in the environment, so that child processes of a run share the server. The server ends when its standard
input closes, so it never outlives the run.

It uses the `llama-server` in ALPHACODIUM_LLAMA_SERVER or on PATH, if there is one: a build for the exact processor
reads prompts up to 1.7 times as fast. Otherwise it uses the wheel `xllamacpp` (dependency group `llama`).
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from program.errors import ModelError

START_SECONDS = 120.0
CONTEXT_TOKENS = 8192  # per slot
DEFAULT_SLOTS = 4
# Threads wait for each other at every step of a token. Sleeping each time costs a sixth of the speed (measured in
# docs/reference/program.md); spinning for more than half a millisecond would take the cores from the judge.
SPINS = "10000"


class ServerError(ModelError):
    """The embedded server cannot be started or does not respond."""


@contextmanager
def serve(weights: Path, *, name: str, slots: int = DEFAULT_SLOTS, log: Path) -> Iterator[str]:
    """Run the server for the GGUF file `weights` and yield its base URL, ending in `/v1`.

    Args:
        weights: the model file.
        name: the model's name; child processes of this run find the server by it.
        slots: the number of concurrent requests.
        log: the file for the server's output.

    Raises:
        ServerError: there is no server program, or it did not respond in `START_SECONDS`.
    """
    variable = f"ALPHACODIUM_SERVER_{name.upper().replace('.', '_').replace('-', '_')}"
    if variable in os.environ:
        yield os.environ[variable]
        return
    port = _free_port()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as messages:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "program.models.llama_process",
                *_server_program(),
                str(weights),
                str(port),
                str(slots),
            ],
            stdin=subprocess.PIPE,
            stdout=messages,
            stderr=messages,
            env={"GOMP_SPINCOUNT": SPINS, **os.environ},
            start_new_session=True,  # Ctrl-C reaches only the run, which then stops the server
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(process, address, log)
        os.environ[variable] = f"{address}/v1"
        try:
            yield f"{address}/v1"
        finally:
            del os.environ[variable]
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # including the server in it
            process.wait()


def _server_program() -> list[str]:
    named = os.environ.get("ALPHACODIUM_LLAMA_SERVER")
    if named is not None and shutil.which(named) is None:
        raise ServerError(f"ALPHACODIUM_LLAMA_SERVER: {named} is not a program")
    found = named or shutil.which("llama-server")
    if found is not None:
        return [found]
    if importlib.util.find_spec("xllamacpp") is None:
        raise ServerError("llama.cpp not found: run `uv sync --group llama`, or put a llama-server on PATH")
    return ["xllamacpp"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_ready(process: subprocess.Popen, address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerError(f"the embedded server stopped with exit status {process.returncode}; see {log}")
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
                if json.load(answer).get("status") == "ok":
                    return
        except (urllib.error.URLError, OSError, ValueError):
            time.sleep(0.2)
    raise ServerError(f"the embedded server did not start within {START_SECONDS:g} seconds; see {log}")
