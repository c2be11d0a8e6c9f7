"""Programs of another system as a run, so that the system can be compared with ours."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import defaultdict

from eval.data.problem_set import ProblemSet
from eval.given.judge_into import judge_into
from eval.given.samples.samples import Sample, Samples, SolutionsError
from eval.rollouts.rollout import IMPORTED, Rollout, arm_name
from eval.rollouts.run_folder import RunFolder
from eval.tables.summary import markdown_table, summarize_arms
from program.files import write_whole
from program.rollout.trace import Totals, Trace

Arms = dict[str, dict[str, list[Sample]]]  # by name, then by problem


def write_run(options: argparse.Namespace, problems: ProblemSet, samples: Samples) -> None:
    """Judge every program as a rollout of the run `options.run`; see `eval.judge` for the options.

    Raises:
        SolutionsError: a line has no `options.arm_field`.
        RunError: the folder has a run with another configuration.
    """
    arms = _arms(samples.lines, options.arm_field, options.solutions.stem)
    asked = {line["name"] for line in samples.lines}
    names = [p.name for p in problems.problems if p.name in asked or options.missing == "failed"]
    folder = RunFolder(
        options.run,
        {
            "artifacts": {arm: _fingerprint(programs) for arm, programs in arms.items()},
            "data": options.data,
            "split": options.split,
            "data_fingerprint": problems.fingerprint,
            "problems": names,
            "lm": f"of {options.solutions.name}",
            "samples": max(len(programs) for arm in arms.values() for programs in arm.values()),
            **problems.rules.model_dump(),
            "imported": {"file": options.solutions.name, "format": samples.format, "missing": options.missing},
        },
    )
    rollouts = [
        _rollout(arm, name, sample, program)
        for arm, programs in arms.items()
        for name in names
        for sample, program in enumerate(_programs(programs, name, options.missing))
    ]
    stored = judge_into(folder, rollouts, problems)
    table = markdown_table(summarize_arms(arms, stored))
    said = "\n".join([table, *_gaps(arms, names, options.missing)])
    write_whole(options.run / "summary.md", f"{options.solutions.name}, {options.data} {options.split}\n\n{said}\n")
    print(said)


def _arms(lines: list[Sample], field: str | None, default: str) -> Arms:
    arms: Arms = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if field is not None and not isinstance(line.get(field), str):
            raise SolutionsError(f"a program for {line['name']!r} has no text field {field!r} for its arm")
        # Models are often named OWNER/NAME, but an arm's name is also a folder's name.
        try:
            arm = arm_name(line[field].replace("/", "-") if field is not None else default)
        except ValueError as fault:
            raise SolutionsError(f"a program for {line['name']!r}: {fault}") from fault
        arms[arm][line["name"]].append(line)
    return arms


def _programs(programs: dict[str, list[Sample]], name: str, missing: str) -> list[str]:
    """An arm's programs for one problem, in the order of the file."""
    if name not in programs:
        return [""] if missing == "failed" else []
    return [line["solution"] for line in programs[name]]


def _rollout(arm: str, problem: str, sample: int, code: str) -> Rollout:
    """A rollout to be judged, with unknown cost."""
    rollout = Rollout(arm=arm, problem=problem, sample=sample, status="not judged", code=code)
    rollout.trace, rollout.totals = Trace(marks=[IMPORTED]), Totals(dollars=None)
    return rollout


def _gaps(arms: Arms, names: list[str], missing: str) -> list[str]:
    """One line for each arm without programs for some of the problems."""
    counted = "count as failed" if missing == "failed" else "are not in its rates; --missing failed counts them"
    return [
        f"{arm}: programs for {len(programs)} of {len(names)} problems; the others {counted}"
        for arm, programs in arms.items()
        if len(programs) < len(names)
    ]


def _fingerprint(programs: dict[str, list[Sample]]) -> str:
    content = {name: [line["solution"] for line in lines] for name, lines in programs.items()}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
