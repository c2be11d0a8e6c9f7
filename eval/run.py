"""Evaluate artifacts: `python -m eval.run ARTIFACT… --data pack --split test --out runs/NAME`."""

from __future__ import annotations

import argparse

from eval.options import (
    add_answers,
    add_checker,
    add_data,
    add_executor,
    add_sandbox,
    add_selection,
    add_total,
    command_parser,
    path_name,
    whole,
)
from program.cli.command import run_command
from program.cli.folders import ArtifactName
from program.cli.key_options import add_limits
from program.cli.model_options import add_models


def main() -> None:
    parser = command_parser("run", "Evaluate programs on hidden tests.")
    said = "folders of programs, hand-written or compiled"
    parser.add_argument("artifacts", nargs="+", type=path_name, action=ArtifactName, help=said)
    add_data(parser)
    add_selection(parser)
    add_models(parser, also="simulated")
    parser.add_argument("--n", type=whole(), default=1, help="samples per problem (default: %(default)s)")
    add_checker(parser)
    add_sandbox(parser)
    add_answers(parser)
    parser.add_argument(
        "--same-draws",
        action="store_true",
        help="where programs send the same prompt, they get the same answer, which is paid once; differences are less "
        "noisy, and seconds are not comparable",
    )
    add_executor(parser)
    parser.add_argument(
        "--concurrency", type=whole(most=10**4), default=8, help="parallel rollouts (default: %(default)s)"
    )
    parser.add_argument(
        "--adapter", help="instead of the artifacts' own: lean, lean+described, yaml, chat, json or xml"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the programs' configuration"
    )
    add_limits(parser)
    add_total(parser)
    parser.add_argument("--out", required=True, type=path_name, help="folder of the run; the same command resumes it")
    parser.add_argument(
        "--mix-code", action="store_true", help="resume a run that other code began; each rollout names its code"
    )
    parser.add_argument(
        "--live",
        nargs="?",
        type=whole(),
        const=60,
        metavar="SECONDS",
        help="also write report.html every so many seconds during the run; the page reloads itself "
        "(default: %(const)s)",
    )
    parser.add_argument("--mlflow", metavar="URI", help="also trace to MLflow: a server or a folder (file:///…)")
    parser.add_argument(
        "--otel",
        action="store_true",
        help="also send traces to the OpenTelemetry collector that OTEL_EXPORTER_OTLP_ENDPOINT names",
    )
    run_command(parser, _run)


def _run(options: argparse.Namespace) -> None:
    from eval.evaluation.evaluate import evaluate

    evaluate(options)


if __name__ == "__main__":
    main()
