"""Runs, judging and compiling on a Ray cluster of three nodes on this machine: as with threads, whatever dies.

Nothing here is asserted about time: what has to happen in between is waited for, with the LM held up meanwhile.
"""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import eval.audit
import eval.judge
import eval.run
import optimize.compile
from eval.cluster.crew import Crew
from eval.cluster.remote_executor import RUN_AGAIN
from eval.rollouts.run_folder import read_rollouts
from tests.support.packs import TEST, VALID, answer_rule, call, isolate, printed, use_lm, write_pack, write_start
from tests.support.paths import ROOT
from tests.support.patient_ray import patient_nodes, wait_until
from tests.support.scripted import stage_of
from tests.support.scripted_server import ServedEngine, served

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (make test-cluster)"),
]
KEY = "the-key-of-the-provider"
TIMES = {"seconds", "started", "judge_seconds", "lm_seconds"}
LESSER = ["-m", "tests.support.lesser_machine", "seccomp", "-m", "tests.support.patient_ray", "start", "--block"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three nodes of one core each; they have a key in their environment, which this process then lacks."""
    from ray.cluster_utils import Cluster

    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # a short path: there are sockets in it
    (own := Path(folder, "ray")).mkdir()  # Ray notes the address there and does not make the directory
    with patient_nodes(), pytest.MonkeyPatch.context() as patched:
        patched.setenv("LM_API_KEY", KEY)
        patched.setenv("RAY_TMPDIR", folder)
        head = {"num_cpus": 1, "include_dashboard": False, "temp_dir": str(own)}
        nodes = Cluster(initialize_head=True, head_node_args=head)
        try:
            add_node(nodes)
            add_node(nodes)
            patched.delenv("LM_API_KEY")
            yield nodes
        finally:
            nodes.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


def add_node(cluster: Any) -> Any:
    """A node of one core, which has joined when this returns."""
    before = living(cluster)
    node = cluster.add_node(wait=False, num_cpus=1)
    wait_until(lambda: living(cluster) > before)
    return node


def living(cluster: Any) -> set[str]:
    """The ids of the nodes, as the cluster's head knows them."""
    return {node if isinstance(node, str) else node.hex() for node in cluster.global_state._live_node_ids()}


def opened_to_the_last(nodes: int) -> Callable[[Crew], None]:
    """`Crew.open`, but it waits for every node's workers, that the work is not done before some of them are there."""
    begin = Crew.open

    def open(crew: Crew) -> None:
        begin(crew)
        wait_until(lambda: len(crew._members) + len(crew._refused) == nodes)

    return open


@pytest.fixture(autouse=True)
def workplace(monkeypatch, tmp_path) -> Path:
    isolate(monkeypatch, tmp_path / "cache")
    write_pack(tmp_path / "data")
    write_start(tmp_path / "flow", "alphacodium")
    write_start(tmp_path / "direct", "direct")
    return tmp_path


def ray(cluster: Any) -> list[str]:
    return ["--executor", "ray", "--ray-address", cluster.address]


def run_options(folder: Path, address: str, *arms: str, samples: int) -> list[str]:
    """Of `eval.run`, without where to run and where to store."""
    named = [str(folder / arm) for arm in arms]
    model = ["--lm", "openai/scripted", "--api-base", address]
    return [*named, "--data", str(folder / "data"), *model, "--n", str(samples), "--concurrency", "3"]


def timeless(value: Any) -> Any:
    """JSON values without what a clock says, or the order in which stages that run side by side have ended."""
    if isinstance(value, list):
        return [timeless(each) for each in value]
    if not isinstance(value, dict):
        return value
    drop = TIMES | ({"calls", "tokens"} if "program" in value else set())
    kept = {key: timeless(each) for key, each in value.items() if key not in drop}
    if "events" in kept:
        kept["events"].sort(key=lambda event: json.dumps(event, sort_keys=True))
    return kept


def lines(file: Path) -> list[dict[str, Any]]:
    """The lines without clocks, order aside."""
    read = [timeless(json.loads(line)) for line in file.read_text().splitlines()]
    return sorted(read, key=lambda line: json.dumps(line, sort_keys=True))


def stored(run: Path) -> int:
    file = run / "rollouts.jsonl"
    return file.read_bytes().count(b"\n") if file.is_file() else 0


def keys(run: Path) -> Counter[tuple[str, str, int]]:
    """How often every rollout is in the file."""
    return Counter((line["arm"], line["problem"], line["sample"]) for line in lines(run / "rollouts.jsonl"))


def test_threads_and_ray_store_the_same_lines(cluster, workplace, monkeypatch, capfd):
    from ray import cloudpickle

    from eval.cluster.flow_worker import FlowWorker
    from eval.cluster.ray_nodes import RayActor

    sent: list[bytes] = []  # to workers that run flows
    make, ask, flows = RayActor.__init__, RayActor.call, set()

    def making(self, kind, *arguments):
        make(self, kind, *arguments)
        if kind is FlowWorker:
            flows.add(id(self))
            sent.append(cloudpickle.dumps(arguments[3]))

    def asking(self, method, *arguments, **options):
        if id(self) in flows:
            sent.append(cloudpickle.dumps((arguments, options)))
        return ask(self, method, *arguments, **options)

    monkeypatch.setattr(RayActor, "__init__", making)
    monkeypatch.setattr(RayActor, "call", asking)
    headers: list[str | None] = []
    post = eval.simulated.server._Handler.do_POST
    monkeypatch.setattr(
        "eval.simulated.server._Handler.do_POST",
        lambda self: headers.append(self.headers["Authorization"]) or post(self),
    )
    engine = ServedEngine(answer_rule(Thrice="wrong", Cube="fixed", Predecessor="right"))
    with served(engine) as address:
        options = run_options(workplace, address, "direct", "flow", samples=2)
        printed(monkeypatch, eval.run.main, *options, "--out", workplace / "threads")
        headers.clear()
        engine.hold_from = len(engine.prompts)  # until all three nodes are there
        helper = threading.Thread(target=lambda: (wait_until(lambda: engine.checks == 4), engine.go_on.set()))
        helper.start()
        printed(monkeypatch, eval.run.main, *options, *ray(cluster), "--out", workplace / "ray")
        helper.join()
    said = capfd.readouterr().err
    one, other = workplace / "threads" / "rollouts.jsonl", workplace / "ray" / "rollouts.jsonl"
    assert lines(one) == lines(other) and len(lines(one)) == len(TEST) * 2 * 2
    assert {line["status"] for line in lines(one)} == {"solved", "failed"}
    for trace in (workplace / "threads" / "traces").rglob("*.jsonl.gz"):
        assert (workplace / "ray" / trace.relative_to(workplace / "threads")).is_file()
    assert said.count("1 cores, fork") == 3 and "done again" not in said and "not used" not in said
    assert set(headers) == {f"Bearer {KEY}"}, "the key came from the nodes' environment"
    everything = b"".join(sent)
    assert b"Thrice" in everything and KEY.encode() not in everything and KEY not in said
    # Whole inputs and outputs of the hidden tests are too short here to look for; a `TestCase` is what they come in.
    assert b"TestCase" not in everything and b"HiddenTests" not in everything


def test_a_total_is_spread_alike_by_threads_and_ray(cluster, workplace, monkeypatch):
    write_start(workplace / "sampling", "sampling", {"ai_tests": 0})
    found = []
    for where in ([], ray(cluster)):
        with served(ServedEngine(answer_rule(Thrice="wrong", Cube="broken"))) as address:
            options = run_options(workplace, address, "sampling", samples=2)
            run = workplace / f"run {len(found)}"
            printed(monkeypatch, eval.run.main, *options, *where, "--total-calls", "14", "--out", run)
        found.append(lines(run / "rollouts.jsonl"))
    draws = {(line["problem"], line["draws"]) for line in found[0]}
    assert found[0] == found[1] and {name for name, _ in draws} == {task.name for task in TEST}
    assert max(draws, key=lambda each: each[1])[0] == "Cube"


def test_a_killed_node_costs_nothing_and_a_late_one_gets_work(cluster, workplace, monkeypatch, capfd):
    engine = ServedEngine(answer_rule(), hold_from=9)
    doomed = add_node(cluster)
    run, joined = workplace / "run", []

    def disturb() -> None:
        try:
            wait_until(lambda: engine.checks >= 4 and stored(run) >= 4 and len(engine.prompts) >= 9)
            cluster.remove_node(doomed, allow_graceful=False)
            joined.append(add_node(cluster))
            wait_until(lambda: engine.checks >= 5)
        finally:
            engine.go_on.set()  # else a wait that fails leaves the run waiting for ever

    helper = threading.Thread(target=disturb)
    with served(engine) as address:
        helper.start()
        options = run_options(workplace, address, "direct", samples=10)
        options[options.index("--concurrency") + 1] = "8"
        printed(monkeypatch, eval.run.main, *options, *ray(cluster), "--out", run)
        helper.join()
    said = capfd.readouterr().err
    assert set(keys(run).values()) == {1} and len(keys(run)) == len(TEST) * 10
    rollouts = read_rollouts(run)
    assert {rollout.status for rollout in rollouts} == {"solved"}
    again = sum(RUN_AGAIN in rollout.trace.marks for rollout in rollouts)
    assert again > 0 and f"repeated because their worker was lost: {again} flow calls" in said
    late = next(line for line in said.splitlines() if joined[0].node_id[:8] in line)
    assert " 0 flow calls" not in late
    cluster.remove_node(joined[0])
    wait_until(lambda: len(living(cluster)) == 3)  # the head notices a dead node some seconds later


def test_a_killed_driver_goes_on(cluster, workplace, monkeypatch):
    engine, run = ServedEngine(answer_rule(), hold_from=5), workplace / "run"
    with served(engine) as address:
        options = [*run_options(workplace, address, "direct", samples=3), *ray(cluster), "--out", str(run)]
        driver = subprocess.Popen([sys.executable, "-m", "eval.run", *options], cwd=ROOT, stderr=subprocess.DEVNULL)
        wait_until(lambda: stored(run) == 5)
        os.kill(driver.pid, signal.SIGKILL)
        driver.wait()
        engine.go_on.set()
        before = lines(run / "rollouts.jsonl")
        printed(monkeypatch, eval.run.main, *options)
    assert set(keys(run).values()) == {1} and len(keys(run)) == len(TEST) * 3
    assert all(line in lines(run / "rollouts.jsonl") for line in before)


def test_judging_and_auditing_give_the_same_and_a_node_of_less_protection_takes_none(
    cluster, workplace, monkeypatch, capfd
):
    programs = [{"name": task.name, "solution": text} for task in VALID for text in (task.right, task.wrong)]
    (workplace / "programs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in programs))
    shared = ["--data", workplace / "data", "--split", "valid"]
    judged = [*shared, "--solutions", workplace / "programs.jsonl", "--full", "--out"]
    before = living(cluster)
    lesser = subprocess.Popen(
        [sys.executable, *LESSER, "--address", cluster.address, "--num-cpus", "1"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until(lambda: len(living(cluster) - before) == 1)
        require = ["--sandbox", "require"]
        printed(monkeypatch, eval.judge.main, *judged, workplace / "here.jsonl", *require)
        capfd.readouterr()
        with monkeypatch.context() as patched:
            patched.setattr(Crew, "open", opened_to_the_last(4))
            printed(monkeypatch, eval.judge.main, *judged, workplace / "there.jsonl", *require, *ray(cluster))
        said = capfd.readouterr().err
    finally:
        os.killpg(lesser.pid, signal.SIGTERM)
        lesser.wait()
    assert lines(workplace / "here.jsonl") == lines(workplace / "there.jsonl")
    assert said.count("not used: ") == 1 and "full protection is required" in said
    wait_until(lambda: living(cluster) <= before)
    printed(monkeypatch, eval.audit.main, *shared, "--out", workplace / "here.json")
    printed(monkeypatch, eval.audit.main, *shared, "--out", workplace / "there.json", *ray(cluster))
    assert lines(workplace / "here.findings.jsonl") == lines(workplace / "there.findings.jsonl")


def test_a_compilation_keeps_its_ledger_here_and_is_judged_there(cluster, workplace, monkeypatch, capfd):
    shared = ["--start", workplace / "direct", "--data", workplace / "data", "--optimizer", "bootstrap"]
    prompts = use_lm(monkeypatch, answer_rule())
    printed(monkeypatch, optimize.compile.main, *shared, "--out", workplace / "here")
    asked = len(prompts)
    monkeypatch.setattr("optimize.compilation.compile_session.WORK_FOLDER", workplace / "another ledger")
    printed(monkeypatch, optimize.compile.main, *shared, "--out", workplace / "there", *ray(cluster))
    assert len(prompts) == 2 * asked
    assert (workplace / "here" / "program.json").read_bytes() == (workplace / "there" / "program.json").read_bytes()
    assert "judge calls" in capfd.readouterr().err


def test_without_a_cluster_there_is_one_clear_line(workplace, monkeypatch, capsys):
    options = ["--data", workplace / "data", "--out", workplace / "out.json", "--executor", "ray"]
    assert call(monkeypatch, eval.audit.main, *options, "--ray-address", "127.0.0.1:1") == 2
    assert "cannot use a Ray cluster at 127.0.0.1:1" in capsys.readouterr().err.splitlines()[-1]


def test_fixes_have_a_model_of_their_own_on_every_node(cluster, workplace, monkeypatch):
    fates = {"Thrice": "right", "Cube": "fixed", "Predecessor": "wrong"}
    usual, repairer = ServedEngine(answer_rule(**fates)), ServedEngine(answer_rule(**fates))
    with served(usual) as address, served(repairer) as other:
        options = run_options(workplace, address, "flow", samples=2)
        models = ["--repair-lm", "openai/strong", "--repair-api-base", other]
        printed(monkeypatch, eval.run.main, *options, *models, *ray(cluster), "--out", workplace / "run")
    calls = [each for rollout in read_rollouts(workplace / "run") for each in rollout.trace.calls]
    assert {each.model for each in calls if each.stage == "FixCode"} == {"server/strong"}
    assert {each.model for each in calls if each.stage != "FixCode"} == {"server/scripted"}
    assert repairer.checks >= 1 and {"FixCode"} == {stage_of(prompt) for prompt in repairer.prompts}
