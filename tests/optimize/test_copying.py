"""What a stage copies out of its demonstrations: counted by runs of eight words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimize.job.copying import LENGTH, Copying, copied_from, copying_of
from program.rollout.trace import Call, Message

SHOWN = "split the line at every space and add the lengths of all words"
ANOTHER = "sort the numbers from small to large and print the one that stands in the middle"


def call(answer: str, *shown: str, question: str = "a problem", system: str = "plan", **more) -> Call:
    pairs = [(("user", f"problem {number}"), ("assistant", said)) for number, said in enumerate(shown)]
    messages = [("system", system), *(each for pair in pairs for each in pair), ("user", question)]
    return Call(
        stage="Plan", answer=answer, prompt=[Message(role=role, content=text) for role, text in messages], **more
    )


@pytest.mark.parametrize(
    ("answer", "places"),
    [
        (SHOWN, [0]),
        (f"First, {SHOWN.upper()}!", [0]),
        (SHOWN.replace(" ", "\n- "), [0]),  # how it is laid out does not matter
        (f"{ANOTHER}, {SHOWN}", [0, 1]),
        ("split the line at every space and", []),  # seven words
        ("split the line at every space and add", [0]),
        ("split the line at every space or add the lengths of all", []),
        ("something of its own that is long enough to be a run of words", []),
        ("", []),
    ],
)
def test_a_run_of_eight_words_is_copied(answer, places):
    assert copied_from(call(answer, SHOWN, ANOTHER)) == places


@pytest.mark.parametrize("where", ["question", "system"])
def test_what_the_question_or_the_instructions_say_is_not_copied(where):
    assert copied_from(call(SHOWN, SHOWN)) and not copied_from(call(SHOWN, SHOWN, **{where: f"Please {SHOWN}."}))


def test_a_demonstration_of_the_problem_itself_does_not_count():
    asked = call(SHOWN, SHOWN, ANOTHER, inputs={"problem": "problem 0"})
    assert copied_from(asked) == [] and copying_of([asked]) == {"Plan": Copying(answers=1, copied=0)}
    assert copying_of([call(SHOWN, SHOWN, inputs={"problem": "problem 0"})]) == {}


@pytest.mark.parametrize("more", [{"repair": True}, {"outcome": "lm_error"}])
def test_what_is_no_first_answer_does_not_count(more):
    assert copying_of([call(SHOWN, SHOWN, **more)]) == {}


def test_answers_are_counted_by_stage_where_demonstrations_are_shown():
    calls = [call(SHOWN, SHOWN), call("its own words", SHOWN), call(SHOWN), call(ANOTHER, SHOWN, ANOTHER)]
    found = copying_of(calls)
    assert found == {"Plan": Copying(answers=3, copied=2)} and found["Plan"].share == pytest.approx(2 / 3)


WORD = st.sampled_from(["a", "b", "c"])
TEXT = st.lists(WORD, max_size=30).map(" ".join)


@given(TEXT, TEXT, TEXT)
def test_copied_is_what_stands_in_both_and_not_in_the_question(answer, shown, question):
    def runs(text: str) -> set[str]:
        words = text.split()
        return {" ".join(words[place : place + LENGTH]) for place in range(len(words) - LENGTH + 1)}

    expected = bool((runs(answer) & runs(shown)) - runs(question))
    assert bool(copied_from(call(answer, shown, question=question, system=""))) == expected
