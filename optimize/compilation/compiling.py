"""One compilation from its configuration to its artifact."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import dspy
from dspy.utils.exceptions import DSPyError

from eval.rollouts.run_folder import RunFolder, read_rollouts
from eval.simulated.model import open_model
from judge.cache import set_default_cache
from optimize.compilation.progress import CompileProgress, describe, totals_line
from optimize.compilation.selfcheck import check_judge
from optimize.compilation.writing import evidence_text, write_artifact
from optimize.config import CompileConfig, ConfigError
from optimize.forecast.forecast import describe_plan
from optimize.job.candidates import Candidates, with_prompts
from optimize.job.examples import halves
from optimize.job.inputs import Inputs, is_finished, models_of, open_folder, read_inputs
from optimize.job.job import Job
from optimize.job.metric import HiddenPassRate
from optimize.job.stages import freeze, thaw
from optimize.optimizers.table import optimizer
from optimize.paid.halted import CapReached, Halted
from optimize.paid.ledger import Ledger
from optimize.paid.ledger_cache import LedgerCache
from optimize.paid.ledger_reports import LedgerReports
from program import artifact
from program.errors import ModelError
from program.rollout.rate_limits import Pace

MAX_LOST = 0.02  # of the rollouts may be lost to infrastructure; with more the result would be about that
WORK_FOLDER = Path(os.environ.get("ALPHACODIUM_CACHE", ".cache")) / "compile"


def compile_artifact(config: CompileConfig, out: Path, evidence: bool = False) -> None:
    """Compile `config.start` and write the artifact `out`, with the teacher's rollouts beside it.

    Args:
        config: of the compilation.
        out: the folder; an interrupted compilation goes on there.
        evidence: whether to print why each demonstration was chosen.

    Raises:
        ConfigError, ArtifactError, DataError, RunError: bad input, before any LM call.
        ModelError, JudgeError: an outage; the same command goes on.
    """
    inputs = read_inputs(config)
    if is_finished(out, inputs.identity):
        print(f"{out} is compiled already")
        return
    with _session(config, inputs, out) as job:
        program = _tuned(job)
        chosen = job.candidates.named(job.candidates.name_of(program))
        thaw(program)
        _refuse_losses(job.folder)
        write_artifact(out, program, inputs, job, chosen)
        ledger = job.paid.ledger
        paid = totals_line(ledger.totals(session=ledger.session))
        print(f"{describe(job.candidates, job.paid)}; in this session {paid}")
        if job.proposals.dropped:
            print(f"{job.proposals.dropped} proposals were cut off and dropped: raise proposal_tokens")
    if evidence:
        print(evidence_text(job.evidence))
    print(f"wrote {out}" + (f", which is not the end: {job.stopped}" if job.stopped else ""))


def dry_run(config: CompileConfig, out: Path) -> str:
    """What the compilation would do and cost, without any LM call and without writing anything."""
    return describe_plan(config, read_inputs(config), out)


def pilot(config: CompileConfig, out: Path, count: int) -> str:
    """Run the program on the first `count` problems to learn from, and say what the rest will cost.

    What is paid here is not paid again by the compilation.
    """
    if count < 1:
        raise ConfigError("--pilot must be at least 1")
    inputs = read_inputs(config)
    with _session(config, inputs, out) as job:
        job.learn = job.learn[:count]
        job.roll_out()
        ledger = job.paid.ledger
        paid = f"{totals_line(ledger.totals(session=ledger.session))} paid now, {totals_line(ledger.spent)} in all"
    return f"pilot of {len(job.learn)} problems: {paid}\n\n{describe_plan(config, inputs, out)}"


@contextmanager
def _session(config: CompileConfig, inputs: Inputs, out: Path) -> Iterator[Job]:
    """Everything open that a compilation needs, and checked: folder, judge, ledger, models."""
    folder = open_folder(out, inputs.identity)
    isolation = check_judge()
    with (
        closing(Ledger(ledger_folder(inputs))) as ledger,
        _paying(config, ledger) as paid,
        _models(config, inputs, paid) as lms,
        closing(CompileProgress(config.optimizer, paid)) as progress,
    ):
        names = ", ".join(sorted({lm.model for lm in lms.values()}))
        print(f"checked: the judge ({isolation}), {len(inputs.problems.problems)} problems, {names}")
        yield _job(config, inputs, folder, paid, lms, progress)


def ledger_folder(inputs: Inputs) -> Path:
    """Each configuration has a ledger of its own, so a changed one never meets answers of another."""
    digest = hashlib.sha256(json.dumps(inputs.identity, sort_keys=True).encode()).hexdigest()[:16]
    return WORK_FOLDER / digest


@contextmanager
def _paying(config: CompileConfig, ledger: Ledger) -> Iterator[LedgerCache]:
    """Until the end every LM answer and every report of the judge goes through the ledger."""
    paid = LedgerCache(ledger, config.budget, Pace(config.rates))
    dspy.cache = paid  # pyright: ignore[reportAttributeAccessIssue]  made by DSPy when it is first asked for
    set_default_cache(LedgerReports(ledger))
    try:
        yield paid
    finally:
        paid.close()  # and stays where it is, for what may still ask
        set_default_cache(None)


@contextmanager
def _models(config: CompileConfig, inputs: Inputs, paid: LedgerCache) -> Iterator[dict[str, dspy.LM]]:
    """The models by role, each checked by one call; a model that plays several roles is opened once."""
    wanted = models_of(config)
    bases = {"lm": config.api_base, "teacher_lm": _base(config, "teacher_lm"), "prompt_lm": _base(config, "prompt_lm")}
    if config.optimizer in ("bootstrap", "verified"):
        wanted["lm"], bases["lm"] = wanted["teacher_lm"], bases["teacher_lm"]  # it is never asked
    sampling = {**artifact.lm_settings(inputs.manifest), **config.lm_settings}
    settings = {**sampling, "callbacks": [paid], "cache": True}
    proposal_tokens = getattr(config.tuning, "proposal_tokens", None)
    if proposal_tokens is not None:
        settings["max_tokens"] = proposal_tokens  # stages set their own
    with ExitStack() as stack:
        opened: dict[tuple[str, str | None], dspy.LM] = {}
        for role, model in wanted.items():
            key = model, bases[role]
            if key not in opened:
                entered = open_model(model, inputs.problems, api_base=bases[role], slots=config.concurrency, cache=True)
                opened[key] = stack.enter_context(entered).copy(**settings)
        yield {role: opened[model, bases[role]] for role, model in wanted.items()}


def _base(config: CompileConfig, role: str) -> str | None:
    """The address of a role's server: its own, or that of `lm` where it is the same model."""
    names = ("teacher",) if role == "teacher_lm" else ("prompt", "reflection")
    own = next((base for name in names if (base := getattr(config.tuning, f"{name}_api_base", None))), None)
    return own or (config.api_base if models_of(config)[role] == config.lm else None)


