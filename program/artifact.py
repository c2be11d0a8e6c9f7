"""Artifacts: a program, hand-written or compiled, as a folder that can be read, loaded and compared.

`program.json` is DSPy's state of the predictors (instructions and demonstrations; JSON, never pickle).
`manifest.json` describes the program, its origin, and what it requires of the code that loads it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import dspy
from pydantic import TypeAdapter, ValidationError

from program.adapters.adapter_names import has_one_order
from program.adapters.choice import adapter_named
from program.adapters.sections import DSPY_ORDER
from program.alphacodium import AlphaCodium
from program.baselines.direct import ChainOfThought, Direct
from program.baselines.reflexion import Reflexion, ReflexionConfig
from program.baselines.sampling import Sampling, SamplingConfig
from program.errors import did_you_mean, first_error
from program.files import write_whole
from program.manifest import (
    ArtifactError,
    Manifest,
    ProgramName,
    checked_manifest,
    demos_of,
    flattened,
    lm_settings,
    merged,
    read_manifest,
    read_state,
)
from program.predictors import predictors_of, types_of
from program.stage.config import ProgramConfig
from program.stage.program import Program
from program.stage.stage import Stage
from program.steps.config import FlowConfig

_PROGRAMS: dict[ProgramName, tuple[Any, type[ProgramConfig]]] = {
    "alphacodium": (AlphaCodium, FlowConfig),
    "direct": (Direct, ProgramConfig),
    "chain-of-thought": (ChainOfThought, ProgramConfig),
    "sampling": (Sampling, SamplingConfig),
    "reflexion": (Reflexion, ReflexionConfig),
}


def new_program(name: ProgramName, config: dict[str, Any]) -> Program:
    """The hand-written program `name` with the configuration `config`.

    Raises:
        ArtifactError: `config` has an unknown key, a value that is not allowed, or an unknown stage.
    """
    program = _PROGRAMS[name][0](program_config(name, config))
    stages = {part.name for _, part in program.named_sub_modules() if isinstance(part, Stage)}
    if unknown := sorted(set(program.config.temperatures) - stages):
        raise ArtifactError(f"config of {name}: temperatures: unknown stage {unknown[0]}; stages: {sorted(stages)}")
    return program


def program_config(name: ProgramName, config: dict[str, Any]) -> ProgramConfig:
    """The configuration of the program `name` with the values in `config`, and defaults for the other keys.

    Raises:
        ArtifactError: `config` has an unknown key or a value that is not allowed.
    """
    keys = _PROGRAMS[name][1]
    try:
        return keys(**config)
    except ValidationError as fault:
        first = fault.errors()[0]
        key = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            meant = did_you_mean(key, flattened(keys().model_dump()))
            raise ArtifactError(f"config of {name}: unknown key {key}{meant}") from fault
        raise ArtifactError(f"config of {name}: {first_error(fault, keys)}") from fault


def reshaped(manifest: Manifest, state: Mapping[str, Any], config: dict[str, Any]) -> Program:
    """The program of an artifact under another configuration. Stages that the configuration adds get their hand-written
    prompts.

    Args:
        manifest: the artifact's manifest.
        state: the states of its predictors, by name.
        config: the complete configuration.

    Raises:
        ArtifactError: see `new_program`.
    """
    program = new_program(manifest.program, config)
    program.load_state({name: state.get(name, own) for name, own in program.dump_state().items()})
    program.adapter, program.lm_settings = adapter_named(manifest.adapter, program.config.order), lm_settings(manifest)
    return program


def describe(name: ProgramName, program: Any, **more: Any) -> Manifest:
    """The manifest of `program` in its current state, with package versions and the commit."""
    return Manifest(
        program=name,
        config=program.config.model_dump(),
        predictors=predictors_of(program),
        types=types_of(program),
        versions={package: version(package) for package in ("dspy", "pydantic")},
        commit=_commit(),
        **more,
    )


def fingerprint(program: Any, manifest: Manifest) -> str:
    """A hash of everything that affects a program's prompts and behaviour, and nothing else: 12 hex digits."""
    decides = [manifest.program, manifest.adapter, program.config.model_dump(), program.dump_state()]
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:12]


