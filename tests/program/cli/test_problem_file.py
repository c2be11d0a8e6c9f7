"""A problem may be a statement or JSON, in a file or on standard input."""

import io
import json
import sys
from types import SimpleNamespace

import pytest

from program.cli.problem_file import read_problem
from program.errors import UserError
from program.problem import Problem, PublicTest
from tests.support.paths import ROOT

PAIRS = (PublicTest(input="1 2\n", output="3\n"), PublicTest(input="-7 7\n", output="0\n"))
LISTS = {"input": ["1 2\n", "-7 7\n"], "output": ["3\n", "0\n"]}
STATEMENT = "Print a + b.\n\nTime limit: 3 sec, memory limit: 64 MB\n\nExample\nInput\n5 6\nOutput\n11"


@pytest.fixture
def read(tmp_path):
    def read(content: object, name: str = "problem.json") -> Problem:
        file = tmp_path / name
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return read_problem(str(file))

    return read


@pytest.mark.parametrize(
    "tests",
    [
        LISTS,
        {"inputs": LISTS["input"], "outputs": LISTS["output"], "is_valid": None},
        [["1 2\n", "3\n"], ["-7 7\n", "0\n"]],
        [{"input": "1 2\n", "output": "3\n"}, {"input": "-7 7\n", "output": "0\n", "why": "both"}],
    ],
)
@pytest.mark.parametrize("key", ["public_tests", "tests", "examples"])
def test_tests_are_lists_or_pairs(read, tests, key):
    assert read({"name": "Sum", "description": "Add.", key: tests, "private_tests": [["9", "9"]]}) == Problem(
        name="Sum", description="Add.", public_tests=PAIRS
    )


def test_numbers_and_single_texts_are_taken_as_what_they_mean(read):
    assert read({"statement": "Add.", "tests": [[5, 6.5]]}).public_tests == (PublicTest(input="5", output="6.5"),)
    single = read({"statement": "Add.", "tests": {"input": "1", "output": "2"}})
    assert single.public_tests == (PublicTest(input="1", output="2"),)


def test_what_json_does_not_give_is_in_its_statement(read):
    problem = read({"description": STATEMENT})
    assert problem.public_tests == (PublicTest(input="5 6\n", output="11\n"),)
    assert (problem.name, problem.seconds, problem.memory_bytes) == ("Print a + b.", 3.0, 64 * 2**20)
    given = read({"description": STATEMENT, "tests": LISTS, "time_limit": {"seconds": 1}, "memory_limit_bytes": 5})
    assert (given.public_tests, given.seconds, given.memory_bytes) == (PAIRS, 1.0, 5)
    assert read({"description": "Add.", "time_limit": "1.5 seconds"}).seconds == 1.5


@pytest.mark.parametrize("name", ["problem.md", "problem.txt", "problem"])
def test_a_statement_is_read_from_text(read, name):
    problem = read(STATEMENT, name)
    assert problem.public_tests == (PublicTest(input="5 6\n", output="11\n"),)
    assert (problem.description, problem.seconds) == (STATEMENT, 3.0)


def test_a_statement_may_begin_with_a_bracket_and_json_may_be_in_any_file(read):
    assert read("[a, b] is a range. Print its length.", "problem.md").name == "[a, b] is a range. Print its length."
    assert read({"description": "Add."}, "problem.txt").description == "Add."
    assert read([{"description": "Add."}]).description == "Add."


def test_standard_input(monkeypatch):
    for text in (STATEMENT, json.dumps({"description": STATEMENT})):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
        assert read_problem("-").public_tests == (PublicTest(input="5 6\n", output="11\n"),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it is empty"),
        ("{", "is not JSON"),
        ("7", "it is not an object"),
        ('{"description": "Add."}\n\n{"description": "Multiply."}\n', "has 2 problems, one per line; use eval.run"),
        ("null", "it is not an object"),
        ([{}, {}], "it contains 2 problems"),
        ({"name": "Sum"}, "it has no description"),
        ({"description": 7}, "it has no description"),
        ({"description": "Add.", "public_tests": {"input": ["1"], "output": []}}, "needs as many outputs as inputs"),
        ({"description": "Add.", "public_tests": {"input": ["1"]}}, "public_tests has no input and output"),
        ({"description": "Add.", "tests": [["1"]]}, r"tests\[0\] is not a pair of input and output"),
        ({"description": "Add.", "tests": [["1", "2"], {"input": "1"}]}, r"tests\[1\]: input and output must be texts"),
        ({"description": "Add.", "tests": "1 2"}, "tests is not a list"),
        ({"description": "Add.", "time_limit": "long"}, "time_limit 'long' is not a number of seconds"),
    ],
)
def test_what_is_no_problem_is_refused(read, content, said):
    with pytest.raises(UserError, match=said):
        read(content)


def test_files_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"missing.md cannot be read: No such file"):
        read_problem(str(tmp_path / "missing.md"))
    (tmp_path / "latin.md").write_bytes("é".encode("latin-1"))
    with pytest.raises(UserError, match="is not text in UTF-8"):
        read_problem(str(tmp_path / "latin.md"))


@pytest.mark.parametrize("name", ["sum.md", "sum.json"])
def test_the_sample_files_are_problems(name):
    problem = read_problem(str(ROOT / "examples" / name))
    assert (problem.name, problem.public_tests, problem.seconds) == ("Two Numbers", PAIRS, 2.0)
