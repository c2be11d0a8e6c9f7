"""The rungs of protection that this machine offers, and what each promises."""

import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from judge.sandbox.layers.guards import LANDLOCK, LAYERS, NAMESPACES, SECCOMP, UID
from judge.sandbox.pool import Pool

FULL = set(LAYERS)
# The best there is, without each layer, what a container mostly leaves, the filter alone, and nothing but the limits.
WANTED = (LAYERS, *(tuple(FULL - {layer}) for layer in LAYERS), (UID, SECCOMP), (SECCOMP,), ())


@contextmanager
def pools() -> Iterator[list[Pool]]:
    """A pool of one worker for each rung of `WANTED` that can be had here, the best first."""
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        made: dict[str, Pool] = {}
        for layers in WANTED:
            pool = stack.enter_context(Pool(1, layers=layers))
            if made.setdefault(pool.isolation(), pool) is not pool:
                pool.close()
        yield list(made.values())


def layers_of(pool: Pool) -> set[str]:
    """The layers that hold there."""
    return set(pool.isolation().split("+")) & FULL


def has_scratch(pool: Pool) -> bool:
    """Whether a program may write files: only a world of its own has a directory for them."""
    return NAMESPACES in layers_of(pool)


def shows_source_lines(pool: Pool) -> bool:
    """Whether tracebacks have the lines of the program: its source lies where no candidate can change it."""
    return {NAMESPACES, UID} <= layers_of(pool)


def imports_late(pool: Pool) -> bool:
    """Whether what no import statement names can be imported: another user may not reach the interpreter's library."""
    library = Path(os.__file__).resolve()
    open_to_others = all(folder.stat().st_mode & 1 for folder in library.parents)
    return UID not in layers_of(pool) or bool({NAMESPACES, LANDLOCK} & layers_of(pool)) or open_to_others


def zygote_processes(pool: Pool) -> int:
    """How many processes an idle pool of one worker has: with namespaces one waits outside, too."""
    return 2 if NAMESPACES in layers_of(pool) else 1
