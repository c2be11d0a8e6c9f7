"""What other readings of stored answers would have gained."""

import pytest

from eval.data.load import load_problems
from eval.rejudged.reading_headroom import reading_headroom, readings_of
from eval.rollouts.run_folder import RunFolder
from judge.judge import judge
from program.problem import AskedFunction, Problem, PublicTest
from program.rollout.trace import Call
from tests.support.packs import isolate, number_task, write_pack
from tests.support.rollouts import config_of, rollout

TWICE = number_task("Twice", lambda n: 2 * n, "2 * n")
WRONG, RIGHT = "print(0)\n", "print(2 * int(input()))\n"


@pytest.fixture
def problems(tmp_path, monkeypatch):
    isolate(monkeypatch, tmp_path / "cache")
    return load_problems(str(write_pack(tmp_path / "data", test=[TWICE])), "test")


def headroom(tmp_path, problems, *answers: str, public: float = 0.5, stage: str = "WriteCode"):
    """Of one failed rollout for each answer."""
    folder = RunFolder(tmp_path / "run", config_of(["plain"], ["Twice"]))
    rollouts = [
        rollout("Twice", 0.0, public=public, sample=number, events=[Call(stage=stage, answer=answer)])
        for number, answer in enumerate(answers)
    ]
    for each in rollouts:
        folder.append(each)
    return reading_headroom(folder.path, rollouts, problems)


@pytest.mark.parametrize(
    "answer",
    [
        f"```python\n{RIGHT}```\nor\n```python\n{WRONG}```",
        "```python\nimport os\nprint(2 * int(sys.stdin.readline()))\n```",
        "```python\ndef main():\n    print(2 * int(input()))\n```",
        f"<think>\n```python\n{WRONG}```\n</think>\n{RIGHT}",
    ],
    ids=["another block", "an import", "a call", "after the thought"],
)
def test_a_right_program_in_an_answer_counts(tmp_path, problems, answer):
    found = headroom(tmp_path, problems, answer, f"```python\n{WRONG}```")
    assert found.failed == 2 and found.gained.value == 0.5


def test_what_holds_no_right_program_does_not(tmp_path, problems):
    found = headroom(tmp_path, problems, WRONG, "That is hard to say.", "")
    assert found.failed == 3 and found.gained.value == 0.0


def test_programs_for_tests_are_none_for_the_problem(tmp_path, problems):
    assert headroom(tmp_path, problems, f"```python\n{RIGHT}```", stage="WriteGenerator").gained.value == 0.0


def test_rollouts_that_pass_the_public_tests_have_nothing_to_gain(tmp_path, problems):
    assert headroom(tmp_path, problems, f"```python\n{RIGHT}```", public=1.0).failed == 0


@pytest.mark.parametrize(
    "answer",
    [
        "```python\ndef add(n):\n    return n + 1\n```\nor\n```python\ndef twice(n):\n    return 2 * n\n```",
        "```python\ndef double(n):\n    return 2 * n\n```",
        "```python\ndef twice(n):\n    return 2 * n\n```\n\n```python\nprint(twice(int(input())))\n```",
        "```python\n    return 2 * n\n```",
    ],
    ids=["another block", "another name", "before a program", "the rest of the starter code"],
)
def test_answers_are_read_for_the_function_that_a_problem_asks_for(answer):
    problem = Problem(
        name="Twice",
        description="",
        public_tests=(PublicTest(input="3", output="6"),),
        function=AskedFunction(entry_point="twice", starter_code="def twice(n):"),
    )
    readings = readings_of(Call(stage="SolveDirectly", answer=answer), problem)
    assert any(
        judge(each, problem.tests(), problem.limits(), checker=problem.checker()).all_passed for each in readings
    )
