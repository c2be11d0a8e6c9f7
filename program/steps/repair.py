"""The run-and-fix loop (AlphaCodium, section 3.2, "test anchors").

On public tests the best program is fixed. If that does not help, another program is drawn, which is shown the failure.
On AI tests, which only count if they are confirmed, a fix is kept only if it passes the failing test and breaks neither
a public test nor an anchor, which is a test that the previous program passes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import dspy

from judge.verdict import TestCase, TestResult
from program.answers.claims import says_test_is_wrong
from program.bench.behaviours import behaviours
from program.bench.failure import Source, describe_failure
from program.bench.readings import by_public_tests
from program.bench.runtime_trace import last_steps
from program.bench.workbench import Workbench
from program.rollout.context import branch, model_of_fixes, trace
from program.rollout.decisions import ChangeTried, WrongTestClaimed
from program.rollout.trace import name_of
from program.steps.config import FlowConfig
from program.steps.task import Notes, Task
from signatures.code import AnalyseFailure, FixCode

MAX_BULLETS = 4
Redraw = Callable[[str], str]


class Repair(dspy.Module):
    """Fixes programs, in one call or in two."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        if config.fix_calls == 2:
            self.analyse_failure = config.text_stage(AnalyseFailure, analysis=MAX_BULLETS)
        self.fix_code = config.code_stage(FixCode, declines=says_test_is_wrong, hot=True)

    def forward(self, task: Task, notes: Notes, bench: Workbench, redraw: Redraw, first: int = 0) -> RepairLoop:
        """The loop for one round of a rollout. `first` is the number of a program's first fix, so that a program that
        was fixed in an earlier round gets different fixes."""
        return RepairLoop(self, task, notes, bench, redraw, first)

    def directly(self, task: Task, bench: Workbench) -> None:
        """Fix the best program from the statement alone, at most `direct_fixes` times."""
        loop = RepairLoop(self, task, Notes(), bench, lambda _: "", first=0)
        loop.on_public_tests(task.config.direct_fixes, task.config.direct_fixes)

    def fix(self, task: Task, notes: Notes, draw: int, code: str, failure: str, bench: Workbench) -> Fix:
        """Make fix number `draw` of `code` for this failure; its program is empty if no call wrote one."""
        asked = {
            "problem": task.text,
            "reflection": notes.reflection if task.config.explain_to_fix else [],
            "explanations": notes.explanations if task.config.explain_to_fix else [],
            "code": code,
            "failure": failure,
        }
        analysis: list[str] = []
        with branch(code), model_of_fixes(task.config.stronger_for == "fixes"):
            if task.config.fix_calls == 2:
                found = self.analyse_failure(task.number, draw, **asked)
                analysis = found.analysis if found else []
            answer = self.fix_code(task.number, draw, by_public_tests(bench), **asked, analysis=analysis)
        fixed = bench.known(answer.fixed_code) if answer else ""
        # An answer without a program says so in words; an answer with the same program says so in a comment.
        unchanged = answer is not None and (not fixed or (fixed == code and says_test_is_wrong(_fenced(answer))))
        return Fix("" if unchanged else fixed, unchanged)


@dataclass(frozen=True)
class Fix:
    """The result of a fix: the program (empty if there is none), and whether the model says that the test is wrong."""

    code: str
    test_is_wrong: bool


def _fenced(answer: dspy.Prediction) -> str:
    return f"```python\n{answer.fixed_code}\n```"


