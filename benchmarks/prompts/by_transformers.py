"""Does another implementation of the same weights give the same answers as the embedded server?

    python -m benchmarks.prompts.by_transformers --python PYTHON [--count 14]

The prompts are the shortest ones in evalplus' form of `function_wordings`. The server's answers are those stored in
`function_wordings_0.5b.jsonl`. transformers reads the GGUF file, turns its weights into 32-bit floats, and decodes
greedily under the interpreter PYTHON. The packages it needs are not ours:
`python3 -m venv E && E/bin/pip install torch==2.13.0 transformers gguf accelerate`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path

from benchmarks.prompts.function_wordings import WORDINGS, stored_answers
from eval.data.load import load_problems
from eval.options import path_name, whole
from program.cli.command import run_command
from program.models.open import CACHE_FOLDER
from program.models.weights import find_weights

HERE = Path(__file__).parent
WORDING = "evalplus"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prompts.by_transformers", description="Answers of the server and of transformers."
    )
    parser.add_argument("--data", default="../shared/evalplus/humanevalplus")
    parser.add_argument("--python", required=True, help="an interpreter whose environment has transformers")
    parser.add_argument("--weights", type=path_name, help="the GGUF file (default: the embedded 0.5B's)")
    parser.add_argument("--count", type=whole(), default=14, help="how many problems (default: %(default)s)")
    run_command(parser, _compare)


def _compare(options: argparse.Namespace) -> None:
    stored = stored_answers(HERE / "function_wordings_0.5b.jsonl")
    problems = [each for each in load_problems(options.data, "test").problems if (each.name, WORDING) in stored]
    chosen = sorted(problems, key=lambda problem: len(problem.text()))[: options.count]
    weights = options.weights or find_weights("qwen2.5-coder-0.5b", CACHE_FOLDER / "weights")
    made = subprocess.run(
        [options.python, HERE / "transformers_answers.py", weights],
        input=json.dumps([WORDINGS[WORDING](problem) for problem in chosen]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    same = 0
    for problem, answer in zip(chosen, json.loads(made.stdout), strict=True):
        if stored[problem.name, WORDING].strip() == answer.strip():
            same += 1
        else:
            print(f"{problem.name}: another text")
    print(f"the same text on {same} of {len(chosen)} problems")


if __name__ == "__main__":
    main()
