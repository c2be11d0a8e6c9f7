"""Build the bundled pack from its sources: `python -m eval.pack.build [--check]`.

Each problem is one TOML file in `source/valid` or `source/test`: statement, public tests, inputs of the hidden tests, a
generator of more inputs, two right and two wrong programs. The result is one JSON-lines file per split, in the schema
of `deepmind/code_contests`. The first right program computes the outputs of the hidden tests.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from tqdm import tqdm

from judge.sandbox.process import run_program
from judge.verdict import Limits

PACK = Path(__file__).parent
SPLITS = ("valid", "test")
PYTHON3 = 3  # the language's number in the dataset
GENERATOR_LIMITS = Limits(seconds=20)


def build_split(split: str) -> str:
    """The text of `data/{split}.jsonl`: one problem per line, ordered by file name."""
    files = sorted((PACK / "source" / split).glob("*.toml"))
    rows = [_row(tomllib.loads(path.read_text())) for path in tqdm(files, desc=split, unit="problem")]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def pack_hash() -> str:
    """The SHA-256 of the built files, which identifies the pack's version in results."""
    digest = hashlib.sha256()
    for split in SPLITS:
        digest.update((PACK / "data" / f"{split}.jsonl").read_bytes())
    return digest.hexdigest()


def _row(source: dict[str, Any]) -> dict[str, Any]:
    limits = Limits(seconds=source["time_limit"] * 3)
    private = [test["input"] for test in source["hidden"]]
    generated = json.loads(_output(source["generator"], "", GENERATOR_LIMITS)) if "generator" in source else []
    answer = source["solutions"][0]
    return {
        "name": source["name"],
        "description": source["description"].strip() + "\n",
        "public_tests": {key: [test[key] for test in source["public"]] for key in ("input", "output")},
        "private_tests": {"input": private, "output": [_output(answer, text, limits) for text in private]},
        "generated_tests": {"input": generated, "output": [_output(answer, text, limits) for text in generated]},
        "source": 0,
        "difficulty": source["level"],
        "solutions": _programs(source["solutions"]),
        "incorrect_solutions": _programs(source["wrong"]),
        "cf_contest_id": 0,
        "cf_index": "",
        "cf_points": 0.0,
        "cf_rating": 0,
        "cf_tags": source["tags"],
        "is_description_translated": False,
        "untranslated_description": "",
        "time_limit": {"seconds": int(source["time_limit"]), "nanos": int(source["time_limit"] % 1 * 1e9)},
        "memory_limit_bytes": 256 * 2**20,
        "input_file": "",
        "output_file": "",
    }


def _programs(sources: list[str]) -> dict[str, list]:
    return {"language": [PYTHON3] * len(sources), "solution": sources}


def _output(program: str, stdin: str, limits: Limits) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(program)
        file.flush()
        run = run_program(Path(file.name), stdin, limits)
    if run.exit_status != 0:
        raise SystemExit(f"a source program fails: {run.error}")
    return run.output


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.pack.build", description="Build the bundled pack.")
    parser.add_argument("--check", action="store_true", help="only check that the built files are up to date")
    check = parser.parse_args().check
    for split in SPLITS:
        text, path = build_split(split), PACK / "data" / f"{split}.jsonl"
        if check:
            if not path.is_file() or path.read_text() != text:
                sys.exit(f"{path} differs from what its sources build")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    print(pack_hash())


if __name__ == "__main__":
    main()
