"""Solve one problem: `python -m program.solve examples/sum.md`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from program.cli.command import run_command
from program.cli.folders import ArtifactName
from program.cli.model_options import add_models
from program.cli.output import counted, harmless, write_program

if TYPE_CHECKING:
    from program.problem import Problem
    from program.rollout.trace import Trace
    from program.stage.program import Program


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m program.solve", description="Write a program for one problem.")
    parser.add_argument(
        "problem",
        help="a file, or - for standard input: a statement as Markdown, text or HTML, with its examples as Codeforces, "
        "AtCoder or Kattis write them; or JSON (docs/reference/program.md)",
    )
    parser.add_argument(
        "--artifact",
        type=Path,
        action=ArtifactName,
        default=Path("artifacts/adaptive"),
        help="the program that solves it (default: %(default)s: direct draws first, the flow if they fail)",
    )
    add_models(parser)
    parser.add_argument(
        "--trace",
        nargs="?",
        const="events",
        choices=("events", "full"),
        help="print each step when it ends; full: with prompts and responses",
    )
    parser.add_argument(
        "--sandbox", choices=("require", "prefer", "off"), default="prefer", help="(default: %(default)s)"
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a configuration key")
    run_command(parser, _solve)


def _solve(options: argparse.Namespace) -> None:
    from program.cli.problem_file import read_problem

    problem = read_problem(options.problem)

    import dspy

    from judge.shared import set_default_sandbox
    from program.artifact import load_program
    from program.cli.answer_faults import answer_faults
    from program.cli.live_trace import LiveTrace
    from program.cli.model_options import Models
    from program.cli.settings import parse_settings
    from program.models.open import open_lm
    from program.rollout.context import new_trace
    from program.rollout.trace import Best

    program, models = load_program(options.artifact, parse_settings(options.set)), Models.of(options)
    models.check([program])
    set_default_sandbox(options.sandbox)
    if not problem.public_tests:
        _say("no examples were found in the statement, so no program is tested")
    story = LiveTrace(full=options.trace == "full")
    with (
        models.open(lambda each: open_lm(each.name, api_base=each.api_base)) as opened,
        new_trace(stronger=opened.stronger, repairer=opened.repairer) as trace,
        dspy.context(lm=opened.lm),
    ):
        if options.trace:
            trace.listen(lambda event: print(*map(harmless, story.lines(event)), sep="\n", file=sys.stderr, flush=True))
        try:
            code = program(problem=problem).code
        except dspy.LMError as fault:
            code = next((event.code for event in reversed(trace.events) if isinstance(event, Best)), "")
            if not code:
                raise
            _say(f"ended early; this is the best program so far: {' '.join(str(fault).split())}")
    totals = trace.totals()
    spent = f"{counted(totals.calls, 'LM call')}, {totals.prompt_tokens} + {totals.completion_tokens} tokens"
    _say("; ".join([spent, *trace.marks]))
    _print_program(code, problem, program, trace)
    if said := answer_faults(trace.calls, program):
        _say(f"warning: {said}")


def _print_program(code: str, problem: Problem, program: Program, trace: Trace) -> None:
    """Print the program, and report its result on the public tests.

    Raises:
        ModelError: there is no program; the message says why.
    """
    from program.bench.workbench import Workbench
    from program.cli.answer_faults import answer_faults
    from program.errors import ModelError

    if not code.strip():
        lost = trace.lost_calls
        reasons = [f"{len(lost)} of {len(trace.calls)} calls failed: {lost[-1].fault}"] if lost else []
        reasons += [f"the budget of {resource} is spent" for _, resource in trace.spent_budgets]
        if said := answer_faults(trace.calls, program, tolerated=0):
            reasons.append(said)
            reasons += [f"the last: {call.detail}" for call in trace.calls[-1:] if call.detail and not lost]
        raise ModelError(f"no program: {'; '.join(reasons) or 'the model gave none'}")
    write_program(code if code.endswith("\n") else f"{code}\n")
    if problem.public_tests:
        bench = Workbench(problem)
        passed = bench.passed_public(code)
        several = ", but it may be right: the statement accepts several answers" if problem.accepts_several else ""
        failed = several if passed < len(bench.public) else ""
        _say(f"the program passes {passed} of {len(bench.public)} public tests{failed}")


def _say(line: str) -> None:
    print(harmless(line), file=sys.stderr)


if __name__ == "__main__":
    main()
