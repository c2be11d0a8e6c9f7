"""What a terminal shows of Markdown: columns that are aligned and fit, whole words; a pipe gets it as it is."""

import io
import re

import pytest

from program.cli.output import Painter
from program.cli.shown_markdown import print_markdown, terminal_lines

ARMS = ("direct", "chain-of-thought", "sampling", "reflexion", "handwritten", "adaptive")
HEAD = "| against first | problems | solved (95 % CI) | p | hidden tests passed (95 % CI) | p | power for +10 points |"
CELLS = "36 | -8.3 points (-30.1 to +14.3) | 0.867 | +13.2 points (above 0 to +25.0) | 0.025 | 5%"
ROWS = [f"| {arm} | {CELLS} |" for arm in ARMS]
TABLE = "\n".join([HEAD, "|" + " --- |" * 7, *ROWS])
TEXT = "It is not shown whether chain-of-thought solves more or fewer problems: -8.3 points, 95 % CI -30.1 to 14.3."


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(text: str, width: int) -> list[str]:
    return list(terminal_lines(text, width, Painter(io.StringIO())))


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_a_table_of_six_arms_fits_with_every_cell_whole(width):
    lines = shown(TABLE, width)
    assert max(map(len, lines)) <= width
    for row in ROWS:
        name, *cells = row.strip("| ").split(" | ")
        own = [line for line in lines if line.startswith(f"{name} ")]
        found = [cell for line in own for cell in re.split(r" {2,}", line)[1:]]
        assert found == cells, "every cell once, in its order, after the name of its row"


def test_a_table_in_two_parts_repeats_every_column_that_names_a_row():
    head = ["model", "measure", "kind", "first", "second"]
    rows = [
        [model, measure, "x", *["1234567890" * 3] * 2] for model in ("small", "large") for measure in ("p@1", "p@5")
    ]
    text = "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * 5, *rows))
    lines = shown(text, 70)
    assert [line.split()[:2] for line in lines if "1234" in line] == [row[:2] for row in rows] * 2


def test_a_p_value_stays_with_what_it_belongs_to():
    heads = [re.split(r" {2,}", line) for line in shown(TABLE, 100) if " (95 % CI)" in line]
    assert all(head[head.index(each) + 1] == "p" for head in heads for each in head if "CI" in each)


def test_texts_are_wrapped_between_words_and_items_are_indented():
    lines = shown(f"{TEXT}\n- {TEXT}", 50)
    assert max(map(len, lines)) <= 50
    assert " ".join(" ".join(lines).split()) == f"{TEXT} - {TEXT}"
    start = next(place for place, line in enumerate(lines) if line.startswith("- "))
    assert all(line.startswith("  ") for line in lines[start + 1 :])
    assert not any(line.lstrip().startswith("%") for line in lines)


def test_what_is_indented_or_in_a_fence_stays_as_it_is():
    code = "    " + "x = 1; " * 30
    diff = "```diff\n-" + "old " * 40 + "\n+| a | b |\n```"
    assert shown(code, 60) == [code]
    assert shown(diff, 60) == diff.split("\n")[1:-1]


def test_a_cell_that_no_terminal_has_room_for_is_wrapped():
    lines = shown("| name | why |\n| --- | --- |\n| a | " + "word " * 40 + "|", 60)
    assert max(map(len, lines)) <= 60 and " ".join(lines).split().count("word") == 40


def test_a_pipe_gets_markdown(capsys):
    print_markdown(f"{TABLE}\n\n{TEXT}")
    assert capsys.readouterr().out == f"{TABLE}\n\n{TEXT}\n"


def test_heads_are_bold_on_a_terminal_that_wants_colours(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1m" in "\n".join(terminal_lines(TABLE, 100, Painter(Terminal())))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in "\n".join(terminal_lines(TABLE, 100, Painter(Terminal())))
