"""The language model of an evaluation: a real one, or the simulated one, which needs known programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from program.models.names import EMBEDDED

if TYPE_CHECKING:
    import dspy

    from eval.data.problem_set import ProblemSet
    from program.models.open import Check

SIMULATED = "simulated"  # the name of the simulated model with default skills


@contextmanager
def open_model(
    model: str, problems: ProblemSet, *, api_base: str | None = None, slots: int = 4, check: Check | None = None
) -> Iterator[dspy.LM]:
    """A checked `dspy.LM` for `model`; see `program.models.open.open_lm`. `SIMULATED` opens the simulated model.

    Raises:
        ModelError: the model cannot be used.
    """
    from program.models.open import open_lm  # tables and reports need model names without DSPy

    if model == SIMULATED:
        from eval.data.load import load_problems
        from eval.data.rows import PACK, same_split
        from eval.simulated.lm import simulated_lm
        from eval.simulated.skills import Skills

        # Demonstrations come from another split than the evaluated one.
        splits = [split for split in ("valid", "test") if not same_split(split, problems.split)]
        others = [load_problems(PACK, split) for split in splits] if problems.data == PACK else []
        yield simulated_lm(problems, Skills(), demo_problems=others)
        return
    with open_lm(model, api_base=api_base, slots=slots, check=check) as lm:
        yield lm


def caveat(model: str) -> str:
    """A sentence that a report must have about this model; empty if none."""
    fake = model.partition("/")[0] == SIMULATED  # the LM itself is called `simulated/…`
    return "The model is simulated: these numbers say nothing about any language model." if fake else ""


def answers_here_only(model: str) -> bool:
    """Whether a model without a named server answers only in this process or on this machine."""
    return model == SIMULATED or model.startswith(EMBEDDED)
