"""What every adapter keeps to, whatever form it asks for: the stages' values are read back, faults are parse errors."""

import contextlib
import re
import string
from functools import partial
from typing import get_origin

import dspy
import pytest
from dspy import AdapterParseError
from hypothesis import given, settings
from hypothesis import strategies as st

from program.adapters.adapter_names import ADAPTERS
from program.adapters.choice import adapter_named
from program.adapters.code_and_json import is_python
from program.adapters.fitting import form_texts, repeats_form
from program.adapters.reading import collected_readings
from program.answers.latex import with_latex
from program.models.scripted import scripted_lm
from signatures.code import SolveDirectly
from signatures.understand import ReflectOnProblem
from tests.support.stage_values import VALUES, by_name

by_adapter = pytest.mark.parametrize("name", ADAPTERS)
OURS = ("lean", "lean+described", "yaml")


def written(name, signature, outputs) -> str:
    return adapter_named(name).format_assistant_message_content(signature, outputs)


# Choosing


@by_adapter
def test_every_adapter_has_a_name(name):
    messages = adapter_named(name).format(SolveDirectly, [], {"problem": "Double"})
    assert "Double" in str(messages) and "complete program" in str(messages)


@pytest.mark.parametrize(
    "name", ["", "baml", "LEAN", "lean+", "lean+short", "chat+described", "yaml+described", "lean+problem-first"]
)
def test_another_name_is_refused(name):
    known = re.escape("lean, lean+described, yaml, chat, json, xml")
    with pytest.raises(ValueError, match=f"^no adapter {re.escape(name)}: there are {known}(; did you mean .*)?$"):
        adapter_named(name)


def test_adapters_differ_in_what_they_ask_for():
    asked = {str(adapter_named(name).format(ReflectOnProblem, [], {"problem": "p"})) for name in ADAPTERS}
    assert len(asked) == len(ADAPTERS)


# Round trip

# XML and DSPy's headings cannot hold every text: their values come without blanks around, control characters, markup.
simple = st.text(string.ascii_letters + string.digits + " ,.'\"\\(){}:#%é²≤-", min_size=1, max_size=60).map(str.strip)
# A control character that makes a LaTeX command with the letters after it is read as a backslash, on purpose.
any_text = st.text(st.characters(codec="utf-8"), max_size=60).filter(lambda text: with_latex(text) == text)


def values_of(signature, text) -> st.SearchStrategy[dict]:
    """The output fields of a signature, filled with texts."""
    return st.fixed_dictionaries(
        {name: _values_of(name, field.annotation, text) for name, field in signature.output_fields.items()}
    )


def _values_of(name, kind, text):
    if get_origin(kind) is list:
        (item,) = kind.__args__
        fields = getattr(item, "model_fields", None)
        return st.lists(st.builds(item, **dict.fromkeys(fields, text)) if fields else text, min_size=1, max_size=3)
    if not name.endswith("code"):
        return text
    lines = st.lists(text.map(lambda line: f"print({line!r})"), min_size=1, max_size=4)
    return lines.map(lambda lines: "\n".join(lines) + "\n").filter(is_python)


def own_words(signature, outputs: dict) -> bool:
    """Whether nothing in it only repeats the form of the answer, as texts found in our sources may."""
    texts = form_texts(signature)
    items = [item for value in outputs.values() for item in (value if isinstance(value, list) else [value])]
    return not any(repeats_form(item, texts) for item in items)


@by_name(VALUES)
@pytest.mark.parametrize("name", OURS)
@settings(deadline=None, max_examples=10, database=None, derandomize=True)  # for each signature
@given(data=st.data())
def test_any_values_are_read_back_by_our_adapters(name, signature, data):
    outputs = data.draw(values_of(signature, any_text).filter(partial(own_words, signature)))
    with collected_readings() as readings:
        assert adapter_named(name).parse(signature, written(name, signature, outputs)) == outputs
    assert not readings[0].salvaged


