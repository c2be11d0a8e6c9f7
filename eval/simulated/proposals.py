"""The simulated LM's answers when an optimizer asks for a better instruction, in DSPy's chat format."""

from __future__ import annotations

import json
import random

from eval.simulated.skills import SENTENCE
from eval.undocumented import form_of, read_question


def propose(system: str, user: str, chance: random.Random, share: float = 0.0) -> str | None:
    """A complete answer; None if the question is not in DSPy's chat format.

    A text field is the current instruction with a remark that differs per draw; a dictionary, such as advice to
    modules, has one such remark per key.

    Args:
        system, user: the question.
        chance: all randomness of the proposal.
        share: of proposals with a remark that ends with `SENTENCE`, 0 to 1.
    """
    question = read_question(system, user)
    if question is None:
        return None
    remark = f"Keep in mind: simulated remark {chance.randrange(10**6)}."
    if chance.random() < share:
        remark = f"{remark} {SENTENCE}"
    text, advice = f"{question.instruction} {remark}".strip(), json.dumps(dict.fromkeys(question.predictors, remark))
    return form_of({name: advice if kind.startswith("dict") else text for name, kind in question.wanted.items()})
