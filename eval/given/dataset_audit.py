"""Check the tests of a dataset with its own programs.

A problem is suspect in four cases: its tests reject a right program; a test or its checker is faulty, so that a program
cannot be judged; it accepts several answers but has no checker for them (its statement says so, or right programs give
different answers to one test); or its statement mentions interaction.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from eval.cluster.execution import judging_on
from eval.data.problem_set import ProblemSet
from eval.data.selected import load_selected
from eval.errors import RunError
from eval.given.judged_in_threads import judged_in_threads
from eval.given.samples.samples import SolutionsError, read_samples
from eval.rollouts.json_lines import JsonLines, key_of
from eval.tables.markdown import table
from judge.checker import Checker
from judge.checkers.checker_program import CheckerProgram
from judge.checkers.token_checker import TokenChecker
from judge.judge import judge
from judge.verdict import FaultyProblem, Report
from program.files import write_whole
from program.problem import Problem

_INTERACTIVE = re.compile(r"\binteractive\b|\binteractor\b|\bflush\b", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """The result for one problem: programs accepted and rejected, and the reasons if it is suspect."""

    name: str
    right: int
    right_accepted: int
    wrong: int
    wrong_rejected: int
    reasons: Sequence[str]


def audit(options: argparse.Namespace) -> None:
    """Audit every problem of a split, print a table and write the suspects; see `eval.audit` for the options.

    Findings are stored next to the file of suspects, and reused for the same tests and programs. An existing file with
    other suspects is never overwritten.

    Raises:
        DataError, ExecutorError, SolutionsError: invalid input.
        JudgeError: the judge failed; the findings so far are stored.
    """
    findings_file = options.out.with_suffix(".findings.jsonl")
    if options.out.exists() and not findings_file.is_file():
        raise RunError(f"{options.out} already exists and is not overwritten; choose another file")
    problems = load_selected(options)
    programs = _programs(problems, options.solutions, options.programs)
    stored = JsonLines(findings_file, alone=True)
    found = _findings(stored)
    keys = {name: key_of(problems.fingerprint, name, *known) for name, known in programs.items()}
    left = [problem for problem in problems.problems if keys[problem.name] not in found]
    with judging_on(options):
        for finding in judged_in_threads(
            lambda problem: examine(problem, problems, *programs[problem.name]), left, total=len(keys), unit="problem"
        ):
            key = keys[finding.name]
            found[key] = finding
            stored.append({"key": key, "result": asdict(finding)})
    findings = [found[key] for key in keys.values()]
    suspects = {finding.name: list(finding.reasons) for finding in findings if finding.reasons}
    text = json.dumps({"data": options.data, "split": options.split, "exclude": suspects}, indent=2)
    print(report(findings))
    if options.out.exists() and options.out.read_text() != text + "\n":
        raise RunError(
            f"{options.out} has other suspects and is not overwritten; move it away and run the same command again"
        )
    write_whole(options.out, text + "\n")
    print(f"wrote {len(suspects)} suspects to {options.out}, for --exclude of the other commands")


def _findings(stored: JsonLines) -> dict[str, Finding]:
    """The findings of a file by their keys.

    Raises:
        RunError: the file has other content.
    """
    found = {}
    for number, line in enumerate(stored.values(), 1):
        try:
            found[line["key"]] = TypeAdapter(Finding).validate_python(line["result"])
        except (ValidationError, KeyError, TypeError) as fault:
            raise RunError(f"{stored.path}, line {number} is not a finding of an audit; remove the file") from fault
    return found


def examine(problem: Problem, problems: ProblemSet, right: Sequence[str], wrong: Sequence[str]) -> Finding:
    """Judge the right programs on all tests and the wrong ones up to their first failure."""
    tests = [*problem.tests(), *problems.hidden(problem.name).all()]
    limits, checker = problem.limits(), problems.checker_for(problem)
    faults: list[FaultyProblem] = []

    def judged(programs: Sequence[str], *, stop: bool = False) -> list[Report]:
        reports = []
        for program in programs:
            try:
                reports.append(judge(program, tests, limits, checker=checker, stop_at_failure=stop))
            except FaultyProblem as fault:
                faults.append(fault)
        return reports

    reports = judged(right)
    failed = [each for each in reports if not each.all_passed]
    accepted = len(reports) - len(failed)
    rejected = sum(not each.all_passed for each in judged(wrong, stop=True))
    reasons = []
    if failed:
        verdicts = sorted({each.verdict.value for each in failed})
        reasons.append(f"rejects {len(failed)} of {len(right)} right programs ({', '.join(verdicts)})")
    if faults:
        said = ": ".join(filter(None, [str(faults[0]), faults[0].said]))
        reasons.append(f"cannot judge {len(faults)} of {len(right) + len(wrong)} programs: {said}")
    if problems.facts(problem.name).answers == "several, one stored":
        reasons.append("the statement accepts several answers, one is stored")
    if not isinstance(checker, CheckerProgram) and _answers_differ(checker, reports):
        reasons.append("right programs give different answers")
    if _INTERACTIVE.search(problem.description):
        reasons.append("interactive")
    return Finding(problem.name, len(right), accepted, len(wrong), rejected, tuple(reasons))


def report(findings: Sequence[Finding]) -> str:
    """A Markdown table with the rates of every problem and the reasons if it is suspect, and the rates over all."""
    head = ["problem", "right accepted", "wrong rejected", "why it is suspect"]
    rows = [
        [f.name, f"{f.right_accepted} / {f.right}", f"{f.wrong_rejected} / {f.wrong}", "; ".join(f.reasons)]
        for f in findings
    ]
    lines = [table(head, rows)]
    right, accepted = sum(f.right for f in findings), sum(f.right_accepted for f in findings)
    wrong, rejected = sum(f.wrong for f in findings), sum(f.wrong_rejected for f in findings)
    suspect, without = sum(bool(f.reasons) for f in findings), sum(not f.right for f in findings)
    lines.append("")
    lines.append(f"right programs accepted: {accepted} / {right}; wrong programs rejected: {rejected} / {wrong}")
    lines.append(f"{suspect} of {len(findings)} problems are suspect; {without} have no right program to check with")
    return "\n".join(lines)


def _answers_differ(checker: Checker | TokenChecker, reports: Sequence[Report]) -> bool:
    """Whether two programs that ran without error on a test gave answers that the checker finds different."""
    for results in zip(*(each.results for each in reports), strict=True):
        answers = [result.output for result in results if result.verdict in ("AC", "WA")]
        if any(not checker.matches(answer, answers[0]) for answer in answers[1:]):
            return True
    return False


def _programs(problems: ProblemSet, more: Path | None, most: int) -> dict[str, tuple[list[str], list[str]]]:
    """Right and wrong programs by problem, at most `most` of each: those of the file `more`, then those of the data.

    Raises:
        SolutionsError: the file cannot be read, or no program in it is labelled.
    """
    programs: dict[str, tuple[list[str], list[str]]] = {problem.name: ([], []) for problem in problems.problems}
    given = read_samples(more, problems).lines if more else []
    labelled = [line for line in given if isinstance(line.get("correct"), bool)]
    if given and not labelled:
        raise SolutionsError(f"{more} does not say which programs are right: no line has `correct` as true or false")
    if len(labelled) < len(given):
        print(f"{more}: {len(given) - len(labelled)} of {len(given)} programs have no `correct` and are left out")
    for line in labelled:
        programs[line["name"]][0 if line["correct"] else 1].append(line["solution"])
    for name, (right, wrong) in programs.items():
        known = problems.known(name)
        right += known.right
        wrong += known.wrong
    return {name: (right[:most], wrong[:most]) for name, (right, wrong) in programs.items()}
