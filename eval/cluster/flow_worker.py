"""Runs flows on a node of a cluster. It gets problems without hidden tests, and opens the models itself, with the keys
from the node's environment."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.cluster.member import Remote, WorkerGone
from eval.cluster.paying import opened_paid, paid_calls
from eval.cluster.shared_limits import SharedLedger, SharedPace, SharedRunBudget
from eval.rollouts.executor import Arm, Conditions, ExecutorError, Threads
from eval.rollouts.rollout import Rollout
from eval.simulated.model import answers_here_only
from judge.place import judging_at
from judge.verdict import Limits, Report, TestCase
from program.cli.model_options import Models
from program.errors import ModelError
from program.models.open import open_lm
from program.paid.halted import Halted
from program.problem import Problem
from program.rollout.budget import Allowance, Budget
from program.rollout.context import within
from program.rollout.rate_limits import Pace, RateLimits


@dataclass(frozen=True)
class Flows:
    """What a node needs to run the flows of a run.

    models: names of models and addresses of servers, never keys.
    concurrency: parallel rollouts of the run.
    paid: the folder of the run's ledger, on the machine where the run was started.
    others: folders of further ledgers there; their answers are reused for free.
    apart: see `Conditions`.

    Raises:
        ExecutorError: a model runs in one process or on one machine only.
    """

    arms: Sequence[Arm]
    models: Models
    concurrency: int
    budget: Budget
    rates: RateLimits
    paid: Path
    others: Sequence[Path] = ()
    apart: bool = True

    def __post_init__(self) -> None:
        for model in self.models.all:
            if model.api_base is None and answers_here_only(model.name):
                raise ExecutorError(
                    f"{model.name} answers on this machine only; with --executor ray, --api-base, --escalate-api-base "
                    "or --repair-api-base must name a server that all nodes can reach"
                )


class FlowWorker:
    """The flows of one node, in threads.

    Args:
        node: its name, for messages.
        flows: what to run.
        judge: the node's judge, for the tests that a flow may see.
        owner: keeps budget and pace.
    """

    def __init__(self, node: str, flows: Flows, judge: Remote, owner: Remote) -> None:
        self._node, self._flows, self._judge, self._owner = node, flows, judge, owner
        self._open = ExitStack()
        self._arms = {arm.name: arm for arm in flows.arms}

    def open(self) -> None:
        """Open the models.

        Raises:
            ModelError: a model does not answer requests from this node.
        """
        flows = self._flows
        budget = SharedRunBudget(self._owner, flows.budget)
        calls = paid_calls(SharedLedger(self._owner), budget, SharedPace(flows.rates, self._owner))
        try:
            models = flows.models.open(lambda each: opened_paid(each, calls, open_lm))
            with within(draws=self._node):  # each node checks for itself, because its network path is what matters
                lm, stronger, repairer = self._open.enter_context(models)
        except ModelError as fault:
            raise ModelError(f"{self._node}: {fault}") from fault
        pace = Pace(flows.rates.patience(), sleep=calls.rest)
        self._threads = Threads(lm, Conditions(pace, budget, stronger, repairer, phase="rollouts", apart=flows.apart))
        self._open.enter_context(judging_at(_NodeJudge(self._judge)))

    def run(self, arm: str, problem: Problem, sample: int, allowance: Allowance | None = None) -> Rollout:
        """See `eval.rollouts.executor.Executor.run`."""
        try:
            return self._threads.run(self._arms[arm], problem, sample, allowance)
        except Halted as halted:
            raise halted.fault from halted


class _NodeJudge:
    """Lets this process judge with the node's judge, so that the node's cores are not shared by two pools."""

    workers = 1

    def __init__(self, judge: Remote) -> None:
        self._judge = judge

    def judge(self, program: str, tests: Sequence[TestCase], limits: Limits, **options: Any) -> Report:
        try:
            return self._judge.call("judge", program, tests, limits, **options)
        except WorkerGone:
            os._exit(1)  # running rollouts are lost with the judge; the driver repeats them elsewhere

    def close(self) -> None:
        """Does nothing: the driver ends the judge."""
