"""A run and a compilation against a server that others see: what it is asked, over kills, caps, signals and the end of
the time."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from eval.rollouts.run_folder import read_config, read_rollouts
from program.models.scripted import prompt_text
from program.models.start_check import QUESTION
from program.paid.ledger import PAID, Ledger
from tests.support.packs import TEST, VALID, answer_rule, plus_tasks, write_pack, write_start
from tests.support.paths import ROOT
from tests.support.scripted_server import ServedEngine, served

TASKS = (*TEST, *VALID, *plus_tasks(range(2, 7)))
PATIENCE = 120  # seconds; nobody waits so long unless something hangs


class Counting(ServedEngine):
    """Counts all requests, and can kill a process at one of them.

    Attributes:
        requests: in all, the check of whether anyone is there included.
        victims: by number of the request, what to do before it is answered.
    """

    def __init__(self, rule=None, hold_from=None):
        super().__init__(rule or answer_rule(TASKS), hold_from)
        self.requests: list[str] = []
        self.victims: dict[int, subprocess.Popen] = {}
        self._lock2 = threading.Lock()

    def complete(self, request):
        with self._lock2:
            self.requests.append(prompt_text(request))
            victim = self.victims.pop(len(self.requests), None)
        if victim is not None:
            victim.kill()
        return super().complete(request)

    @property
    def asked(self) -> list[str]:
        return [prompt for prompt in self.requests if not prompt.endswith(QUESTION)]


@pytest.fixture
def world(tmp_path):
    write_pack(tmp_path / "data", VALID, TASKS)
    write_start(tmp_path / "start", "direct")
    return tmp_path


def command(module: str, world: Path, address: str, *more: object) -> list[str]:
    shared = ["--lm", "openai/gpt-4o-mini", "--api-base", address, "--data", world / "data", "--out", world / "out"]
    first = [world / "start"] if module == "eval.run" else ["--start", world / "start"]
    return [str(word) for word in (sys.executable, "-m", module, *first, *shared, "--concurrency", "2", *more)]


@contextmanager
def started(words: list[str], world: Path):
    environment = {**os.environ, "ALPHACODIUM_CACHE": str(world / "cache"), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_signals,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _hear_signals() -> None:
    """Who runs the tests in the background may have them ignored."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def ended(words: list[str], world: Path) -> tuple[int, str, str]:
    with started(words, world) as process:
        said, errors = process.communicate(timeout=PATIENCE)
        return process.returncode, said, errors


def until(true) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_run_that_is_killed_again_and_again_asks_nothing_twice_and_keeps_to_its_cap(world):
    engine = Counting()
    with served(engine) as address:
        words = command("eval.run", world, address, "--max-calls", "9")
        for at in (2, 5):
            with started(words, world) as process:
                engine.victims[at] = process
                process.wait(PATIENCE)
                engine.victims.clear()
        status, said, _ = ended(words, world)
        assert status == 0 and "its budget of calls is spent" in said
        assert len(engine.requests) <= 9
        assert ended(command("eval.run", world, address), world)[0] == 0
        once = len(engine.asked)
        status, said, _ = ended(command("eval.run", world, address), world)
        assert status == 0 and len(engine.asked) == once, "repeating a finished run pays nothing"
    ledger = Ledger(world / "out" / PAID)
    assert ledger.spent.calls + ledger.unanswered == len(engine.requests)
    assert len(engine.asked) <= len(TASKS) + ledger.unanswered, "only what was in flight at a kill is asked again"
    ledger.close()
    rollouts = read_rollouts(world / "out")
    assert {each.status for each in rollouts} == {"solved"} and sum(each.totals.calls for each in rollouts) == len(
        TASKS
    )
    versions = read_config(world / "out")["code_versions"]
    assert {each.made_by for each in rollouts} == set(versions)


RUN, COMPILE = "eval.run", "optimize.compile"
ENDS = [
    (RUN, signal.SIGINT, False),
    (COMPILE, signal.SIGTERM, True),
    *(
        pytest.param(*each, marks=pytest.mark.long)
        for each in ((RUN, signal.SIGHUP, True), (RUN, signal.SIGTERM, False), (COMPILE, signal.SIGINT, False))
    ),
]


@pytest.mark.parametrize(("module", "number", "twice"), ENDS)
def test_signals_end_a_command_whose_server_hangs(world, module, number, twice):
    engine = Counting(hold_from=1)
    with served(engine) as address:
        with started(command(module, world, address), world) as process:
            until(lambda: len(engine.asked) >= 2)
            process.send_signal(number)
            if twice:
                time.sleep(0.5)
                process.send_signal(number)
            _, errors = process.communicate(timeout=PATIENCE)
            assert process.returncode == 128 + number
            assert errors.count("run the same command again") == 1 and "Traceback" not in errors
        engine.go_on.set()
    with served(Counting()) as address:
        assert ended(command(module, world, address), world)[0] == 0


@pytest.mark.parametrize("module", ["eval.run", "optimize.compile"])
def test_the_end_of_the_time_ends_a_command_whose_server_hangs(world, module):
    engine = Counting(hold_from=1)
    with served(engine) as address:
        status, said, errors = ended(command(module, world, address, "--max-seconds", "3"), world)
        assert status == 0 and "Traceback" not in errors, errors
        assert "seconds" in said
        engine.go_on.set()


def test_the_price_is_that_of_the_model_that_was_asked_for_behind_an_address_too(world):
    engine = Counting()
    with served(engine) as address:
        status, said, _ = ended(command("eval.run", world, address, "--max-usd", "0.00004"), world)
        assert status == 0 and "its budget of dollars is spent" in said
        assert 2 <= len(engine.asked) < len(TASKS)
    assert all((each.totals.dollars or 0) > 0 for each in read_rollouts(world / "out"))


def test_a_cap_that_cannot_hold_is_said_at_the_first_answer(world):
    class Silent(Counting):
        def complete(self, request):
            from dataclasses import replace

            from dspy.lm15 import Usage

            return replace(super().complete(request), usage=Usage())

    for cap in (("--max-tokens", "100000"), ("--max-usd", "1")):
        engine = Silent()
        with served(engine) as address:
            out = world / cap[0]
            status, _, errors = ended([*command("eval.run", world, address, *cap), "--out", str(out)], world)
        assert status == 2 and f"{cap[0]} has no effect" in errors and len(engine.requests) <= 3
    engine = Silent()
    with served(engine) as address:
        status, said, _ = ended([*command("eval.run", world, address), "--out", str(world / "free")], world)
        assert status == 0 and "| 1.0 | – | – |" in said, said
    rollouts = read_rollouts(world / "free")
    assert all(each.totals.calls == 1 and not each.totals.tokens_known for each in rollouts)
    assert all(each.totals.dollars is None for each in rollouts)


def test_other_code_does_not_go_on_with_a_run_unless_it_is_asked_to(world, monkeypatch):
    engine = Counting()
    with served(engine) as address:
        assert ended(command("eval.run", world, address, "--max-calls", "3"), world)[0] == 0
        path = world / "out" / "config.json"
        config = json.loads(path.read_text())
        (name,) = config["code_versions"]
        prints = {**config["code_versions"][name], "judge/judge.py": "00000000"}
        config["code_versions"] = {"0" * 12: prints}
        path.write_text(json.dumps(config))
        status, _, errors = ended(command("eval.run", world, address), world)
        assert status == 2 and "began with other code: judge/judge.py changed" in errors and len(engine.asked) == 3
        assert ended(command("eval.run", world, address, "--mix-code"), world)[0] == 0
    assert set(read_config(world / "out")["code_versions"]) == {"0" * 12, name}
