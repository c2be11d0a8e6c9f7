"""Answers of language models that were once read wrongly (`cases/answers.jsonl`), and those of a strong model."""

import json

from signatures import code, plan, tests, understand
from tests.support.paths import ROOT

CASES = ROOT / "tests" / "support" / "cases"
SIGNATURES = {name: kind for module in (code, plan, tests, understand) for name, kind in vars(module).items()}


def cases(name: str) -> list[dict]:
    """The records of a file of answers, a JSON line each."""
    return [json.loads(line) for line in (CASES / name).read_text().splitlines()]