class RepairLoop:
    """Fixes the best program of a bench.

    Args:
        repair: makes the fixes.
        task, notes: shown to the fixes.
        bench: gets every program.
        redraw: writes another program, given how an earlier one fails; an empty text if no call wrote one.
        first: the number of a program's first fix.
    """

    def __init__(self, repair: Repair, task: Task, notes: Notes, bench: Workbench, redraw: Redraw, first: int) -> None:
        self._repair, self._task, self._notes, self._bench, self._redraw = repair, task, notes, bench, redraw
        self._first = first
        self._fixes: Counter[str] = Counter()  # number of fixes so far, by program
        self._asked: Counter[tuple[str, TestCase]] = Counter()

    def on_public_tests(self, tries: int, fixes: int) -> None:
        """Fix the best program or draw another until one passes all public tests, or the tries are spent.

        Args:
            tries: total number of fixes and further draws.
            fixes: fixes of one program before another is drawn.
        """
        bench = self._bench
        for _ in range(tries):
            code = bench.best()
            test = bench.first_failure(code, bench.public) if code else None
            if test is None:
                return
            before = bench.results(code, [test])[0]
            if bench.may_be_right(before):
                return
            way: Literal["fix", "redraw"] = "fix" if self._fixes[code] < fixes else "redraw"
            source: Source = "one of several" if bench.several else "example"
            failure = self._failure(code, test, before, source)
            new = self._fixed(code, test, failure, source) if way == "fix" else bench.known(self._redraw(failure))
            if not new.strip():
                continue
            bench.add(new, way)
            outcome = "kept" if bench.best() == new != code else "no progress"
            self._enter(way, outcome, code, new, test, before, bench.results(new, [test])[0])

    def on_ai_tests(self, claims: Sequence[TestCase] = ()) -> None:
        """Fix the best program where it fails AI tests, which are all confirmed. Each failing test gets one fix; the
        total is `ai_fixes`.

        Args:
            claims: tests that need no confirmation. Those that the program passes are also anchors: program and claim
                agree independently, so a fix that changes the output is not trusted.
        """
        bench = self._bench
        code, tries = bench.best(), 0
        if not code or not bench.ai:
            return
        bench.anchor(code, [*bench.ai, *claims])
        for test in list(bench.ai):
            if tries == self._task.config.ai_fixes:
                return
            before = bench.results(code, [test])[0]
            if before.passed:
                continue
            tries += 1
            new = self._fixed(code, test, self._failure(code, test, before, "written"), "written")
            if not new.strip():
                continue
            bench.add(new, "fix")
            after = bench.results(new, [test])[0]
            kept = after.passed and bench.passes(new, [*bench.public, *bench.anchors])
            outcome = "kept" if kept else "breaks an anchor" if after.passed else "no progress"
            self._enter("fix", outcome, code, new, test, before, after)
            if kept:
                code = new
                bench.anchor(code, bench.ai)
        bench.note_best()

    def on_largest_input(self, small_inputs: Sequence[str]) -> None:
        """Fix the best program if it exceeds the time limit on the largest input, at most `time_fixes` times. A fix is
        kept only if it ends in time, passes what the program passes, and has the same output on all small inputs."""
        bench, code = self._bench, self._bench.best()
        test = TestCase(bench.largest_input, "")
        for _ in range(self._task.time_fixes):
            before = bench.on_largest(code) if code else None
            if before is None or not before.crashed:
                return
            new = self._fixed(code, test, self._failure(code, test, before, "input"), "input")
            if not new.strip():
                continue
            after = bench.on_largest(new)
            assert after is not None, "there is a largest input"
            if after.crashed:
                outcome = "no progress"
            elif not bench.passes(new, [*bench.public, *bench.anchors]):
                outcome = "breaks an anchor"
            elif not self._alike(code, new, small_inputs):
                outcome = "other outputs"
            else:
                outcome = "kept"
                bench.add(new, "fix")
            self._enter("fix", outcome, code, new, test, before, after)
            code = bench.best()

    def _alike(self, code: str, other: str, inputs: Sequence[str]) -> bool:
        """Whether two programs have the same output on all inputs, or both crash."""
        bench = self._bench
        rows = behaviours([bench.answers(each, inputs, bench.limits) for each in (code, other)], bench.checker)
        return bool((rows[0] == rows[1]).all())

    def _fixed(self, code: str, test: TestCase, failure: str, source: Source) -> str:
        """The fixed program; empty if there is none. If the model wrote the test and now says that it is wrong, the
        votes are two against two, and the test no longer counts."""
        draw = self._first + self._asked[code, test]
        self._asked[code, test] += 1
        self._fixes[code] += 1
        fix = self._repair.fix(self._task, self._notes, draw, code, failure, self._bench)
        if fix.test_is_wrong:
            trace().decide(WrongTestClaimed(source=source, test_input=test.input, test_output=test.output))
            if source == "written":
                self._bench.drop_ai_test(test)
        return fix.code

    def _enter(self, way, outcome, code, new, test, before: TestResult, after: TestResult) -> None:
        if new == code:
            outcome = "same program"
        names = {"program": name_of(code), "changed": name_of(new)}
        verdicts = {"before": before.verdict, "after": after.verdict}
        on = {"test_input": test.input, "test_output": test.output}
        trace().decide(ChangeTried(way=way, outcome=outcome, **names, **verdicts, **on))

    def _failure(self, code: str, test: TestCase, result: TestResult, source: Source) -> str:
        config = self._task.config
        steps = last_steps(code, test, self._bench, config.trace_lines, config.trace_depth)
        return describe_failure(test, result, source, steps, self._bench.words)
