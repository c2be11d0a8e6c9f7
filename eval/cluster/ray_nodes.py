"""The only module that uses Ray. It is imported, with Ray, only for `--executor ray`."""

# Ray is optional, and accepts more than its types say.
# pyright: reportMissingImports=false, reportArgumentType=false

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from eval.cluster.member import WorkerGone
from eval.rollouts.executor import ExecutorError
from program.errors import first_line

try:
    import ray
    from ray.exceptions import RayError, RayTaskError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError as fault:
    raise ExecutorError("--executor ray needs Ray: uv sync --inexact --group ray") from fault

PROJECT = Path(__file__).resolve().parents[2]
# Nodes get the code of this checkout but no problems, because flows run there.
LEFT_OUT = [f"/{name}" for name in ("runs", "artifacts", "docs", "tests", "benchmarks", "eval/pack", ".venv", ".git")]
CONNECT_SECONDS = 10.0


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Inside the block, be the driver of a job; without an address, on a running cluster or else on a new one here.

    Raises:
        ExecutorError: there is no such cluster, or it cannot be used.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no usage statistics
    code = {"working_dir": str(PROJECT), "excludes": LEFT_OUT}
    try:
        if address:
            _refuse_nobody(address)
        ray.init(address, runtime_env=code, log_to_driver=False, logging_level="error")
    except (ConnectionError, RuntimeError, ValueError) as fault:
        said = (str(fault).strip().splitlines() or [type(fault).__name__])[0]
        raise ExecutorError(f"cannot use a Ray cluster at {address or 'this machine'}: {said}") from fault
    try:
        yield
    finally:
        ray.shutdown()


def _refuse_nobody(address: str) -> None:
    """Refuse an address where nothing listens; Ray would wait for ten minutes. Names such as `auto` are left to Ray."""
    there = urlsplit(f"//{address.removeprefix('ray://')}")
    if not there.hostname or there.port is None:
        return
    try:
        socket.create_connection((there.hostname, there.port), CONNECT_SECONDS).close()
    except OSError as fault:
        raise ConnectionError(str(fault)) from fault


def nodes() -> dict[str, dict[str, Any]]:
    """The live nodes with at least one core, by id, as Ray describes them."""
    return {each["NodeID"]: each for each in ray.nodes() if each["Alive"] and each["Resources"].get("CPU", 0) >= 1}


def own_node() -> str:
    """The id of the node the driver is on."""
    return ray.get_runtime_context().get_node_id()


def stored(value: Any) -> Any:
    """Put a value into Ray's object store, where every node gets it once; returns the reference for calls."""
    return ray.put(value)


class RayActor:
    """A `Remote`: an object of class `kind` in its own process on the node `node`.

    Args:
        kind: its class; calls run in `threads` threads.
        arguments: of the class.
    """

    def __init__(self, kind: type, node: str, threads: int, *arguments: Any) -> None:
        there = NodeAffinitySchedulingStrategy(node, soft=False)
        options = {"num_cpus": 0, "max_concurrency": threads, "scheduling_strategy": there}
        self._actor = ray.remote(kind).options(**options).remote(*arguments)

    def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        try:
            return ray.get(getattr(self._actor, method).remote(*arguments, **options))
        except RayTaskError as raised:
            raise raised.cause from None
        except RayError as gone:
            raise WorkerGone(f"{type(gone).__name__}: {first_line(gone)}") from gone

    def tell(self, method: str, *arguments: Any) -> None:
        getattr(self._actor, method).remote(*arguments)

    def end(self) -> None:
        """End the process at once."""
        ray.kill(self._actor)
