"""The table of the replication study: zero-shot against flow from one stored run, next to the published figures.

Numbers that the run lacks, because of missing samples or arms, are shown as "not run"; nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from eval.errors import RunError
from eval.numbers.cost import cost_ratios, costs, latencies
from eval.numbers.criteria import Criterion, outcomes
from eval.numbers.intervals import Estimate
from eval.numbers.pass_at_k import pass_at_k_of, solved_by_any
from eval.numbers.selection import n_at_k_of
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import read_config
from eval.rollouts.stored_arms import StoredArm, header, stored_arms
from eval.tables.markdown import NONE, estimate_text, percent, percent_at_k, table
from eval.tables.prompt_differences import stored_artifact
from eval.tables.published import ALPHACODIUM, COST_RATIO, FLOW_CALLS, FLOW_TOKENS, PASS_AT_5, REPLICATION
from program.errors import did_you_mean
from program.manifest import read_manifest

ITERATIONS = 5
NOT_RUN = "not run"
NOT_KNOWN = "not known"  # a model without a price
Sides = Sequence[Sequence[Rollout]]  # zero-shot, flow


def replicate(run: Path, direct: str | None = None, flow: str | None = None, exclude: str | None = None) -> str:
    """The Markdown of the study.

    Args:
        run, exclude: see `read_run`.
        direct, flow: names of the arms; by default the first one of each program class.

    Raises:
        RunError, DataError: as in `read_run`, or there is no such arm.
    """
    arms = stored_arms([run], exclude=exclude)
    sides = [_choose(arms, direct, "direct"), _choose(arms, flow, "alphacodium")]
    if sides == [None, None]:
        raise RunError(f"{run} has neither a zero-shot arm nor a flow; name them with --direct and --flow")
    names = [arm.label if arm else NOT_RUN for arm in sides]
    rollouts = [arm.rollouts if arm else [] for arm in sides]
    config = read_config(run)
    parts = [
        header([arm for arm in sides if arm]),
        f"zero-shot: {names[0]}; flow: {names[1]}",
        _solved(rollouts, config["lm"], config["split"]),
        f"Published: {ALPHACODIUM}. {_iterations(rollouts)}",
        _costs(rollouts),
        f"Published: LM calls by AlphaCodium, tokens and ratio by {REPLICATION}. Five tries cost five times it.",
    ]
    return "\n\n".join(parts)


def _choose(arms: Sequence[StoredArm], name: str | None, program: str) -> StoredArm | None:
    for arm in arms:
        if arm.label == name or (name is None and _program(arm) == program):
            return arm
    if name is not None:
        labels = [arm.label for arm in arms]
        raise RunError(f"no arm {name}; there are {', '.join(labels)}{did_you_mean(name, labels)}")
    return None


def _program(arm: StoredArm) -> str | None:
    folder = stored_artifact(arm.run, arm.name)
    if folder is None:  # in runs from before artifact copies, the hand-written ones are recognised by name
        return {"direct": "direct", "handwritten": "alphacodium"}.get(arm.name)
    return read_manifest(folder).program


def _solved(sides: Sides, lm: str, split: str) -> str:
    rows = []
    kinds: Mapping[str, Criterion] = {"public + private": "all", "private only": "hidden"}
    for k in (1, ITERATIONS):
        for said, criterion in kinds.items():
            rows.append([f"this run, {lm}", split, f"pass@{k}", said, *(_pass(side, criterion, k) for side in sides)])
    rows.append([f"this run, {lm}", split, f"1@{ITERATIONS}", "public + private", *map(_selected, sides)])
    for said, criterion in kinds.items():
        rows.append([f"this run, {lm}", split, "any sample", said, *(_any(side, criterion) for side in sides)])
    rows += [
        [f"{p.model}, published", p.split, "pass@5", "private only", f"{p.direct} %", f"{p.flow} %"] for p in PASS_AT_5
    ]
    return table(["model", "split", "measure", "tests", "zero-shot", "flow"], rows)


def _pass(rollouts: Sequence[Rollout], criterion: Criterion, k: int) -> str:
    return percent_at_k(partial(pass_at_k_of, outcomes(rollouts, criterion), k), NOT_RUN)


def _selected(rollouts: Sequence[Rollout]) -> str:
    return percent_at_k(partial(n_at_k_of, rollouts, 1, ITERATIONS), NOT_RUN)


def _any(rollouts: Sequence[Rollout], criterion: Criterion) -> str:
    done = outcomes(rollouts, criterion)
    return percent(solved_by_any(done)) if done else NOT_RUN


def _iterations(sides: Sides) -> str:
    if all(any(each.sample >= ITERATIONS - 1 for each in side) for side in sides):
        return f"All {ITERATIONS} iterations of this run were run, also after one solved the problem."
    return f"An arm of this run has fewer than {ITERATIONS} iterations: use eval.run --n {ITERATIONS}."


def _costs(sides: Sides) -> str:
    found = [{what: cost.each for what, cost in costs(side).items()} for side in sides]
    ratios = cost_ratios(*sides)
    published = {"LM calls": FLOW_CALLS, "tokens": f"{FLOW_TOKENS}; ratio {COST_RATIO}", "USD": f"ratio {COST_RATIO}"}
    rows = []
    for what, said in published.items():
        cells = [_cell(each.get(what), side) for each, side in zip(found, sides, strict=True)]
        rows.append([what, *cells, estimate_text(ratios.get(what)), said])
    waits = [latencies(side).get("all") for side in sides]
    for said, which in (("seconds, median", "p50"), ("seconds, 95th percentile", "p95")):
        cells = [_cell(getattr(each, which, None), side) for each, side in zip(waits, sides, strict=True)]
        rows.append([said, *cells, NONE, NONE])
    return table(["per problem, one try", "zero-shot", "flow", "flow / zero-shot", "published for the flow"], rows)


def _cell(estimate: Estimate | None, side: Sequence[Rollout]) -> str:
    return estimate_text(estimate) if estimate else (NOT_KNOWN if side else NOT_RUN)
