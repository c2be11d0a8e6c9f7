"""Take a compiled program apart: `python -m optimize.parts ARTIFACT --out FOLDER` writes its shape and its words.

Evaluated next to the start and the artifact, they show what the switches bought, and what the prompts bought.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from eval.options import path_name
from program.cli.command import run_command
from program.cli.folders import ArtifactName
from program.cli.output import say_next
from program.errors import UserError
from program.manifest import merged, read_manifest


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m optimize.parts",
        description="Write two artifacts: `shape` has the configuration of a compiled one and the start's prompts, "
        "`words` has its prompts and the start's configuration, with the settings of the compilation.",
    )
    parser.add_argument("artifact", type=path_name, action=ArtifactName, help="the folder of a compiled artifact")
    parser.add_argument(
        "--start", type=path_name, action=ArtifactName, help="its start (default: the one it was compiled from)"
    )
    parser.add_argument("--out", required=True, type=path_name, help="folder for the two artifacts")
    run_command(parser, _write)


def _write(options: argparse.Namespace) -> None:
    from program.cli.settings import named_options, setting_options

    if (options.out / "manifest.json").is_file():
        raise UserError(f"{options.out} is an artifact; choose another folder")
    start = options.start or _start_of(options.artifact)
    parts = take_apart(options.artifact, start, options.out)
    if options.out / "words" not in parts:
        print(f"no words alone: {start} has no stage whose words were changed, so it would ask the same questions")
    compilation = read_manifest(options.artifact).compile or {}
    given = {key: compilation.get(key) for key in ("lm", "escalate_lm", "repair_lm", "data", "adapter")}
    same = named_options({key: value for key, value in given.items() if value})
    same += setting_options(compilation.get("settings") or {})
    say_next(command=["eval.run", start, *parts, options.artifact, *same, "--out", "runs/parts"])


def _start_of(folder: Path) -> Path:
    compiled = read_manifest(folder).compile
    if not compiled:
        raise UserError(f"{folder} is not compiled")
    start = Path(str(compiled.get("start")))
    ArtifactName.check(start)
    return start


def take_apart(folder: Path, start: Path, out: Path) -> list[Path]:
    """Write the shape and the words of a compiled artifact as artifacts. Both have its adapter, its model settings, and
    the settings of the compilation, such as the budget. Stages that the start does not have get their hand-written
    prompts in `shape`.

    Args:
        folder: the compiled artifact.
        start: the artifact that it was compiled from.
        out: folder of the two new artifacts.

    Returns:
        The folders `shape` and `words` in `out`. Without `words` if these are only words of stages that the start does
        not have.

    Raises:
        ArtifactError: an artifact is missing or broken.
        UserError: the artifacts are of two kinds of programs, or differ in shape only or in words only.
    """
    from program.artifact import describe, fingerprint, load, reshaped, save

    compiled, manifest = load(folder)
    begun, before = load(start)
    if manifest.program != before.program:
        raise UserError(f"{folder} is of kind {manifest.program}, and {start} is of kind {before.program}")
    config = merged(before.config, (manifest.compile or {}).get("settings") or {})
    parts = {
        "shape": reshaped(manifest, begun.dump_state(), manifest.config),
        "words": reshaped(manifest, compiled.dump_state(), config),
    }
    prints = {name: fingerprint(program, manifest) for name, program in parts.items()}
    whole = fingerprint(compiled, manifest)
    # If the words alone make the whole program, its shape is that of the start, and the other way round.
    shared = [other for name, other in (("words", "shape"), ("shape", "words")) if prints[name] == whole]
    if shared:
        raise UserError(f"{folder} has the {' and the '.join(shared)} of {start}: there are no two parts to compare")
    if prints["words"] == fingerprint(reshaped(manifest, begun.dump_state(), config), manifest):
        del parts["words"]
    for name, program in parts.items():
        compilation = {**(manifest.compile or {}), "part": name}
        about = describe(
            manifest.program,
            program,
            adapter=manifest.adapter,
            lm=manifest.lm,
            origin=manifest.origin,
            compile=compilation,
        )
        save(out / name, program, about)
    return [out / name for name in parts]


if __name__ == "__main__":
    main()
