"""Why fixes repeat the program: `python -m benchmarks.flow.fixes RUN --lm local/qwen2.5-coder-0.5b --out FILE`.

Every fix of a public test in a stored run is requested again in several ways, on the same programs and failures: as
before, at another temperature, and as a fresh program with or without the failure in the prompt. The same command
resumes.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dspy
from tqdm import tqdm

from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet
from eval.numbers.intervals import share_by_problem
from eval.rollouts.json_lines import JsonLines
from eval.rollouts.run_folder import read_rollouts
from eval.rollouts.trace_files import read_trace
from eval.tables.markdown import percent, table
from judge.judge import judge
from program.adapters.lean import LeanAdapter
from program.answers.syntax import same_program
from program.cli.command import run_command
from program.models.names import DEFAULT_MODEL
from program.models.open import open_lm
from program.rollout.context import new_trace
from program.rollout.trace import Call
from program.stage.stage import Stage
from signatures.code import FixCode, SolveDirectly, WriteCode

TOKENS = 700
NO_PLAN: dict[str, Any] = {"reflection": [], "explanations": [], "solution": None, "steps": []}
Ask = Callable[[dict[str, Any], int], dspy.Prediction | None]


def _fix(temperature: float, signature: type[dspy.Signature] = FixCode) -> Ask:
    stage = Stage(signature, TOKENS, temperature)
    return lambda given, number: stage(number, **given)


def _stage_first(given: dict[str, Any], number: int) -> dspy.Prediction | None:
    with dspy.context(adapter=LeanAdapter("stage-first")):
        return _fix(0.8)(given, number)


MUST_CHANGE = FixCode.with_instructions(
    "The given Python program is wrong: it fails a test of the contest problem. Writing it again is no answer. The "
    "first line is a comment that says what it does wrong on the test. Then write another program, which passes the "
    "test."
)


def _redraw(given: dict[str, Any], number: int) -> dspy.Prediction | None:
    asked = {**NO_PLAN, "problem": given["problem"], "failure": given["failure"]}
    return Stage(WriteCode, TOKENS, 0.8)(number, **asked)


def _draw(given: dict[str, Any], number: int) -> dspy.Prediction | None:
    return Stage(SolveDirectly, TOKENS, 0.8)(number, problem=given["problem"])


WAYS: dict[str, Ask] = {
    "a fix at 0.2": _fix(0.2),
    "a fix at 0.8": _fix(0.8),
    "a fix at 0.8, instructions before the problem": _stage_first,
    "a fix at 0.8 that must not be the same program": _fix(0.8, MUST_CHANGE),
    "a fresh program at 0.8 that is shown the failure": _redraw,
    "a fresh program at 0.8": _draw,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flow.fixes", description="Compare fixes and redraws.")
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs on the pack, with traces")
    parser.add_argument("--lm", default=DEFAULT_MODEL, help="the model (default: %(default)s)")
    parser.add_argument("--api-base", help="address of an OpenAI-compatible server with the model")
    parser.add_argument("--concurrency", type=int, default=8, help="parallel requests (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="file of the answers")
    run_command(parser, lambda options: print(compare(options)))


def compare(options: argparse.Namespace) -> str:
    """Request the answers that the file lacks; return the table of all answers."""
    problems = load_problems("pack", "test")
    asked = enumerate(each for run in options.runs for each in fixes_of(run))
    fixes = {number: each for number, each in asked if not passes(each[1]["code"], each[0], problems)}
    stored = JsonLines(options.out)
    known = {(each["way"], each["number"]): each for each in stored.values()}
    left = [(way, number) for number in fixes for way in WAYS if (way, number) not in known]

    def one(key: tuple[str, int]) -> None:
        way, number = key
        problem, given = fixes[number]
        with new_trace(), dspy.context(lm=lm, adapter=LeanAdapter("problem-first")):
            answer = WAYS[way](given, number)
        code = "" if answer is None else answer[[*answer.keys()][-1]]
        came = {"same": same_program(code, given["code"]), "passed": passes(code, problem, problems), "code": code}
        known[key] = {"way": way, "number": number, "problem": problem, **came}
        stored.append(known[key])

    if left:
        many = options.concurrency
        with open_lm(options.lm, api_base=options.api_base, slots=many) as lm, ThreadPoolExecutor(many) as pool:
            list(tqdm(pool.map(one, left), total=len(left), unit="answer"))
    rows = []
    for way in WAYS:
        found = [each for each in known.values() if each["way"] == way and each["number"] in fixes]
        rows.append([way, str(len(found)), _share(found, "same"), _share(found, "passed")])
    return table(["asked for", "answers", "the same program again", "passes all public tests"], rows)


def fixes_of(run: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The problem and the inputs of every first fix of a program."""
    for rollout in read_rollouts(run):
        seen = set()
        for call in read_trace(run, *rollout.key()):
            if isinstance(call, Call) and call.stage == "FixCode" and call.inputs["code"] not in seen:
                seen.add(call.inputs["code"])
                yield rollout.problem, call.inputs


def passes(code: str, problem: str, problems: ProblemSet) -> bool:
    """Whether a program passes all public tests. If it does, its fix was for a test that a model wrote."""
    task = problems.problem(problem)
    return bool(code) and judge(code, task.tests(), task.limits(), checker=task.checker()).all_passed


def _share(found: list[dict[str, Any]], what: str) -> str:
    some = Counter(each["problem"] for each in found if each[what])
    return percent(share_by_problem(some, Counter(each["problem"] for each in found)))


if __name__ == "__main__":
    main()
