"""Answers in YAML: what is asked for, what is written in demonstrations, and what is read out of what models write."""

import dspy
import pytest
from dspy import AdapterParseError
from pydantic import BaseModel

from program.adapters.yaml.adapter import YAMLAdapter
from program.models.scripted import scripted_lm
from signatures.code import FixCode, SolveDirectly
from signatures.fields import AITest, Solution
from signatures.plan import ProposeSolutions, RankSolutions
from signatures.tests import WriteTests
from signatures.understand import ReflectOnProblem
from tests.support.stage_values import VALUES, by_name

ADAPTER = YAMLAdapter()
SMALL = AITest(input="1\n2\n", output="3\n", explanation="small")


def read(signature, answer):
    return ADAPTER.read(signature, answer)


def cases(answer: str):
    return read(WriteTests, answer).values["tests"]


def notes(answer: str) -> list[str]:
    return read(ReflectOnProblem, answer).values["reflection"]


# Prompts


def test_a_yaml_prompt_to_the_letter():
    system, user = ADAPTER.format(WriteTests, [], {"problem": "Double", "reflection": ["r"], "count": 2})
    assert system["content"] == (
        f"{WriteTests.instructions}\n\nAnswer with YAML and nothing else, in this form:\n"
        "```yaml\ntests:\n- input: |\n    <the exact text of standard input>\n"
        "  output: |\n    <the exact text a right program prints>\n"
        "  explanation: <what this test checks>\n- …\n```"
    )
    assert user["content"] == "## problem\nDouble\n\n## reflection\n- r\n\n## count\n2"


def test_a_program_is_asked_for_in_a_block():
    system, _ = ADAPTER.format(SolveDirectly, [], {"problem": "p"})
    assert system["content"].endswith("```yaml\ncode: |\n  <the complete program>\n```")


def test_a_demonstration_to_the_letter():
    outputs = {"tests": [SMALL, AITest(input="yes", output="#.#\n.#.\n", explanation="1e5: no")]}
    assert ADAPTER.format_assistant_message_content(WriteTests, outputs) == (
        "```yaml\ntests:\n- input: |\n    1\n    2\n  output: |\n    3\n  explanation: small\n"
        "- input: |-\n    yes\n  output: |\n    #.#\n    .#.\n  explanation: '1e5: no'\n```"
    )


@by_name(VALUES)
def test_what_a_demonstration_shows_is_read_back_without_tolerance(signature):
    outputs = VALUES[signature][1]
    reading = read(signature, ADAPTER.format_assistant_message_content(signature, outputs))
    assert reading.values == outputs and not reading.salvaged


def test_no_schema_is_sent():
    lm = scripted_lm(["```yaml\nreflection:\n- a\n```"])
    formats = []
    complete = lm.engine.complete
    lm.engine.complete = lambda request: formats.append(request.config.response_format) or complete(request)
    with dspy.context(lm=lm, adapter=ADAPTER):
        assert dspy.Predict(ReflectOnProblem)(problem="p").reflection == ["a"]
    assert formats == [None]


# Texts stay what they are


@pytest.mark.parametrize(
    "text",
    ["yes", "no", "on", "null", "~", "1e5", "0x1F", "1_000", "2024-01-01", "12:30:45", "3.0", "007", ".inf", "="],
)
def test_values_special_to_yaml_are_text(text):
    assert notes(f"```yaml\nreflection:\n- {text}\n```") == [text]


class _Judgement(BaseModel):
    right: bool
    score: int
    remark: str | None


class _Judge(dspy.Signature):
    """Judge."""

    text: str = dspy.InputField()
    judgement: _Judgement = dspy.OutputField(desc="the judgement")
    doubt: float | None = dspy.OutputField(desc="how sure it is")


def test_other_types_are_read_by_the_type():
    reading = read(_Judge, "```yaml\njudgement:\n  right: yes\n  score: 7\n  remark: null\ndoubt: ~\n```")
    assert reading.values == {"judgement": _Judgement(right=True, score=7, remark=None), "doubt": None}
    assert not reading.salvaged
    with pytest.raises(AdapterParseError, match="judgement does not fit its type"):
        ADAPTER.parse(_Judge, "```yaml\njudgement:\n  right: perhaps\n  score: 7\n  remark: no\ndoubt: 1\n```")


