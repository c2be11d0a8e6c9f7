"""Evaluation from plain Python: programs as objects, also of classes that no artifact has."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping
from pathlib import Path

import dspy

from eval.data.problem_set import ProblemSet
from eval.report.write import write_report
from eval.rollouts.code_version import code_prints
from eval.rollouts.executor import Arm, Conditions, Threads
from eval.rollouts.loop import run_loop
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import REPORT, RunFolder
from eval.rollouts.stored_arms import refuse_unreadable
from program.stage.program import Program


def evaluate_programs(
    programs: Mapping[str, Program],
    problems: ProblemSet,
    lm: dspy.LM,
    out: Path | str,
    *,
    samples: int = 1,
    concurrency: int = 8,
) -> list[Rollout]:
    """Run programs on problems and judge their answers with the hidden tests. `out` becomes a run as written by
    `eval.run`, with its report; `eval.compare` and `eval.show` read it. There is no ledger: the same call resumes an
    interrupted evaluation, and repeats the rollouts that had not ended.

    Args:
        programs: by their names in tables; the first one is the baseline.
        problems: from `eval.data.load.load_problems`; they need hidden tests (`.select(scored=True)`).
        lm: the model of all programs. DSPy's own cache is not used: a cached answer has no cost, and programs with
            equal prompts would share their draws.
        out: folder of the run.
        samples: rollouts of each program on each problem.
        concurrency: parallel rollouts.

    Returns:
        all rollouts, in the order in which they ended.

    Raises:
        RunError: `out` is not a run, or a run with other programs, problems or code; or the name of a program cannot be
            the name of a folder.
        ModelError: the model cannot be used, or fails several times in a row.
        OSError: the source of a program's class cannot be read, for example in the interactive interpreter.
    """
    config = {
        "artifacts": {name: _print_of(program) for name, program in programs.items()},
        "data": problems.data,
        "split": problems.split,
        "data_fingerprint": problems.fingerprint,
        "problems": [problem.name for problem in problems.problems],
        "lm": lm.model,
        "samples": samples,
        **problems.rules.model_dump(),
    }
    refuse_unreadable(config, "the run")
    folder = RunFolder(Path(out), config, code_prints())
    arms = [Arm(name, program) for name, program in programs.items()]
    asked_lm = lm.copy(cache=False) if getattr(lm, "cache", False) else lm
    executor = Threads(asked_lm, Conditions(apart=True))
    asked = {"samples": samples, "concurrency": concurrency, "label": lm.model}
    rollouts = list(run_loop(folder, arms, problems, executor, **asked))
    write_report([folder.path], folder.path / REPORT, problems)
    return rollouts


def _print_of(program: Program) -> str:
    """A fingerprint of a program's prompts and behaviour, including the source of its methods: 12 hex digits."""
    kinds = [kind for kind in type(program).__mro__ if issubclass(kind, Program)]
    methods = [method for kind in kinds for method in vars(kind).values() if inspect.isfunction(method)]
    source = [kind.__name__ for kind in kinds] + [inspect.getsource(method) for method in methods]
    decides = [source, type(program.adapter).__name__, program.config.model_dump(), program.dump_state()]
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:12]
