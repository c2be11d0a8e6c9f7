"""One compilation from its configuration to its artifact."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import dspy
from dspy import DSPyError

from eval.rollouts.rollout import Rollout
from eval.simulated.model import open_model
from judge.cache import reports_in
from judge.judge import judge
from judge.verdict import JudgeError, Limits, TestCase
from optimize.compilation.progress import CompileProgress, describe, totals_line
from optimize.compilation.writing import evidence_text, write_artifact
from optimize.config import CompileConfig, ConfigError
from optimize.credit.earned import with_earned_demos
from optimize.forecast.averages import averages
from optimize.forecast.forecast import describe_plan, describe_probe, gate_needs, no_fresh_draws, too_little_for_gate
from optimize.gate.gate import gate
from optimize.gate.gate_outcome import Outcome
from optimize.job.candidates import with_prompts
from optimize.job.inputs import Inputs, is_begun, is_finished, models_of, open_folder, read_inputs
from optimize.job.job import Job, new_job
from optimize.job.metric import HiddenPassRate
from optimize.job.stages import thaw
from optimize.optimizers.optimizer import optimizer_of
from optimize.optimizers.proposing import Proposing
from optimize.probe.lever_findings import findings_table
from optimize.probe.probing import flow_config, probe
from optimize.probe.recommendation import recommendation
from optimize.undocumented import random_state_kept
from program.artifact import load
from program.cli.output import counted, say_next
from program.cli.settings import named_options, setting_options, setting_text
from program.cli.shown_markdown import print_fitted
from program.errors import ModelError, first_line
from program.files import write_whole
from program.manifest import flattened, read_manifest
from program.models.profile import profile_of
from program.paid.halted import CapReached, Halted
from program.paid.ledger import FILE, Ledger, LedgerReports, ledger_in
from program.paid.ledger_engine import paid_check, paid_lm
from program.paid.paid_calls import PaidCalls
from program.rollout.budget import OPTIONS
from program.rollout.rate_limits import Pace
from program.stage.program import Program
from program.stopping import check, ends_by, graceful

SERVERS = "servers.json"  # in a ledger's folder: the addresses of the models, without those that need none
LEDGER_NAME = "ledger.txt"  # in the folder of a compilation's training: the name of its ledger, a hash
_NAME = re.compile("[0-9a-f]{16}")
WORK_FOLDER = Path(os.environ.get("ALPHACODIUM_CACHE", ".cache")) / "compile"


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
    with _session(config, inputs, out) as job:
        if said := no_fresh_draws(config, inputs):
            print(said)
        if short := _keep_back(job, out):
            print(short)
        job.reserve = lambda leader: _keep_back(job, out, leader)
        tuned = _tuned(job)
        chosen = job.candidates.named(job.candidates.name_of(tuned))
        for program in (tuned, inputs.program):
            thaw(program)
        job.refuse_losses()
        outcome, earned = _gated(job, tuned)
        if not outcome.ships and (earlier := _shipped_before(out)):
            print(f"this session: {outcome.line()}")
            print("the program that an earlier session of this compilation found to be better stays:")
            outcome, earned = earlier
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
    return describe_probe(config, inputs, probe, out)


@random_state_kept()
def pilot(config: CompileConfig, out: Path, count: int) -> str:
    """Run the program on the first `count` problems to learn from, and return the plan with the expected cost.

    The compilation does not pay for these calls again.
    """
    if count < 1:
        raise ConfigError("--pilot must be at least 1")
    inputs = read_inputs(config)
    with _session(config, replace(inputs, learn=inputs.learn[:count]), out) as job:
        job.roll_out()
        paid = f"{_paid_now(job)} paid now, {totals_line(job.paid.ledger.spent)} in all"
    return f"pilot of {len(job.learn)} problems: {paid}\n\n{describe_plan(config, inputs, out)}"


@random_state_kept()
def probe_levers(config: CompileConfig, out: Path, calls: int, arguments: Sequence[str]) -> str:
    """Measure with about `calls` LM calls what each lever can gain; see `optimize.probe`. A compilation on the same
    data with the same model and seed does not pay for these calls again.

    Args:
        arguments: of the command, to build the recommended command.
    """
    inputs = read_inputs(config)
    probed = flow_config(inputs.program)
    with _session(config, inputs, out) as job:
        found = probe(job, calls)
        paid = _paid_now(job)
    racing = arguments if config.optimizer == "race" else [*_race_options(config), "--out", str(out)]
    stored = read_manifest(Path(config.start)).config
    ran_on = max((each.problems for each in found), default=0)
    larger = 3 * calls if ran_on < len(inputs.learn) else None
    said = recommendation(found, config.start, probed, racing, stored, larger)
    write_whole(out / "probe.json", json.dumps([each.as_json() for each in found], indent=2) + "\n")
    return f"{findings_table(found)}\n\nin this session {paid}\n{said}"


def _race_options(config: CompileConfig) -> list[str]:
    """The options of a race with everything in `config` that is not about its own optimizer."""
    given = config.model_dump(mode="json", exclude_defaults=True, exclude={"optimizer", "tuning", "budget", "rates"})
    caps = {OPTIONS[name]: limit for name, limit in config.budget.model_dump(exclude_none=True).items()}
    plain = {key: value for key, value in given.items() if isinstance(value, str | int) and key != "gate"} | caps
    rest = {key: value for key, value in given.items() if key not in plain}
    tuned = [f"{key}={setting_text(value)}" for key, value in flattened(rest).items()]
    return [*named_options(plain), *(word for each in tuned for word in ("--tune", each))]


@contextmanager
def _session(config: CompileConfig, inputs: Inputs, out: Path) -> Iterator[Job]:
    """Open and check everything that a compilation needs: folder, judge, ledger, models.

    Raises:
        ConfigError: a cap is reached before there is a result.
        JudgeError, ModelError, …: an outage.
    """
    try:
        with _open_session(config, inputs, out) as job:
            yield job
    except CapReached as reached:
        raise ConfigError(f"{reached.said}; allow more and start again") from reached
    except Halted as halted:
        raise halted.fault from halted


@contextmanager
def _open_session(config: CompileConfig, inputs: Inputs, out: Path) -> Iterator[Job]:
    folder = open_folder(out, inputs.identity)
    given = [ledger_in(Path(each)) for each in config.answers]
    isolation = check_judge()
    own = _own_ledger(config, inputs, folder.path)
    with (
        graceful(),
        closing(Ledger(own, others=[*ledgers_next_to(own), *given])) as ledger,
        _paying(config, ledger) as paid,
        ends_by(paid.seconds_left(), "max_seconds is reached; the same command resumes"),
        _models(config, inputs, paid) as lms,
        closing(CompileProgress(config.optimizer, paid)) as progress,
    ):
        names = ", ".join(sorted({lm.model for lm in lms.values()}))
        print(f"checked: the judge ({isolation}), {len(inputs.problems.problems)} problems, {names}")
        yield new_job(
            Job,
            config,
            inputs,
            metric=lambda candidates: HiddenPassRate(inputs.problems, config.metric, candidates),
            paid=paid,
            folder=folder,
            pace=Pace(config.rates.patience(), sleep=paid.rest),
            lms=lms,
            changed=progress.update,
        )


def _own_ledger(config: CompileConfig, inputs: Inputs, training: Path) -> Path:
    """The ledger's folder. Each configuration with its servers has its own ledger, with calls that count against its
    caps. Ledgers of the same model, data and seed are next to it; if they have the same servers, their answers are
    reused for free, because equal prompts have equal answers there.

    The name of the ledger is noted in the folder of the compilation, which may resume with other addresses.
    """
    bases = sorted({_one_spelling(base) for _, base in config.models().values() if base})
    shared = {key: inputs.identity[key] for key in ("lm", "data_fingerprint", "seed")}
    noted = training / LEDGER_NAME
    name = noted.read_text() if noted.is_file() and is_begun(training.parent) else ""
    if not _NAME.fullmatch(name):
        name = _digest({**inputs.identity, **({"servers": bases} if bases else {})})
        write_whole(noted, name)
    folder = WORK_FOLDER / _digest(shared) / name
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / FILE).exists():
        write_whole(folder / SERVERS, json.dumps(bases))
    elif (begun := json.loads(_servers_of(folder))) != bases:
        print(f"answers of {', '.join(begun) or 'the provider'} that are stored already are reused")
    return folder


def _one_spelling(address: str) -> str:
    """The address of a server, so that equal servers have equal addresses."""
    return address.rstrip("/").replace("//localhost:", "//127.0.0.1:").replace("//localhost/", "//127.0.0.1/")


def ledgers_next_to(folder: Path) -> list[Path]:
    """The folders of the other ledgers next to `folder` whose answers came from the same servers. At another address
    there may be another model under the same name."""
    others = (file.parent for file in folder.parent.glob(f"*/{FILE}") if file.parent != folder)
    return sorted(each for each in others if _servers_of(each) == _servers_of(folder))


def _servers_of(folder: Path) -> str:
    noted = folder / SERVERS
    return noted.read_text() if noted.is_file() else "[]"


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


@contextmanager
def _paying(config: CompileConfig, ledger: Ledger) -> Iterator[PaidCalls]:
    """Inside the block, the judge's reports go through the ledger, and LM calls are paid."""
    paid = PaidCalls(ledger, ledger.budget(config.budget), Pace(config.rates))
    with closing(paid), reports_in(LedgerReports(ledger)):
        yield paid