def save(folder: Path, program: dspy.Module, manifest: Manifest) -> None:
    """Write the artifact. The manifest is written last: a folder without a manifest is not an artifact.

    Raises:
        ArtifactError: the manifest contains values that are not allowed in an artifact.
    """
    checked_manifest(folder, manifest.model_dump())
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "program.json", _pretty(program.dump_state()))
    write_whole(folder / "manifest.json", _pretty(manifest.model_dump()))


def load_program(folder: str | Path, config: dict[str, Any] | None = None, adapter: str | None = None) -> Program:
    """Load the program of an artifact for use in Python. It includes prompts, adapter, settings and budget, and only
    needs `dspy.configure(lm=…)`. See `load` for the arguments.

        program = load_program("artifacts/handwritten")
        program(problem=Problem.from_text(statement, [("1 2\n", "3\n")])).code
    """
    return load(folder, config, adapter)[0]


def load(
    folder: str | Path, config: dict[str, Any] | None = None, adapter: str | None = None
) -> tuple[Program, Manifest]:
    """Load the program and the manifest of an artifact.

    Args:
        folder: the artifact's folder.
        config: changes to the program's configuration.
        adapter: replaces the artifact's adapter. The order is kept, unless the adapter supports only one.

    Raises:
        ArtifactError: there is no artifact, it is broken, or it was made for other predictors than the code has.
        UserError: the adapter is unknown, or does not support the program's order.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if adapter:
        manifest.adapter = adapter
        if has_one_order(adapter):
            config = {"order": DSPY_ORDER, **(config or {})}
    try:
        program = new_program(manifest.program, manifest.config)
    except ArtifactError as fault:
        raise ArtifactError(f"{folder}: manifest.json: {fault}") from fault
    _refuse_other_code(folder, manifest, program)
    state = read_state(folder, manifest)
    _refuse_odd_demos(folder, program, state)
    program = reshaped(manifest, state, merged(manifest.config, config or {}))
    manifest.config = program.config.model_dump()
    manifest.predictors, manifest.types = predictors_of(program), types_of(program)
    return program, manifest


def _refuse_other_code(folder: Path, manifest: Manifest, program: Program) -> None:
    """Check that the program here has the predictors that the artifact was made for."""
    here, types = predictors_of(program), types_of(program)
    for name in sorted({*manifest.predictors, *here}):
        there = manifest.predictors.get(name)
        if there != here.get(name):
            raise ArtifactError(
                f"{folder} was made for other code: predictor {name} has fields {there} there and {here.get(name)} here"
            )
    for name, fields in manifest.types.items():
        for field, kind in fields.items():
            known = types.get(name, {}).get(field)
            if known != kind:
                raise ArtifactError(
                    f"{folder} was made for other code: {field} of {name} is {kind} there and {known} here"
                )


def _refuse_odd_demos(folder: Path, program: Program, state: dict[str, Any]) -> None:
    """Check the demonstrations, which DSPy does not check: prompts will contain them."""
    for name, predictor in program.named_predictors():
        fields = cast(Any, predictor.signature).fields
        for number, demo in enumerate(demos_of(state[name]), 1):
            for field, value in demo.items():
                try:
                    if field not in fields:
                        raise ValueError("there is no such field")
                    TypeAdapter(fields[field].annotation).validate_python(value)
                except ValueError as fault:
                    said = fault.errors()[0]["msg"] if isinstance(fault, ValidationError) else fault
                    where = f"demonstration {number} of {name}: {field}"
                    raise ArtifactError(f"{folder}: program.json: {where}: {said}") from fault


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


@cache
def _commit() -> str:
    """The commit of the running code, with a + if the work tree has changes; empty outside of git."""
    asked = subprocess.run(["git", "describe", "--always", "--dirty=+"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() if asked.returncode == 0 else ""