def _job(
    config: CompileConfig,
    inputs: Inputs,
    folder: RunFolder,
    paid: LedgerCache,
    lms: dict[str, dspy.LM],
    progress: CompileProgress,
) -> Job:
    problems = list(inputs.problems.problems)
    share = getattr(config.tuning, "choose", None)
    learn, choose = halves(problems, share, config.seed) if share else (problems, [])
    teacher = inputs.program
    freeze(teacher, inputs.frozen)
    deciding = [problem.name for problem in choose or learn]
    required = len(choose) or min(len(learn), getattr(config.tuning, "batch", len(learn)))
    candidates = Candidates(deciding, required, progress.update)
    return Job(
        config=config,
        student=teacher.reset_copy(),
        teacher=teacher,
        adapter=artifact.adapter_of(inputs.manifest),
        # How many requests are sent is up to `paid`, which knows what the ledger answers; patience is everybody's own.
        pace=Pace(config.rates.model_copy(update={"requests_per_minute": None, "tokens_per_minute": None})),
        problems=inputs.problems,
        learn=learn,
        choose=choose,
        metric=HiddenPassRate(inputs.problems, config.metric, candidates),
        paid=paid,
        candidates=candidates,
        folder=folder,
        lm=lms["lm"],
        teacher_lm=lms["teacher_lm"],
        prompt_lm=lms["prompt_lm"],
    )


def _tuned(job: Job) -> dspy.Module:
    """What the optimizer makes of the student; at a cap the best candidate so far.

    Raises:
        JudgeError, ModelError, …: whatever halted it, and is no cap.
    """
    try:
        return optimizer(job.config.optimizer).tune(job, job.config.tuning)
    except CapReached as reached:
        job.stopped = str(reached)
        job.paid.halt(reached)
        best = job.candidates.best()
        return with_prompts(job.student, best.prompts) if best else job.student
    except Halted as halted:
        job.paid.halt(halted)
        raise halted.fault from halted
    except DSPyError as fault:
        raise ModelError(f"{type(fault).__name__}: {str(fault).strip().splitlines()[0][:300]}") from fault


def _refuse_losses(folder: RunFolder) -> None:
    rollouts = read_rollouts(folder.path)
    lost = [rollout for rollout in rollouts if rollout.status == "not judged"]
    if len(lost) > MAX_LOST * len(rollouts):
        raise ModelError(
            f"{len(lost)} of {len(rollouts)} rollouts were not judged ({lost[0].error}); start again to go on"
        )
