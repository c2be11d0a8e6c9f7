"""Judges programs on a node of a cluster. Only this process and the driver see hidden tests."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from judge.judge import judge
from judge.sandbox.pool import Sandbox
from judge.shared import set_default_sandbox
from judge.verdict import JudgeError, Limits, Report, TestCase


class JudgeWorker:
    """The judge of one node, for the driver and for the node's own flows.

    Args:
        node: its name, for messages.
        sandbox: the requested protection.
        cores: of the node; this many programs run at once, for all callers together.
    """

    def __init__(self, node: str, sandbox: Sandbox, cores: int) -> None:
        self._node = node
        self._pool = set_default_sandbox(sandbox, cores)

    def open(self) -> str:
        """Open the judge; returns the name of the protection of programs on this node.

        Raises:
            JudgeError: the protection is weaker than required.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the driver reports the protection of every node
                return self._pool.isolation()
        except JudgeError as fault:
            raise JudgeError(f"{self._node}: {fault}") from fault

    def judge(self, program: str, tests: Sequence[TestCase], limits: Limits, **options: Any) -> Report:
        """See `judge.place.Place.judge`."""
        return judge(program, tests, limits, **options)
