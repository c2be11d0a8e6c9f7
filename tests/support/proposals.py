"""A scripted LM for optimizers that ask for better instructions: it proposes the present one with a hint, and with the
hint some programs are right that are wrong without it."""

import json
from collections.abc import Callable, Sequence

from eval.undocumented import form_of, read_question
from tests.support.packs import Task, answer_rule

HINT = "Mind the large inputs."


def is_proposal(prompt: str) -> bool:
    """Whether an optimizer asks, and not a stage."""
    return "[[ ## completed ## ]]" in prompt


def proposal(prompt: str, predictors: Sequence[str] = ("solve.predict",)) -> str:
    """An answer in DSPy's chat format; every text field is the present instruction with the hint."""
    question = read_question(prompt, prompt.partition("All interactions")[2])
    assert question is not None
    answers = dict.fromkeys(question.wanted, f"{question.instruction.strip() or 'An instruction.'} {HINT}")
    if "module_advice" in answers:
        answers["module_advice"] = json.dumps(dict.fromkeys(predictors, HINT))
    return form_of(answers)


def hinted_rule(tasks: Sequence[Task], *, helped: Sequence[str]) -> Callable[[str], str]:
    """Answers stages and proposals; programs for the tasks in `helped` are right only where a prompt has the hint."""
    plain = answer_rule(tasks, **dict.fromkeys(helped, "wrong"))
    with_hint = answer_rule(tasks)

    def answer(prompt: str) -> str:
        if is_proposal(prompt):
            return proposal(prompt)
        return with_hint(prompt) if HINT in prompt else plain(prompt)

    return answer
