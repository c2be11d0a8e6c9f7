"""The documentation of what was measured: its intervals are those that its commands print from the stored files.

Pages whose numbers come from benchmarks are not checked here, because these run for minutes.
"""

import json
import re
import shlex
from pathlib import Path

import pytest

import eval.compare
import optimize.show
from tests.support.packs import printed
from tests.support.paths import ROOT

MEASURED = ROOT / "docs/measured"
PAGES = [MEASURED / f"{name}.md" for name in ("compiling", "conversation", "functions", "replication", "results")]
END = r"[+-][\d.]+|0|(?:above|below) 0"
INTERVAL = re.compile(rf"({END}) to ({END})(?=[,;)])")
OPPOSITE = str.maketrans("+-", "-+")


def commands() -> list[list[str]]:
    """The comparisons of runs that are in the repository, as the documentation states them."""
    texts = [file.read_text().replace("\\\n", " ") for file in sorted(MEASURED.glob("*.md"))]
    found = {each for text in texts for each in re.findall(r"python -m eval\.compare (runs/[^`\n#]*)", text)}
    return [shlex.split(each) for each in sorted(found)]


@pytest.fixture(scope="module")
def said() -> str:
    """What the comparisons and the artifacts say."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(ROOT)
        texts = [printed(patched, eval.compare.main, *each) for each in commands()]
        reports = sorted(Path("artifacts").glob("*/report.json"))
        texts += [printed(patched, optimize.show.main, report.parent) for report in reports]
        for probe in sorted(Path("artifacts").glob("*/probe.json")):
            ends = [each["interval"] for each in json.loads(probe.read_text()) if each["interval"]]
            texts += [f"({100 * low:+.1f} to {100 * high:+.1f})" for low, high in ends]
    return "\n".join(texts)


def intervals(page: Path) -> list[tuple[int, str, str]]:
    """Line number and ends of each interval that is not in recorded output."""
    lines = [(number, line) for number, line in enumerate(page.read_text().splitlines(), 1) if line[:4].strip()]
    return [(number, *ends) for number, line in lines for ends in INTERVAL.findall(line)]


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.stem)
def test_every_interval_is_one_that_a_command_prints(page, said):
    """Also if the command compares the other way round."""
    found = intervals(page)
    assert found
    wrong = []
    for number, low, high in found:
        turned = " to ".join(end.translate(OPPOSITE) for end in (high, low))
        turned = turned.replace("above", "BELOW").replace("below", "above").replace("BELOW", "below")
        if not any(f"({each})" in said for each in (f"{low} to {high}", turned)):
            wrong.append(f"line {number}: {low} to {high}")
    assert wrong == []
