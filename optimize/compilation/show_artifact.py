"""Artifacts in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from optimize.compilation.attempts import attempts_text
from optimize.compilation.prompts import difference, prompt_texts, prompts_markdown
from optimize.compilation.writing import evidence_text
from optimize.credit.evidence import cut
from optimize.gate.gate_outcome import Outcome
from optimize.job.candidates import RaceLine
from optimize.job.stages import signature_of
from program import artifact
from program.artifact import ArtifactError, Manifest
from program.input_files import InputError, read_model

SHOWN = ("program", "origin", "adapter", "config", "lm", "scores", "cost", "versions", "commit")


class DemoEvidence(BaseModel):
    """Why a demonstration was chosen."""

    problem: str
    sample: int
    credit: float
    evidence: list[str]


class CompileReport(BaseModel):
    """What is read of `report.json`."""

    evidence: dict[str, list[DemoEvidence]]
    race: list[RaceLine] = []


def describe_program(folder: Path, prompts: bool = False) -> str:
    """What an artifact is, and what its prompts hold.

    Args:
        folder: of the artifact.
        prompts: whether every prompt is shown in full.

    Raises:
        ArtifactError: it cannot be loaded.
    """
    program, manifest = artifact.load(folder)
    lines = [f"{folder}", *(f"{key}: {_short(value)}" for key, value in _facts(manifest).items()), ""]
    hand_written = dict(artifact.new_program(manifest.program, manifest.config).named_predictors())
    for name, predictor in program.named_predictors():
        own = signature_of(predictor).instructions
        changed = "" if own == signature_of(hand_written[name]).instructions else ", instruction changed"
        lines += [f"{name}: {len(predictor.demos)} demonstrations{changed}", f"    {own}".replace("\n", "\n    ")]
        lines += [f"    demonstration: {cut(str(demo.get('problem', '')))}" for demo in predictor.demos]
    parts = ["\n".join(lines)]
    if manifest.gate:
        parts.append(Outcome.model_validate(manifest.gate).line())
    if (folder / "report.json").is_file():
        parts.append(attempts_text(_report(folder).race))
    if prompts:
        parts.append(prompts_markdown(program, manifest))
    return "\n\n".join(filter(None, parts))


def describe_difference(first: Path, second: Path) -> str:
    """How two artifacts differ: facts of their manifests, then every prompt.

    Raises:
        ArtifactError: one cannot be loaded, or they are of different programs.
    """
    (program, manifest), (other, other_manifest) = artifact.load(first), artifact.load(second)
    if manifest.program != other_manifest.program:
        raise ArtifactError(f"{first} is {manifest.program} and {second} is {other_manifest.program}")
    here, there = _facts(manifest), _facts(other_manifest)
    for facts in (here, there):
        facts |= artifact.flattened({"config": facts.pop("config")})
    keys = [key for key in {**here, **there} if here.get(key) != there.get(key)]
    lines = [f"{key}: {_short(here.get(key))} → {_short(there.get(key))}" for key in keys]
    own, others = prompt_texts(program, manifest), prompt_texts(other, other_manifest)
    changes = {name: difference(own[name], others[name], str(first), str(second)) for name in own}
    lines += [f"\n{name}\n{change}" for name, change in changes.items() if change]
    same = [name for name, change in changes.items() if not change]
    return "\n".join([*lines, "", f"the same prompts: {', '.join(same) or 'none'}"])


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
        raise ArtifactError(f"{folder} has no report that can be read: {fault}") from fault


def _facts(manifest: Manifest) -> dict[str, Any]:
    facts = {key: getattr(manifest, key) for key in SHOWN}
    others = ("code", "problems", *SHOWN)
    compiled = {key: value for key, value in (manifest.compile or {}).items() if key not in others}
    return {key: value for key, value in {**facts, **compiled}.items() if value not in (None, {}, [], "")}


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
