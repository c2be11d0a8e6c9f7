"""What goes into a report: every text once, the numbers of the run, every rollout's story, and no hidden test."""

import base64
import gzip
import io
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st

import eval.report.__main__
import eval.run
from eval.data.load import load_problems
from eval.data.problem_set import Facts
from eval.errors import RunError
from eval.report.curves import solved_curve
from eval.report.html_page import PAGE
from eval.report.live import live_report
from eval.report.overview import overview
from eval.report.problem_block import problem_block
from eval.report.texts import TextTable, shared_chunks, split, with_references
from eval.report.write import render, write_report
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import RunFolder
from eval.rollouts.stored_arms import stored_arms
from eval.terminal.show_problem import problem_stories
from judge.verdict import Verdict
from program import artifact
from program.artifact import ArtifactError
from program.cli.output import Painter
from program.problem import AskedFunction, Problem, PublicTest
from program.rollout.decisions import StageGivenUp
from program.rollout.trace import Decided, Totals, Trace
from tests.support.packs import answer_rule, call, isolate, number_task, printed, use_lm, write_pack, write_start
from tests.support.rollouts import FIRST, SECOND, rates, store, traced, traced_score

HOSTILE = "</script><script>alert(1)</script><!-- \" ' & \u2028 {{script}}"


def scripts(page: str) -> dict[str, str]:
    """The elements of a report that hold data, by id."""
    return dict(re.findall(r'<script type="[^"]*" id="([^"]+)">([^<]*)</script>', page))


def unpacked(page: str) -> dict[str, Any]:
    """Everything a report holds: the overview, and each problem with its texts put together."""
    parts = scripts(page)
    packed = {
        name: json.loads(gzip.decompress(base64.b64decode(text))) for name, text in parts.items() if name != "overview"
    }
    shared, prompts = packed.pop("shared"), packed.pop("prompts")
    for block in packed.values():
        chunks = [shared[chunk] if isinstance(chunk, int) else chunk for chunk in block.pop("chunks")]
        block["texts"] = ["\n".join(chunks[index] for index in text) for text in block["texts"]]
    return {"overview": json.loads(parts["overview"]), "prompts": prompts, **packed}


