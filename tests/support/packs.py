"""Tiny datasets in the Hugging Face layout of CodeContests, and a scripted LM that knows their problems.

Each test of a pipeline is about four or five of these problems: enough for every path, small enough for a fast suite.
"""

import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dspy
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from program import artifact
from program.models.scripted import Rule, ScriptedEngine, scripted_lm
from tests.support.scripted import stage_of

PYTHON3 = 3
NOBODY = "http://127.0.0.1:9/v1"  # an address that nobody asks
PROBLEM = "## problem\n"
SMALL_FLOW = {"solutions": 2, "ai_tests": 2, "code_attempts": 2, "public_tries": 2, "ai_fixes": 1}


@dataclass(frozen=True)
class Task:
    """A problem with a known answer.

    `wrong` gives the right answer on small inputs only, so that the public tests do not show the mistake; `broken`
    fails the public tests too. Tests beyond the first `public` are hidden, the later half of them "generated".
    """

    name: str
    right: str
    wrong: str
    inputs: tuple[str, ...]
    answer: Callable[[str], str] = field(repr=False)
    public: int = 1
    broken: str = "print('no answer')\n"

    def row(self) -> dict[str, Any]:
        """The problem in the schema of `deepmind/code_contests`."""
        hidden = self.inputs[self.public :]
        half = len(hidden) // 2
        return {
            "name": self.name,
            "description": f"The task is called {self.name}. Read one line and answer it.\n",
            "public_tests": self._tests(self.inputs[: self.public]),
            "private_tests": self._tests(hidden[:half]),
            "generated_tests": self._tests(hidden[half:]),
            "source": 2,
            "difficulty": 7,
            "solutions": {"language": [2, PYTHON3], "solution": ["int main() {}", self.right]},
            "incorrect_solutions": {"language": [PYTHON3], "solution": [self.wrong]},
            "cf_contest_id": 0,
            "cf_index": "",
            "cf_points": 0.0,
            "cf_rating": 0,
            "cf_tags": [""],
            "is_description_translated": False,
            "untranslated_description": "",
            "time_limit": {"seconds": 2, "nanos": 500_000_000},
            "memory_limit_bytes": 256_000_000,
            "input_file": "",
            "output_file": "",
        }

    def _tests(self, inputs: Sequence[str]) -> dict[str, list[str]]:
        return {"input": list(inputs), "output": [self.answer(text) for text in inputs]}


def number_task(name: str, rule: Callable[[int], int], expression: str) -> Task:
    """A task over one integer `n`; the wrong program is right up to 9 only."""
    return Task(
        name=name,
        right=f"n = int(input())\nprint({expression})\n",
        wrong=f"n = int(input())\nprint({expression} if n < 10 else 0)\n",
        inputs=("3\n", "7\n", "12\n", "45\n"),
        answer=lambda text: f"{rule(int(text))}\n",
        public=2,
    )


def plus_tasks(numbers: Iterable[int]) -> tuple[Task, ...]:
    """For each of the numbers the task to add it."""
    return tuple(number_task(f"Plus {k}", lambda n, k=k: n + k, f"n + {k}") for k in numbers)


