"""The rules by which a run judges programs. Every run records them, and `eval.rescore` changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from judge.checker import DEEPMIND, Checker
from judge.limits import PYTHON_TIME_FACTOR, limits_of
from judge.verdict import Limits
from program.errors import UserError, first_error
from program.problem import Problem


class Rules(BaseModel):
    """How public and hidden tests decide whether a finished program is right. The rules do not affect what a flow does
    itself, such as running its code on public tests.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    checker: Literal["strict", "deepmind"] = "strict"
    """How outputs are compared: "strict" uses the problem's own checker or else the tolerance of the statement; see
    `judge.checker`."""
    time_factor: float = Field(default=PYTHON_TIME_FACTOR, gt=0)
    """Factor on the problem's time limit, for Python programs; see `judge.limits`."""
    # A program that never ends would occupy the judge for half an hour on 200 tests.
    timeouts: int | None = Field(default=10, ge=1)
    """Timeouts in a test set after which its other tests are skipped and count as not passed; None: run all tests."""

    def described(self) -> str:
        """The rules in a few words."""
        cut = f", no more tests of a set after {self.timeouts} timeouts" if self.timeouts else ""
        return f"checker {self.checker}, time limits times {self.time_factor:g}{cut}"

    def checker_for(self, problem: Problem) -> Checker:
        if self.checker == "strict":
            return problem.checker()
        return DEEPMIND if problem.function is None else replace(problem.checker(), rule="deepmind")

    def limits_for(self, problem: Problem) -> Limits:
        return limits_of(problem.seconds, problem.memory_bytes, self.time_factor)


def rules_of(config: Mapping[str, Any]) -> Rules:
    """The rules of a run, from its configuration; the default rules if an old run did not record them.

    Raises:
        UserError: the configuration has unknown rules.
    """
    known = {name: config[name] for name in Rules.model_fields if name in config}
    try:
        return Rules.model_validate({"timeouts": None, **known})
    except ValidationError as fault:
        raise UserError(f"the rules of a run: {first_error(fault, Rules)}") from fault
