"""The audit of a dataset by its own programs, and the file of exclusions it writes."""

import json
import re

import pytest

import eval.audit
import eval.judge
from eval.data.load import load_problems
from eval.data.problem_set import DataError
from judge.verdict import JudgeError
from tests.support.packs import VALID, Task, call, printed, write_pack

SEVERAL = Task("Any Order", "print(1, 2)\n", "print(3)\n", ("a\n", "b\n", "c\n", "d\n"), lambda _: "1 2\n")
HARSH = Task(
    "Harsh", "print(1)\n", "print(3)\n", ("a\n", "b\n", "c\n", "d\n"), lambda text: "1\n" if text != "d\n" else "2\n"
)
TALKS = Task("Interactive Talk", "print(1)\n", "print(3)\n", ("a\n", "b\n", "c\n", "d\n"), lambda _: "1\n")


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    write_pack(tmp_path / "data", [VALID[0], SEVERAL, HARSH, TALKS])
    more = {"name": SEVERAL.name, "solution": "print(2, 1)\n", "correct": True}
    (tmp_path / "more.jsonl").write_text(json.dumps(more) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_suspects_are_found_and_can_be_left_out(workplace, monkeypatch):
    options = ["--data", "data", "--split", "valid", "--solutions", "more.jsonl", "--out", "exclude.json"]
    said = printed(monkeypatch, eval.audit.main, *options)
    suspects = json.loads((workplace / "exclude.json").read_text())["exclude"]
    assert set(suspects) == {SEVERAL.name, HARSH.name, TALKS.name}
    assert "right programs give different answers" in suspects[SEVERAL.name]
    assert suspects[HARSH.name] == ["rejects 1 of 1 right programs (WA)"]
    assert suspects[TALKS.name] == ["interactive"]
    assert "wrong programs rejected: 4 / 4" in said and "3 of 4 problems are suspect" in said
    left = load_problems("data", "valid").select(exclude="exclude.json")
    assert [problem.name for problem in left.problems] == [VALID[0].name]


def test_every_problem_has_its_rates(workplace, monkeypatch):
    said = printed(monkeypatch, eval.audit.main, "--data", "data", "--split", "valid")
    assert f"| {VALID[0].name} | 1 / 1 | 1 / 1 |  |" in said
    assert f"| {HARSH.name} | 0 / 1 | 1 / 1 | rejects 1 of 1 right programs (WA) |" in said
    assert said.splitlines()[-1] == "wrote 2 suspects to exclude.json, for --exclude of the other commands"


def test_a_killed_audit_goes_on_where_it_stopped(workplace, monkeypatch):
    options = ["--data", "data", "--split", "valid"]
    whole = printed(monkeypatch, eval.audit.main, *options)
    journal = workplace / "exclude.findings.jsonl"
    first, *rest = journal.read_text().splitlines(keepends=True)
    journal.write_text(first + rest[0][:9])  # killed in mid-line
    done = next(
        task for task in (VALID[0], SEVERAL, HARSH, TALKS) if task.name in first
    )  # side by side, so any of them
    examined = []
    real = eval.given.dataset_audit.examine
    monkeypatch.setattr("eval.given.dataset_audit.examine", lambda p, *rest: examined.append(p.name) or real(p, *rest))
    assert printed(monkeypatch, eval.audit.main, *options) == whole
    assert sorted(examined) == sorted(task.name for task in (VALID[0], SEVERAL, HARSH, TALKS) if task is not done)
    assert call(monkeypatch, eval.audit.main, *options, "--solutions", "more.jsonl") == 2
    (workplace / "exclude.json").unlink()
    printed(monkeypatch, eval.audit.main, *options, "--solutions", "more.jsonl")
    assert examined[3:] == [SEVERAL.name]  # which has a program more now


CHECKED = "import sys\nsys.exit({'1': 42, '2': 43}[sys.stdin.read().strip()])\n"  # fails on any other output


def write_package(folder, validator):
    files = {
        "problem.yaml": "name: Checked\nvalidation: custom\n",
        "problem_statement/problem.md": "Print one.",
        **{f"data/secret/1.{kind}": "1\n" for kind in ("in", "ans")},
        **{f"submissions/accepted/{text}.py": f"print({text})\n" for text in ("1", "3")},
        **{f"submissions/wrong_answer/{text}.py": f"print({text})\n" for text in ("2", "4")},
        "output_validators/check.py": validator,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("validator", "rates", "why"),
    [
        (
            CHECKED,
            "1 / 2 | 1 / 2",
            r"cannot judge 2 of 4 programs: the problem's checker .* ended with status 3: .*KeyError: '3'",
        ),
        ("import sys\nsys.exit(1)\n", "0 / 2 | 0 / 2", "cannot judge 4 of 4 programs: .* ended with status 1"),
        ("import sys\n  sys.exit(42)\n", "0 / 2 | 0 / 2", "cannot judge 4 of 4 programs: .* does not compile"),
        ("print('x' * 10**7)\n", "0 / 2 | 0 / 2", "cannot judge 4 of 4 programs: .* printed too much"),
    ],
)
def test_a_faulty_checker_makes_its_problem_suspect_and_ends_no_audit(tmp_path, monkeypatch, validator, rates, why):
    monkeypatch.chdir(tmp_path)
    write_package(tmp_path / "contest" / "a", validator)
    write_package(tmp_path / "contest" / "b", "import sys\nsys.exit(42 if sys.stdin.read() in '1\\n3\\n' else 43)\n")
    said = printed(monkeypatch, eval.audit.main, "--data", "contest")
    assert f"| a. Checked | {rates} | cannot judge" in said and "| b. Checked | 2 / 2 | 2 / 2 |  |" in said
    ((name, reasons),) = json.loads((tmp_path / "exclude.json").read_text())["exclude"].items()
    assert name == "a. Checked" and re.fullmatch(f"{why}.*", reasons[0])


def test_eval_judge_recommends_an_audit_where_a_checker_is_faulty(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_package(tmp_path / "a", CHECKED)
    lines = [{"name": "a. Checked", "solution": f"print({number})"} for number in (1, 3)]
    (tmp_path / "given.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert call(monkeypatch, eval.judge.main, "--data", "a", "--solutions", "given.jsonl", "--out", "out.jsonl") == 1
    said = capsys.readouterr()
    assert "1 of 1 programs passed; 1 were not judged" in said.out
    assert "1 of 2 programs were not judged (FaultyProblem: the problem's checker" in said.err.splitlines()[-1]
    assert said.err.strip().endswith("eval.audit finds such problems, and --exclude leaves them out")


def test_an_audit_ends_if_the_judge_fails(workplace, monkeypatch):
    def broken(*_, **__):
        raise JudgeError("no processes left")

    monkeypatch.setattr("eval.given.dataset_audit.judge", broken)
    assert call(monkeypatch, eval.audit.main, "--data", "data", "--split", "valid") == 1
    assert not (workplace / "exclude.json").exists()


def test_given_programs_come_first_and_none_is_dropped_silently(workplace, monkeypatch):
    options = ["--data", "data", "--split", "valid", "--programs", "1", "--solutions", "given.jsonl"]

    def given(*lines):
        (workplace / "given.jsonl").write_text("\n".join(map(json.dumps, lines)))

    wrong = {"task_id": HARSH.name, "solution": "print(2)", "correct": True}
    given(wrong, {**wrong, "correct": None})
    said = printed(monkeypatch, eval.audit.main, *options)
    assert said.startswith("given.jsonl: 1 of 2 programs have no `correct` and are left out")
    assert "rejects 1 of 1 right programs (WA)" in said
    given({"task_id": HARSH.name, "solution": "print(2)"})
    assert call(monkeypatch, eval.audit.main, *options) == 2
    given({**wrong, "task_id": "Nobody"})
    assert call(monkeypatch, eval.audit.main, *options) == 2


@pytest.mark.parametrize("text", ["", "{}", "[]", "3"])
def test_a_file_that_is_no_file_of_exclusions_is_refused(workplace, monkeypatch, text):
    (workplace / "exclude.json").write_text(text)
    with pytest.raises(DataError, match=r"exclude\.json is not an exclusion file"):
        load_problems("data", "valid").select(exclude="exclude.json")
    assert call(monkeypatch, eval.audit.main, "--data", "data", "--split", "valid", "--exclude", "exclude.json") == 2