def wait_for(there: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether something comes to be in time, which is long: machines are busy."""
    end = time.monotonic() + seconds
    while not there() and time.monotonic() < end:
        time.sleep(0.01)
    return there()


def report_of(tmp_path: Path, rollouts: list[Rollout], **changes: Any) -> dict[str, Any]:
    write_report([store(tmp_path / "run", rollouts, **changes)], tmp_path / "report.html")
    return unpacked((tmp_path / "report.html").read_text())


@given(st.text(alphabet=st.sampled_from("a#` \n")))
def test_the_chunks_of_a_text_joined_are_the_text(text):
    assert "\n".join(split(text)) == text


def test_texts_are_split_where_prompts_are_put_together():
    program = "import sys\n\nprint(1)"
    prompt = f"## problem\nA long story.\n\n## code\n{program}\n\n## failure\nwrong"
    assert set(split(program)) < set(split(prompt)) and set(split(program)) < set(split(f"```python\n{program}\n```"))


def test_equal_texts_and_chunks_are_stored_once():
    table = TextTable()
    assert table.add("one\n\ntwo") == table.add("one\n\ntwo") and table.add("two\n\none") == 1
    assert sorted(table.chunks) == ["", "one", "two"] and len(table.texts) == 2


def test_chunks_of_several_problems_are_shared_and_those_of_one_are_not():
    first, second = TextTable(), TextTable()
    for table, own in ((first, "only in the first, and long enough"), (second, "only in the second, and long enough")):
        table.add(f"the instruction of the stage\n\n{own}\n\nshort")
    shared = shared_chunks([first, second])
    assert shared == ["the instruction of the stage"]
    assert with_references(first, {shared[0]: 0}) == [0, "", "only in the first, and long enough", "short"]


def test_a_report_tells_each_rollout_in_the_order_of_its_trace(tmp_path):
    reported = report_of(tmp_path, [traced(end="failed", text=HOSTILE)])["problem-0"]
    (only,) = reported["rollouts"]
    assert [event["kind"] for event in only["events"]] == [
        *("call", "call", "call", "judge", "new program", "best", "call", "judge", "new program", "decided", "best")
    ]
    texts = reported["texts"]
    first_call, judge_run = only["events"][0], only["events"][3]
    assert first_call["outcome"] == "unparsable" and texts[first_call["answer"]] == f"well{HOSTILE}"
    assert [(role, texts[text]) for role, text in first_call["prompt"]][1] == ("user", f"## problem\n{HOSTILE}")
    assert judge_run["version"] == 1 and judge_run["verdicts"] == ["WA", "AC"] and judge_run["seconds"] == 0.25
    verdict, given_input, expected, output, _ = judge_run["runs"][0]
    assert (verdict, texts[given_input], texts[expected], texts[output]) == ("WA", f"2\n{HOSTILE}", "4\n", "2\n")
    assert [texts[version["code"]] for version in only["versions"]] == [FIRST + HOSTILE, SECOND + HOSTILE]
    assert only["versions"][1]["changes"] == [[2, 3, 2, 3]] and only["answer"] == 2
    assert [event["hidden"] for event in only["events"] if event["kind"] == "best"] == [
        [False, 0.7143],
        [False, 0.7143],
    ]


def test_the_grid_has_a_cell_for_every_arm_and_problem_and_a_mark_for_every_sample(tmp_path):
    rollouts = [
        traced("plain", "Double", 1, "failed"),
        traced("plain", "Double", 0, "solved"),
        traced("tuned", "Double", 0, "not judged"),
        traced("tuned", "Halve", 0, "solved"),
    ]
    reported = report_of(tmp_path, rollouts)["overview"]
    assert reported["problems"] == ["Double", "Halve"] and reported["runs"] == ["run"]
    assert reported["cells"] == [[[["s", 0, 7, 7], ["f", 1, 5, 7]], [["n", 0, 0, 0]]], [[], [["s", 0, 7, 7]]]]


def test_the_headline_has_intervals_and_what_must_be_known_of_the_run(tmp_path):
    rollouts = [traced("plain", f"p{i}", 0, "failed") for i in range(4)]
    rollouts += [traced("tuned", f"p{i}", 0, "solved" if i < 2 else "not judged") for i in range(4)]
    reported = report_of(tmp_path, rollouts, problems=[f"p{i}" for i in range(5)], lm="simulated")["overview"]
    plain, tuned = reported["arms"]
    assert plain["solved"] == pytest.approx([0.0, 0.0, 0.49], abs=1e-3) and plain["against"] is None
    assert plain["costs"]["LM calls"] == [[4.0, 4.0, 4.0], None]
    assert tuned["costs"]["LM calls"] == [[4.0, 4.0, 4.0], [4.0, 4.0, 4.0]]
    assert tuned["solved"] == pytest.approx([1.0, 0.342, 1.0], abs=1e-3)
    against = tuned["against"]
    solved = against["solved"]
    assert solved["interval"] == pytest.approx([1.0, -0.349, 1.0], abs=1e-3) and not solved["shown"]
    assert (solved["value"], solved["ends"], solved["p"]) == ("+100.0", "-34.9 to +100.0", "0.250")
    assert against["hidden"]["p"] == "0.500"
    assert (against["problems"], against["better"], against["worse"], tuned["not_judged"]) == (2, 2, 0, 2)
    assert reported["findings"][0].startswith("It is not shown that tuned solves more or fewer problems than plain.")
    assert reported["family"].startswith("A difference is the program's mean minus that of plain")
    assert reported["notes"][1:] == [
        "NOT FINISHED: 2 of 10 rollouts are missing.",
        "Not judged, and in no rate: 2 rollouts (infrastructure). "
        "tuned: that is 50.0% of its rollouts, more than 2%: not valid.",
        "The model is simulated: these numbers say nothing about any language model.",
    ]


def test_what_several_samples_solve_is_told_with_intervals(tmp_path):
    rollouts = [
        traced("flow", f"p{i}", n, "solved" if (i, n) == (0, 1) else "reverted") for i in range(2) for n in (0, 1)
    ]
    (arm,) = report_of(tmp_path, rollouts)["overview"]["arms"]
    assert arm["best_of"] == 2 and arm["pass_at_k"] == arm["solved_by_any"] == pytest.approx(
        [0.5, 0.0945, 0.9055], abs=1e-3
    )
    assert arm["one_at_k"][0] == 0.5, "the solved one passes more public tests"


def test_that_pass_at_k_is_not_known_is_said_below_the_table(tmp_path):
    rollouts = [traced("flow", "p0", 0), *(traced("flow", "p1", n, "failed") for n in range(2))]
    reported = report_of(tmp_path, rollouts)["overview"]
    assert reported["arms"][0]["pass_at_k"] is None and reported["arms"][0]["solved_by_any"][0] == 0.5
    assert reported["remarks"][0].startswith("flow: k = 2 on 1 of 2 problems only")
    assert not any("k = 2" in note for note in reported["notes"])


def test_a_curve_rises_where_a_right_program_was_found_and_falls_where_it_was_let_go_of():
    curve = solved_curve([traced(problem="a", end="solved"), traced(problem="b", end="reverted")], "seconds")
    assert curve and curve["steps"] == [[2.0, 0.0], [3.5, 1.0], [4.0, 0.5], [4.5, 0.5]]
    assert curve["intervals"][-1] == pytest.approx([4.5, 0.0945, 0.9055], abs=1e-3)


@pytest.mark.parametrize(("unit", "end"), [("calls", 4), ("tokens", 480), ("dollars", 0.04), ("seconds", 3.5)])
def test_a_curve_ends_at_what_was_spent_when_the_answer_was_found(unit, end):
    curve = solved_curve([traced(end="solved")], unit)
    assert curve and curve["steps"][-1] == [end, 1.0]


def test_samples_are_averaged_before_problems():
    rollouts = [traced("a", "p", 0, "solved"), *(traced("a", "q", sample, "failed") for sample in range(3))]
    curve = solved_curve(rollouts, "calls")
    assert curve and curve["steps"][-1] == [4.0, 0.5]


def test_a_rollout_without_a_program_is_never_solved_and_one_not_judged_is_in_no_curve():
    empty = traced(problem="b", end="failed", code="", checkpoints=[])
    curve = solved_curve([traced(problem="a"), empty, traced(problem="c", end="not judged")], "calls")
    assert curve and curve["steps"][-1] == [4.0, 0.5]


def test_there_is_no_curve_over_dollars_where_a_price_is_not_known():
    priced = traced()
    free = [point.model_copy(update={"dollars": None}) for point in priced.checkpoints]
    rollouts = [priced, priced.model_copy(update={"checkpoints": free})]
    assert solved_curve(rollouts, "dollars") is None and solved_curve(rollouts, "calls")
    assert solved_curve([], "calls") is None


def test_a_curve_of_many_budgets_is_thinned_and_keeps_its_ends():
    rollouts = []
    for number in range(300):
        points = [point.model_copy(update={"seconds": 1.0 + number}) for point in traced().checkpoints[1:]]
        rollouts.append(traced(problem=f"p{number}", checkpoints=points))
    curve = solved_curve(rollouts, "seconds")
    assert curve and len(curve["steps"]) == 100
    assert curve["steps"][0] == [1.0, 1 / 300] and curve["steps"][-1] == [300.0, 1.0]


def test_a_run_older_than_traces_makes_a_report(tmp_path):
    run = store(tmp_path / "run", [traced()])
    line = json.loads((run / "rollouts.jsonl").read_text())
    line["account"] = {"calls": [{"stage": "WriteCode"}], "judge_runs": [], "decisions": []}
    del line["checkpoints"]
    (run / "rollouts.jsonl").write_text(json.dumps(line) + "\n")
    for trace in run.rglob("*.jsonl.gz"):
        trace.unlink()
    write_report([run], tmp_path / "report.html")
    reported = unpacked((tmp_path / "report.html").read_text())
    (only,) = reported["problem-0"]["rollouts"]
    assert only["events"] == [] and not only["whole"]
    assert reported["problem-0"]["texts"][only["versions"][0]["code"]] == SECOND
    assert reported["overview"]["curves"]["calls"][0]["steps"] == [[4.0, 1.0]]


def test_programs_made_elsewhere_have_no_cost_and_no_curve(tmp_path):
    reported = traced(checkpoints=[], trace=Trace(marks=["imported"]), totals=Totals(dollars=None), seconds=0.0)
    run = store(tmp_path / "run", [reported], problems=["Double"], samples=3, imported={"file": "x.jsonl"})
    shown = overview(stored_arms([run]), [])
    assert shown["curves"] == {unit: [None] for unit in ("calls", "tokens", "dollars", "seconds")}
    assert (shown["arms"][0]["solved"][0], shown["arms"][0]["costs"], shown["notes"]) == (1.0, {}, [])


def test_a_report_over_an_empty_run_is_made(tmp_path):
    reported = report_of(tmp_path, [], artifacts={"flow": "0"}, problems=["Double"])
    assert reported["overview"]["arms"][0]["solved"] is None and reported["problem-0"]["rollouts"] == []


def test_a_run_without_programs_is_refused(tmp_path):
    run = store(tmp_path / "run", [], artifacts={}, problems=["Double"])
    with pytest.raises(RunError, match="has no program to report on"):
        write_report([run], tmp_path / "report.html")


def test_several_runs_go_into_one_report_and_their_arms_are_told_apart(tmp_path):
    runs = [store(tmp_path / name, [traced("flow", problem)]) for name, problem in (("a", "Double"), ("b", "Halve"))]
    reported = overview(stored_arms(runs), [])
    assert [arm["name"] for arm in reported["arms"]] == ["a/flow", "b/flow"] and reported["problems"] == [
        "Double",
        "Halve",
    ]
    assert [[bool(cell) for cell in row] for row in reported["cells"]] == [[True, False], [False, True]]


def test_arms_of_several_runs_judged_differently_are_said_to_be(tmp_path):
    runs = [store(tmp_path / name, [traced("flow")], checker=name) for name in ("strict", "deepmind")]
    (note,) = overview(stored_arms(runs), [])["notes"]
    assert note.startswith("NOT THE SAME RULES") and str(tmp_path) not in note


def test_a_difference_in_hidden_tests_is_a_finding_of_its_own(tmp_path):
    problems = [f"p{i}" for i in range(9)]
    run = store(
        tmp_path / "run", rates({"plain": dict.fromkeys(problems, 0.75), "worse": dict.fromkeys(problems, 0.25)})
    )
    solved, hidden = overview(stored_arms([run]), [])["findings"]
    assert solved.startswith("It is not shown that worse solves more or fewer problems than plain.")
    assert hidden == "Shown to pass fewer hidden tests than plain: worse (-50.0 points, p = 0.004)."


def test_the_funnel_counts_what_became_of_rollouts_calls_and_stages(tmp_path):
    lost = traced("flow", "c", 0, "failed", code="", checkpoints=[])
    lost.trace.events[2].outcome = "cut while thinking"
    lost.trace.events.append(Decided(decision=StageGivenUp(stage="WriteCode")))
    rollouts = [traced("flow", "a"), traced("flow", "b", 0, "reverted"), lost, traced("flow", "d", 0, "not judged")]
    reported = report_of(tmp_path, rollouts)["overview"]
    (arm,) = reported["arms"]
    assert reported["fates"] == [
        *("read at once", "read with tolerance", "read after another call", "cut off", "not readable", "no answer")
    ]
    assert arm["funnel"]["steps"] == [3, 2, 1, 1]
    assert arm["funnel"]["origins"] == [["the first program", 3, 0.0], ["a fix", 3, pytest.approx(1 / 3)]]
    assert arm["funnel"]["stages"] == [
        ["ReflectOnProblem", [3, 0, 0, 0, 3, 0], 0],
        ["WriteCode", [2, 0, 0, 1, 0, 0], 1],
        ["FixCode", [3, 0, 0, 0, 0, 0], 0],
    ]


def test_a_report_says_in_what_the_prompts_differ(tmp_path):
    run = store(tmp_path / "run", [traced("plain"), traced("tuned"), traced("gone")])
    plain = write_start(run / "artifacts" / "plain", "direct")
    made, manifest = artifact.load(plain, {"temperature": 0.5})
    (predictor,) = made.predictors()
    predictor.signature = predictor.signature.with_instructions(f"Write it.\n{HOSTILE}")
    artifact.save(run / "artifacts" / "tuned", made, manifest)
    write_report([run], tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    reported = unpacked(page)
    assert reported["overview"]["settings"].startswith("NOT ONLY THE PROMPTS DIFFER: temperature")
    (lines, diff), (gone, nothing) = reported["prompts"]
    assert lines[0].startswith("solve.predict: another instruction") and f"+{HOSTILE.splitlines()[0]}" in diff
    assert gone == ["the run does not have the artifact of gone"] and nothing == ""
    assert "<script>alert" not in page
    (run / "artifacts" / "plain" / "program.json").write_text("[]")
    with pytest.raises(ArtifactError):
        write_report([run], tmp_path / "report.html")


def test_several_arms_are_corrected_for_in_the_headline(tmp_path):
    ends = {"plain": "failed", "one": "solved", "two": "solved"}
    rollouts = [traced(arm, f"p{i}", 0, end) for arm, end in ends.items() for i in range(6)]
    reported = overview(stored_arms([store(tmp_path / "run", rollouts)]), [])
    assert [arm["against"] and arm["against"]["solved"]["p"] for arm in reported["arms"]] == [None, "0.031", "0.031"]
    assert "These 2 comparisons are one family" in reported["family"]
    assert reported["findings"] == [
        "Shown to solve more problems than plain: one (+100.0 points, p = 0.031), two (+100.0 points, p = 0.031)."
    ]


def test_a_curve_says_from_where_on_it_is_a_lower_bound():
    failing = traced(problem="b", end="failed")
    shorter = failing.model_copy(update={"score": failing.score and traced_score(False, public=1)})
    curve = solved_curve([traced(problem="a"), shorter], "seconds")
    assert curve and curve["open"] is None, "the samples end where the drawing ends"
    cheap = shorter.model_copy(update={"seconds": 2.5})
    curve = solved_curve([traced(problem="a"), cheap], "seconds")
    assert curve and curve["open"] == 2.5 and curve["steps"][-1] == [3.5, 0.5]


def test_runs_over_different_data_are_refused(tmp_path):
    runs = [store(tmp_path / name, [traced()], data_fingerprint=name) for name in ("a", "b")]
    with pytest.raises(RunError, match="different data"):
        stored_arms(runs)


def test_the_command_writes_into_the_first_run_and_refuses_what_is_no_run(tmp_path, monkeypatch, capsys):
    run = store(tmp_path / "run", [traced()])
    assert printed(monkeypatch, eval.report.__main__.main, run) == f"{run / 'report.html'}\n"
    assert capsys.readouterr().err == f"next: python -m eval.show {run}\n"
    assert "problem-0" in scripts((run / "report.html").read_text())
    again = store(tmp_path / "again", [traced()])
    before = (run / "report.html").read_bytes()
    assert printed(monkeypatch, eval.report.__main__.main, run, again) == f"{run / 'comparison.html'}\n"
    assert (run / "report.html").read_bytes() == before, "the first run keeps its own report"
    capsys.readouterr()
    assert call(monkeypatch, eval.report.__main__.main, tmp_path / "none") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path / 'none'} is not a run") and line.endswith("config.json is missing")
    RunFolder(tmp_path / "training", {"data": "pack"})
    assert call(monkeypatch, eval.report.__main__.main, tmp_path / "training") == 2
    assert "is not a run of eval.run: its config.json has no 'artifacts'" in capsys.readouterr().err


def test_nothing_hostile_stands_in_the_page_as_it_is(tmp_path):
    page_of = traced("flow", f"A {HOSTILE}", 0, "failed", text=HOSTILE)
    reported = report_of(tmp_path, [page_of, traced("flow", "B", 0, "not judged", text=HOSTILE)], data=HOSTILE)
    page = (tmp_path / "report.html").read_text()
    assert "<script>alert" not in page and "<!--" not in page
    assert page.count("<script") == page.count("</script>") == len(scripts(page)) + 1
    assert reported["problem-0"]["name"] == reported["overview"]["problems"][0] == f"A {HOSTILE}"


def test_the_page_loads_nothing_and_lets_no_other_script_run(tmp_path):
    report_of(tmp_path, [traced()])
    page = (tmp_path / "report.html").read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy and policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1] and not re.search(r"(src|href)=\"|url\(|@import|https?://(?!www\.w3\.org)", page)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory) -> tuple[Path, Path]:
    """The data and the folder of a run made by the command, with hidden tests that can be looked for."""
    folder = tmp_path_factory.mktemp("evaluated")
    task = number_task("Thrice", lambda n: 3 * n, "3 * n")
    hidden = ("8675309\n", "7041776\n")
    tasks = [type(task)(task.name, task.right, task.wrong, (*task.inputs[:2], *hidden), task.answer, task.public)]
    with pytest.MonkeyPatch.context() as patched:
        isolate(patched, folder / "cache")
        data, start = write_pack(folder / "data", test=tasks), write_start(folder / "flow", "alphacodium")
        use_lm(patched, answer_rule(tasks, Thrice="wrong"))
        printed(patched, eval.run.main, start, "--data", data, "--out", folder / "run")
    return data, folder / "run"


def test_a_run_ends_with_its_report_which_has_the_statement_and_public_tests(evaluated):
    reported = unpacked((evaluated[1] / "report.html").read_text())["problem-0"]
    texts, statement = reported["texts"], reported["statement"]
    assert "The task is called Thrice." in texts[statement["text"]]
    assert [[texts[given], texts[expected]] for given, expected in statement["tests"]] == [
        ["3\n", "9\n"],
        ["7\n", "21\n"],
    ]
    assert reported["rollouts"][0]["why"][0].startswith("The answer fails 2 of 2 hidden tests")


def test_a_report_has_what_the_data_says_of_each_problem(evaluated, tmp_path):
    arms = stored_arms([evaluated[1]])
    data = load_problems(str(evaluated[0]), "test")
    facts = {"Thrice": Facts(difficulty="EASY", tags=("math", HOSTILE), rating=800)}
    assert overview(arms, [], data)["facts"] == [["A", [], 0]] and overview(arms, [])["facts"] == [["", [], 0]]
    page = render(arms, replace(data, _facts=facts), [])
    assert unpacked(page)["overview"]["facts"] == [["EASY", ["math", HOSTILE], 800]]
    assert "<script>alert" not in page


@pytest.mark.parametrize("data", ["gone.json", "./gone"])
def test_a_report_is_made_where_the_data_no_longer_is(tmp_path, monkeypatch, data):
    monkeypatch.setattr("eval.data.rows.CACHE_FOLDER", tmp_path / "cache")
    reported = report_of(tmp_path, [traced()], data=data)
    assert reported["overview"]["notes"][0].startswith("The statements are only in the prompts: ")
    assert reported["problem-0"]["statement"] is None


def test_the_report_of_a_run_that_goes_on_is_there_and_says_so(tmp_path, monkeypatch):
    isolate(monkeypatch, tmp_path / "cache")
    seen = []

    def answer(prompt: str) -> str:
        """The LM, which waits for the report before it answers."""
        assert wait_for(lambda: (tmp_path / "run" / "report.html").is_file())
        seen.append(unpacked((tmp_path / "run" / "report.html").read_text())["overview"])
        return answer_rule()(prompt)

    use_lm(monkeypatch, answer)
    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "direct", "direct")
    printed(monkeypatch, eval.run.main, start, "--data", data, "--out", tmp_path / "run", "--live", "1000")
    assert seen[0]["live"]["seconds"] == 1000 and seen[0]["notes"][0].startswith("NOT FINISHED: ")
    reported = unpacked((tmp_path / "run" / "report.html").read_text())["overview"]
    assert "live" not in reported and reported["notes"] == []


def test_a_live_report_that_cannot_be_written_ends_no_run(evaluated, tmp_path, capsys):
    run = store(tmp_path / "run", [traced()])
    (run / "report.html").mkdir()
    with live_report(run, load_problems(str(evaluated[0]), "test"), 1000):
        pass
    assert capsys.readouterr().err.startswith("warning: the live report has stopped: ")


def test_every_verdict_of_the_judge_is_explained():
    legend = (PAGE / "verdicts.js").read_text()
    assert [name for name in Verdict if not re.search(rf"^  {name}: ", legend, re.MULTILINE)] == []


def test_a_folder_of_runs_gets_an_index_and_the_reports_that_are_missing_or_old(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "all of them"
    store(folder / "one", [traced("plain"), traced("tuned", end="failed")], data=HOSTILE)
    store(folder / "deep" / "two#", [traced()], problems=["Double", "Halve"])
    bad = store(folder / "bad", [traced()])
    (bad / "rollouts.jsonl").write_text("{}\n")
    RunFolder(folder / "training", {"data": "pack"})
    index = folder / "index.html"
    assert printed(monkeypatch, eval.report.__main__.main, folder) == f"{index}\n"
    page = index.read_text()
    reported = json.loads(scripts(page)["overview"])
    assert [(run["name"], run["report"], run["done"], run["missing"]) for run in reported["runs"]] == [
        ("deep/two#", "deep/two%23/report.html", 1, 1),
        ("one", "one/report.html", 2, 0),
    ]
    assert reported["runs"][1]["arms"] == [
        ["plain", [1.0, pytest.approx(0.2065, abs=1e-3), 1.0]],
        ["tuned", [0, 0, ANY]],
    ]
    (name, why), (training, _) = reported["others"]
    assert (
        (name, training) == ("bad", "training")
        and why.startswith("bad/rollouts.jsonl, line 1 is damaged")
        and str(tmp_path) not in page
    )
    assert "line 1 is damaged" in capsys.readouterr().err
    assert "<script>alert" not in page and page.count("<script") == 2
    report = folder / "one" / "report.html"
    for changed, written in ((-100, False), (100, True)):
        report.write_text("old")
        then = report.stat().st_mtime + changed
        os.utime(folder / "one" / "rollouts.jsonl", (then, then))
        printed(monkeypatch, eval.report.__main__.main, folder)
        assert (report.read_text() != "old") == written
    assert call(monkeypatch, eval.report.__main__.main, folder, "--exclude", "x.json") == 2
    assert "--exclude works only for the report of a run" in capsys.readouterr().err


def test_no_hidden_test_is_in_a_report(evaluated, monkeypatch, tmp_path):
    data, run = evaluated
    isolate(monkeypatch, tmp_path)
    hidden = load_problems(str(data), "test").hidden("Thrice").all()
    everything = json.dumps(unpacked((run / "report.html").read_text()))
    assert len(hidden) == 2
    for test in hidden:
        assert test.input.strip() not in everything and test.output.strip() not in everything


@pytest.mark.parametrize(
    ("function", "over_examples", "over_runs"),
    [
        (None, ["input", "output"], ["input", "expected", "printed", "error"]),
        (
            AskedFunction(entry_point="f", starter_code="def f(n): ..."),
            ["arguments", "value"],
            ["arguments", "expected", "returned", "error"],
        ),
    ],
)
def test_a_report_has_the_words_of_what_is_asked_for(tmp_path, function, over_examples, over_runs):
    problem = Problem(
        name="Double", description="", public_tests=(PublicTest(input="1", output="2"),), function=function
    )
    rollout = traced("arm", "Double", 0, "reverted")
    for event in rollout.trace.judge_runs:
        event.function = function.name if function else ""
    arms = stored_arms([store(tmp_path / "run", [rollout])])
    block, table = problem_block(arms, "Double", problem)
    assert block["statement"]["headings"] == over_examples
    shown = "\n".join(table.chunks[chunk] for chunk in table.texts[block["statement"]["text"]])
    assert ("def f(n): ..." in shown) == (function is not None)
    runs = [event for event in block["rollouts"][0]["events"] if event["kind"] == "judge"]
    assert [list(event["headings"]) for event in runs] == [over_runs] * len(runs) and runs
    said = problem_stories(tmp_path / "run", "Double", Painter(io.StringIO()))
    assert f"{over_runs[0]}: 2" in said and f"{over_runs[2]}: 2" in said


def test_a_live_page_has_no_tests_of_differences(tmp_path):
    ends = {"plain": "failed", "one": "solved"}
    rollouts = [traced(arm, f"p{i}", 0, end) for arm, end in ends.items() for i in range(6)]
    arms = stored_arms([store(tmp_path / "run", rollouts)])
    ended, live = (unpacked(render(arms, None, [], seconds)) for seconds in (None, 60))
    assert "0.031" in json.dumps(ended) and "0.031" not in json.dumps(live)


def test_a_report_is_not_written_through_a_link(tmp_path):
    run = store(tmp_path / "run", rates({"plain": {"apple": 1.0}}))
    (tmp_path / "mine").write_text("mine")
    (run / "report.html").symlink_to(tmp_path / "mine")
    with pytest.raises(RunError, match="is a link"):
        write_report([run], run / "report.html")
    assert (tmp_path / "mine").read_text() == "mine"
