"""The layout of Kattis problem packages, in the legacy format and in the format 2023-07.

Source: the specification of the problem package format and the page on its output validators. `data/sample` has the
    public tests, `data/secret` the hidden ones. Outputs are compared by the default validator with the package's flags,
    or by the package's own validator. The known programs are the submissions in Python 3. Interactive, multi-pass,
    scored and submit-answer problems are left out.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import yaml

from eval.data.layouts.entry import Entry, LeftOut
from eval.data.layouts.statement_text import text_of_html, text_of_latex
from eval.data.problem_set import Facts, HiddenTests, Known
from judge.checkers.checker_program import CHECKER_LIMITS, AnyChecker, CheckerProgram
from judge.checkers.compiled import SOURCES
from judge.checkers.token_checker import TokenChecker
from judge.verdict import Limits, TestCase
from program.problem import LONGEST_SECONDS, Problem, PublicTest

NAME: str = "kattis"
COLUMNS = frozenset({"problem_package", "files"})

_KINDS = (".md", ".tex", ".html")  # file types of statements, the best first
_WRONG = ("wrong_answer", "run_time_error", "time_limit_exceeded", "rejected")
_CPP = (*SOURCES, ".h", ".hh", ".hpp", ".hxx")
_SCRIPTS = {"build", "run"}
# Next to the files of a validator.
_NO_PROGRAM = re.compile(r"/(?:\.|__pycache__/|README)|\.(?:h|hh|hpp|hxx|md|txt)$")
_GROUP_SETTINGS = ("testdata.yaml", "test_group.yaml")
_PYTHON2 = re.compile(r"#!.*python2")
_TITLE = re.compile(r"\\problemname\s*\{([^{}]*)\}")
Files = dict[str, str]


def read(row: dict[str, Any]) -> Entry:
    """The problem in a package, named by its short name and title: "hello. Hello World!".

    Raises:
        LeftOut: the problem is not supported.
        KeyError, TypeError, ValueError: the package is not in this format.
    """
    short, files = str(row["problem_package"]), row["files"]
    settings = _settings(files, "problem.yaml")
    limits = settings.get("limits") or {}
    _refuse(short, settings)
    if row.get("links"):
        raise LeftOut(short, "has links to files that are not in the package")
    if any(".files/" in path for path in files):
        raise LeftOut(short, "gives its programs files or arguments")
    files = _with_constants(files, settings.get("constants") or {})
    source, kind = _statement(short, files)
    title = _title(settings) or (found[1] if (found := _TITLE.search(source)) else short)
    sample, secret = _tests(files, "sample"), _tests(files, "secret")
    if not all(map(_is_text, [source, *(text for test in (*sample, *secret) for text in (test.input, test.output))])):
        raise LeftOut(short, "has a statement or tests that are not text in UTF-8")
    checker = _checker(short, settings, files, limits)
    problem = Problem(
        name=f"{short}. {title}",
        description={".tex": text_of_latex, ".html": text_of_html}.get(kind, str.strip)(source),
        public_tests=tuple(PublicTest(input=test.input, output=test.output) for test in sample),
        seconds=_seconds(files, limits),
        memory_bytes=int(float(limits.get("memory") or 0) * 2**20) or None,
        ignores_case=isinstance(checker, TokenChecker) and not checker.case_sensitive,
    )
    return Entry(
        id=short,
        problem=problem,
        hidden=HiddenTests(secret, ()),
        known=Known(_programs(files, ("accepted",)), _programs(files, _WRONG)),
        facts=Facts(tags=_words(settings.get("keywords"))),
        checker=checker,
    )


def _settings(files: Files, path: str) -> dict[str, Any]:
    """The settings in a YAML file."""
    try:
        settings = yaml.safe_load(files[path]) or {}
    except yaml.YAMLError as fault:
        raise ValueError(f"{path}: {fault}") from fault
    if not isinstance(settings, dict):
        raise ValueError(f"{path} has no keys")
    return settings


def _with_constants(files: Files, constants: dict[str, Any]) -> Files:
    """The files with the values of the problem's constants; tests have none."""
    for name, value in constants.items():
        for written in (f"{{{{{name}}}}}", f"\\constant{{{name}}}"):
            files = {
                path: text if path.endswith((".in", ".ans")) else text.replace(written, str(value))
                for path, text in files.items()
            }
    return files


