"""The expected requests and cost of a compilation, before any request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from eval.rollouts.rollout import Rollout
from eval.tables.markdown import table
from optimize.config import CompileConfig
from optimize.forecast.averages import Averages, averages, averages_of, training_scores
from optimize.forecast.rehearsal import GATE, PhaseCount, rehearse
from optimize.gate.gate import repeats_its_draws
from optimize.job.inputs import Inputs
from optimize.job.stages import stages_of
from program.cli.progress_line import clock
from program.cli.settings import setting_text
from program.models.prices import price_of
from program.rollout.budget import OPTIONS, amount_text, limit_text, spent_of

STRONGER = ("escalate_lm", "repair_lm")  # roles of further models of programs
PROPOSAL_PROMPT_TOKENS, PROPOSAL_ANSWER_TOKENS = 1500, 300  # priors


@dataclass(frozen=True)
class Row:
    """One phase of the plan. Dollars is None if a price is unknown. The numbers are upper bounds if the phase cannot be
    predicted exactly."""

    phase: str
    runs: float
    calls: float
    prompt_tokens: float
    answer_tokens: float
    dollars: float | None
    at_most: bool = False


def rows_of(config: CompileConfig, inputs: Inputs, average: Averages, out: Path | None) -> list[Row]:
    """One row per phase of the optimizer."""
    phases = rehearse(config, inputs, average, training_scores(out))
    return [_row(config, phase, asked, average) for phase, asked in phases.items()]


def gate_needs(
    config: CompileConfig, inputs: Inputs, average: Averages, leader: Sequence[Rollout] = ()
) -> dict[str, float]:
    """The needs of the comparison with the start and of the check for copied text before it, for each resource of a
    budget except seconds.

    Args:
        config, inputs: of the compilation.
        average: of a run of the start.
        leader: rollouts of the program that is likely to be compared. If there are none, it is expected to make the
            calls of the start, with all demonstrations that the optimizer may choose; a race reserves again when it
            has a leader.
    """
    runs = min(config.gate_problems, len(inputs.problems.problems)) * config.gate_draws
    start = average.within(inputs.program.config.budget, config.lm)
    called = [each for each in leader if each.trace.calls]
    likely = averages_of(called, config, "the leader") if called else start.with_demos(config.tuning.likely_demos)
    stages = {stage.name for _, stage in stages_of(inputs.program)} - {*inputs.frozen}
    if called:
        stages &= {call.stage for each in called for call in each.trace.calls}
    checked = config.copy_answers * len(stages) if config.tuning.demos else 0
    rows = [
        _row(config, GATE, PhaseCount(calls=ceil(runs * each.calls) + further), each)
        for each, further in ((start, 0), (likely, checked))
    ]
    prices = [price_of(model) for role, (model, _) in config.models().items() if role in ("lm", *STRONGER)]
    total = _total(rows)
    dearest = max((price.dollars(total.prompt_tokens, total.answer_tokens) for price in prices if price), default=0.0)
    return {**_used(total), "dollars": dearest}


def too_little_for_gate(config: CompileConfig, needs: Mapping[str, float], spent: Mapping[str, float] = {}) -> str:
    """One line if a cap is smaller than the gate's needs, or if what earlier sessions have left of it is; else
    empty."""
    if not (short := spent_of({name: need + spent.get(name, 0) for name, need in needs.items()}, config.budget)):
        return ""
    takes = f"less than the comparison with the start needs, about {amount_text(short, needs[short])}"
    if not spent.get(short):
        return f"{_cap(config, short)} is {takes}: the start is kept until the same command resumes with more"
    left = amount_text(short, max(0.0, getattr(config.budget, short) - spent[short]))
    said = f"{_cap(config, short)} leaves {left}, {takes}, if the result costs as much as the start"
    return f"{said}: then only what is begun can end before the same command has more"


def _cap(config: CompileConfig, resource: str) -> str:
    return f"{OPTIONS[resource]} = {limit_text(getattr(config.budget, resource))}"


def no_fresh_draws(config: CompileConfig, inputs: Inputs) -> str:
    """A warning that the gate can only use problems that the optimizer has not run on; empty if fresh draws are
    possible."""
    if not config.gate or not repeats_its_draws(inputs.program):
        return ""
    return (
        "at temperature 0 every draw is the same: the result is compared with its start only on problems that the "
        "optimizer has not run on; where it leaves none the start is kept"
    )


def describe_plan(config: CompileConfig, inputs: Inputs, out: Path) -> str:
    """The plan as text with a table.

    Args:
        config, inputs: of the compilation.
        out: its folder; its rollouts, if any, give the averages.
    """
    average = averages(config, inputs, out)
    rows = rows_of(config, inputs, average, out)
    known, open_rows = [row for row in rows if not row.at_most], [row for row in rows if row.at_most and row.calls]
    total = _total(known)
    problems = inputs.problems.problems
    tuned = [stage.name for _, stage in stages_of(inputs.program) if stage.name not in inputs.frozen]
    lines = [f"compile {config.start} ({inputs.manifest.program}) with {config.optimizer} for {config.lm}"]
    lines += [f"{role}: {model}" for role, (model, _) in config.models().items() if model != config.lm]
    if any(role in config.models() for role in STRONGER):
        lines.append("calls of stronger models are counted as calls of the usual model")
    lines.append(f"on {len(problems)} problems of {config.data} {config.split} ({inputs.problems.fingerprint})")
    if inputs.choose:
        lines.append(f"to learn from: {len(inputs.learn)}; to choose candidates by: {len(inputs.choose)}")
    lines.append(f"tuned: {', '.join(tuned)}" + (f"; as it is: {', '.join(inputs.frozen)}" if inputs.frozen else ""))
    keys = {key: value for key, value in config.tuning.values().items() if value not in (None, "", (), [])}
    lines.append(f"keys: {', '.join(f'{key}={setting_text(value)}' for key, value in keys.items())}")
    lines += ["", cost_table("phase", [*known, total, *open_rows])]
    within = average.within(inputs.program.config.budget, config.lm).calls
    bounded = f", {within:.1f} within the budget of a run," if within < average.calls else ""
    lines += ["", f"averages of {average.calls:.1f} calls per run{bounded} come from {average.source}"]
    lines += filter(None, [_time(config, average, total), no_fresh_draws(config, inputs)])
    reached = spent_of(_used(total), config.budget)
    if config.gate and (short := too_little_for_gate(config, gate_needs(config, inputs, average))):
        lines.append(short)
    elif reached:
        cap = _cap(config, reached)
        lines.append(f"the plan exceeds a cap: {cap} is reached before the end; then the best program so far is saved")
    return "\n".join(lines)


def _time(config: CompileConfig, average: Averages, total: Row) -> str:
    """How long the calls in `total` take, in one line; empty if nothing is measured and no rate is limited."""
    each = (average.seconds or 0.0) / average.calls
    seconds, why = total.calls * each / config.concurrency, "if an answer takes as long as it did there"
    if (most := config.rates.requests_per_minute) and 60 * total.calls / most > seconds:
        seconds, why = 60 * total.calls / most, f"because of requests_per_minute = {most:,}"
    return f"time: about {clock(seconds)} at --concurrency {config.concurrency}, {why}" if seconds else ""


def describe_probe(config: CompileConfig, inputs: Inputs, calls: int, out: Path) -> str:
    """The expected cost of a probe with about `calls` calls, in one line; for `out` see `describe_plan`."""
    average = averages(config, inputs, out)
    row = _row(config, "probe", PhaseCount(calls=calls), average)
    dollars = "unknown dollars" if row.dollars is None else f"${row.dollars:.2f}"
    tokens = f"{row.prompt_tokens:,.0f} prompt and {row.answer_tokens:,.0f} answer tokens"
    return f"the probe: about {calls:,} calls with {tokens}, {dollars}; averages come from {average.source}"


def _row(config: CompileConfig, phase: str, asked: PhaseCount, average: Averages) -> Row:
    prompt, answer = average.prompt_tokens / average.calls, average.answer_tokens / average.calls
    # A demonstration is a prompt of that stage without the instruction, and its answer.
    prompts = asked.calls * prompt + asked.demos * (prompt + answer) + asked.proposals * PROPOSAL_PROMPT_TOKENS
    answers = asked.calls * answer + asked.proposals * PROPOSAL_ANSWER_TOKENS
    role = "prompt_lm" if asked.proposals else "teacher_lm" if phase == "training" else "lm"
    price = price_of(config.models()[role][0])
    dollars = price.dollars(prompts, answers) if price else None
    said = f"{phase}, at most" if asked.at_most else phase
    return Row(said, asked.runs, asked.calls + asked.proposals, prompts, answers, dollars, asked.at_most)


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


def cost_table(first: str, rows: Iterable[Row]) -> str:
    """The expected costs as a Markdown table; `first`: the head of the column with the phases."""
    return table([first, "program runs", "LM calls", "prompt tokens", "answer tokens", "USD"], map(_cells, rows))


def _cells(row: Row) -> list[str]:
    numbers = (f"{each:,.0f}" for each in (row.runs, row.calls, row.prompt_tokens, row.answer_tokens))
    return [row.phase, *numbers, "not known" if row.dollars is None else f"{row.dollars:.2f}"]


def _used(row: Row) -> dict[str, float]:
    return {"calls": row.calls, "tokens": row.prompt_tokens + row.answer_tokens, "dollars": row.dollars or 0.0}
