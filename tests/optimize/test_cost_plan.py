"""The dry run: it asks and writes nothing, says all that matters, and is near to what is paid afterwards."""

import json
import os
import re
from contextlib import contextmanager
from pathlib import Path

import pytest

import eval.run
import optimize.compile
from eval.simulated.lm import simulated_lm
from eval.simulated.skills import Skills
from optimize.optimizers.table import NAMES
from program.models.prices import Price
from tests.support.packs import (
    VALID,
    call,
    isolate,
    plus_tasks,
    printed,
    use_opener,
    write_dataset,
    write_pack,
    write_start,
)

TASKS = (*VALID, *plus_tasks(range(2, 14)))
ARMS = [("direct", name) for name in NAMES] + [("alphacodium", "verified"), ("alphacodium", "bootstrap_rs")]


@pytest.fixture(autouse=True)
def own_caches(monkeypatch, tmp_path):
    isolate(monkeypatch, tmp_path / "cache")
    monkeypatch.setattr("optimize.forecast.averages.RUNS", tmp_path / "runs")


def use_simulated(monkeypatch) -> None:
    made = {}

    @contextmanager
    def open_model(model, problems, *, cache=False, **_):
        made.setdefault("lm", simulated_lm(problems, Skills(code_right=0.6, seed=3)))
        yield made["lm"].copy(cache=cache)

    use_opener(monkeypatch, open_model)


def total_of(said: str) -> list[float]:
    """Program runs, LM calls, prompt and answer tokens of the plan's last row."""
    row = next(line for line in said.splitlines() if line.startswith("| all |"))
    return [float(cell.replace(",", "")) for cell in re.findall(r"\| ([\d,]+) ", row)]


def start_of(tmp_path: Path, program, tasks=TASKS) -> list[str | Path]:
    data, start = write_pack(tmp_path / "data", tasks), write_start(tmp_path / "start", program)
    return ["--start", start, "--data", data, "--lm", "simulated", "--concurrency", "4"]


def verified_in(tmp_path: Path, tasks=TASKS) -> list[str | Path]:
    return [*start_of(tmp_path, "direct", tasks), "--optimizer", "verified", "--no-gate", "--out", tmp_path / "out"]


@pytest.mark.parametrize(("program", "name"), ARMS)
def test_after_a_pilot_the_number_of_calls_is_within_30_percent(monkeypatch, tmp_path, program, name):
    use_simulated(monkeypatch)
    tasks, some = (TASKS, "8") if program == "direct" else (TASKS[:8], "5")
    options = [*start_of(tmp_path, program, tasks), "--optimizer", name, "--no-gate", "--out", tmp_path / "out"]
    said = printed(monkeypatch, optimize.compile.main, *options, "--pilot", some)
    assert said.count("pilot of ") == 1 and "averages of" in said
    if name == "bootstrap":
        assert total_of(printed(monkeypatch, optimize.compile.main, *options, "--dry-run")) == total_of(said)
    printed(monkeypatch, optimize.compile.main, *options)
    paid = json.loads((tmp_path / "out" / "report.json").read_text())["paid"]
    proofs = paid["by_phase"].get("proofs", {"calls": 0})["calls"]
    asked = paid["total"]["calls"] - proofs
    # What the prompts of candidates of a race share is not known beforehand.
    assert 0.7 * asked <= total_of(said)[1] <= (3.0 if name == "race" else 1.3) * asked
    assert proofs <= sum(map(int, re.findall(r"\| proofs, at most \| 0 \| (\d+) ", said)))


def test_the_comparison_with_the_start_is_planned(monkeypatch, tmp_path):
    use_simulated(monkeypatch)
    options = [*start_of(tmp_path, "direct"), "--optimizer", "bootstrap", "--out", tmp_path / "out"]
    said = printed(monkeypatch, optimize.compile.main, *options, "--dry-run")
    (planned,) = re.findall(r"\| gate \| [\d,]+ \| (\d+) ", said)
    printed(monkeypatch, optimize.compile.main, *options)
    paid = json.loads((tmp_path / "out" / "report.json").read_text())["paid"]["by_phase"]["gate"]["calls"]
    assert 0.7 * paid <= int(planned) <= 1.3 * paid


