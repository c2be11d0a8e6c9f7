"""Who of a cluster gets what, and what happens to calls whose worker is lost; no cluster is needed for that."""

import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from eval.cluster.crew import Crew, LostTwice, NobodyLeft
from eval.cluster.member import Member, WorkerGone
from judge.verdict import JudgeError
from tests.support.remotes import Near, member


class Worker:
    def __init__(self, name: str) -> None:
        self.name = name
        self.held: threading.Event | None = None

    def work(self, answer: int = 0) -> tuple[str, int]:
        return self.name, answer

    def wait(self) -> str:
        assert self.held is not None
        self.held.wait()
        return self.name


@contextmanager
def crew_of(*members: Member, patience: float = 0.0, refused: dict[str, Exception] | None = None):
    """An open crew of these, each on the node of its name, and the set of nodes, which may be changed."""
    known = {each.name: each for each in members}
    nodes = {*known, *(refused or {})}

    def start(node: str) -> Member:
        if node in (refused or {}):
            return replace(member(node, [], None), open=lambda: raising((refused or {})[node]))
        return known[node]

    crew = Crew(lambda: nodes, start, every=0.01, patience=patience)
    try:
        crew.open()
        yield crew, nodes
    finally:
        crew.close()


def raising(fault: Exception) -> str:
    raise fault


def joined(crew: Crew, kind, room: int) -> None:
    """Wait until the members have that room together."""
    while crew.room(kind) != room:
        time.sleep(0.001)


def test_the_least_busy_node_per_core_gets_the_next_call():
    small, large = Worker("small"), Worker("large")
    small.held = large.held = threading.Event()
    nodes = [member(each.name, ["judge"], Near(each), cores=cores) for each, cores in ((small, 1), (large, 3))]
    with crew_of(*nodes) as (crew, _):
        joined(crew, "judge", 8)
        threads = [threading.Thread(target=crew.call, args=("judge", "wait")) for _ in range(4)]
        for number, thread in enumerate(threads):
            thread.start()
            while sum(each.busy["judge"] for each in nodes) <= number:
                time.sleep(0.001)
        assert [each.busy["judge"] for each in nodes] == [1, 3]
        large.held.set()
        for thread in threads:
            thread.join()
    said = crew.summary().splitlines()
    assert sorted(said) == ["large, 3 cores, fork: 3 judge calls", "small, 1 cores, fork: 1 judge calls"]


def test_a_call_whose_worker_is_lost_is_done_again_once_and_counted():
    stopped: list[str] = []
    dying = member("dying", ["flow", "judge"], Near(Worker("dying"), dies_at=0), cores=9, stopped=stopped)
    steady = member("steady", ["flow", "judge"], Near(Worker("steady")), stopped=stopped)
    with crew_of(dying, steady) as (crew, nodes):
        joined(crew, "flow", 8)
        nodes.discard("dying")
        answers = [crew.call("flow", "work", number) for number in range(3)]
    assert [answer for answer, _ in answers] == [("steady", number) for number in range(3)]
    assert sorted(stopped) == ["dying", "steady"], "the node's other worker goes with the one that is lost"
    again = sum(again for _, again in answers)
    assert again <= 1, "the node's leaving may have been seen before the call"
    assert crew.summary().count("repeated because their worker was lost: 1 flow calls") == again


def test_a_call_that_loses_two_workers_is_given_up_and_the_others_go_on():
    poison = [member(name, ["flow"], Near(Worker(name), dies_at=0)) for name in ("one", "two")]
    with crew_of(*poison, member("three", ["flow"], Near(Worker("three")), room=8), patience=9) as (crew, _):
        joined(crew, "flow", 16)
        lost = 0
        for _ in range(3):
            try:
                crew.call("flow", "work")
            except LostTwice:
                lost += 1
        assert lost <= 1


def test_what_a_worker_raises_is_no_loss():
    class Failing:
        def work(self) -> None:
            raise JudgeError("no processes left")

    with crew_of(member("one", ["judge"], Near(Failing()), room=1)) as (crew, _):
        for _ in range(2):  # the room is given back
            with pytest.raises(JudgeError, match="no processes left"):
                crew.call("judge", "work")
    assert "again" not in crew.summary()


def test_a_node_that_joins_late_gets_work():
    early, late = Worker("early"), Worker("late")
    early.held = threading.Event()
    known = {each.name: member(each.name, ["flow"], Near(each), room=1) for each in (early, late)}
    nodes = {"early"}
    crew = Crew(lambda: nodes, known.__getitem__, every=0.01)
    crew.open()
    busy = threading.Thread(target=crew.call, args=("flow", "wait"))
    busy.start()
    while not known["early"].busy["flow"]:
        time.sleep(0.001)
    nodes.add("late")
    assert crew.call("flow", "work", 7) == (("late", 7), False)
    early.held.set()
    busy.join()
    crew.close()


def test_a_node_that_is_refused_gets_nothing_and_is_named():
    refused = JudgeError("full protection is required, but only 'fork' is available here")
    with crew_of(member("good", ["judge"], Near(Worker("good"))), refused={"bad": refused}) as (crew, _):
        while "not used" not in crew.summary():
            time.sleep(0.001)
        assert {crew.call("judge", "work")[0][0] for _ in range(3)} == {"good"}
    assert "not used: full protection is required" in crew.summary()


def test_where_every_node_is_refused_the_reason_is_raised():
    refused = {"bad": JudgeError("full protection is required")}
    with pytest.raises(JudgeError, match="required"), crew_of(refused=refused):
        pass


def test_a_node_whose_workers_do_not_start_is_tried_again_a_few_times():
    stopped: list[str] = []
    bad = replace(member("bad", [], None, stopped=stopped), open=lambda: raising(WorkerGone("it does not start")))
    crew = Crew(lambda: {"bad"}, lambda _: bad, every=0.01, patience=60)
    with pytest.raises(JudgeError, match="it does not start"):
        crew.open()
    crew.close()
    assert stopped == ["bad"] * 3


def test_a_node_that_is_still_starting_at_the_end_is_not_waited_for():
    ended, nodes = threading.Event(), {"one"}
    slow = replace(member("slow", [], None), open=lambda: ended.wait() and raising(WorkerGone("ended")), stop=ended.set)
    known = {"one": member("one", ["judge"], Near(Worker("one"))), "slow": slow}
    crew = Crew(lambda: nodes, known.__getitem__, every=0.01)
    crew.open()
    nodes.add("slow")
    assert crew.call("judge", "work")[0] == ("one", 0)
    crew.close()
    assert "slow" not in crew.summary()


def test_without_any_node_a_call_ends():
    with crew_of(member("one", ["flow"], Near(Worker("one"), dies_at=0))) as (crew, nodes):
        nodes.clear()
        with pytest.raises(NobodyLeft):
            crew.call("flow", "work")
    with pytest.raises(JudgeError, match="no node of the cluster has a core"), crew_of():
        pass
