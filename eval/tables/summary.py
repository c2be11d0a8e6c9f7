"""The summary of rollouts: one row per arm, over all problems of the run. Details are in `eval.summarize`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from pydantic import BaseModel

from eval.numbers.criteria import hidden_rates, outcomes, shares
from eval.numbers.intervals import Estimate, mean_share
from eval.numbers.pass_at_k import pass_at_k_of, solved_by_any
from eval.numbers.selection import n_at_k_of
from eval.rollouts.rollout import Rollout
from eval.tables.markdown import quantity, table
from program.cli.output import counted, one_line
from program.rollout.trace import Totals

COSTS = ("LM calls", "tokens", "USD", "seconds (median)")
MAX_NOT_JUDGED = 0.02  # of an arm's rollouts; above this the run is not valid for the arm


class Summary(BaseModel):
    """One arm on one problem set.

    problems: those judged at least once.
    samples: judged rollouts.
    solved: mean over problems of the share of samples that passed every test.
    hidden_rate: mean over problems of the hidden-test pass rate.
    public_rate: share of samples that passed every public test.
    best_of: the largest number of judged samples of a problem; k below.
    sampled: problems with this number of samples.
    pass_at_k: share of problems that one of k samples solves; None for k = 1, or if a problem has fewer samples.
    one_at_k: share of problems solved by the one of k samples that is best on the tests the flow can see; None as
        above.
    solved_by_any: share of problems that any judged sample solves, for any numbers of samples.
    not_judged: rollouts without a verdict; no rate includes them.
    cut_short: further rollouts, which the budget of the run cut short; no rate includes them.
    refused: those in `not_judged` whose prompts the server refused.
    errors, error: judged rollouts that an error of the program ended, and the first error.
    calls, tokens, dollars, median_seconds: per judged rollout; the first three are means; None if unknown.
    draws: if a total budget was spread over the problems: number of draws to number of judged rollouts with it.
    """

    arm: str
    problems: int
    samples: int
    solved: float
    solved_interval: tuple[float, float]
    hidden_rate: float
    hidden_rate_interval: tuple[float, float]
    public_rate: float
    best_of: int
    sampled: int
    pass_at_k: Estimate | None
    one_at_k: Estimate | None
    solved_by_any: Estimate
    not_judged: int
    cut_short: int = 0
    refused: int = 0
    errors: int = 0
    error: str = ""
    calls: float | None
    tokens: float | None
    dollars: float | None
    median_seconds: float | None
    draws: dict[int, int]

    @property
    def lost_share(self) -> float:
        """Share of the rollouts that were not judged."""
        return self.not_judged / (self.samples + self.not_judged) if self.not_judged else 0.0

    @property
    def unequal(self) -> bool:
        """Whether some problems have fewer judged samples than others."""
        return self.sampled < self.problems


def summarize_arms(arms: Iterable[str], rollouts: Sequence[Rollout]) -> list[Summary]:
    """The summaries of some arms of a run, in their order."""
    return [summarize(arm, [rollout for rollout in rollouts if rollout.arm == arm]) for arm in arms]


def summarize(arm: str, rollouts: Iterable[Rollout]) -> Summary:
    """The summary of the rollouts of one arm."""
    everything = list(rollouts)
    judged = [rollout for rollout in everything if rollout.score is not None]
    done = outcomes(judged)
    solved, rates = shares(done), hidden_rates(judged)
    solved_share, rate = mean_share(list(solved.values())), mean_share(list(rates.values()))
    cut_short = sum(rollout.is_cut_short for rollout in everything)
    paid, count = sum((rollout.totals for rollout in judged), Totals()), len(judged)
    known = bool(judged) and all(rollout.cost_known for rollout in judged)
    public = [r.score.public.passed == r.score.public.total for r in judged if r.score]
    best_of = max((len(samples) for samples in done.values()), default=0)
    sampled = sum(len(samples) == best_of for samples in done.values())
    several = best_of > 1 and sampled == len(done)
    return Summary(
        arm=arm,
        problems=len(solved),
        samples=len(judged),
        solved=solved_share.value if solved else 0.0,
        solved_interval=(solved_share.low, solved_share.high),
        hidden_rate=rate.value if rates else 0.0,
        hidden_rate_interval=(rate.low, rate.high),
        public_rate=sum(public) / len(public) if public else 0.0,
        best_of=best_of,
        sampled=sampled,
        pass_at_k=pass_at_k_of(done, best_of) if several else None,
        one_at_k=n_at_k_of(judged, 1, best_of) if several else None,
        solved_by_any=solved_by_any(done),
        not_judged=len(everything) - len(judged) - cut_short,
        cut_short=cut_short,
        refused=sum(each.is_refused for each in everything),
        errors=sum(bool(each.error) for each in judged),
        error=next((each.error for each in judged if each.error), ""),
        calls=paid.calls / count if known else None,
        tokens=paid.tokens / count if known and paid.tokens is not None else None,
        dollars=paid.dollars / count if known and paid.dollars is not None else None,
        median_seconds=float(np.median([rollout.seconds for rollout in judged])) if known else None,
        draws=dict(sorted(Counter(each.draws for each in judged if each.draws is not None).items())),
    )


def markdown_table(summaries: Sequence[Summary]) -> str:
    """The summaries as a Markdown table; costs are means over rollouts. Below are notes on numbers that are unknown
    because of missing samples, and on reasons why the run is not valid.
    """
    k = max((summary.best_of for summary in summaries), default=0)
    several = [f"pass@{k}", f"1@{k}", "solved by any sample"] if k > 1 else []
    head = ["program", "solved", "95 % CI", *several, "hidden tests passed", *COSTS]
    uneven = len({summary.problems for summary in summaries}) > 1
    return "\n".join([table(head, [_row(summary, k, uneven) for summary in summaries]), *_notes(summaries)])


def _row(s: Summary, k: int, uneven: bool) -> list[str]:
    """The cells of an arm; its number of problems too if the arms have different numbers."""
    whole = s.samples == s.problems
    at_k = [s.pass_at_k, s.one_at_k] if s.best_of == k else [None, None]
    several = [*at_k, s.solved_by_any if s.problems else None] if k > 1 else []
    return [
        s.arm,
        f"{s.solved * s.problems:g} / {s.problems}" if whole else f"{s.solved:.1%}" + f" of {s.problems}" * uneven,
        f"{s.solved_interval[0]:.0%}–{s.solved_interval[1]:.0%}" if s.problems else "–",
        *("–" if each is None else f"{each.value:.1%}" for each in several),
        f"{s.hidden_rate:.1%}" if s.problems else "–",
        quantity(s.calls),
        quantity(s.tokens),
        quantity(s.dollars),
        quantity(s.median_seconds),
    ]


def _notes(summaries: Sequence[Summary]) -> list[str]:
    said = [*spread(summaries), *too_few(summaries), *ended_by_errors(summaries), *not_judged(summaries)]
    return ["", *said] if said else []


def spread(summaries: Sequence[Summary]) -> list[str]:
    """A sentence for each arm with a total budget that was spread over the problems: total cost and distribution."""
    said = []
    for s in summaries:
        if s.draws:
            kinds = {"LM calls": s.calls, "tokens": s.tokens}
            spent = [f"{round(s.samples * each):,} {kind}" for kind, each in kinds.items() if each is not None]
            spent += [] if s.dollars is None else [f"${s.samples * s.dollars:.4g}"]
            where = ", ".join(f"{count} × {draws}" for draws, count in s.draws.items())
            said.append(f"{s.arm}: {', '.join(spent)} in all, spread over the problems; rollouts × draws: {where}.")
    return said


def too_few(summaries: Sequence[Summary]) -> list[str]:
    """A sentence for each arm with unknown pass@k, because some of its problems have fewer samples."""
    return [
        f"{s.arm}: k = {s.best_of} on {s.sampled} of {s.problems} problems only, so pass@{s.best_of} and 1@{s.best_of} "
        "are not known; solved by any sample counts them all."
        for s in summaries
        if s.unequal
    ]


def ended_by_errors(summaries: Sequence[Summary]) -> list[str]:
    """A sentence for each arm with rollouts that an error of its program ended; they count as failed."""
    return [
        f"{s.arm}: {s.errors} of {s.samples} rollouts were ended by an error of the program: {one_line(s.error[:200])}"
        for s in summaries
        if s.errors
    ]


def not_judged(summaries: Sequence[Summary]) -> list[str]:
    """How many rollouts were not judged and why, and a sentence for each arm that is not valid because of this."""
    lost = sum(summary.not_judged for summary in summaries)
    if not lost:
        return []
    refused = sum(summary.refused for summary in summaries)
    why = ["infrastructure"] if lost > refused else []
    if refused:
        why.append(f"of {refused} the server refused the prompts, as too long or by its filter")
    return [f"Not judged, and in no rate: {counted(lost, 'rollout')} ({'; '.join(why)})."] + [
        f"{s.arm}: that is {s.lost_share:.1%} of its rollouts, more than {MAX_NOT_JUDGED:.0%}: not valid."
        for s in summaries
        if s.lost_share > MAX_NOT_JUDGED
    ]
