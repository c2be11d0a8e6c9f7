"""The table of what a comparison can show: its numbers are those of the project's statistics, and those of the page."""

import pytest

from benchmarks.numbers import detectable
from eval.numbers.power import STEP, WANTED, least_difference, power
from tests.support.packs import printed
from tests.support.paths import ROOT

DIFFERENT = [1.0] * 13 + [-1.0] * 12 + [0.0] * 75


@pytest.mark.parametrize("problems", [36, 165])
def test_the_least_difference_is_shown_with_the_chance_and_a_smaller_one_is_not(problems):
    least = least_difference(DIFFERENT, problems)
    assert least is not None
    chances = [power(DIFFERENT, problems=problems, gain=gain) for gain in (least - STEP, least)]
    assert chances[0] is not None and chances[1] is not None
    assert chances[0] < WANTED <= chances[1]


def test_more_problems_and_smaller_differences_show_more():
    found = [least_difference(DIFFERENT, problems) or 0.0 for problems in (36, 135, 299)]
    assert found == sorted(found, reverse=True) and len(set(found)) == 3
    assert 0 < (least_difference([each / 2 for each in DIFFERENT], 135) or 0.0) < found[1]
    assert least_difference([0.0] * 9, 9) is None, "nothing says by how much problems differ"
    assert least_difference([1.0, 0.0], 2) is None, "two problems show nothing"


def test_the_page_of_datasets_has_the_table_that_the_command_prints(monkeypatch):
    monkeypatch.chdir(ROOT)
    table = printed(monkeypatch, detectable.main)
    assert table.strip() in (ROOT / "docs" / "datasets.md").read_text()
    assert all(f"| {size} (" in table for size in (36, 135, 164, 165, 299))
