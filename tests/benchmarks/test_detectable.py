"""The table of what a comparison can show: its numbers are those of the project's statistics, and those of the page."""

import pytest

from benchmarks.numbers import detectable
from eval.numbers.power import power
from tests.support.packs import printed
from tests.support.paths import ROOT

DIFFERENT = [1.0] * 13 + [-1.0] * 12 + [0.0] * 75


@pytest.mark.parametrize("problems", [36, 165])
def test_the_least_difference_is_shown_with_the_chance_and_a_smaller_one_is_not(problems):
    least = detectable.least_difference(DIFFERENT, problems)
    chances = [power(DIFFERENT, problems=problems, gain=gain) for gain in (least - detectable.STEP, least)]
    assert chances[0] is not None and chances[1] is not None
    assert chances[0] < detectable.WANTED <= chances[1]


def test_more_problems_and_smaller_differences_show_more():
    found = [detectable.least_difference(DIFFERENT, problems) for problems in (36, 135, 299)]
    assert found == sorted(found, reverse=True) and len(set(found)) == 3
    assert detectable.least_difference([each / 2 for each in DIFFERENT], 135) < found[1]


def test_the_page_of_datasets_has_the_table_that_the_command_prints(monkeypatch):
    monkeypatch.chdir(ROOT)
    table = printed(monkeypatch, detectable.main)
    assert table.strip() in (ROOT / "docs" / "datasets.md").read_text()
    assert all(f"| {size} (" in table for size in (36, 135, 164, 165, 299))
