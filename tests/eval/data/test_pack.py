"""The bundled pack, by the judge: its right programs are right, its wrong ones are caught by hidden tests."""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet
from eval.data.rows import PACK_FOLDER
from eval.pack.build import SPLITS, _row, pack_hash  # the one private name: a whole build is too slow for a test
from judge.judge import judge
from judge.verdict import TestCase
from program.problem import Problem


@pytest.fixture(scope="module")
def pack() -> dict[str, ProblemSet]:
    return {split: load_problems("pack", split) for split in SPLITS}


def side_by_side(check: Callable[[ProblemSet, Problem], str], pack: dict[str, ProblemSet]) -> list[str]:
    """What `check` has to say about each problem, empty answers left out."""
    tasks = [(problems, problem) for problems in pack.values() for problem in problems.problems]
    with ThreadPoolExecutor(4) as pool:
        return [said for said in pool.map(lambda task: check(*task), tasks) if said]


def repeated(items: Iterable[str]) -> set[str]:
    items = list(items)
    return {item for item in items if items.count(item) > 1}


def test_every_right_program_passes_every_test(pack):
    def check(problems: ProblemSet, problem: Problem) -> str:
        tests = [*problem.tests(), *problems.hidden(problem.name).all()]
        for number, program in enumerate(problems.known(problem.name).right):
            report = judge(program, tests, problem.limits(), stop_at_failure=True)
            if not report.all_passed:
                return f"{problem.name}, right program {number}: {report.verdict}"
        return ""

    assert side_by_side(check, pack) == []


@pytest.mark.parametrize("share", [0.25, pytest.param(1.0, marks=pytest.mark.long)])
def test_every_wrong_program_does_something_right_and_fails_a_hidden_test(pack, share):
    """With all of the time that it has, or with a quarter, so that those which never end are stopped soon."""

    def check(problems: ProblemSet, problem: Problem) -> str:
        hidden, limits = problems.hidden(problem.name).all(), problem.limits()
        limits = replace(limits, seconds=share * limits.seconds)
        for number, program in enumerate(problems.known(problem.name).wrong):
            until_failure = judge(program, hidden, limits, stop_at_failure=True)
            if until_failure.all_passed:
                return f"{problem.name}, wrong program {number} passes all hidden tests"
            if until_failure.passed == 0 and not any_passes(program, problem, [*problem.tests(), *hidden]):
                return f"{problem.name}, wrong program {number} passes no test at all"
        return ""

    assert side_by_side(check, pack) == []


def any_passes(program: str, problem: Problem, tests: Sequence[TestCase]) -> bool:
    return any(judge(program, [test], problem.limits()).all_passed for test in tests)


def test_every_problem_has_few_public_and_many_hidden_tests(pack):
    for problems in pack.values():
        assert len(problems.problems) >= 36
        for problem in problems.problems:
            hidden = problems.hidden(problem.name).all()
            assert 1 <= len(problem.public_tests) <= 3, problem.name
            assert len(hidden) >= 8, problem.name
            assert not {test.input for test in hidden} & {test.input for test in problem.public_tests}, problem.name
            assert not repeated(test.input for test in hidden), problem.name


def test_no_two_problems_are_the_same_and_no_name_is_in_both_splits(pack):
    everything = [problem for problems in pack.values() for problem in problems.problems]
    assert not repeated(problem.name.lower() for problem in everything)
    assert not repeated(" ".join(problem.description.split()).lower() for problem in everything)


@pytest.mark.parametrize("source", ["valid/bracket_box", "valid/two_goats", "test/letter_stamp"])
def test_a_built_problem_is_what_its_source_gives(source):
    split = source.partition("/")[0]
    made = _row(tomllib.loads((PACK_FOLDER / "source" / f"{source}.toml").read_text()))
    stored = [json.loads(line) for line in (PACK_FOLDER / "data" / f"{split}.jsonl").read_text().splitlines()]
    assert [row for row in stored if row["name"] == made["name"]] == [made]


@pytest.mark.parametrize("split", SPLITS)
def test_every_source_is_built_in_the_order_of_file_names(split):
    paths = sorted((PACK_FOLDER / "source" / split).glob("*.toml"))
    sources = [tomllib.loads(path.read_text()) for path in paths]
    stored = [json.loads(line) for line in (PACK_FOLDER / "data" / f"{split}.jsonl").read_text().splitlines()]
    assert [row["name"] for row in stored] == [source["name"] for source in sources]
    for row, source in zip(stored, sources, strict=True):
        assert row["description"].strip() == source["description"].strip()
        assert row["private_tests"]["input"] == [test["input"] for test in source["hidden"]]
        assert row["solutions"]["solution"] == source["solutions"]
        assert row["incorrect_solutions"]["solution"] == source["wrong"]


def test_the_pack_is_the_frozen_one():
    recorded = re.findall(r"^frozen: sha256 ([0-9a-f]{64})$", (PACK_FOLDER / "README.md").read_text(), re.MULTILINE)
    assert recorded == [pack_hash()]
