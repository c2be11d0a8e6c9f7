"""The table of the replication study, from a run made with a scripted LM."""

from pathlib import Path

import pytest

import eval.compare
import eval.replication
import eval.run
import eval.summarize
from eval.errors import RunError
from eval.tables.replication_table import replicate
from tests.support.packs import TEST, answer_rule, call, isolate, printed, use_lm, write_pack, write_start
from tests.support.rollouts import rollout, store

pytestmark = pytest.mark.usefixtures("few_resamples")

FATES = {"Cube": "fixed", "Predecessor": "wrong"}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Five iterations of both arms: the flow mends the Cube, one call does not; nobody solves the Predecessor."""
    folder = tmp_path_factory.mktemp("replication")
    data = write_pack(folder / "data")
    arms = [write_start(folder / "one-call", "direct"), write_start(folder / "flow", "alphacodium")]
    with pytest.MonkeyPatch.context() as patched:
        isolate(patched, folder / "cache")
        use_lm(patched, answer_rule(**FATES))
        printed(patched, eval.run.main, *arms, "--data", data, "--n", "5", "--out", folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def table(run) -> str:
    return replicate(run)


def cells(report: str, *begin: str) -> list[str]:
    """The cells after those a row begins with."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in report.splitlines()]
    (found,) = (row for row in rows if row[: len(begin)] == list(begin))
    return found[len(begin) :]


THIS = ("this run, local/qwen2.5-coder-0.5b", "test")


def test_the_run_gives_all_figures_of_both_arms(table):
    assert "zero-shot: one-call; flow: flow" in table
    for measure, tests in (("pass@5", "public + private"), ("pass@5", "private only"), ("pass@1", "private only")):
        direct, flow = cells(table, *THIS, measure, tests)
        assert direct.startswith("33.3 % (") and flow.startswith("66.7 % (")
    calls = cells(table, "LM calls")
    assert calls[0].startswith("1.0 (") and float(calls[1].split()[0]) > 6 and calls[3] == "15–20"
    assert "All 5 iterations of this run were run" in table and "not run" not in table


def test_a_model_without_a_price_has_no_costs_in_dollars(table):
    assert cells(table, "USD")[:3] == ["not known", "not known", "–"]


def test_the_published_figures_stand_beside_ours(table):
    assert cells(table, "GPT-4, published", "test") == ["pass@5", "private only", "12 %", "29 %"]
    assert cells(table, "DeepSeek-33B, published", "valid")[-2:] == ["7 %", "20 %"]
    assert cells(table, "tokens")[-1] == "about 60,000; ratio about 20"


def test_what_was_not_run_is_said_and_not_made_up(tmp_path):
    made = [rollout(task.name, arm="direct", calls=1) for task in TEST]
    report = replicate(store(tmp_path / "run", made), direct="direct")
    assert "zero-shot: direct; flow: not run" in report
    assert cells(report, "this run, scripted/lm", "test", "pass@5", "private only") == ["not run", "not run"]
    assert cells(report, "this run, scripted/lm", "test", "pass@1", "private only")[1] == "not run"
    assert cells(report, "LM calls")[1:3] == ["not run", "–"]
    assert "fewer than 5 iterations" in report


def test_a_lost_iteration_is_said_and_does_not_leave_its_problem_out(tmp_path):
    made = [
        rollout(name, float(name == "apple"), arm="direct", sample=n) for name in ("apple", "berry") for n in range(5)
    ]
    made[0] = rollout("apple", None, arm="direct")
    report = replicate(store(tmp_path / "run", made), direct="direct")
    for measure in ("pass@5", "1@5"):
        assert (
            cells(report, "this run, scripted/lm", "test", measure, "public + private")[0] == "k = 5 on 1 of 2 problems"
        )
    told, not_run = cells(report, "this run, scripted/lm", "test", "any sample", "public + private")
    assert told.startswith("50.0 % (") and not_run == "not run"


def test_arms_can_be_named_and_wrong_names_are_refused(run):
    assert "zero-shot: flow; flow: one-call" in replicate(run, direct="flow", flow="one-call")
    with pytest.raises(RunError, match="no arm other; there are one-call, flow"):
        replicate(run, flow="other")


def test_a_run_of_neither_program_is_refused(tmp_path):
    with pytest.raises(RunError, match="neither a zero-shot arm nor a flow"):
        replicate(store(tmp_path / "run", [rollout(arm="mystery")]))


def test_the_command_prints_it(run, monkeypatch, capsys):
    assert "GPT-4, published" in printed(monkeypatch, eval.replication.main, run)
    assert call(monkeypatch, eval.replication.main, run.parent) == 2
    assert "is not a run" in capsys.readouterr().err


def test_one_stored_run_gives_the_comparison_the_budgets_and_the_prompts(run, monkeypatch):
    report = printed(monkeypatch, eval.compare.main, run, "--budget", "calls", "tokens")
    assert "| flow | 3 | +33.3 points (" in report
    assert "- only flow solves: Cube" in report
    assert "another program: alphacodium instead of direct" in report
    assert cells(report, "1")[:2][0].startswith("33.3 %"), "one call solves one of three problems"
    assert cells(report, "1")[1].startswith("0.0 %"), "by then the flow has no program yet"


def test_the_summary_shows_what_the_fix_brought_and_the_models_tests_are_judged_by_the_known_programs(run, monkeypatch):
    report = printed(monkeypatch, eval.summarize.main, run, "--ai-tests")
    assert "## flow: which program solved it" in report and "## one-call: which" not in report
    first, fix = cells(report, "the first program"), cells(report, "a fix")
    assert first[-1].startswith("33.3 % (") and fix[-1].startswith("33.3 % (")
    tests, valid, discriminating, caught, by_public = cells(report[report.index("## AI tests") :], "flow")
    assert tests.endswith(" rollouts") and valid.startswith("100.0 %")
    assert discriminating.startswith("0.0 %") and caught.startswith("0.0 %") and by_public.startswith("0.0 %")
