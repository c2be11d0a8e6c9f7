"""A problem that asks for a function is asked about in words for functions, and its answers are read so."""

import re

import pytest

from judge.verdict import TestCase, Verdict
from program.adapters.adapter_names import ADAPTERS
from program.adapters.choice import adapter_named
from program.adapters.fitting import fit_fields
from program.adapters.reading import collected_readings
from program.alphacodium import AlphaCodium
from program.baselines.direct import Direct
from program.bench.ai_tests import usable_tests
from program.bench.failure import describe_failure
from program.bench.runtime_trace import last_steps
from program.bench.workbench import Workbench
from program.problem import AskedFunction, Problem, PublicTest
from program.steps.config import FlowConfig
from signatures.code import SolveDirectly, SolveStepByStep, WriteCode
from signatures.fields import AITest
from signatures.functions import INSTRUCTIONS, NOTE, for_function
from signatures.tests import DeriveOutput, WriteGenerator, WriteTests
from tests.support.scripted import Rollout, code, section

pytestmark = pytest.mark.usefixtures("lean_adapter", "impatient")

TRIPLE = Problem(
    name="Triple",
    description="Three times a number.",
    public_tests=(PublicTest(input="2", output="6"), PublicTest(input="-1", output="-3")),
    function=AskedFunction(entry_point="triple", starter_code="def triple(n: int) -> int:"),
)
RIGHT = "def triple(n):\n    return 3 * n\n"


def test_the_problem_shows_starter_code_and_calls_and_no_input():
    text = TRIPLE.text()
    assert (
        "Complete the function `triple`. Keep its name and its parameters." in text
        and "def triple(n: int) -> int:" in text
    )
    assert "triple(2) returns 6" in text and "Input" not in text
    assert Problem.of(TRIPLE.model_dump()) == TRIPLE


def test_a_problem_without_starter_code_or_words_leaves_no_gap():
    bare = TRIPLE.model_copy(update={"description": " ", "function": AskedFunction(entry_point="Solution.triple")})
    assert bare.text().startswith("Triple\n\nWrite the method `triple` of the class `Solution`.\n\nExample 1")


def test_a_docstring_that_has_the_examples_shows_them_once():
    shown = AskedFunction(
        entry_point="triple", starter_code='def triple(n):\n    """\n    triple(2) == 6, triple(-1)"""'
    )
    assert "returns 6" not in TRIPLE.model_copy(update={"function": shown}).text()


def test_problems_for_programs_are_dumped_as_before(double):
    assert set(double.model_dump()) == {"name", "description", "public_tests", "seconds", "memory_bytes"}


def test_prompts_say_function_and_a_function_under_another_name_is_repaired():
    asked = Rollout(Direct(), TRIPLE, SolveDirectly=code("def tripled(n):\n    return 3 * n\n"))
    prompt = asked.asked[0][1]
    assert INSTRUCTIONS[SolveDirectly] in prompt and SolveDirectly.instructions not in prompt
    assert "the body of the function included" in prompt and "standard input" not in prompt
    assert asked.code.endswith("\n\n\ntriple = tripled\n")


def test_an_answer_that_is_only_the_body_completes_the_function():
    assert Rollout(Direct(), TRIPLE, SolveDirectly=code("    return 3 * n\n")).code == (
        "def triple(n: int) -> int:\n    return 3 * n\n"
    )


def test_the_reading_that_defines_the_function_is_taken():
    both = f"```python\n{RIGHT}```\nFor example:\n```python\nn = int(input())\nprint(n * 3)\n```"
    assert Rollout(Direct(), TRIPLE, SolveDirectly=both).code == RIGHT


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_field_with_a_definition_and_an_example_is_read_alike_by_every_adapter(name):
    asked = for_function("SolveStepByStep", SolveStepByStep, "triple")
    example = "n = int(input())\nprint(triple(n))\n"
    answer = adapter_named(name).format_assistant_message_content(asked, {"reasoning": "Thrice.", "code": "CODE"})
    fenced = f"```python\n{RIGHT}```\nFor example:\n```python\n{example}```"
    marks = {"json": fenced.replace("\n", "\\n"), "yaml": fenced.replace("\n", "\n  ")}
    whole = re.sub(r"```python\nCODE\n```|CODE", lambda _: marks.get(name, fenced), answer)
    with collected_readings() as readings:
        values = adapter_named(name).parse(asked, whole)
    assert values["code"].strip() == RIGHT.strip()
    assert [each.code.strip() for each in readings[-1].programs] == [RIGHT.strip(), example.strip()]


def test_instructions_of_an_optimizer_stay_and_get_a_note():
    found = SolveDirectly.with_instructions("Write the shortest program.")
    assert for_function("SolveDirectly", found, "f").instructions == f"Write the shortest program.\n\n{NOTE}"


def test_the_signature_for_a_function_is_made_once_for_all_that_it_depends_on():
    made = for_function("SolveDirectly", SolveDirectly, "f")
    assert for_function("SolveDirectly", SolveDirectly, "f") is made
    found = SolveDirectly.with_instructions("Be brief.")
    others = [for_function("SolveDirectly", SolveDirectly, "g"), for_function("SolveDirectly", found, "f")]
    found.instructions = "Be quick."
    others.append(for_function("SolveDirectly", found, "f"))
    assert len({id(each) for each in (made, *others)}) == 4
    assert [each.instructions.split("\n")[0] for each in others[1:]] == ["Be brief.", "Be quick."]


