"""The options `--executor` and `--ray-address`, which several commands share, and what they mean for judging."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager


def add_executor(parser: argparse.ArgumentParser) -> None:
    """Add `--executor` and `--ray-address`."""
    parser.add_argument(
        "--executor",
        choices=("threads", "ray"),
        default="threads",
        help="where programs run and are judged: here, or on a Ray cluster (docs/howto/scale.md; default: %(default)s)",
    )
    parser.add_argument(
        "--ray-address",
        metavar="ADDRESS",
        help="of a running cluster, or auto for the one this machine is in (default: that, or else a new one here)",
    )


@contextmanager
def judging_on(options: argparse.Namespace) -> Iterator[None]:
    """Inside of the block programs are judged where the options say, with the protection of `--sandbox`.

    Raises:
        ExecutorError: there is no such cluster, or no Ray.
        JudgeError: no node of it can be used.
    """
    from judge.shared import set_default_sandbox

    set_default_sandbox(options.sandbox)
    if options.executor == "threads":
        yield
        return
    from eval.cluster.on_ray import on_cluster

    with on_cluster(options.ray_address, options.sandbox):
        yield
