"""Thoughts are taken off in every form, and what only looks like one stays."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from program.answers.thoughts import split, split_text

PAIRS = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<Think >", "</ THINK >"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<seed:think>", "</seed:think>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|channel>thought\n", "<channel|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
]
DRAFT = 'Maybe {"reflection": ["draft"]} or\n```python\nprint("draft")\n'  # a block that is never closed
SAID = [
    "```python\nprint(1)\n```\n",
    '{"reflection": ["a"]}',
    "Sure:\n\n~~~\nprint('<think>')\n~~~",
    "x = '''\n<think>\n'''\nprint(x)\n",
    json.dumps({"reflection": ["the tag </think> ends it", "<think>"]}),
]
by_pair = pytest.mark.parametrize("pair", PAIRS, ids=[first for first, _ in PAIRS])
by_answer = pytest.mark.parametrize("said", SAID)


@by_pair
@by_answer
@pytest.mark.parametrize("space", ["", "\n", " \n\n"])
def test_a_thought_before_the_answer_is_taken_off(pair, said, space):
    first, last = pair
    found = split_text(f"{space}{first}{space}{DRAFT}{last}{space}{said}")
    assert found.said.strip() == said.strip() and found.thought == DRAFT.strip() and not found.cut


@pytest.mark.parametrize("pair", PAIRS[:-1], ids=[first for first, _ in PAIRS[:-1]])
@by_answer
def test_the_end_alone_ends_a_thought(pair, said):
    found = split_text(f"{DRAFT}{pair[1]}\n{said}")
    assert found.said.strip() == said.strip() and found.thought == DRAFT.strip()


@by_pair
def test_a_thought_that_is_not_closed_is_all_there_is(pair):
    found = split_text(f"{pair[0]}\n{DRAFT}")
    assert (found.said.strip(), found.thought, found.cut) == ("", DRAFT.strip(), True)


@by_answer
def test_an_answer_without_a_thought_stays_as_it_is(said):
    assert split_text(said) == split_text(split_text(said).said) and split_text(said).said == said


def test_an_answer_may_think_more_than_once():
    found = split_text("<think>a</think>One.\n<think>b</think>Two.")
    assert (found.said, found.thought) == ("One.\nTwo.", "a\nb")


def test_words_about_a_tag_are_no_tag():
    said = "Put `<think>` before it; the tag <think> is odd."
    assert split_text(said).said == said
    assert split_text("<think>after '</think>' comes it</think>ok").said == "ok"


def test_a_field_of_that_name_is_no_thought():
    assert split_text("<reasoning>a</reasoning><code>b</code>", ["reasoning", "code"]).thought == ""


def test_harmony_without_its_special_tokens():
    found = split_text('analysisWe need a list.assistantfinal{"reflection": ["a"]}')
    assert (found.said, found.thought) == ('{"reflection": ["a"]}', "We need a list.")
    assert split_text("analysisWe need a list and then").cut


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "thinking", "thinking": "t"}, {"type": "text", "text": "a"}],
        [{"type": "thinking", "thinking": [{"type": "text", "text": "t"}]}, {"type": "text", "text": "a"}],
        [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "t"}]},
            {"type": "output_text", "text": "a"},
        ],
        [{"type": "reasoning", "text": "t"}, "a"],
        [{"text": "t", "thought": True}, {"text": "a"}],
        {"content": "a", "reasoning_content": "t"},
        {"parts": [{"text": "t", "thought": True}, {"text": "a"}]},
        [{"type": "text", "text": "<think>t</think>a"}],
    ],
)
def test_blocks_are_texts(content):
    found = split(content)
    assert (found.said, found.thought) == ("a", "t")


def test_a_thought_in_a_field_of_its_own():
    assert split("a", "t") == split([{"text": "a"}], [{"text": "t"}])
    assert (split(None, "t").said, split(None, "t").thought) == ("", "t")


@settings(deadline=None, max_examples=200, database=None, derandomize=True)
@given(st.text("<think>/ \n`'\"{}[]#a", max_size=40), st.text("ab \n`{}<>", max_size=30))
def test_nothing_is_made_up_and_nothing_breaks(said, thought):
    found = split_text(f"<think>{thought}</think>{said}")
    assert set(found.said) <= set(said)
    split_text(said)
    split_text(thought + "</think>" + said)


def test_a_stray_end_mark_after_the_program_hides_nothing():
    program = "```python\nprint(1)\n```"
    found = split_text(f"<think>Easy.</think>\n{program}\n</think>")
    assert found.said.strip() == program and found.thought == "Easy." and not found.cut


def test_a_mark_that_is_only_mentioned_hides_nothing():
    text = "<think> tags are ignored by the parser.\n```python\nprint(1)\n```"
    assert split_text(text).said == text and not split_text(text).cut
