"""All samples of a problem are made by the same program: only the draw varies."""

from typing import Any, get_args

import pytest

from program.artifact import ProgramName, new_program
from program.handwritten import HAND_WRITTEN
from tests.support.scripted import EVERYTHING, NEVER, RIGHT, Rollout, code, written

pytestmark = pytest.mark.usefixtures("runs", "impatient")

STRATEGIES = {**HAND_WRITTEN, "everything": ("alphacodium", {**EVERYTHING, "rounds": 3})}
DRAW = {"rollout_id", "seed"}
# Programs that are right, and programs that never are, so that a rollout goes through everything it has.
ANSWERS: dict[str, dict[str, Any]] = {
    "right": {},
    "wrong": {
        **dict.fromkeys(("SolveDirectly", "SolveStepByStep", "SolveWithLessons", "WriteCode"), code(NEVER)),
        "FixCode": [code(f"{NEVER}# {n}\n") for n in range(9)],
    },
    "wrong by an AI test": {"WriteTests": written(("3", "7"), ("4", "8")), "WriteCode": code(f"{RIGHT}# so\n")},
}


def test_every_program_is_looked_at():
    assert {name for name, _ in STRATEGIES.values()} == set(get_args(ProgramName))


@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize("name", STRATEGIES)
def test_two_samples_ask_the_same_with_the_same_settings(name, answers, double):
    first, fourth = (_sample(name, double, number, ANSWERS[answers]) for number in (0, 3))
    assert first.result.code == fourth.result.code
    assert _asked(first) == _asked(fourth)


@pytest.mark.parametrize("name", STRATEGIES)
def test_no_two_samples_share_a_draw(name, double):
    drawn = [_draws(_sample(name, double, number, ANSWERS["wrong"])) for number in range(4)]
    assert all(drawn) and sum(map(len, drawn)) == len(set().union(*drawn))


def _sample(name: str, problem: Any, number: int, answers: dict[str, Any]) -> Rollout:
    return Rollout(new_program(*STRATEGIES[name]), problem, number, **answers)


def _asked(rollout: Rollout) -> list[str]:
    """Every prompt with the settings of its call; what runs side by side may have been asked in either order."""
    return sorted(repr((entry["messages"], _without_draw(entry["kwargs"]))) for entry in rollout.lm.history)


def _without_draw(settings: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted((key, str(value)) for key, value in settings.items() if key not in DRAW)


def _draws(rollout: Rollout) -> set[tuple[str, int | None]]:
    """The draws of every prompt."""
    return {(str(entry["messages"]), entry["kwargs"].get("rollout_id")) for entry in rollout.lm.history}
