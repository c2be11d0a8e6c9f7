"""The seconds of a small and a large model, from their tokens and rates."""

import pytest

from benchmarks.flow.stronger_fixes import report
from eval.errors import RunError
from program.rollout.trace import Call
from tests.support.rollouts import checkpoint, rollout, store

RATES = {"small": (100.0, 50.0), "large": (50.0, 10.0)}


def run(folder, name: str, *models: str):
    """A rollout in which the first program is wrong and the last is right; each call has 100 tokens, 50 of them new."""
    tokens = {"prompt_tokens": 80, "cached_tokens": 30, "completion_tokens": 20}
    calls = [Call(stage="FixCode", model=model, **tokens) for model in models]
    points = [checkpoint(1, False, code="print(0)\n"), checkpoint(len(calls), True)]
    paid = {"calls": len(calls), "prompt_tokens": 80 * len(calls), "completion_tokens": 20 * len(calls)}
    return store(folder / name, [rollout(checkpoints=points, events=calls, **paid)])


def test_seconds_are_those_of_new_tokens_at_the_rate_of_each_model(tmp_path):
    runs = [run(tmp_path, "alone", "large", "large"), run(tmp_path, "mixed", "small", "large", "small")]
    lines = report(runs, RATES).splitlines()
    assert lines[2].endswith("| 2.0 | 200.0 | 6.0 |"), "two calls of 50 / 50 + 20 / 10 seconds"
    assert lines[3].endswith("| 3.0 | 300.0 | 4.8 |"), "and two of 50 / 100 + 20 / 50"
    within = lines.index("| solved within so many LM seconds a problem | 5 | 6 |")
    alone, mixed = (line.split(" | ")[1:] for line in lines[within + 2 : within + 4])
    assert [each.split()[0] for each in alone] == ["0.0", "100.0"] and mixed[0].startswith("100.0")


def test_a_model_without_a_rate_is_refused(tmp_path):
    with pytest.raises(RunError, match="no entry for huge"):
        report([run(tmp_path, "alone", "huge", "huge")], RATES)
