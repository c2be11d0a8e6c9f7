"""All that `eval` takes for granted about DSPy and DSPy does not document; each is checked by a test of its own in
`tests/whole/test_dspy_contract.py`, so that an upgrade names what broke."""

from __future__ import annotations

import re
from dataclasses import dataclass

# How DSPy's chat adapter words the fields of an answer, and how it sets off those of a question.
_OUTPUTS = re.compile(r"Your output fields are:\n(.*?)\nAll interactions", re.DOTALL)
_FIELD = re.compile(r"`(\w+)` \((.*?)\)")
_SECTION = re.compile(r"\[\[ ## (\w+) ## \]\]\n(.*?)(?=\n\n\[\[ ## |\n\nRespond with|\Z)", re.DOTALL)
# The fields of optimizers' questions that hold the present instruction, and the one that lists predictors.
PRESENT = ("basic_instruction", "current_instruction")
MODULES = "module_names"


@dataclass(frozen=True)
class Question:
    """A question in DSPy's chat format.

    wanted: the fields of the answer with their types in words.
    given: the fields of the question.
    """

    wanted: dict[str, str]
    given: dict[str, str]

    @property
    def instruction(self) -> str:
        """The present instruction, if the question has one."""
        return next((self.given[name] for name in PRESENT if name in self.given), "")

    @property
    def predictors(self) -> list[str]:
        """The names of the predictors it lists."""
        return re.findall(r'"([^"]+)"', self.given.get(MODULES, ""))


def read_question(system: str, user: str) -> Question | None:
    """The question in a system and a user message; None when it is not in DSPy's chat format."""
    outputs = _OUTPUTS.search(system)
    return Question(dict(_FIELD.findall(outputs[1])), dict(_SECTION.findall(user))) if outputs else None


def form_of(values: dict[str, str]) -> str:
    """An answer with these fields, in DSPy's chat format."""
    return "".join(f"[[ ## {name} ## ]]\n{text}\n\n" for name, text in values.items()) + "[[ ## completed ## ]]"
