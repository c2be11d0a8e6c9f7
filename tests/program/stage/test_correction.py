"""The one repair call: what it shows the model, and that its answer is read as any other."""

import dspy
import pytest
from dspy import AdapterParseError

from program.adapters.adapter_names import ADAPTERS
from program.adapters.choice import adapter_named
from program.models.scripted import scripted_lm
from program.stage.correction import ANSWER_CHARACTERS, corrected, reason
from signatures.code import SolveDirectly
from signatures.tests import WriteTests
from signatures.understand import ReflectOnProblem
from tests.support.stage_values import VALUES, by_name

by_adapter = pytest.mark.parametrize("name", [*ADAPTERS, "lean problem-first"])
BAD = "That is hard to say."


def fault_of(name: str, answer: str, signature=ReflectOnProblem) -> AdapterParseError:
    with pytest.raises(AdapterParseError) as caught:
        adapter_named(*name.split()).parse(signature, answer)
    return caught.value


def sent(lm) -> list[dict]:
    return lm.history[-1]["messages"]


@by_adapter
@by_name(VALUES)
def test_the_bad_answer_and_the_request_follow_what_was_asked(name, signature):
    inputs, adapter = VALUES[signature][0], adapter_named(*name.split())
    *before, answer, request = corrected(adapter, BAD, "there is no JSON").format(signature, [], inputs)
    assert before == adapter.format(signature, [], inputs)
    assert answer == {"role": "assistant", "content": BAD}
    assert request == {
        "role": "user",
        "content": "That answer cannot be read: there is no JSON. "
        "Give the whole answer again in the required form, only that.",
    }


@by_adapter
def test_demonstrations_stay_where_they_are(name):
    inputs, outputs = VALUES[ReflectOnProblem]
    demos = [dspy.Example(**inputs, **outputs)]
    adapter = adapter_named(*name.split())
    messages = corrected(adapter, BAD, "no").format(ReflectOnProblem, demos, inputs)
    assert messages[:-2] == adapter.format(ReflectOnProblem, demos, inputs)


def test_the_request_says_in_one_line_what_was_wrong():
    why = reason(fault_of("lean", '{"notes": 1}'))
    request = corrected(adapter_named("lean"), BAD, why).format(ReflectOnProblem, [], {"problem": "p"})[-1]
    assert request["content"].startswith("That answer cannot be read: field reflection is missing. Give")


@pytest.mark.parametrize("answer", ["", " \n"])
def test_an_empty_answer_is_no_empty_message(answer):
    messages = corrected(adapter_named("lean"), answer, "no").format(ReflectOnProblem, [], {"problem": "p"})
    assert messages[-2]["content"] == "(nothing)"


def test_a_long_answer_is_cut():
    messages = corrected(adapter_named("lean"), "x" * 99_999, "no").format(ReflectOnProblem, [], {"problem": "p"})
    assert messages[-2]["content"] == "x" * ANSWER_CHARACTERS + " …"


@by_adapter
@by_name(VALUES)
def test_the_second_answer_is_read_as_any_other(name, signature):
    inputs, outputs = VALUES[signature]
    adapter = adapter_named(*name.split())
    lm = scripted_lm([adapter.format_assistant_message_content(signature, outputs)])
    with dspy.context(lm=lm, adapter=corrected(adapter, BAD, "no")):
        prediction = dspy.Predict(signature)(**inputs)
    for field, value in outputs.items():
        same = (
            prediction[field].strip() == value.strip()
            if isinstance(value, str)
            else len(prediction[field]) == len(value)
        )
        assert same
    assert BAD in sent(lm)[-2]["content"]


@by_adapter
def test_a_second_bad_answer_is_an_error_after_one_request(name):
    lm = scripted_lm([BAD, BAD])
    with (
        dspy.context(lm=lm, adapter=corrected(adapter_named(*name.split()), BAD, "no")),
        pytest.raises(AdapterParseError),
    ):
        dspy.Predict(ReflectOnProblem)(problem="p")
    assert len(lm.engine.prompts) == 1


@by_adapter
def test_generation_is_constrained_as_without_a_correction(name):
    def formats(adapter) -> list:
        lm, seen = scripted_lm([adapter_named(*name.split()).format_assistant_message_content(*WRITE)]), []
        complete = lm.engine.complete
        lm.engine.complete = lambda request: seen.append(request.config.response_format) or complete(request)
        with dspy.context(lm=lm, adapter=adapter):
            dspy.Predict(WriteTests)(**VALUES[WriteTests][0])
        return seen

    WRITE = (WriteTests, VALUES[WriteTests][1])
    plain = formats(adapter_named(*name.split()))
    assert formats(corrected(adapter_named(*name.split()), BAD, "no")) == plain
    assert (plain[0] is not None) == (name.startswith("lean") or name == "json")


# What could not be read


@pytest.mark.parametrize(
    ("name", "signature", "answer", "said"),
    [
        ("lean", ReflectOnProblem, BAD, "no JSON object in the answer"),
        ("lean", ReflectOnProblem, '{"notes": 1}', "field reflection is missing"),
        ("lean", WriteTests, '{"tests": [{"input": "1"}]}', "no item of tests fits its type"),
        ("lean", SolveDirectly, BAD, "no program in the answer"),
        ("yaml", ReflectOnProblem, BAD, "the YAML cannot be read: field reflection is missing"),
        ("yaml", WriteTests, "tests:\n- input: 1\n", "the YAML cannot be read: no item of tests fits its type"),
        ("chat", ReflectOnProblem, BAD, "it does not have what is asked for: reflection"),
        ("json", ReflectOnProblem, BAD, "it does not have what is asked for: reflection"),
        ("xml", ReflectOnProblem, BAD, "it does not have what is asked for: reflection"),
        ("xml", ReflectOnProblem, "<reflection>", "mismatched tag: line 1, column 25"),
    ],
)  # fmt: skip
def test_the_reason_is_one_line(name, signature, answer, said):
    assert reason(fault_of(name, answer, signature)) == said


@by_adapter
def test_a_reason_holds_no_long_answer(name):
    long = '[[ ## reflection ## ]]\n{"a": "' + "b\n" * 5000
    said = reason(fault_of(name, long))
    assert said and len(said) <= 200 and "\n" not in said
