"""Layouts of datasets: known by their columns, read as problems, hidden tests and facts, and refused in one line."""

import base64
import json
import logging
import os
import pickle
import shutil
import zlib
from pathlib import Path
from typing import Any

import datasets
import pytest

from eval.data.load import load_problems
from eval.data.problem_set import DataError, Facts
from eval.rollouts.score import score
from judge.verdict import TestCase
from tests.support.packs import VALID, write_dataset
from tests.support.paths import FIXTURES


@pytest.fixture(autouse=True)
def own_datasets_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("eval.data.rows.CACHE_FOLDER", tmp_path / "cache")


def rows_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FIXTURES / name).read_text().splitlines()]


def load_rows(tmp_path: Path, rows: list[dict[str, Any]]):
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    return load_problems(str(tmp_path / "rows.json"), "test")


def packed(value: Any) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


def test_livecodebench_gives_problems_packed_and_plain_hidden_tests_and_facts():
    problems = load_problems(str(FIXTURES / "livecodebench.jsonl"), "test")
    assert [problem.name for problem in problems.problems] == ["abc900_a. Twice", "1999_B. Square", "9001. Add Two"]
    twice = problems.problem("abc900_a. Twice")
    assert twice.tests() == [TestCase("3", "6")] and twice.description.startswith("Print twice")
    assert problems.hidden(twice.name).all() == [TestCase("12", "24"), TestCase("-45", "-90")]
    assert problems.hidden("1999_B. Square").private == (TestCase("12\n", "144\n"),)
    assert problems.facts(twice.name) == Facts("easy", ("atcoder",), 0, 20240302, "")
    assert problems.name_of("abc900_a") == problems.name_of("abc900_a. Twice") == "abc900_a. Twice"


def test_livecodebenchs_problems_for_functions_without_a_name_are_left_out_and_counted(tmp_path, caplog):
    rows = rows_of("livecodebench.jsonl")
    with caplog.at_level(logging.WARNING):
        problems = load_rows(tmp_path, [*rows[:2], {**rows[2], "metadata": "{}"}])
    reason = "asks for a function without giving its name"
    assert dict(problems.left_out) == {"9001": reason} and problems.name_of("9001") is None
    assert caplog.messages[0].endswith(f"(livecodebench): left out 1 of 3 problems: {reason}")


def test_the_hub_copy_of_livecodebench_is_read_with_all_its_files_and_its_loading_script(tmp_path):
    folder = tmp_path / "code_generation_lite"
    folder.mkdir()
    rows = rows_of("livecodebench.jsonl")
    for name, row in (("test.jsonl", rows[0]), ("test2.jsonl", rows[1])):
        (folder / name).write_text(json.dumps(row) + "\n")
    (folder / "code_generation_lite.py").write_text("raise SystemExit('run by nobody')\n")
    problems = load_problems(str(folder), "test")
    assert {problem.name for problem in problems.problems} == {"abc900_a. Twice", "1999_B. Square"}
    assert problems.facts("1999_B. Square").contest == 20240805, "also where datasets reads the day as a time"


