"""Open what a compilation needs: its folder, its ledger with the answers of others, and its models; each is checked."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import dspy

from eval.simulated.model import open_model
from judge.cache import reports_in
from judge.judge import judge
from judge.verdict import JudgeError, Limits, TestCase
from optimize.compilation.progress import CompileProgress
from optimize.config import CompileConfig, ConfigError
from optimize.job.inputs import Inputs, is_begun, open_folder
from optimize.job.job import Job, new_job
from optimize.job.metric import HiddenPassRate
from optimize.optimizers.proposing import Proposing
from program.files import write_whole
from program.models.profile import profile_of
from program.paid.halted import CapReached, Halted
from program.paid.ledger import FILE, Ledger, LedgerReports, ledger_in
from program.paid.ledger_engine import paid_check, paid_lm
from program.paid.paid_calls import PaidCalls
from program.rollout.rate_limits import Pace
from program.stopping import ends_by, graceful

SERVERS = "servers.json"  # in a ledger's folder: the addresses of the models, without those that need none
LEDGER_NAME = "ledger.txt"  # in the folder of a compilation's training: the name of its ledger, a hash
_NAME = re.compile("[0-9a-f]{16}")
WORK_FOLDER = Path(os.environ.get("ALPHACODIUM_CACHE", ".cache")) / "compile"


@contextmanager
def session(config: CompileConfig, inputs: Inputs, out: Path) -> Iterator[Job]:
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
    resumes = _NAME.fullmatch(name)
    if not resumes:
        name = _digest({**inputs.identity, **({"servers": bases} if bases else {})})
        write_whole(noted, name)
    folder = WORK_FOLDER / _digest(shared) / name
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / FILE
    if resumes and not (file.is_file() and file.stat().st_size):
        print(f"the ledger of this compilation is gone ({file}): answers are paid again; costs and caps begin at 0")
    if not file.exists():
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
