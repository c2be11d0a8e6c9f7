"""The house: no import runs in a circle, every name stands for one thing, and rooms stay small."""

import ast
import graphlib
from collections import defaultdict
from pathlib import Path

import pytest

from eval.rollouts.code_version import code_prints
from judge.literals import syntax_tree
from tests.support.paths import ROOT

PACKAGES = ("judge", "signatures", "program", "eval", "optimize", "benchmarks")
FILES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts): file
    for package in (*PACKAGES, "tests")
    for file in sorted((ROOT / package).rglob("*.py"))
    if file.name != "__init__.py"
}
TREES = {name: syntax_tree(file.read_text()) for name, file in FILES.items()}
OURS = [name for name in FILES if not name.startswith("tests.")]
# Files of the same role in different rooms may have the same name.
ROLES = {"config", "errors", "judge", "plan", "progress", "show", "understand", "undocumented"}
MOST = {"eval.numbers": 15}  # files in a room; elsewhere about a dozen


def imports_of(tree: ast.Module) -> set[str]:
    """The files of the repository that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    return found & FILES.keys()


def test_no_import_runs_in_a_circle():
    imports = {name: imports_of(tree) for name, tree in TREES.items()}
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as fault:
        pytest.fail(" → ".join(fault.args[1]))


def test_what_dspy_does_not_document_is_imported_in_one_file_of_each_package():
    documented = {"dspy", "dspy.lm15", "dspy.utils.callback", "dspy.teleprompt.gepa"}
    found = {}
    for name in OURS:
        nodes = [node for node in ast.walk(TREES[name]) if isinstance(node, ast.Import | ast.ImportFrom)]
        modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        modules |= {each.name for node in nodes if isinstance(node, ast.Import) for each in node.names}
        found[name] = {module for module in modules if module.partition(".")[0] == "dspy"} - documented
    assert {name for name, modules in found.items() if modules} == {"program.undocumented", "optimize.undocumented"}


def test_nothing_imports_a_command():
    commands = {name for name in OURS if '__name__ == "__main__"' in FILES[name].read_text()}
    assert "eval.run" in commands
    importing = {name: sorted(imports_of(TREES[name]) & commands) for name in OURS}
    assert not {name: found for name, found in importing.items() if found and not name.startswith("benchmarks.")}


def test_every_class_and_every_file_has_a_name_of_its_own():
    classes, files = defaultdict(list), defaultdict(list)
    for name in OURS:
        files[name.rpartition(".")[2]].append(name)
        for node in TREES[name].body:
            if isinstance(node, ast.ClassDef):
                classes[node.name].append(name)
    assert not {name: places for name, places in classes.items() if len(places) > 1}
    assert {name for name, places in files.items() if len(places) > 1} <= ROLES


def test_rooms_hold_about_a_dozen_files():
    rooms = defaultdict(list)
    for name in OURS:
        rooms[name.rpartition(".")[0]].append(name)
    assert not {room: len(files) for room, files in rooms.items() if len(files) > MOST.get(room, 14)}


def test_the_fingerprint_of_the_code_reaches_into_every_room():
    known = {Path(name) for name in code_prints("optimize")}
    for package in ("judge", "signatures", "program", "optimize", "eval/data", "eval/rollouts"):
        assert {file.relative_to(ROOT) for file in (ROOT / package).rglob("*.py")} <= known
