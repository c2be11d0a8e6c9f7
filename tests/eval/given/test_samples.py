"""Files of programs: every format is recognised by its shape and read as the same lines, others are refused."""

import gzip
import json
from pathlib import Path

import pytest

from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet
from eval.given.samples.samples import SolutionsError, read_samples
from program.errors import UserError
from tests.support.packs import VALID, write_pack
from tests.support.paths import FIXTURES

TWICE, SQUARE, ADD = "abc900_a. Twice", "1999_B. Square", "9001. Add Two"


@pytest.fixture(autouse=True)
def own_datasets_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("eval.data.rows.CACHE_FOLDER", tmp_path / "cache")


@pytest.fixture
def problems() -> ProblemSet:
    """Twice and Square, and one for a function."""
    return load_problems(str(FIXTURES / "livecodebench.jsonl"), "test")


@pytest.fixture
def contests(tmp_path) -> ProblemSet:
    return load_problems(str(write_pack(tmp_path / "data")), "valid")


def write(path: Path, value: object) -> Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_outputs_of_livecodebench(problems):
    samples = read_samples(FIXTURES / "livecodebench_output.json", problems)
    assert samples.format == "output of LiveCodeBench"
    assert [line["name"] for line in samples.lines] == [TWICE, TWICE, SQUARE, SQUARE, ADD, ADD]
    assert samples.lines[2]["solution"].startswith("print(int(input())") and samples.lines[3]["solution"] == ""
    assert samples.skipped == 0


def test_grades_of_livecodebench_are_labels(problems):
    samples = read_samples(FIXTURES / "livecodebench_eval_all.json", problems)
    assert [line["correct"] for line in samples.lines] == [True, False]


def test_samples_of_evalplus_by_id_or_by_name(problems):
    samples = read_samples(FIXTURES / "evalplus_samples.jsonl", problems)
    assert samples.format == "samples of evalplus"
    assert [line["name"] for line in samples.lines] == [TWICE, TWICE, SQUARE]
    assert samples.lines[1]["solution"] == "print(6)\n", "a completion is a program"
    assert samples.lines[0]["_identifier"] == "abc900_a_0", "what else a line says is kept"


@pytest.mark.parametrize("task", ["Mbpp/950", "950", 950])
@pytest.mark.parametrize(
    "program", [{"solution": "print(1)"}, {"completion": "print(1)"}, {"solution": None, "completion": "print(1)"}]
)
def test_a_task_may_be_named_by_its_number(tmp_path, task, program):
    problems = load_problems(str(FIXTURES / "mbpp.jsonl"), "test")
    samples = read_samples(write(tmp_path / "samples.jsonl", {"task_id": task, **program}), problems)
    assert samples.lines == [{"name": "Mbpp/950", "solution": "print(1)"}]


def test_a_packed_file_of_samples(problems, tmp_path):
    path = tmp_path / "samples.jsonl.gz"
    path.write_bytes(gzip.compress((FIXTURES / "evalplus_samples.jsonl").read_bytes()))
    assert len(read_samples(path, problems).lines) == 3


def test_a_folder_of_evalplus_in_the_order_of_its_numbers(problems, tmp_path):
    for name in ("10.py", "2.py", "notes.txt"):
        (tmp_path / "samples" / "abc900_a").mkdir(parents=True, exist_ok=True)
        (tmp_path / "samples" / "abc900_a" / name).write_text(f"# {name}\n")
    samples = read_samples(tmp_path / "samples", problems)
    assert samples.format == "folder of evalplus"
    assert [(line["name"], line["solution"]) for line in samples.lines] == [(TWICE, "# 2.py\n"), (TWICE, "# 10.py\n")]


def test_a_folder_of_evalplus_writes_slashes_as_underscores(tmp_path):
    rows = [{**VALID[0].row(), "name": "Set/0"}]
    problems = load_problems(str(write(tmp_path / "rows.json", rows)), "test")
    (tmp_path / "samples" / "Set_0").mkdir(parents=True)
    (tmp_path / "samples" / "Set_0" / "0.py").write_text("")
    assert [line["name"] for line in read_samples(tmp_path / "samples", problems).lines] == ["Set/0"]


