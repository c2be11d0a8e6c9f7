"""The rules by which outputs are compared."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.checker import DEEPMIND, STRICT, Checker, differing_lines, stated_tolerance, strict_for

words = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=6)
numbers = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(-1000, 1000, places=3, allow_nan=False).map(str),
)
tokens = st.one_of(words, numbers, st.sampled_from(["YES", "no", "nan", "-inf", "1e5", "+5", "007", "0.1", "1_0", "."]))
outputs = st.lists(tokens, max_size=8).map(" ".join)
blanks = st.text(" \n\t\r", min_size=1, max_size=3)
checkers = st.sampled_from([STRICT, DEEPMIND, Checker("strict", 1e-3)])


@given(checkers, outputs)
def test_every_output_matches_itself(checker, text):
    assert checker.matches(text, text)


@given(checkers, st.lists(tokens, max_size=8), st.lists(blanks, min_size=18, max_size=18))
def test_only_tokens_count_not_the_space_between(checker, parts, spaces):
    spread = spaces[0] + "".join(part + space for part, space in zip(parts, spaces[1:], strict=False))
    assert checker.matches(spread, " ".join(parts))


@given(checkers, outputs, outputs)
def test_another_number_of_tokens_never_matches(checker, one, other):
    if len(one.split()) != len(other.split()):
        assert not checker.matches(one, other)


@given(outputs, outputs)
def test_deepmind_is_symmetric(one, other):
    assert DEEPMIND.matches(one, other) == DEEPMIND.matches(other, one)


@given(st.integers(), st.integers())
def test_strict_integers_are_exact(one, other):
    assert STRICT.matches(str(one), str(other)) == (one == other)


@given(st.floats(-1e9, 1e9), st.floats(-1e-3, 1e-3))
def test_strict_fractions_are_within_the_tolerance(value, error):
    want, got = f"{value:.12f}", f"{value + error:.12f}"
    close = math.isclose(float(got), float(want), rel_tol=1e-6, abs_tol=1e-6)
    assert STRICT.matches(got, want) == close


@given(st.floats(-1e6, 1e6), st.sampled_from([1e-2, 1e-4, 1e-9]), st.floats(0, 3))
def test_a_named_tolerance_is_the_one_used(value, tolerance, times):
    got = repr(value + times * tolerance)
    want = f"{value:.17f}"
    close = math.isclose(float(got), float(want), rel_tol=tolerance, abs_tol=tolerance)
    assert Checker("strict", tolerance).matches(got, want) == close


@given(outputs, outputs)
def test_deepmind_accepts_what_a_plain_reading_of_its_rule_accepts(one, other):
    assert DEEPMIND.matches(one, other) == reference(one, other)


def reference(one: str, other: str) -> bool:
    """The executor's rule written another way: numbers are what a C reader takes whole."""

    def lower(text: str) -> str:
        return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)

    def number(token: str) -> float | None:
        try:
            return float(token) if token.isascii() and "_" not in token else None
        except ValueError:
            return None

    first, second = (re.split("[ \n\t\r\v]+", lower(text).strip(" \n\t\r\v")) for text in (one, other))
    if first == second:
        return True
    if len(first) != len(second):
        return False
    for a, b in zip(first, second, strict=True):
        x, y = number(a), number(b)
        if x is None or y is None:
            if a != b:
                return False
        elif not abs(x - y) < 1e-5:
            return False
    return True


@pytest.mark.parametrize(
    ("got", "want", "strict", "deepmind"),
    [
        ("yes", "YES", True, True),
        ("YES", "no", False, False),
        ("abc", "ABC", False, True),
        ("5.0", "5", False, True),
        ("5", "5.0", True, True),
        ("1e0", "1.0", True, True),
        ("0x10", "16", False, False),
        ("1_0", "10", False, False),
        ("١", "1", False, False),  # a digit, but not of ASCII
        ("0.000001", "0.0", True, True),
        ("0.00001", "0.0", False, False),  # not less than the tolerance
        ("1000001.0", "1000000.5", True, False),  # relative against absolute
        ("1000000000000000001", "1000000000000000000", False, True),  # doubles cannot tell them apart
        ("nan", "nan", True, True),
        ("nan 1.0", "nan 1", False, False),  # the executor compares numbers, and no number equals nan
        ("inf", "Infinity", False, False),
        ("+5", "5", False, True),
        ("a\fb", "a b", True, False),  # form feed separates only for the strict rule
        ("1\u00a02", "1 2", False, False),  # white space, but not of ASCII
        ("1\x1c2", "1 2", False, False),  # nor a separator of records
        ("1\u20282", "1\n2", False, False),
        ("1e400", "1e500", False, False),  # no double holds them: as decimals
        ("1.0000001e400", "1.0e400", True, False),
        ("-1e400", "1e400", False, False),
        ("1" + "0" * 400, "1e400", True, False),
        ("inf", "1e400", False, False),
        ("1e99999999999999999999", "1e99999999999999999998", False, False),
        ("0", "1e-400", True, True),
        ("É", "é", False, False),
        ("", "", True, True),
        (" \n", "", True, True),
        ("1", "", False, False),
    ],
)
def test_examples_where_the_rules_differ(got, want, strict, deepmind):
    assert STRICT.matches(got, want) is strict
    assert DEEPMIND.matches(got, want) is deepmind