def test_a_dry_run_asks_nothing_writes_nothing_and_names_splits_and_priors(monkeypatch, tmp_path):
    monkeypatch.setattr("optimize.compilation.compile_session.open_model", None)  # opening one would already be a call
    options = [*start_of(tmp_path, "alphacodium"), "--optimizer", "mipro", "--out", tmp_path / "out", "--dry-run"]
    said = printed(monkeypatch, optimize.compile.main, *options, "--freeze", "FixCode")
    assert "to learn from: 8; to choose candidates by: 8\n" in said and "as it is: FixCode" in said
    assert "come from assumptions" in said and "| proposals |" in said and "| gate |" in said and "not known" in said
    assert not (tmp_path / "out").exists() and not (tmp_path / "cache" / "compile").exists()


@pytest.mark.parametrize("limit", ["calls=2", "tokens=700", "dollars=0.0001"])
def test_the_budget_of_a_rollout_is_in_the_plan(monkeypatch, tmp_path, limit):
    """It limits the calls of every candidate, in whatever unit it is stated."""
    monkeypatch.setattr("optimize.compilation.compile_session.open_model", None)
    start, data = start_of(tmp_path, "alphacodium")[:2], ["--data", tmp_path / "data"]
    options = [*start, *data, "--lm", "openai/gpt-4o-mini", "--out", tmp_path / "out", "--dry-run"]
    calls, limited = (
        total_of(printed(monkeypatch, optimize.compile.main, *options, *more))[1] for more in ([], ["--at", limit])
    )
    assert limited < 0.6 * calls


def test_the_budget_of_a_rollout_bounds_the_training_runs_too(monkeypatch, tmp_path):
    use_simulated(monkeypatch)
    options = [*start_of(tmp_path, "alphacodium"), "--optimizer", "bootstrap", "--no-gate", "--out", tmp_path / "out"]
    for most in (2, 4):
        plan = printed(monkeypatch, optimize.compile.main, *options, "--at", f"calls={most}", "--dry-run")
        runs, calls, _ = rows_of(plan)["training"]
        assert calls == most * runs > 0


def rows_of(plan: str) -> dict[str, list[int]]:
    """Program runs, LM calls and prompt tokens of each row of a plan."""
    rows = re.findall(r"^\| ([a-z][^|]*) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) ", plan, re.MULTILINE)
    return {name: [int(number.replace(",", "")) for number in numbers] for name, *numbers in rows}


@pytest.mark.parametrize("name", ["bootstrap", "verified", "mipro"])
def test_the_comparison_is_planned_with_demonstrations_and_its_second_look_with_runs(monkeypatch, tmp_path, name):
    use_simulated(monkeypatch)
    options = [*start_of(tmp_path, "direct"), "--optimizer", name, "--tune", "gate_problems=4"]
    rows = rows_of(printed(monkeypatch, optimize.compile.main, *options, "--out", tmp_path / "out", "--dry-run"))
    per_call = {name: tokens / calls for name, (_, calls, tokens) in rows.items()}
    assert per_call["gate"] > 400 and per_call["gate-more, at most"] == pytest.approx(per_call["gate"], rel=0.01)
    assert per_call["copying, at most"] > per_call["gate"], "in the gate the start has no demonstrations"
    assert rows["gate-more, at most"] == rows["gate"]


