"""One compilation from its configuration to its artifact."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from dspy import DSPyError

from eval.rollouts.rollout import Rollout
from optimize.compilation.compile_session import session
from optimize.compilation.progress import describe, totals_line
from optimize.compilation.writing import evidence_text, write_artifact
from optimize.config import CompileConfig, ConfigError
from optimize.credit.earned import with_earned_demos
from optimize.forecast.averages import averages
from optimize.forecast.forecast import describe_plan, describe_probe, gate_needs, no_fresh_draws, too_little_for_gate
from optimize.gate.gate import gate
from optimize.gate.gate_outcome import Outcome
from optimize.job.candidates import Candidate, with_prompts
from optimize.job.inputs import is_finished, models_of, read_inputs
from optimize.job.job import Job
from optimize.job.stages import freeze, thaw
from optimize.optimizers.optimizer import optimizer_of
from optimize.probe.lever_findings import findings_table
from optimize.probe.probing import SCREENED, flow_config, probe
from optimize.probe.recommendation import recommendation
from optimize.undocumented import random_state_kept
from program.artifact import load
from program.cli.output import counted, say_next
from program.cli.settings import named_options, setting_options, setting_text
from program.cli.shown_markdown import print_fitted
from program.errors import ModelError, first_line
from program.files import write_whole
from program.manifest import flattened, read_manifest
from program.paid.halted import CapReached, Halted
from program.rollout.budget import OPTIONS as LIMITS
from program.stage.program import Program
from program.stopping import check


@random_state_kept()
def compile_artifact(config: CompileConfig, out: Path, evidence: bool = False) -> None:
    """Compile `config.start` and write the artifact `out`, with the rollouts of the teacher. Process-wide state is
    restored.

    Args:
        config: of the compilation.
        out: the folder; an interrupted compilation resumes there.
        evidence: whether to print why each demonstration was chosen.

    Raises:
        ConfigError, ArtifactError, DataError, RunError: invalid input; raised before any LM call.
        ModelError, JudgeError: an outage; the same command resumes.
    """
    inputs = read_inputs(config)
    if is_finished(out, inputs.identity):
        print(f"{out} is compiled already")
        return
    with session(config, inputs, out) as job:
        if said := no_fresh_draws(config, inputs):
            print(said)
        if short := _keep_back(job, out):
            print(short)
        job.reserve = lambda leader: _keep_back(job, out, leader)
        tuned = _tuned(job)
        chosen = _tried(job, tuned)
        for program in (tuned, inputs.program):
            thaw(program)
        job.refuse_losses()
        outcome, earned = _gated(job, tuned)
        if not outcome.ships and (earlier := _shipped_before(out)):
            print(f"this session: {outcome.line()}")
            print("the program that an earlier session of this compilation found to be better stays:")
            outcome, earned, report = earlier
            freeze(earned, inputs.frozen)
            chosen = _tried(job, earned)
            thaw(earned)
            job.evidence, job.dropped = report["evidence"], report["dropped"]
        write_artifact(out, earned if outcome.ships else inputs.program, job, chosen, outcome)
        reused = job.paid.ledger.reused
        known = f"; {counted(reused, 'answer')} reused from other compilations" if reused else ""
        print_fitted(f"{describe(job.candidates, job.paid, chosen)}; in this session {_paid_now(job)}{known}")
        if job.proposals.dropped:
            dropped = counted(job.proposals.dropped, "proposal")
            print(f"{dropped} dropped: cut off or empty (raise proposal_tokens), or the question was refused")
    if evidence:
        print_fitted(evidence_text(job.evidence))
    print(f"wrote {out}" + (f", but the compilation is not finished: {job.stopped}" if job.stopped else ""))
    print_fitted(outcome.line())
    if job.stopped:
        return
    if not outcome.ships:
        say_next(command=["optimize.show", out])
        return
    say_next(command=["optimize.show", config.start, out])
    conditions = _conditions(config, inputs.program, earned)
    say_next(command=["eval.run", config.start, out, *conditions, "--out", f"runs/{out.name}"])


def _paid_now(job: Job) -> str:
    """What this session has paid."""
    return totals_line(job.paid.ledger.totals(session=job.paid.ledger.session))


def _conditions(config: CompileConfig, start: Program, made: Program) -> list[str]:
    """The options of `eval.run` that give both programs the conditions of the compilation."""
    own = flattened(made.config.model_dump())
    shared = {key: value for key, value in flattened(config.settings).items() if own.get(key) == value}
    settings = setting_options(shared)
    adapter = ["--adapter", config.adapter] if config.adapter else []
    models = models_of(config).used_by([start, made]).options()
    return [*models, "--data", config.data, *adapter, *settings]


@random_state_kept()
def dry_run(config: CompileConfig, out: Path, probe: int | None = None) -> str:
    """The plan of the compilation and its cost, without LM calls and without writing anything; for a probe, with its
    number of calls, the cost of that."""
    inputs = read_inputs(config)
    if probe is None:
        return describe_plan(config, inputs, out)
    flow_config(inputs.program)
    return describe_probe(config, inputs, min(probe, SCREENED * len(inputs.learn)), out)


@random_state_kept()
def pilot(config: CompileConfig, out: Path, count: int) -> str:
    """Run the program on the first `count` problems to learn from, and return the plan with the expected cost.

    The compilation does not pay for these calls again.
    """
    if count < 1:
        raise ConfigError("--pilot must be at least 1")
    inputs = read_inputs(config)
    with session(config, replace(inputs, learn=inputs.learn[:count]), out) as job:
        job.roll_out()
        paid = f"{_paid_now(job)} paid now, {totals_line(job.paid.ledger.spent)} in all"
    return f"pilot of {len(job.learn)} problems: {paid}\n\n{describe_plan(config, inputs, out)}"


@random_state_kept()
def probe_levers(
    config: CompileConfig, out: Path, calls: int, arguments: Sequence[str], options: Collection[str]
) -> str:
    """Measure with about `calls` LM calls what each lever can gain; see `optimize.probe`. A compilation on the same
    data with the same model and seed does not pay for these calls again.

    Args:
        arguments: of the command, to build the recommended command.
        options: the keys of a configuration that are options of the command.
    """
    inputs = read_inputs(config)
    probed = flow_config(inputs.program)
    with session(config, inputs, out) as job:
        found = probe(job, calls)
        paid = _paid_now(job)
    racing = arguments if config.optimizer == "race" else [*_race_options(config, options), "--out", str(out)]
    stored = read_manifest(Path(config.start)).config
    ran_on = max((each.problems for each in found), default=0)
    larger = 3 * calls if ran_on < len(inputs.learn) else None
    off = [key for key, value in config.tuning.values().items() if not value] if config.optimizer == "race" else []
    said = recommendation(found, config.start, probed, racing, stored, larger, off)
    write_whole(out / "probe.json", json.dumps([each.as_json() for each in found], indent=2) + "\n")
    return f"{findings_table(found)}\n\nin this session {paid}\n{said}"


def _race_options(config: CompileConfig, options: Collection[str]) -> list[str]:
    """The options of a race with everything in `config` that is not about its own optimizer."""
    given = config.model_dump(mode="json", exclude_defaults=True, exclude={"optimizer", "tuning", "budget", "rates"})
    given |= config.rates.model_dump(exclude_defaults=True)
    given |= {LIMITS[name]: limit for name, limit in config.budget.model_dump(exclude_none=True).items()}
    plain = {key: value for key, value in given.items() if key in options and not isinstance(value, bool | list)}
    rest = {key: value for key, value in given.items() if key not in plain}
    tuned = [f"{key}={setting_text(value)}" for key, value in flattened(rest).items()]
    return [*named_options(plain), *(word for each in tuned for word in ("--tune", each))]


def _keep_back(job: Job, out: Path, leader: Sequence[Rollout] = ()) -> str:
    """Reserve the part of the budget that the gate needs, by the rollouts so far, and by those of the program that is
    likely to be compared with the start. If the whole budget is too small for it, reserve nothing. Return one line if
    it, or what is left of it, is too small."""
    config, inputs = job.config, job.inputs
    if not config.gate:
        return ""
    needs = gate_needs(config, inputs, averages(config, inputs, out), leader)
    if short := too_little_for_gate(config, needs):
        return short
    job.paid.keep_back(needs, "the comparison with the start")
    return too_little_for_gate(config, needs, job.paid.spent())


def _tuned(job: Job) -> Program:
    """The optimizer's result for the student; at a cap the best candidate so far.

    Raises:
        JudgeError, ModelError, …: what halted it, unless that was a cap.
    """
    try:
        tuned = optimizer_of(job.config).tune(job)
        check()  # DSPy may continue after an interrupt
        return cast(Program, tuned)
    except Halted as halted:
        _stop(job, halted)
        best = job.candidates.best()
        return with_prompts(job.student, best.prompts) if best else job.student
    except DSPyError as fault:
        raise ModelError(f"{type(fault).__name__}: {first_line(fault, 300)}") from fault


def _gated(job: Job, tuned: Program) -> tuple[Outcome, Program]:
    """The comparison of the result with its start, paid from the reserved budget, and the result without rejected
    demonstrations. If the reserve is too small, the start is kept until the same command resumes.

    Raises:
        JudgeError, ModelError, …: what halted it, unless that was a cap.
    """
    if not job.config.gate:
        return Outcome(decision="not compared"), tuned
    job.paid.release()
    try:
        earned = with_earned_demos(job, tuned)
        return gate(job, earned), earned
    except Halted as halted:
        _stop(job, halted)
    return Outcome(decision="kept", stopped=job.stopped), tuned


def _tried(job: Job, program: Program) -> Candidate | None:
    """The scores of a program whose frozen stages are hidden, if the optimizer ran it."""
    return job.candidates.named(job.candidates.name_of(program))


def _shipped_before(out: Path) -> tuple[Outcome, Program, dict[str, Any]] | None:
    """The program in `out`, its outcome and its report, if an earlier session with a smaller budget left one that
    ships."""
    if not (out / "manifest.json").is_file():
        return None
    program, manifest = load(out)
    outcome = Outcome.model_validate(manifest.gate or {"decision": "kept"})
    return (outcome, program, json.loads((out / "report.json").read_text())) if outcome.ships else None


def _stop(job: Job, halted: Halted) -> None:
    """Stop all payments; raise what halted the compilation unless it was a cap."""
    check()
    job.paid.halt(halted)
    job.stopped = halted.said if isinstance(halted, CapReached) else job.paid.out_of_seconds()
    if not job.stopped:
        raise halted.fault from halted
