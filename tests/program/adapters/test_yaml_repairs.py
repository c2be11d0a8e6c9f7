"""Each repair of YAML on what it is for, and all of them on what needs none."""

import pytest
import yaml

from program.adapters.yaml.adapter import YAMLAdapter
from program.adapters.yaml.keys import known_keys, long_keys
from program.adapters.yaml.repairs import REPAIRS, with_indented_blocks, with_quoted_text, without_surroundings
from signatures.tests import WriteTests
from tests.support.stage_values import VALUES

CODE, LIST, TESTS = "(?:code)", "(?:reflection)", known_keys(WriteTests)


def loaded(text: str):
    return yaml.load(text, Loader=yaml.BaseLoader)


def test_the_keys_are_those_of_the_signature_and_its_records():
    assert known_keys(WriteTests) == "(?:input|output|explanation|tests)"
    assert long_keys(WriteTests) == {"input", "output"}


# Words and fences around


@pytest.mark.parametrize(
    "answer",
    [
        "```yaml\nreflection:\n- a\n```",
        "Sure:\n```yaml\nreflection:\n- a\n```\nI hope that helps.",
        "```yml\nreflection:\n- a\n```",
        "```\nreflection:\n- a\n```",
        "```yaml\nreflection:\n- a\n",
        "Sure, here is my\n\nreflection:\n- a\n",
        "reflection:\n- a\n```",
        "  ```yaml\nreflection:\n- a\n  ```\n",
        "```\n3\n```\n```yaml\nreflection:\n- a\n```",
        "```python\n- 3\n```\n```yaml\nreflection:\n- a\n```",
    ],
)
def test_what_stands_around_the_yaml_goes(answer):
    assert loaded(without_surroundings(answer, LIST)) == {"reflection": ["a"]}


def test_a_fence_within_a_block_does_not_end_the_answer():
    answer = "```yaml\ncode: |\n  s = '''\n  ```\n  '''\n  print(s)\n```"
    assert loaded(without_surroundings(answer, CODE)) == {"code": "s = '''\n```\n'''\nprint(s)\n"}


def test_an_answer_without_any_key_is_left_as_it_is():
    assert without_surroundings("I cannot say.", LIST) == "I cannot say."


# Columns


def test_lines_of_a_block_that_look_like_keys_stay_in_it():
    text = "tests:\n- input: |\n    output: 3\n    input: 4\n  output: 5\n"
    assert with_indented_blocks(text, TESTS) == with_quoted_text(text, TESTS) == text


def test_a_block_without_indentation_gets_one():
    text = with_indented_blocks("code: |\nimport sys\ndef f(n):\n    return n\nprint(f(1))\n", CODE)
    assert loaded(text) == {"code": "import sys\ndef f(n):\n    return n\nprint(f(1))\n"}


def test_blocks_without_indentation_end_at_the_next_key():
    text = with_indented_blocks("tests:\n- input: |\n1 2\n3 4\n  output: |\n  7\n  explanation: small\n", TESTS)
    assert loaded(text) == {"tests": [{"input": "1 2\n3 4\n", "output": "7\n", "explanation": "small"}]}


def test_a_block_whose_first_line_is_the_deepest_keeps_its_shape():
    text = with_indented_blocks("tests:\n- output: |\n      *\n     ***\n    *****\n", TESTS)
    assert loaded(text) == {"tests": [{"output": "  *\n ***\n*****\n"}]}


def test_a_list_of_blocks_gets_its_indentation():
    text = with_indented_blocks("reflection:\n- |\none\ntwo\n- |\nthree\n", LIST)
    assert loaded(text) == {"reflection": ["one\ntwo\n", "three\n"]}


# Text that YAML takes for something else


@pytest.mark.parametrize(
    "text",
    [
        *("Goal: print n: all of it", "[1, 2] becomes 3", "{1} is a set: a small one", '"a" becomes b'),
        *("'a' becomes b", "*all* of it", "&n is an address", "!important", "@a and `b`"),
        *("# of lines", "the # of lines"),
        *("n % 2 == 0 # even: yes", "| is or", "> is greater", "%d", "? why", "ends with a colon:", '"an open quote'),
    ],
)
def test_text_is_taken_as_it_stands(text):
    assert loaded(with_quoted_text(f"reflection:\n- {text}\n- b\n", LIST)) == {"reflection": [text, "b"]}


def test_the_values_of_known_keys_are_quoted_too():
    text = with_quoted_text("tests:\n- input: 5\n  output: 1: 2\n  explanation: small: n = 5 # one\n", TESTS)
    assert loaded(text) == {"tests": [{"input": "5", "output": "1: 2", "explanation": "small: n = 5 # one"}]}


def test_text_that_goes_on_in_the_next_line_is_quoted_whole():
    text = with_quoted_text("reflection:\n- Goal: print n: all\n  of it\n- b\n", LIST)
    assert loaded(text) == {"reflection": ["Goal: print n: all of it", "b"]}


def test_flow_collections_stay_what_they_are():
    text = 'ranking: ["a: b", c]\n'
    assert with_quoted_text(text, "(?:ranking)") == text


# What needs no repair


@pytest.mark.parametrize("repair", REPAIRS.values(), ids=[name.replace(" ", "-") for name in REPAIRS])
@pytest.mark.parametrize("signature", VALUES, ids=lambda signature: signature.__name__)
def test_right_yaml_keeps_its_meaning(repair, signature):
    answer = YAMLAdapter().format_assistant_message_content(signature, VALUES[signature][1])
    text = answer.removeprefix("```yaml\n").removesuffix("```")
    assert loaded(repair(text, known_keys(signature))) == loaded(text)