def test_other_types_are_written_as_they_are_read():
    outputs = {"judgement": _Judgement(right=False, score=7, remark="null"), "doubt": None}
    answer = ADAPTER.format_assistant_message_content(_Judge, outputs)
    assert read(_Judge, answer).values == outputs


# Tolerance. What each answer needs is said by name.

REFLECTION = ["Goal: print n", "b"]


@pytest.mark.parametrize(
    ("answer", "needed"),
    [
        ("reflection:\n- 'Goal: print n'\n- b", "no fence"),
        ("Sure!\n```yaml\nreflection:\n- 'Goal: print n'\n- b\n```", "text around the YAML"),
        ("```yaml\nreflection:\n- Goal: print n\n- b\n```", "structure where text is asked for"),
        ("```yaml\n- 'Goal: print n'\n- b\n```", "no key"),
        ("```yaml\nReflection:\n- 'Goal: print n'\n- b\n```", "a key in other letters"),
        ("```yaml\nreflection:\n- 'Goal: print n'\nreflection:\n- b\n```", "a key twice"),
        ("```yaml\nreflection: |\n  - Goal: print n\n  - b\n```", "no list"),
        ("```yaml\nreflection:\n  Goal: print n\n  b:\n```", "no list"),
        ('{"reflection": ["Goal: print n", "b"]}', "no fence"),
        ('```json\n{"reflection": ["Goal: print n", "b",]}\n```', "no YAML"),
        ('Here is {it}:\n{"reflection": ["Goal: print n", "b"', "no YAML"),
    ],
)
def test_a_list_is_read_with_tolerance_and_that_is_noted(answer, needed):
    reading = read(ReflectOnProblem, answer)
    assert [note.strip(" :") for note in reading.values["reflection"]] == REFLECTION
    assert needed in reading.repairs and reading.salvaged


PROGRAM = 'import sys\n\n\ndef main():\n    print("{a: b}")  # [c]\n\n\nmain()\n'
INDENTED = PROGRAM.replace("\n", "\n  ").rstrip()


@pytest.mark.parametrize(
    ("answer", "needed"),
    [
        (f"```yaml\ncode: |\n{PROGRAM}```", "blocks not indented"),
        (f"code: |\n  {INDENTED}", "no fence"),
        (f"```yaml\ncode: |\n  {INDENTED}\n", "text around the YAML"),
        (f"```yaml\ncode: |\n  ```python\n  {INDENTED}\n  ```\n```", "a fence inside"),
        (f"```yaml\ncode: |\n  import sys{PROGRAM.removeprefix('import sys')}```", "lines at another margin"),
        (f"```yaml\nCode: |\n  {INDENTED}\n```", "a key in other letters"),
        (f"```python\n{PROGRAM}```", "no YAML"),
        (f"```yaml\n{PROGRAM}```", "no YAML"),
        (f"```yaml\ncode: |\n  {INDENTED}\n```\nIt prints {{a: b}}.", "text around the YAML"),
    ],
)
def test_a_program_is_read_with_tolerance_and_that_is_noted(answer, needed):
    reading = read(SolveDirectly, answer)
    assert reading.values == {"code": PROGRAM}
    assert needed in reading.repairs


def test_a_key_beside_the_program_is_no_part_of_it():
    answer = f"```yaml\ncode: |\n  {INDENTED}\nnotes: it prints\n```"
    assert read(SolveDirectly, answer).values == {"code": PROGRAM}


def test_a_program_that_is_cut_off_is_what_there_is_of_it():
    assert read(FixCode, "```yaml\nfixed_code: |\n  n = int(input())\n  print(").values == {
        "fixed_code": "n = int(input())\nprint(\n"
    }


