"""Made-up inputs that cannot be inputs of the problem are told by their shape, and others are let through."""

import pytest

from program.bench.ai_tests import looks_like


@pytest.mark.parametrize(
    ("text", "examples"),
    [
        pytest.param("anything at all", [], id="no examples"),
        pytest.param("7\n", ["3\n", "12\n"], id="one number"),
        pytest.param("-7\n", ["3\n"], id="a sign"),
        pytest.param("2 2\n1 2\n3 4\n", ["1 3\n1 2 3\n", "2 1\n1\n2\n"], id="more lines"),
        pytest.param("3\n1 2 3\n", ["2\n1 2\n"], id="a longer second line"),
        pytest.param("1 2 3 4\n", ["1 2 3\n"], id="one example says nothing about the length of a list"),
        pytest.param("1 2 3 4\n", ["1 2 3\n", "1 2\n"], id="first lines of several lengths"),
        pytest.param("3\n", ["2.5\n"], id="an integer for a number"),
        pytest.param("1e5\n", ["2.5\n"], id="another way to write a number"),
        pytest.param("12\n", ["abc\n", "b7\n"], id="digits for a word"),
        pytest.param("abc 4\n", ["x 1\n", "yz 22\n"], id="a word and a number"),
        pytest.param("\n3\n", ["3\n", "4\n"], id="a blank line first"),
        pytest.param("hello\n", ["a b\n"], id="a single sentence says nothing about the number of words"),
    ],
)
def test_what_could_be_an_input_is_let_through(text, examples):
    assert looks_like(text, examples)


@pytest.mark.parametrize(
    ("text", "examples"),
    [
        pytest.param("n = 5\n", ["3\n", "12\n"], id="a word among numbers"),
        pytest.param("[1, 2]\n", ["1 2\n"], id="a list as Python writes it"),
        pytest.param("2.5\n", ["3\n"], id="a fraction for an integer"),
        pytest.param("3 4\n", ["3\n", "12\n"], id="two numbers where there is one"),
        pytest.param("3 4\n", ["3\n1 2 3\n"], id="a count without its line"),
        pytest.param("5\n", ["1 3\n1 2 3\n", "2 1\n1\n2\n"], id="one number where there are two"),
        pytest.param("4 abc\n", ["x 1\n", "yz 22\n"], id="number and word in the wrong order"),
        pytest.param("", ["1\n", "2\n"], id="nothing"),
    ],
)
def test_what_cannot_is_not(text, examples):
    assert not looks_like(text, examples)


@pytest.mark.parametrize("examples", [["3\n1 2 3\n"], ["a b\n", "c d\n"], ["1.5 x\n7\n"]])
def test_every_example_looks_like_itself(examples):
    assert all(looks_like(text, examples) for text in examples)


def test_a_token_that_is_nearly_a_number_is_looked_through_once():
    """Were every split of its digits tried, this would not end."""
    assert not looks_like("9" * 1_000_000 + "x", ["1\n"])
