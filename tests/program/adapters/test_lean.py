"""The lean adapter: what prompts look like, what is read out of answers, what constrains them."""

import contextlib
import json
import re
import unicodedata
from typing import Literal

import dspy
import pytest
from dspy import AdapterParseError
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from program.adapters.fitting import form_texts, repeats_form
from program.adapters.form import answers_with_code
from program.adapters.lean import LeanAdapter
from program.adapters.schema import answer_schema, response_format
from program.adapters.yaml.adapter import YAMLAdapter
from program.stage.stage import Stage
from signatures.code import FixCode, SolveDirectly, SolveStepByStep, WriteCode
from signatures.fields import AITest
from signatures.plan import RankSolutions
from signatures.tests import WriteTests
from signatures.understand import ReflectOnProblem
from tests.support.stage_values import GREEDY, VALUES, by_name

ADAPTER = LeanAdapter()
CODE_STAGES = [signature for signature in VALUES if answers_with_code(signature)]
JSON_STAGES = [signature for signature in VALUES if signature not in CODE_STAGES]


def prompt(signature, inputs, demos=()) -> str:
    messages = ADAPTER.format(signature, list(demos), inputs)
    return "\n".join(f"{message['role']}:\n{message['content']}" for message in messages)


# Prompts


def test_a_code_prompt_to_the_letter():
    assert ADAPTER.format(SolveDirectly, [], {"problem": "Double\n\nPrint 2n.\n"}) == [
        {
            "role": "system",
            "content": f"{SolveDirectly.instructions}\n\n"
            "Answer with the complete program in one block that begins with ```python, and add nothing.",
        },
        {"role": "user", "content": "## problem\nDouble\n\nPrint 2n."},
    ]


def test_a_json_prompt_to_the_letter():
    system, user = ADAPTER.format(RankSolutions, [], {"problem": "Double", "solutions": [GREEDY]})
    assert system["content"] == (
        f"{RankSolutions.instructions}\n\nAnswer with a JSON object and nothing else, in this form:\n"
        '{"ranking": ["the names of all solutions, best first", "…"], '
        '"steps": ["the steps of the best one, and how they lead to each example\'s output", "…"]}'
    )
    assert user["content"].startswith("## problem\nDouble\n\n## solutions\n- name: Greedy\n")


@by_name(VALUES)
def test_prompts_hold_instruction_values_and_form_and_nothing_of_dspy(signature):
    inputs, outputs = VALUES[signature]
    text = prompt(signature, inputs)
    assert signature.instructions in text
    assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == list(inputs)  # in the order of the signature
    for value in ("Double", "print(1)", "wrong answer", "Greedy", "Take the largest first.", "O(n²)"):
        assert (value in text) == (value in json.dumps(inputs, default=dict, ensure_ascii=False))
    answer_form = text.split("Answer ")[1].split("\nuser:")[0]
    shown = [name for name in outputs if not name.endswith("code")]
    assert signature in CODE_STAGES or all(name in answer_form for name in shown)
    assert ("```python" in answer_form) == (signature in CODE_STAGES)
    for boilerplate in ("[[ ##", "Your input fields", "Your objective", "Respond with", "completed", "Python type"):
        assert boilerplate not in text


@by_name(VALUES)
def test_prompts_are_the_same_every_time(signature):
    inputs, outputs = VALUES[signature]
    demo = dspy.Example(**inputs, **outputs)
    assert prompt(signature, inputs, [demo]) == prompt(signature, dict(reversed(inputs.items())), [demo])


def test_the_form_of_a_record_names_every_field_of_it():
    form = json.loads(prompt(WriteTests, {"problem": "p"}).split("in this form:\n")[1].split("\nuser:")[0])
    assert set(form) == {"tests"} and set(form["tests"][0]) == set(AITest.model_fields)


@pytest.mark.parametrize("empty", [{}, {"reflection": [], "solution": None}, {"reflection": []}])
def test_empty_inputs_are_left_out(empty):
    assert prompt(WriteCode, {"problem": "p", **empty}).endswith("user:\n## problem\np")


def test_a_changed_instruction_is_what_is_asked():
    text = prompt(SolveDirectly.with_instructions("Rather write nothing."), {"problem": "p"})
    assert text.startswith("system:\nRather write nothing.") and SolveDirectly.instructions not in text


@by_name(VALUES)
def test_a_demonstration_is_a_turn_that_answers_in_the_form_asked_for(signature):
    inputs, outputs = VALUES[signature]
    messages = ADAPTER.format(signature, [dspy.Example(**inputs, **outputs)], inputs)
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[1]["content"] == messages[3]["content"]
    assert ADAPTER.parse(signature, messages[2]["content"]) == outputs


