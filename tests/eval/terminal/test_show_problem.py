"""Runs in the terminal: the overview, the story of a problem, and colours on a terminal only."""

import io

import pytest

import eval.show
from eval.terminal.show_problem import BETWEEN, problem_stories, run_overview, side_by_side
from program.cli.output import Painter, harmless
from tests.support.packs import call, printed
from tests.support.rollouts import store, traced

PLAIN = Painter(io.StringIO())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def run(tmp_path):
    rollouts = [
        *(traced("plain", "Double", sample, end) for sample, end in enumerate(("solved", "reverted"))),
        *(traced("tuned", "Double", sample, end) for sample, end in enumerate(("failed", "not judged"))),
        traced("plain", "Double Again", 0, "solved"),
    ]
    return store(tmp_path / "run", rollouts)


def test_the_overview_has_the_table_and_a_mark_a_sample(run):
    lines = run_overview(run, PLAIN)[0].splitlines()
    assert lines[0].startswith(f"{run}: model scripted/lm, 2 problems of pack test, n = 2; NOT FINISHED: 3 of 8 ")
    assert any(line.startswith("| plain | 75.0% of 2 |") for line in lines)
    assert [line.split() for line in lines[-5:-2]] == [
        ["plain", "tuned"],
        ["Double", "●○", "○–"],
        ["Double", "Again", "●"],
    ]


def test_the_overview_names_the_first_failed_problem_and_the_report_next(run, monkeypatch, capsys):
    assert call(monkeypatch, eval.show.main, run) == 0
    assert capsys.readouterr().err == f"next: python -m eval.show {run} Double\n"
    (run / "report.html").touch()
    assert call(monkeypatch, eval.show.main, run, "Double") == 0
    assert capsys.readouterr().err == f"report: {run / 'report.html'}\n"


def test_a_problem_begins_with_an_overview_and_one_rollout_that_failed(run):
    lines = problem_stories(run, "Double", PLAIN).splitlines()
    assert lines[0] == "Double" and [line[:9] for line in lines[2:6]] == [
        *("● plain 0", "○ plain 1", "○ tuned 0", "– tuned 1")
    ]
    assert "4 calls" in lines[2] and "The answer fails 1 of 2 public tests (WA)." in lines[3]
    assert [line for line in lines if ", sample " in line] == ["○ plain, sample 1: failed"]
    assert "--failed" in lines[-1]


def test_more_rollouts_are_shown_when_asked_for(run, monkeypatch):
    def heads(*options: str) -> list[str]:
        lines = printed(monkeypatch, eval.show.main, run, "Double", *options).splitlines()
        return [line[2:] for line in lines if ", sample " in line]

    assert heads("--failed") == ["plain, sample 1: failed", "tuned, sample 0: failed"]
    assert len(heads("--all")) == 4
    assert heads("--arm", "plain", "--sample", "0") == ["plain, sample 0: solved"]
    assert heads("--arm", "plain") == ["plain, sample 1: failed"]


def test_two_arms_stand_side_by_side_event_by_event(run, monkeypatch):
    told = side_by_side(run, "Double", ("plain", "tuned"), PLAIN, 100)
    lines = told.splitlines()
    assert max(map(len, lines)) <= 100 and all(line[48:51] == BETWEEN for line in lines[1:] if len(line) > 51)
    head = next(line for line in lines if ", sample 0" in line)
    assert head[:48].rstrip() == "● plain, sample 0: solved" and head[51:] == "○ tuned, sample 0: failed"
    both = [line for line in lines if line[:48].count("ReflectOnProblem") and line[51:].count("ReflectOnProblem")]
    assert both, "the same event of both arms is in one line"
    said = printed(monkeypatch, eval.show.main, run, "Double", "--side-by-side", "plain", "tuned", "--sample", "1")
    assert "plain, sample 1: failed" in said and "tuned, sample 1: not judged" in said


