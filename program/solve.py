"""Solve one problem: `python -m program.solve problem.json --artifact artifacts/handwritten`."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

from program.cli.command import run_command
from program.cli.output import harmless, write_program
from program.errors import UserError
from program.input_files import read_json
from program.models.names import DEFAULT_MODEL


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m program.solve", description="Write a program for one problem.")
    parser.add_argument(
        "problem",
        type=Path,
        help='JSON: {"name", "description", "public_tests": {"input": […], "output": […]}}; also "time_limit" in '
        'seconds, "memory_limit_bytes"',
    )
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/handwritten"), help="(default: %(default)s)")
    parser.add_argument("--lm", default=DEFAULT_MODEL, help="the model (default: %(default)s)")
    parser.add_argument("--api-base", help="address of an OpenAI-compatible server that has the model")
    parser.add_argument("--escalate-lm", help="a stronger model for later rounds of flows that have them")
    parser.add_argument(
        "--trace", nargs="?", const="events", choices=("events", "full"), help="show what happens; full: with prompts"
    )
    parser.add_argument(
        "--sandbox", choices=("require", "prefer", "off"), default="prefer", help="(default: %(default)s)"
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the configuration")
    run_command(parser, _solve)


class ProblemError(UserError):
    """The problem file cannot be used; one line that says why."""


def _solve(options: argparse.Namespace) -> None:
    problem = _read(options.problem)

    import dspy

    from judge.shared import set_default_sandbox
    from program.artifact import load_program
    from program.cli.live_trace import LiveTrace
    from program.cli.settings import check_escalation, parse_settings
    from program.errors import ModelError
    from program.models.open import open_lm
    from program.rollout.context import new_trace

    program = load_program(options.artifact, parse_settings(options.set))
    check_escalation(options.escalate_lm, [program])
    set_default_sandbox(options.sandbox)
    story = LiveTrace(full=options.trace == "full")
    with ExitStack() as models:
        lm = models.enter_context(open_lm(options.lm, api_base=options.api_base))
        stronger = models.enter_context(open_lm(options.escalate_lm)) if options.escalate_lm else None
        with new_trace(stronger=stronger) as trace:
            if options.trace:
                trace.listen(
                    lambda event: print(*map(harmless, story.lines(event)), sep="\n", file=sys.stderr, flush=True)
                )
            with dspy.context(lm=lm):
                code = program(problem=problem).code
    totals = trace.totals()
    spent = f"{totals.calls} LM calls, {totals.prompt_tokens} + {totals.completion_tokens} tokens"
    print("; ".join([spent, *trace.marks]), file=sys.stderr)
    lost = trace.lost_calls
    if not code and lost:
        raise ModelError(f"no program, and {len(lost)} of {len(trace.calls)} calls failed: {lost[-1]}")
    write_program(code)


def _read(path: Path):
    from program.problem import Problem, PublicTest, seconds_of, texts_of

    loaded = read_json(path)
    try:
        tests = loaded.get("public_tests") or {"input": [], "output": []}
        pairs = zip(texts_of(tests, "input"), texts_of(tests, "output"), strict=True)
        return Problem(
            name=loaded["name"],
            description=loaded["description"],
            public_tests=tuple(PublicTest(input=given, output=expected) for given, expected in pairs),
            seconds=seconds_of(loaded.get("time_limit")),
            memory_bytes=loaded.get("memory_limit_bytes") or None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as fault:
        raise ProblemError(f"{path} is not a problem: {type(fault).__name__}: {str(fault).splitlines()[0]}") from fault


if __name__ == "__main__":
    main()
