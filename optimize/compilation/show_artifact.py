"""Descriptions of artifacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from eval.tables.markdown import table
from eval.tables.prompt_differences import order_of
from optimize.compilation.attempts import attempts_text, copying_text
from optimize.compilation.progress import totals_line
from optimize.compilation.prompts import difference, prompt_texts, prompts_markdown
from optimize.compilation.writing import evidence_text
from optimize.credit.evidence import cut
from optimize.gate.gate_outcome import Outcome
from optimize.job.candidates import RaceLine
from optimize.job.stages import signature_of
from program import artifact
from program.cli.output import counted
from program.errors import first_error
from program.input_files import InputError, read_model
from program.manifest import ArtifactError, Manifest, flattened, read_manifest, read_state
from program.rollout.trace import Totals


class DemoEvidence(BaseModel):
    """Why a demonstration was chosen."""

    problem: str
    sample: int
    credit: float
    evidence: list[str]


class DroppedDemo(BaseModel):
    """A rejected demonstration; see `optimize.credit.earned`."""

    predictor: str
    problem: str | None
    why: str


class CompileReport(BaseModel):
    """The used part of `report.json`."""

    evidence: dict[str, list[DemoEvidence]]
    race: list[RaceLine] = []
    dropped: list[DroppedDemo] = []


class TeacherScores(BaseModel):
    """The part of `scores` in a manifest that is shown."""

    problems: int = 0
    solved: float = 0.0


class CompileCost(Totals):
    """The cost of a compilation."""

    seconds: float = 0.0


class CompileFacts(BaseModel):
    """The facts of a compilation in a manifest that are parsed here."""

    gate: Outcome | None = None
    scores: TeacherScores | None = None
    cost: CompileCost | None = None

    @classmethod
    def of(cls, folder: Path, manifest: Manifest) -> CompileFacts:
        """The facts of the artifact in `folder`.

        Raises:
            ArtifactError: the facts are not in the expected form.
        """
        try:
            return cls.model_validate(manifest.model_dump(include={*cls.model_fields}))
        except ValidationError as fault:
            raise ArtifactError(f"{folder}: manifest.json: {first_error(fault)}") from fault


def describe_program(folder: Path, prompts: bool = False) -> str:
    """A description of an artifact and its prompts.

    Args:
        folder: of the artifact.
        prompts: whether every prompt is shown in full.

    Raises:
        ArtifactError: the artifact cannot be loaded.
    """
    program, manifest = artifact.load(folder)
    facts = artifact_facts(folder, manifest, program.dump_state())
    usual = _settings(artifact.program_config(manifest.program, {}).model_dump())
    said = [f"{key}: {value}" for key, value in facts.items() if usual.get(key) != value]
    lines = [f"{folder}", f"program: {manifest.program}", *said, "all other settings have their defaults", ""]
    hand_written = dict(artifact.new_program(manifest.program, manifest.config).named_predictors())
    for name, predictor in program.named_predictors():
        own = signature_of(predictor).instructions
        changed = "" if own == signature_of(hand_written[name]).instructions else ", instruction changed"
        lines += [
            f"{name}: {counted(len(predictor.demos), 'demonstration')}{changed}",
            f"    {own}".replace("\n", "\n    "),
        ]
        lines += [f"    demonstration: {cut(str(demo.get('problem', '')))}" for demo in predictor.demos]
    parts = ["\n".join(lines)]
    if outcome := CompileFacts.of(folder, manifest).gate:
        parts.append("\n".join([outcome.line(), *([copying_text(outcome.copied)] if outcome.copied else [])]))
    parts += _attempts(folder)
    if prompts:
        parts.append(prompts_markdown(program, manifest))
    return "\n\n".join(filter(None, parts))


def describe_difference(first: Path, second: Path, prompts: bool = False) -> str:
    """The differences of the second artifact from the first, in Markdown: how it was made, settings, and prompts stage
    by stage.

    Args:
        first, second: folders of artifacts.
        prompts: whether to show line-by-line differences of prompts.

    Raises:
        ArtifactError: an artifact cannot be read, or their programs differ.
    """
    before, after = read_manifest(first), read_manifest(second)
    if before.program != after.program:
        raise ArtifactError(f"{first} is {before.program} and {second} is {after.program}")
    states = read_state(first, before), read_state(second, after)
    here, there = artifact_facts(first, before, states[0]), artifact_facts(second, after, states[1])
    parts = [f"{second}, compared with {first}:", "\n".join(_facts_new(here, there))]
    gate = CompileFacts.of(second, after).gate
    if gate and after.gate != before.gate:
        parts.append(f"Gate: {gate.line()}")
    rows, same, texts = [], [], []
    for name in dict.fromkeys((*states[0], *states[1])):
        found = _changes(*(state.get(name) for state in states))
        rows.append([name, *found.cells]) if any(found.cells) else same.append(name)
        if found.details:
            texts.append(f"{name}:\n\n{found.details}")
    if rows:
        parts.append(table(["stage", "instruction", "demonstrations"], rows))
    parts += texts
    parts.append(f"Stages with the same prompts: {', '.join(same) or 'none'}.")
    parts += _attempts(second)
    if prompts:
        parts += _whole_prompts(first, second)
    return "\n\n".join(filter(None, parts))


class _Changes(NamedTuple):
    """The changes of a stage's prompt: a cell for its instruction, a cell for its demonstrations, and both in full."""

    cells: tuple[str, str]
    details: str


