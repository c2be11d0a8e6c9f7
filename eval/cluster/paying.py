"""Payment for the calls of a run's rollouts, in this process and in those of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import dspy

from program.cli.model_options import ServedModel
from program.paid.halted import NotAsked
from program.paid.ledger import Ledger
from program.paid.ledger_engine import paid_check, paid_lm
from program.paid.paid_calls import PaidCalls
from program.rollout.budget import RunBudget
from program.rollout.rate_limits import Pace


def paid_calls(ledger: Ledger, budget: RunBudget, pace: Pace) -> PaidCalls:
    """Pays for the calls of rollouts. When the budget is spent, a rollout ends with what it has. A repeated rollout
    counts what it used before."""
    return PaidCalls(ledger, budget, pace, reached=NotAsked)


def refuse_spent(budget: RunBudget) -> None:
    """Check that the budget is not spent.

    Raises:
        NotAsked: it is spent.
    """
    if spent := budget.spent():
        raise NotAsked(spent, f"the budget of {spent} is spent")


@contextmanager
def opened_paid(
    model: ServedModel, calls: PaidCalls, opener: Callable[..., AbstractContextManager[dspy.LM]]
) -> Iterator[dspy.LM]:
    """Open a model with paid calls, including the call that checks it.

    Args:
        model: its name and address.
        calls: pays for the calls.
        opener: `program.models.open.open_lm` or a function with its signature.

    Raises:
        ModelError: the model does not answer.
    """
    with opener(model.name, api_base=model.api_base, check=paid_check(calls, model.name)) as lm:
        yield paid_lm(lm, calls, model.name)