VALID = (
    number_task("Twice", lambda n: 2 * n, "2 * n"),
    number_task("Square", lambda n: n * n, "n * n"),
    number_task("Successor", lambda n: n + 1, "n + 1"),
    number_task("Triangle", lambda n: n * (n + 1) // 2, "n * (n + 1) // 2"),
)
TEST = (
    number_task("Thrice", lambda n: 3 * n, "3 * n"),
    number_task("Cube", lambda n: n**3, "n ** 3"),
    number_task("Predecessor", lambda n: n - 1, "n - 1"),
)


def write_dataset(folder: Path, splits: Mapping[str, Sequence[dict[str, Any]]], form: str = "parquet") -> Path:
    """Write a dataset folder as on the hub: a README with `configs` and one file a split.

    Args:
        folder: made when it is missing.
        splits: split name to rows.
        form: "parquet" or "jsonl".
    """
    (folder / "data").mkdir(parents=True, exist_ok=True)
    entries = []
    for split, rows in splits.items():
        path = folder / "data" / f"{split}-00000-of-00001.{form}"
        if form == "parquet":
            pq.write_table(pa.Table.from_pylist(list(rows)), path)
        else:
            path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        entries.append(f"  - split: {split}\n    path: data/{split}-*.{form}\n")
    (folder / "README.md").write_text(
        f"---\nconfigs:\n- config_name: default\n  data_files:\n{''.join(entries)}---\n\n# A tiny dataset\n"
    )
    return folder


def write_pack(folder: Path, valid: Sequence[Task] = VALID, test: Sequence[Task] = TEST) -> Path:
    """The tasks as a dataset folder with the splits `valid` and `test`."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for split, tasks in {"valid": valid, "test": test}.items():
        lines = (json.dumps(task.row(), ensure_ascii=False) for task in tasks)
        (folder / "data" / f"{split}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder


def write_start(folder: Path, program: artifact.ProgramName, config: dict[str, Any] | None = None) -> Path:
    """A hand-written artifact; the flow gets a small configuration."""
    config = config if config is not None else (SMALL_FLOW if program == "alphacodium" else {})
    made = artifact.new_program(program, config)
    artifact.save(folder, made, artifact.describe(program, made))
    return folder


def asked_problem(prompt: str) -> str:
    """The name of the problem a prompt asks about: of the first `## problem` section where the prompt begins with it,
    else of the last, after any demonstrations."""
    return _problems(prompt)[0 if prompt.startswith(PROBLEM) else -1]


def demonstrations(prompt: str) -> list[str]:
    """The names of the problems shown as demonstrations in a prompt, in order."""
    return _problems(prompt)[1 if prompt.startswith(PROBLEM) else 0 : -1]


def _problems(prompt: str) -> list[str]:
    """The first lines of all its `## problem` sections."""
    return [part.partition("\n")[0] for part in prompt.split(PROBLEM)[1:]]


def answer_rule(tasks: Sequence[Task] = (*VALID, *TEST), **fates: str) -> Rule:
    """A rule for a scripted LM that answers every stage for `tasks`.

    Args:
        tasks: what it knows.
        fates: by task name what its programs are: "right" (also where not given), "wrong" (only the hidden tests show
            it), "fixed" (broken at first, right after a fix), "broken" (to the end).
    """
    known = {task.name: task for task in tasks}

    def answer(prompt: str) -> str:
        name = asked_problem(prompt)
        task, fate = known[name], fates.get(name, "right")
        written = {"right": task.right, "wrong": task.wrong, "fixed": task.broken, "broken": task.broken}[fate]
        match stage_of(prompt):
            case "SolveDirectly" | "SolveStepByStep" | "WriteCode":
                return f"Here it is:\n```python\n{written}```"
            case "FixCode":
                fixed = task.right if fate == "fixed" else f"{task.broken}# again\n"
                return f"mistake: it prints the same for every input of {name}\n\n```python\n{fixed}```"
            case "ReflectOnProblem":
                return json.dumps({"reflection": [f"{name} reads one line", "it prints one line"]})
            case "ExplainTests":
                return json.dumps({"explanations": [f"{name} says so for test {n + 1}" for n in range(task.public)]})
            case "ProposeSolutions":
                return json.dumps({"solutions": [_solution("plain loop"), _solution("formula")]})
            case "RankSolutions":
                return json.dumps({"ranking": ["formula", "plain loop"], "steps": [f"do as {name} says"]})
            case "WriteTests":
                # One with a new input, one that only repeats a public test.
                made = ["5\n", task.inputs[0]]
                return json.dumps({"tests": [_test(text, task) for text in made]})
            case "WriteLargestInput":
                return f"```python\nprint({task.inputs[0]!r}, end='')\n```"
            case "WriteValidator":
                return "```python\nprint('not valid' if input().startswith('?') else 'VALID')\n```"
        raise AssertionError(f"no answer for {stage_of(prompt)}")

    return answer


def _solution(name: str) -> dict[str, str]:
    return {"name": name, "content": f"use a {name}", "why_it_works": "it is the definition", "complexity": "O(1)"}


def _test(text: str, task: Task) -> dict[str, str]:
    return {"input": text, "output": task.answer(text), "explanation": f"a case of {task.name}"}


def use_lm(monkeypatch: pytest.MonkeyPatch, rule: Rule | Sequence[str | Exception]) -> list[str]:
    """Let `eval.run` and `optimize.compile` speak to a scripted LM, and return the list its prompts go to.

    One engine serves all the commands of a test, unless it is called again.
    """
    lm = scripted_lm(rule)
    use_opener(monkeypatch, opener_of(lm))
    return lm.engine.prompts


def use_opener(monkeypatch: pytest.MonkeyPatch, opener: Any) -> None:
    """Let `eval.run` and `optimize.compile` open their models by `opener`."""
    for module in ("eval.cluster.execution", "optimize.compilation.compile_session"):
        monkeypatch.setattr(f"{module}.open_model", opener)


def use_models(monkeypatch: pytest.MonkeyPatch, usual: Rule, stronger: Rule) -> list[str]:
    """Let these commands speak to two scripted LMs; the options that name them."""
    other = dspy.LM("scripted/stronger", engine=ScriptedEngine(stronger), cache=False, num_retries=0)
    lms = {"openai/usual": scripted_lm(usual), "openai/stronger": other}

    @contextmanager
    def open_model(model: str, problems: Any, **_: Any) -> Iterator[Any]:
        yield lms[model]

    use_opener(monkeypatch, open_model)
    return ["--lm", "openai/usual", "--escalate-lm", "openai/stronger", "--escalate-api-base", NOBODY]


def opener_of(lm: Any) -> Any:
    """What opens this LM, whatever model is asked for."""

    @contextmanager
    def open_model(model: str, problems: Any, **_: Any) -> Iterator[Any]:
        yield lm

    return open_model


def isolate(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Keep every cache a pipeline writes below `folder`. Nothing waits before it asks a failing LM again."""
    monkeypatch.setattr("eval.data.rows.CACHE_FOLDER", folder)
    monkeypatch.setattr("optimize.compilation.compile_session.WORK_FOLDER", folder / "compile")
    monkeypatch.setattr(
        "program.rollout.rate_limits.Pace.rest", lambda pace, seconds: None
    )  # before a request is sent again


def call(monkeypatch: pytest.MonkeyPatch, main: Callable[[], None], *arguments: str | Path) -> int:
    """The exit status of a command called in this process."""
    monkeypatch.setattr(sys, "argv", ["command", *map(str, arguments)])
    try:
        main()
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def printed(patched: pytest.MonkeyPatch, main: Callable[[], None], *arguments: str | Path) -> str:
    """What a command prints that ends well."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert call(patched, main, *arguments) == 0
    return output.getvalue()