WHOLE = "tests:\n- input: |\n    1\n    2\n  output: |\n    3\n  explanation: small\n"


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("tests:\n- input: |\n  1\n  2\n  output: |\n  3\n  explanation: small\n", "blocks not indented"),
        ("tests:\n- input:\n    1\n    2\n  output: |\n    3\n  explanation: small\n", "lines without a block"),
        (WHOLE.removeprefix("tests:\n"), "no key"),
        ("input: |\n  1\n  2\noutput: |\n  3\nexplanation: small\n", "no key"),
        ("tests:\n  input: |\n    1\n    2\n  output: |\n    3\n  explanation: small\n", "no list"),
        ("tests:\n  a:\n    input: |\n      1\n      2\n    output: |\n      3\n    explanation: small\n", "no list"),
    ],
)
def test_records_are_read_with_tolerance_and_that_is_noted(text, needed):
    reading = read(WriteTests, f"```yaml\n{text}```")
    assert reading.values == {"tests": [SMALL]} and needed in reading.repairs


@pytest.mark.parametrize("torn", ["- input: |\n    4\n", "- inp", "- input: |\n    4\n  output: '5"])
def test_a_record_that_was_cut_off_is_dropped(torn):
    for answer in (f"```yaml\n{WHOLE}{torn}", f"```yaml\n{WHOLE}{torn}\n```", WHOLE + torn):
        reading = read(WriteTests, answer)
        assert reading.values == {"tests": [SMALL]} and reading.salvaged


def test_a_forgotten_dash_begins_the_next_record():
    answer = (
        "```yaml\ntests:\n- input: 1\n  output: 2\n  explanation: a\n  input: 3\n  output: 6\n  explanation: b\n```"
    )
    assert [(test.input, test.output) for test in cases(answer)] == [("1", "2"), ("3", "6")]


def test_a_comment_sign_is_text_in_data():
    (test,) = cases("```yaml\ntests:\n- input: 5 #.#\n  output: 1\n  explanation: one # in it\n```")
    assert (test.input, test.explanation) == ("5 #.#", "one # in it")


def test_of_several_readings_the_one_that_keeps_most_is_taken():
    answer = f"```yaml\n{WHOLE}- input: |\n  7\n- output: 8\n  explanation: x\n```"
    assert [test.output for test in cases(answer)] == ["3\n"]
    assert read(WriteTests, answer).dropped == 2


def test_solutions_with_colons_and_signs_are_read():
    answer = (
        "```yaml\nsolutions:\n- name: Greedy: take the best\n  content: |\n    1. Sort.\n    2. Take.\n"
        "  why_it_works: *exchange* argument\n  complexity: O(n log n): sorting\n```"
    )
    (solution,) = read(ProposeSolutions, answer).values["solutions"]
    assert solution == Solution(
        name="Greedy: take the best",
        content="1. Sort.\n2. Take.\n",
        why_it_works="*exchange* argument",
        complexity="O(n log n): sorting",
    )


COPIED = "ranking:\n- <the names of all solutions, best first>\n- …"


@pytest.mark.parametrize(
    ("signature", "answer", "said"),
    [
        (ReflectOnProblem, "", "it is empty"),
        (ReflectOnProblem, "I cannot say.", "the YAML cannot be read"),
        (ReflectOnProblem, "```yaml\nthoughts: a\nmore: b\n```", "field reflection is missing"),
        (WriteTests, "```yaml\ntests:\n- input: 1\n```", "no item of tests fits its type"),
        (ReflectOnProblem, "```yaml\nreflection: a\n```", "no item of reflection fits its type"),
        (ProposeSolutions, "```yaml\nsolutions:\nb: [\n" + "c: ]\n" * 9, r"the YAML cannot be read: .* \(line \d\)"),
        (SolveDirectly, "I cannot solve this.", "the YAML cannot be read"),
        (SolveDirectly, "```yaml\ncode: ```python\nprint()\n```\n```", "the YAML cannot be read"),
        (RankSolutions, f"```yaml\n{COPIED}\n```", "only repeats the form"),
        (SolveDirectly, "```yaml\ncode: |\n  <the complete program>\n```", "only repeats the form"),
    ],
)
def test_an_answer_that_does_not_fit_is_an_error_that_says_why(signature, answer, said):
    with pytest.raises(AdapterParseError, match=said):
        ADAPTER.parse(signature, answer)


def test_an_alias_bomb_is_no_bomb():
    lines = ["a: &a [x, x]"] + [f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcdefghijk", "bcdefghijkl", strict=True)]
    with pytest.raises(AdapterParseError):
        ADAPTER.parse(WriteTests, "```yaml\n" + "\n".join(lines) + "\ntests: *l\n```")
