"""Ray nodes on a machine that has other things to do: `python -m tests.support.patient_ray start …` is `ray start …`.

A node gives its helpers 15 seconds to start and write down their ports, and itself 30 to be known to the head; neither
can be configured.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

WAIT_SECONDS = 900  # for what a slow machine is slow at; nothing is measured
SETTINGS = {
    "RAY_agent_register_timeout_ms": "900000",
    "RAY_worker_register_timeout_seconds": "900",
    "RAY_health_check_timeout_ms": "60000",
}


@contextmanager
def patient_nodes() -> Iterator[None]:
    """Nodes that this process starts in the block, in any thread, take their time; so do their workers, for good."""
    from ray._private import services, utils
    from ray._private.node import Node

    with pytest.MonkeyPatch.context() as patched:
        for name, value in SETTINGS.items():
            patched.setenv(name, value)
        patched.setattr(services, "get_node", _patiently(services.get_node))
        patched.setattr(Node, "start_raylet", _with_ports(Node.start_raylet))
        patched.setattr(utils, "set_sigterm_handler", _where_possible(utils.set_sigterm_handler))
        yield


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it has not come about"
        time.sleep(0.1)


def _patiently(get_node: Callable[..., Any]) -> Callable[..., Any]:
    def get(*arguments: Any) -> Any:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                return get_node(*arguments)
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    return get


def _where_possible(set_handler: Callable[..., Any]) -> Callable[..., Any]:
    """Python takes handlers of signals from its main thread only."""

    def set_if_main(handler: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            set_handler(handler)

    return set_if_main


def _with_ports(start_raylet: Callable[..., Any]) -> Callable[..., Any]:
    """The ports are written down before the helpers do; without `ray[default]` most of them are not in use: -1."""
    from ray._raylet import (
        DASHBOARD_AGENT_LISTEN_PORT_NAME,
        METRICS_AGENT_PORT_NAME,
        METRICS_EXPORT_PORT_NAME,
        RUNTIME_ENV_AGENT_PORT_NAME,
        persist_port,
    )

    def start(node: Any, *arguments: Any, **options: Any) -> Any:
        with socket.socket() as free:
            free.bind(("", 0))
            node._ray_params.runtime_env_agent_port = free.getsockname()[1]
        ports = dict.fromkeys((DASHBOARD_AGENT_LISTEN_PORT_NAME, METRICS_AGENT_PORT_NAME, METRICS_EXPORT_PORT_NAME), -1)
        ports[RUNTIME_ENV_AGENT_PORT_NAME] = node._ray_params.runtime_env_agent_port
        for name, port in ports.items():
            persist_port(node._session_dir, node._node_id, name, port)
        return start_raylet(node, *arguments, **options)

    return start


def main() -> None:
    from ray.scripts.scripts import main as ray_command

    with patient_nodes():
        ray_command()


if __name__ == "__main__":
    main()
