"""The rules by which a run judges programs: recorded with every run, and what `eval.rescore` changes."""

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
    """How hidden and public tests decide about a finished program. What a program does by itself, such as running its
    code on public tests, is not touched by them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    checker: Literal["strict", "deepmind"] = "strict"
    """How outputs are compared: "strict" by the problem's own checker, or else within the tolerance of the statement;
    see `judge.checker`."""
    time_factor: float = Field(default=PYTHON_TIME_FACTOR, gt=0)
    """The problem's time limit times this is what a Python program gets; see `judge.limits`."""
    # A program that never ends would hold the judge for half an hour on 200 tests.
    timeouts: int | None = Field(default=10, ge=1)
    """Tests of a set that may run out of time before the rest is not run and counts as not passed; None: run all."""

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
    """The rules a run was judged by, by its configuration; those that all runs had where they were not recorded yet.

    Raises:
        UserError: the configuration has others than there are.
    """
    known = {name: config[name] for name in Rules.model_fields if name in config}
    try:
        return Rules.model_validate({"timeouts": None, **known})
    except ValidationError as fault:
        raise UserError(f"the rules of a run: {first_error(fault, Rules)}") from fault
