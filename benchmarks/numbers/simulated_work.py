"""Compilations and probes with a simulated model of given skills, one line of a journal for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import dspy
from pydantic import BaseModel

from eval.data.problem_set import ProblemSet
from eval.rollouts.json_lines import JsonLines
from eval.simulated.lm import simulated_lm
from eval.simulated.skills import Skills
from optimize.compilation import compile_session

Line = TypeVar("Line", bound=BaseModel)
Key = TypeVar("Key")

STRONGER = "simulated/stronger"  # the name of the model with other skills in a compilation


@contextmanager
def simulated_work(folder: Path, skills: Skills, stronger: Skills | None = None) -> Iterator[None]:
    """Inside the block, compilations use a model with these skills, and all their output goes to `folder`.

    Args:
        folder: only for this work.
        skills: of every model but `STRONGER`.
        stronger: of the model named `STRONGER`.
    """

    @contextmanager
    def opened(model: str, problems: ProblemSet, **_: Any) -> Iterator[dspy.LM]:
        yield simulated_lm(problems, stronger if stronger and model == STRONGER else skills)

    with (
        patch.multiple(compile_session, open_model=opened, WORK_FOLDER=folder / "ledger"),
        (folder / "printed").open("w") as printed,
        redirect_stdout(printed),
        redirect_stderr(printed),
    ):
        yield


def resumed(
    file: Path, kind: type[Line], key: Callable[[Line], Key], wanted: Sequence[Key], make: Callable[[Key], Line]
) -> list[Line]:
    """The lines of the journal `file` with these keys, in that order; missing ones are made, and stored at once."""
    journal = JsonLines(file, alone=True)
    done = {key(line): line for line in map(kind.model_validate, journal.values())}
    for each in wanted:
        if each not in done:
            done[each] = make(each)
            journal.append(done[each].model_dump())
    return [done[each] for each in wanted]
