"""What a compilation will ask and cost, before it asks anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from optimize.config import CompileConfig
from optimize.expected import Expected, Sizes
from optimize.forecast.averages import Averages, averages, training_scores
from optimize.job.examples import halves
from optimize.job.inputs import Inputs, models_of
from optimize.job.metric import measured
from optimize.job.stages import stages_of
from optimize.optimizers.table import optimizer
from program.models.prices import price_of
from program.rollout.budget import OPTIONS, spent_of

PROPOSAL_PROMPT_TOKENS, PROPOSAL_ANSWER_TOKENS = 1500, 300  # priors


@dataclass(frozen=True)
class Row:
    """One phase of the plan; dollars is None where no price is known."""

    phase: str
    runs: float
    calls: float
    prompt_tokens: float
    answer_tokens: float
    dollars: float | None


def rows_of(config: CompileConfig, inputs: Inputs, average: Averages, out: Path | None) -> list[Row]:
    """One row a phase of the optimizer."""
    problems = inputs.problems.problems
    share = getattr(config.tuning, "choose", None)
    learn, choose = halves(problems, share, config.seed) if share else (list(problems), [])
    there = training_scores(out, [problem.name for problem in learn])
    threshold = getattr(config.tuning, "threshold", 1.0)
    sizes = Sizes(
        train=len(learn),
        val=len(choose),
        predictors=len(stages_of(inputs.program)) - len(inputs.frozen),
        concurrency=config.concurrency,
        good=average.good,
        done=len(there),
        found=sum(measured(score, config.metric) >= threshold for score in there),
        changed=average.changed,
    )
    expected = optimizer(config.optimizer).expected(config.tuning, sizes)
    return [_row(config, each, average) for each in expected]


def describe_plan(config: CompileConfig, inputs: Inputs, out: Path | None = None) -> str:
    """The plan in words and a table.

    Args:
        config, inputs: of the compilation.
        out: its folder, whose rollouts tell the averages if there are any.
    """
    average = averages(config, inputs, out)
    rows = rows_of(config, inputs, average, out)
    total = _total(rows)
    problems = inputs.problems.problems
    share = getattr(config.tuning, "choose", None)
    tuned = [stage.name for _, stage in stages_of(inputs.program) if stage.name not in inputs.frozen]
    lines = [f"compile {config.start} ({inputs.manifest.program}) with {config.optimizer} for {config.lm}"]
    lines += [f"{role}: {model}" for role, model in models_of(config).items() if model != config.lm]
    lines.append(f"on {len(problems)} problems of {config.data} {config.split} ({inputs.problems.fingerprint})")
    if share:
        learn, choose = halves(problems, share, config.seed)
        lines.append(f"to learn from: {len(learn)}; to choose candidates by: {', '.join(p.name for p in choose)}")
    lines.append(f"tuned: {', '.join(tuned)}" + (f"; as it is: {', '.join(inputs.frozen)}" if inputs.frozen else ""))
    lines.append(f"keys: {config.tuning.model_dump(exclude_none=True)}")
    lines += ["", "| phase | program runs | LM calls | prompt tokens | answer tokens | USD |", "|" + " --- |" * 6]
    lines += [_line(row) for row in [*rows, total]]
    lines += ["", f"averages of {average.calls:.1f} calls a run are from {average.source}"]
    reached = spent_of(_used(total), config.budget)
    if reached:
        cap = f"{OPTIONS[reached]} = {getattr(config.budget, reached):g}"
        lines.append(f"the plan goes beyond a cap: {cap} is reached before it ends, and the best so far is saved")
    return "\n".join(lines)


def _row(config: CompileConfig, expected: Expected, average: Averages) -> Row:
    calls = expected.runs * average.calls * expected.new
    prompt, answer = average.prompt_tokens / average.calls, average.answer_tokens / average.calls
    # A demonstration is a prompt of that stage, without the instruction, and its answer.
    prompt_tokens = calls * (prompt + expected.demos * (prompt + answer)) + expected.proposals * PROPOSAL_PROMPT_TOKENS
    answer_tokens = calls * answer + expected.proposals * PROPOSAL_ANSWER_TOKENS
    models = models_of(config)
    role = "prompt_lm" if expected.proposals else "teacher_lm" if expected.phase == "training" else "lm"
    price = price_of(models[role])
    dollars = price.dollars(prompt_tokens, answer_tokens) if price else None
    return Row(expected.phase, expected.runs, calls + expected.proposals, prompt_tokens, answer_tokens, dollars)


def _total(rows: Sequence[Row]) -> Row:
    prices = [row.dollars for row in rows]
    return Row(
        phase="all",
        runs=sum(row.runs for row in rows),
        calls=sum(row.calls for row in rows),
        prompt_tokens=sum(row.prompt_tokens for row in rows),
        answer_tokens=sum(row.answer_tokens for row in rows),
        dollars=None if any(price is None for price in prices) else sum(price or 0.0 for price in prices),
    )


def _line(row: Row) -> str:
    dollars = "not known" if row.dollars is None else f"{row.dollars:.2f}"
    numbers = f"{row.runs:,.0f} | {row.calls:,.0f} | {row.prompt_tokens:,.0f} | {row.answer_tokens:,.0f}"
    return f"| {row.phase} | {numbers} | {dollars} |"


def _used(row: Row) -> dict[str, float]:
    return {"calls": row.calls, "tokens": row.prompt_tokens + row.answer_tokens, "dollars": row.dollars or 0.0}