def _is_text(text: str) -> bool:
    """Whether a text, which may have bytes as surrogates, has none. No prompt could contain them, and no output."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(short: str, settings: dict[str, Any]) -> None:
    said = {*_words(settings.get("validation")), *_words(settings.get("type"))}
    if "interactive" in said:
        raise LeftOut(short, "is interactive")
    if "multi-pass" in said:
        raise LeftOut(short, "runs a program in several passes")
    if said & {"score", "scoring"}:
        raise LeftOut(short, "gives scores")
    if "submit-answer" in said:
        raise LeftOut(short, "asks for answers and not for a program")


def _title(settings: dict[str, Any]) -> str:
    name = settings.get("name") or ""
    return str(name.get("en") or next(iter(name.values()), "")) if isinstance(name, dict) else str(name)


def _statement(short: str, files: Files) -> tuple[str, str]:
    """The statement (in English if available) and its file type."""
    paths = [PurePosixPath(path) for path in files]
    found = [path for path in paths if path.parts[0] in ("problem_statement", "statement") and len(path.parts) == 2]
    texts = [path for path in found if path.stem.partition(".")[0] == "problem" and path.suffix in _KINDS]
    if not texts:
        raise LeftOut(short, "has a PDF as its statement" if found else "has no statement")
    best = min(texts, key=lambda path: (path.stem not in ("problem.en", "problem"), _KINDS.index(path.suffix)))
    return files[str(best)], best.suffix


def _tests(files: Files, kind: str) -> tuple[TestCase, ...]:
    inputs = _names(files, kind)
    alone = [name for name in inputs if f"{name}.ans" not in files]
    if alone:
        raise ValueError(f"there is no {alone[0]}.ans")
    return tuple(TestCase(files[f"{name}.in"], files[f"{name}.ans"]) for name in inputs)


def _names(files: Files, kind: str) -> list[str]:
    """The paths of the tests without their suffixes, in order."""
    inputs = sorted(path for path in files if path.startswith(f"data/{kind}/") and path.endswith(".in"))
    return [path.removesuffix(".in") for path in inputs]


def _seconds(files: Files, limits: dict[str, Any]) -> float | None:
    return float(files.get(".timelimit", "").strip() or limits.get("time_limit") or 0) or None


def _programs(files: Files, kinds: tuple[str, ...]) -> tuple[str, ...]:
    folders = {f"submissions/{kind}" for kind in kinds}  # a program of several files is a subfolder
    paths = [path for path in files if str(PurePosixPath(path).parent) in folders]
    return tuple(files[path] for path in paths if not _PYTHON2.match(files[path]))


def _checker(short: str, settings: dict[str, Any], files: Files, limits: dict[str, Any]) -> AnyChecker:
    flags = _flags(short, settings, files)
    own = {path: text for path, text in files.items() if path.startswith(("output_validators/", "output_validator/"))}
    # In the legacy format the folder alone does not say that the validator is used.
    legacy = str(settings.get("problem_format_version") or "legacy").startswith("legacy")
    is_used = any(path.startswith("output_validator/") or not legacy for path in own)
    if not is_used and "custom" not in _words(settings.get("validation")):
        return TokenChecker.of_flags(list(flags))
    return replace(_program(short, own), flags=flags, limits=_limits(limits))


def _program(short: str, own: Files) -> CheckerProgram:
    programs = [path for path in own if path.startswith("output_validators/") and not _NO_PROGRAM.search(path)]
    if len({path.split("/")[1] for path in programs}) > 1:
        raise LeftOut(short, "has several output validators")
    texts = {PurePosixPath(path).name: text for path, text in own.items()}
    if _SCRIPTS & texts.keys():
        raise LeftOut(short, "has an output validator that is built by scripts")
    python = {name: text for name, text in texts.items() if name.endswith(".py")}
    if len(python) > 1:
        raise LeftOut(short, "has an output validator of several files")
    if python:
        return CheckerProgram("python", "kattis", tuple(python.items()))
    if not any(name.endswith(SOURCES) for name in texts):
        raise LeftOut(short, "has an output validator that is neither in Python nor in C++")
    return CheckerProgram("c++", "kattis", tuple(each for each in texts.items() if each[0].endswith(_CPP)))


def _flags(short: str, settings: dict[str, Any], files: Files) -> tuple[str, ...]:
    """The flags of the validator: those of the problem and of its tests, which must all have the same. A test has those
    of its own settings, or of the nearest folder that has some."""
    named: dict[str, tuple[str, ...]] = {}
    for path in files:
        if path.startswith("data/") and path.endswith(".yaml"):
            own = _settings(files, path)
            if own.get("args"):
                raise LeftOut(short, "gives its programs files or arguments")
            file = PurePosixPath(path)
            flags = own.get("output_validator_flags", own.get("output_validator_args"))
            if flags is not None:
                named[str(file.parent if file.name in _GROUP_SETTINGS else file.with_suffix(""))] = _words(flags)
    tests = [PurePosixPath(name) for kind in ("sample", "secret") for name in _names(files, kind)]
    places = [(str(each) for each in (test, *test.parents)) for test in tests]
    found = {next((named[place] for place in above if place in named), ()) for above in places}
    if len(found) > 1:
        raise LeftOut(short, "has validator flags for some of its tests only")
    return (*_words(settings.get("validator_flags")), *(found.pop() if found else ()))


def _limits(limits: dict[str, Any]) -> Limits:
    seconds = float(limits.get("validation_time") or CHECKER_LIMITS.seconds)
    if not 0 < seconds <= LONGEST_SECONDS:
        raise ValueError(f"validation_time is {seconds:g}")
    memory = int(float(limits.get("validation_memory") or 0) * 2**20) or CHECKER_LIMITS.memory_bytes
    return replace(CHECKER_LIMITS, seconds=seconds, memory_bytes=memory)


def _words(value: Any) -> tuple[str, ...]:
    """The words of a text, or a list of them."""
    return tuple(map(str, value)) if isinstance(value, list) else tuple(str(value or "").split())
