"""Endless answers are told from long ones."""

import pytest

from program.stage.call_record import LONGEST_UNIT, REPEATS, runs_in_circles

BULLETS = "\n".join(f"- rule {number}: the sum of {number} and {number + 1} is even" for number in range(60))


@pytest.mark.parametrize(
    "answer",
    [
        "The idea is " + "to add one " * 40,
        '{"reflection": [' + '"n is small", ' * 30,
        "```python\n" + "    x += 1\n" * 200,
        "ab" * 300,
        "a line of its own\nand another one\n" * 10 + "a line of its own\nand",  # cut off within the piece
        "." * 600,
        " " * 2000,
        "\n" * 2000,
    ],
    ids=["words", "a list", "code", "letters", "cut off", "dots", "blanks", "line ends"],
)
def test_a_piece_over_and_over_is_noticed(answer):
    assert runs_in_circles(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "yes",
        BULLETS,
        "```python\n" + "    x += 1\n" * 200 + "print(x)\n```",  # it came to an end
        "-" * 80,
        "Heading\n" + "=" * 60,
        "to add one " * (REPEATS - 1),
        "0 " * 3 + "1\n",
        ("a" * (LONGEST_UNIT + 1) + "b") * 3,
    ],
    ids=["nothing", "a word", "a list", "ended", "a rule", "a heading", "too few", "few zeros", "too long a piece"],
)
def test_long_and_regular_answers_are_not(answer):
    assert not runs_in_circles(answer)


def test_the_time_it_takes_does_not_grow_with_the_answer(monkeypatch):
    looked_at = []
    monkeypatch.setattr("program.stage.call_record.TAIL_CHARACTERS", 50)

    class Answer(str):
        def __getitem__(self, key):
            looked_at.append(key)
            return str(self)[key]

    assert not runs_in_circles(Answer(BULLETS * 1000))
    assert looked_at == [slice(-50, None, None)]
