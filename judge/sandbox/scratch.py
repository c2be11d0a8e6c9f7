"""Empty the scratch directory between tests."""

from __future__ import annotations

import os
import stat


def empty_directory(path: str) -> None:
    """Remove everything in `path`, at any depth, and make it the current directory.

    Goes down one level at a time: a candidate can nest deeper than the limits on path length and recursion.

    Raises:
        OSError: something cannot be removed.
    """
    os.chmod(path, stat.S_ISVTX | 0o777)  # without its own user id, a candidate can change the mode
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
