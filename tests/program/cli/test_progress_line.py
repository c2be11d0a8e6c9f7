"""The line of progress on a real pseudo-terminal and in a file: other output stays whole, and a file has no codes."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
import time

import pytest

import program.cli.progress_line as lines
from program.cli.progress_line import ProgressLine, clock, count
from tests.support.paths import ROOT

COLUMNS = 100
COMMAND = """
import sys, time
import program.cli.progress_line as lines
lines.LIVE_SECONDS = 0.01
states = iter(range(10**9))
with lines.ProgressLine(lambda: f"run {next(states)}/48 " + "long " * 60):
    for number in range(20):
        print(f"out {number}", flush=True)
        print(f"warning {number}", file=sys.stderr)
        time.sleep(0.02)
print("the table")
"""


def screen(text: str) -> list[str]:
    """What is to be seen on a terminal of `COLUMNS` when these characters were written to it."""
    rows = [""]
    for piece in re.findall(r"\x1b\[2K|\r|\n|[^\x1b\r\n]+", text):
        if piece == "\n":
            rows.append("")
        elif piece in ("\r", "\x1b[2K"):
            rows[-1] = "" if piece != "\r" else rows[-1]
        else:
            rows[-1] = piece + rows[-1][len(piece) :]
    return rows


def test_on_a_terminal_other_output_stands_above_the_line():
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 30, COLUMNS, 0, 0))
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.Popen([sys.executable, "-c", COMMAND], stdout=there, stderr=there, stdin=there, env=env)
    os.close(there)
    written = b""
    try:
        while piece := os.read(here, 65536):
            written += piece
    except OSError:
        pass  # the terminal is closed
    assert ran.wait() == 0
    os.close(here)
    text = written.decode().replace("\r\n", "\n")
    assert text.count("\x1b[2Krun ") > 1, "it moves"
    assert all(len(each) < COLUMNS for each in re.findall(r"\x1b\[2K(run[^\x1b\r\n]*)\r", text)), "a line would wrap"
    rows = screen(text)
    shown = [row.rstrip() for row in rows]
    assert shown[:40] == [f"{what} {number}" for number in range(20) for what in ("out", "warning")]
    assert shown[40].startswith("run ") and shown[-2] == "the table"


def test_a_line_of_other_output_is_never_overwritten_before_it_ends(monkeypatch):
    monkeypatch.setattr(lines, "LIVE_SECONDS", 0.001)
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    with ProgressLine(lambda: "run", terminal) as progress:
        progress.above(terminal.write, "out")
        before = terminal.getvalue()
        time.sleep(0.05)
        assert terminal.getvalue() == before
        progress.above(terminal.write, "\n")
        while not terminal.getvalue().endswith("run"):
            time.sleep(0.001)


@pytest.mark.parametrize("width", range(12, 70))
def test_a_line_that_does_not_fit_ends_after_a_whole_part(width):
    line = "race 24/40 | 0:19, about 0:30 left | solved 16/24 (67%), $1.25"
    said = lines._fitted(line, width)
    assert len(said) <= width
    kept = said.removesuffix(" …")
    assert line.startswith(kept) and (said == line or line[len(kept) :].startswith((" | ", ", ", "; ")))


def test_in_a_file_there_are_lines_and_no_codes(monkeypatch):
    monkeypatch.setattr(lines, "LIVE_SECONDS", 0.001)
    monkeypatch.setattr(lines, "LOG_SECONDS", 0.0)
    file, states = io.StringIO(), iter(range(10**9))
    stopped = []

    def line() -> str:
        stopped.append(next(states))
        return f"run {stopped[-1]}/48\x1b[2J"

    with ProgressLine(line, file):
        while len(stopped) < 5:
            pass
    written = file.getvalue()
    assert "\x1b" not in written and "\r" not in written and "?" not in written
    assert len(written.splitlines()) > 1 and all(re.match(r"run \d+/48", each) for each in written.splitlines())


def test_numbers_and_times_are_short():
    assert [count(number) for number in (0, 57, 1440, 31_200, 2_100_000)] == ["0", "57", "1.44k", "31.2k", "2.1M"]
    assert [clock(seconds) for seconds in (3.9, 200, 3800)] == ["0:03", "3:20", "1:03:20"]


def test_of_two_lines_one_inside_of_the_other_there_is_one_with_the_inner_first(monkeypatch):
    monkeypatch.setattr(lines, "LIVE_SECONDS", 0.001)
    monkeypatch.setattr(lines, "LOG_SECONDS", 0.0)
    file, states, seen = io.StringIO(), iter(range(10**9)), threading.Event()

    def inner() -> str:
        number = next(states)
        if number > 5:
            seen.set()
        return f"run {number}/48"

    with ProgressLine(lambda: "race: 5 calls", file):
        with ProgressLine(inner, file):
            assert seen.wait(10)
        within = file.getvalue().splitlines()
    assert all(re.fullmatch(r"run \d+/48( \| race: 5 calls)?|race: 5 calls", each) for each in within)
    assert sum("| race" in each for each in within) >= 3, "both are in one line"
    assert file.getvalue().splitlines()[-1] == "race: 5 calls"
