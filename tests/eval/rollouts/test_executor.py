"""Where programs run and are judged: what every executor gets and gives, without a cluster."""

import pickle
import sys
import time
from typing import Any

import pytest

import eval.audit
import eval.judge
import eval.run
import optimize.compile
from eval.cluster.crew import Crew
from eval.cluster.remote_executor import LARGE_CHARACTERS, RUN_AGAIN, ClusterExecutor
from eval.data.problem_set import HiddenTests, ProblemSet
from eval.rollouts.executor import Arm, Threads
from eval.rollouts.loop import run_loop
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import RunFolder, read_rollouts
from judge.cache import VerdictCache
from judge.judge import judge
from judge.place import judging_at
from judge.shared import default_workers, ended_on_error
from judge.verdict import JudgeError, Limits, Report, TestCase, TestResult, Verdict
from program.baselines.direct import Direct
from program.errors import ModelError
from program.models.scripted import scripted_lm
from program.problem import Problem, PublicTest
from program.rollout.budget import Allowance, Budget, RunBudget
from tests.support.packs import call, write_pack, write_start
from tests.support.remotes import Near, member

ANSWER = "```python\nprint(2 * int(input()))\n```"
TESTS = [TestCase("1\n", "2\n")]


@pytest.fixture
def problems() -> ProblemSet:
    public = (PublicTest(input="3\n", output="6\n"),)
    made = Problem(name="apple", description="Double it.", public_tests=public)
    return ProblemSet("here", "test", (made,), "0", {"apple": HiddenTests((TestCase("12345\n", "24690\n"),), ())}, {})


class Elsewhere:
    """A place that accepts everything."""

    workers = 7

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.closed = False

    def judge(self, program, tests, limits, **options) -> Report:
        self.asked.append((program, tests, limits, options))
        return Report([TestResult(Verdict.AC)] * len(tests), len(tests), "elsewhere")

    def close(self) -> None:
        self.closed = True


class FlowWorker:
    """As the one of a cluster, over a scripted LM; its arms go by their names."""

    def __init__(self, arm: Arm) -> None:
        self._arm, self._threads = arm, Threads(scripted_lm(lambda _: ANSWER))
        self.got: list[bytes] = []

    def run(self, arm: str, problem: Problem, sample: int, allowance: Allowance | None) -> Rollout:
        self.got.append(pickle.dumps((arm, problem, sample)))
        return self._threads.run(self._arm, problem, sample)


def cluster_of(remote: Any, *more: Any, store=lambda value: value) -> tuple[ClusterExecutor, Crew]:
    """An executor over members that have one worker for both kinds."""
    known = {name: member(name, ["flow", "judge"], each) for name, each in zip("abc", (remote, *more), strict=False)}
    crew = Crew(lambda: set(known), known.__getitem__, every=0.01, patience=0.2)
    crew.open()
    while crew.room("flow") < 4 * len(known):
        time.sleep(0.001)
    return ClusterExecutor(crew, RunBudget(Budget()), store), crew


def test_rollouts_of_a_cluster_are_those_of_threads_and_flows_get_no_hidden_test(tmp_path, problems):
    arm = Arm("direct", Direct())
    worker = FlowWorker(arm)
    cluster, crew = cluster_of(Near(worker))
    stored = []
    for executor, name in ((Threads(scripted_lm(lambda _: ANSWER)), "threads"), (cluster, "cluster")):
        list(run_loop(RunFolder(tmp_path / name, {}), [arm], problems, executor, samples=2))
        rollouts = sorted(read_rollouts(tmp_path / name), key=Rollout.key)
        stored.append([(each.key(), each.status, each.code, each.totals.calls, each.score) for each in rollouts])
        assert [len(each.trace.calls) for each in rollouts] == [1, 1]
    crew.close()
    assert [line[:4] for line in stored[0]] == [line[:4] for line in stored[1]]
    assert len(worker.got) == 2 and b"apple" in worker.got[0]
    assert not any(b"12345" in got or b"24690" in got for got in worker.got)


def test_an_account_goes_to_another_process_with_all_its_texts(problems):
    rollout = Threads(scripted_lm(["half a pair: \ud83d", ANSWER])).run(
        Arm("direct", Direct()), problems.problems[0], 0
    )
    rollout.trace.calls[0].answer = "half a pair: \ud83d"
    moved = pickle.loads(pickle.dumps(rollout))
    assert moved == rollout and moved.trace.calls[0].prompt
    moved.trace.mark("it works there too")
    assert "it works there too" in moved.trace.marks


