"""What the documents say exists: commands with their options, links, images, and the rooms of the map."""

import argparse
import re
import runpy
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

import optimize.compile
from program.cli.folders import ArtifactName, RunName, RunsName
from tests.support.packs import call
from tests.support.paths import ROOT

DOCUMENTS = [
    *ROOT.glob("*.md"),
    ROOT / "llms.txt",
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "examples").glob("*.md"),
    ROOT / "eval" / "pack" / "README.md",
    ROOT / "tests" / "fixtures" / "README.md",
]
TO_TYPE = ["README.md", "CONTRIBUTING.md", "docs/start.md"]  # whose commands a reader types as they stand
CALLED = re.compile(r"[@$]? ?(?:\.venv/bin/)?python -m ((?:program|eval|optimize|benchmarks)\..*)")
LINK = re.compile(r"!?\[[^\[\]]*\]\(([^()\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
MAKE = re.compile(r"^\s*[$]? ?make ([\w-]+)", re.MULTILINE)

pytestmark = pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")


class Parsed(BaseException):
    """A command has read its options; nothing more is done."""


def names(paths) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in paths)


def commands_of(text: str) -> list[list[str]]:
    """The words of every line of a text that calls one of our commands: the module and its arguments."""
    lines = text.replace("\\\n", " ").splitlines()
    called = [CALLED.fullmatch(line.strip()) for line in lines]
    return [shlex.split(found[1], comments=True) for found in called if found]


def without_code(text: str) -> str:
    """A document without what stands in it as code."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^    .*$", "", text, flags=re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", text)


@cache
def anchors_of(path: Path) -> set[str]:
    """As GitHub makes them of headings."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(path.read_text())}


def parse(monkeypatch, module: str, words: list[str]) -> None:
    """Let the command read these arguments with its own parser.

    Raises:
        Parsed: it takes them.
        UserError, SystemExit: it does not.
    """
    read = argparse.ArgumentParser.parse_args

    def parse_args(self, *given, **more):
        read(self, *given, **more)
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
    monkeypatch.setattr(sys, "argv", [module, *words])
    for kind in (ArtifactName, RunName, RunsName):  # what earlier commands of the document would have made
        monkeypatch.setattr(kind, "check", staticmethod(lambda path: None))
    runpy.run_module(module, run_name="__main__")


@pytest.mark.parametrize("document", TO_TYPE)
def test_commands_are_read_by_their_own_parsers(document):
    called = commands_of((ROOT / document).read_text())
    assert called
    for module, *words in called:
        with pytest.MonkeyPatch.context() as patched, pytest.raises(Parsed):
            parse(patched, module, words)
        made_here = ("examples/", "optimize/configs/", "artifacts/handwritten", "artifacts/direct")
        assert not [word for word in words if word.startswith(made_here) and not (ROOT / word).exists()]


def test_an_option_that_is_not_there_is_found():
    with pytest.MonkeyPatch.context() as patched, pytest.raises(SystemExit):
        parse(patched, "eval.compare", ["runs/mine", "--no-such-option"])
    assert commands_of("$ python -m eval.run a \\\n    --out b  # then\nand python -m eval.run") == [
        ["eval.run", "a", "--out", "b"]
    ]


def test_the_readme_has_recipes_for_a_provider_and_for_servers():
    words = {word for command in commands_of((ROOT / "README.md").read_text()) for word in command}
    assert {"openai/gpt-4o-mini", "--api-base", "examples/sum.md"} <= words


@pytest.mark.parametrize("words", ["--at calls=10", "optimize/configs/flow.toml"])
def test_the_readme_has_the_prices_of_the_dry_run(words, monkeypatch, capsys, tmp_path):
    asked = [*words.split(), "--lm", "openai/gpt-4o-mini", "--out", tmp_path / "mine", "--dry-run"]
    assert call(monkeypatch, optimize.compile.main, *asked) == 0
    total = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| all "))
    dollars = total.split("|")[-2].strip()
    assert re.search(rf"\b{re.escape(dollars)}\b", (ROOT / "README.md").read_text())


@pytest.mark.parametrize("document", TO_TYPE)
def test_targets_of_make_exist(document):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(MAKE.findall((ROOT / document).read_text())) <= targets


@pytest.mark.parametrize("document", names(DOCUMENTS))
def test_links_and_images_lead_somewhere(document):
    path, lost = ROOT / document, []
    for found in LINK.finditer(without_code(path.read_text())):
        target, _, anchor = unquote(found[1] or found[2]).partition("#")
        if re.match(r"\w+:", target):
            continue
        there = (path.parent / target).resolve() if target else path
        if not there.exists() or (anchor and anchor not in anchors_of(there)):
            lost.append(found[0])
    assert not lost


def test_the_map_has_every_room():
    """Each room of the first two levels has a line; what a line names exists."""
    readme = (ROOT / "README.md").read_text()
    rows = re.findall(r"^\| (\*{0,2}`.*?) \|", readme.partition("\n## Map\n")[2].partition("\n## ")[0], re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([\w./-]+)`", row)}
    assert not [name for name in named if not (ROOT / name).exists()]
    tracked = subprocess.check_output(["git", "ls-files", "*.py"], cwd=ROOT, text=True).splitlines()
    rooms = {"/".join(Path(file).parts[:2]) + "/" for file in tracked if len(Path(file).parts) > 2}
    inner = ("program/", "eval/", "optimize/", "judge/")
    assert {room for room in rooms if room.startswith(inner)} - named == set()
