"""Evaluate artifacts: `python -m eval.run ARTIFACT… --data pack --split test --out runs/NAME`."""

from __future__ import annotations

from pathlib import Path

from eval.options import add_checker, add_data, add_executor, add_sandbox, add_selection, command_parser
from program.cli.command import run_command
from program.cli.key_options import add_limits
from program.models.open import DEFAULT_MODEL


def main() -> None:
    parser = command_parser("run", "Evaluate programs on hidden tests.")
    parser.add_argument("artifacts", nargs="+", type=Path, help="folders of programs, hand-written or compiled")
    add_data(parser)
    add_selection(parser)
    parser.add_argument("--lm", default=DEFAULT_MODEL, help="the model (default: %(default)s)")
    parser.add_argument("--api-base", help="address of an OpenAI-compatible server that has the model")
    parser.add_argument("--n", type=int, default=1, help="samples a problem (default: %(default)s)")
    add_checker(parser)
    add_sandbox(parser)
    add_executor(parser)
    parser.add_argument("--concurrency", type=int, default=8, help="rollouts side by side (default: %(default)s)")
    parser.add_argument(
        "--adapter", help="in place of the artifacts' own: lean, lean+described, yaml, chat, json or xml"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the programs' configuration"
    )
    parser.add_argument("--escalate-lm", help="a stronger model for later rounds of flows that have them")
    add_limits(parser)
    parser.add_argument("--out", required=True, type=Path, help="folder of the run; an interrupted run goes on there")
    parser.add_argument(
        "--mix-code", action="store_true", help="go on with a run that other code has begun; each rollout names its own"
    )
    parser.add_argument("--mlflow", metavar="URI", help="also trace to MLflow: a server or a folder (file:///…)")
    options = parser.parse_args()

    from eval.evaluation.evaluate import evaluate

    run_command(lambda: evaluate(options))


if __name__ == "__main__":
    main()