def test_a_rollout_that_was_run_again_is_marked_and_one_lost_twice_is_not_judged(problems):
    arm, problem = Arm("direct", Direct()), problems.problems[0]
    cluster, crew = cluster_of(Near(FlowWorker(arm), dies_at=0), Near(FlowWorker(arm)))
    marks = [cluster.run(arm, problem, sample).trace.marks for sample in (0, 1)]
    crew.close()
    assert marks.count([RUN_AGAIN]) == 1 and marks.count([]) == 1
    cluster, crew = cluster_of(Near(None, dies_at=0), Near(None, dies_at=0))
    lost = cluster.run(arm, problem, 0)
    crew.close()
    assert (lost.status, lost.trace.marks) == ("not judged", [RUN_AGAIN]) and "LostTwice" in lost.error
    with pytest.raises(ModelError):
        cluster.run(arm, problem, 0)
    with pytest.raises(JudgeError):
        cluster.judge("", TESTS, Limits())


def test_a_judgement_that_was_made_again_counts_as_a_retry_and_large_tests_are_stored_once():
    puts: list[Any] = []
    cluster, crew = cluster_of(
        Near(Elsewhere(), dies_at=0), Near(Elsewhere()), store=lambda value: puts.append(value) or value
    )
    large = [TestCase("x" * LARGE_CHARACTERS, "y")]
    with judging_at(cluster):
        retries = [judge("print(1)", tests, Limits()).retries for tests in (TESTS, large, large)]
    crew.close()
    assert sum(retries) == 1 and puts == [tuple(large)]


def test_who_names_no_pool_judges_at_the_place_and_the_cache_stays_here():
    place, cache = Elsewhere(), VerdictCache()
    with judging_at(place):
        assert default_workers() == 7
        for _ in range(2):
            assert judge("print(1)", TESTS, Limits(), stop_at_failure=True, cache=cache).isolation == "elsewhere"
        with pytest.raises(ZeroDivisionError), ended_on_error():
            1 / 0  # noqa: B018
    assert len(place.asked) == 1 and place.asked[0][3]["stop_at_failure"] and place.closed
    assert judge("print(2)", TESTS, Limits()).isolation != "elsewhere"


@pytest.fixture
def commands(tmp_path, monkeypatch) -> dict[Any, list[Any]]:
    """Every command that takes `--executor`, with the options it needs."""
    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "direct", "direct")
    (tmp_path / "programs.jsonl").write_text('{"name": "Twice", "solution": "print(1)"}\n')
    monkeypatch.chdir(tmp_path)
    shared = ["--data", data, "--split", "valid"]
    return {
        eval.run.main: [start, *shared, "--out", "run", "--lm", "openai/any", "--api-base", "http://127.0.0.1:9/v1"],
        eval.judge.main: [*shared, "--solutions", "programs.jsonl", "--out", "out.jsonl"],
        eval.audit.main: [*shared, "--out", "exclude.json"],
        optimize.compile.main: [*shared, "--start", start, "--out", "compiled"],
    }


def test_without_ray_one_line_says_what_to_install(commands, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    for module in ("ray_nodes", "on_ray"):
        monkeypatch.delitem(sys.modules, f"eval.cluster.{module}", raising=False)
    for main, options in commands.items():
        assert call(monkeypatch, main, *options, "--executor", "ray") == 2
        assert capsys.readouterr().err.splitlines()[-1] == (
            "error: --executor ray needs Ray: uv sync --inexact --group ray"
        )


@pytest.mark.parametrize("model", [["--lm", "simulated"], ["--lm", "local/qwen2.5-coder-0.5b"]])
def test_a_model_that_only_this_machine_has_is_refused(commands, monkeypatch, capsys, model):
    options = [word for word in commands[eval.run.main][:-4]]
    assert call(monkeypatch, eval.run.main, *options, *model, "--executor", "ray") == 2
    assert "answers on this machine only" in capsys.readouterr().err.splitlines()[-1]


def test_tracing_to_mlflow_is_refused_on_a_cluster(commands, monkeypatch, capsys):
    assert call(monkeypatch, eval.run.main, *commands[eval.run.main], "--executor", "ray", "--mlflow", "file:///x") == 2
    assert "--mlflow" in capsys.readouterr().err.splitlines()[-1]
