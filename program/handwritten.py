"""Writes the hand-written programs as artifacts. Run `python -m program.handwritten` after a change of a signature.

The limits of the flow are small here, because each call takes long on small local models. The defaults of
`program.steps.config` are the values of the paper. Token caps come from the model's profile.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from program.cli.command import run_command

if TYPE_CHECKING:
    from program.artifact import ProgramName

LEAN_FLOW = {
    "solutions": 2,
    "ai_tests": 3,
    "code_attempts": 2,
    "public_tries": 3,
    "second_derivations": 2,
    "ai_fixes": 1,
}
HAND_WRITTEN: dict[str, tuple[ProgramName, dict[str, Any]]] = {
    "direct": ("direct", {}),
    "chain-of-thought": ("chain-of-thought", {}),
    "sampling": ("sampling", {"programs": 9, "ai_tests": 3, "picks": 3}),
    "sampling-early": ("sampling", {"programs": 10, "ai_tests": 0, "at_once": 1, "stop_early": True, "agree": 1}),
    "reflexion": ("reflexion", {"attempts": 5}),
    "handwritten": ("alphacodium", LEAN_FLOW),
    "conversation": ("alphacodium", {**LEAN_FLOW, "order": "conversation"}),
    "adaptive": ("alphacodium", {**LEAN_FLOW, "direct_first": 3, "rounds": 2}),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m program.handwritten",
        description=f"Write the hand-written programs into the folder artifacts: {', '.join(HAND_WRITTEN)}.",
    )
    run_command(parser, _write)


def _write(_: argparse.Namespace) -> None:
    from program.artifact import describe, new_program, save

    for folder, (name, config) in HAND_WRITTEN.items():
        program = new_program(name, config)
        save(Path("artifacts") / folder, program, describe(name, program))


if __name__ == "__main__":
    main()
