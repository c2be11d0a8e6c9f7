"""Programs that a compilation runs in parallel: an ordinary run, in a folder of the compilation, which `python -m
eval.compare` reads."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from eval.rollouts.executor import Arm, Executor
from eval.rollouts.loop import run_loop
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import RunFolder, read_config, read_rollouts
from eval.rollouts.trace_files import refuse_lost_traces
from optimize.job.inputs import Inputs
from optimize.job.losses import refusals_as_failures, refuse_losses
from program import artifact
from program.problem import Problem
from program.stage.program import Program


class ProgramRuns:
    """The run of some programs on some problems. Stored rollouts are not run again.

    Args:
        path: of the folder.
        inputs: of the compilation.
        programs: by the names of their arms.
        problems: in order of running.
        executor: runs them.
        samples: rollouts of each program on each problem, at most.
        first: the number of the first sample.
        concurrency: parallel rollouts.

    Attributes:
        path: of the folder.
    """

    def __init__(
        self,
        path: Path,
        inputs: Inputs,
        programs: Mapping[str, Program],
        problems: Sequence[Problem],
        executor: Executor,
        *,
        samples: int,
        first: int,
        concurrency: int,
    ) -> None:
        self._problems, self._order, self._executor = inputs.problems, tuple(problems), executor
        self._asked: Any = {"first": first, "concurrency": concurrency}
        self._arms = [Arm(*each) for each in programs.items()]
        shared = ("data", "split", "data_fingerprint", "lm", "adapter", "code")
        config = {
            "artifacts": {arm.name: artifact.fingerprint(arm.program, inputs.manifest) for arm in self._arms},
            **{key: inputs.identity[key] for key in shared},
            "problems": [problem.name for problem in problems],
            "samples": samples,
            **inputs.problems.rules.model_dump(),
        }
        self.path = path
        self._folder = _fresh(path, config)
        self._first, self._asked_for = first, dict.fromkeys(programs, 0)
        for arm in self._arms:
            described = artifact.describe(inputs.manifest.program, arm.program, adapter=inputs.manifest.adapter)
            artifact.save(path / "artifacts" / arm.name, arm.program, described)

    def run(self, names: Collection[str], count: int, step: str = "") -> list[Rollout]:
        """Run the first `count` rollouts of the programs with these names: one per problem, then a second per problem,
        and so on. Returns all rollouts that were requested so far. Rollouts that an earlier session made beyond them
        are left out, because decisions must not depend on when a session was interrupted.

        Args:
            names: of the programs.
            count: of rollouts.
            step: names this part of the work in the progress line.

        Raises:
            Halted: a cap is reached; finished rollouts are stored.
            ModelError: too many rollouts were not judged; the same command resumes.
            RunError: a trace is missing.
        """
        arms = [arm for arm in self._arms if arm.name in names]
        asked = {**self._asked, "label": f"{self.path.name}{step and f', {step}'}"}
        whole, further = divmod(count, len(self._order))
        parts = ((self._order, whole), (self._order[:further], whole + 1))
        for problems, samples in (part for part in parts if all(part)):
            part = replace(self._problems, problems=problems)
            with closing(run_loop(self._folder, arms, part, self._executor, samples=samples, **asked)) as loop:
                for _ in loop:
                    pass
        self._asked_for |= {name: max(count, self._asked_for[name]) for name in names}
        places = {problem.name: place for place, problem in enumerate(self._order)}
        rollouts = [
            each
            for each in read_rollouts(self._folder.path)
            if (each.sample - self._first) * len(places) + places[each.problem] < self._asked_for[each.arm]
        ]
        refuse_losses(rollouts)
        refuse_lost_traces(self.path, rollouts)
        return refusals_as_failures(rollouts, self._problems)


def _fresh(path: Path, config: dict[str, Any]) -> RunFolder:
    """The folder of the run. A session with a smaller budget may have left a run of other programs or problems; it is
    replaced, and the ledger has its answers."""
    if (path / "config.json").is_file():
        there = read_config(path)
        if any(there.get(key) != config[key] for key in ("artifacts", "problems", "samples")):
            remove_run(path)
    return RunFolder(path, config)


def remove_run(path: Path) -> None:
    """Remove the folder of a run, if it is there. Its configuration, by which a run is known, goes last, as a kill may
    come in between."""
    if path.is_dir():
        for each in {*path.iterdir()} - {path / "config.json"}:
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        shutil.rmtree(path)
