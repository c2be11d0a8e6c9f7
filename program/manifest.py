"""The stored form of a program, read without the program or DSPy: its manifest and the states of its predictors.

This lets commands that only show stored data start quickly. `program.artifact` contains the rest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from program.adapters.adapter_names import DEFAULT_ADAPTER, check_adapter
from program.errors import UserError, first_error, folder_meant
from program.input_files import InputError, read_json
from program.models.sampling_settings import ArtifactLM, checked_settings

PACKAGED = Path(__file__).parent / "packaged_artifacts"  # exists only in a wheel
ProgramName = Literal["alphacodium", "direct", "chain-of-thought", "sampling", "reflexion"]


class ArtifactError(UserError):
    """This code cannot load the artifact; the one-line message says why."""


class Compilation(BaseModel, extra="allow", strict=True):
    """The part of a manifest's compilation that is read again; see `optimize.config` for the rest."""

    start: str | None = None
    settings: dict[str, Any] | None = None
    problems: list[str] = []
    stopped: str = ""
    code: dict[str, str] = {}


class Manifest(BaseModel):
    """The content of `manifest.json`."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    program: ProgramName
    """the program class"""
    config: dict[str, Any]
    """its complete configuration"""
    adapter: str = DEFAULT_ADAPTER
    """how prompts are made and responses are parsed; see `program.adapters.choice`"""
    predictors: dict[str, list[str]]
    """the input and output fields of every predictor, in order; must match the code"""
    types: dict[str, dict[str, str]] = {}
    """the types of these fields; must match the code if given"""
    origin: Literal["hand-written", "compiled"] = "hand-written"
    """whether its prompts are hand-written or come from an optimizer"""
    compile: dict[str, Any] | None = None
    """the resolved configuration of the compilation, with LM, data, split, problem names and seed"""
    scores: dict[str, Any] | None = None
    """what the optimizer saw on its training problems"""
    gate: dict[str, Any] | None = None
    """how the compiled program compares with its start, from `optimize.gate.gate_outcome`; if it is not better, this
    artifact contains the start"""
    cost: dict[str, Any] | None = None
    """the cost of compiling"""
    lm: dict[str, Any] | None = None
    """the model it was compiled for and the sampling settings of its calls (those of
    `program.models.sampling_settings`); no key, no address and no other settings of the connection"""
    versions: dict[str, str] = {}
    """versions of the packages that affect prompts"""
    commit: str = ""
    """the commit of this repository when the artifact was written"""

    @field_validator("adapter")
    @classmethod
    def _exists(cls, name: str) -> str:
        check_adapter(name)
        return name

    @field_validator("lm")
    @classmethod
    def _is_harmless(cls, given: dict[str, Any] | None) -> dict[str, Any] | None:
        return given and checked_settings(ArtifactLM, given)

    @field_validator("compile")
    @classmethod
    def _can_be_read(cls, given: dict[str, Any] | None) -> dict[str, Any] | None:
        if given is not None:
            Compilation.model_validate(given)
        return given


def lm_settings(manifest: Manifest) -> dict[str, Any]:
    """The sampling settings for every call of the artifact's LM."""
    return {key: value for key, value in (manifest.lm or {}).items() if key != "model"}


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of an artifact.

    Raises:
        ArtifactError: the manifest is missing or broken.
    """
    return checked_manifest(folder, _read(folder, "manifest.json"))


def read_state(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """Read the states of an artifact's predictors, by name.

    Raises:
        ArtifactError: `program.json` is missing, or its content is not valid.
    """
    state = _read(folder, "program.json")
    if not isinstance(state, dict) or set(state) != set(manifest.predictors):
        raise ArtifactError(f"{folder}: program.json and manifest.json name different predictors")
    for name, fields in manifest.predictors.items():
        if not is_state_of(state[name], fields):
            raise ArtifactError(f"{folder}: program.json: {name} is not the state of a predictor with fields {fields}")
    return state


def checked_manifest(folder: Path, values: Any) -> Manifest:
    """Parse `values` as the manifest of the artifact in `folder`.

    Raises:
        ArtifactError: they are not a valid manifest.
    """
    try:
        return Manifest.model_validate(values)
    except ValidationError as fault:
        raise ArtifactError(f"{folder}: manifest.json: {first_error(fault, Manifest)}") from fault


def stored_folder(folder: Path) -> Path:
    """The folder of an artifact: `folder`; or, if `artifacts/NAME` does not exist, the copy of that name in the wheel,
    which includes the hand-written artifacts."""
    copy = PACKAGED / folder.name
    packaged = folder.parent == Path("artifacts") and not folder.exists() and (copy / "manifest.json").is_file()
    return copy if packaged else folder


def _read(folder: Path, name: str) -> Any:
    folder = stored_folder(folder)
    if not (folder / name).exists():
        meant = folder_meant(folder, name)
        raise ArtifactError(f"{folder} is not an artifact: {folder / name} is missing{meant}")
    try:
        return read_json(folder / name)
    except InputError as fault:
        raise ArtifactError(f"{folder} is not an artifact: {fault}") from fault


def merged(config: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`config` updated with `changes`, including nested keys."""
    result = dict(config)
    for key, value in changes.items():
        nested = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if nested else value
    return result


def flattened(config: dict[str, Any], above: str = "") -> dict[str, Any]:
    """`config` without nesting; keys have the form of `--set`: `{"budget.calls": 8}`."""
    result: dict[str, Any] = {}
    for key, value in config.items():
        nested = isinstance(value, dict)
        result |= flattened(value, f"{above}{key}.") if nested else {f"{above}{key}": value}
    return result


_AUGMENTED = "augmented"  # the key that marks demonstrations made by DSPy


def is_state_of(state: Any, fields: list[str]) -> bool:
    """Whether `state` is the dumped state of a predictor with these fields, without an LM or a trace."""
    # Assumed: DSPy turns every unknown key of a state into an attribute; `config`, for example, is sent with each
    # request. So a state must have exactly these keys.
    match state:
        case {"demos": list(demos), "signature": {"instructions": str(), "fields": list(described)}, "lm": None}:
            return (
                set(state) <= {"demos", "signature", "lm", "traces", "train"}
                and state.get("traces", []) == state.get("train", []) == []
                and set(state["signature"]) == {"instructions", "fields"}
                and len(described) == len(fields)
                and all(_is_description(each) for each in described)
                and all(isinstance(demo, dict) and isinstance(demo.get(_AUGMENTED, True), bool) for demo in demos)
            )
    return False


def _is_description(described: Any) -> bool:
    return (
        isinstance(described, dict)
        and set(described) == {"prefix", "description"}
        and all(isinstance(text, str) for text in described.values())
    )


def demos_of(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The demonstrations in a state that `is_state_of` accepted, without DSPy's marks."""
    return [{field: value for field, value in demo.items() if field != _AUGMENTED} for demo in state["demos"]]
