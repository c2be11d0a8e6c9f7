"""Expected values that a dataset lacks: its reference program computes them once, in the sandbox."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from judge.checker import Checker
from judge.judge import run
from judge.literals import NoLiteral, value_of
from judge.value_texts import literal
from judge.verdict import Limits, TestCase
from program.files import write_whole
from program.models.open import CACHE_FOLDER

LIMITS = Limits(seconds=60.0, memory_bytes=2**30, output_bytes=64 * 2**20)
AT_ONCE = 50  # calls in one process
MAX_CHARACTERS = 2**20  # of a value; some of HumanEval/15 have many megabytes
_EACH = "_each_value"


def expected_tests(program: str, entry_point: str, arguments: Sequence[str]) -> list[TestCase]:
    """The calls with the values of a reference program, in the order of the arguments. The values are cached on disk.
    Calls with a value longer than `MAX_CHARACTERS` are left out.

    Raises:
        ValueError: the program fails on an input, or returns something that is not a plain value.
        JudgeError: the judge failed.
    """
    key = hashlib.sha256(json.dumps([program, entry_point, list(arguments)]).encode("utf-8", "surrogatepass"))
    kept = CACHE_FOLDER / "expected" / f"{key.hexdigest()}.json"
    if kept.is_file():
        values = json.loads(kept.read_text())
    else:
        values = []
        for begin in range(0, len(arguments), AT_ONCE):
            values += _values(program, entry_point, arguments[begin : begin + AT_ONCE])
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_whole(kept, json.dumps(values))
    pairs = zip(arguments, values, strict=True)
    return [TestCase(given, value) for given, value in pairs if value is not None]


def _values(program: str, entry_point: str, arguments: Sequence[str]) -> list[str | None]:
    caller = (
        # Converting a large number to decimals would take quadratic time.
        f"\n\ndef _size(value):\n    return value.bit_length() // 3 if isinstance(value, int) else len(repr(value))\n"
        f"\n\ndef {_EACH}(calls):\n    values = ({entry_point}(*given) for given in calls)\n"
        f"    return [(each,) if _size(each) <= {MAX_CHARACTERS} else () for each in values]\n"
    )
    calls = f"[{', '.join(f'[{text}]' for text in arguments)}]"
    (result,) = run(program + caller, [calls], LIMITS, checker=Checker(entry_point=_EACH))
    try:
        return [literal(*found) if found else None for found in value_of(result.output)]
    except NoLiteral as fault:
        said = result.error.strip().splitlines() or [str(fault)]
        raise ValueError(f"its reference program fails on its inputs: {said[-1]}") from fault
