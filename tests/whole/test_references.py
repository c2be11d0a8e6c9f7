"""The documentation: the options of its commands exist, and every environment variable that the code reads is in it."""

import ast
import re

from judge.literals import syntax_tree
from optimize.reference import PAGES
from tests.support.paths import ROOT

MARKDOWN = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PACKAGES = ("judge", "program", "eval", "optimize")
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|CXX|CPATH")


def test_the_commands_of_the_docs_exist_with_their_options():
    sections = dict(re.findall(r"(?ms)^## (\S+)\n(.*?)(?=^## |\Z)", PAGES["commands"]()))
    known = {name: {*re.findall(r"`(--[a-z-]+)", text), "--help", "--debug"} for name, text in sections.items()}
    called = []
    for file in MARKDOWN:
        text = file.read_text().replace("\\\n", " ")
        called += [(file, *each) for each in re.findall(r"python -m ((?:program|eval|optimize)\.\w+)([^`\n]*)", text)]
    assert len(called) > 50
    wrong = []
    for file, name, words in called:
        options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", words.partition(" # ")[0]))
        if name not in known or options - known[name]:
            wrong.append(f"{file.name}: {name} {sorted(options - known.get(name, set()))}")
    assert wrong == []


def variables_of_the_code() -> set[str]:
    """What looks like the name of a variable in the files that read the environment."""
    found = set()
    for file in (file for package in PACKAGES for file in (ROOT / package).rglob("*.py")):
        text = file.read_text()
        if "environ" in text or "KEY_VARIABLE" in text:
            texts = [node.value for node in ast.walk(syntax_tree(text)) if isinstance(node, ast.Constant)]
            found |= {each for each in texts if isinstance(each, str) and VARIABLE.fullmatch(each)}
    return found


def test_every_environment_variable_is_described():
    described = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", (ROOT / "docs/reference/environment.md").read_text()))
    found = variables_of_the_code()
    assert {"LM_API_KEY", "ALPHACODIUM_CACHE", "CXX", "OTEL_SERVICE_NAME"} <= found
    assert found - described == set()
