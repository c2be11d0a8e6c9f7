"""A run on a Ray cluster, from the cluster's address to workers on every node."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial

from eval.cluster.crew import Crew
from eval.cluster.flow_worker import Flows, FlowWorker
from eval.cluster.judge_worker import JudgeWorker
from eval.cluster.member import Kind, Member, Remote, WorkerGone
from eval.cluster.paying import refuse_spent
from eval.cluster.ray_nodes import RayActor, connected, nodes, own_node, stored
from eval.cluster.remote_executor import ClusterExecutor
from eval.cluster.shared_limits import LimitsOwner, SharedRunBudget
from judge.place import judging_at
from judge.sandbox.pool import Sandbox
from program.rollout.budget import Budget, RunBudget

FLOWS_PER_NODE = 256  # in parallel; they wait most of the time
WAITING_PER_CORE = 2  # programs sent to a judge per core, so that no core waits for the network


@contextmanager
def on_cluster(address: str | None, sandbox: Sandbox, flows: Flows | None = None) -> Iterator[ClusterExecutor]:
    """Inside the block, programs are judged on a Ray cluster, and `flows` run there if given. At the end, prints to
    standard error what each node did.

    Raises:
        ExecutorError: there is no such cluster.
        ModelError, JudgeError: no node can be used.
    """
    with connected(address), ExitStack() as ended:
        owner, budget = None, RunBudget(Budget())
        if flows is not None:
            ledgers = flows.paid.resolve(), [each.resolve() for each in flows.others]
            owner = RayActor(LimitsOwner, own_node(), 1, flows.budget, flows.rates, *ledgers)
            ended.callback(owner.end)
            budget = SharedRunBudget(owner, flows.budget)
            refuse_spent(budget)
        crew = Crew(nodes, partial(_start, sandbox=sandbox, flows=flows, owner=owner))
        ended.callback(crew.close)
        crew.open()
        executor = ClusterExecutor(crew, budget, stored)
        with judging_at(executor):
            yield executor
        print(crew.summary(), file=sys.stderr)


def _start(node: str, *, sandbox: Sandbox, flows: Flows | None, owner: Remote | None) -> Member:
    """Start the workers of a node, without waiting for them."""
    known = nodes().get(node)
    if known is None:
        raise WorkerGone("the node has left the cluster")
    name, cores = f"{known['NodeManagerAddress']} ({node[:8]})", int(known["Resources"]["CPU"])
    side_by_side = min(flows.concurrency, FLOWS_PER_NODE) if flows else 0
    judge = RayActor(JudgeWorker, node, WAITING_PER_CORE * cores + side_by_side, name, sandbox, cores)
    workers: dict[Kind, RayActor] = {"judge": judge}
    room: dict[Kind, int] = {"judge": WAITING_PER_CORE * cores}
    if flows is not None:
        workers["flow"] = RayActor(FlowWorker, node, side_by_side, name, flows, judge, owner)
        room["flow"] = side_by_side
    return Member(name, cores, workers, room, partial(_open, workers), partial(_end, workers))


def _open(workers: Mapping[Kind, RayActor]) -> str:
    isolation = workers["judge"].call("open")
    if "flow" in workers:
        workers["flow"].call("open")
    return isolation


def _end(workers: Mapping[Kind, RayActor]) -> None:
    for each in workers.values():
        each.end()
