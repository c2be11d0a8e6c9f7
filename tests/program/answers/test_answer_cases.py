"""The answers that failed, each read as wanted, and those of a strong model with nothing lost."""

import json
import re

import pytest

from program.adapters.lean import LeanAdapter
from program.answers.claims import says_test_is_wrong
from program.answers.programs import UNDEFINED
from program.answers.ranking import match_names
from program.answers.syntax import is_python, same_program
from program.answers.unreadable import NoAnswer
from signatures.fields import AITest
from tests.support.answer_cases import SIGNATURES, cases

ADAPTER = LeanAdapter()
ANSWERS = {case["id"]: case for case in cases("answers.jsonl")}
STRONG = cases("strong_answers.jsonl")
TWO_POINTS = {"reflection": ["Sum two integers.", "One line with a and b."]}
SUM = "import sys\n\n\ndef main():\n    a, b = map(int, sys.stdin.read().split())\n    print(a + b)\n\n\nmain()\n"
SHORT_SUM = "import sys\na, b = map(int, sys.stdin.read().split())\nprint(a + b)\n"


def read(name):
    case = ANSWERS[name]
    return ADAPTER.read(SIGNATURES[case["stage"]], case["answer"])


VALUES = {
    "think_many_braces": TWO_POINTS,
    "think_end_only": {"reflection": ["final"]},
    "draft_then_final_shorter": {"fixed_code": SUM},
    "program_then_longer_harness": {"code": SUM},
    "indented_fence": {"code": SHORT_SUM},
    "tilde_fence": {"code": SUM},
    "code_in_json": {"fixed_code": SUM},
    "code_in_json_fence": {"fixed_code": SUM},
    "bullets_as_string": TWO_POINTS,
    "list_of_objects": TWO_POINTS,
    "bare_list": TWO_POINTS,
    "markdown_bullets": TWO_POINTS,
    "ranking_of_objects": {"ranking": ["Formula", "Simulation"], "steps": ["read", "print"]},
    "steps_as_string": {"ranking": ["A", "B"], "steps": ["Read the numbers.", "Print the sum."]},
    "test_without_explanation": {"tests": [AITest(input="5 6", output="11")]},
    "test_lines_as_lists": {"tests": [AITest(input="2\n1 2", output="3", explanation="x")]},
    "latex_in_json": {"reflection": ["n is at most 2 \\times 10^5.", "Print \\lfloor n/2 \\rfloor."]},
    "wrapped_object": {"reflection": ["a", "b"]},
    "cut_json_list": {"explanations": ["2 + 3 is 5.", "7 + 8 is 15."]},
    "language_on_its_own_line": {"code": SUM},
}
UNREADABLE = {
    "think_unclosed_with_draft": "cut while thinking",
    "prose_only_refusal": "no program",
    "prose_line_with_if": "no program",
    "prose_assignments": "no program",
    "cpp": "not Python",
}
OTHERS = {
    "think_with_longer_wrong_draft",
    "think_with_draft_json",
    "same_program_with_comment",
    "ranking_with_reasons_in_names",
    "test_as_python_expression",
    "cut_program",
}


def test_every_case_has_its_test():
    assert ANSWERS.keys() == VALUES.keys() | UNREADABLE.keys() | OTHERS


@pytest.mark.parametrize("name", VALUES)
def test_values_are_read_as_wanted(name):
    reading = read(name)
    assert reading.values == VALUES[name]
    assert reading.repairs or reading.thought  # whatever it took is said


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_says_why(name):
    with pytest.raises(NoAnswer) as raised:
        read(name)
    assert raised.value.kind == UNREADABLE[name]
    assert (raised.value.language == "cpp") == (name == "cpp")


def test_a_draft_in_a_thought_is_no_program():
    reading = read("think_with_longer_wrong_draft")
    assert 'b"imposter"' in reading.values["fixed_code"] and "attempt" not in reading.values["fixed_code"]
    assert "# attempt" in reading.thought and len(reading.programs) == 1


def test_a_draft_in_a_thought_is_no_list():
    reading = read("think_with_draft_json")
    assert len(reading.values["reflection"]) == 5 and "2-colouring" in reading.thought


def test_the_harness_stays_an_alternative_with_its_doubts():
    _, harness = read("program_then_longer_harness").programs
    assert UNDEFINED in harness.doubts and "assert solve" in harness.code


def test_the_same_program_with_a_comment_is_a_vote():
    reading = read("same_program_with_comment")
    before = reading.values["fixed_code"].partition("\n")[2]
    assert same_program(reading.values["fixed_code"], before)
    assert says_test_is_wrong(ANSWERS["same_program_with_comment"]["answer"])


@pytest.mark.parametrize("name", ["prose_only_refusal", "prose_line_with_if"])
def test_an_answer_that_the_test_is_wrong_is_a_vote(name):
    assert says_test_is_wrong(ANSWERS[name]["answer"])


def test_a_ranking_with_reasons_is_one_of_the_proposed():
    ranking = read("ranking_with_reasons_in_names").values["ranking"]
    assert match_names(ranking, ANSWERS["ranking_with_reasons_in_names"]["proposed"]) == [0, 1]


def test_a_test_may_be_an_expression():
    small, other, large = read("test_as_python_expression").values["tests"]
    assert (small.output, other.output) == ("1\n", "3 1 2\n")
    assert large.input == "1000 1000 100000\n" + ("2 " * 999 + "2\n") * 1000 + "1 " * 99999 + "1\n"


def test_a_cut_program_is_said_to_be_cut():
    reading = read("cut_program")
    assert reading.cut and reading.programs[0].doubts and len(reading.programs) == 1
    assert read("cut_json_list").cut and read("cut_json_list").dropped == 1


ODD = {"0025": "cut while thinking", "0035": "no program", "0068": "empty", "0094": "empty"}
ODD |= dict.fromkeys(("0074", "0075", "0076", "0077", "0078", "0079"), "does not fit")  # `{}`


@pytest.mark.parametrize("case", STRONG, ids=[case["id"] for case in STRONG])
def test_of_a_strong_model_nothing_is_lost(case):
    signature = SIGNATURES[case["stage"]]
    if case["id"] in ODD:
        with pytest.raises(NoAnswer) as raised:
            ADAPTER.read(signature, case["answer"])
        assert raised.value.kind == ODD[case["id"]]
        return
    reading = ADAPTER.read(signature, case["answer"])
    said = case["answer"].rpartition("</think>")[2]
    (*_, last) = signature.output_fields
    if last.endswith("code"):
        assert reading.values[last].strip() in said
        assert case["id"] == "0063" or (is_python(reading.values[last]) and not reading.programs[0].doubts)
        assert reading.cut == (case["id"] == "0063")
        return
    inside = re.sub(r"\A[^{]*|[^}]*\Z", "", said)
    try:
        given = json.JSONDecoder().raw_decode(inside)[0]
    except ValueError:
        assert case["id"] in ("0012", "0084", "0085")  # LaTeX, a cut, an expression
        assert len(reading.values[last]) == {"0012": 2, "0084": 2, "0085": 3}[case["id"]]
        return
    assert reading.dropped == 0
    for name, value in reading.values.items():
        shown = [item.model_dump() if isinstance(item, AITest) else item for item in value]
        wanted = given[name]
        if name != "solutions":
            assert shown == wanted
        else:
            assert [item.name for item in value] == [item["name"] for item in wanted]
