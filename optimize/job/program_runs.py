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
from optimize.job.inputs import Inputs
from optimize.job.losses import refuse_losses
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
        self._asked: Any = {"first": first, "concurrency": concurrency, "label": path.name}
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
        for arm in self._arms:
            described = artifact.describe(inputs.manifest.program, arm.program, adapter=inputs.manifest.adapter)
            artifact.save(path / "artifacts" / arm.name, arm.program, described)

    def run(self, names: Collection[str], count: int) -> list[Rollout]:
        """Run the first `count` rollouts of the programs with these names: one per problem, then a second per problem,
        and so on. Returns all rollouts of the run so far.

        Raises:
            Halted: a cap is reached; finished rollouts are stored.
            ModelError: too many rollouts were not judged; the same command resumes.
        """
        arms = [arm for arm in self._arms if arm.name in names]
        whole, further = divmod(count, len(self._order))
        parts = ((self._order, whole), (self._order[:further], whole + 1))
        for problems, samples in (part for part in parts if all(part)):
            part = replace(self._problems, problems=problems)
            with closing(run_loop(self._folder, arms, part, self._executor, samples=samples, **self._asked)) as loop:
                for _ in loop:
                    pass
        rollouts = read_rollouts(self._folder.path)
        refuse_losses(rollouts)
        return rollouts


def _fresh(path: Path, config: dict[str, Any]) -> RunFolder:
    """The folder of the run. A session with a smaller budget may have left a run of other programs; it is replaced, and
    the ledger has its answers."""
    if (path / "config.json").is_file() and read_config(path).get("artifacts") != config["artifacts"]:
        shutil.rmtree(path)
    return RunFolder(path, config)
