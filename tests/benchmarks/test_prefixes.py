"""What a prefix cache could serve of the prompts of a rollout."""

from benchmarks.prompts.prefixes import served_of
from program.rollout.trace import Call, Message


def call(*contents: str, answer: str = "", model: str = "m") -> Call:
    roles = ["system", *["user", "assistant"] * len(contents)]
    prompt = [Message(role=role, content=content) for role, content in zip(roles, contents, strict=False)]
    return Call(stage="S", model=model, prompt=prompt, answer=answer)


def test_earlier_prompts_with_their_answers_are_served_and_of_the_same_model_only():
    first = call("top", "ask", answer="said")
    read = len("system\ntop\nuser\nask\nassistant\n")
    turn = call("top", "ask", "said", "more")
    assert served_of([first, turn]) == [0, read + len("said")]
    assert served_of([turn, first]) == [0, read]
    assert served_of([first, call("top", "other")]) == [0, len("system\ntop\nuser\n")]
    assert served_of([first, turn.model_copy(update={"model": "n"})]) == [0, 0]
