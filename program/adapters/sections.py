"""The layout of our own prompts: instructions and the form of the answer, inputs as `##` sections, in a chosen order.

With DSPy's order (stage-first), calls of one stage share a prefix across problems, but stages of one problem share
none. With problem-first it is the reverse, except for stages with demonstrations. A prefix cache covers the common
start of prompts; in a conversation (`program.rollout.conversation`) this is everything except the last turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal, cast

import dspy
from pydantic import BaseModel

from program.adapters.reading import Reading, note
from program.rollout.context import context
from program.rollout.conversation import SoFar

# problem-first: problem, further inputs, instructions; a stage with demonstrations is stage-first, which solved more
# for fewer tokens (docs/measured/adapters.md).
# stage-first: instructions, demonstrations, problem, further inputs.
# conversation: problem, earlier turns of the rollout, demonstrations, further inputs, instructions; what earlier turns
# contain is not repeated.
Order = Literal["problem-first", "stage-first", "conversation"]
DSPY_ORDER: Order = "stage-first"
LEADING = "problem"
HEADING, TASK = "## ", "## task\n"
# In a conversation: the start of a demonstration, and of a request that repeats the problem after demonstrations.
OWN_PROBLEM = f"{HEADING}{LEADING}\n"
AT_THE_TOP = "the one at the very top:"  # before the repeated problem
ABOVE = "as above"  # in place of values in earlier turns


class UnreadableAnswer(dspy.AdapterParseError):
    """One of our adapters cannot read an answer.

    Attributes:
        reason: the reason, as text.
    """

    def __init__(self, adapter: dspy.Adapter, signature: type[dspy.Signature], completion: str, reason: str) -> None:
        super().__init__(type(adapter).__name__, cast(Any, signature), completion, reason)
        self.reason = reason


class SectionsAdapter(dspy.Adapter):
    """The common part of our adapters; a subclass adds the form of the answer.

    Args:
        order: the order of a prompt's parts.
    """

    def __init__(self, order: Order = DSPY_ORDER) -> None:
        super().__init__()
        self.order: Order = order

    def answer_form(self, signature: type[dspy.Signature]) -> str:
        """The part of a prompt about the form of the answer."""
        raise NotImplementedError

    def read(self, signature: type[dspy.Signature], completion: str) -> Reading:
        """Read the output fields of `signature` from `completion`.

        Raises:
            ValueError, RecursionError: a field is missing or does not fit its type.
        """
        raise NotImplementedError

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """The values that `read` finds.

        Raises:
            UnreadableAnswer: a field is missing or does not fit its type.
        """
        try:
            return note(self.read(signature, completion))
        except (ValueError, RecursionError) as fault:
            raise UnreadableAnswer(self, signature, completion, str(fault)) from fault

    def format(
        self, signature: type[dspy.Signature], demos: list[dict[str, Any]], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        talking = self.order == "conversation"
        if self.order == "stage-first" or (demos and not talking) or not inputs.get(LEADING):
            return super().format(signature, demos, inputs)
        task = f"{TASK}{self.format_system_message(signature)}"
        talk = context().conversation if talking else None
        so_far = talk.so_far if talk else SoFar()
        before = list(so_far.messages) or [{"role": "system", "content": section(LEADING, inputs[LEADING])}]
        # Demonstrations stay where they were first shown, so that every prompt starts like the previous one.
        pairs, shown = self.format_demos(signature, demos, task), list(pairwise(before))
        for pair in zip(pairs[::2], pairs[1::2], strict=True):
            before += pair if pair not in shown else ()
        named = [each["content"] for each in before[1:] if each["content"].startswith(OWN_PROBLEM)]
        # After a demonstration, the problem is repeated. A reference to the top does not suffice: with it, a 0.5B
        # solved 0 of 60 problems instead of 23.
        repeated = named and not is_turn(named[-1])
        there = {LEADING: f"{AT_THE_TOP}\n\n{_show(inputs[LEADING])}"} if repeated else {}
        rest = {name: _or_above(name, value, so_far) for name, value in _without(inputs, LEADING).items()}
        return [
            *before,
            {"role": "user", "content": self.format_user_message_content(signature, {**rest, **there}, suffix=task)},
        ]

    def format_system_message(self, signature: type[dspy.Signature]) -> str:
        return f"{signature.instructions.strip()}\n\n{self.answer_form(signature)}"

    def format_user_message_content(
        self,
        signature: type[dspy.Signature],
        inputs: dict[str, Any],
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,
    ) -> str:
        sections = [section(name, inputs[name]) for name in signature.input_fields if inputs.get(name)]
        return "\n\n".join(part for part in (prefix, *sections, suffix) if part)

    def format_demos(
        self, signature: type[dspy.Signature], demos: Sequence[dict[str, Any]], task: str = ""
    ) -> list[dict[str, Any]]:
        messages = []
        for demo in demos:
            content = self.format_user_message_content(signature, cast(Any, demo), suffix=task)
            messages.append({"role": "user", "content": content})
            messages.append({"role": "assistant", "content": self.format_assistant_message_content(signature, demo)})
        return messages


def section(name: str, value: Any) -> str:
    """An input field, as in prompts."""
    return f"{HEADING}{name}\n{_show(value)}"


def _or_above(name: str, value: Any, so_far: SoFar) -> Any:
    """An input; or a reference in its place if the earlier turns already have this value."""
    return ABOVE if value and so_far.known.get(name) == plain(value) and len(_show(value)) >= len(ABOVE) else value


def is_turn(asked: str) -> bool:
    """Whether an earlier user message, in a prompt that starts with the problem, is a turn of the conversation and not
    a demonstration."""
    return not asked.startswith(OWN_PROBLEM) or asked.startswith(section(LEADING, AT_THE_TOP))


def shows(asked: str, question: str) -> bool:
    """Whether an earlier user message in such a prompt is a demonstration of the current stage.

    Args:
        asked: the earlier message.
        question: the request of the stage.
    """
    return not is_turn(asked) and asked.rpartition(TASK)[2] == question.rpartition(TASK)[2]


def plain(value: Any) -> Any:
    """Pydantic values as plain ones, so that a demonstration looks the same before saving and after loading."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _show(value: Any) -> str:
    value = plain(value)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return "\n".join(f"- {_show(item)}" for item in value)
    if isinstance(value, dict):
        return "\n  ".join(f"{key}: {_beneath(_show(item))}" for key, item in value.items())
    return str(value)


def _beneath(text: str) -> str:
    """A text of several lines starts on its own line and is indented, so that its end is visible."""
    return text if "\n" not in text else "\n" + "\n".join(f"    {line}" for line in text.splitlines())


def _without(inputs: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if key != name}
