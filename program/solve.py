"""Solve one problem: `python -m program.solve problem.json --artifact artifacts/handwritten`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from program.command import run_command
from program.lm import DEFAULT_MODEL


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m program.solve", description="Write a program for one problem.")
    parser.add_argument(
        "problem", type=Path, help='JSON: {"name", "description", "public_tests": {"input": […], "output": […]}}'
    )
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/handwritten"), help="(default: %(default)s)")
    parser.add_argument("--lm", default=DEFAULT_MODEL, help="the model (default: %(default)s)")
    parser.add_argument("--api-base", help="address of an OpenAI-compatible server that has the model")
    options = parser.parse_args()
    run_command(lambda: _solve(options), ProblemError)


class ProblemError(ValueError):
    """The problem file cannot be used; one line that says why."""


def _solve(options: argparse.Namespace) -> None:
    problem = _read(options.problem)

    import dspy

    from program import artifact
    from program.account import new_account
    from program.lm import open_lm

    program, manifest = artifact.load(options.artifact)
    with (
        open_lm(options.lm, api_base=options.api_base) as lm,
        new_account() as account,
        dspy.context(lm=lm.copy(**artifact.lm_settings(manifest)), adapter=artifact.adapter_of(manifest)),
    ):
        code = program(problem=problem).code
    for call in account.calls:
        print(f"{call.stage}: {call.outcome}, {call.seconds:.1f} s", file=sys.stderr)
    for decision in account.decisions:
        print(decision, file=sys.stderr)
    totals = account.totals()
    print(f"{totals.calls} LM calls, {totals.prompt_tokens} + {totals.completion_tokens} tokens", file=sys.stderr)
    print(code, end="")


def _read(path: Path):
    from pydantic import ValidationError

    from program.problem import Problem, PublicTest

    try:
        loaded = json.loads(path.read_text())
        tests = loaded.get("public_tests") or {"input": [], "output": []}
        pairs = zip(tests["input"], tests["output"], strict=True)
        return Problem(
            name=loaded["name"],
            description=loaded["description"],
            public_tests=tuple(PublicTest(input=given, output=expected) for given, expected in pairs),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError) as fault:
        raise ProblemError(f"{path} is not a problem: {type(fault).__name__}: {str(fault).splitlines()[0]}") from fault


if __name__ == "__main__":
    main()