def test_alphacodiums_database_counts_problems_and_keeps_iterations_that_gave_nothing(contests):
    samples = read_samples(FIXTURES / "alphacodium_solutions.json", contests)
    assert samples.format == "solution database of AlphaCodium"
    assert [(line["name"], line["sample"], line.get("correct")) for line in samples.lines] == [
        ("Twice", "iteration_0", False),
        ("Twice", "iteration_1", True),
        ("Square", "iteration_0", None),
        ("Square", "iteration_1", None),
        ("Square", "iteration_2", True),
    ]
    assert [line["solution"] == "" for line in samples.lines] == [False, False, True, True, False]


def test_alphacodiums_database_may_name_its_problems(contests, tmp_path):
    path = write(tmp_path / "d.json", {"valid": {"Square": {"iteration_0": {"solution": "print(1)"}}}, "test": {}})
    assert read_samples(path, contests).lines == [{"name": "Square", "solution": "print(1)", "sample": "iteration_0"}]


def test_numbers_of_another_dataset_show_in_its_counts_of_tests(contests, tmp_path):
    counts = {"test_passed_private": 40, "test_failed_private": 1}
    path = write(tmp_path / "d.json", {"valid": {"1": {"iteration_0": {"solution": "print(1)", **counts}}}})
    with pytest.raises(SolutionsError, match="run on 41 private tests, but 'Square' has 1"):
        read_samples(path, contests)


def test_a_database_without_the_split_is_refused(contests, tmp_path):
    path = write(tmp_path / "d.json", {"test": {"0": {"iteration_0": {"solution": "print(1)"}}}})
    with pytest.raises(SolutionsError, match="it has no split valid, only test"):
        read_samples(path, contests)


def test_own_lines_keep_all_their_fields(contests, tmp_path):
    line = {"name": "Twice", "solution": "print(1)", "correct": False, "source": "one"}
    samples = read_samples(write(tmp_path / "p.jsonl", line), contests)
    assert (samples.format, samples.lines) == ("lines with name and solution", [line])


def test_programs_for_problems_that_are_not_selected_are_skipped(contests, tmp_path):
    lines = [{"name": task.name, "solution": task.right} for task in VALID]
    samples = read_samples(write(tmp_path / "p.json", lines), contests.select(match="Twice"))
    assert [line["name"] for line in samples.lines] == ["Twice"] and samples.skipped == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "has no programs"),
        ("[]", "has no programs"),
        ("3", "line 1 has neither name and solution"),
        ('{"a": 1}', "nor question_id and code_list"),
        ('{\n  "hash": "x",\n  "eval": {}\n}', "line 1 has neither name and solution"),
        ('[["print(1)"], ["print(2)"]]', "lists without problem names"),
        ('{"name": "Twice", "solution": "x"}\n{"name": "Twice"}', "line 2 has no name and solution"),
        ('{"name": "Twice", "solution": "x"}\n{', "line 2, is not JSON"),
        ('{"task_id": "Nobody", "solution": "x"}', "has no problem 'Nobody'"),
        ('{"task_id": "Twice", "solution": "x"}\n{"task": "Twice"}', "has another form than the first"),
        ('{"task_id": "Twice", "solution": 3}', "the program of 'Twice' is not text"),
        ('[{"question_id": "Twice", "code_list": ["x"], "graded_list": [true, false]}]', "1 programs and 2 grades"),
        ('{"valid": {"0": {"iteration_x": {}}}}', "invalid literal"),
        ('{"valid": {"99": {"iteration_0": {}}}}', "has no problem '99'"),
    ],
)
def test_other_files_are_refused_in_a_line(contests, tmp_path, content, said):
    with pytest.raises(UserError) as caught:
        read_samples(write(tmp_path / "file", content), contests)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_absent_or_no_text(contests, tmp_path):
    with pytest.raises(UserError, match="No such file"):
        read_samples(tmp_path / "absent", contests)
    (tmp_path / "binary").write_bytes(b"\xff\xfa")
    with pytest.raises(UserError, match="is not text in UTF-8"):
        read_samples(tmp_path / "binary", contests)
