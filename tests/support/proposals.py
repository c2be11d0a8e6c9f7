"""A scripted LM for optimizers that ask for better instructions: it proposes the present one with a hint, and with the
hint some programs are right that are wrong without it."""

import json
import re
from collections.abc import Callable, Sequence

from tests.support.packs import Task, answer_rule

HINT = "Mind the large inputs."
_SECTION = re.compile(r"\[\[ ## (\w+) ## \]\]\n(.*?)(?=\n\n\[\[ ## |\n\nRespond with|\Z)", re.DOTALL)
_OUTPUTS = re.compile(r"Your output fields are:\n(.*?)\nAll interactions", re.DOTALL)


def is_proposal(prompt: str) -> bool:
    """Whether an optimizer asks, and not a stage."""
    return "[[ ## completed ## ]]" in prompt


def proposal(prompt: str, predictors: Sequence[str] = ("solve.predict",)) -> str:
    """An answer in DSPy's chat format; every text field is the present instruction with the hint."""
    given = dict(_SECTION.findall(prompt.partition("All interactions")[2]))
    instruction = given.get("basic_instruction") or given.get("current_instruction") or "An instruction."
    fields = re.findall(r"`(\w+)`", _OUTPUTS.search(prompt)[1])  # pyright: ignore[reportOptionalSubscript]
    answers = {name: f"{instruction.strip()} {HINT}" for name in fields}
    if "module_advice" in answers:
        answers["module_advice"] = json.dumps(dict.fromkeys(predictors, HINT))
    return "".join(f"[[ ## {name} ## ]]\n{text}\n\n" for name, text in answers.items()) + "[[ ## completed ## ]]"


def hinted_rule(tasks: Sequence[Task], *, helped: Sequence[str]) -> Callable[[str], str]:
    """Answers stages and proposals; programs for the tasks in `helped` are right only where a prompt has the hint."""
    plain = answer_rule(tasks, **dict.fromkeys(helped, "wrong"))
    with_hint = answer_rule(tasks)

    def answer(prompt: str) -> str:
        if is_proposal(prompt):
            return proposal(prompt)
        return with_hint(prompt) if HINT in prompt else plain(prompt)

    return answer