@by_name(VALUES)
@pytest.mark.parametrize("name", [name for name in ADAPTERS if name not in OURS])
@settings(deadline=None, max_examples=5, database=None, derandomize=True)  # for each signature
@given(data=st.data())
def test_plain_values_are_read_back_by_the_adapters_of_dspy(name, signature, data):
    outputs = data.draw(values_of(signature, simple.filter(lambda text: text.strip(" ."))))
    with collected_readings() as readings:
        parsed = adapter_named(name).parse(signature, written(name, signature, outputs))
    assert {key: trimmed(value) for key, value in parsed.items()} == {key: trimmed(v) for key, v in outputs.items()}
    assert not readings[0].salvaged


def trimmed(value):
    return value.strip() if isinstance(value, str) else value


@by_name(VALUES)
@by_adapter
def test_a_demonstration_is_read_back(name, signature):
    inputs, outputs = VALUES[signature]
    adapter = adapter_named(name)
    messages = adapter.format(signature, [dspy.Example(**inputs, **outputs)], inputs)
    answer = next(message["content"] for message in messages if message["role"] == "assistant")
    parsed = adapter.parse(signature, answer)
    if name != "xml":  # which trims every text
        assert {key: trimmed(value) for key, value in parsed.items()} == {k: trimmed(v) for k, v in outputs.items()}
    assert parsed.keys() == outputs.keys()


# Faults

JUNK = st.text("abc:-|>[]{}\"'`#&*!%@<>/\\ \n\t,01", max_size=12) | st.sampled_from(
    [
        "```",
        "```yaml\n",
        "[[ ## ",
        " ## ]]",
        "</tests>",
        "- ",
        "|\n",
        "\ud800",
        "\x00",
        "\x85",
        "🙂",
        "\\U99999999",
        "\r",
    ]
)


@by_name(VALUES)
@by_adapter
@settings(deadline=None, max_examples=10, database=None, derandomize=True)  # for each signature
@given(cut=st.floats(0, 1), place=st.floats(0, 1), junk=JUNK, around=JUNK)
def test_a_spoilt_answer_is_read_or_is_a_parse_error(name, signature, cut, place, junk, around):
    adapter = adapter_named(name)
    answer = written(name, signature, VALUES[signature][1])
    at = int(place * len(answer))
    spoilt = around + (answer[:at] + junk + answer[at:])[: int(cut * len(answer)) + len(junk)]
    try:
        values = adapter.parse(signature, spoilt)
    except AdapterParseError:
        return
    assert values.keys() == signature.output_fields.keys()
    for field, value in values.items():
        kind = signature.output_fields[field].annotation
        assert isinstance(value, get_origin(kind) or kind)


@by_name(VALUES)
@by_adapter
@settings(deadline=None, max_examples=6, database=None, derandomize=True)  # for each signature
@given(answer=st.text(max_size=200))
def test_any_text_is_read_or_is_a_parse_error(name, signature, answer):
    with contextlib.suppress(AdapterParseError):  # and nothing else
        assert adapter_named(name).parse(signature, answer).keys() == signature.output_fields.keys()


NESTED = {
    "brackets": "[" * 3000,
    "braces": "{" * 1500,
    "objects": '{"reflection": ' * 2000,
    "dashes": "- " * 3000,
    "tags": "<a>" * 3000,
    "fences": "```yaml\n" * 500,
    "under a heading": "[[ ## reflection ## ]]\n" + "[" * 3000,
    "under a key": "reflection: " + "[" * 3000,
    "deeper and deeper": "reflection:\n" + "".join(" " * depth + "- \n" for depth in range(400)),
}


@by_adapter
@pytest.mark.parametrize("answer", NESTED.values(), ids=NESTED)
def test_endless_nesting_is_a_parse_error(name, answer):
    with pytest.raises(AdapterParseError):
        adapter_named(name).parse(ReflectOnProblem, answer)


# One call, one request


@by_adapter
def test_an_answer_that_cannot_be_read_costs_one_request(name):
    lm = scripted_lm(["That is hard to say.", "That too."])
    with dspy.context(lm=lm, adapter=adapter_named(name)), pytest.raises(AdapterParseError):
        dspy.Predict(ReflectOnProblem)(problem="Double")
    assert len(lm.engine.prompts) == 1


