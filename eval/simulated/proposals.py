"""What the simulated LM says when an optimizer asks it for a better instruction, in DSPy's chat format."""

from __future__ import annotations

import json
import random
import re

_OUTPUTS = re.compile(r"Your output fields are:\n(.*?)\nAll interactions", re.DOTALL)
_FIELD = re.compile(r"`(\w+)` \((.*?)\)")
_SECTION = re.compile(r"\[\[ ## (\w+) ## \]\]\n(.*?)(?=\n\n\[\[ ## |\n\nRespond with|\Z)", re.DOTALL)
GIVEN = ("basic_instruction", "current_instruction")


def propose(system: str, user: str, chance: random.Random) -> str | None:
    """A filled answer form; None when the question is not in DSPy's chat format.

    A text field is the instruction at hand with a remark that differs from draw to draw; a dictionary, such as advice
    to modules, has such a remark for each of them.
    """
    outputs = _OUTPUTS.search(system)
    if outputs is None:
        return None
    given = dict(_SECTION.findall(user))
    remark = f"Keep in mind: simulated remark {chance.randrange(10**6)}."
    instruction = next((given[name] for name in GIVEN if name in given), "")
    parts = []
    for name, kind in _FIELD.findall(outputs[1]):
        text = f"{instruction} {remark}".strip()
        if kind.startswith("dict"):
            text = json.dumps(dict.fromkeys(_names(given.get("module_names", "")), remark))
        parts.append(f"[[ ## {name} ## ]]\n{text}\n\n")
    return "".join(parts) + "[[ ## completed ## ]]"


def _names(listed: str) -> list[str]:
    return re.findall(r'"([^"]+)"', listed)
