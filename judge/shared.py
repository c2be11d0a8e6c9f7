"""The pool of everybody who brings none, and how many may use it at once."""

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
    """The pool of everybody who brings none, made when first asked for and closed when the interpreter ends."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Pool()
        return _default


def default_workers() -> int:
    """How many programs to hand in at once, here or at the place where they are judged."""
    place = default_place()
    return default_pool().workers if place is None else place.workers


def set_default_sandbox(sandbox: Sandbox, workers: int | None = None) -> Pool:
    """Give the default pool this protection, at the start of a program. One that has it already stays."""
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
    """Ends every run under way, here or at the place where programs are judged, when the body raises: nobody waits for
    them."""
    try:
        yield
    except BaseException:
        end_runs()
        raise


def end_runs() -> None:
    """End every run under way, here or at the place where programs are judged: a judgement that waits for one fails."""
    place = default_place()
    if place is not None:
        place.close()
    close_default()


def close_default() -> None:
    """End the default pool's processes; whoever judges next gets a new one."""
    global _default
    with _default_lock:
        old, _default = _default, None
    if old is not None:
        old.close()


def _forget_default() -> None:
    """In a fork of the judge's process: the zygotes are the parent's, and the locks may be held by nobody."""
    global _default, _default_lock
    _default = None
    _default_lock = threading.Lock()


atexit.register(close_default)
os.register_at_fork(after_in_child=_forget_default)
