"""One compilation from its configuration to its artifact."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import dspy

from eval.data import load_problems
from eval.models import open_model
from eval.run_folder import RunFolder, read_rollouts
from eval.summary import markdown_table, summarize
from optimize.bootstrap import compile_bootstrap
from optimize.config import CompileConfig, ConfigError
from program import artifact
from program.lm import LMError

MAX_LOST = 0.02  # of the rollouts may be lost to infrastructure; with more the result would be about that
WORK_FOLDER = Path(os.environ.get("ALPHACODIUM_CACHE", ".cache")) / "compile"


def compile_artifact(config: CompileConfig, out: Path) -> None:
    """Compile `config.start` and write the artifact `out`, with its training rollouts beside it.

    Raises:
        ConfigError, ArtifactError, DataError, RunError: bad input, before any LM call.
        LMError: the model does not answer.
    """
    program, manifest = artifact.load(Path(config.start), config.settings)
    problems = config.select(load_problems(config.data, config.split))
    without_hidden = [p.name for p in problems.problems if not problems.hidden(p.name).all()]
    if without_hidden:
        raise ConfigError(
            f"{config.data} {config.split}: {without_hidden[0]} has no hidden tests, so it cannot be scored"
        )
    resolved = {
        **config.model_dump(
            exclude={"api_base", "concurrency", "tags", "difficulty"}
        ),  # `problems` says what they left
        "data_fingerprint": problems.fingerprint,
        "problems": [problem.name for problem in problems.problems],
    }
    resolved["start_fingerprint"] = artifact.fingerprint(program, manifest)
    folder = RunFolder(out / "training", resolved)
    if (out / "manifest.json").is_file():
        print(f"{out} is compiled already")
        return
    teacher = config.teacher_lm or config.lm
    dspy.configure_cache(enable_disk_cache=True, enable_memory_cache=False, disk_cache_dir=str(_cache_of(resolved)))
    with open_model(teacher, problems, api_base=config.api_base, slots=config.concurrency, cache=True) as lm:
        adapter = artifact.adapter_of(manifest)
        compiled = compile_bootstrap(program, adapter, lm, problems, config, folder)
    rollouts = read_rollouts(folder.path)
    lost = [rollout for rollout in rollouts if rollout.status == "not judged"]
    if len(lost) > MAX_LOST * len(rollouts):
        raise LMError(
            f"{len(lost)} of {len(rollouts)} rollouts were not judged ({lost[0].error}); start again to go on"
        )
    summary = summarize("teacher", rollouts)
    written = artifact.describe(
        manifest.program,
        compiled,
        origin="compiled",
        compile=resolved,
        scores=summary.model_dump(include={"problems", "solved", "hidden_rate", "public_rate", "not_judged"}),
        cost={**summary.totals.model_dump(), "seconds": summary.seconds},
    )
    artifact.save(out, compiled, written)
    print(markdown_table([summary]))
    for name, predictor in compiled.named_predictors():
        print(f"{name}: {len(predictor.demos)} demonstrations")
    if not any(predictor.demos for predictor in compiled.predictors()):
        print(f"no rollout reached a hidden pass rate of {config.threshold}: the program has no demonstrations")
    print(f"wrote {out}")


def plan(config: CompileConfig) -> str:
    """What the compilation would do, without any LM call."""
    program, manifest = artifact.load(Path(config.start), config.settings)
    problems = config.select(load_problems(config.data, config.split))
    predictors = ", ".join(name for name, _ in program.named_predictors())
    return "\n".join(
        [
            f"compile {config.start} ({manifest.program}) with {config.optimizer} for {config.lm}",
            f"on {len(problems.problems)} problems of {config.data} {config.split} ({problems.fingerprint})",
            f"predictors: {predictors}",
            f"at most {len(problems.problems)} program runs; fewer once {config.demos} rollouts pass all hidden tests",
        ]
    )


def _cache_of(resolved: dict) -> Path:
    """LM answers are kept apart for each configuration, so a changed one never meets answers of another."""
    digest = hashlib.sha256(json.dumps(resolved, sort_keys=True).encode()).hexdigest()[:16]
    return WORK_FOLDER / digest
