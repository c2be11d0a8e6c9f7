"""All undocumented behaviour of DSPy that `eval` relies on. Each has its own test in
`tests/whole/test_dspy_contract.py`, so that an upgrade shows what broke."""

from __future__ import annotations

import re
from dataclasses import dataclass

# How DSPy's chat adapter lists the fields of an answer, and how it delimits those of a question.
_OUTPUTS = re.compile(r"Your output fields are:\n(.*?)\nAll interactions", re.DOTALL)
_FIELD = re.compile(r"`(\w+)` \((.*?)\)")
_SECTION = re.compile(r"\[\[ ## (\w+) ## \]\]\n(.*?)(?=\n\n\[\[ ## |\n\nRespond with|\Z)", re.DOTALL)
# The fields with the current instruction in optimizers' questions, and the field that lists the predictors.
PRESENT = ("basic_instruction", "current_instruction")
MODULES = "module_names"


@dataclass(frozen=True)
class Question:
    """A question in DSPy's chat format.

    wanted: the fields of the answer, with their types in words.
    given: the fields of the question.
    """

    wanted: dict[str, str]
    given: dict[str, str]

    @property
    def instruction(self) -> str:
        """The current instruction, if the question has one."""
        return next((self.given[name] for name in PRESENT if name in self.given), "")

    @property
    def predictors(self) -> list[str]:
        """The names of the predictors that it lists."""
        return re.findall(r'"([^"]+)"', self.given.get(MODULES, ""))


def read_question(system: str, user: str) -> Question | None:
    """The question in a system and a user message; None if they are not in DSPy's chat format."""
    outputs = _OUTPUTS.search(system)
    return Question(dict(_FIELD.findall(outputs[1])), dict(_SECTION.findall(user))) if outputs else None


def form_of(values: dict[str, str]) -> str:
    """An answer with these fields, in DSPy's chat format."""
    return "".join(f"[[ ## {name} ## ]]\n{text}\n\n" for name, text in values.items()) + "[[ ## completed ## ]]"