def test_the_demonstrations_of_the_start_are_planned(monkeypatch, tmp_path):
    use_simulated(monkeypatch)
    options = [*start_of(tmp_path, "direct"), "--optimizer", "gepa", "--out", tmp_path / "out", "--dry-run"]
    state = json.loads((tmp_path / "start" / "program.json").read_text())
    without = rows_of(printed(monkeypatch, optimize.compile.main, *options))["gate"]
    state["solve.predict"]["demos"] = [{"problem": "x" * 40_000, "code": "pass"}]
    (tmp_path / "start" / "program.json").write_text(json.dumps(state))
    shown = rows_of(printed(monkeypatch, optimize.compile.main, *options))["gate"]
    assert shown[2] / shown[1] - without[2] / without[1] == pytest.approx(10_000, rel=0.05)


def test_a_cap_on_tokens_that_demonstrations_exceed_is_known_before(monkeypatch, tmp_path):
    use_simulated(monkeypatch)
    options = [*start_of(tmp_path, "direct"), "--optimizer", "bootstrap", "--tune", "gate_problems=4"]
    options += ["--out", tmp_path / "out"]
    printed(monkeypatch, optimize.compile.main, *options, "--pilot", "4")
    row = rows_of(printed(monkeypatch, optimize.compile.main, *options, "--dry-run"))["gate"]
    plan = printed(monkeypatch, optimize.compile.main, *options, "--max-tokens", str(row[2]), "--dry-run")
    assert "is less than the comparison with the start needs" in plan


def test_a_budget_that_is_stated_twice_is_refused(monkeypatch, tmp_path, capsys):
    options = [*start_of(tmp_path, "direct"), "--out", tmp_path / "out", "--dry-run", "--at", "calls=3"]
    assert call(monkeypatch, optimize.compile.main, *options, "--set", "budget.calls=5") == 2
    assert "error: --set budget.calls and --at: give only one of them" in capsys.readouterr().err
    assert call(monkeypatch, optimize.compile.main, *options, "--set", "budget.tokens=5000") == 0
    assert call(monkeypatch, optimize.compile.main, *options, "--set", "budget=5") == 2
    assert "error: --set budget and --at: give only one of them" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("at", "said"), [("calls=", "--at calls=: expected a number"), ("calls", "--at calls: expected KEY=VALUE")]
)
def test_a_budget_without_a_number_is_refused(monkeypatch, tmp_path, capsys, at, said):
    """As where a variable of the shell is not set: without the budget, everything would cost more."""
    options = [*start_of(tmp_path, "direct"), "--out", tmp_path / "out", "--dry-run", "--at", at]
    assert call(monkeypatch, optimize.compile.main, *options) == 2 and f"error: {said}" in capsys.readouterr().err


def test_a_dry_run_of_a_probe_is_priced_as_a_probe(monkeypatch, tmp_path):
    monkeypatch.setattr("optimize.compilation.compile_session.open_model", None)
    options = [*start_of(tmp_path, "alphacodium"), "--out", tmp_path / "out", "--dry-run", "--probe", "150"]
    said = printed(monkeypatch, optimize.compile.main, *options)
    assert said.startswith("the probe: about 150 calls with ") and "| gate |" not in said
    few = printed(monkeypatch, optimize.compile.main, *options, "--limit", "3")
    assert few.startswith("the probe: about 36 calls with "), "three problems are all there is"


def test_a_plan_goes_by_the_largest_run_on_its_own_data_and_by_other_runs_only_without_one(monkeypatch, tmp_path):
    """Whatever the times of the files, which are those of the checkout in a fresh clone."""
    use_simulated(monkeypatch)
    options = start_of(tmp_path, "direct", TASKS[:4])
    other, model = write_pack(tmp_path / "other", TASKS[:2]), options[4:]
    compiling = ["--optimizer", "verified", "--no-gate", "--out", tmp_path / "out", "--dry-run"]

    def evaluated(name: str, data: str | Path, *more: str, age: float = 0) -> None:
        run = tmp_path / "runs" / name
        printed(monkeypatch, eval.run.main, tmp_path / "start", "--data", data, *model, *more, "--out", run)
        os.utime(run / "rollouts.jsonl", (1e9 - age, 1e9 - age))

    def planned_by() -> str:
        said = printed(monkeypatch, optimize.compile.main, *options, *compiling)
        return re.findall(r"come from (.*)", said)[0].partition(" rollouts of ")[2]

    evaluated("elsewhere", other, "--n", "3")
    assert planned_by() == str(tmp_path / "runs" / "elsewhere")
    evaluated("larger", options[3], "--n", "2", age=7200)
    evaluated("newer", options[3], age=3600)
    assert planned_by() == str(tmp_path / "runs" / "larger")


