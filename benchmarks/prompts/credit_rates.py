"""How often are the demonstrations of `bootstrap` and `verified` right? `python -m benchmarks.prompts.credit_rates`

A simulated LM answers over HTTP, with skills from a file that only its server reads. So it is known for every call
whether it is right, but optimizer and credit can only infer it from evidence.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
import tomllib
from collections import Counter, defaultdict
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from dspy import AdapterParseError

from eval.data.load import ProblemSet, load_problems
from eval.rollouts.run_folder import read_rollouts
from eval.rollouts.trace_files import read_trace
from eval.simulated.lm import SimulatedEngine
from eval.simulated.prompt import SIGNATURES
from eval.simulated.server import SimulatedServer
from eval.simulated.skills import Skills
from eval.simulated.truth import Truth
from optimize.compilation.compiling import compile_artifact
from optimize.job.stages import stages_of
from optimize.optimizers.table import read_config
from program import artifact
from program.adapters.lean import LeanAdapter
from program.cli.command import run_command
from program.rollout.trace import Call

STAGES = ("ExplainTests", "RankSolutions", "WriteTests", "WriteCode", "FixCode")  # the stages with known truth


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prompts.credit_rates", description="Count the right calls among demonstrations."
    )
    parser.add_argument("--skills", type=Path, default=Path(__file__).parent / "skills.toml")
    parser.add_argument("--limit", type=int, default=36, help="problems of the pack (default: %(default)s)")
    parser.add_argument("--demos", type=int, default=4, help="demonstrations per stage (default: %(default)s)")
    parser.add_argument(
        "--rollouts", type=int, default=2, help="rollouts per problem, for verified (default: %(default)s)"
    )
    parser.add_argument("--seeds", type=int, default=3, help="number of random worlds (default: %(default)s)")
    run_command(parser, lambda options: print(compare(options)))


def compare(options: argparse.Namespace) -> str:
    """A Markdown table: by stage, the share of right calls among all calls and among each optimizer's
    demonstrations."""
    problems = load_problems("pack", "valid").select(options.limit)
    truth = Truth([problems])
    counts: dict[str, dict[str, Counter[bool]]] = defaultdict(lambda: defaultdict(Counter))
    for seed in range(options.seeds):
        skills = Skills(**tomllib.loads(options.skills.read_text()), seed=seed)
        with SimulatedServer(SimulatedEngine(problems, skills)) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            for name in ("bootstrap", "verified"):
                _count(name, options, server, problems, truth, counts)
            server.shutdown()
    lines = ["| stage | all calls | bootstrap | verified |", "| --- | --- | --- | --- |"]
    for stage in STAGES:
        shares = " | ".join(_share(counts[stage][column]) for column in ("all", "bootstrap", "verified"))
        lines.append(f"| {stage} | {shares} |")
    return "\n".join(lines)


def _count(
    name: str,
    options: argparse.Namespace,
    server: SimulatedServer,
    problems: ProblemSet,
    truth: Truth,
    counts: dict[str, dict[str, Counter[bool]]],
) -> None:
    """Compile with one optimizer and count its right demonstrations; for `verified` also all calls, because it runs
    all."""
    changes: dict[str, Any] = {
        "optimizer": name,
        "lm": f"openai/{server.engine.model}",
        "api_base": server.address,
        "limit": options.limit,
        "demos": options.demos,
        "gate": False,
    }
    if name == "verified":
        changes.update(rollouts=options.rollouts, demo_tokens=100_000)
    folder = Path(tempfile.mkdtemp())
    try:
        with (folder / "printed").open("w") as printed, redirect_stdout(printed):
            compile_artifact(read_config(None, changes), folder / "artifact")
        program, _ = artifact.load(folder / "artifact")
        stages = {name: stage.name for name, stage in stages_of(program)}
        for predictor, demos in ((name, predictor.demos) for name, predictor in program.named_predictors()):
            for demo in demos:
                fields = typed(stages[predictor], demo)
                problem = problems.shown_in(demo["problem"]) or ""
                counts[stages[predictor]][name][truth.is_right(stages[predictor], problem, fields)] += 1
        if name == "verified":
            _count_all(folder / "artifact" / "training", truth, counts)
    finally:
        shutil.rmtree(folder)


def _count_all(training: Path, truth: Truth, counts: dict[str, dict[str, Counter[bool]]]) -> None:
    signatures = {signature.__name__: signature for signature in SIGNATURES}
    for rollout in read_rollouts(training):
        for event in read_trace(training, *rollout.key()):
            if isinstance(event, Call) and event.outcome == "ok":
                try:
                    fields = LeanAdapter().parse(signatures[event.stage], event.answer)
                except AdapterParseError:
                    continue
                counts[event.stage]["all"][truth.is_right(event.stage, rollout.problem, fields)] += 1


def typed(stage: str, demo: Any) -> dict[str, Any]:
    """The output fields of a demonstration, parsed like an answer."""
    signature = next(each for each in SIGNATURES if each.__name__ == stage)
    outputs = {name: demo[name] for name in signature.output_fields}
    return LeanAdapter().parse(signature, LeanAdapter().format_assistant_message_content(signature, outputs))


def _share(count: Counter[bool]) -> str:
    return f"{count[True]} / {count.total()} ({count[True] / count.total():.0%})" if count.total() else "none"


if __name__ == "__main__":
    main()
