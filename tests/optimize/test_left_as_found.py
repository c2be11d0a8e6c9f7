"""A compilation that is called from Python leaves the process as it found it, however it ends."""

import logging
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dspy
import gepa.lm  # noqa: F401  as above
import numpy as np
import optuna  # noqa: F401  so that it is no news that it has loggers
import pytest
from dspy.clients.base_lm import GLOBAL_HISTORY

from judge.cache import VerdictCache, default_cache, set_default_cache
from judge.verdict import JudgeError
from optimize.compilation.compiling import compile_artifact, dry_run, pilot
from optimize.config import CompileConfig
from optimize.optimizers.table import NAMES, read_config
from optimize.undocumented import EXECUTING
from program.models.prices import LOCAL_MAP
from tests.support.packs import VALID, isolate, plus_tasks, use_lm, write_pack, write_start
from tests.support.proposals import hinted_rule

TASKS = (*VALID, *plus_tasks(range(2, 6)))
SMALL = {"mipro": {"trials": 2}, "gepa": {"metric_calls": 12}, "simba": {"steps": 1, "batch": 4}}
MONITOR = "tqdm_monitor"  # a thread that tqdm keeps for all bars of a process


@pytest.fixture(autouse=True)
def own_caches(monkeypatch, tmp_path):
    isolate(monkeypatch, tmp_path / "cache")
    monkeypatch.delenv(LOCAL_MAP, raising=False)


@pytest.fixture
def own_judge_cache():
    """One that the process has set up for itself."""
    before = default_cache()
    set_default_cache(VerdictCache())
    yield
    set_default_cache(before)


def process() -> dict[str, Any]:
    """Whatever of the process an optimizer could change."""
    loggers = {name: each for name, each in logging.root.manager.loggerDict.items() if isinstance(each, logging.Logger)}
    threads = [each for each in threading.enumerate() if each.name != MONITOR]
    return {
        "settings": dict(dspy.settings.config),
        "cache of DSPy": vars(dspy).get("cache"),
        "history of DSPy": list(GLOBAL_HISTORY),
        "providers of DSPy": dspy.lm15.registered_providers(),
        "what runs programs side by side": [module.ParallelExecutor for module in EXECUTING],
        "cache of the judge": default_cache(),
        "loggers": {name: (each.level, list(each.handlers), each.disabled) for name, each in loggers.items()},
        "logging": (logging.root.level, list(logging.root.handlers), logging.root.manager.disable),
        "warnings": list(warnings.filters),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "random": random.getstate(),
        "random of numpy": [part.tolist() if isinstance(part, np.ndarray) else part for part in np.random.get_state()],
        "environment": dict(os.environ),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "folder and paths": (os.getcwd(), list(sys.path)),
        "hooks": (sys.excepthook, threading.excepthook),
        "threads": threads,
    }


def changes(call: Callable[[], Any]) -> list[str]:
    """What of the process is not what it was, once `call` has ended."""
    before = process()
    call()
    for thread in {*threading.enumerate()} - {*before["threads"]}:
        if thread.name != MONITOR:
            thread.join(60)  # one that has ended its work may take a moment to be gone
    after = process()
    return [name for name in before if before[name] != after[name]]


def config_in(folder: Path, optimizer: str) -> CompileConfig:
    start, data = write_start(folder / "start", "direct"), write_pack(folder / "data", TASKS)
    keys = {"start": str(start), "data": str(data), "concurrency": 2, "optimizer": optimizer}
    return read_config(None, {**keys, **SMALL.get(optimizer, {})})


@pytest.mark.parametrize("optimizer", NAMES)
def test_after_a_compilation_the_process_is_as_before(monkeypatch, tmp_path, own_judge_cache, optimizer):
    use_lm(monkeypatch, hinted_rule(TASKS, helped=()))
    config, out = config_in(tmp_path, optimizer), tmp_path / "out"
    assert changes(lambda: compile_artifact(config, out)) == []
    assert (out / "manifest.json").is_file()


def test_after_a_plan_or_a_pilot_the_process_is_as_before(monkeypatch, tmp_path, own_judge_cache):
    use_lm(monkeypatch, hinted_rule(TASKS, helped=()))
    config = config_in(tmp_path, "mipro")
    assert changes(lambda: dry_run(config, tmp_path / "out")) == []
    assert changes(lambda: pilot(config, tmp_path / "out", 2)) == []


@pytest.mark.parametrize("end", [KeyboardInterrupt, JudgeError, SystemExit])
@pytest.mark.parametrize("optimizer", ["bootstrap_rs", "gepa"])
def test_however_it_ends_the_process_is_as_before(monkeypatch, tmp_path, own_judge_cache, optimizer, end):
    """While DSPy's optimizer is at work, in a thread of its own."""
    import eval.rollouts.score

    use_lm(monkeypatch, hinted_rule(TASKS, helped=()))
    judged, judge = 0, eval.rollouts.score.judge

    def ending(*arguments: Any, **named: Any) -> Any:
        nonlocal judged
        judged += 1
        if judged > 12:
            raise end("enough")
        return judge(*arguments, **named)

    def call() -> None:
        with pytest.raises(end):
            compile_artifact(config, tmp_path / "out")

    monkeypatch.setattr("eval.rollouts.score.judge", ending)
    config = config_in(tmp_path, optimizer)
    assert changes(call) == []
    assert judged > 12 and not (tmp_path / "out" / "manifest.json").exists()
