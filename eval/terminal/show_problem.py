"""A run in the terminal: an overview, one problem with the trace of a rollout, or two arms side by side."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from rich.cells import cell_len

from eval.errors import RunError
from eval.rollouts.rollout import Checkpoint, Rollout
from eval.rollouts.stored_arms import arms_of, header, read_run
from eval.story.diagnosis import why
from eval.story.story import Story, Version, lines_of, read_story
from eval.tables.summary import markdown_table, summarize_arms
from program.bench.words import headings
from program.cli.output import Colour, Painter, harmless
from program.cli.shown_markdown import fitted
from program.errors import did_you_mean
from program.rollout.trace import ORIGINS, Best, Call, Decided, JudgeRun, NewProgram, Remark

Shown = Literal["one", "failed", "all"]
BETWEEN = " │ "  # two columns
PLAIN = Painter(io.StringIO())
MARKS = {"solved": "●", "failed": "○", "not judged": "–"}


def run_overview(run: Path, paint: Painter, exclude: str | None = None) -> tuple[str, str | None]:
    """The table of a run, then one line per problem with one mark per sample for each arm.

    Returns: the text, and the first problem with a failed rollout if there is one.

    Args:
        run, exclude: see `read_run`.
        paint: colours.

    Raises:
        RunError, DataError: as `read_run` does.
    """
    config, rollouts = read_run(run, exclude)
    arms = list(config["artifacts"])
    table = markdown_table(summarize_arms(arms, rollouts))
    width = max((len(name) for name in config["problems"]), default=0)
    columns = [max(len(arm), config["samples"]) for arm in arms]
    lines = [header(arms_of(run, config, rollouts)), "", table, ""]
    lines.append("  ".join([" " * width, *(paint(a.ljust(w), "bold") for a, w in zip(arms, columns, strict=True))]))
    for name in config["problems"]:
        cells = []
        for arm, column in zip(arms, columns, strict=True):
            own = sorted((r for r in rollouts if (r.arm, r.problem) == (arm, name)), key=lambda r: r.sample)
            cells.append("".join(_mark(r, paint) for r in own) + " " * (column - len(own)))
        lines.append("  ".join([harmless(name).ljust(width), *cells]).rstrip())
    lines += ["", "  ".join(f"{mark} {status}" for status, mark in MARKS.items())]
    failed = {each.problem for each in rollouts if each.status == "failed"}
    return "\n".join(lines), next((name for name in config["problems"] if name in failed), None)


def problem_stories(
    run: Path,
    problem: str,
    paint: Painter,
    *,
    arm: str | None = None,
    sample: int | None = None,
    shown: Shown = "one",
    prompts: bool = False,
    exclude: str | None = None,
) -> str:
    """One problem: one line per rollout, then the trace of one or more of them.

    Args:
        run, exclude: see `read_run`.
        problem: its name, or a unique beginning of it.
        paint: colours.
        arm, sample: only these.
        shown: the rollouts with a shown trace: the first failed one (or the first one if none failed), all failed ones,
            or all.
        prompts: whether to show prompts too.

    Raises:
        RunError, DataError: as in `read_run`, or there is no such problem or rollout.
    """
    name, chosen = _chosen(run, problem, exclude, arm, sample)
    stories = [read_story(run, rollout) for rollout in chosen]
    failed = [story for story in stories if story.rollout.status == "failed"]
    wanted = {"one": (failed or stories)[:1], "failed": failed, "all": stories}[shown]
    parts = [paint(harmless(name), "bold"), "\n".join(_overview(stories, paint))]
    parts += ["\n".join(_story(story, paint, prompts)) for story in wanted]
    if shown == "one" and len(stories) > 1:
        parts.append(paint("More: --arm ARM --sample N for another rollout, --failed, --all.", "faint"))
    return "\n\n".join(parts)


def side_by_side(
    run: Path,
    problem: str,
    arms: tuple[str, str],
    paint: Painter,
    width: int,
    *,
    sample: int = 0,
    exclude: str | None = None,
) -> str:
    """One sample of two arms on a problem, in two columns, event by event.

    Args:
        run, exclude: see `read_run`.
        problem: as in `problem_stories`.
        arms: their names.
        paint: colours.
        width: of both columns together.
        sample: its number.

    Raises:
        RunError, DataError: as in `problem_stories`.
    """
    column = (width - len(BETWEEN)) // 2
    found = [_chosen(run, problem, exclude, arm, sample) for arm in arms]
    sides = []
    for _, (rollout,) in found:
        events = "\n".join(_story(read_story(run, rollout), PLAIN, False)).split("\n\n")
        sides.append([[line for each in event.split("\n") for line in fitted(each, column)] for event in events])
    lines = [paint(harmless(found[0][0]), "bold")]
    for number, (left, right) in enumerate(zip_longest(*sides, fillvalue=[])):
        lines.append("")
        for one, other in zip_longest(left, right, fillvalue=""):
            line = f"{one}{' ' * (column - cell_len(one))}{BETWEEN}{other}".rstrip()
            lines.append(paint(line, "bold") if number == 0 and one is left[0] else line)
    return "\n".join(lines)


def _chosen(
    run: Path, problem: str, exclude: str | None, arm: str | None, sample: int | None
) -> tuple[str, list[Rollout]]:
    """The name of a problem and its rollouts, arm by arm."""
    config, rollouts = read_run(run, exclude)
    name = _find(problem, config["problems"])
    order = {arm: place for place, arm in enumerate(config["artifacts"])}
    chosen = [
        rollout
        for rollout in sorted(rollouts, key=lambda r: (order.get(r.arm, len(order)), r.sample))
        if rollout.problem == name and arm in (None, rollout.arm) and sample in (None, rollout.sample)
    ]
    if not chosen:
        said = did_you_mean(arm, order) if arm else ""
        raise RunError(f"{run} has no such rollout of {name}; its arms are {', '.join(order)}{said}")
    return name, chosen


def _overview(stories: Sequence[Story], paint: Painter) -> Iterator[str]:
    """One line per rollout: its status, its cost and the first reason."""
    names = [f"{story.rollout.arm} {story.rollout.sample}" for story in stories]
    width = max(map(cell_len, names))
    for name, story in zip(names, stories, strict=True):
        rollout = story.rollout
        cost = f"{rollout.totals.calls:3} calls {rollout.seconds:7.1f} s" if rollout.cost_known else " " * 19
        reason = harmless(" ".join(why(story)[:1]))
        yield f"{_mark(rollout, paint)} {harmless(name)}{' ' * (width - cell_len(name))}  {cost}  {reason}"


def _find(wanted: str, names: list[str]) -> str:
    beginning = [name for name in names if name.lower().startswith(wanted.lower())]
    if wanted in names or len(beginning) == 1:
        return wanted if wanted in names else beginning[0]
    if beginning:
        raise RunError(f"several problems begin with {wanted!r}: {', '.join(beginning[:5])}")
    raise RunError(f"no problem {wanted!r}{did_you_mean(wanted, names)}")


def _mark(rollout: Rollout, paint: Painter) -> str:
    mark = MARKS[rollout.status]
    return paint(mark, "good" if rollout.status == "solved" else "bad" if rollout.status == "failed" else "faint")


def _story(story: Story, paint: Painter, prompts: bool) -> Iterator[str]:
    rollout, versions = story.rollout, story.versions()
    yield f"{_mark(rollout, paint)} {paint(f'{rollout.arm}, sample {rollout.sample}: {rollout.status}', 'bold')}"
    yield from (f"  {harmless(sentence)}" for sentence in why(story))
    if not story.events:
        yield "  No trace of this rollout was stored."
    hidden = story.checkpoints()
    seen: set[str] = set()
    for event in story.events:
        yield ""
        match event:
            case Call():
                yield from _call(event, paint, prompts)
            case JudgeRun():
                yield from _judge_run(event, versions[event.program], event.program not in seen, paint)
                seen.add(event.program)
            case Decided():
                yield f"{_at(event.started)}  {paint(harmless(str(event.decision)), 'faint')}"
            case Remark():
                yield f"{_at(event.started)}  {paint(harmless(event.what), 'faint')}"
            case NewProgram():
                yield f"{_at(event.started)}  program {versions[event.program].number}: {ORIGINS[event.origin]}"
            case Best():
                yield _best(event, versions[event.program], next(hidden))
                if event.program not in seen:
                    yield from _program(versions[event.program], paint)
                seen.add(event.program)


def _call(call: Call, paint: Painter, prompts: bool) -> Iterator[str]:
    cost = "from cache" if call.from_cache else f"{call.prompt_tokens} + {call.completion_tokens} tokens"
    price = "" if call.dollars is None else f", ${call.dollars:.4f}"
    outcome = "" if call.outcome == "ok" else paint(f" {call.outcome}: {harmless(call.fault)}", "bad")
    read = f", read with tolerance: {', '.join(call.read)}" if call.read else ""
    yield f"{_at(call.started)}  {paint(call.stage, 'bold')}{outcome} ({cost}{price}, {call.seconds:.2f} s{read})"
    if prompts:
        for message in call.prompt:
            yield paint(f"          {message.role}:", "faint")
            yield from (paint(line, "faint") for line in _indented(message.content))
    if call.thought:
        yield paint("          thought:", "faint")
        yield from (paint(line, "faint") for line in _indented(call.thought))
    yield from _indented(call.answer)


def _judge_run(run: JudgeRun, version: Version, is_new: bool, paint: Painter) -> Iterator[str]:
    passed = sum(verdict == "AC" for verdict in run.verdicts)
    verdicts = paint(" ".join(run.verdicts), "good" if passed == len(run.verdicts) else "bad")
    title = paint(f"program {version.number} on {'AI' if run.tests == 'ai' else run.tests} tests", "bold")
    yield f"{_at(run.started)}  {title}: {verdicts} ({run.seconds:.2f} s)"
    if is_new:
        yield from _program(version, paint)
    for number, test in enumerate(run.runs, 1):
        if test.verdict != "AC":
            yield f"          test {number}: {test.verdict}"
            texts = (test.input, test.expected, test.output, test.error)
            for what, text in zip(headings(run.function), texts, strict=True):
                yield from (f"            {what}: {line.strip()}" for line in _indented(text))


def _best(best: Best, version: Version, point: Checkpoint | None) -> str:
    hidden = ""
    if point is not None:
        hidden = ", passes everything" if point.solved else f", hidden tests {point.hidden_rate:.0%}"
    return f"{_at(best.started)}  best is now program {version.number} ({best.calls} calls{hidden})"


def _program(version: Version, paint: Painter) -> Iterator[str]:
    """The whole program, or its differences to the previous one."""
    if version.before is None:
        yield from _indented(version.code)
        return
    names = f"program {version.number - 1}", f"program {version.number}"
    colours: dict[str, Colour] = {"+": "good", "-": "bad"}
    for line in unified_diff(lines_of(version.before), lines_of(version.code), *names, lineterm=""):
        colour = colours.get(line[0], "faint")
        yield f"          {paint(harmless(line), colour)}"


def _indented(text: str) -> list[str]:
    return [f"          {line}" for line in harmless(text.rstrip()).split("\n")] if text.strip() else []


def _at(seconds: float) -> str:
    return f"{seconds:7.2f}s"
