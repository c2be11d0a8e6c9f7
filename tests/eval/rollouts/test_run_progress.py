"""The progress bar: the share solved of what was judged, what was not judged, and the spend."""

from types import SimpleNamespace

import pytest

from eval.rollouts.loop import in_words
from eval.rollouts.run_progress import RunProgress
from tests.support.rollouts import traced


def test_the_bar_counts_solved_of_judged_and_what_was_spent(capsys):
    with RunProgress("scripted", 10) as progress:
        for sample, end in enumerate(("solved", "failed", "not judged", "failed")):
            progress.add(traced(end=end, sample=sample))
        assert progress.status() == "solved 1/3 (33%), 1 not judged, 1.44k tokens, $0.12"
    assert "scripted" in capsys.readouterr().err


def test_stored_rollouts_are_in_the_share_and_the_spend(capsys):
    with RunProgress("scripted", 3, [traced(), traced(end="failed", sample=1)]) as progress:
        assert progress.status() == "solved 1/2 (50%), 960 tokens, $0.08"
    assert "2/3" in capsys.readouterr().err


def test_an_unknown_price_is_not_shown_as_nothing():
    unpriced = traced()
    unpriced.totals.dollars = None
    with RunProgress("scripted", 2, [unpriced, traced(sample=1)]) as progress:
        assert "$" not in progress.status() and "tokens" in progress.status()


def test_a_rollout_that_is_judged_later_has_its_new_status():
    with RunProgress("scripted", 2) as progress:
        late = traced(end="failed", sample=1)
        verdict, late.status = late.status, "not judged"
        progress.add(late)
        assert progress.status() == "solved –, 1 not judged, 480 tokens, $0.04"
        late.status = verdict
        progress.add(late)
        assert progress.status() == "solved 0/1 (0%), 480 tokens, $0.04"


def test_before_anything_was_judged_there_is_no_share():
    with RunProgress("scripted", 2) as progress:
        assert progress.status() == "solved –, 0 tokens"


def test_the_line_knows_the_total_and_what_is_being_done():
    progress = RunProgress("scripted", 10, [traced()], lambda: "2 running (FixCode), 7 calls, 1.2k tokens")
    progress.add(traced(end="failed", sample=1))
    parts = progress.line().split(" | ")
    assert parts[0] == "scripted 2/10"
    assert parts[2:] == ["solved 1/2 (50%), $0.08", "2 running (FixCode), 7 calls, 1.2k tokens"]
    assert parts[1].startswith("0:00, about 0:0") and parts[1].endswith(" left")


@pytest.mark.parametrize(
    ("running", "judged", "said"),
    [
        (0, 0, ""),
        (3, 0, "3 running (WriteCode), 7 calls, 1.2k tokens"),
        (3, 1, "2 running (WriteCode), 1 in the judge, 7 calls, 1.2k tokens"),
        (2, 2, "2 in the judge, 7 calls, 1.2k tokens"),
    ],
)
def test_what_is_only_judged_is_not_shown_as_a_stage_of_the_model(running, judged, said):
    executor = SimpleNamespace(stage="WriteCode", budget=SimpleNamespace(calls=7, tokens=1200))
    assert in_words(running, judged, executor) == said
