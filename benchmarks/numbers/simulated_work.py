"""Compilations and probes with a simulated model of given skills."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dspy

from eval.data.problem_set import ProblemSet
from eval.simulated.lm import simulated_lm
from eval.simulated.skills import Skills
from optimize.compilation import compiling

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
        patch.multiple(compiling, open_model=opened, WORK_FOLDER=folder / "ledger"),
        (folder / "printed").open("w") as printed,
        redirect_stdout(printed),
        redirect_stderr(printed),
    ):
        yield
