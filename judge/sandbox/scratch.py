"""Empty the scratch directory between tests."""

from __future__ import annotations

import os
import stat


def empty_directory(path: str) -> None:
    """Remove everything in `path`, however deep it is nested, and end up in it.

    Goes down step by step: a candidate can nest deeper than a path, or a recursion, can be long.

    Raises:
        OSError: something cannot be removed.
    """
    os.chmod(path, stat.S_ISVTX | 0o777)  # where it has no user of its own, a candidate can close it
    if not os.listdir(path):
        return
    os.chdir(path)
    depth = 0
    while True:
        below = None
        with os.scandir(".") as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    below = entry.name
                else:
                    os.unlink(entry.name)
        if below is not None:
            try:
                os.rmdir(below)
            except OSError:
                os.chmod(below, stat.S_IRWXU)
                os.chdir(below)
                depth += 1
        elif depth:
            os.chdir("..")
            depth -= 1
        else:
            break
    os.chdir(path)
