"""The metric: a quick verdict agrees with the full score."""

from typing import get_args

import pytest

from eval.data.load import load_problems
from eval.rollouts.score import score
from judge.cache import VerdictCache, reports_in
from judge.judge import judge
from optimize.job.metric import HiddenPassRate, Measure, measured
from tests.support.packs import VALID, write_pack

SOME = "n = int(input())\nprint(n * n if n < 4 else 0)\n"
CODES = (VALID[0].right, VALID[1].right, SOME, "print(0)\n", "1 / 0\n", "", "print(")


@pytest.mark.parametrize("measure", get_args(Measure))
@pytest.mark.parametrize("threshold", [1.0, 0.5])
def test_a_program_is_right_exactly_if_its_score_reaches_the_threshold(tmp_path, measure, threshold):
    problems = load_problems(str(write_pack(tmp_path)), "valid")
    metric = HiddenPassRate(problems, measure)
    verdicts = []
    for problem in problems.problems:
        for code in CODES:
            verdicts.append(metric.is_right(problem, code, threshold))
            reached = measured(score(code, problem, problems), measure) >= threshold
            assert verdicts[-1] == reached, (problem.name, code)
    assert {*verdicts} == {True, False}


def test_where_all_tests_must_pass_the_first_failed_test_decides(tmp_path, monkeypatch):
    problems = load_problems(str(write_pack(tmp_path)), "valid")
    ran = []

    def judged(program, tests, *rest, **options):
        report = judge(program, tests, *rest, **options)
        ran.append(len(report.results))
        return report

    monkeypatch.setattr("eval.rollouts.score.judge", judged)
    (problem, *_) = problems.problems
    assert len(problems.hidden(problem.name).all()) > 1
    with reports_in(VerdictCache()):
        assert not HiddenPassRate(problems).is_right(problem, "1 / 0\n", 1.0)
    assert ran == [1]