class Burglar:
    """Runs a command where it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_a_pickle_that_would_run_something_is_refused_and_runs_nothing(tmp_path):
    row = {**rows_of("livecodebench.jsonl")[0], "private_test_cases": packed(Burglar(f"touch {tmp_path}/broken"))}
    with pytest.raises(DataError, match=r"abc900_a.*livecodebench.*it needs posix\.system"):
        load_rows(tmp_path, [row])
    assert not (tmp_path / "broken").exists()


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "no base64!",
        base64.b64encode(b"not compressed").decode(),
        packed([1, 2]),
        packed("{not json"),
        packed("x")[:30],
    ],
)
def test_private_tests_that_cannot_be_unpacked_are_one_line(tmp_path, cell):
    row = {**rows_of("livecodebench.jsonl")[0], "private_test_cases": cell}
    with pytest.raises(DataError, match="abc900_a") as caught:
        load_rows(tmp_path, [row])
    assert "\n" not in str(caught.value)


def test_a_split_of_which_no_problem_can_be_asked_is_refused(tmp_path):
    row = {**rows_of("apps.jsonl")[1], "input_output": '{"fn_name": "add", "inputs": [], "outputs": []}'}
    with pytest.raises(DataError, match="no problem is supported; the first has no tests that can be read"):
        load_rows(tmp_path, [row])


def test_apps_tests_that_the_statement_shows_are_public_and_the_others_hidden():
    problems = load_problems(str(FIXTURES / "apps.jsonl"), "test")
    assert [problem.name for problem in problems.problems] == [f"apps_000{number}" for number in range(6)]
    # "5" → "10" is a test of its own, though "20 5" stands among the examples.
    assert problems.problem("apps_0000").tests() == [TestCase("3\n", "6\n")]
    assert problems.hidden("apps_0000").all() == [TestCase("5\n", "10\n"), TestCase("12\n", "24\n")]
    assert problems.problem("apps_0002").tests() == [TestCase("3\n", "9\n")]
    assert problems.hidden("apps_0003").all() == [TestCase("a\nb", "a\nb")], "lines are joined"
    assert problems.known("apps_0000").right == ("print(2 * int(input()))\n",)
    assert not problems.left_out


def test_functions_of_apps_are_called_with_their_arguments_and_compared_as_its_runner_does():
    problems = load_problems(str(FIXTURES / "apps.jsonl"), "test")
    method, function = (problems.problem(f"apps_000{number}") for number in (1, 5))
    assert method.function and function.function
    assert (method.function.entry_point, function.function.entry_point) == ("Solution.add", "counts")
    assert function.tests() == [TestCase("[1, 1]", "{1: 2}"), TestCase("[]", "{}")], "keys are numbers again"
    assert problems.hidden("apps_0005").all() == [TestCase("[3, 4, 3]", "[{3: 2, 4: 1}]")]
    add = "class Solution:\n    def add(self, a, b):\n        return a + b\n"
    boxed = "class Solution:\n    def add(self, a, b):\n        return [a + b]\n"
    assert [score(each, method, problems).hidden_rate for each in (add, boxed)] == [1.0, 0.0]
    (known,) = problems.known("apps_0005").right
    assert score(known, function, problems).solved, "the solution in a class is none of a function"


def test_arguments_of_apps_that_are_no_list_are_one_line(tmp_path):
    row = {**rows_of("apps.jsonl")[5], "input_output": '{"fn_name": "counts", "inputs": [3], "outputs": [3]}'}
    with pytest.raises(DataError, match=r"problem '5' does not have the layout of apps \(TypeError: the arguments"):
        load_rows(tmp_path, [row])


def test_a_cell_of_the_wrong_type_is_one_line(tmp_path):
    row = {**rows_of("code_contests_plus.jsonl")[0], "time_limit": float("inf")}
    with pytest.raises(DataError, match=r"of code_contests_plus \(seconds: Input should be a finite number\)"):
        load_rows(tmp_path, [row])


def test_a_hidden_test_of_apps_that_ends_like_an_example_stays_hidden(tmp_path):
    row = rows_of("apps.jsonl")[0]
    row["input_output"] = json.dumps({"inputs": ["5\n", "20 5\n", "3\n"], "outputs": ["40\n", "40\n", "6 7\n"]})
    problems = load_rows(tmp_path, [row])
    assert problems.problems[0].tests() == [TestCase("20 5\n", "40\n")]
    assert problems.hidden("apps_0000").all() == [TestCase("5\n", "40\n"), TestCase("3\n", "6 7\n")]


def test_facts_of_apps_come_from_the_address():
    problems = load_problems(str(FIXTURES / "apps.jsonl"), "test")
    assert problems.facts("apps_0000") == Facts("interview", ("codeforces.com",), 0, 1999, "C")
    assert problems.facts("apps_0003") == Facts("competition", ("codechef.com",), 0, None, "")


def test_facts_of_codecontests_have_the_names_of_the_dataset_card(tmp_path):
    changes = [
        {"difficulty": 8, "cf_tags": ["dp", "graphs"], "cf_rating": 1500, "cf_contest_id": 1575, "cf_index": "B"},
        {"difficulty": 0, "cf_tags": [""]},
        {"difficulty": 28},
    ]
    rows = [{**task.row(), **change} for task, change in zip(VALID, changes, strict=False)]
    problems = load_problems(str(write_dataset(tmp_path / "data", {"valid": rows})), "valid")
    facts = [problems.facts(problem.name) for problem in problems.problems]
    assert facts[0] == Facts("B", ("dp", "graphs"), 1500, 1575, "B")
    assert facts[1] == Facts("UNKNOWN_DIFFICULTY", (), 0, None, "") and facts[2].difficulty == "V"


def test_alphacodiums_processed_dataset_with_names_for_numbers_and_tests_marked_invalid(tmp_path):
    row = VALID[0].row()
    row["difficulty"] = "A"
    row["solutions"]["language"] = ["CPP", "PYTHON3"]
    for kind in ("public_tests", "private_tests", "generated_tests"):
        row[kind]["is_valid_test"] = None
    row["generated_tests"] = {"input": ["1\n", "-\n"], "output": ["2\n", "?\n"], "is_valid_test": [True, False]}
    saved = datasets.DatasetDict({"valid": datasets.Dataset.from_list([row])})
    saved.save_to_disk(tmp_path / "processed")
    problems = load_problems(str(tmp_path / "processed"), "valid")
    assert problems.hidden("Twice").generated == (TestCase("1\n", "2\n"),)
    assert problems.known("Twice").right == (VALID[0].right,) and problems.facts("Twice").difficulty == "A"
    with pytest.raises(DataError, match=r"there is no split test, only valid"):
        load_problems(str(tmp_path / "processed"), "test")


def test_a_parquet_file_is_taken_for_the_split_that_is_asked_for(tmp_path):
    folder = write_dataset(tmp_path / "data", {"valid": [task.row() for task in VALID]})
    shutil.copy(next(folder.rglob("*.parquet")), tmp_path / "some.parquet")
    problems = load_problems(str(tmp_path / "some.parquet"), "test")
    assert len(problems.problems) == len(VALID) and problems.split == "test"


def test_columns_of_no_known_layout_are_named(tmp_path):
    with pytest.raises(DataError, match=r"columns answer, question match no known layout \(.*apps"):
        load_rows(tmp_path, [{"question": "Who?", "answer": "Me."}])


@pytest.mark.parametrize("name", ["livecodebench.jsonl", "apps.jsonl"])
def test_no_problem_holds_a_hidden_test(name):
    problems = load_problems(str(FIXTURES / name), "test")
    for problem in problems.problems:
        public = set(problem.tests())
        assert not public & set(problems.hidden(problem.name).all())
        shown = {"name", "description", "public_tests", "seconds", "memory_bytes"}
        assert set(problem.model_dump()) - {"function"} == shown
