"""Which adapter works best for a model: `python -m benchmarks.prompts.adapters --lm local/… --out runs/adapters-NAME`.

One rollout per problem with the artifact's own adapter fixes the inputs of every stage (or `--inputs` names the folder
of another model's inputs). Then every adapter asks every stage with the same inputs. An unreadable answer is repaired
by one call, as in the flow. The same command resumes. `OUT/inputs.jsonl` has the inputs, `OUT/answers.jsonl` all
answers; the tables use only these files (`--table` makes them without any call).
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from program.cli.command import run_command
from program.models.names import DEFAULT_MODEL

if TYPE_CHECKING:
    from benchmarks.prompts.adapter_table import Asked, Rates
    from eval.data.problem_set import ProblemSet

DEFAULT_ADAPTERS = ["lean", "lean+described", "yaml", "json", "chat", "xml"]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prompts.adapters", description="Compare adapters, by stage."
    )
    parser.add_argument("--lm", default=DEFAULT_MODEL, help="the model (default: %(default)s)")
    parser.add_argument("--api-base", help="address of an OpenAI-compatible server with the model")
    parser.add_argument(
        "--adapters", nargs="+", default=DEFAULT_ADAPTERS, metavar="NAME", help="see program.adapters.choice"
    )
    parser.add_argument("--stages", nargs="+", metavar="NAME", help="names of signatures (default: all)")
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/handwritten"), help="(default: %(default)s)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of its configuration")
    parser.add_argument("--data", default="pack")
    parser.add_argument("--split", default="valid")
    parser.add_argument("--problems", type=int, default=20, help="number of first problems (default: %(default)s)")
    parser.add_argument("--inputs", type=Path, metavar="OUT", help="use the stages' inputs of that folder")
    parser.add_argument("--concurrency", type=int, default=4, help="parallel requests (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="folder of inputs, answers and table")
    parser.add_argument("--table", action="store_true", help="make the table from the stored answers, without any call")
    run_command(parser, compare)


def compare(options: argparse.Namespace) -> None:
    """Request the missing answers; print the table and write it to `OUT/summary.md`.

    Raises:
        ArtifactError, DataError, RunError: invalid input; raised before any LM call.
        LMError: the model does not answer.
    """
    from benchmarks.prompts.adapter_answers import ask_all, read_answers
    from benchmarks.prompts.adapter_inputs import fixed_inputs, stages_of
    from benchmarks.prompts.adapter_table import compared, markdown
    from eval.data.load import load_problems
    from eval.rollouts.run_folder import RunFolder, read_config
    from eval.simulated.model import open_model
    from program import artifact
    from program.cli.settings import parse_settings

    program, manifest = artifact.load(options.artifact, parse_settings(options.set))
    _check(options, list(stages_of(program)))
    problems = load_problems(options.data, options.split).select(options.problems)
    decides = {
        "lm": options.lm,
        "artifact": artifact.fingerprint(program, manifest),
        "data": options.data,
        "split": options.split,
        "data_fingerprint": problems.fingerprint,
    }
    if options.table:  # answers are parsed with the current fields of their stages
        decides = {**decides, "artifact": read_config(options.out)["artifact"]}
    answers = options.out / "answers.jsonl"
    folder = RunFolder(options.out, decides, begun=answers.exists())
    if not options.table:
        adapter = program.adapter
        assert adapter is not None, "an artifact names its adapter"
        if options.inputs and not (options.out / "inputs.jsonl").exists():  # never overwrite a file with additions
            shutil.copy(options.inputs / "inputs.jsonl", options.out)
        with open_model(options.lm, problems, api_base=options.api_base, slots=options.concurrency) as lm:
            inputs = fixed_inputs(
                program, problems.problems, lm, adapter, options.concurrency, options.out / "inputs.jsonl"
            )
            ask_all(program, inputs, options.adapters, options.stages, lm, options.concurrency, answers)
    records = read_answers(folder.path / answers.name, program)
    rates = rates_of(records, problems)
    table = "\n\n".join(
        [markdown(records, options.adapters, rates), compared(records, options.adapters, rates)]
    ).strip()
    asked = len({record.problem for record in records})
    (options.out / "summary.md").write_text(
        f"{options.lm}, {options.data} {options.split}, {asked} problems\n\n{table}\n"
    )
    print(table)


def rates_of(records: Sequence[Asked], problems: ProblemSet) -> Rates:
    """The hidden-test pass rates of the answered programs."""
    from eval.given.judged_in_threads import judged_in_threads
    from eval.rollouts.score import score

    programs = sorted({(each.problem, program) for each in records if (program := each.program()) is not None})

    def rate(key: tuple[str, str]) -> tuple[tuple[str, str], float]:
        return key, score(key[1], problems.problem(key[0]), problems).hidden_rate

    return dict(judged_in_threads(rate, programs, total=len(programs), unit="program"))


def _check(options: argparse.Namespace, stages: list[str]) -> None:
    from eval.errors import RunError
    from program.adapters.choice import adapter_named

    for stage in options.stages or ():
        if stage not in stages:
            raise RunError(f"{options.artifact} has no stage {stage}; it has {', '.join(stages)}")
    if options.inputs and not (options.inputs / "inputs.jsonl").is_file():
        raise RunError(f"{options.inputs} has no inputs.jsonl")
    if options.concurrency < 1 or options.problems < 1:
        raise RunError("--concurrency and --problems must be at least 1")
    for name in options.adapters:
        adapter_named(name)


if __name__ == "__main__":
    main()
