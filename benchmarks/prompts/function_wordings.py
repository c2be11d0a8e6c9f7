"""How much does the wording of one direct prompt matter on function problems?

    python -m benchmarks.prompts.function_wordings --data ../shared/evalplus/humanevalplus --out FILE.jsonl

Every second problem is asked greedily in each wording; answers are parsed and judged as usual. The file has the
answers, and the same command resumes. `function_wordings_0.5b.jsonl` next to this file has the answers of the embedded
0.5B on HumanEval+.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dspy
from pydantic import BaseModel
from tqdm import tqdm

from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet
from eval.numbers.intervals import mean_share
from eval.numbers.paired import differences
from eval.options import path_name, whole
from eval.rollouts.json_lines import JsonLines
from eval.simulated.model import open_model
from eval.tables.markdown import p_value, percent, points, table
from judge.judge import judge
from program.answers.mends import completed
from program.answers.programs import programs_in
from program.answers.unreadable import NoAnswer
from program.cli.command import run_command
from program.models.names import DEFAULT_MODEL
from program.problem import Problem

TOKENS = 768
TASK = (
    "Write the Python 3 function that the problem asks for, with the imports and helpers it needs. It returns its "
    "result; it reads no input and prints nothing.\n\nAnswer with the finished code, the body of the function "
    "included, in one block that begins with ```python."
)
# The form of evalplus (`evalplus.provider`, `evalplus.codegen`), and what it puts into the mouth of the model.
EVALPLUS = (
    "Please provide a self-contained Python script that solves the following problem in a markdown code block:\n"
    "```\n{}\n```\n"
)
BEGUN = (
    "Below is a Python script with a self-contained function that solves the problem and passes corresponding tests:\n"
    "```python\n"
)


# The form in which the model's authors evaluated it: `ChatML` in the repository QwenLM/Qwen2.5-Coder.
AUTHORS_SYSTEM = "You are an intelligent programming assistant to produce Python algorithmic solutions"
AUTHORS = "Can you complete the following Python function?\n```python\n{}\n```\n"


class Wording(BaseModel):
    """An answer of the model to a problem in one wording."""

    problem: str
    wording: str
    answer: str


# A sentence that prompts had until 11 of 163 greedy answers of the 0.5B left out the parameters of the function.
SENTENCE = "Write the function `{}`. It gets its arguments from its caller and returns its result."


def _before(problem: Problem) -> str:
    """A problem of HumanEval as prompts showed it before."""
    assert problem.function is not None, problem.name
    asked = SENTENCE.format(problem.function.entry_point)
    return f"{problem.name}\n\n\n\n{asked}\n\n```python\n{problem.function.starter_code.strip()}\n```"


def _docstring(problem: Problem) -> str:
    assert problem.function is not None, problem.name
    return problem.function.starter_code or problem.description


def _evalplus(problem: Problem) -> list[dict[str, str]]:
    return [{"role": "user", "content": EVALPLUS.format(_docstring(problem).strip())}]


WORDINGS: dict[str, Callable[[Problem], list[dict[str, str]]]] = {
    "as the direct prompt has it": lambda problem: [
        {"role": "system", "content": f"## problem\n{problem.text()}"},
        {"role": "user", "content": f"## task\n{TASK}"},
    ],
    "as it had it before": lambda problem: [
        {"role": "system", "content": f"## problem\n{_before(problem)}"},
        {"role": "user", "content": f"## task\n{TASK}"},
    ],
    "before, as one message": lambda problem: [
        {"role": "user", "content": f"## problem\n{_before(problem)}\n\n## task\n{TASK}"}
    ],
    "before, as one message without headings": lambda problem: [
        {"role": "user", "content": f"{_before(problem)}\n\n{TASK}"}
    ],
    "before, stage-first": lambda problem: [
        {"role": "system", "content": TASK},
        {"role": "user", "content": f"## problem\n{_before(problem)}"},
    ],
    "evalplus": _evalplus,
    "evalplus with its beginning of the answer": lambda problem: [
        *_evalplus(problem),
        {"role": "assistant", "content": BEGUN},
    ],
    "of the model's authors": lambda problem: [
        {"role": "system", "content": AUTHORS_SYSTEM},
        {"role": "user", "content": AUTHORS.format(_docstring(problem))},
        {"role": "assistant", "content": "```python\n"},
    ],
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prompts.function_wordings", description="Compare wordings of the direct prompt."
    )
    parser.add_argument("--data", default="../shared/evalplus/humanevalplus")
    parser.add_argument("--split", default="test")
    parser.add_argument("--every", type=whole(), default=2, help="take every Nth problem (default: %(default)s)")
    parser.add_argument("--lm", default=DEFAULT_MODEL)
    parser.add_argument("--api-base")
    parser.add_argument("--concurrency", type=whole(), default=16)
    parser.add_argument("--out", type=path_name, required=True, help="file of the answers")
    run_command(parser, _run)


def _run(options: argparse.Namespace) -> None:
    problems = load_problems(options.data, options.split)
    chosen = problems.problems[:: options.every]
    file = JsonLines(options.out)
    known = stored_answers(options.out)
    left = [(name, each) for each in chosen for name in WORDINGS if (each.name, name) not in known]
    if left:
        with open_model(options.lm, problems, api_base=options.api_base, slots=options.concurrency) as lm:
            _ask(lm, left, file, options.concurrency)
    print(compare(problems, [each.name for each in chosen], stored_answers(options.out)))


def stored_answers(file: Path) -> dict[tuple[str, str], str]:
    """The answers of a file, by problem and wording."""
    found = map(Wording.model_validate, JsonLines(file).values())
    return {(each.problem, each.wording): each.answer for each in found}


def _ask(lm: dspy.LM, left: Sequence[tuple[str, Problem]], file: JsonLines, concurrency: int) -> None:
    def one(task: tuple[str, Problem]) -> None:
        name, problem = task
        answer: Any = lm(messages=WORDINGS[name](problem), temperature=0.0, max_tokens=TOKENS, cache=False)[0]
        text = answer if isinstance(answer, str) else answer["text"]
        file.append(Wording(problem=problem.name, wording=name, answer=text).model_dump())

    with ThreadPoolExecutor(concurrency) as pool:
        list(tqdm(pool.map(one, left), desc="answers", total=len(left), unit="answer"))


def compare(problems: ProblemSet, names: Sequence[str], answers: dict[tuple[str, str], str]) -> str:
    """A Markdown table of the wordings with answers for all of these problems.

    Args:
        problems: have the hidden tests.
        names: of the asked problems.
        answers: by problem and wording.
    """
    tasks = [(wording, name) for wording in WORDINGS for name in names if (name, wording) in answers]
    with ThreadPoolExecutor(2) as pool:
        judged = tqdm(
            pool.map(lambda task: _solves(problems, task[1], answers[task[1], task[0]]), tasks),
            desc="judged",
            total=len(tasks),
            unit="answer",
        )
        solved = dict(zip(tasks, judged, strict=True))
    shares = {
        wording: [float(solved[wording, name]) for name in names]
        for wording in WORDINGS
        if all((wording, name) in solved for name in names)
    }
    first, *others = shares
    found = differences([(shares[first], shares[other]) for other in others])
    head = ["wording", "solved", "of", "rate (95 % CI)", f"against “{first}” (95 % CI)", "p"]
    rows = []
    for wording, values in shares.items():
        cells = [wording, f"{sum(values):.0f}", str(len(values)), percent(mean_share(values))]
        if wording == first:
            rows.append([*cells, "–", "–"])
        else:
            difference = found[others.index(wording)]
            rows.append([*cells, points(difference.estimate), p_value(difference.corrected)])
    return table(head, rows)


def _solves(problems: ProblemSet, name: str, answer: str) -> bool:
    """Whether the first program of an answer passes public and hidden tests."""
    problem = problems.problem(name)
    assert problem.function is not None, name
    try:
        found = programs_in(answer, reads_input=False, entry_point=problem.function.entry_point)
    except NoAnswer:
        return False
    code = completed(found[0].code, problem.function.starter_code)
    tests = [*problem.tests(), *problems.hidden(name).all()]
    return judge(code, tests, problem.limits(), checker=problems.checker_for(problem), stop_at_failure=True).all_passed


if __name__ == "__main__":
    main()