@contextmanager
def _models(config: CompileConfig, inputs: Inputs, paid: PaidCalls) -> Iterator[dict[str, dspy.LM]]:
    """The models by role, each checked with one call; a model with several roles is opened once."""
    wanted = config.models()
    if config.optimizer in ("bootstrap", "verified") and not config.gate:
        wanted["lm"] = wanted["teacher_lm"]  # it is never called
    with ExitStack() as stack:
        opened: dict[tuple[str, str | None], dspy.LM] = {}
        for model, base in wanted.values():
            if (model, base) not in opened:
                check = paid_check(paid, model)
                entered = open_model(model, inputs.problems, api_base=base, slots=config.concurrency, check=check)
                lm = stack.enter_context(entered)
                settings = dict(inputs.program.lm_settings)
                if isinstance(config.tuning, Proposing):
                    settings["max_tokens"] = config.tuning.room(profile_of(lm))  # stages set their own
                opened[model, base] = paid_lm(lm, paid, model, **settings)
        yield {role: opened[each] for role, each in wanted.items()}


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


def _shipped_before(out: Path) -> tuple[Outcome, Program] | None:
    """The program in `out` and its outcome, if an earlier session with a smaller budget left one that ships."""
    if not (out / "manifest.json").is_file():
        return None
    program, manifest = load(out)
    outcome = Outcome.model_validate(manifest.gate or {"decision": "kept"})
    return (outcome, program) if outcome.ships else None


def _stop(job: Job, halted: Halted) -> None:
    """Stop all payments; raise what halted the compilation unless it was a cap."""
    check()
    job.paid.halt(halted)
    job.stopped = halted.said if isinstance(halted, CapReached) else job.paid.out_of_seconds()
    if not job.stopped:
        raise halted.fault from halted


ECHO = "print(int(input()) + 1)\n"


def check_judge() -> str:
    """Judge one right and one wrong answer; returns the name of the protection of programs.

    Raises:
        JudgeError: the judge does not work.
    """
    report = judge(ECHO, [TestCase("1\n", "2\n"), TestCase("1\n", "3\n")], Limits())
    verdicts = [result.verdict.value for result in report.results]
    if verdicts != ["AC", "WA"]:
        raise JudgeError(f"the judge does not work here: its verdicts are {', '.join(verdicts)} instead of AC, WA")
    return report.isolation
