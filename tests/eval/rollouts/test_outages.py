"""The third state: an outage is nobody's wrong answer. It ends a run after a few rollouts, which goes on later."""

import json
import sqlite3

import pytest
from dspy import ContextWindowExceededError, LMRateLimitError, LMServerError

import eval.run
from eval.data.load import load_problems
from eval.rollouts.executor import run_program
from eval.rollouts.outages import ALIKE
from eval.rollouts.rollout import judge_answer
from eval.rollouts.run_folder import read_rollouts
from program.problem import Problem
from program.rollout.rate_limits import Pace, RateLimits
from program.stage.call_record import words_of
from tests.support.packs import answer_rule, asked_problem, call, isolate, number_task, use_lm, write_pack, write_start

TASKS = tuple(number_task(f"Add {n}", lambda x, n=n: x + n, f"n + {n}") for n in range(12))
RIGHT = answer_rule(TASKS)


@pytest.fixture
def command(monkeypatch, tmp_path, capsys):
    """Runs twelve problems with an LM that answers by a rule: exit status, what is said, prompts, statuses."""
    isolate(monkeypatch, tmp_path / "cache")
    data, start, out = write_pack(tmp_path / "data", TASKS, TASKS), write_start(tmp_path / "direct", "direct"), "run"
    monkeypatch.chdir(tmp_path)

    def run(rule):
        prompts = use_lm(monkeypatch, rule)
        status = call(monkeypatch, eval.run.main, start, "--data", data, "--concurrency", "1", "--out", out)
        said = capsys.readouterr().err.strip().splitlines()[-1:]
        return status, "".join(said), len(prompts), [each.status for each in read_rollouts(tmp_path / out)]

    return run


def failing(fault, *names):
    """A rule that fails on some problems, on all where none is named."""
    return lambda prompt: fault if not names or asked_problem(prompt) in names else RIGHT(prompt)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (LMServerError("the server is on fire", model="m"), "on fire"),
        (LMRateLimitError("slow down", model="m", retry_after=3600), "retry after 3,600 s"),
        (ContextWindowExceededError(message="maximum context length is 4096 tokens", model="m"), "max_code_tokens"),
        ("", "answers were unusable: "),
    ],
    ids=["broken", "retry after", "too long", "empty"],
)
def test_a_run_whose_rollouts_fail_alike_stops_after_a_few_and_goes_on_later(command, answer, said):
    status, line, prompts, statuses = command(failing(answer))
    assert (status, line.startswith("error: "), said in line, "the same command resumes" in line) == (1, *[True] * 3)
    assert statuses == ["not judged"] * ALIKE and prompts <= ALIKE * 7 + 7
    status, _, prompts, statuses = command(RIGHT)
    assert (status, prompts, statuses) == (0, 12, ["solved"] * 12)


def test_an_outage_is_waited_out_once_and_not_for_each_call():
    pace, fault = Pace(RateLimits(retries=3)), LMServerError("down", model="m")
    assert [pace.may_retry(fault, attempt) for attempt in range(4)] == [True, True, True, False]
    assert not pace.may_retry(fault, 0)
    pace.spent(10)
    assert not pace.may_retry(fault, 0)
    pace.answered()
    assert pace.may_retry(fault, 0)


def test_after_a_success_a_prompt_that_is_too_long_is_that_problems_own(command):
    fault = ContextWindowExceededError(message="maximum context length is 4096 tokens", model="m")
    long = [task.name for task in TASKS[1:9]]
    status, line, _, statuses = command(failing(fault, *long))
    assert statuses == ["solved", *["not judged"] * 8, *["solved"] * 3]
    assert status == 0 and line.startswith("warning: 8 of 12 rollouts were not judged") and "4096" in line


def test_empty_answers_before_the_first_text_are_failures_after_it(command):
    status, _, _, statuses = command(failing("", *[task.name for task in TASKS[:3]]))
    assert (status, statuses) == (0, [*["failed"] * 3, *["solved"] * 9])


def test_a_run_with_rollouts_that_were_not_judged_does_not_end_in_silence(command):
    status, line, _, statuses = command(failing(LMServerError("down", model="m"), "Add 3"))
    assert status == 1 and "1 of 12 rollouts were not judged" in line and statuses.count("solved") == 11


def test_a_server_that_asks_for_an_hour_is_quoted():
    assert words_of(LMRateLimitError("slow down", model="m", retry_after=3600)).endswith("(retry after 3,600 s)")
    assert "wait" not in words_of(LMRateLimitError("slow down", model="m", retry_after=3))


OTHERS = [
    RuntimeError("can't start new thread"),
    sqlite3.OperationalError("database or disk is full"),
    OSError(28, "No space left on device"),
    MemoryError(),
    OverflowError("cannot convert float infinity to integer"),
]
OWN = [TypeError("no"), ValueError("no"), KeyError("no"), IndexError("no"), RecursionError("no"), AssertionError("no")]


@pytest.mark.parametrize("fault", [*OTHERS, *OWN], ids=lambda fault: type(fault).__name__)
def test_what_is_no_fault_of_a_program_leaves_its_rollout_not_judged(fault):
    def program(**_):
        raise fault

    rollout = run_program("arm", program, Problem(name="x", description="x"), 0)  # pyright: ignore[reportArgumentType]
    assert rollout.status == ("failed" if fault in OWN else "not judged") and str(fault) in rollout.error


@pytest.mark.parametrize("fault", [*OTHERS, *OWN], ids=lambda fault: type(fault).__name__)
def test_whatever_ends_the_judging_of_an_answer_is_no_fault_of_the_program(fault, monkeypatch, tmp_path):
    def score(*_):
        raise fault

    monkeypatch.setattr("eval.rollouts.rollout.score", score)
    (tmp_path / "one.json").write_text(json.dumps(TASKS[0].row()))
    problems = load_problems(str(tmp_path / "one.json"), "test")
    rollout = run_program("arm", lambda **_: Answer(), problems.problems[0], 0)  # pyright: ignore[reportArgumentType]
    judge_answer(rollout, problems.problems[0], problems)
    assert rollout.status == "not judged"


class Answer(dict):
    """As much of a prediction as a rollout reads."""

    code = "print(1)"
