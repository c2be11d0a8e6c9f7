"""Detect copying from demonstrations: a small model may repeat their words instead of writing about its own problem.

A run of `LENGTH` words is copied if it is in an answer and in the answer of a demonstration of another problem, but not
in the instructions or the question. Test set contamination is detected in the same way (GPT-3, arXiv 2005.14165,
appendix C, 8 to 13 words).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel

from eval.rollouts.rollout import Rollout
from eval.rollouts.trace_files import read_calls
from program.adapters.sections import OWN_PROBLEM, shows
from program.rollout.trace import Call, Message

LENGTH = 8  # words


class Copying(BaseModel, frozen=True):
    """The number of copying answers of a stage.

    answers: answers to prompts with demonstrations of other problems.
    copied: those with at least one copied run of words.
    """

    answers: int = 0
    copied: int = 0

    @property
    def share(self) -> float:
        return self.copied / self.answers if self.answers else 0.0

    def __add__(self, other: Copying) -> Copying:
        return Copying(answers=self.answers + other.answers, copied=self.copied + other.copied)


def copying_of(calls: Iterable[Call]) -> dict[str, Copying]:
    """The copying in these calls, by stage; only stages with demonstrations.

    Args:
        calls: with all texts.
    """
    found: dict[str, Copying] = defaultdict(Copying)
    for call in calls:
        if others := demonstrated(call):
            found[call.stage] += Copying(answers=1, copied=int(bool(copied_from(call, others))))
    return dict(found)


def copied_from(call: Call, demonstrations: Mapping[int, str] | None = None) -> list[int]:
    """The positions, from 0, of the demonstrations that the answer of a call copies from.

    Args:
        call: with all texts.
        demonstrations: answers by position; by default those of other problems in the prompt.
    """
    *before, question = call.prompt or [Message(role="user", content="")]
    own = [message.content for message in before if message.role not in ("user", "assistant")]
    said = word_runs(call.answer, LENGTH).difference(*(word_runs(each, LENGTH) for each in (*own, question.content)))
    shown = demonstrated(call) if demonstrations is None else demonstrations
    return [place for place, answer in shown.items() if said & word_runs(answer, LENGTH)]


def copying_in(run: Path, rollouts: Iterable[Rollout]) -> dict[str, Copying]:
    """The copying in stored rollouts, by stage; only stages with demonstrations.

    Args:
        run: the folder of the rollouts.
        rollouts: to check.

    Raises:
        RunError: a trace is damaged.
    """
    return copying_of(call for each in rollouts for call in read_calls(run, *each.key()))


def demonstrated(call: Call) -> dict[int, str]:
    """The answers of the demonstrations of other problems in the prompt of a call, by position; empty for a repeated
    question, because the prompt then has the stage's own earlier answer."""
    if call.repair or not call.came:
        return {}
    shown = [(asked.content, said.content) for asked, said in pairwise(call.prompt) if said.role == "assistant"]
    if call.prompt[0].content.startswith(OWN_PROBLEM):  # turns of a conversation may come before the question
        shown = [(asked, said) for asked, said in shown if shows(asked, call.prompt[-1].content)]
    own = call.inputs.get("problem")
    return {place: said for place, (asked, said) in enumerate(shown) if own is None or own not in asked}


def word_runs(text: str, length: int) -> set[tuple[str, ...]]:
    """The runs of `length` words in a text, in lower case."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[place : place + length]) for place in range(len(words) - length + 1)}
