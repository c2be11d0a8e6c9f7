"""The layout of our own prompts: instructions and the form of the answer, inputs as `##` sections, in a chosen order.

DSPy's order (stage-first) shares a prefix across the problems of one stage, none across the stages of one problem;
problem-first does the reverse. A prefix cache serves what prompts share from their beginning on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

import dspy
from pydantic import BaseModel

from program.adapters.reading import Reading, note

# problem-first: problem, demonstrations, further inputs, instructions.
# stage-first: instructions, demonstrations, problem, further inputs.
# demos-first: stages with demonstrations as stage-first, the others as problem-first. Demonstrations and order change
# together there, and no comparison tells which of them made a difference; only for programs that were compiled so.
Order = Literal["problem-first", "stage-first", "demos-first"]
DSPY_ORDER: Order = "stage-first"
LEADING = "problem"


class UnreadableAnswer(dspy.AdapterParseError):
    """An adapter of ours cannot read an answer.

    Attributes:
        reason: why, in words.
    """

    def __init__(self, adapter: dspy.Adapter, signature: type[dspy.Signature], completion: str, reason: str) -> None:
        super().__init__(type(adapter).__name__, cast(Any, signature), completion, reason)
        self.reason = reason


class SectionsAdapter(dspy.Adapter):
    """What our adapters have in common; a subclass adds the form of the answer.

    Args:
        order: of a prompt's parts.
    """

    def __init__(self, order: Order = DSPY_ORDER) -> None:
        super().__init__()
        self.order: Order = order

    def answer_form(self, signature: type[dspy.Signature]) -> str:
        """What a prompt says about the form of the answer."""
        raise NotImplementedError

    def read(self, signature: type[dspy.Signature], completion: str) -> Reading:
        """The output fields of `signature` in `completion`.

        Raises:
            ValueError, RecursionError: a field is missing or cannot be made to fit its type.
        """
        raise NotImplementedError

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """The values `read` finds.

        Raises:
            UnreadableAnswer: a field is missing or cannot be made to fit its type.
        """
        try:
            return note(self.read(signature, completion))
        except (ValueError, RecursionError) as fault:
            raise UnreadableAnswer(self, signature, completion, str(fault)) from fault

    def format(
        self, signature: type[dspy.Signature], demos: list[dict[str, Any]], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        stage_first = self.order == "stage-first" or (self.order == "demos-first" and demos)
        if stage_first or not inputs.get(LEADING):
            return super().format(signature, demos, inputs)
        task = f"## task\n{self.format_system_message(signature)}"
        there = {LEADING: "the one at the very top"} if demos else {}
        rest = self.format_user_message_content(signature, {**_without(inputs, LEADING), **there}, suffix=task)
        return [
            {"role": "system", "content": section(LEADING, inputs[LEADING])},
            *self.format_demos(signature, demos, task),
            {"role": "user", "content": rest},
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
    """An input field as a prompt shows it."""
    return f"## {name}\n{_show(value)}"


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
    """A text of several lines on lines of its own, set in, so that it is seen where it ends."""
    return text if "\n" not in text else "\n" + "\n".join(f"    {line}" for line in text.splitlines())


def _without(inputs: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if key != name}
