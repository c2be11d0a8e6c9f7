"""JSON with tolerance, expressions, coercions, rankings and claims."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from program.answers import coercions, tolerant_json
from program.answers.claims import refuses, says_test_is_wrong
from program.answers.expressions import NoValue, evaluate
from program.answers.latex import with_latex
from program.answers.ranking import match_names
from program.answers.tolerant_json import broken_values_in, decode, values_in

plain = settings(deadline=None, max_examples=150, database=None, derandomize=True)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.recursive(
    texts | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
roots = st.lists(values, max_size=4) | st.dictionaries(texts, values, max_size=4)

# JSON


@plain
@given(roots, st.booleans())
def test_proper_json_is_read_as_json(value, readable):
    text = json.dumps(value, ensure_ascii=readable, indent=1 if readable else None)
    found = decode(text, 0)
    assert (found.value, found.end, found.labels, found.dropped, found.cut) == (value, len(text), (), 0, False)


@plain
@given(st.lists(texts | st.dictionaries(texts, texts, min_size=1, max_size=3), min_size=1, max_size=5), st.floats(0, 1))
def test_a_cut_list_keeps_exactly_its_whole_items(items, place):
    text = json.dumps({"items": items}, ensure_ascii=False)
    ends = [len(json.dumps({"items": items[: n + 1]}, ensure_ascii=False)) - 2 for n in range(len(items))]
    at = int(len('{"items": [') + place * (len(text) - 2 - len('{"items": [')))
    whole = sum(end <= at for end in ends)
    found = decode(text[:at], 0)
    assert found.value == {"items": items[:whole]} and found.cut
    assert (found.dropped == 1) == bool(text[:at].removeprefix(text[: ends[whole - 1] if whole else 11]).strip(", "))


@plain
@given(st.text(max_size=60) | st.text('{}[]":,\\+*( )nul1`\n', max_size=60))
def test_any_text_is_read_or_refused(text):
    proper = values_in(text)
    for found in [*proper, *broken_values_in(text, proper)]:
        assert isinstance(found.value, dict | list)


@pytest.mark.parametrize(
    ("text", "value", "label"),
    [
        (r'["\lfloor n \rfloor"]', ["\\lfloor n \rfloor"], tolerant_json.BACKSLASHES),
        (r'["\u00e9\underline"]', ["é\\underline"], tolerant_json.BACKSLASHES),
        ('["\\ud83d\\ude42\\q"]', ["🙂\\q"], tolerant_json.BACKSLASHES),
        ('["a\nb"]', ["a\nb"], tolerant_json.RAW_LINES),
        ('["say "yes" or "no""]', ['say "yes" or "no"'], tolerant_json.QUOTES),
        ("{'a': True, b: None}", {"a": True, "b": None}, tolerant_json.PYTHON_WORDS),
        ('["a"\n "b"]', ["a", "b"], tolerant_json.COMMAS),
        ('["a" "b"]', ["a", "b"], tolerant_json.COMMAS),
        ('[{"a": "b" "c"}, {"a": "b"}]', [{"a": "b"}], tolerant_json.ITEM_DROPPED),
        ('["a",, "b",]', ["a", "b"], tolerant_json.COMMAS),
        ('[{"a": 1}\n{"a": 2}]', [{"a": 1}, {"a": 2}], tolerant_json.COMMAS),
        ('["1 " * 3 + "2\\n", "x"]', ["1 1 1 2\n", "x"], tolerant_json.EXPRESSION),
        ('[{"a": "5\\n" + " ".join(["1"] * 3)}]', [{"a": "5\n1 1 1"}], tolerant_json.EXPRESSION),
        ('[{"a": str(10**5) + "\\n"}]', [{"a": "100000\n"}], tolerant_json.EXPRESSION),
        ('[{"a": "x" + f(3)}, {"a": "b"}]', [{"a": "b"}], tolerant_json.ITEM_DROPPED),
        ('[{"a": open("x").read()}, {"a": "b"}]', [{"a": "b"}], tolerant_json.ITEM_DROPPED),
        ('[{"a": "b"}, {"a": "1" * 10**9}]', [{"a": "b"}], tolerant_json.ITEM_DROPPED),
        ('["a", // why\n "b" # that\n]', ["a", "b"], None),
        ('{"a": """x\n"y"\n"""}', {"a": 'x\n"y"\n'}, tolerant_json.RAW_LINES),
    ],
)
def test_what_models_write(text, value, label):
    found = decode(text, 0)
    assert found.value == value and (label is None or label in found.labels)


def test_many_braces_before_an_answer_are_nothing():
    text = "a dict {} or a set {1} " * 900 + '{"a": ["b"]}'
    assert values_in(text)[-1].value == {"a": ["b"]}


# Expressions

terms = st.recursive(
    st.sampled_from(['"a"', '"1 "', "'\\n'", "3", "0", "str(7)", "[1, 2]"]),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "*", "-"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=6,
)


@plain
@given(terms)
def test_an_expression_has_the_value_that_python_gives_it(text):
    try:
        found = evaluate(text)
    except NoValue:
        return
    assert found == eval(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"\\n".join(str(i) for i in range(3))', "0\n1\n2"),
        ('" ".join([str(i * i) for i in range(5) if i % 2 == 1])', "1 9"),
        ('" ".join(map(str, range(1, 4)))', "1 2 3"),
        ('f"{3} {4}\\n" + "x" * 2', "3 4\nxx"),
        ('str(10 ** 9) + "\\n" + "-1 " * 2', "1000000000\n-1 -1 "),
        ('"\\n".join(["1 2"] * 2 + ["3"])', "1 2\n1 2\n3"),
        ('"a" if 2 > 1 else "b"', "a"),
    ],
)
def test_long_data_are_evaluated(text, value):
    assert evaluate(text) == value == eval(text)


@pytest.mark.parametrize(
    "text",
    [
        '"a" * 10 ** 10',
        "[0] * 10 ** 9",
        "10 ** 10 ** 10",
        '"".join("a" * 10 ** 6 for i in range(100))',
        "[i for i in range(10 ** 9)]",
        "[i for i in range(10 ** 4) for j in range(10 ** 4)]",
        '__import__("os")',
        'open("a")',
        '"a".__class__',
        "(lambda: 1)()",
        "x",
        "1 / 0",
        "1 // 0",
        '"a" + 1',
        "chr(-1)",
        "(",
        "",
        "[" * 500,
        '"%s" % 3',
        "{**{}}",
    ],
)
def test_nothing_else_is_evaluated(text):
    with pytest.raises(NoValue):
        evaluate(text)


# LaTeX

COMMANDS = ["times", "text", "theta", "to", "floor", "frac", "forall", "beta", "binom", "rfloor", "rceil", "rightarrow"]
COMMANDS += ["neq", "nabla", "notin", "bmod", "tau"]


@pytest.mark.parametrize("command", COMMANDS)
def test_latex_comes_back(command):
    broken = json.loads(f'"a \\{command} b, \\{command}{{x}} and \\{command}_2"')
    assert with_latex(broken) == f"a \\{command} b, \\{command}{{x}} and \\{command}_2"


@pytest.mark.parametrize(
    "text",
    ["a\tb", "one\nnot two", "one\nu v", "one\ne f", "a\tto b", "x\tthe y", "a\nbut", "a\r\nb", "one\nin", "\text"[:1]],
)
def test_other_control_characters_stay(text):
    assert with_latex(text) == text


def test_in_a_formula_more_is_latex():
    assert with_latex("a\nu b, $a \ne b$") == "a\nu b, $a \\ne b$"


# Lists and texts

BULLETS = [
    "- {}",
    "* {}",
    "• {}",
    "{n}. {}",
    "{n}) {}",
    "({n}) {}",
    "  - {}",
    "**{n}.** {}",
    "Step {n}: {}",
    "– {}",
    "{n}: {}",
]
words = st.lists(
    st.sampled_from(["Read", "n", "**and**", "print", "`x = 1`", "a: b", "(2)", "-1", "≤ 5"]), min_size=2, max_size=5
)
points = st.lists(words.map(" ".join).filter(lambda each: each[0] not in "-(*a"), min_size=1, max_size=4)


@plain
@given(
    points,
    st.sampled_from(BULLETS),
    st.sampled_from(["", "Here they are:\n\n", "**Goal**\n", "# Points\n"]),
    st.booleans(),
)
def test_bullets_are_points(items, mark, before, spaced):
    lines = [mark.format(item, n=n) for n, item in enumerate(items, 1)]
    text = before + ("\n\n" if spaced else "\n").join(lines)
    assert coercions.listed_points(text) == items


def test_what_belongs_to_a_point_stays_with_it():
    text = "1. Read:\n   - n\n   - m\n2. Print\n   the sum.\n\nThat is all."
    assert coercions.points_in(text) == ["Read:\n- n\n- m", "Print\nthe sum."]


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("1. Read. 2. Print.", ["Read.", "Print."]),
        ("Read n.\nPrint n.", ["Read n.", "Print n."]),
        ('["Read", "Print"]', ["Read", "Print"]),
        ("['Read', 'Print']", ["Read", "Print"]),
        ("Read and print.", ["Read and print."]),
        ("a", None),
        ("", None),
    ],
)
def test_a_text_for_a_list(text, items):
    assert coercions.list_from_text(text) == items


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"point": "a"}, "a"),
        ({"name": "Greedy", "reason": "fast"}, "Greedy"),
        ({"rank": 1, "solution": "Greedy", "why": "fast"}, "Greedy"),
        ({"id": "2", "explanation": "a"}, "a"),
        ({"title": "Goal", "point": "print n"}, "Goal: print n"),
        ({"title": "Goal", "description": "print n"}, "Goal: print n"),
        ({"input": "1 2", "output": 3}, "1 2: 3"),
        ({"text": "a", "examples": ["b", "c"]}, "a: b; c"),
        ({"b": 1}, None),
        ({}, None),
        ({"a": {"b": "c"}, "d": "e"}, None),
    ],
)
def test_an_object_for_a_text(value, text):
    assert coercions.text_from_object(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["2", "1 2"], "2\n1 2"),
        ([2, [1, 2]], "2\n1 2"),
        (["2\n", "1 2\n"], "2\n1 2"),
        ([{"n": 1}], None),
        ([None], None),
        ([True], None),
        ([], None),
    ],
)
def test_lines_for_a_text(value, text):
    assert coercions.text_from_lines(value) == text


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"Input": "1", "Expected Output": "2"}, {"input": "1", "output": "2"}),
        ({"INPUT": "1", "output": "2", "expected": "3"}, {"input": "1", "output": "2", "expected": "3"}),
        ({"inputs": "1", "more": 2}, {"input": "1", "more": 2}),
    ],
)
def test_keys_in_other_letters(value, found):
    assert coercions.with_known_keys(value, ["input", "output"]) == (found, True)
    assert coercions.with_known_keys(found, ["input", "output"]) == (found, False)


# Rankings

NAMES = ["Greedy", "Greedy with a heap", "Dynamic programming over subsets", "Two pointers (sorted)"]
WRITTEN = [
    "{}",
    "{} (fast and simple)",
    "**{}**",
    "{n}. {}",
    "{n}) {} - best of all",
    "{}: O(n log n)",
    "`{}` because it is right",
    "{} – the slow one",
    '"{}"',
    "#{n} {}",
    "The {} approach",
]


@plain
@given(st.permutations(range(len(NAMES))), st.data())
def test_names_are_matched_whatever_is_written_around_them(order, data):
    styles = [data.draw(st.sampled_from(WRITTEN)) for _ in order]
    entries = [style.format(NAMES[place], n=n) for n, (place, style) in enumerate(zip(order, styles, strict=True), 1)]
    assert match_names(entries, NAMES) == list(order)


@pytest.mark.parametrize(
    "write", [str, int, "Solution {}".format, "#{}".format, "solution {} (best)".format, "{}.".format]
)
def test_numbers_are_matched(write):
    for order in itertools.permutations(range(4)):
        assert match_names([write(place + 1) for place in order], NAMES) == list(order)


@pytest.mark.parametrize(
    ("ranking", "places"),
    [
        ([{"name": "Greedy", "reason": "x"}, {"solution": 3}], [0, 2]),
        (["Two pointers", "dynamic programming"], [3, 2]),
        (["Greedy with a heap > Two pointers (sorted) > Greedy"], [1, 3, 0]),
        (["2", "0"], [2, 0]),
        (["7", "Something else", None, ""], []),
        (["Greedy", "greedy", "GREEDY!"], [0]),
        ([["Greedy"], "Solution 9"], [0]),
        ([], []),
    ],
)
def test_other_rankings(ranking, places):
    assert match_names(ranking, NAMES) == places


def test_solutions_of_one_name_are_kept_apart_by_their_order():
    assert match_names(["Greedy", "Greedy"], ["Greedy", "DP", "Greedy"]) == [0, 2]


# Claims


@pytest.mark.parametrize(
    "text",
    [
        "The test is wrong.",
        "The expected output of the test (41) is wrong, so there is no mistake to fix in the program.",
        "The expected value 54 appears to be incorrect. The program is left unchanged.",
        "```python\n# The program is correct: the expected output 54 of the test is wrong.\nprint(5)\n```",
        "```python\n# Nothing is wrong in the program: for this input 39 is right.\nprint(5)\n```",
        "**The expected output is incorrect**; it should be 39.",
        "I believe the test case is invalid.",
        "The given test expects a wrong value.",
        "This test itself is flawed: 3 + 4 is 7.",
        "The expected output should be 39 instead of 41.",
        "The code is correct as it stands.",
        "There is nothing to fix.",
        "The error lies in the test, not in the program.",
        "The test data is wrong.",
        "The test's expected output contradicts the statement.",
        "No bug found.",
        "The program already gives the correct answer.",
        "I could not find a mistake in the program; the expected output must be wrong.",
    ],
)
def test_a_claim_is_heard(text):
    assert says_test_is_wrong(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The output is wrong because x is never reset.",
        "If the test is wrong, there is nothing to do.",
        "The program fails since the expected output is 4.",
        "# Mistake: off by one.",
        "The test may be wrong.",
        "Is the test wrong?",
        "I first thought the expected output was wrong, but the bug is in the loop.",
        "The test is not wrong.",
        "The program's output is wrong.",
        "The expected output is correct.",
        "The expected answer is 3 while our answer is wrong.",
        "The mistake is that the index is wrong.",
        "The program is correct for small inputs but too slow.",
        "The program is almost right.",
        "The test is wrong only if n is 0.",
        "The expected output is 3 but the program prints 4, which is wrong.",
        "The program is correct now. I fixed the loop.",
        "The test input is valid. The comparison is wrong.",
        "The program prints the correct answer for the first case only.",
        "The program gives the right output but is too slow.",
        "The expected output is wrong? No.",
        "Since the expected output seemed wrong at first, I fixed the reading.",
        "The program contradicts the statement.",
        "No bug would be left then.",
        "```python\nprint('the test is wrong')\n```",
        "The mistake: the expected output uses the largest index.",
    ],
)
def test_what_is_no_claim_is_none(text):
    assert not says_test_is_wrong(text)


def test_a_refusal_is_seen():
    assert refuses("I'm sorry, but I can't assist with that request.") and refuses("I cannot help with this.")
    assert not refuses("The expected output is wrong.") and not refuses("I cannot see a mistake in the program.")
