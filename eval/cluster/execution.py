"""Where the programs of a command run and are judged: in this process or, with `--executor ray`, on a cluster."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

from eval.cluster.flow_worker import Flows
from eval.cluster.paying import opened_paid, paid_calls, refuse_spent
from eval.cluster.remote_executor import ClusterExecutor
from eval.data.problem_set import ProblemSet
from eval.rollouts.executor import Arm, Conditions, Executor, ExecutorError, Threads
from eval.rollouts.mlflow_tracing import mlflow_traces
from eval.simulated.model import open_model
from judge.shared import set_default_sandbox
from program.cli.model_options import Models
from program.paid.ledger import Ledger, ledger_in
from program.rollout.budget import Budget
from program.rollout.rate_limits import Pace, RateLimits


@contextmanager
def judging_on(options: argparse.Namespace) -> Iterator[None]:
    """Inside the block, programs are judged where the options say, with the protection of `--sandbox`.

    Raises:
        ExecutorError: there is no such cluster, or Ray is not installed.
        JudgeError: no node of it can be used.
    """
    with _cluster(options):
        yield


@contextmanager
def open_executor(
    options: argparse.Namespace,
    models: Models,
    arms: Sequence[Arm],
    problems: ProblemSet,
    rates: RateLimits,
    budget: Budget,
    paid: Path,
) -> Iterator[Executor]:
    """The executor of the arms, with open and checked models. Inside the block, programs are judged as in `judging_on`.

    Args:
        options: of `eval.run`.
        models: the models that the options name.
        arms, problems: what will be run.
        rates, budget: of the run, over all its sessions.
        paid: the folder of the run's ledger.

    Raises:
        NotAsked: the budget is spent.
        ExecutorError: there is no such executor, or it does not support these options.
        RunError: the traces cannot be sent anywhere.
        ModelError, JudgeError: a model does not answer, or no program can be judged.
    """
    others = [ledger_in(folder) for folder in options.answers]
    with ExitStack() as stack:
        flows = partial(_flows, options, models, arms, rates, budget, paid, others)
        cluster = stack.enter_context(_cluster(options, flows))
        if cluster is not None:
            yield cluster
            return
        stack.enter_context(mlflow_traces(options.mlflow, options.out.name))
        ledger = stack.enter_context(closing(Ledger(paid, others=others)))
        spending = ledger.budget(budget)
        refuse_spent(spending)
        calls = stack.enter_context(closing(paid_calls(ledger, spending, Pace(rates))))
        opener = partial(open_model, problems=problems, slots=options.concurrency)
        opened = models.open(lambda each: opened_paid(each, calls, opener))
        lm, stronger, repairer = stack.enter_context(opened)
        pace = Pace(rates.patience(), sleep=calls.rest)
        yield Threads(
            lm, Conditions(pace, spending, stronger, repairer, phase="rollouts", apart=not options.same_draws)
        )


@contextmanager
def _cluster(
    options: argparse.Namespace, flows: Callable[[], Flows | None] = lambda: None
) -> Iterator[ClusterExecutor | None]:
    """The cluster that the options name, which judges programs inside the block and runs `flows` if given; None if this
    process does everything."""
    set_default_sandbox(options.sandbox)
    if options.executor == "threads":
        if options.ray_address is not None:
            raise ExecutorError("--ray-address needs --executor ray")
        yield None
        return
    wanted = flows()
    from eval.cluster.on_ray import on_cluster  # Ray is optional

    with on_cluster(options.ray_address, options.sandbox, wanted) as cluster:
        yield cluster


def _flows(
    options: argparse.Namespace,
    models: Models,
    arms: Sequence[Arm],
    rates: RateLimits,
    budget: Budget,
    paid: Path,
    others: Sequence[Path],
) -> Flows:
    if options.mlflow:
        raise ExecutorError("--mlflow traces only rollouts in this process, so it does not go with --executor ray")
    return Flows(arms, models, options.concurrency, budget, rates, paid, others, apart=not options.same_draws)
