"""A stored run under other rules: the same rollouts, judged again."""

from __future__ import annotations

import argparse
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet
from eval.data.rules import Rules, rules_of
from eval.data.selected import selected
from eval.errors import RunError
from eval.given.judge_into import judge_into
from eval.rollouts.rollout import Pick, Rollout
from eval.rollouts.run_folder import RunFolder, read_rollouts
from eval.rollouts.stored_arms import run_config
from eval.rollouts.trace_files import read_trace
from eval.tables.summary import markdown_table, summarize_arms
from judge.shared import set_default_sandbox
from program.cli.output import say_next
from program.errors import first_error
from program.files import write_whole
from program.rollout.trace import Best, Event, Trace, name_of

NO_TRACE = "checkpoints: no trace"  # the mark of rollouts whose earlier programs could not be judged again


def rescore(options: argparse.Namespace) -> None:
    """Judge the programs of `options.run` again into `options.out`; see `eval.rescore` for the options.

    Raises:
        DataError, RunError: bad input.
    """
    if options.out.resolve() == options.run.resolve():
        raise RunError(f"{options.out} is the run itself; choose another folder for the new scores")
    config = run_config(options.run)
    problems = selected(_problems(options, config), options).judged_by(_rules(options, config))
    names = [problem.name for problem in problems.problems]
    folder = RunFolder(
        options.out,
        {
            **config,
            "data": problems.data,
            "data_fingerprint": problems.fingerprint,
            "problems": [name for name in config["problems"] if name in problems],
            **problems.rules.model_dump(),
            "rescored": {
                "run": str(options.run),
                "problems": len(config["problems"]),
                "exclude": options.exclude,
                **rules_of(config).model_dump(),
            },
        },
    )
    if (artifacts := options.run / "artifacts").is_dir():  # they say how the arms differ
        if any(path.is_symlink() for path in (artifacts, *artifacts.rglob("*"))):
            raise RunError(f"{artifacts} has links, which may lead out of the run")
        shutil.copytree(artifacts, options.out / "artifacts", dirs_exist_ok=True)
    stored = [rollout for rollout in read_rollouts(options.run) if rollout.problem in set(names)]
    if not stored:
        raise RunError(f"{options.run} has no rollouts on these problems")
    set_default_sandbox(options.sandbox)
    lost = [rollout for rollout in stored if rollout.status == "not judged" and not rollout.code]
    _copy(lost, folder)
    stored = [rollout for rollout in stored if rollout.code or rollout.status != "not judged"]
    again = judge_into(folder, stored, problems, lambda rollout: _prepared(options, rollout))
    table = markdown_table(summarize_arms(config["artifacts"], read_rollouts(options.out)))
    said = f"{options.run} judged again: {problems.rules.described()}"
    write_whole(options.out / "summary.md", f"{said}\n\n{table}\n")
    print(f"{said}\n\n{table}\n\n{changes(stored, again)}")
    say_next(command=["eval.show", options.out])


def changes(before: Sequence[Rollout], after: Sequence[Rollout]) -> str:
    """How many rollouts have another status than before, by old and new status."""
    pairs = zip(before, after, strict=True)
    moved = Counter((old.status, new.status) for old, new in pairs if old.status != new.status)
    listed = ", ".join(f"{count} {old} → {new}" for (old, new), count in moved.most_common())
    return f"{sum(moved.values())} of {len(before)} rollouts changed" + (f": {listed}" if listed else "")


def _problems(options: argparse.Namespace, config: dict[str, Any]) -> ProblemSet:
    """The problems of the run."""
    problems = load_problems(options.data or config["data"], config["split"])
    if options.data is None and problems.fingerprint != config["data_fingerprint"]:
        raise RunError(
            f"{config['data']} {config['split']} is not what {options.run} was judged on (fingerprint "
            f"{problems.fingerprint}, not {config['data_fingerprint']}); --data {config['data']} accepts it"
        )
    absent = [name for name in config["problems"] if name not in problems]
    if absent:
        raise RunError(f"{problems.data} {problems.split} has no problem {absent[0]!r}")
    asked = set(config["problems"])
    return replace(problems, problems=tuple(problem for problem in problems.problems if problem.name in asked))


def _rules(options: argparse.Namespace, config: dict[str, Any]) -> Rules:
    for name in ("time_factor", "timeouts"):
        value = getattr(options, name)
        if value is not None and value <= 0:
            raise RunError(f"--{name.replace('_', '-')} must be more than 0")
    asked = {name: getattr(options, name) for name in Rules.model_fields}
    values = {**rules_of(config).model_dump(), **{key: value for key, value in asked.items() if value}}
    try:
        return Rules.model_validate(values)
    except ValidationError as fault:
        raise RunError(f"the rules: {first_error(fault, Rules)}") from fault


def _copy(lost: Sequence[Rollout], folder: RunFolder) -> None:
    """Copy rollouts that infrastructure ended before there was a program; they stay not judged."""
    there = {rollout.key() for rollout in read_rollouts(folder.path)}
    for rollout in lost:
        if rollout.key() not in there:
            folder.append(rollout, trace=False)


def _prepared(options: argparse.Namespace, stored: Rollout) -> Rollout:
    """The rollout without its scores, and with the stored texts of its trace."""
    trace = Trace(events=_with_code(options, stored), marks=list(stored.trace.marks))
    if any(isinstance(event, Best) and not event.code for event in trace.events):
        # Without the earlier programs it is unknown when the rollout was solved; partial data would mislead.
        trace.events = [event for event in trace.events if not isinstance(event, Best)]
        trace.mark(NO_TRACE)
    return stored.model_copy(
        update={
            "status": "not judged",
            "error": stored.error if stored.status == "failed" else "",
            "score": None,
            "checkpoints": [],
            "picks": [Pick(code=pick.code) for pick in stored.picks],
            "trace": trace,
        }
    )


def _with_code(options: argparse.Namespace, stored: Rollout) -> list[Event]:
    """The events of the stored trace; without a trace those of the rollout's line, with the text of the last
    program."""
    traced = read_trace(options.run, *stored.key())
    if traced:
        return traced
    last = name_of(stored.code)
    return [
        event.model_copy(update={"code": stored.code}) if isinstance(event, Best) and event.program == last else event
        for event in stored.trace.events
    ]