@by_name(VALUES)
def test_a_demonstration_looks_the_same_after_saving_and_loading(signature):
    inputs, outputs = VALUES[signature]
    here, there = dspy.Predict(signature), dspy.Predict(signature)
    here.demos = [dspy.Example(**inputs, **outputs)]
    there.load_state(json.loads(json.dumps(here.dump_state())))
    assert prompt(signature, inputs, there.demos) == prompt(signature, inputs, here.demos)


# Round trip


def _stands_in_a_fence(text: str) -> bool:
    return bool(text.strip()) and not re.search(r"(^|\n)[ \t]*[`~]", text)


FORM = form_texts(WriteTests)
# The words of the form itself are no answer.
texts = st.text(st.characters(codec="utf-8"), max_size=80).filter(lambda text: not repeats_form(text, FORM))
# Line ends are made the plain ones when an answer is read, which to Python is the same program.
# What is not seen and no part of a program, such as a space without width, may be dropped or made a plain space.
_seen = texts.map(
    lambda text: "".join(
        char for char in text if unicodedata.category(char) not in ("Cf", "Zs", "Cc") or char in " \n\t"
    )
)
programs = _seen.map(lambda text: text.replace("\r", "").strip() + "\n").filter(_stands_in_a_fence)


@settings(deadline=None, max_examples=40, database=None)
@given(programs)
def test_any_program_is_read_back(code):
    outputs = {"fixed_code": code}
    assert ADAPTER.parse(FixCode, ADAPTER.format_assistant_message_content(FixCode, outputs)) == outputs


@settings(deadline=None, max_examples=40, database=None)
@given(st.lists(st.builds(AITest, input=texts, output=texts, explanation=texts), min_size=1, max_size=3), texts)
def test_any_text_in_json_is_read_back(tests, around):
    outputs = {"tests": tests}
    answer = ADAPTER.format_assistant_message_content(WriteTests, outputs)
    assert ADAPTER.parse(WriteTests, answer) == outputs
    assert ADAPTER.parse(WriteTests, f"Here it is:\n```json\n{answer}\n```\n") == outputs


# Programs in answers

PROGRAM = "n = int(input())\nprint(n)\n"


@pytest.mark.parametrize(
    "answer",
    [
        f"```python\n{PROGRAM}```",
        f"```py\n{PROGRAM}```",
        f"```Python3\n{PROGRAM}```",
        f"```\n{PROGRAM}```",
        f"``` python \n{PROGRAM}```  \n",
        f"```python\n\n\n{PROGRAM}\n\n```",
        f"Sure, here is `the program`:\n\n```python\n{PROGRAM}```\n\nIt reads n and prints it.",
        f"```python\n{PROGRAM}",
        f"The program:\n```python\n{PROGRAM}",
        PROGRAM,
        f"Sure!\n\n{PROGRAM}",
        f"It is short:\n```python\nprint()\n```\nNo, this way:\n```python\n{PROGRAM}```\n",
        f"```python\n{PROGRAM}```\nAn example:\n```\n5\n```\n",
        f"```python\n\n```\n```python\n{PROGRAM}```",
        pytest.param(f"{PROGRAM}```\n", id="closing fence only"),
        pytest.param(f"```python\n{PROGRAM.strip()}```", id="closing fence at the end of the last line"),
        pytest.param(
            f"```python\n{PROGRAM}```\nFor example:\n```text\n1 2 3 4 5 6 7 8 9 10\n1 2 3 4 5 6 7 8 9 10\n```",
            id="a longer block of another kind",
        ),
        pytest.param(f"```python\n{PROGRAM}```".replace("\n", "\r\n"), id="carriage returns"),
        pytest.param(f"```python 3\n{PROGRAM}```\nIt prints n.\n", id="two words after the fence"),
        pytest.param(
            f"```python\n{PROGRAM}```\nFor example:\n```\n1 2 3 4 5 6 7 8 9 10\n1 2 3 4 5 6 7 8 9 10\n```",
            id="a longer block without a name",
        ),
    ],
)
def test_the_program_is_found(answer):
    code = ADAPTER.parse(SolveDirectly, answer)["code"]
    assert code == PROGRAM


def test_without_a_fence_the_program_begins_at_its_first_line_and_in_one_it_may_hold_a_line_of_three_back_quotes():
    program = "a,b=map(int,input().split())\nprint(a+b)\n"
    assert ADAPTER.parse(SolveDirectly, program)["code"] == program
    outputs = {"code": "text = '''\n```\n'''\nprint(text)\n"}
    assert ADAPTER.parse(SolveDirectly, ADAPTER.format_assistant_message_content(SolveDirectly, outputs)) == outputs


