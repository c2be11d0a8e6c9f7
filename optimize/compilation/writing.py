"""Write the result of a compilation: the artifact with its report, prompts and candidates."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from eval.rollouts.json_lines import json_line
from eval.rollouts.run_folder import read_rollouts
from eval.tables.summary import markdown_table, summarize
from optimize.compilation.attempts import attempts_text, copying_text
from optimize.compilation.prompts import prompts_markdown
from optimize.credit.evidence import cut
from optimize.gate.gate_outcome import Outcome
from optimize.job.candidates import Candidate, prompts_of
from optimize.job.job import TEACHER, Job
from program import artifact
from program.cli.output import counted
from program.cli.shown_markdown import print_markdown
from program.files import write_whole
from program.rollout.trace import Totals
from program.stage.program import Program


def write_artifact(out: Path, program: Program, job: Job, chosen: Candidate | None, outcome: Outcome) -> None:
    """Write `out` and print its content.

    Args:
        out: the folder of the artifact.
        program: the program to write, with every stage visible.
        job: the compilation that made it.
        chosen: the scores of the optimizer's result, if it was tried.
        outcome: of the comparison of that result with the start.
    """
    inputs, spent = job.inputs, job.paid.ledger.spent
    summaries = _teacher_summary(job)
    written = artifact.describe(
        inputs.manifest.program,
        program,
        adapter=inputs.manifest.adapter,
        origin="compiled" if outcome.ships else inputs.manifest.origin,
        compile={**inputs.identity, "stopped": job.stopped},
        lm={"model": job.config.lm, **inputs.program.lm_settings},
        scores={
            **{key: value for summary in summaries for key, value in summary.items() if key != "table"},
            "chosen": _scores(chosen, job.candidates.deciding) if chosen else None,
        },
        gate=outcome.model_dump(mode="json"),
        cost={**spent.model_dump(), "seconds": round(job.paid.seconds, 1)},
    )
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "candidates.jsonl", b"".join(map(json_line, candidate_lines(job))))
    write_whole(out / "report.json", json.dumps(report(job, chosen, outcome), indent=2, ensure_ascii=False) + "\n")
    write_whole(out / "prompts.md", prompts_markdown(program, written))
    artifact.save(out, program, written)
    for summary in summaries:
        print_markdown(summary["table"])
    if job.raced:
        print_markdown(attempts_text(job.raced))
    for each in job.dropped:
        print(f"{each['predictor']}: the demonstration {each['problem']} is dropped: {each['why']}")
    if outcome.copied:
        print_markdown(copying_text(outcome.copied))
    shown = {name: len(predictor.demos) for name, predictor in program.named_predictors() if predictor.demos}
    for name, count in shown.items():
        print(f"{name}: {counted(count, 'demonstration')}")
    if outcome.ships and job.config.tuning.demos and not shown:
        print("no demonstration is in the program")


def report(job: Job, chosen: Candidate | None, outcome: Outcome) -> dict[str, Any]:
    """The work of the optimizer in numbers: phases, candidates, costs; and why each demonstration was chosen."""
    ledger, deciding = job.paid.ledger, job.candidates.deciding
    return {
        "optimizer": job.config.optimizer,
        "learned_from": [problem.name for problem in job.learn],
        "chosen_by": [problem.name for problem in job.choose],
        "stopped": job.stopped,
        "program_runs": job.candidates.runs() + sum(line.rollouts for line in job.raced),
        "candidates": len(job.candidates.all()) + len({line.candidate for line in job.raced}),
        "chosen": _scores(chosen, deciding) if chosen else None,
        "gate": outcome.model_dump(mode="json"),
        "paid": {
            "total": _money(ledger.spent),
            "reused": ledger.reused,
            "this_session": _money(ledger.totals(session=ledger.session)),
            "by_phase": {phase: _money(totals) for phase, totals in sorted(ledger.totals_by("phase").items())},
            "by_model": {model: _money(totals) for model, totals in sorted(ledger.totals_by("model").items())},
        },
        "proposals_dropped": job.proposals.dropped,
        "proposals_refused": job.proposals.refused,
        "race": [line.model_dump(mode="json") for line in job.raced],
        "dropped": job.dropped,
        "evidence": job.evidence,
    }


def evidence_text(evidence: dict[str, list[dict[str, Any]]]) -> str:
    """Why each demonstration was chosen, as text."""
    lines = []
    for predictor, demos in evidence.items():
        lines.append(f"{predictor}:")
        for demo in demos:
            lines.append(f"- {demo['problem']}, rollout {demo['sample']}, credit {demo['credit']:.2f}")
            lines += [f"    {said}" for said in demo["evidence"]]
    return "\n".join(lines) or "no evidence is recorded: only the optimizers race and verified record it"


def candidate_lines(job: Job) -> Iterable[dict[str, Any]]:
    """One line per candidate, in order of first appearance: its changes, score and cost. A race has one line for each
    round of a candidate."""
    for line in job.raced:
        yield {**line.model_dump(mode="json"), "score": line.solved, "runs": line.problems}
    paid = job.paid.ledger.totals_by("candidate")
    start = prompts_of(job.student)
    for candidate in job.candidates.all():
        yield {
            "candidate": candidate.name,
            **_scores(candidate, job.candidates.deciding),
            "runs": candidate.runs(),
            "instructions": {
                name: instructions
                for name, (instructions, _) in candidate.prompts.items()
                if instructions != start[name][0]
            },
            "demos": {
                name: [_named(job, demo.get("problem", "")) for demo in demos]
                for name, (_, demos) in candidate.prompts.items()
                if demos
            },
            "paid": _money(paid.get(candidate.name, Totals())),
            "scores": {name: list(runs.values()) for name, runs in sorted(candidate.scores.items())},
        }


def _named(job: Job, text: str) -> str:
    """The name of a demonstration's problem; the beginning of its text if the problem is not in the data."""
    return job.problems.shown_in(text) or cut(text)


def _scores(candidate: Candidate, deciding: list[str]) -> dict[str, Any]:
    means = candidate.means(deciding)
    if not means:
        return {"score": None, "interval": None, "problems": 0}
    low, high = candidate.interval(deciding)
    return {
        "score": round(candidate.score(deciding), 4),
        "interval": [round(low, 4), round(high, 4)],
        "problems": len(means),
    }


def _money(totals: Totals) -> dict[str, Any]:
    """The reproducible costs, without seconds."""
    return totals.model_dump(include={"calls", "prompt_tokens", "cached_tokens", "completion_tokens", "dollars"})


def _teacher_summary(job: Job) -> list[dict[str, Any]]:
    rollouts = read_rollouts(job.folder.path)
    if not rollouts:
        return []
    summary = summarize(TEACHER, rollouts)
    kept = summary.model_dump(include={"problems", "solved", "hidden_rate", "public_rate", "not_judged"})
    return [{**kept, "table": markdown_table([summary])}]
