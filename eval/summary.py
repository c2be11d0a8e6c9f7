"""From rollouts to the row of a table: solved, hidden pass rate, cost, each over all problems of the run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from eval.rollout import Rollout
from eval.statistics import mean_interval
from program.account import Totals


class Summary(BaseModel):
    """One arm on one problem set.

    problems: that were judged at least once.
    solved: mean over problems of the share of samples that passed every test.
    hidden_rate: mean over problems of the hidden-test pass rate.
    public_rate: share of samples that passed every public test.
    not_judged: rollouts lost to infrastructure; they are in no rate.
    """

    arm: str
    problems: int
    samples: int
    solved: float
    solved_interval: tuple[float, float]
    hidden_rate: float
    hidden_rate_interval: tuple[float, float]
    public_rate: float
    not_judged: int
    stage_failures: int
    totals: Totals
    seconds: float


def summarize(arm: str, rollouts: Iterable[Rollout]) -> Summary:
    """The summary of the rollouts of one arm."""
    everything = list(rollouts)
    judged = [rollout for rollout in everything if rollout.score is not None]
    solved = by_problem(judged, "solved")
    rates = by_problem(judged, "hidden_rate")
    totals = sum((rollout.totals for rollout in everything), Totals())
    public = [r.score.public.passed == r.score.public.total for r in judged if r.score]
    return Summary(
        arm=arm,
        problems=len(solved),
        samples=len(judged),
        solved=_mean(solved.values()),
        solved_interval=mean_interval(list(solved.values())),
        hidden_rate=_mean(rates.values()),
        hidden_rate_interval=mean_interval(list(rates.values())),
        public_rate=_mean(public),
        not_judged=len(everything) - len(judged),
        stage_failures=totals.failed_calls,
        totals=totals,
        seconds=sum(rollout.seconds for rollout in everything),
    )


def by_problem(rollouts: Iterable[Rollout], what: str) -> dict[str, float]:
    """Problem name to the mean of `solved` or `hidden_rate` over its judged samples."""
    values: dict[str, list[float]] = defaultdict(list)
    for rollout in rollouts:
        if rollout.score is not None:
            values[rollout.problem].append(float(getattr(rollout.score, what)))
    return {problem: sum(each) / len(each) for problem, each in sorted(values.items())}


def markdown_table(summaries: Sequence[Summary]) -> str:
    """The summaries as a Markdown table; costs are per problem."""
    lines = [
        "| program | solved | 95 % CI | hidden tests passed | 95 % CI | public passed | LM calls | failed calls "
        "| prompt tokens (cached) | answer tokens | seconds | USD |",
        "|" + " --- |" * 12,
    ]
    lines += [_row(summary) for summary in summaries]
    lost = sum(summary.not_judged for summary in summaries)
    if lost:
        lines.append(f"\n{lost} rollouts were not judged (infrastructure) and are in no rate.")
    return "\n".join(lines)


def _row(s: Summary) -> str:
    count = max(1, s.samples + s.not_judged)
    t = s.totals
    dollars = "–" if t.dollars is None else f"{t.dollars / count:.4f}"
    solved = f"{s.solved * s.problems:g} / {s.problems}" if s.samples == s.problems else f"{s.solved:.1%}"
    return (
        f"| {s.arm} | {solved} | {_interval(s.solved_interval)} | {s.hidden_rate:.1%} "
        f"| {_interval(s.hidden_rate_interval)} | {s.public_rate:.0%} | {t.calls / count:.1f} "
        f"| {s.stage_failures / count:.2f} | {t.prompt_tokens / count:.0f} ({t.cached_tokens / count:.0f}) "
        f"| {t.completion_tokens / count:.0f} | {s.seconds / count:.1f} | {dollars} |"
    )


def _interval(bounds: tuple[float, float]) -> str:
    return f"{bounds[0]:.0%}–{bounds[1]:.0%}"


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else 0.0