def test_a_plan_has_the_time_of_its_calls_if_answers_were_timed_or_requests_are_limited(monkeypatch, tmp_path):
    use_simulated(monkeypatch)
    options, timed = (
        [*verified_in(tmp_path, TASKS[:4]), "--dry-run"],
        r"time: about (\d+):(\d+) at --concurrency (\d+), (.*)",
    )
    said = printed(monkeypatch, optimize.compile.main, *options)
    assert "time: about" not in said
    calls = total_of(said)[1]
    said = printed(monkeypatch, optimize.compile.main, *options, "--requests-per-minute", "1")
    assert re.findall(timed, said) == [(f"{calls:.0f}", "00", "4", "because of requests_per_minute = 1")]
    folder = tmp_path / "runs" / "timed"
    printed(monkeypatch, eval.run.main, tmp_path / "start", *options[2:6], "--out", folder)
    slow = [json.loads(line) | {"seconds": 3600.0} for line in (folder / "rollouts.jsonl").read_text().splitlines()]
    (folder / "rollouts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in slow))
    assert "if an answer takes as long as it did there" in printed(monkeypatch, optimize.compile.main, *options)


def test_without_a_run_prompts_are_expected_to_be_as_long_as_the_problems_are(monkeypatch, tmp_path):
    long = tmp_path / "long"
    long.mkdir()
    rows = [{**task.row(), "description": "word " * 4000} for task in TASKS[:4]]  # 20,000 characters
    write_dataset(long / "data", {"valid": rows})
    options = verified_in(tmp_path, TASKS[:4])
    short = total_of(printed(monkeypatch, optimize.compile.main, *options, "--dry-run"))
    there = total_of(printed(monkeypatch, optimize.compile.main, *options, "--data", long / "data", "--dry-run"))
    assert short[1] == there[1] == 4  # calls
    assert 4 * 300 < short[2] < 4 * 400 and 4 * 5300 <= there[2] < 4 * 5400


def test_a_plan_beyond_a_cap_says_so_and_prices_are_those_of_the_models(monkeypatch, tmp_path):
    monkeypatch.setattr(
        "optimize.forecast.forecast.price_of", lambda model: Price(1e-3, 0.0) if model == "simulated" else None
    )
    options = [*verified_in(tmp_path), "--dry-run"]
    said = printed(monkeypatch, optimize.compile.main, *options, "--max-calls", "3")
    assert "max_calls = 3 is reached before the end" in said
    assert f"| {total_of(said)[2] * 1e-3:.2f} |" in said
    unpriced = printed(monkeypatch, optimize.compile.main, *options, "--teacher-lm", "some/other")
    assert "teacher_lm: some/other" in unpriced and "not known" in unpriced


def test_a_pilot_is_not_paid_for_again(monkeypatch, tmp_path):
    use_simulated(monkeypatch)
    options = verified_in(tmp_path)
    printed(monkeypatch, optimize.compile.main, *options, "--pilot", "4")
    printed(monkeypatch, optimize.compile.main, *options)
    paid = json.loads((tmp_path / "out" / "report.json").read_text())["paid"]
    assert (paid["this_session"]["calls"], paid["total"]["calls"]) == (len(TASKS) - 4, len(TASKS))


def test_a_pilot_of_nothing_is_refused(monkeypatch, tmp_path):
    options = [*start_of(tmp_path, "direct"), "--no-gate", "--out", tmp_path / "out", "--pilot", "0"]
    assert call(monkeypatch, optimize.compile.main, *options) == 2