def _changes(one: Mapping[str, Any] | None, two: Mapping[str, Any] | None) -> _Changes:
    old, new = (state["signature"]["instructions"] if state else "" for state in (one, two))
    here, there = (list(state["demos"]) if state else [] for state in (one, two))
    gone, added = [demo for demo in here if demo not in there], [demo for demo in there if demo not in here]
    cells = f"{len(old.split())} → {len(new.split())} words" if old != new else ""
    if one is None or two is None:
        cells = "only in the first" if two is None else "only in the second"
    shown = ", ".join(f"{len(each)} {what}" for each, what in ((added, "added"), (gone, "gone")) if each)
    lines = [f"- {what}: {_title(demo)}" for each, what in ((added, "added"), (gone, "gone")) for demo in each]
    change = difference(old, new, "before", "after")
    parts = [f"```diff\n{change}\n```" if change else "", "\n".join(lines)]
    return _Changes((cells, shown), "\n\n".join(filter(None, parts)))


def _title(demo: Mapping[str, Any]) -> str:
    """The title of a demonstration, in one line."""
    return cut(str(demo.get("problem") or next(iter(demo.values()), "")))


def _facts_new(here: Mapping[str, str], there: Mapping[str, str]) -> Iterator[str]:
    """One line for each fact that differs in the second manifest, without unset ones."""
    for key in dict.fromkeys((*there, *here)):
        old, new = here.get(key), there.get(key)
        if old != new:
            yield f"- {key}: {f'{old} → {new}' if old and new else new or f'no longer {old}'}"


def _attempts(folder: Path) -> list[str]:
    """What the compilation of an artifact has tried, if there is a report of it."""
    if not (folder / "report.json").is_file():
        return []
    report = _report(folder)
    dropped = [f"dropped before the gate: {each.predictor}, {each.problem}: {each.why}" for each in report.dropped]
    return [attempts_text(report.race), *dropped]


def artifact_facts(folder: Path, manifest: Manifest, state: dict[str, Any]) -> dict[str, str]:
    """The facts of the manifest of the artifact in `folder` as texts, by short names; unset ones are left out.
    Keys that the configuration did not have yet when the artifact was made have their defaults.

    Raises:
        ArtifactError: the facts of its compilation cannot be read.
    """
    compiled, read = manifest.compile or {}, CompileFacts.of(folder, manifest)
    facts: dict[str, Any] = {"origin": manifest.origin}
    if compiled:
        problems = compiled.get("problems") or []
        facts["compiled from"] = compiled.get("start")
        facts["compiled with"] = f"{compiled.get('optimizer')} for {compiled.get('lm')}"
        facts["not finished"] = compiled.get("stopped")
        facts["only its"] = compiled.get("part")
        facts["compiled on"] = f"{len(problems)} problems of {compiled.get('data')} {compiled.get('split')}"
    if read.scores and read.scores.problems:
        facts["teacher solved"] = f"{read.scores.solved:.1%} of {read.scores.problems} problems"
    if read.cost:
        facts["cost of compiling"] = f"{totals_line(read.cost)}, {read.cost.seconds:,.0f} s"
    facts["adapter"] = manifest.adapter
    config = artifact.program_config(manifest.program, manifest.config).model_dump()
    config["order"] = order_of(config["order"], state)
    facts |= _settings(config)
    facts |= {f"LM {key}": value for key, value in (manifest.lm or {}).items() if key != "model"}
    facts |= {f"version of {key}": value for key, value in manifest.versions.items()}
    return {key: str(value) for key, value in facts.items() if value not in (None, "", {}, [])}


def _settings(config: dict[str, Any]) -> dict[str, str]:
    return {f"setting {key}": str(value) for key, value in flattened(config).items() if value is not None}


def _whole_prompts(first: Path, second: Path) -> Iterator[str]:
    own, others = (prompt_texts(*artifact.load(folder)) for folder in (first, second))
    for name in dict.fromkeys((*own, *others)):
        if change := difference(own.get(name, ""), others.get(name, ""), str(first), str(second)):
            yield f"The prompt of {name}:\n\n```diff\n{change}\n```"


def describe_evidence(folder: Path) -> str:
    """Why each demonstration of an artifact was chosen.

    Raises:
        ArtifactError: there is no report.
    """
    return evidence_text(_report(folder).model_dump()["evidence"])


def _report(folder: Path) -> CompileReport:
    try:
        return read_model(folder / "report.json", CompileReport)
    except InputError as fault:
        raise ArtifactError(f"{folder} has no readable report: {fault}") from fault
