"""The base class of all strategies: a DSPy module from a problem to a program, with everything that its calls need."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import dspy

from program.adapters.adapter_names import DEFAULT_ADAPTER
from program.adapters.choice import adapter_named
from program.models.adapting import adapting
from program.problem import Problem
from program.rollout.context import context, own_trace, within
from program.rollout.conversation import Conversation
from program.stage.config import ProgramConfig


class Program(dspy.Module):
    """The base of all strategies; a subclass adds its stages and `forward(problem, sample)`.

    It works wherever DSPy calls a module: in plain Python, `acall`, `dspy.Evaluate`, optimizers. If no rollout is open,
    it opens one, so that its budget applies. It makes its prompts with its own adapter.

    Attributes:
        config: its configuration, including the budget of one rollout.
        adapter: makes prompts and parses answers. None uses the adapter of `dspy.settings` with its own order, or else
            the default adapter.
        lm_settings: sampling settings for every call, in addition to those of the LM.
        continued_by: the configuration key for the maximum number of draws in a rollout. A rollout with more draws must
            start with the same draws as one with fewer. Empty for a program that makes one draw.
    """

    continued_by: str = ""

    def __init__(self, config: ProgramConfig) -> None:
        super().__init__()
        self.config: Any = config
        self.adapter: dspy.Adapter | None = None
        self.lm_settings: dict[str, Any] = {}

    def __call__(self, problem: Problem | Mapping[str, Any] | str, sample: int = 0) -> dspy.Prediction:
        """Solve `problem`. `code` in the prediction is the best program found; it is empty if there is none.

        Args:
            problem: a `Problem`, its dictionary, or the text of its statement.
            sample: the number of the sample; another number draws other answers.

        Raises:
            ValueError: `problem` is none of these.
            LMError: no call can work, for example because the key is wrong.
        """
        asked = Problem.of(problem)
        if (allowance := context().allowance) and not allowance.draws:
            return dspy.Prediction(code="")
        with self.at_home(asked):
            return super().__call__(problem=asked, sample=sample)

    async def acall(self, problem: Problem | Mapping[str, Any] | str, sample: int = 0) -> dspy.Prediction:
        """Like `__call__`; waits in a thread."""
        asked = Problem.of(problem)
        with self.at_home(asked):
            return await super().acall(problem=asked, sample=sample)

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        """The strategy."""
        raise NotImplementedError

    async def aforward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        return await asyncio.to_thread(self.forward, problem, sample)

    @property
    def draws(self) -> int:
        """The maximum number of draws in the current rollout."""
        allowance = context().allowance
        if allowance:
            return allowance.draws
        return getattr(self.config, self.continued_by) if self.continued_by else 1

    @contextmanager
    def at_home(self, problem: Problem) -> Iterator[None]:
        """Inside the block, its stages run as in a rollout of `problem`; a rollout is opened if there is none."""
        with ExitStack() as stack:
            stack.enter_context(own_trace())
            adapter = self.adapter or dspy.settings.adapter or adapter_named(DEFAULT_ADAPTER, self.config.order)
            begun = Conversation() if getattr(adapter, "order", "") == "conversation" else None
            stack.enter_context(within(function=problem.function, conversation=begun))
            lm = adapting(dspy.settings.lm)
            if lm is not None and self.lm_settings:
                lm = lm.copy(**self.lm_settings)
            stack.enter_context(dspy.context(adapter=adapter, lm=lm))
            yield