def test_an_answer_that_is_one_fence_after_another_is_given_up_soon(monkeypatch):
    parsed = []

    def is_python(text):
        parsed.append(text)
        return False

    with monkeypatch.context() as patched, contextlib.suppress(AdapterParseError):
        patched.setattr("program.answers.programs.is_python", is_python)
        ADAPTER.parse(SolveDirectly, "```\n" * 60)
    assert len(parsed) <= 3 * 60  # and not 60 * 60 / 2


def test_words_around_the_program_are_no_part_of_it():
    answer = f"The mistake: off by one\n\n```python\n{PROGRAM}```\nNow it works."
    assert ADAPTER.parse(FixCode, answer) == {"fixed_code": PROGRAM}


@by_name(CODE_STAGES)
@pytest.mark.parametrize("answer", ["", "  \n", "I cannot solve this.", "```python\n\n```", "```python\n"])
def test_an_answer_without_a_program_is_an_error(signature, answer):
    with pytest.raises(AdapterParseError, match="no program in the answer"):
        ADAPTER.parse(signature, answer)


# JSON in answers


@pytest.mark.parametrize(
    "answer",
    [
        '{"reflection": ["a", "b"]}',
        '```json\n{"reflection": ["a", "b"]}\n```',
        'Sure!\n\n{"reflection": ["a", "b"]}\nI hope that helps {you}.',
        'For n in {1, 2}:\n{"reflection": ["a", "b"]}',
        '{"reflection": ["a", "b"], "more": 1}',
        '[{"reflection": ["a", "b"]}]',
        '{"reflection": ["a", "b"',
        '{"reflection": ["a", "b", "c',
        '{"reflection": ["a", "b"],}',
        "{'reflection': ['a', 'b']}",
        '{"reflection": ["a", {"x": 1}, null, "b"]}',
    ],
)
def test_json_is_found_and_mended_and_single_bad_items_are_dropped(answer):
    assert ADAPTER.parse(ReflectOnProblem, answer) == {"reflection": ["a", "b"]}


def test_numbers_stand_for_strings_in_lists_and_inside_of_records():
    assert ADAPTER.parse(ReflectOnProblem, '{"reflection": [3, 2.5]}') == {"reflection": ["3", "2.5"]}
    parsed = ADAPTER.parse(WriteTests, '{"tests": [{"input": 5, "output": 10, "explanation": "small"}]}')
    assert parsed == {"tests": [AITest(input="5", output="10", explanation="small")]}


def test_of_records_the_whole_ones_are_kept():
    whole = {"input": "5", "output": "10", "explanation": "small"}
    answer = json.dumps({"tests": [{"input": "1"}, whole, {**whole, "output": {"n": 10}}, "5"]})
    assert ADAPTER.parse(WriteTests, answer) == {"tests": [AITest(**whole)]}
    cut = json.dumps({"tests": [whole, whole]})[:-30]
    assert ADAPTER.parse(WriteTests, cut) == {"tests": [AITest(**whole)]}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "no JSON object in the answer"),
        ("That is hard to say.", "no JSON object in the answer"),
        ("[1, 2]", "no JSON object in the answer"),
        ('{"thoughts": ["a"]}', "field reflection is missing"),
        ('{"reflection": "a"}', "reflection does not fit its type"),
        ('{"reflection": {"a": 1}}', "reflection does not fit its type"),
        ('{"reflection": null}', "reflection does not fit its type"),
        ('{"reflection": []}', "no item of reflection fits its type"),
        ('{"reflection": [null, ["a"]]}', "no item of reflection fits its type"),
    ],
)
def test_an_answer_that_does_not_fit_is_an_error_that_says_why(answer, reason):
    with pytest.raises(AdapterParseError, match=reason):
        ADAPTER.parse(ReflectOnProblem, answer)


# The schema that constrains generation


def _objects(schema):
    return [schema, *schema.get("$defs", {}).values()]


@by_name(JSON_STAGES)
def test_the_schema_requires_everything_and_allows_nothing_else(signature):
    schema = answer_schema(signature)
    assert list(schema["properties"]) == list(signature.output_fields)
    for part in _objects(schema):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])


