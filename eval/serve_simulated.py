"""Serve the simulated LM as an OpenAI-compatible endpoint on 127.0.0.1: `python -m eval.serve_simulated`.

    python -m eval.serve_simulated --data pack --split valid --port 0 --set skills.code_right=0.4

The first printed line is the base URL, which ends in `/v1`. Any model name is accepted,
and every answer names its model `simulated/…`.
"""

from __future__ import annotations

import argparse

from eval.options import DATA_HELP, command_parser, whole
from program.cli.command import run_command
from program.errors import UserError


def _serve(options: argparse.Namespace) -> None:
    from eval.data.load import load_problems
    from eval.simulated.lm import SimulatedEngine
    from eval.simulated.server import SimulatedServer
    from eval.simulated.skills import skills_of

    skills = skills_of(options.set)
    first, *more = [load_problems(options.data, split) for split in options.split or ["test"]]
    try:
        server = SimulatedServer(SimulatedEngine(first, skills, more), options.port)
    except (OSError, OverflowError) as fault:
        raise UserError(f"--port {options.port} cannot be used: {fault}") from fault
    with server:
        print(server.address, flush=True)
        server.serve_forever()


def main() -> None:
    parser = command_parser("serve_simulated", "Serve the simulated LM.")
    parser.add_argument("--data", default="pack", help=f"{DATA_HELP} (default: %(default)s)")
    parser.add_argument("--split", action="append", help="default: test; repeat it to add the splits of demonstrations")
    parser.add_argument("--port", type=whole(0, 65535), default=0, help="0 (default) takes a free port")
    parser.add_argument(
        "--set", action="append", default=[], metavar="skills.NAME=VALUE", help="names: see docs/reference/keys.md"
    )
    run_command(parser, _serve)


if __name__ == "__main__":
    main()
