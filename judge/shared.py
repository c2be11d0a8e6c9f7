"""The default pool, and how many programs may use it at once."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from judge.place import default_place
from judge.sandbox.pool import Pool, Sandbox

_default: Pool | None = None
_default_lock = threading.Lock()


def default_pool() -> Pool:
    """The default pool. It is created on first use and closed when the interpreter exits."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Pool()
        return _default


def default_workers() -> int:
    """How many programs to submit at once, to this process or to the default place."""
    place = default_place()
    return default_pool().workers if place is None else place.workers


def set_default_sandbox(sandbox: Sandbox, workers: int | None = None) -> Pool:
    """Set the sandbox of the default pool, at program start. A pool that has these settings already is kept."""
    global _default
    with _default_lock:
        if _default is not None and _default.is_like(workers, sandbox):
            return _default
        old, _default = _default, Pool(workers, sandbox=sandbox)
        if old is not None:
            old.close()
        return _default


@contextmanager
def ended_on_error() -> Iterator[None]:
    """End all runs in progress, here or at the default place, if the body raises: nobody waits for them."""
    try:
        yield
    except BaseException:
        end_runs()
        raise


def end_runs() -> None:
    """End all runs in progress, here or at the default place. A caller that waits for one gets an error."""
    place = default_place()
    if place is not None:
        place.close()
    close_default()


def close_default() -> None:
    """End the processes of the default pool. The next call to `default_pool` creates a new one."""
    global _default
    with _default_lock:
        old, _default = _default, None
    if old is not None:
        old.close()


def _forget_default() -> None:
    """In a fork of the judge's process: the zygotes belong to the parent, and a lock may stay locked forever."""
    global _default, _default_lock
    _default = None
    _default_lock = threading.Lock()


atexit.register(close_default)
os.register_at_fork(after_in_child=_forget_default)
