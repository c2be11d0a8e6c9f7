"""The process of the embedded server: `python -m program.models.llama_process PROGRAM WEIGHTS PORT SLOTS`.

It ends when its standard input closes, and so when its parent process ends for any reason.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import threading
from typing import Any

from program.models.llama_server import CONTEXT_TOKENS

STOP_SECONDS = 5.0


def main(program: str, weights: str, port: int, slots: int) -> None:
    """Serve until standard input closes. `program` is `xllamacpp` or the path of a `llama-server`."""
    if program == "xllamacpp":
        xllamacpp: Any = importlib.import_module("xllamacpp")

        server = xllamacpp.Server(_wheel_settings(xllamacpp.CommonParams(), weights, port, slots))
        _wait_for_end()
        del server
        os._exit(0)
    process = subprocess.Popen(
        [
            *(program, "-m", weights, "--host", "127.0.0.1", "--port", str(port)),
            *("-np", str(slots), "-c", str(CONTEXT_TOKENS * slots), "--no-webui"),
        ],
        stdin=subprocess.DEVNULL,
    )
    threading.Thread(target=_end_with, args=(process,), daemon=True).start()
    status = process.wait()
    # A thread has the lock of standard input, so Python's own exit would abort. Signals are reported as shells do.
    os._exit(status if status >= 0 else 128 - status)


def _end_with(process: subprocess.Popen) -> None:
    _wait_for_end()
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _wheel_settings(settings, weights: str, port: int, slots: int):
    settings.model.path = weights
    settings.hostnames = ["127.0.0.1"]
    settings.port = port
    settings.n_parallel = slots
    settings.n_ctx = CONTEXT_TOKENS * slots
    settings.fit_params = False  # otherwise it starts a second copy to measure memory
    settings.cache_prompt = True
    settings.cont_batching = True
    return settings


def _wait_for_end() -> None:
    while sys.stdin.buffer.read(4096):
        pass


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