def test_a_choice_of_rollouts_needs_a_problem(run, monkeypatch, capsys):
    for options in (["--failed"], ["--arm", "plain"], ["--side-by-side", "plain", "tuned"], ["--sample", "0"]):
        assert call(monkeypatch, eval.show.main, run, *options) == 2
        assert f"{options[0]} chooses among the rollouts of a problem" in capsys.readouterr().err
    assert call(monkeypatch, eval.show.main, run, "Double", "--side-by-side", "plain", "tunde") == 2
    assert "did you mean tuned?" in capsys.readouterr().err


def test_a_problem_is_told_by_arm_and_sample_in_the_order_of_the_trace(run):
    told = problem_stories(run, "Double", PLAIN, shown="all")
    heads = [line for line in told.splitlines() if ", sample " in line]
    assert heads == [
        *("● plain, sample 0: solved", "○ plain, sample 1: failed"),
        *("○ tuned, sample 0: failed", "– tuned, sample 1: not judged"),
    ]
    order = ["ReflectOnProblem unparsable: no JSON", "WriteCode (100 + 20 tokens, $0.0100, 0.50 s)"]
    order += ["program 1 on public tests: WA AC", "test 1: WA", "printed: 2", "best is now program 1 (3 calls"]
    order += ["FixCode", "program 2 on public tests: AC AC", "-print(n)", "+print(n * 2)", "fix kept"]
    places = [told.index(piece) for piece in order]
    assert places == sorted(places)


def test_why_a_rollout_failed_stands_before_its_trace(run):
    lines = problem_stories(run, "Double", PLAIN, arm="plain", sample=1).splitlines()
    assert lines[4] == "○ plain, sample 1: failed"
    assert lines[5:7] == [
        "  The answer fails 1 of 2 public tests (WA).",
        "  On the first of them it prints “2” instead of “4”.",
    ]


def test_prompts_are_shown_when_asked_for(run):
    assert "Reflect on the problem." not in problem_stories(run, "Double", PLAIN)
    assert "Reflect on the problem." in problem_stories(run, "Double", PLAIN, prompts=True)


def test_the_beginning_of_a_name_is_enough_where_it_is_the_only_one(run, monkeypatch, capsys):
    assert problem_stories(run, "double a", PLAIN).startswith("Double Again\n")
    for wanted, said in (
        ("Doub", "several problems begin with 'Doub': Double, Double Again"),
        ("Duble", "no problem 'Duble'; did you mean Double or Double Again?"),
    ):
        assert call(monkeypatch, eval.show.main, run, wanted) == 2
        assert capsys.readouterr().err == f"error: {said}\n"


def test_a_rollout_that_is_not_there_is_a_user_error(run, monkeypatch, capsys):
    assert call(monkeypatch, eval.show.main, run, "Double", "--arm", "other") == 2
    assert capsys.readouterr().err == f"error: {run} has no such rollout of Double; its arms are plain, tuned\n"
    assert call(monkeypatch, eval.show.main, run / "none") == 2
    assert "is not a run" in capsys.readouterr().err


def test_a_rollout_without_a_trace_still_says_why(run):
    for file in run.rglob("*.jsonl.gz"):
        file.unlink()
    lines = (run / "rollouts.jsonl").read_text().splitlines()
    (run / "rollouts.jsonl").write_text(lines[0].replace('"events": [', '"older": [') + "\n")
    text = problem_stories(run, "Double", PLAIN)
    assert "Solved: 2 public and 7 hidden tests pass." in text and "No trace of this rollout was stored." in text


def test_colours_are_for_terminals_only(run, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" not in printed(monkeypatch, eval.show.main, run, "Double")
    assert "\x1b[33m○\x1b[0m" in problem_stories(run, "Double", Painter(Terminal()))
    monkeypatch.setenv("NO_COLOR", "1")
    assert Painter(Terminal())("text", "bad") == "text"


def test_an_answer_cannot_steer_the_terminal(tmp_path):
    run = store(tmp_path / "run", [traced("flow", "Evil\x1b[2J", 0, "failed", text="\x1b]0;taken\x07\r\x9b")])
    shown = problem_stories(run, "Evil", PLAIN, prompts=True) + run_overview(run, PLAIN)[0]
    assert not any(char in shown for char in "\x1b\x07\r\x9b") and "]0;taken" in shown
    assert harmless("tab\tand\nline") == "tab\tand\nline"
