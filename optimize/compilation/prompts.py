"""The prompts of a program in full, and their differences from the hand-written ones."""

from __future__ import annotations

import difflib
from typing import Any, cast

import dspy

from program.adapters.choice import adapter_named
from program.artifact import Manifest, new_program


def prompt_text(adapter: dspy.Adapter, predictor: dspy.Predict) -> str:
    """The messages of a predictor, with `<field>` in place of its input values."""
    signature = cast(Any, predictor.signature)
    inputs = {name: f"<{name}>" for name in signature.input_fields}
    messages = adapter.format(signature, predictor.demos, inputs)
    return "\n\n".join(f"[{message['role']}]\n{message['content']}" for message in messages)


def prompt_texts(program: Any, manifest: Manifest) -> dict[str, str]:
    """The prompt of every predictor by its name."""
    adapter = adapter_named(manifest.adapter, program.config.order)
    return {name: prompt_text(adapter, predictor) for name, predictor in program.named_predictors()}


def prompts_markdown(program: Any, manifest: Manifest) -> str:
    """The text of `prompts.md`: each prompt in full, then its difference from the hand-written one."""
    hand_written = prompt_texts(new_program(manifest.program, manifest.config), manifest)
    parts = [f"# The prompts of this program ({manifest.program})"]
    for name, text in prompt_texts(program, manifest).items():
        change = difference(hand_written[name], text, "hand-written", "this program")
        parts += [f"## {name}", _fenced(text)]
        parts += (
            ["Difference from the hand-written prompt:", _fenced(change, "diff")] if change else ["As hand-written."]
        )
    return "\n\n".join(parts) + "\n"


def difference(first: str, second: str, first_name: str, second_name: str) -> str:
    """A unified diff of two texts; empty if they are equal."""
    lines = difflib.unified_diff(first.splitlines(), second.splitlines(), first_name, second_name, lineterm="", n=2)
    return "\n".join(lines)


def _fenced(text: str, kind: str = "") -> str:
    """A fenced Markdown block, with more back quotes than the three in prompts."""
    return f"``````{kind}\n{text}\n``````"