def test_every_stage_that_speaks_of_input_or_programs_has_words_for_functions():
    for signature, said in INSTRUCTIONS.items():
        asked = for_function(signature.__name__, signature, "f")
        assert asked.instructions == said and list(asked.fields) == list(signature.fields)
    tests = for_function("WriteTests", WriteTests, "f").output_fields["tests"]
    assert "arguments of the call" in str(tests.annotation.__args__[0].model_fields["input"].description)
    extras = [
        for_function(each.__name__, each, "f").output_fields["code"].json_schema_extra.get("entry_point")
        for each in (WriteCode, WriteGenerator)
    ]
    assert extras == ["f", None], "a generator stays a program"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"input": "[3, 2], 6", "output": [1, 2]}, ("[3, 2], 6", "[1, 2]")),
        ({"input": [3, 2, 4], "output": True}, ("[3, 2, 4]", "True")),
        ({"input": [[3, 2], 6], "output": None}, ("[3, 2], 6", "None")),
        ({"input": {"nums": [3], "target": 6}, "output": {"a": 1}}, ("nums=[3], target=6", "{'a': 1}")),
        ({"input": 5, "output": []}, ("5", "[]")),
        ({"input": "'a'", "output": "'b'"}, ("'a'", "'b'")),
    ],
)
def test_json_values_in_a_test_of_a_function_are_read_as_literals(given, expected):
    asked = for_function("WriteTests", WriteTests, "f")
    (test,) = fit_fields(asked, {"tests": [given]}).values["tests"]
    assert (test.input, test.output) == expected


@pytest.mark.parametrize(
    ("value", "text"), [([1, 2], "[1, 2]"), (None, "None"), ([], "[]"), ({"a": 1}, "{'a': 1}"), (3, "3")]
)
def test_a_json_value_that_is_derived_is_read_as_a_literal(value, text):
    asked = for_function("DeriveOutput", DeriveOutput, "f")
    assert fit_fields(asked, {"steps": ["one"], "output": value}).values["output"] == text


def test_a_failure_is_told_in_words_for_functions():
    bench, test = Workbench(TRIPLE), TRIPLE.tests()[0]
    printed = bench.results("def triple(n):\n    print(3 * n)\n", [test])[0]
    said = describe_failure(test, printed, "example", words=bench.words)
    assert said.startswith("The function returns None. Is its result returned") and "Arguments:\n2\n" in said
    assert "Value that the function returns:\nNone" in said
    wrong = describe_failure(
        test, bench.results("def triple(n):\n    return n\n", [test])[0], "example", "", bench.words
    )
    assert wrong.startswith("The function returns a wrong value.") and "Expected value:\n6" in wrong


@pytest.mark.parametrize(
    ("given", "output", "kept"),
    [
        ("7", "21", TestCase("7\n", "21\n")),
        ("triple(7)", "21", TestCase("7\n", "21\n")),
        ("Solution().triple(n=7)", "21", TestCase("n=7\n", "21\n")),
        ("7", "true", TestCase("7\n", "True\n")),
        ("2", "6", None),  # public
        ("7, 8", "21", None),
        ("'7'", "21", None),
        ("int('7')", "21", None),
        ("7\n8", "21", None),
        ("7", "twenty-one", None),
    ],
)
def test_ai_tests_have_literals(given, output, kept):
    tests = usable_tests([AITest(input=given, output=output)], TRIPLE)
    assert tests == ([kept] if kept else [])


def test_the_last_steps_of_a_function_are_those_of_its_call():
    steps = last_steps("def triple(n):\n    m = n\n    return m\n", TRIPLE.tests()[0], Workbench(TRIPLE), 3, 4)
    assert "2: m = n  # m = 2" in steps and "3: return m" in steps


def test_the_flow_fixes_a_function():
    wrong = code("def triple(n):\n    return 2 * n\n")
    asked = Rollout(AlphaCodium(), TRIPLE, WriteCode=wrong, FixCode=code(RIGHT))
    assert asked.code == RIGHT
    assert section(asked.prompts("FixCode")[0], "failure").startswith("The function returns a wrong value.")


def test_the_bench_judges_calls():
    bench = Workbench(TRIPLE)
    assert bench.passes_all_public(RIGHT) and bench.arity == 1
    assert bench.results("n = int(input())\nprint(3 * n)\n", TRIPLE.tests())[0].verdict is Verdict.RE


def test_in_a_conversation_functions_are_asked_for_too():
    program = AlphaCodium(FlowConfig(order="conversation", fixes_per_program=1, code_attempts=1, second_derivations=0))
    program.adapter = adapter_named("lean", "conversation")
    tests = '{"tests": [{"input": "3", "output": "9", "explanation": "e"}]}'
    wrong = "def triple(n):\n    return n\n"
    asked = Rollout(program, TRIPLE, WriteCode=code(wrong), FixCode=code(RIGHT), WriteTests=tests)
    assert asked.code == RIGHT
    assert "## code\nas above\n\n## failure" in asked.prompts("FixCode")[0]
