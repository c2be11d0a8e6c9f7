"""Serve the simulated LM as an OpenAI-compatible endpoint on 127.0.0.1: `python -m eval.serve_simulated`.

    python -m eval.serve_simulated --data pack --split valid --port 0 --set skills.code_right=0.4

The first line printed is the base URL, ending in `/v1`; any model name is accepted,
and every answer's says `simulated/…`.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from program.cli.command import run_command
from program.errors import UserError

if TYPE_CHECKING:
    from eval.simulated.skills import Skills


def _skills(parser: argparse.ArgumentParser, settings: list[str]) -> Skills:
    from pydantic import ValidationError

    from eval.simulated.skills import Skills

    values = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.startswith("skills."):
            parser.error(f"--set {setting}: a setting has the form skills.NAME=VALUE")
        values[key.removeprefix("skills.")] = value
    try:
        return Skills.model_validate(values)
    except ValidationError as fault:
        wrong = fault.errors()[0]
        parser.error(f"--set skills.{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}")


def _serve(data: str, splits: list[str], port: int, skills: Skills) -> None:
    from eval.data.load import load_problems
    from eval.simulated.lm import SimulatedEngine
    from eval.simulated.server import SimulatedServer

    first, *more = [load_problems(data, split) for split in splits]
    try:
        server = SimulatedServer(SimulatedEngine(first, skills, more), port)
    except (OSError, OverflowError) as fault:
        raise UserError(f"--port {port} cannot be used: {fault}") from fault
    with server:
        print(server.address, flush=True)
        server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.serve_simulated", description="Serve the simulated LM.")
    parser.add_argument(
        "--data", default="pack", help="pack, a hub name, a local folder in its layout, or a JSON problem"
    )
    parser.add_argument("--split", action="append", help="default: test; may be given again for demonstrations' splits")
    parser.add_argument("--port", type=int, default=0, help="0 (default) takes a free one")
    parser.add_argument(
        "--set", action="append", default=[], metavar="skills.NAME=VALUE", help="names: see eval/simulated/skills.py"
    )
    options = parser.parse_args()
    skills = _skills(parser, options.set)

    run_command(lambda: _serve(options.data, options.split or ["test"], options.port, skills))


if __name__ == "__main__":
    main()
