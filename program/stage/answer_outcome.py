"""The outcome of one request: an answer that was read, or one that was cut off, empty, refused or unreadable.

The last four are not counted as wrong answers. The outcome decides what is requested next.
"""

from __future__ import annotations

from collections.abc import Sequence

from dspy import AdapterParseError

from program.answers.programs import STUB, FoundProgram
from program.answers.unreadable import NoAnswer
from program.rollout.trace import Call, Outcome
from program.stage.call_record import runs_in_circles
from program.undocumented import Noted

CUT: tuple[Outcome, ...] = ("cut", "cut while thinking")  # a higher token cap may help
_SAID: dict[Outcome, str] = {
    "endless": "cut off while it repeated itself",
    "cut": "cut off at the cap of tokens",
    "cut while thinking": "cut off at the cap of tokens while the model was thinking",
    "empty": "an empty answer",
    "refused": "the model declines to answer",
    "stub": "the function without a body",
    "filtered": "the provider held the answer back",
}
_AS_READ: tuple[Outcome, ...] = ("cut while thinking", "cut", "empty", "refused")  # kinds of `NoAnswer` too


def enter_outcome(
    call: Call, notes: Sequence[Noted], fault: AdapterParseError | None, programs: Sequence[FoundProgram]
) -> None:
    """Enter the outcome of an answer in `call`, and its reason.

    Args:
        call: contains the texts of the answer; its outcome is "ok" or "unparsable" so far.
        notes: DSPy's records of the request.
        fault: why the answer could not be read; None if it was read.
        programs: the programs in the answer, the likeliest first; empty if no program was requested.
    """
    call.outcome = _outcome(call, notes, fault, programs)
    if call.outcome != "ok":
        call.detail = call.detail or _SAID.get(call.outcome, "")


def _outcome(
    call: Call, notes: Sequence[Noted], fault: AdapterParseError | None, programs: Sequence[FoundProgram]
) -> Outcome:
    filtered = any(note.filtered for note in notes)
    cut_off = filtered or any(note.cut_off for note in notes)
    circles = runs_in_circles(call.answer)
    if fault is None:
        if cut_off and circles:
            return "endless"
        if any(STUB in each.doubts for each in programs[:1]):
            return "stub"
        # A program that was cut off may still compile, and would be judged as if it were complete.
        # So may a draft before the program that was cut off.
        is_cut = any(each.cut for each in programs[:1]) or (cut_off and any(not each.closed for each in programs))
        return "ok" if not is_cut else "filtered" if filtered else "cut"
    if filtered:
        return "filtered"
    if any(note.refusal for note in notes):
        return "refused"
    if circles:
        return "endless"
    if not call.answer.strip() and cut_off:
        return "cut while thinking" if call.thought else "cut"
    if isinstance(fault.__cause__, NoAnswer) and fault.__cause__.kind in _AS_READ:
        return fault.__cause__.kind
    if not call.answer.strip():
        return "empty"
    return "cut" if cut_off else "unparsable"
