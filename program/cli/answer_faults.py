"""The warning about unusable answers, with advice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from program.adapters.form import answers_with_code
from program.rollout.trace import Call
from program.stage.stage import Stage

TOLERATED = 1 / 20  # share of the answers; above it, a result says little about the model


class AnswerFault(NamedTuple):
    """The description of a call outcome, which follows a number of answers, and the advice for it.

    room: whether a higher token cap helps.
    """

    words: str
    advice: str = ""
    room: bool = False


READ_THEM = "see them with program.solve --trace full or eval.show RUN PROBLEM"
FAULTS = {  # by the outcome of the call
    "unparsable": AnswerFault("could not be read", f"{READ_THEM}; another --adapter of eval.run may suit the model"),
    "endless": AnswerFault("repeated themselves up to the cap", "a higher temperature helps: --set temperature=0.8"),
    "cut": AnswerFault("were cut at the cap", room=True),
    "cut while thinking": AnswerFault("were cut at the cap while the model was thinking", room=True),
    "empty": AnswerFault("were empty", "a model that thinks may have used up its tokens", room=True),
    "stub": AnswerFault("repeated the function without a body", READ_THEM),
    "refused": AnswerFault("were refused by the model", READ_THEM),
    "filtered": AnswerFault("were blocked by the provider's filter", "another provider may not have one"),
}


def answer_faults(calls: Iterable[Call], program: Any, tolerated: float = TOLERATED) -> str:
    """How many answers were unusable, why, and what to change; empty if their share is at most `tolerated`.

    Args:
        calls: calls of the stages of `program`; calls without any response are not counted.
        program: its configuration has the token caps.
    """
    answers = [call for call in calls if call.came]
    bad = [call for call in answers if call.unread]
    if not bad or len(bad) <= tolerated * len(answers):
        return ""
    counts = Counter(call.outcome for call in bad)
    reasons = ", ".join(f"{count} {FAULTS[outcome].words}" for outcome, count in counts.most_common())
    advice = [FAULTS[outcome].advice for outcome, _ in counts.most_common()]
    advice.append(_room(program, {call.stage for call in bad if FAULTS[call.outcome].room}))
    return "; ".join([f"{len(bad)} of {len(answers)} answers were unusable: {reasons}", *filter(None, advice)])


def _room(program: Any, stages: Collection[str]) -> str:
    """The settings that double the token caps of these stages."""
    modules = [part for _, part in program.named_sub_modules() if isinstance(part, Stage) and part.name in stages]
    signatures: list[Any] = [part.predict.signature for part in modules]
    keys = {"max_code_tokens" if answers_with_code(each) else "max_text_tokens" for each in signatures}
    caps = {key: getattr(program.config, key) for key in sorted(keys)}
    settings = " ".join(f"--set {key}={2 * cap if cap else 'TOKENS'}" for key, cap in caps.items())
    return f"raise the cap: {settings}" if settings else ""
