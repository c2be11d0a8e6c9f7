"""The third step: programs, in the order of the ranking, until one passes the public tests."""

from __future__ import annotations

from collections.abc import Sequence

import dspy

from program.bench.readings import by_public_tests
from program.bench.workbench import Workbench
from program.rollout.context import branch
from program.stage.side_by_side import together
from program.steps.config import FlowConfig
from program.steps.task import Choice, Notes, Task
from signatures.code import WriteCode

CANDIDATES_WITHOUT_TESTS = 3  # without public tests, agreement between programs decides, so there must be several


class CodeWriter(dspy.Module):
    """Writes programs from the chosen solutions."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        self.write_code = config.code_stage(WriteCode)

    def forward(self, task: Task, notes: Notes, choices: Sequence[Choice], bench: Workbench) -> int:
        """Put programs on the bench: two for the best solution, then by rank. Return the number of attempts."""
        # One program is often enough; only after it has failed, several are written concurrently.
        attempt, at_once, written = 0, 1 if bench.public else CANDIDATES_WITHOUT_TESTS, []
        most = task.config.code_attempts if bench.public else max(at_once, task.config.code_attempts)
        while attempt < most and not _enough(written, bench):
            count = min(at_once, most - attempt)
            numbers = range(attempt, attempt + count)
            for code in together(*(lambda n=number: self.write(task, notes, choices, n, bench) for number in numbers)):
                written.append(bench.add(code, "further" if any(written) or task.turn else "first"))
            attempt, at_once = attempt + count, task.config.code_at_once
        return attempt

    def write(
        self, task: Task, notes: Notes, choices: Sequence[Choice], attempt: int, bench: Workbench, failure: str = ""
    ) -> str:
        """The program of one attempt, which is shown where an earlier program fails; empty if no call wrote one."""
        places = [max(0, number - 1) % max(1, len(choices)) for number in range(attempt + 1)]
        choice = choices[places[-1]] if choices else None
        with branch():
            answer = self.write_code(
                task.number,
                places.count(places[-1]) - 1,
                by_public_tests(bench),
                problem=task.text,
                reflection=notes.reflection,
                explanations=notes.explanations if task.config.explain_to_code else [],
                solution=choice.solution if choice else None,
                steps=choice.steps if choice else [],
                failure=failure,
            )
        return answer.code if answer else ""


def _enough(written: Sequence[str], bench: Workbench) -> bool:
    if bench.public:
        return any(bench.passes_all_public(code) for code in written)
    return sum(map(bool, written)) >= CANDIDATES_WITHOUT_TESTS
