"""The loader: every way to problems gives the same objects, hidden tests stay apart, errors are one line."""

import json
from pathlib import Path
from typing import Any

import datasets
import pytest

from eval.data.load import load_problems
from eval.data.problem_set import DataError
from judge.verdict import TestCase
from program.errors import UserError
from program.problem import Problem
from tests.support.packs import VALID, Task, write_dataset, write_pack
from tests.support.paths import ROOT

REAL_DATA = ROOT.parent / "shared" / "codecontests"

ALPHACODIUM_PROBLEM = {
    "name": "my_problem",
    "description": "Print the number of letters of the word.\n",
    "public_tests": {"input": ["abc\n"], "is_valid_test": None, "output": ["3\n"]},
    "private_tests": {"input": ["a\n"], "is_valid_test": None, "output": ["1\n"]},
    "generated_tests": {"input": [], "is_valid_test": None, "output": []},
}


@pytest.fixture(autouse=True)
def own_datasets_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("eval.data.rows.CACHE_FOLDER", tmp_path / "cache")


def strings_in(value: Any) -> list[str]:
    """Every string in a nested value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings_in(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in strings_in(item)]
    return []


def row(**changes: Any) -> dict[str, Any]:
    return {**VALID[0].row(), **changes}


def write_json(path: Path, value: Any) -> str:
    path.write_text(json.dumps(value))
    return str(path)


def refusal(data: str | Path, split: str = "valid") -> str:
    """What the loader says when it refuses, which must be one line."""
    with pytest.raises(UserError) as caught:
        load_problems(str(data), split)
    said = str(caught.value)
    assert said and "\n" not in said
    return said


@pytest.mark.parametrize("split", ["valid", "test"])
def test_the_bundled_pack_has_36_problems_a_split_that_an_evaluation_can_use(split):
    problems = load_problems("pack", split)
    assert (problems.data, problems.split, len(problems.problems)) == ("pack", split, 36)
    for problem in problems.problems:
        hidden, known = problems.hidden(problem.name), problems.known(problem.name)
        assert problem.public_tests and hidden.private and len(known.right) == len(known.wrong) == 2
        assert 0 < problem.seconds <= 10 and problem.memory_bytes == 256 * 2**20


def test_the_pack_is_the_same_from_any_working_directory(monkeypatch, tmp_path):
    at_root = load_problems("pack", "valid")
    monkeypatch.chdir(tmp_path)
    assert load_problems("pack", "valid").fingerprint == at_root.fingerprint


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_a_local_folder_in_the_hub_layout(tmp_path, form):
    rows = [task.row() for task in VALID]
    folder = write_dataset(tmp_path / form, {"valid": rows, "test": rows[:1]}, form)
    problems = load_problems(str(folder), "valid")
    assert [problem.name for problem in problems.problems] == [task.name for task in VALID]
    first = problems.problems[0]
    assert (first.seconds, first.memory_bytes) == (2.5, 256_000_000)
    assert [(test.input, test.output) for test in first.public_tests] == [("3\n", "6\n"), ("7\n", "14\n")]
    hidden = problems.hidden("Twice")
    assert hidden.private == (TestCase("12\n", "24\n"),) and hidden.generated == (TestCase("45\n", "90\n"),)
    assert problems.known("Twice").right == (VALID[0].right,), "programs in other languages are left out"
    assert len(load_problems(str(folder), "test").problems) == 1


def test_a_cell_that_pandas_wrote_as_nan_is_empty(tmp_path):
    given = row(cf_rating=float("nan"), memory_limit_bytes=float("nan"))
    problems = load_problems(str(write_dataset(tmp_path / "data", {"valid": [given]})), "valid")
    (problem,) = problems.problems
    assert (problem.memory_bytes, problems.facts(problem.name).rating) == (None, 0)


def test_the_fingerprint_names_the_content_and_not_the_files(tmp_path):
    rows = [task.row() for task in VALID]
    forms = [write_dataset(tmp_path / form, {"valid": rows}, form) for form in ("parquet", "jsonl")]
    prints = {load_problems(str(folder), "valid").fingerprint for folder in forms}
    assert len(prints) == 1
    changes = {
        "name": "Other",
        "description": "Other words.",
        "public_tests": {"input": ["3\n"], "output": ["7\n"]},
        "private_tests": {"input": ["12\n"], "output": ["25\n"]},
        "generated_tests": {"input": ["46\n"], "output": ["90\n"]},
    }
    for key, value in changes.items():
        folder = write_dataset(tmp_path / key, {"valid": [row(**{key: value}), *rows[1:]]})
        prints.add(load_problems(str(folder), "valid").fingerprint)
    assert len(prints) == 1 + len(changes)


def test_the_fingerprint_covers_public_outputs_that_the_statement_shows(tmp_path):
    description = "Double it.\n\nExample\n\nInput\n\n3\n\nOutput\n\n6\n"
    prints = set()
    for output in ("6\n", "7\n"):
        tests = {"input": ["3\n"], "output": [output]}
        folder = write_dataset(
            tmp_path / output.strip(), {"valid": [row(description=description, public_tests=tests)]}, "jsonl"
        )
        prints.add(load_problems(str(folder), "valid").fingerprint)
    assert len(prints) == 2


def test_select_takes_the_first_and_keeps_the_fingerprint(tmp_path):
    problems = load_problems(str(write_pack(tmp_path / "data")), "valid")
    few = problems.select(2)
    assert few.problems == problems.problems[:2] and few.fingerprint == problems.fingerprint
    assert few.hidden("Twice") == problems.hidden("Twice")
    assert problems.select(None).problems == problems.problems


@pytest.fixture
def graded(tmp_path):
    """The four problems, graded: Twice and Square are A, Successor B, Triangle unknown."""
    facts = [
        {"difficulty": 7, "cf_tags": ["math", "dp"]},
        {"difficulty": 7, "cf_tags": ["math", "number theory"]},
        {"difficulty": 8, "cf_tags": ["graphs"]},
        {"difficulty": 0, "cf_tags": [""]},
    ]
    rows = [{**task.row(), **more} for task, more in zip(VALID, facts, strict=True)]
    return load_problems(str(write_dataset(tmp_path / "data", {"valid": rows})), "valid")


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"tags": ["math"]}, ["Twice", "Square"]),
        ({"tags": ["Number Theory", "graphs"]}, ["Square", "Successor"]),
        ({"difficulty": ["a"]}, ["Twice", "Square"]),
        ({"difficulty": ["B", "unknown_difficulty"]}, ["Successor", "Triangle"]),
        ({"difficulty": ["A"], "tags": ["dp", "graphs"]}, ["Twice"]),
        ({"tags": ["math"], "match": "S", "limit": 1}, ["Square"]),
    ],
)
def test_select_by_tag_and_difficulty(graded, options, left):
    assert [problem.name for problem in graded.select(**options).problems] == left


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tags": ["flows"]}, "no problem has --tags flows; there are: dp, graphs, math, number theory"),
        ({"difficulty": ["Z"]}, "no problem has --difficulty Z; there are: a, b, unknown_difficulty"),
        ({"difficulty": ["A"], "tags": ["graphs"]}, "no problem is left"),
        ({"limit": 0}, "--limit must be at least 1"),
    ],
)
def test_a_selection_of_nothing_is_refused(graded, options, said):
    with pytest.raises(DataError) as caught:
        graded.select(**options)
    assert str(caught.value).endswith(said)


def test_selected_problems_keep_what_belongs_to_them(graded):
    few = graded.select(tags=["graphs"])
    assert "Successor" in few and "Twice" not in few
    assert few.facts("Successor").tags == ("graphs",) and few.hidden("Successor").all()
    assert few.name_of("Twice") == "Twice" and few.name_of("Thrice") is None, "names of the whole split are known"


def test_problems_without_hidden_tests_are_left_out_of_what_is_scored(tmp_path, caplog):
    none = {"input": [], "output": []}
    rows = [VALID[0].row(), {**VALID[1].row(), "private_tests": none, "generated_tests": none}]
    problems = load_problems(str(write_dataset(tmp_path / "data", {"valid": rows})), "valid")
    assert len(problems.select().problems) == 2
    assert [problem.name for problem in problems.select(scored=True).problems] == ["Twice"]
    assert caplog.messages[-1].endswith("1 of 2 problems have no hidden tests and are left out")
    with pytest.raises(DataError, match=r"'Square' has no hidden tests.*program\.solve"):
        problems.select(match="Square", scored=True)


@pytest.mark.skipif(
    not REAL_DATA.is_dir(), reason="../shared/codecontests is absent: no real CodeContests problems here"
)
@pytest.mark.parametrize(("split", "count"), [("train", 85), ("test", 47)])
def test_real_codecontests(split, count):
    problems = load_problems(str(REAL_DATA), split)
    assert len(problems.problems) == count
    without_limit = [problem for problem in problems.problems if problem.seconds is None]
    # The train rows have no time limit, the test rows have real ones; nobody knows the memory limits.
    assert len(without_limit) == count if split == "train" else len(without_limit) < count
    assert {problem.memory_bytes for problem in problems.problems} == {None}
    assert all(problems.hidden(problem.name).all() for problem in problems.problems)
    assert all(test.input.endswith("\n") for test in problems.hidden(problems.problems[0].name).all())


def test_alphacodiums_custom_problem_format(tmp_path):
    problems = load_problems(write_json(tmp_path / "problem.json", ALPHACODIUM_PROBLEM), "valid")
    (problem,) = problems.problems
    assert problem.name == "my_problem" and problem.tests() == [TestCase("abc\n", "3\n")]
    assert (problem.seconds, problem.memory_bytes) == (None, None)
    assert problems.hidden("my_problem").all() == [TestCase("a\n", "1\n")]
    assert problems.known("my_problem").right == ()


def test_a_custom_problem_needs_no_hidden_tests(tmp_path):
    bare = {key: ALPHACODIUM_PROBLEM[key] for key in ("name", "description", "public_tests")}
    problems = load_problems(write_json(tmp_path / "problem.json", [bare]), "whatever")
    assert problems.hidden("my_problem").all() == []


def test_a_hub_name_is_asked_for_by_that_very_name_and_split(monkeypatch):
    asked = []

    def load_dataset(*arguments, **options):
        asked.append((arguments, options["split"]))
        return datasets.Dataset.from_list([task.row() for task in VALID])

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    problems = load_problems("deepmind/code_contests", "valid")
    load_problems("OWNER/NAME:1x", "train")
    assert asked == [(("deepmind/code_contests",), "valid"), (("OWNER/NAME", "1x"), "train")]
    assert [problem.name for problem in problems.problems] == [task.name for task in VALID]


def test_the_hub_out_of_reach_is_one_line(monkeypatch):
    def load_dataset(*_, **__):
        raise ConnectionError("Couldn't reach 'deepmind/code_contests' on the Hub\n(more\nlines)")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    said = refusal("deepmind/code_contests", "test")
    assert said == "there is no folder or file deepmind/code_contests, and the hub cannot be reached"


@pytest.mark.parametrize(
    "data", ["./nowhere", "../no/where", "one/two/three", "/nowhere", "~/nowhere", "nowhere.jsonl"]
)
def test_a_path_that_is_not_there_is_never_asked_of_the_hub(monkeypatch, data):
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: pytest.fail("the hub was asked"))
    assert refusal(data) == f"there is no folder or file {data}"


def unknown(*_):
    raise OSError("Name or service not known")


def test_a_hub_that_cannot_be_looked_up_is_not_tried_but_its_cache_is(monkeypatch):
    offline = []

    def load_dataset(*_, **__):
        offline.append(datasets.config.HF_HUB_OFFLINE)
        return datasets.Dataset.from_list([task.row() for task in VALID])

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("eval.data.rows.getproxies", dict)
    monkeypatch.setattr("eval.data.rows.socket.getaddrinfo", unknown)
    assert len(load_problems("owner/name", "valid").problems) == len(VALID)
    monkeypatch.setattr("eval.data.rows.socket.getaddrinfo", lambda *_: ["an address"])
    load_problems("owner/name", "valid")
    monkeypatch.setattr("eval.data.rows.socket.getaddrinfo", unknown)
    monkeypatch.setattr("eval.data.rows.getproxies", lambda: {"https": "http://proxy"})
    load_problems("owner/name", "valid")
    assert offline == [True, False, False] and datasets.config.HF_HUB_OFFLINE is False


def test_without_a_network_a_hub_name_is_refused_in_a_line(monkeypatch, tmp_path):
    monkeypatch.setattr("eval.data.rows.getproxies", dict)
    monkeypatch.setattr("eval.data.rows.socket.getaddrinfo", unknown)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    assert refusal("owner/name") == "there is no folder or file owner/name, and the hub cannot be reached"


def test_no_such_split_names_those_there_are():
    said = refusal("pack", "train")
    assert "train" in said and "valid" in said and "test" in said


@pytest.mark.parametrize("there", ["valid", "validation", "dev"])
@pytest.mark.parametrize("asked", ["valid", "validation", "val"])
@pytest.mark.parametrize("form", ["lines", "parquet", "saved"])
def test_any_name_of_the_validation_split_finds_it(tmp_path, form, asked, there):
    rows, folder = datasets.Dataset.from_list([task.row() for task in VALID]), tmp_path / "mine"
    (folder / "data").mkdir(parents=True)
    if form == "lines":
        rows.to_json(folder / "data" / f"{there}.jsonl")
    elif form == "parquet":
        rows.to_parquet(folder / "data" / f"{there}-00000-of-00001.parquet")
    else:
        datasets.DatasetDict({there: rows}).save_to_disk(folder)
    assert len(load_problems(str(folder), asked).problems) == len(VALID)
    named = "validation" if form == "lines" else there  # `datasets` names the split of a file so
    assert named in refusal(folder, "test")


def test_files_that_are_not_there_or_not_json_and_rows_of_another_schema(tmp_path):
    (tmp_path / "broken.json").write_text("{not json")
    assert "broken.json" in refusal(tmp_path / "broken.json")
    assert "absent.json" in refusal(tmp_path / "absent.json")
    rows = [{"question": "Who?", "answer": "Me."}]
    assert "code_contests" in refusal(write_dataset(tmp_path / "data", {"valid": rows}))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "no problems"),
        ([1, 2], "problems.json"),
        ([ALPHACODIUM_PROBLEM, None], "not a JSON object"),
        ({**ALPHACODIUM_PROBLEM, "public_tests": ["3", "6"]}, "my_problem"),
        ({**ALPHACODIUM_PROBLEM, "description": None}, "description"),
        ({**ALPHACODIUM_PROBLEM, "private_tests": {"input": [12], "output": [24]}}, "my_problem"),
    ],
)
def test_json_of_another_shape(tmp_path, value, said):
    assert said in refusal(write_json(tmp_path / "problems.json", value))


def test_a_name_that_occurs_twice(tmp_path):
    rows = [task.row() for task in (*VALID, VALID[1])]
    assert "'Square'" in refusal(write_dataset(tmp_path / "data", {"valid": rows}))


@pytest.mark.parametrize("kind", ["public_tests", "private_tests", "generated_tests"])
def test_more_inputs_than_outputs(tmp_path, kind):
    uneven = row(**{kind: {"input": ["1\n", "2\n"], "output": ["2\n"]}})
    assert "'Twice'" in refusal(write_dataset(tmp_path / "data", {"valid": [uneven]}))


def test_a_problem_holds_no_hidden_test(tmp_path):
    secret = Task(
        "Echo", "print(input())\n", "print()\n", ("open\n", "secret one\n", "secret two\n"), lambda text: text
    )
    problems = load_problems(str(write_pack(tmp_path / "data", [secret])), "valid")
    (problem,) = problems.problems
    shown = strings_in(problem.model_dump())
    assert any("open" in text for text in shown) and not any("secret" in text for text in [*shown, repr(problem)])
    assert "secret" not in repr(problems), "a set in a log or a traceback shows no hidden test"
    assert all("secret" in test.input for test in problems.hidden("Echo").all())
    with pytest.raises(ValueError, match="extra"):
        Problem(name="x", description="y", private_tests=())  # pyright: ignore[reportCallIssue]


def test_no_problem_of_the_pack_holds_a_hidden_input():
    for split in ("valid", "test"):
        problems = load_problems("pack", split)
        for problem in problems.problems:
            shown = strings_in(problem.model_dump())
            public = {test.input for test in problem.public_tests}
            # Short inputs ("3\n") occur in any text by chance.
            long = [t.input for t in problems.hidden(problem.name).all() if len(t.input) > 20 and t.input not in public]
            assert not any(text.strip() in each for text in long for each in shown), problem.name


def test_lines_of_tests_end_in_line_feeds(tmp_path, caplog):
    """A Python program that reads a line keeps the carriage return of CR LF, and so fails on tests from Windows."""
    data = ALPHACODIUM_PROBLEM | {
        "public_tests": {"input": ["a b\r\nc\r\n"], "is_valid_test": None, "output": ["3\r\n"]},
        "private_tests": {"input": ["a\r\nb\r"], "is_valid_test": None, "output": ["1\n"]},
    }
    loaded = load_problems(write_json(tmp_path / "p.json", data), "any")
    assert [test.case() for test in loaded.problems[0].public_tests] == [TestCase("a b\nc\n", "3\n")]
    assert loaded.hidden("my_problem").all() == [TestCase("a\nb\r", "1\n")]
    assert "tests of 1 problems have CR LF line ends" in caplog.text


def test_a_folder_of_too_many_files_is_no_dataset(tmp_path, monkeypatch):
    monkeypatch.setattr("eval.data.rows.MOST_ENTRIES", 3)
    for number in range(4):
        (tmp_path / "deep" / f"{number}").mkdir(parents=True)
    with pytest.raises(DataError, match="more than 3 files and folders"):
        load_problems(str(tmp_path), "test")


@pytest.mark.parametrize("fault", [StopIteration(), ValueError("no rows"), OSError()])
def test_a_folder_that_datasets_cannot_read_is_one_line(tmp_path, monkeypatch, fault):
    def load_dataset(*_, **__):
        raise fault

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    said = str(fault) or type(fault).__name__
    with pytest.raises(DataError, match=f"split test cannot be loaded: {said}$"):
        load_problems(str(tmp_path), "test")
