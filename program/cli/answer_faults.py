"""What is said, and advised, of answers that brought nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from program.adapters.form import answers_with_code
from program.rollout.trace import Call
from program.stage.stage import Stage

TOLERATED = 1 / 20  # share of the answers; with more of them a result says little about the model


class AnswerFault(NamedTuple):
    """One outcome of a call in words, which go on after a number of answers, and what helps.

    room: whether more tokens for an answer help.
    """

    words: str
    advice: str = ""
    room: bool = False


READ_THEM = "program.solve --trace full and eval.show RUN PROBLEM show them"
FAULTS = {  # by the outcome of the call
    "unparsable": AnswerFault("could not be read", f"{READ_THEM}; another --adapter of eval.run may suit the model"),
    "endless": AnswerFault("ran in circles up to the cap", "a higher temperature helps: --set temperature=0.8"),
    "cut": AnswerFault("were cut at the cap", room=True),
    "cut while thinking": AnswerFault("were cut at the cap while the model was thinking", room=True),
    "empty": AnswerFault("were empty", "a model that thinks may have had no room for more", room=True),
    "stub": AnswerFault("gave the function back without a body", READ_THEM),
    "refused": AnswerFault("were refused by the model", READ_THEM),
    "filtered": AnswerFault("were held back by the provider's filter", "another provider may not have one"),
}


def answer_faults(calls: Iterable[Call], program: Any, tolerated: float = TOLERATED) -> str:
    """How many answers brought nothing, why, and what to change; empty where it is no larger share than `tolerated`.

    Args:
        calls: of the stages of `program`; those that brought no answer at all are not counted.
        program: whose configuration has the caps.
    """
    answers = [call for call in calls if call.came]
    bad = [call for call in answers if call.unread]
    if not bad or len(bad) <= tolerated * len(answers):
        return ""
    counts = Counter(call.outcome for call in bad)
    reasons = ", ".join(f"{count} {FAULTS[outcome].words}" for outcome, count in counts.most_common())
    advice = [FAULTS[outcome].advice for outcome, _ in counts.most_common()]
    advice.append(_room(program, {call.stage for call in bad if FAULTS[call.outcome].room}))
    return "; ".join([f"{len(bad)} of {len(answers)} answers brought nothing: {reasons}", *filter(None, advice)])


def _room(program: Any, stages: Collection[str]) -> str:
    """How to give stages more room, with the caps that they have."""
    modules = [part for _, part in program.named_sub_modules() if isinstance(part, Stage) and part.name in stages]
    signatures: list[Any] = [part.predict.signature for part in modules]
    keys = {"max_code_tokens" if answers_with_code(each) else "max_text_tokens" for each in signatures}
    caps = {key: getattr(program.config, key) for key in sorted(keys)}
    settings = " ".join(f"--set {key}={2 * cap if cap else 'TOKENS'}" for key, cap in caps.items())
    return f"give them more room: {settings}" if settings else ""
