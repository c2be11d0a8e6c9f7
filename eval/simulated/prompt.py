"""How the simulated LM reads a request: which stage asks, about which problem, with which demonstrations."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import dspy
from dspy.lm15 import Request, TextPart

from program.adapters.form import answers_with_code, holds_program
from program.adapters.lean import LeanAdapter
from program.adapters.sections import ABOVE, HEADING, OWN_PROBLEM, TASK, is_turn, section, shows
from program.rollout.conversation import PROGRAM
from program.stage.correction import REQUEST
from signatures import code, plan, tests, understand
from signatures.functions import INSTRUCTIONS

SIGNATURES: tuple[type[dspy.Signature], ...] = tuple(
    each
    for module in (code, plan, tests, understand)
    for each in vars(module).values()
    if isinstance(each, type) and issubclass(each, dspy.Signature)
)
_HEADING = re.compile(r"^## (\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Prompt:
    """A parsed request. Without a signature it does not belong to a stage."""

    signature: type[dspy.Signature] | None
    system: str = field(repr=False)
    user: str = field(repr=False)  # the message that asks
    demos: tuple[tuple[str, str], ...] = field(repr=False)  # user and assistant messages, in pairs
    digest: str  # of the system text and all messages
    characters: int  # of the same
    problem_first: bool  # the order of its parts; else stage-first

    @property
    def stage(self) -> str:
        """The name of the signature; empty without one."""
        return self.signature.__name__ if self.signature else ""


def read_prompt(request: Request) -> Prompt:
    """Parse a request, written by `LeanAdapter` or another adapter."""
    system = request.system or ""
    if not isinstance(system, str):
        system = "".join(part.text for part in system if isinstance(part, TextPart))
    messages = [(message.role, message.text or "") for message in request.messages]
    characters = len(system) + sum(len(text) for _, text in messages)
    digest = hashlib.sha256(repr((system, messages)).encode()).hexdigest()
    last = _question(messages)
    user = messages[last][1] if messages else ""
    before = tuple(
        (first[1], second[1])
        for first, second in pairwise(messages[:last])
        if (first[0], second[0]) == ("user", "assistant")
    )
    demos, problem_first = before, system.startswith(OWN_PROBLEM)
    if problem_first:  # the task comes last; in other orders it is the system text
        demos = tuple(pair for pair in before if shows(pair[0], user))
        given, _, task = user.rpartition(TASK)
        given = _in_full(given, [pair for pair in before if is_turn(pair[0])])
        system, user = task, f"{system}\n\n{given}"
    return Prompt(_recognise(system, user), system, user, demos, digest, characters, problem_first)


def _question(messages: list[tuple[str, str]]) -> int:
    """The index of the question: the last user message that does not ask to correct an answer."""
    return max(
        (n for n, (role, text) in enumerate(messages) if role == "user" and not text.startswith(REQUEST)), default=0
    )


def _in_full(given: str, turns: Sequence[tuple[str, str]]) -> str:
    """The inputs of a turn, with references to earlier turns replaced by their full text, so that the answer is the
    same as outside a conversation."""
    known: dict[str, str] = {}
    for asked, answer in turns:
        inputs, _, task = asked.rpartition(TASK)
        known |= {name: text for name, text in sections(inputs).items() if text != ABOVE}
        signature = _recognise(task, f"{OWN_PROBLEM}\n{inputs}")
        assert signature is not None, "every turn is a stage's"
        fields = LeanAdapter().parse(signature, answer) if answers_with_code(signature) else json.loads(answer)
        for name, value in fields.items():
            known[PROGRAM if holds_program(name, type(value)) else name] = section("", value).partition("\n")[2]
    for name, text in sections(given).items():
        if text == ABOVE:
            given = given.replace(f"{HEADING}{name}\n{ABOVE}", f"{HEADING}{name}\n{known[name]}")
    return given


def sections(message: str) -> dict[str, str]:
    """The `## field` sections of a user message, by field."""
    found = list(_HEADING.finditer(message))
    ends = [*(heading.start() for heading in found[1:]), len(message)]
    parts: dict[str, str] = {}
    for heading, end in zip(found, ends, strict=False):  # without a heading there is one end too many
        # The first section of a name counts; a later one may be a comment in a program.
        parts.setdefault(heading.group(1), message[heading.end() : end].strip())
    return parts


def problem_name(message: str) -> str:
    """The first line of the `## problem` section (see `Problem.text`); empty if there is none."""
    return sections(message).get("problem", "").partition("\n")[0].strip()


def solution_name(message: str) -> str:
    """The name of the chosen solution (see `LeanAdapter`); empty when there is none."""
    first = sections(message).get("solution", "").partition("\n")[0]
    return first.removeprefix("name:").strip()


def _recognise(system: str, user: str) -> type[dspy.Signature] | None:
    """The stage that asks: recognised by the instructions or, if an optimizer changed them, by answer form and
    headings."""
    for signature in SIGNATURES:
        asked = (signature.instructions, INSTRUCTIONS.get(signature))
        if any(each and system.startswith(each.strip()) for each in asked):
            return signature
    headings = set(_HEADING.findall(user))
    fitting = [signature for signature in SIGNATURES if system.endswith(_answer_form(signature))]
    if not fitting or "problem" not in headings:
        return None
    # Two stages ask for only a program; their inputs distinguish them.
    return max(fitting, key=lambda s: (len(headings & set(s.input_fields)), -len(s.input_fields)))


def _answer_form(signature: type[dspy.Signature]) -> str:
    written = LeanAdapter().format_system_message(signature)
    return written.removeprefix(signature.instructions.strip()).strip()
