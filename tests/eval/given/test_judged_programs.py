"""Judging programs from a file."""

import json

import pytest

import eval.given.judged_programs
import eval.judge
from judge.verdict import JudgeError
from tests.support.packs import VALID, call, printed, write_pack


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder with a small pack, and a file with a right and a wrong program for each of two problems."""
    write_pack(tmp_path / "data")
    lines = []
    for task in VALID[:2]:
        lines.append({"name": task.name, "solution": task.right, "correct": True, "source": "one"})
        lines.append({"name": task.name, "solution": task.wrong, "correct": False, "source": "two"})
    (tmp_path / "programs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    monkeypatch.chdir(tmp_path)
    return tmp_path


OPTIONS = ["--data", "data", "--split", "valid", "--solutions", "programs.jsonl", "--out", "out.jsonl"]


def results(folder):
    """In the order of the programs; lines are stored as they end."""
    given = (folder / "programs.jsonl").read_text().splitlines()
    order = {(line["name"], line["solution"]): number for number, line in enumerate(map(json.loads, given))}
    lines = map(json.loads, (folder / "out.jsonl").read_text().splitlines())
    return sorted(lines, key=lambda line: order.get((line["name"], line["solution"]), len(order)))


def test_verdicts_labels_and_the_fields_of_the_input(workplace, monkeypatch):
    said = printed(monkeypatch, eval.judge.main, *OPTIONS)
    lines = results(workplace)
    assert [line["passed"] for line in lines] == [True, False, True, False]
    assert [line["source"] for line in lines] == ["one", "two"] * 2
    for line in lines:
        assert line["status"] == ("solved" if line["passed"] else "failed") and line["checker"] == "strict"
        assert line["verdict"] == "AC" if line["passed"] else line["verdict"] != "AC"
        assert line["tests"]["passed"] == line["tests"]["run"] - (not line["passed"])
        assert line["seconds"] >= 0
    assert said.splitlines()[0] == "programs.jsonl (lines with name and solution): 4 programs for 2 problems"
    assert said.splitlines()[-1] == "agreement with the labels: 4 / 4 (100.0%)"


def test_with_full_reports_all_tests_are_run(workplace, monkeypatch):
    printed(monkeypatch, eval.judge.main, *OPTIONS, "--full")
    right, wrong, *_ = results(workplace)
    assert wrong["tests"]["run"] == right["tests"]["run"] > 0


def test_what_is_judged_is_not_judged_again(workplace, monkeypatch):
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    whole = (workplace / "out.jsonl").read_text()
    before = results(workplace)
    stored = whole.splitlines(keepends=True)[:2]
    (workplace / "out.jsonl").write_text("".join(stored) + whole[:7])  # killed in mid-line
    judged = []
    real = eval.given.judged_programs.judge
    monkeypatch.setattr(
        "eval.given.judged_programs.judge", lambda program, *a, **k: judged.append(program) or real(program, *a, **k)
    )
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    kept = {json.loads(line)["solution"] for line in stored}
    assert sorted(judged) == sorted({line["solution"] for line in before} - kept) and len(judged) == 2
    strip = lambda line: {key: value for key, value in line.items() if key != "seconds"}  # noqa: E731
    assert list(map(strip, results(workplace))) == list(map(strip, before))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"name": "Nobody", "solution": ""}', "Nobody"),
        ("{", "line 1"),
        ('{"name": "x"}', "nor question_id and code_list"),
    ],
)
def test_a_file_that_is_no_file_of_programs_is_refused(workplace, monkeypatch, capsys, line, said):
    (workplace / "programs.jsonl").write_text(line + "\n")
    assert call(monkeypatch, eval.judge.main, *OPTIONS) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert not (workplace / "out.jsonl").exists()


def test_a_judge_that_fails_leaves_programs_not_judged_until_it_works_again(workplace, monkeypatch, capsys):
    real = eval.given.judged_programs.judge

    def broken_once(program, *arguments, **options):
        if program == VALID[1].right:
            raise JudgeError("no processes left")
        return real(program, *arguments, **options)

    monkeypatch.setattr("eval.given.judged_programs.judge", broken_once)
    assert call(monkeypatch, eval.judge.main, *OPTIONS) == 1
    said = capsys.readouterr()
    assert "1 of 3 programs passed; 1 were not judged" in said.out and "no processes left" in said.err.splitlines()[-1]
    assert [line["status"] for line in results(workplace)] == ["solved", "failed", "not judged", "failed"]
    lost = results(workplace)[2]
    assert lost["passed"] is None and lost["verdict"] is None
    assert (lost["tests"], lost["seconds"]) == ({"run": 0, "passed": 0}, 0.0)
    monkeypatch.setattr("eval.given.judged_programs.judge", real)
    assert "2 of 4 programs passed" in printed(monkeypatch, eval.judge.main, *OPTIONS)
    assert sorted(line["status"] for line in results(workplace)) == ["failed", "failed", "solved", "solved"]


def test_without_hidden_tests_failing_is_known_and_passing_is_not(workplace, monkeypatch):
    none = {"input": [], "output": []}
    rows = [{**task.row(), "private_tests": none, "generated_tests": none} for task in VALID[:2]]
    (workplace / "open.json").write_text(json.dumps(rows))
    lines = [{"name": VALID[0].name, "solution": text} for text in (VALID[0].right, VALID[0].wrong, VALID[0].broken)]
    (workplace / "programs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = printed(monkeypatch, eval.judge.main, "--data", "open.json", *OPTIONS[4:])
    assert [line["status"] for line in results(workplace)] == ["not judged", "not judged", "failed"]
    assert results(workplace)[0]["error"] == "there are no hidden tests; it passes the 2 public ones"
    assert said.splitlines()[-1] == "0 of 1 programs passed; 2 were not judged"


def test_an_empty_program_fails(workplace, monkeypatch):
    (workplace / "programs.jsonl").write_text(json.dumps({"name": VALID[0].name, "solution": " \n"}))
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    (line,) = results(workplace)
    assert (line["status"], line["verdict"], line["error"]) == ("failed", "CE", "there is no program")
    assert (line["tests"], line["seconds"]) == ({"run": 0, "passed": 0}, 0.0)


def test_verdicts_of_another_checker_are_not_mixed_in(workplace, monkeypatch, capsys):
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    assert call(monkeypatch, eval.judge.main, *OPTIONS, "--checker", "deepmind") == 2
    assert "other verdicts (checker strict, not deepmind)" in capsys.readouterr().err.splitlines()[-1]


def test_verdicts_on_other_tests_or_up_to_the_first_failure_are_not_mixed_in(workplace, monkeypatch, capsys):
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    before = (workplace / "out.jsonl").read_bytes()
    assert call(monkeypatch, eval.judge.main, *OPTIONS, "--full") == 2
    assert "other verdicts (full False, not True)" in capsys.readouterr().err.splitlines()[-1]
    write_pack(workplace / "other", valid=VALID[:3])
    assert call(monkeypatch, eval.judge.main, "--data", "other", *OPTIONS[2:]) == 2
    assert "other verdicts (data_fingerprint " in capsys.readouterr().err.splitlines()[-1]
    assert (workplace / "out.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"name": VALID[0].name, "solution": VALID[0].right}),
        json.dumps({"name": VALID[0].name, "solution": VALID[0].right}) + "\n",
        json.dumps([{"name": VALID[0].name, "solution": VALID[0].right}], indent=1),
        "notes of mine",
        '{"name": "notes", "solution": "", "status": "failed"}\n{"na',
        "\n",
    ],
)
def test_a_file_that_is_no_file_of_results_is_refused_and_left_as_it_is(workplace, monkeypatch, capsys, content):
    (workplace / "out.jsonl").write_text(content)
    assert call(monkeypatch, eval.judge.main, *OPTIONS) == 2
    assert "out.jsonl is not a file of results" in capsys.readouterr().err.splitlines()[-1]
    assert (workplace / "out.jsonl").read_text() == content


def test_the_file_of_programs_is_not_written_over(workplace, monkeypatch, capsys):
    before = (workplace / "programs.jsonl").read_bytes()
    assert call(monkeypatch, eval.judge.main, *OPTIONS[:-1], workplace / "data" / ".." / "programs.jsonl") == 2
    assert "is the file of programs" in capsys.readouterr().err
    assert (workplace / "programs.jsonl").read_bytes() == before


def test_the_folder_of_the_results_is_made_and_what_cannot_be_written_is_refused(workplace, monkeypatch, capsys):
    printed(monkeypatch, eval.judge.main, *OPTIONS[:-1], "new/folder/out.jsonl")
    assert len((workplace / "new" / "folder" / "out.jsonl").read_text().splitlines()) == 4
    for out, said in (("data", "Is a directory"), ("programs.jsonl/out.jsonl", "File exists")):
        assert call(monkeypatch, eval.judge.main, *OPTIONS[:-1], out) == 2
        assert capsys.readouterr().err.splitlines()[-1] == f"error: {out} cannot be written: {said}"


@pytest.mark.parametrize("kept", [1, 20, 60])
def test_a_kill_within_the_first_line_is_gone_on_from(workplace, monkeypatch, kept):
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    whole = (workplace / "out.jsonl").read_text()
    (workplace / "out.jsonl").write_text(whole[:kept])
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    assert [line["passed"] for line in results(workplace)] == [True, False, True, False]


def test_results_can_be_judged_again_and_what_they_say_is_not_taken_over(workplace, monkeypatch):
    left = {"error": "JudgeError: no processes left", "verdict": "TLE", "checker": "deepmind", "status": "failed"}
    lines = [{"name": VALID[0].name, "solution": VALID[0].right, **more} for more in ({"error": None}, left)]
    (workplace / "programs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    assert [(line["status"], line["verdict"], "error" in line) for line in results(workplace)] == [
        ("solved", "AC", False)
    ] * 2


def test_a_program_with_half_a_surrogate_pair_is_judged_once(workplace, monkeypatch):
    line = {"name": VALID[0].name, "solution": "print('\ud800')\n", "note": "\udc80"}
    (workplace / "programs.jsonl").write_text(json.dumps(line) + "\n")
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    (stored,) = results(workplace)
    assert stored["status"] == "failed" and stored["solution"] == "print('?')\n" and stored["note"] == "?"


def test_only_programs_for_selected_problems_are_judged(workplace, monkeypatch):
    said = printed(monkeypatch, eval.judge.main, *OPTIONS, "--match", VALID[1].name)
    assert "2 programs for 1 problems; 2 for other problems are skipped" in said
    assert {line["name"] for line in results(workplace)} == {VALID[1].name}


def test_programs_that_are_for_none_of_the_problems_are_refused(workplace, monkeypatch, capsys):
    assert call(monkeypatch, eval.judge.main, *OPTIONS, "--match", VALID[3].name) == 2
    assert "no program for these problems" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--arm-field", "source"], ["--missing", "failed"]])
def test_options_of_a_run_need_a_run(workplace, monkeypatch, capsys, option):
    assert call(monkeypatch, eval.judge.main, *OPTIONS, *option) == 2
    assert "--run" in capsys.readouterr().err
