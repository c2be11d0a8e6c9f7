"""An LM that finds out which settings its server refuses, and continues without them."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import dspy
from dspy.lm15 import Request

from program.models.learned import REFUSALS, Change, Learned, learned_of
from program.rollout.context import context, trace
from program.rollout.decisions import SettingRefused
from program.undocumented import ask_as

if TYPE_CHECKING:
    _Base = dspy.LM
else:
    _Base = object

MOST_CHANGES = 5  # per request; each change leaves out, renames or lowers one setting
_CAPS = ("max_tokens", "max_completion_tokens")


class Adapting(_Base):
    """A mixin for a class of `dspy.LM`. It changes a refused request as `program.models.learned` finds out, sends it
    again, and sends later requests in that form.

    Attributes:
        twin: a copy of this LM that sends the token cap under the other name; None if the name is a setting of the LM.
    """

    twin: dspy.LM | None = None

    def __call__(self, prompt: Any = None, *, messages: Any = None, **settings: Any) -> Any:
        """See `dspy.LM`.

        Raises:
            LMError: the first refusal, if no change of the request helps.
        """
        known, characters = learned_of(self), len(str(messages or prompt))
        wanted = self._wanted(prompt, settings)
        changes: list[Change] = []
        refused: Exception | None = None
        while True:
            sent = _changed(wanted, known, changes, characters)
            try:
                answer = self._send(prompt, messages, settings, wanted, sent, _renamed(known, changes))
                break
            except REFUSALS as fault:
                change = known.change_for(fault, sent, characters)
                if change is None or len(changes) == MOST_CHANGES:
                    raise refused or fault from None
                refused = refused or fault
                changes.append(change)
                if (collected := context().changed) is not None:
                    collected.append(change)
        for change in changes:
            known.keep(change)
        known.schema_taken |= sent["response_format"] is not None
        self._account(known)
        return answer

    def _wanted(self, prompt: Any, settings: dict[str, Any]) -> dict[str, Any]:
        """The requested values of the settings that a server may refuse; None for settings that are not requested."""
        if isinstance(prompt, Request):
            config = prompt.config
            return {name: getattr(config, name) for name in ("temperature", "seed", "response_format", "max_tokens")}
        merged = {**self.kwargs, **settings}
        wanted = {name: merged.get(name) for name in ("temperature", "seed", "response_format")}
        return {**wanted, "max_tokens": next((merged[name] for name in _CAPS if merged.get(name)), None)}

    def _send(
        self,
        prompt: Any,
        messages: Any,
        settings: dict[str, Any],
        wanted: dict[str, Any],
        sent: dict[str, Any],
        renamed: bool,
    ) -> Any:
        changed = {name: value for name, value in sent.items() if value != wanted[name]}
        if renamed and self.twin is not None:
            ask_as(self, self.twin)
        elif renamed and sent["max_tokens"] is not None:
            changed |= {"max_tokens": None, "max_completion_tokens": sent["max_tokens"]}
        if not changed:
            return super().__call__(prompt, messages=messages, **settings)
        if not isinstance(prompt, Request):
            return super().__call__(prompt, messages=messages, **{**settings, **changed})
        config, other = prompt.config, changed.pop("max_completion_tokens", None)
        more = {"extensions": {**(config.extensions or {}), "max_completion_tokens": other}} if other else {}
        return super().__call__(replace(prompt, config=replace(config, **changed, **more)), **settings)

    def _account(self, known: Learned) -> None:
        """Enter in the trace which settings are left out; once per rollout."""
        for name in sorted(known.left_out):
            self._enter("schema" if name == "response_format" else name)
        if known.renamed:
            self._enter("the name of the cap")
        if known.most_tokens is not None:
            self._enter("cap", known.most_tokens)

    def _enter(self, setting: Any, instead: int | None = None) -> None:
        trace().decide_once(SettingRefused(model=self.model, setting=setting, instead=instead))


def adapting(lm: Any) -> Any:
    """`lm` as an LM that adapts itself; an object that is not a `dspy.LM` is returned unchanged. It shares everything
    with `lm`, including history and callbacks."""
    if isinstance(lm, Adapting) or not isinstance(lm, dspy.LM):
        return lm
    adapted = copy.copy(lm)
    adapted.__class__ = _adapting_kind(type(lm))
    return adapted


@cache
def _adapting_kind(kind: type) -> Any:
    return type(kind.__name__, (Adapting, kind), {"__module__": kind.__module__, "__qualname__": kind.__qualname__})


def _renamed(known: Learned, changes: list[Change]) -> bool:
    return known.renamed != any(change.setting == "max_tokens" and change.tokens is None for change in changes)


def _changed(wanted: dict[str, Any], known: Learned, changes: list[Change], characters: int) -> dict[str, Any]:
    """The settings to send, given what is known and what this request has shown."""
    sent = {name: None if name in known.left_out else value for name, value in wanted.items()}
    if sent["max_tokens"] is not None:
        sent["max_tokens"] = known.room(sent["max_tokens"], characters)
    for change in changes:
        if change.setting != "max_tokens":
            sent[change.setting] = None
        elif change.tokens is not None:
            sent["max_tokens"] = change.tokens
    return sent