@pytest.mark.parametrize(
    ("got", "want", "lines"),
    [("1\n2\n", "1\n2\n", 0), ("1\n3\n", "1\n2\n", 1), ("1\n", "1\n2\n3\n", 2), ("", "1\n", 1), ("1 2", "1\n2", 0)],
)
def test_differing_lines(got, want, lines):
    assert differing_lines(got, want) == lines


@given(outputs, outputs)
def test_distance_orders_wrong_answers(one, other):
    assert (differing_lines(one, other) == 0) == STRICT.matches(one, other)


@pytest.mark.parametrize(
    ("statement", "tolerance"),
    [
        ("considered correct if its absolute or relative error does not exceed 10^{-6}.", 1e-6),
        ("The absolute or relative error mustn't exceed 10 - 6.", 1e-6),
        ("if its absolute or relative error doesn't exceed 10^{ - 9}", 1e-9),
        ("with absolute or relative error at most $10^{-4}$.", 1e-4),
        ("relative error of at most 10−5 is fine", 1e-5),
        ("Your answer is correct when the absolute error is less than 1e-3.", 1e-3),
        ("Print the answer with an error of at most 0.001.", 1e-3),
        ("with precision of no less than 1E-7", 1e-7),
        ("The answer is modulo 10^9 + 7.", None),
        ("Each a_i lies between -10^9 and 10^9. No error is printed.", None),
        ("Print any answer. The error is yours. The bound is 10^{-6}.", None),
        ("with an error of at most 10<sup>-4</sup>", 1e-4),
        ("an error of at most 10&minus;6 is allowed", 1e-6),
        ("an error of at most 10**-6 is allowed", 1e-6),
        ("The absolute error must not exceed 5·10^{-4}.", 5e-4),
        ("with an error of $1 \\times 10^{-4}$", 1e-4),
        ("absolute or relative error no more than 2.5 \\cdot 10^{-6}.", 2.5e-6),
        ("Your answer has to be accurate to within 1e-4.", 1e-4),
        ("a relative error below 2.5e-3", 2.5e-3),
        ("an error of at most 0.0005", 5e-4),
        ("within a tolerance of 1e-6", 1e-6),
        ("print it correct up to 1e-6", 1e-6),
        ("The answers may differ by at most 10^{-6}.", 1e-6),
        ("may not differ from the right one by more than 10^{-4}", 1e-4),
        ("with precision of at least 10^{-6}", 1e-6),
        ("any two coordinates differ by at least 10^{-3}", None),
        ("Lengths differ by no less than 10^{-3}. The absolute error must not exceed 1e-6.", 1e-6),
        ("any two differ by at least 10^{-3}; print with absolute error at most 10^{-5}.", 1e-5),
        ("a relative error of 0.01%", None),
        ("a relative error of 0.01 percent", None),
        ("an error of 100^{-4}", None),
        ("", None),
    ],
)
def test_the_tolerance_of_a_statement(statement, tolerance):
    assert stated_tolerance(statement) == pytest.approx(tolerance)
    assert strict_for(statement).name == ("strict" if tolerance is None else f"strict {tolerance:g}")


def test_a_named_tolerance_lets_a_fraction_stand_for_an_integer_but_no_other_integer():
    checker = strict_for("absolute or relative error 10^{-4}")
    assert checker.matches("2.00001", "2") and not checker.matches("2.1", "2")
    assert not checker.matches("1000001", "1000000")


@given(st.text(max_size=300))
def test_no_statement_breaks_the_search(statement):
    stated_tolerance(statement + " error 10^{-6}" * 3)


@pytest.mark.parametrize("checker", [STRICT, DEEPMIND], ids=lambda checker: checker.name)
def test_a_long_token_that_is_nearly_a_number_is_looked_through_once(checker):
    """Were every split of its digits tried, this would not end: a program could hold up the judge with one print."""
    assert not checker.matches("9" * 1_000_000 + "x", "1.5")