@by_name(JSON_STAGES)
def test_every_string_of_the_schema_is_bounded(signature):
    def strings(part):
        if isinstance(part, dict):
            if part.get("type") == "string":
                yield part
            for inner in part.values():
                yield from strings(inner)

    if signature is SolveStepByStep:
        return  # a program has no bound but the token cap
    found = list(strings(answer_schema(signature)))
    assert found and all(0 < string["maxLength"] <= 500 for string in found)


def test_a_stage_bounds_its_lists():
    stage = Stage(WriteTests, 100, 0.2, max_items={"tests": 4})
    assert answer_schema(stage.predict.signature)["properties"]["tests"]["maxItems"] == 4
    assert "maxItems" not in answer_schema(WriteTests)["properties"]["tests"]


@by_name(JSON_STAGES)
def test_no_list_may_be_empty(signature):
    fields = answer_schema(signature)["properties"].values()
    assert all(field["minItems"] == 1 for field in fields if field["type"] == "array")


def test_a_longer_answer_than_the_schema_allows_is_not_refused():
    long = {"reflection": ["x" * 1000] * 9}
    assert ADAPTER.parse(ReflectOnProblem, json.dumps(long)) == long


def test_the_schema_is_named_by_its_fields_whatever_becomes_of_the_signature():
    stage = Stage(WriteTests, 100, 0.2, max_items={"tests": 4})
    for signature in (WriteTests, stage.predict.signature, WriteTests.with_instructions("Do it.")):
        assert response_format(signature)["json_schema"]["name"] == "tests"
        assert answer_schema(signature)["title"] == "tests"


# A form that cannot be copied

DESCRIBED = LeanAdapter(form="described")


def test_a_described_form_to_the_letter():
    system, user = DESCRIBED.format(WriteTests, [], {"problem": "Double", "count": 2})
    assert system["content"] == (
        f"{WriteTests.instructions}\n\nAnswer with a JSON object and nothing else. Its keys:\n"
        '- "tests" (list of objects): the tests; the keys of an object:\n'
        '  - "input" (text): the exact text of standard input\n'
        '  - "output" (text): the exact text a right program prints\n'
        '  - "explanation" (text): what this test checks'
    )
    assert user == ADAPTER.format(WriteTests, [], {"problem": "Double", "count": 2})[1]


class _Judgement(BaseModel):
    right: bool = Field(description="whether it is")
    score: int | None = Field(description="how good")
    labels: list[str] = Field(description="what it uses")


class _Judge(dspy.Signature):
    """Judge."""

    code: str = dspy.InputField()
    verdict: Literal["yes", "no"] = dspy.OutputField(desc="the verdict")
    judgement: _Judgement = dspy.OutputField(desc="the judgement")
    doubts: list[float] = dspy.OutputField(desc="how sure")


def test_a_described_form_names_every_type():
    assert DESCRIBED.answer_form(_Judge).split("\n")[1:] == [
        '- "verdict" ("yes" or "no"): the verdict',
        '- "judgement" (object): the judgement; the keys of an object:',
        '  - "right" (true or false): whether it is',
        '  - "score" (whole number): how good',
        '  - "labels" (list of texts): what it uses',
        '- "doubts" (list of items, each number): how sure',
    ]


@by_name(VALUES)
def test_what_a_described_form_says_is_no_answer(signature):
    with pytest.raises(AdapterParseError):
        DESCRIBED.parse(signature, DESCRIBED.answer_form(signature))


@pytest.mark.parametrize(
    ("adapter", "signature"),
    [(ADAPTER, each) for each in JSON_STAGES] + [(YAMLAdapter(), each) for each in VALUES],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_form_that_is_copied_is_no_answer(adapter, signature):
    with pytest.raises(AdapterParseError, match="only repeats the form"):
        adapter.parse(signature, adapter.answer_form(signature).partition("\n")[2])


def test_a_program_that_is_only_what_was_said_of_it_is_no_answer():
    with pytest.raises(AdapterParseError, match="only repeats the form"):
        ADAPTER.parse(SolveDirectly, "```python\n<the complete program>\n```")


def test_of_a_list_the_copied_items_are_dropped():
    answer = {"reflection": ["One point  about the problem", "n is small", "…"]}
    assert ADAPTER.parse(ReflectOnProblem, json.dumps(answer)) == {"reflection": ["n is small"]}
    copied = {name: field.description for name, field in AITest.model_fields.items()}
    half = {**copied, "input": "5\n", "output": "10\n"}
    dots = {"input": "...\n", "output": "...\n", "explanation": ""}
    tests = ADAPTER.parse(WriteTests, json.dumps({"tests": [copied, half, dots]}))["tests"]
    assert tests == [AITest(**half), AITest(**dots)]
