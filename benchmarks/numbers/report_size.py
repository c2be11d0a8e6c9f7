"""The size of the report of a large run, and the time to write and to open it.

    python -m benchmarks.numbers.report_size RUN [--problems 165] [--samples 5] [--chromium PATH]

RUN is a stored run with traces, for example by the simulated model. Its problems are repeated under new ids until there
are enough. Equal texts are stored only once, so in each copy all text that is specific to a problem of RUN is changed
letter by letter, which keeps its compressibility. Arms are those of RUN. Opening is measured with `--chromium` (and the
dependency group `browser`): from the request until the grid is visible, compared with an empty page on the same
machine; the CPU time of the page's main thread (the time on an idle machine); and from the click on a cell until the
story is visible; medians of 5 rounds.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import string
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.report.problem_block import problem_block
from eval.report.texts import shared_chunks, split
from eval.report.write import write_report
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import RunFolder, read_config, read_rollouts
from eval.rollouts.stored_arms import problem_names, stored_arms
from eval.story.story import read_story
from program.rollout.trace import Best, Call, JudgeRun, Trace, name_of

ROUNDS = 5


class Variation:
    """Changes texts so that copies of a problem have no chunk in common, except text that problems share."""

    def __init__(self, shared: set[str], turn: int) -> None:
        lower, upper = string.ascii_lowercase, string.ascii_uppercase
        self._shared = shared
        self._table = str.maketrans(lower + upper, lower[turn:] + lower[:turn] + upper[turn:] + upper[:turn])

    def text(self, text: str) -> str:
        return "\n".join(chunk if chunk in self._shared else chunk.translate(self._table) for chunk in split(text))

    def rollout(self, run: Path, rollout: Rollout, name: str) -> Rollout:
        """The rollout with its full trace, under another problem's name."""
        events = [event.model_copy(deep=True) for event in read_story(run, rollout).events]
        for event in events:
            if isinstance(event, Call):
                event.answer = self.text(event.answer)
                for message in event.prompt:
                    message.content = self.text(message.content)
            if isinstance(event, JudgeRun | Best):
                event.code = self.text(event.code)
                event.program = name_of(event.code)
            if isinstance(event, JudgeRun):
                for test in event.runs:
                    test.input, test.expected = self.text(test.input), self.text(test.expected)
                    test.output, test.error = self.text(test.output), self.text(test.error)
        trace = Trace(events=events, marks=rollout.trace.marks)
        return rollout.model_copy(update={"problem": name, "code": self.text(rollout.code), "trace": trace})


def repeat(run: Path, out: Path, problems: int, samples: int) -> None:
    """Write a run with `problems` problems into `out`."""
    config, rollouts, arms = read_config(run), read_rollouts(run), stored_arms([run])
    there = problem_names(arms)
    shared = set(shared_chunks([problem_block(arms, name, None)[1] for name in there]))
    names = [f"{i}_{there[i % len(there)]}" for i in range(problems)]
    folder = RunFolder(out, {**config, "problems": names, "samples": samples, "data": "repeated.json"})
    for number, name in enumerate(names):
        variation = Variation(shared, number // len(there))
        source = there[number % len(there)]
        for rollout in rollouts:
            if rollout.problem == source and rollout.sample < samples:
                folder.append(variation.rollout(run, rollout, name))


def open_times(chromium: str, report: Path) -> dict[str, float]:
    """Seconds until an empty page and the overview are visible, and from the click on a cell until its story is
    visible."""
    from playwright.sync_api import sync_playwright  # pyright: ignore[reportMissingImports]  a group of its own

    empty = report.with_name("empty.html")
    empty.write_text("<!doctype html><table id='grid'><tr><td>nothing</table>")
    times: dict[str, list[float]] = {"empty": [], "open": [], "open_cpu": [], "story": []}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, timeout=120_000)
        for _ in range(ROUNDS):
            for name, file in (("empty", empty), ("open", report)):
                page = browser.new_page()
                page.set_default_timeout(120_000)
                session = page.context.new_cdp_session(page)
                session.send("Performance.enable", {"timeDomain": "threadTicks"})
                begin = time.perf_counter()
                page.goto(file.as_uri())
                page.wait_for_selector("#grid")
                times[name].append(time.perf_counter() - begin)
                if file == report:
                    metrics = session.send("Performance.getMetrics")["metrics"]
                    times["open_cpu"].append(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))
                    begin = time.perf_counter()
                    page.locator(".cell").last.evaluate("cell => cell.click()")
                    page.wait_for_selector(".trace")
                    times["story"].append(time.perf_counter() - begin)
                page.close()
        browser.close()
    return {f"{name}_seconds": round(statistics.median(each), 2) for name, each in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.numbers.report_size", description="Measure the report of a large run."
    )
    parser.add_argument("run", type=Path, help="a run with traces")
    parser.add_argument("--problems", type=int, default=165)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--chromium", help="the executable, to measure opening too")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        large = Path(folder) / "run"
        repeat(options.run, large, options.problems, options.samples)
        traces = sum(file.stat().st_size for file in large.rglob("*.gz"))
        begin, cpu = time.perf_counter(), time.process_time()
        write_report([large], large / "report.html")
        found = {
            "rollouts": len(read_rollouts(large)),
            "traces_mb": round(traces / 1e6, 2),
            "report_mb": round((large / "report.html").stat().st_size / 1e6, 2),
            "write_seconds": round(time.perf_counter() - begin, 1),
            "write_cpu_seconds": round(time.process_time() - cpu, 1),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        if options.chromium:
            found |= open_times(options.chromium, large / "report.html")
        print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
