"""Differences of arms: keys of their configurations, and instructions and demonstrations of their predictors."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.rollouts.run_folder import read_config
from eval.rollouts.stored_arms import StoredArm, differing_code
from program.cli.output import counted
from program.manifest import ArtifactError, flattened, read_manifest, read_state

ARTIFACTS = Path("artifacts")


def stored_artifact(run: Path, arm: str) -> Path | None:
    """The folder of an arm's artifact: the copy in the run, else the artifact of that name if it is unchanged."""
    copy, now = run / "artifacts" / arm, ARTIFACTS / arm
    if (copy / "manifest.json").is_file():
        return copy
    if not (now / "manifest.json").is_file():
        return None
    from program import artifact  # only runs from before the copies need their programs

    try:
        same = artifact.fingerprint(*artifact.load(now)) == read_config(run)["artifacts"].get(arm)
    except ArtifactError:
        return None
    return now if same else None


def arm_warnings(arms: Sequence[StoredArm]) -> str:
    """What besides the prompts may cause a difference between stored arms, one warning a paragraph: the result of
    `setting_differences`, in which the models and the total of their runs count too; other code; problems that an arm
    was compiled on."""
    conditions = {arm.label: _conditions(arm.config) for arm in arms}
    folders = {arm.label: stored_artifact(arm.run, arm.name) for arm in arms}
    code = differing_code(arms)
    seen = [
        seen_problems(arm.label, read_manifest(folder).compile or {}, arm.config["problems"])
        for arm in arms
        if (folder := folders[arm.label])
    ]
    settings = setting_differences(folders, conditions, same_code=not code)
    lost = [label for label, folder in folders.items() if folder is None and len(arms) > 1]
    unknown = f"The settings of {', '.join(lost)} are unknown, because there is no artifact." if lost else ""
    return "\n\n".join(filter(None, [settings, code, unknown, *seen]))


def seen_problems(name: str, compiled: Mapping[str, Any], problems: Collection[str]) -> str:
    """A warning if an arm was compiled on some of these problems, else empty.

    Args:
        name: of the arm.
        compiled: how it was compiled, as in its manifest.
        problems: by name.
    """
    seen = [each for each in compiled.get("problems", []) if each in problems]
    if not seen:
        return ""
    return f"{name} was compiled on {len(seen)} of these problems, such as {seen[0]}; its rates are too high there"


def _conditions(config: Mapping[str, Any]) -> dict[str, Any]:
    """What may cause a difference in the configuration of a run."""
    totals = {f"total_{unit}": limit for unit, limit in (config.get("total") or {}).items()}
    return {role: config.get(role) for role in ("lm", "escalate_lm", "repair_lm")} | totals


def setting_differences(
    arms: Mapping[str, Path | None],
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    same_code: bool = True,
) -> str:
    """A warning that lists each key with different values among the arms, because it may cause a difference; else
    empty. A key that only some arms have counts for arms of one program, but not for arms of different programs.

    Args:
        arms: by name the folder of the artifact, if known.
        conditions: further keys of the arms, by name.
        same_code: whether the arms were run by the same code, so that today's `order_of` holds for all of them.
    """
    read = {arm: _read(folder) for arm, folder in arms.items() if folder}
    manifests = {arm: manifest for arm, (manifest, _) in read.items()}
    settings = {arm: {**(conditions or {}).get(arm, {}), **_settings(*each, same_code)} for arm, each in read.items()}
    differing = []
    for key in dict.fromkeys(key for each in settings.values() for key in each):
        having = {manifests[arm]["program"] for arm in manifests if key in settings[arm]}
        values: dict[str, list[str]] = {}
        for arm, manifest in manifests.items():
            if manifest["program"] in having:
                values.setdefault(str(settings[arm].get(key, "not set")), []).append(arm)
        if len(values) > 1:
            said = "; ".join(f"{value}: {', '.join(names)}" for value, names in values.items())
            differing.append(f"{key} ({said})")
    return f"NOT ONLY THE PROMPTS DIFFER: {', '.join(differing)}." if differing else ""


