"""What the tests of the programs share: answers of every stage, and one rollout over an LM that gives them."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import Any

import dspy

from eval.simulated.prompt import SIGNATURES
from program.adapters.lean import LeanAdapter
from program.adapters.sections import TASK
from program.models.scripted import scripted_lm
from signatures.code import SolveStepByStep
from signatures.functions import INSTRUCTIONS

RIGHT = "print(2 * int(input()))\n"
FIRST_ONLY, SECOND_ONLY = "print(2)\n", "print(4)\n"  # right on one of the two public tests of `double`
NEVER = "print(0)\n"
GARBAGE = "That is hard to say."
UNDERSTANDING = ["ReflectOnProblem", "ExplainTests"]
PLANNING = ["ProposeSolutions", "RankSolutions"]

Answer = str | Exception


def code(program: str) -> str:
    return f"```python\n{program}```"


def proposed(*names: str, labels: str = "") -> str:
    solutions = [
        {"name": name, "content": f"Do {name}.", "why_it_works": "it does", "complexity": "O(1)", "labels": labels}
        for name in names
    ]
    return json.dumps({"solutions": solutions})


def ranked(*names: str, steps: Sequence[str] = ("double it",)) -> str:
    return json.dumps({"ranking": names, "steps": steps})


def written(*tests: tuple[str, str], key: str = "tests") -> str:
    return json.dumps({key: [{"input": i, "output": o, "explanation": "checks"} for i, o in tests]})


def checked(*tests: tuple[str, str]) -> str:
    return written(*tests, key="checked")


USUAL: dict[str, Answer | Sequence[Answer]] = {
    "SolveDirectly": code(RIGHT),
    "SolveStepByStep": LeanAdapter().format_assistant_message_content(
        SolveStepByStep, {"reasoning": "Twice is two times.", "code": RIGHT}
    ),
    "ReflectOnProblem": '{"reflection": ["the input is one number", "The  input is one number"]}',
    "ExplainTests": '{"explanations": ["1 + 1 is 2", "2 + 2 is 4"]}',
    "CheckExplanations": '{"checked": ["1 twice is 2", "2 twice is 4"]}',
    "ProposeSolutions": proposed("Adding", "Shifting", "Multiplying"),
    "RankSolutions": ranked("shifting", "Adding", "Multiplying"),
    "WriteTests": written(("3", "6")),
    "CheckTests": checked(("3", "6")),
    "DeriveOutput": '{"steps": ["double it"], "output": "6"}',
    "WriteBruteForce": code(f"{RIGHT}# slowly\n"),
    "WriteGenerator": code("import random\nrandom.seed(int(input()))\nprint(random.randint(1, 6))\n"),
    "WriteLargestInput": code("print(9)\n"),
    "WriteValidator": code("print('VALID' if input().isdigit() else 'no number')\n"),
    "WriteCode": code(RIGHT),
    "AnalyseFailure": '{"analysis": ["it prints a constant"]}',
    "FixCode": code(NEVER),
    "DrawLesson": '{"lesson": ["read the input"]}',
    "SolveWithLessons": code(RIGHT),
}

# Brings in every stage the flow can have.
EVERYTHING = {
    "check_explanations": True,
    "check_ai_tests": True,
    "fix_calls": 2,
    "brute_force": True,
    "time_fixes": 1,
    "direct_first": 1,
}


def stage_of(prompt: str) -> str:
    """The name of the signature a prompt is made from; in a conversation, of the last turn's."""
    prompt = prompt.rpartition(TASK)[2]
    said = [(each, words) for each in SIGNATURES for words in (each.instructions, INSTRUCTIONS.get(each)) if words]
    return next(each.__name__ for each, words in said if words.strip() in prompt)


def section(prompt: str, name: str) -> str:
    """The `## name` section of a prompt."""
    return prompt.split(f"## {name}\n")[1].split("\n\n## ")[0]


class Rollout:
    """One run of a program, with what its LM was asked.

    Args:
        program: a module of ours, called with the arguments given.
        arguments: of the call.
        answers: for a stage one answer, or several in turn of which the last is repeated; `USUAL` ones for the others.
    """

    def __init__(self, program: Any, *arguments: Any, **answers: Answer | Sequence[Answer]) -> None:
        self.asked: list[tuple[str, str]] = []  # stage and prompt, in the order of asking
        self._turns = {stage: _in_turn(answer) for stage, answer in {**USUAL, **answers}.items()}
        self.lm = scripted_lm(self._answer)
        with dspy.context(lm=self.lm, adapter=LeanAdapter()):
            self.result = program(*arguments)

    @property
    def code(self) -> str:
        return self.result.code

    @property
    def stages(self) -> list[str]:
        return [stage for stage, _ in self.asked]

    def prompts(self, stage: str) -> list[str]:
        return [prompt for asked, prompt in self.asked if asked == stage]

    def kwargs(self, stage: str) -> list[dict[str, Any]]:
        """How the LM was called for `stage`: temperature, rollout_id and so on."""
        entries = [entry for entry in self.lm.history if stage_of(entry["messages"][0]["content"]) == stage]
        return [entry["kwargs"] for entry in entries]

    def _answer(self, prompt: str) -> Any:  # an exception is raised by the engine
        stage = stage_of(prompt)
        self.asked.append((stage, prompt))
        return next(self._turns[stage])


def _in_turn(answer: Answer | Sequence[Answer]) -> Iterator[Answer]:
    if isinstance(answer, str | Exception):
        return repeat(answer)
    return chain(answer, repeat(answer[-1]))