# Tolerance is noted


@pytest.mark.parametrize(
    ("name", "signature", "answer", "repairs"),
    [
        ("lean", SolveDirectly, "```python\nprint()\n```", ()),
        ("lean", SolveDirectly, "print()", ("no fence",)),
        ("lean", SolveDirectly, "Sure:\n```python\nprint()\n```", ("text around the program",)),
        ("lean", SolveDirectly, "```\nprint()\n```", ("text around the program",)),
        ("lean", SolveDirectly, "```python\nprint()", ("text around the program",)),
        ("lean", ReflectOnProblem, '{"reflection": ["a"]}', ()),
        ("lean", ReflectOnProblem, ' {"reflection": ["a"]}\n', ()),
        ("lean", ReflectOnProblem, '```json\n{"reflection": ["a"]}\n```', ("text around the JSON",)),
        ("lean", ReflectOnProblem, '{"reflection": ["a"', ("JSON mended",)),
        ("chat", ReflectOnProblem, '[[ ## reflection ## ]]\n["a"]\n\n[[ ## completed ## ]]', ()),
        ("chat", ReflectOnProblem, '[[ ## reflection ## ]]\n["a"]', ("text around the fields",)),
        (
            "chat",
            ReflectOnProblem,
            "So:\n[[ ## reflection ## ]]\n[]\n[[ ## completed ## ]]",
            ("text around the fields",),
        ),
        ("chat", ReflectOnProblem, '[[ ## reflection ## ]]\n["a",\n\n[[ ## completed ## ]]', ("JSON mended",)),
        ("json", ReflectOnProblem, '{"reflection": ["a"]}', ()),
        ("json", ReflectOnProblem, '{"reflection": ["a"', ("JSON mended",)),
        ("xml", ReflectOnProblem, "<reflection><item>a</item></reflection>", ()),
        ("xml", ReflectOnProblem, "So: <reflection><item>a</item></reflection>", ("text around the fields",)),
    ],
)
def test_tolerance_is_noted(name, signature, answer, repairs):
    with collected_readings() as readings:
        values = adapter_named(name).parse(signature, answer)
    (reading,) = readings
    assert reading.repairs == repairs and reading.salvaged == bool(repairs)
    assert reading.values == values


@pytest.mark.parametrize("name", [name for name in ADAPTERS if not name.startswith("lean")])
def test_a_program_may_stand_in_a_fence_of_its_field(name):
    adapter = adapter_named(name)
    outputs = {"code": "```python\nprint('```')\n```\n"}
    answer = adapter.format_assistant_message_content(SolveDirectly, outputs)
    with collected_readings() as readings:
        assert adapter.parse(SolveDirectly, answer)["code"].strip() == "print('```')"
    assert readings[0].repairs == ("a fence inside",)
    whole = {"code": "print('```')\n"}
    answer = adapter.format_assistant_message_content(SolveDirectly, whole)
    assert adapter.parse(SolveDirectly, answer)["code"].strip() == "print('```')"


def test_nothing_is_noted_of_an_answer_that_cannot_be_read():
    with collected_readings() as readings, pytest.raises(AdapterParseError):
        adapter_named("lean").parse(ReflectOnProblem, "hm")
    assert readings == []


def test_dropped_items_are_counted():
    with collected_readings() as readings:
        adapter_named("lean").parse(ReflectOnProblem, '{"reflection": ["a", {"b": 1}, "…"]}')
    assert readings[0].dropped == 2 and readings[0].salvaged and readings[0].repairs == ()


def test_nested_collections_do_not_mix():
    with collected_readings() as outer:
        adapter_named("lean").parse(ReflectOnProblem, '{"reflection": ["a"]}')
        with collected_readings() as inner:
            adapter_named("lean").parse(ReflectOnProblem, '{"reflection": ["b"]}')
    assert [reading.values["reflection"] for reading in (*outer, *inner)] == [["a"], ["b"]]
