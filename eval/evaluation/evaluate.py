"""One evaluation from its options to its table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from eval.cluster.execution import open_executor
from eval.data.problem_set import ProblemSet
from eval.data.rules import Rules
from eval.data.selected import load_selected
from eval.errors import RunError
from eval.evaluation.open_telemetry import sent_traces
from eval.report.live import live_report
from eval.report.write import write_report
from eval.rollouts.code_version import code_prints
from eval.rollouts.executor import Arm
from eval.rollouts.loop import rollouts_left, run_loop
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import REPORT, RunFolder
from eval.rollouts.stored_arms import StoredArm, arms_of, gaps, header, read_run
from eval.simulated.model import SIMULATED, caveat
from eval.spending.spread import TOTALS, refuse_single_draws, spread_total
from eval.tables.prompt_differences import arm_warnings, seen_problems
from eval.tables.summary import markdown_table, summarize_arms
from judge.cache import VerdictCache, reports_in
from program import artifact
from program.artifact import ArtifactError
from program.cli.answer_faults import answer_faults
from program.cli.model_options import Models
from program.cli.output import one_line, say_next
from program.cli.settings import parse_settings, shared_settings
from program.cli.shown_markdown import print_markdown
from program.errors import ModelError, first_error
from program.files import write_whole
from program.models.prices import price_of
from program.paid.halted import Halted, NotAsked
from program.paid.ledger import PAID
from program.rollout.budget import NOT_IN_TIME, OPTIONS, Budget
from program.rollout.rate_limits import RateLimits
from program.stage.program import Program
from program.stopping import ends_by


def evaluate(options: argparse.Namespace) -> None:
    """Evaluate `options.artifacts`; see `eval.run` for the options. Print and store the table, and write the report.

    Raises:
        ArtifactError, DataError, ExecutorError, RunError: invalid input; raised before any LM call.
        ModelError: the model does not answer.
        JudgeError: programs cannot be judged with the requested protection.
    """
    rates, budget, total = _limits_of(options)
    models = Models.of(options, also=SIMULATED)
    for option, limits in (("max-usd", budget), ("total-dollars", total)):
        _refuse_unpriced(models, limits, option)
    problems = load_selected(options, scored=True).judged_by(Rules(checker=options.checker))
    programs = _programs(options)
    arms = [Arm(name, program) for name, (program, _) in programs.items()]
    models.check(arm.program for arm in arms)
    for arm in arms:
        _refuse_unpriced(models, arm.program.config.budget, "set budget.dollars")
    models.check_told_apart()
    if total:
        refuse_single_draws(arms)
    _warn_of_seen_problems({name: manifest for name, (_, manifest) in programs.items()}, problems)
    fingerprints = {name: artifact.fingerprint(*loaded) for name, loaded in programs.items()}
    folder = RunFolder(options.out, _config(options, fingerprints, problems, total), code_prints(), options.mix_code)
    for name, loaded in programs.items():  # so that the run stays readable after the artifacts change
        artifact.save(options.out / "artifacts" / name, *loaded)
    with ExitStack() as late:
        left = rollouts_left(folder, arms, problems, options.n)
        with live_report(options.out, problems, options.live if left else None):
            spent = _run(options, models, folder, arms, problems, rates, budget, total, late) if left else None
        if spent and rollouts_left(folder, arms, problems, options.n):
            print(_ended_early(spent))
        config, rollouts = read_run(options.out)
        stored = arms_of(options.out, config, rollouts)
        table = _table(options, arms, stored, rollouts)
        conditions = header(stored).partition(": ")[2]  # without the folder, because summaries are shared
        write_whole(options.out / "summary.md", f"{conditions}\n\n{table}\n")
        print_markdown("\n\n".join([*gaps(stored), table]))
        write_report([options.out], options.out / REPORT, problems)
        failed = [each.problem for each in rollouts if each.status == "failed"]
        story = ["eval.show", options.out, *failed[:1]]
        say_next(report=options.out / REPORT, command=["eval.compare", options.out] if len(arms) > 1 else story)
    _say_losses(rollouts, spent)


def _programs(options: argparse.Namespace) -> dict[str, tuple[Program, artifact.Manifest]]:
    """The programs with their manifests, by the names of their folders."""
    # `.` and `..` do not name the folder.
    names = [path.name if path.name not in ("", "..") else path.resolve().name for path in options.artifacts]
    if len(set(names)) < len(names):
        raise ArtifactError(f"two artifacts have the same folder name: {', '.join(sorted(names))}")
    configs = shared_settings(parse_settings(options.set), options.artifacts)
    given = zip(names, options.artifacts, configs, strict=True)
    return {name: artifact.load(path, config, options.adapter) for name, path, config in given}


def _warn_of_seen_problems(manifests: dict[str, artifact.Manifest], problems: ProblemSet) -> None:
    names = [problem.name for problem in problems.problems]
    for name, manifest in manifests.items():
        if said := seen_problems(name, manifest.compile or {}, names):
            print(f"warning: {one_line(said)}", file=sys.stderr)


def _config(
    options: argparse.Namespace, fingerprints: dict[str, str], problems: ProblemSet, total: Budget | None
) -> dict[str, Any]:
    """The configuration that determines the results of the run."""
    return {
        "artifacts": fingerprints,
        "data": options.data,
        "split": options.split,
        "data_fingerprint": problems.fingerprint,
        "problems": [problem.name for problem in problems.problems],
        "lm": options.lm,
        "adapter": options.adapter,
        "escalate_lm": options.escalate_lm,
        "repair_lm": options.repair_lm,
        "samples": options.n,
        "same_draws": options.same_draws or None,
        "total": total.model_dump(exclude_none=True) if total else None,
        "exclude": Path(options.exclude).name if options.exclude else None,
        **problems.rules.model_dump(),
    }


def _table(
    options: argparse.Namespace, arms: Sequence[Arm], stored: Sequence[StoredArm], rollouts: Sequence[Rollout]
) -> str:
    """The table of arms with the notes needed to read it. Also warns of answers without a program."""
    table = markdown_table(summarize_arms([arm.name for arm in arms], rollouts))
    parts = [table, arm_warnings(stored), protection(rollouts), caveat(options.lm)]
    for arm in arms:
        calls = [call for rollout in rollouts if rollout.arm == arm.name for call in rollout.trace.calls]
        if said := answer_faults(calls, arm.program):
            parts.append(f"{arm.name}: {said}.")
            print(f"warning: {parts[-1]}", file=sys.stderr)
    return "\n\n".join(filter(None, parts))


def _run(
    options: argparse.Namespace,
    models: Models,
    folder: RunFolder,
    arms: Sequence[Arm],
    problems: ProblemSet,
    rates: RateLimits,
    budget: Budget,
    total: Budget | None,
    late: ExitStack,
) -> str | None:
    """Run the remaining rollouts; from then on `late` ends the process if it is late. Returns the spent resource, or
    None if the budget is not spent."""
    try:
        with open_executor(options, models, arms, problems, rates, budget, folder.path / PAID) as executor:
            late.enter_context(ends_by(executor.budget.seconds_left(), _ended_early("seconds")))
            asked: dict[str, Any] = {"samples": options.n, "concurrency": options.concurrency, "label": options.lm}
            if total:
                late.enter_context(reports_in(VerdictCache()))  # a rollout runs its programs again with every draw
                asked["allowances"] = spread_total(arms, problems, executor, total, **asked)
            stored = folder.judged()
            with sent_traces(options.otel, options.lm) as send:
                for rollout in run_loop(folder, arms, problems, executor, **asked):
                    if rollout.key() not in stored:
                        send(rollout)
            return executor.budget.spent()
    except NotAsked as refused:
        return refused.resource
    except Halted as halted:
        raise halted.fault from halted


def _say_losses(rollouts: Sequence[Rollout], spent: str | None) -> None:
    """Report rollouts that were not judged. Those that the budget cut short are part of `spent`, which was already
    reported, and so are those without answers because its seconds ended.

    Raises:
        ModelError: another try may judge them.
    """
    lost = [each for each in rollouts if each.is_lost]
    if spent == "seconds":
        lost = [each for each in lost if NOT_IN_TIME not in each.error]
    again = [each for each in lost if not each.is_refused]
    if again:
        said = f"{len(again)} of {len(rollouts)} rollouts were not judged ({again[-1].error})"
        raise ModelError(f"{said}; the same command retries them, and other settings need another --out")
    if lost:
        said = f"{len(lost)} of {len(rollouts)} rollouts were not judged: the server refuses their prompts"
        said += f": {lost[-1].error}"
        print(f"warning: {one_line(said)}", file=sys.stderr)


def _ended_early(spent: str) -> str:
    return f"the run ended early: its budget of {spent} is spent; the same command with a larger budget resumes it"


def protection(rollouts: Sequence[Rollout]) -> str:
    """The protection under which the programs of a run were judged, as a sentence."""
    names = sorted({rollout.score.isolation for rollout in rollouts if rollout.score} - {""})
    return (
        f"Programs were judged under {', '.join(names)}."
        if names
        else "The protection of the judged programs was not recorded."
    )


def _limits_of(options: argparse.Namespace) -> tuple[RateLimits, Budget, Budget | None]:
    """The run's rate limits, its budget, and the total budget to spread over problems, if there is one."""
    try:
        rates = RateLimits(requests_per_minute=options.requests_per_minute, tokens_per_minute=options.tokens_per_minute)
        budget, total = (
            Budget(**{name: getattr(options, option) for name, option in named.items()}) for named in (OPTIONS, TOTALS)
        )
    except ValidationError as fault:
        raise RunError(first_error(fault, RateLimits, Budget)) from fault
    if total == Budget():
        return rates, budget, None
    if budget != Budget():
        raise RunError("--total-… already limits what a run may spend: leave out --max-…")
    return rates, budget, total


def _refuse_unpriced(models: Models, budget: Budget | None, option: str) -> None:
    unpriced = [model.name for model in models.all if price_of(model.name) is None]
    if budget and budget.dollars is not None and unpriced:
        tokens, calls = (f"--{option.replace('usd', kind).replace('dollars', kind)}" for kind in ("tokens", "calls"))
        raise RunError(f"--{option}: no price is known for {unpriced[0]}; use {tokens} or {calls}")
