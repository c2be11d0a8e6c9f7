"""Words on their way into an artifact: proven by programs that are written for it, dropped where they are copied."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from dspy import LMServerError

import optimize.compile
import optimize.show
from optimize.gate.gate_outcome import Outcome
from program import artifact
from program.models.scripted import Answer, Rule
from tests.support.packs import (
    answer_rule,
    asked_problem,
    call,
    demonstrations,
    plus_tasks,
    printed,
    use_lm,
    write_pack,
    write_start,
)
from tests.support.scripted import stage_of

TASKS = plus_tasks(range(1, 11))
NAMES = [task.name for task in TASKS]
REFLECT, WRITE = "understand.reflect.predict", "write_code.write_code.predict"


pytestmark = pytest.mark.usefixtures("own_caches")


@pytest.fixture
def options(tmp_path) -> list:
    start = write_start(tmp_path / "start", "alphacodium", {"solutions": 0, "ai_tests": 0, "public_tries": 0})
    data = write_pack(tmp_path / "data", TASKS)
    return ["--start", start, "--data", data, "--optimizer", "verified", "--out", tmp_path / "out"]


def rule(helps: bool, template: str = "") -> Rule:
    """Reflections help, or they do not: then programs are right without them too.

    Args:
        helps: whether they do.
        template: that every reflection ends with.
    """
    right, wrong = (answer_rule(TASKS, **dict.fromkeys(NAMES, fate)) for fate in ("right", "wrong"))

    def answer(prompt: str) -> Answer:
        if stage_of(prompt) == "ReflectOnProblem":
            said = [f"the number that {asked_problem(prompt)} adds", template]
            return json.dumps({"reflection": [each for each in said if each]})
        reads = "the number that" in prompt.rpartition("## problem")[2]
        return (right if reads or not helps else wrong)(prompt)

    return answer


def report_of(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text())


def demos_of(folder: Path) -> dict[str, int]:
    return {name: len(each.demos) for name, each in artifact.load(folder)[0].named_predictors()}


def test_words_that_help_are_proven_by_programs_that_are_written_for_it(monkeypatch, tmp_path, options):
    prompts = use_lm(monkeypatch, rule(helps=True))
    printed(monkeypatch, optimize.compile.main, *options, "--no-gate")
    assert demos_of(tmp_path / "out")[REFLECT] == 2
    report = report_of(tmp_path / "out")
    said = "4 of 4 programs written with it are right, 0 of 4 programs written without it are right"
    assert [each["evidence"] for each in report["evidence"][REFLECT]] == [[said]] * 2
    assert report["paid"]["by_phase"]["proofs"]["calls"] == 2 * 7, "one program with them is there already"
    assert len(prompts) == report["paid"]["total"]["calls"]


def test_words_that_change_nothing_are_not_shown_and_cost_little(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule(helps=False))
    printed(monkeypatch, optimize.compile.main, *options, "--no-gate")
    assert demos_of(tmp_path / "out") == {**dict.fromkeys(demos_of(tmp_path / "out"), 0), WRITE: 2}
    # Of each problem the four programs without the words show that there is nothing to prove.
    assert report_of(tmp_path / "out")["paid"]["by_phase"]["proofs"]["calls"] == 4 * len(TASKS)


@pytest.mark.parametrize(("allowed", "shown"), [(0, 0), (6, 0), (7, 1), (13, 1), (14, 2)])
def test_no_more_programs_are_written_than_allowed_and_the_plan_says_so(monkeypatch, tmp_path, options, allowed, shown):
    use_lm(monkeypatch, rule(helps=True))
    bounded = [*options, "--no-gate", "--tune", f"proof_calls={allowed}"]
    planned = re.findall(
        r"\| proofs, at most \| 0 \| (\d+) ", printed(monkeypatch, optimize.compile.main, *bounded, "--dry-run")
    )
    assert planned == ([str(allowed)] if allowed else [])
    printed(monkeypatch, optimize.compile.main, *bounded)
    paid = report_of(tmp_path / "out")["paid"]["by_phase"].get("proofs", {"calls": 0})["calls"]
    assert demos_of(tmp_path / "out")[REFLECT] == shown and paid == 7 * shown <= allowed


def test_a_compilation_that_was_stopped_among_the_proofs_goes_on(monkeypatch, tmp_path, options):
    prompts = use_lm(monkeypatch, rule(helps=True))
    printed(monkeypatch, optimize.compile.main, *options, "--no-gate", "--max-calls", "35")
    assert (
        len(prompts) == 35 and "max_calls = 35" in (artifact.read_manifest(tmp_path / "out").compile or {})["stopped"]
    )
    printed(monkeypatch, optimize.compile.main, *options, "--no-gate")
    assert demos_of(tmp_path / "out")[REFLECT] == 2
    assert len(prompts) == report_of(tmp_path / "out")["paid"]["total"]["calls"]


def test_a_model_out_of_reach_proves_nothing_and_the_same_command_goes_on(monkeypatch, tmp_path, options, capsys):
    """A program that nobody has written is none that is wrong."""
    answers, down = rule(helps=True), [True]

    def answer(prompt: str) -> Any:
        bare = stage_of(prompt) == "WriteCode" and "the number that" not in prompt.rpartition("## problem")[2]
        return LMServerError("down", model="m") if bare and down[0] else answers(prompt)

    use_lm(monkeypatch, answer)
    assert call(monkeypatch, optimize.compile.main, *options, "--no-gate") != 0
    assert "WriteCode got no answer" in capsys.readouterr().err
    down[0] = False
    printed(monkeypatch, optimize.compile.main, *options, "--no-gate")
    assert demos_of(tmp_path / "out")[REFLECT] == 2


def test_demonstrations_that_are_copied_from_are_dropped_before_the_gate(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule(helps=True, template="the input line holds one number and so does the output line"))
    said = printed(monkeypatch, optimize.compile.main, *options, "--tune", "gate_draws=1")
    report = report_of(tmp_path / "out")
    assert [each["predictor"] for each in report["dropped"]] == [REFLECT] * 2
    assert all(each["why"] == "8 of 8 answers on other problems copy" for each in report["dropped"])
    assert REFLECT in said and report["evidence"][REFLECT] == []
    compiled = tmp_path / "out" / "gate" / "artifacts" / "compiled"
    assert demos_of(compiled)[REFLECT] == 0 and demos_of(compiled)[WRITE] == 2
    assert Outcome.model_validate(report["gate"]).copied.keys() == {"WriteCode"}
    assert "dropped before the gate" in printed(monkeypatch, optimize.show.main, tmp_path / "out")


def test_of_several_demonstrations_those_go_that_are_copied_from(monkeypatch, tmp_path, options):
    """Where the first problem is shown its words are copied; of the others each has words of its own."""
    answers, template = rule(helps=True), "the input line holds one number and so does the output line"

    def answer(prompt: str) -> Any:
        if stage_of(prompt) != "ReflectOnProblem":
            return answers(prompt)
        name = asked_problem(prompt)
        own = " ".join(f"{name.replace(' ', '')}word{n}" for n in range(20))
        copies = NAMES[0] in (name, *demonstrations(prompt))
        return json.dumps({"reflection": [f"the number that {name} adds", template if copies else own]})

    use_lm(monkeypatch, answer)
    printed(monkeypatch, optimize.compile.main, *options, "--tune", "gate_draws=1")
    (dropped,) = report_of(tmp_path / "out")["dropped"]
    assert (dropped["predictor"], dropped["problem"]) == (REFLECT, NAMES[0])
    assert demos_of(tmp_path / "out" / "gate" / "artifacts" / "compiled")[REFLECT] == 1


def test_demonstrations_that_are_not_copied_from_stay(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule(helps=True))
    printed(monkeypatch, optimize.compile.main, *options, "--tune", "gate_draws=1")
    report = report_of(tmp_path / "out")
    assert report["dropped"] == [] and report["paid"]["by_phase"]["copying"]["calls"] == 2 * 8
    assert demos_of(tmp_path / "out" / "gate" / "artifacts" / "compiled")[REFLECT] == 2


def test_with_no_answers_to_look_at_nothing_is_dropped(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, rule(helps=True))
    printed(monkeypatch, optimize.compile.main, *options, "--tune", "gate_draws=1", "--tune", "copy_answers=0")
    assert "copying" not in report_of(tmp_path / "out")["paid"]["by_phase"]


def test_what_says_something_false_is_dropped_whoever_chose_it(monkeypatch, tmp_path, options):
    """`bootstrap` takes whole rollouts that ended well, whatever was said in them."""
    answers = rule(helps=True)

    def answer(prompt: str) -> Answer:
        if stage_of(prompt) == "ExplainTests":
            wrong = asked_problem(prompt) == NAMES[0]
            return json.dumps({"explanations": ["1 + 1 = 3" if wrong else "1 + 1 = 2"] * 2})
        return answers(prompt)

    use_lm(monkeypatch, answer)
    arguments = ["bootstrap" if each == "verified" else each for each in options]
    printed(monkeypatch, optimize.compile.main, *arguments, "--demos", "2", "--tune", "gate_draws=1")
    (dropped,) = report_of(tmp_path / "out")["dropped"]
    assert (dropped["problem"], dropped["why"]) == (NAMES[0], "it says that 1 + 1 = 3, which is wrong")
    assert demos_of(tmp_path / "out" / "gate" / "artifacts" / "compiled")["understand.explain_tests.predict"] == 1
