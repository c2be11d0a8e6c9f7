"""The run-and-fix loop with test anchors (AlphaCodium, section 3.2, "test anchors").

A test the current program passes becomes an anchor. A fix is kept only if it gets further on the failing test and
breaks no anchor; so a wrong AI test may cost a call, but not a right program. A model that answers with the same
program, with one that was tried before, or with one that fails in the same way, is stuck: another program is written
from the next solution, and if that leads nowhere either, the test is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

import dspy

from judge.verdict import TestCase, TestResult
from program.bench.failure import describe_failure
from program.bench.runtime_trace import last_steps
from program.bench.workbench import Workbench
from program.rollout.context import trace
from program.rollout.decisions import ChangeTried, RedrawBegun
from program.rollout.trace import name_of
from program.steps.config import FlowConfig
from program.steps.task import Notes, Task
from signatures.code import AnalyseFailure, FixCode

MAX_BULLETS = 4


class Repair(dspy.Module):
    """Fixes programs, in one call or in two."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        if config.fix_calls == 2:
            self.analyse_failure = config.text_stage(AnalyseFailure, analysis=MAX_BULLETS)
        self.fix_code = config.code_stage(FixCode)

    def forward(self, task: Task, notes: Notes, bench: Workbench, rewrite: Callable[[], str]) -> RepairLoop:
        """The loop for one round of a rollout; it counts its tries over all sets of tests."""
        return RepairLoop(self, task, notes, bench, rewrite)

    def fix(self, task: Task, notes: Notes, draw: int, code: str, failure: str) -> str:
        """Try number `draw` to fix `code` where it fails so; empty when no call gave a program."""
        asked = {
            "problem": task.text,
            "reflection": notes.reflection if task.config.explain_to_fix else [],
            "explanations": notes.explanations if task.config.explain_to_fix else [],
            "code": code,
            "failure": failure,
        }
        analysis: list[str] = []
        if task.config.fix_calls == 2:
            found = self.analyse_failure(task.number, draw, **asked)
            analysis = found.analysis if found else []
        answer = self.fix_code(task.number, draw, **asked, analysis=analysis)
        return answer.fixed_code if answer else ""


class RepairLoop:
    """Goes through tests and fixes the program where it fails."""

    def __init__(self, repair: Repair, task: Task, notes: Notes, bench: Workbench, rewrite: Callable[[], str]) -> None:
        self._repair, self._task, self._notes, self._bench, self._rewrite = repair, task, notes, bench, rewrite
        self._asked: Counter[tuple[str, TestCase]] = Counter()
        self.tries = 0

    def run(self, code: str, tests: Sequence[TestCase], fixes_per_test: int, fixes: int) -> str:
        """The last program that was kept.

        Args:
            code: the program to begin with; an empty one is returned as it is.
            tests: in the order they are taken up.
            fixes_per_test: tries for one failing test.
            fixes: tries for all of them together.
        """
        if not code:
            return code
        bench, end = self._bench, self.tries + fixes
        bench.anchor(code, tests)
        for test in tests:
            stuck = 0
            for _ in range(fixes_per_test):
                if bench.passes(code, [test]) or self.tries == end or stuck == 2:
                    break
                code, moved = self._try(code, test, "redraw" if stuck == 1 else "fix")
                stuck = 0 if moved else stuck + 1
            bench.anchor(code, [test])
        bench.anchor(code, tests)  # a fix for one test may have mended others
        bench.note_best()
        return code

    def _try(self, code: str, test: TestCase, way: Literal["fix", "redraw"]) -> tuple[str, bool]:
        """One try: the program to go on with, and whether the try led anywhere new."""
        before = self._bench.results(code, [test])[0]
        self.tries += 1
        if way == "redraw":
            trace().decide(RedrawBegun())
            new = self._rewrite()
        else:
            draw = self._asked[code, test]
            self._asked[code, test] += 1
            new = self._repair.fix(self._task, self._notes, draw, code, self._failure(code, test, before))
        if not new.strip():
            return code, True  # the LM failed, which says nothing about the program
        if new.strip() == code.strip():
            self._tried(way, "same program", code, new, test, before, before)
            return code, False
        known = new in self._bench.programs
        after = self._bench.results(new, [test])[0]
        self._bench.add(new, way)
        if not (after.passed or (before.crashed and not after.crashed)):
            outcome, moved = "no progress", not (known or _same_failure(before, after))
        elif not self._bench.passes(new, self._bench.anchors):
            outcome, moved = "breaks an anchor", not known
        else:
            outcome, moved = "kept", True
        self._tried(way, outcome, code, new, test, before, after)
        return (new if outcome == "kept" else code), moved

    def _tried(self, way, outcome, code, new, test, before, after) -> None:
        verdicts = {"before": before.verdict, "after": after.verdict}
        names = {"program": name_of(code), "changed": name_of(new)}
        on = {"test_input": test.input, "test_output": test.output}
        trace().decide(ChangeTried(way=way, outcome=outcome, **names, **verdicts, **on))

    def _failure(self, code: str, test: TestCase, result: TestResult) -> str:
        config = self._task.config
        steps = last_steps(code, test, self._bench, config.trace_lines, config.trace_depth)
        return describe_failure(test, result, steps)


def _same_failure(before: TestResult, after: TestResult) -> bool:
    """Whether two runs went wrong alike: the same verdict, and the same output or the same last line of the error."""
    alike = before.output.split() == after.output.split() if not before.crashed else _last(before) == _last(after)
    return before.verdict == after.verdict and alike


def _last(result: TestResult) -> str:
    return (result.error.strip().splitlines() or [""])[-1]
