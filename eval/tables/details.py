"""All numbers of a run's arms, one by one: solved by which tests, pass@k, repair, stages, cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, get_args

from eval.data.problem_set import ProblemSet
from eval.numbers.cost import costs, latencies
from eval.numbers.criteria import Criterion, judged_by_problem, outcomes, passes, shares
from eval.numbers.intervals import Estimate, mean_share, share_estimate
from eval.numbers.pass_at_k import pass_at_k_of, solved_by_any
from eval.numbers.picks import solved_by_picks
from eval.numbers.program_origins import solved_by_origin
from eval.numbers.selection import n_at_k_of
from eval.numbers.stage_rates import READ, READINGS, reading_rates, stage_rates
from eval.rejudged.ai_test_quality import AITestQuality, ai_test_quality
from eval.rejudged.reading_headroom import reading_headroom
from eval.rollouts.rollout import Rollout
from eval.rollouts.stored_arms import header, problems_of, stored_arms
from eval.tables.markdown import NONE, estimate_text, percent, percent_at_k, table
from eval.tables.prompt_differences import arm_warnings
from eval.tables.summary import markdown_table, summarize
from program.rollout.trace import ORIGINS

Arms = Mapping[str, Sequence[Rollout]]
CRITERIA: dict[Criterion, str] = {
    "all": "public, private, generated (solved)",
    "hidden": "private and generated",
    "private": "private",
    "public": "public",
}
assert set(CRITERIA) == set(get_args(Criterion))


def summarize_runs(
    runs: Sequence[Path],
    names: Sequence[str] | None = None,
    ai_tests: bool = False,
    exclude: str | None = None,
    reading: bool = False,
) -> str:
    """A Markdown report on the arms of some runs, one by one; `eval.tables.comparison` compares them.

    Args:
        runs, names, exclude: see `stored_arms`.
        ai_tests: whether to judge the model's tests; this loads the data and runs known programs.
        reading: whether to read and judge the answers of failed rollouts again; this loads the data too.

    Raises:
        RunError, DataError: as in `stored_arms`, or the data is needed and cannot be loaded.
        JudgeError: the judge failed.
    """
    arms = stored_arms(runs, names, exclude)
    by_label = {arm.label: arm.rollouts for arm in arms}
    table_of_all = markdown_table([summarize(label, rollouts) for label, rollouts in by_label.items()])
    differing = arm_warnings(arms)
    parts = [header(arms), table_of_all, *filter(None, [differing]), details(by_label)]
    traced = {arm.label: (arm.run, arm.rollouts) for arm in arms}
    if ai_tests:
        parts += ["## AI tests", ai_test_table(traced, problems_of(arms[0]))]
    if reading:
        parts += ["## Reading headroom", headroom_table(traced, problems_of(arms[0]))]
    return "\n\n".join(parts)


def details(arms: Arms) -> str:
    """The Markdown of all sections that need only `rollouts.jsonl`."""
    parts = ["## Solved, by the tests that count", solved_table(arms)]
    if any(len(samples) > 1 for rollouts in arms.values() for samples in judged_by_problem(rollouts).values()):
        parts += ["## Several samples", samples_table(arms)]
    for arm, rollouts in arms.items():
        picks = picks_table(rollouts)
        parts += [f"## {arm}: several submitted programs", picks] if picks else []
        origins = origins_table(rollouts)
        parts += [f"## {arm}: which program solved it", origins] if origins else []
    parts += [part for arm, each in arms.items() for part in (f"## {arm}: stages", stage_table(each))]
    return "\n\n".join([*parts, "## Answers", reading_table(arms), "## Cost", cost_tables(arms)])


def solved_table(arms: Arms) -> str:
    """Solved rate for each choice of tests, and the share of wrong programs among those that pass the public tests. A
    rate names its number of problems if some problems have no such tests."""
    rows = []
    for arm, rollouts in arms.items():
        done = {criterion: shares(outcomes(rollouts, criterion)) for criterion in CRITERIA}
        cells = [
            percent(mean_share(list(each.values()))) + f" of {len(each)}" * (len(each) < len(done["all"]))
            for each in done.values()
        ]
        rows.append([arm, *cells, percent(passes_public_fails_hidden(rollouts))])
    let_through = "of programs that pass the public tests: fail hidden tests"
    return table(["passes all tests that are", *CRITERIA.values(), let_through], rows)


def passes_public_fails_hidden(rollouts: Iterable[Rollout]) -> Estimate:
    """Share of programs that fail a private or generated test, among those that pass every public test."""
    passed, failed = [], []
    for samples in judged_by_problem(rollouts).values():
        scores = [each.score for each in samples if each.code.strip() and each.score and passes(each.score, "public")]
        scores = [score for score in scores if passes(score, "hidden") is not None]
        if scores:
            passed.append(len(scores))
            failed.append(sum(not passes(score, "hidden") for score in scores))
    return share_estimate(failed, passed)


def samples_table(arms: Arms) -> str:
    """pass@k and 1@k for every k up to the largest number of samples of a problem, and solved by any sample."""
    done = {arm: outcomes(rollouts) for arm, rollouts in arms.items()}
    most = max(len(samples) for each in done.values() for samples in each.values())
    rows = [
        [str(k), arm, percent_at_k(partial(pass_at_k_of, done[arm], k)), percent_at_k(partial(n_at_k_of, own, 1, k))]
        for k in range(1, most + 1)
        for arm, own in arms.items()
    ]
    rows += [["any", arm, percent(solved_by_any(each)), NONE] for arm, each in done.items()]
    return table(["k", "program", "pass@k", "1@k"], rows)


def picks_table(rollouts: Iterable[Rollout]) -> str:
    """Solved by one of the first 1, 2, … programs that a rollout submits; empty for an arm that submits one."""
    found = solved_by_picks(rollouts)
    return table(["submitted", "solved"], [[str(n), percent(each)] for n, each in enumerate(found, 1)]) if found else ""


def origins_table(rollouts: Iterable[Rollout]) -> str:
    """Solved by the first program, a further one, a redraw, a fix or brute force, and the calls up to it; empty for an
    arm with only one kind of program."""
    rows = [
        [ORIGINS[each.origin], str(each.rollouts), estimate_text(each.calls), percent(each.solved)]
        for each in solved_by_origin(rollouts)
    ]
    head = ["program", "rollouts that had one", "calls up to it", "first solved by it"]
    return table(head, rows) if len(rows) > 1 else ""


def stage_table(rollouts: Iterable[Rollout]) -> str:
    """Failures of each stage, and what happened to answers that could not be read."""
    rows = []
    for each in stage_rates(rollouts):
        rates = map(percent, (each.failed, each.unread, each.mended))
        counts = map(str, (each.salvaged, each.lost, each.retries))
        rows.append([each.stage, str(each.calls), *rates, *counts])
    head = ["stage", "calls", "runs that failed", "answers not read", "of these asked again, mended"]
    return table([*head, "salvaged", "no answer", "retries"], rows)


def reading_table(arms: Arms) -> str:
    """How the answers of each arm were read."""
    found = {arm: reading_rates(rollouts) for arm, rollouts in arms.items()}
    readings = [each for each in (*READ, *READINGS.values()) if any(rates.get(each) for _, rates in found.values())]
    rows = [
        [arm, str(count), *(percent(rates.get(each)) for each in readings)] for arm, (count, rates) in found.items()
    ]
    return table(["program", "answers", *readings], rows)


def headroom_table(arms: Mapping[str, tuple[Path, Sequence[Rollout]]], problems: ProblemSet) -> str:
    """Reading headroom of each arm.

    Args:
        arms: by name the run's folder, which has the traces, and the rollouts.
        problems: have the public tests.

    Raises:
        JudgeError: the judge failed.
    """
    rows = []
    for arm, (run, rollouts) in arms.items():
        found = reading_headroom(run, rollouts, problems)
        rows.append([arm, str(found.failed), percent(found.gained if found.failed else None)])
    head = ["answers of", "rollouts that fail a public test", "of these, another reading or a free repair passes all"]
    return table(head, rows)


def cost_tables(arms: Arms) -> str:
    """Cost per rollout, and cost per solved problem including all failures."""
    found = {arm: costs(rollouts) for arm, rollouts in arms.items()}
    waits = {arm: latencies(rollouts) for arm, rollouts in arms.items()}
    kinds = list(dict.fromkeys(what for each in found.values() for what in each))
    head = ["program", *kinds, "seconds, median", "seconds, 95th percentile"]

    def rows(cost: Literal["each", "per_solved"], over: Literal["all", "solved"]) -> list[list[str]]:
        made = []
        for arm in arms:
            cells = [getattr(found[arm].get(what), cost, None) for what in kinds]
            cells += [getattr(waits[arm].get(over), which, None) for which in ("p50", "p95")]
            made.append([arm, *map(estimate_text, cells)])
        return made

    solved = "Per solved problem. Failed rollouts are included, except in the median and the percentile:"
    parts = ["Per rollout:", table(head, rows("each", "all")), solved, table(head, rows("per_solved", "solved"))]
    return "\n\n".join(parts)


def ai_test_table(arms: Mapping[str, tuple[Path, Sequence[Rollout]]], problems: ProblemSet) -> str:
    """Validity and discrimination of the AI tests in the traces.

    Args:
        arms: by name the run's folder, which has the traces, and the rollouts.
        problems: have the known programs that judge the tests.

    Raises:
        JudgeError: the judge failed.
    """
    rows = [_ai_tests(arm, ai_test_quality(run, rollouts, problems)) for arm, (run, rollouts) in arms.items()]
    head = ["AI tests of", "tests", "valid", "of these, some wrong program fails"]
    return table([*head, "wrong programs caught by a rollout's valid tests", "by the public tests"], rows)


def _ai_tests(arm: str, quality: AITestQuality | None) -> list[str]:
    if quality is None:
        return [arm, "0", *[NONE] * 4]
    tests = f"{quality.tests} in {quality.rollouts} rollouts"
    cut = f", {quality.cut} too long" if quality.cut else ""
    found = (quality.valid, quality.discriminating, quality.caught, quality.caught_by_public)
    return [arm, tests + cut, *map(percent, found)]