def prompts_against(first: StoredArm, other: StoredArm) -> tuple[list[str], str]:
    """The known differences of the prompts of two arms: sentences (none if the prompts are equal), and the result of
    `instruction_diff`.

    Raises:
        ArtifactError: an artifact is damaged.
    """
    foreign = next((arm.label for arm in (first, other) if "imported" in arm.config), None)
    if foreign:
        return [f"the prompts of {foreign} are unknown, because it is another system"], ""
    found = [stored_artifact(arm.run, arm.name) for arm in (first, other)]
    if found[0] is None or found[1] is None:
        lost = first.label if found[0] is None else other.label
        return [f"the run does not have the artifact of {lost}"], ""
    return prompt_differences(found[0], found[1]), instruction_diff(found[0], found[1])


def prompt_differences(first: Path, second: Path) -> list[str]:
    """One line for every predictor with different instructions or demonstrations; also for one that only one of two
    programs of the same kind has. If they are of different kinds, a line before says so."""
    (one, one_state), (two, two_state) = _read(first), _read(second)
    same_kind = one["program"] == two["program"]
    lines = [] if same_kind else [f"another program: {two['program']} instead of {one['program']}"]
    for name in dict.fromkeys((*one_state, *two_state)):
        if name in one_state and name in two_state:
            lines += _predictor(name, one_state[name], two_state[name])
        elif same_kind:
            state, said = (one_state, "only in the first") if name in one_state else (two_state, "only in the second")
            shown = len(state[name]["demos"])
            lines.append(f"{name}: {said}" + (f", with {counted(shown, 'demonstration')}" if shown else ""))
    return lines


def instruction_diff(first: Path, second: Path) -> str:
    """A unified diff of the instructions of both artifacts' predictors; empty if they are equal."""
    (_, one_state), (_, two_state) = _read(first), _read(second)
    lines = []
    for name in one_state:
        if name in two_state:
            before, after = _instructions(one_state[name]), _instructions(two_state[name])
            lines += difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="")
    return "\n".join(lines)


def _predictor(name: str, one: dict[str, Any], two: dict[str, Any]) -> list[str]:
    found = []
    before, after = _instructions(one), _instructions(two)
    if before != after:
        found.append(f"another instruction ({len(after.split())} words instead of {len(before.split())})")
    if one["demos"] != two["demos"]:
        noun = "other demonstration" if len(one["demos"]) == len(two["demos"]) else "demonstration"
        found.append(f"{counted(len(two['demos']), noun)} instead of {len(one['demos'])}")
    return [f"{name}: {', '.join(found)}"] if found else []


def order_of(order: str, state: dict[str, Any]) -> str:
    """The order of a program's prompts, with the number of stages whose demonstrations change it.

    Args:
        order: in the configuration.
        state: of the program's predictors.
    """
    shown = sum(bool(each["demos"]) for each in state.values())
    if order != "problem-first" or not shown:
        return order
    return "stage-first" + (f" in {shown} of {len(state)} stages" if shown < len(state) else "")


def _settings(manifest: dict[str, Any], state: dict[str, Any], same_code: bool) -> dict[str, Any]:
    """An artifact's configuration besides its prompts, as a flat mapping."""
    lm = {key: value for key, value in (manifest.get("lm") or {}).items() if key != "model"}
    settings = flattened({"adapter": manifest["adapter"], **manifest["config"], "lm": lm})
    if "order" in settings and same_code:  # the oldest artifacts have none
        settings["order"] = order_of(settings["order"], state)
    return settings


def _instructions(state: dict[str, Any]) -> str:
    return state["signature"]["instructions"]


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and predictors' states of an artifact."""
    manifest = read_manifest(folder)
    return manifest.model_dump(), read_state(folder, manifest)
