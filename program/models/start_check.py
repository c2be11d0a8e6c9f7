"""The check at the start of a command: one small call with the same settings as the calls of stages."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

import dspy
from dspy import DSPyError, LMAuthError, LMConfigurationError, LMError, LMTransportError

from program.errors import ModelError, call_fault, ran_out_of_time
from program.models.learned import learned_of
from program.models.names import EMBEDDED
from program.models.prices import price_of
from program.models.profile import profile_of
from program.rollout.rate_limits import Pace
from program.undocumented import asked_for_another

KEY_VARIABLE = "LM_API_KEY"  # the key for a server in --api-base; the large providers have their own variables
QUESTION = 'Say yes, as JSON: {"answer": "yes"}'
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
PATIENCE_SECONDS = 90.0  # maximum total wait
UNREACHABLE_RETRIES = 1  # a wrong address stays wrong
LISTING_SECONDS = 10.0
MOST_NAMES = 8
ENDPOINTS = ("/chat/completions", "/completions", "/models", "/responses")  # parts of a server, not its address
_KEY_NAME = re.compile(r"[A-Z][A-Z0-9]*_API_KEY")
MOST_CHARACTERS = 300  # of an error message


def check(lm: dspy.LM) -> str:
    """Call `lm` once, like a stage and with the same retries. Return one line about what was learned, or an empty text.

    Raises:
        LMError: the model does not answer.
    """
    if lm.model.startswith(EMBEDDED):
        with dspy.context(disable_history=True):
            lm("Say yes.", max_tokens=16)
        return ""
    profile, settings = profile_of(lm), {}
    if profile.temperature is not None:
        settings["temperature"] = profile.temperature
    if profile.schema and lm.supports_response_schema:
        format_ = {"name": "answer", "schema": SCHEMA, "strict": True}
        settings["response_format"] = {"type": "json_schema", "json_schema": format_}
    with asked_for_another(lm) as (asked, notes):
        _patiently(lambda: asked(QUESTION, max_tokens=profile.code_tokens, **settings))
    if any(note.thought for note in notes):
        learned_of(lm).thinks = True
    return learned_line(lm)


def learned_line(lm: dspy.LM) -> str:
    """What is known about a model, in one line: `server/m: thinks; no temperature; max_tokens; prices unknown`."""
    profile = profile_of(lm)
    parts = [
        "thinks" if profile.thinks else "",
        "no temperature" if profile.temperature is None else f"temperature {profile.temperature:g}",
        profile.cap_field,
        f"answers of at most {profile.code_tokens:,} tokens",
        "" if profile.schema and lm.supports_response_schema else "no schema",
        "prices unknown" if price_of(lm.model) is None else "",
    ]
    return f"{lm.model}: {'; '.join(filter(None, parts))}"


def _patiently(ask: Any) -> None:
    pace, waited, retries = Pace(), 0.0, 0
    while True:
        try:
            ask()
            return
        except LMError as fault:
            wait = pace.refused(fault, retries)
            gone = isinstance(fault, LMTransportError) and retries >= UNREACHABLE_RETRIES
            if gone or not pace.may_retry(fault, retries) or waited + wait > PATIENCE_SECONDS:
                raise
            time.sleep(wait)
            waited, retries = waited + wait, retries + 1


@dataclass(frozen=True)
class Server:
    """An OpenAI-compatible server; after a failed call it is asked for its models."""

    address: str

    def names(self) -> list[str] | None:
        """The models it lists; None if it lists none."""
        request = urllib.request.Request(f"{self.address.rstrip('/')}/models", headers={"Accept": "application/json"})
        if key := os.environ.get(KEY_VARIABLE):
            request.add_header("Authorization", f"Bearer {key}")
        try:
            with urllib.request.urlopen(request, timeout=LISTING_SECONDS) as reply:
                return [str(each["id"]) for each in json.load(reply)["data"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def below_v1(self) -> Server | None:
        """The server at this address plus `/v1`, if only that one lists models."""
        if self.address.rstrip("/").endswith("/v1"):
            return None
        longer = Server(f"{self.address.rstrip('/')}/v1")
        return longer if longer.names() is not None else None


def why_not(model: str, asked_for: str, fault: Exception, address: str | None) -> ModelError:
    """The error for a model that does not answer: one line, with a suggestion if there is one.

    Args:
        model: the name in the command.
        asked_for: the model name that was sent to the server.
        fault: the exception of the check.
        address: the server's address; None for a provider that DSPy knows.
    """
    if isinstance(fault, LMConfigurationError) and (named := _KEY_NAME.search(str(fault))):
        return ModelError(f"{model} needs a key. Type export {named[0]}=YOUR-KEY")
    said = f"{model} does not answer: {type(fault).__name__}: {call_fault(fault, MOST_CHARACTERS).rstrip('. ')}"
    return ModelError(". ".join(filter(None, (said, _advice(model, asked_for, fault, address)))))


def _advice(model: str, asked_for: str, fault: Exception, address: str | None) -> str:
    if address is None:
        return _advice_on_provider(model, fault)
    if isinstance(fault, LMAuthError):
        return _advice_on_key()
    if isinstance(fault, LMTransportError):
        return "" if ran_out_of_time(fault) else f"Is the server started, and is {address} its address?"
    if not isinstance(fault, LMError) or fault.status not in (400, 404, 405):
        return ""
    if end := next((each for each in ENDPOINTS if address.rstrip("/").endswith(each)), ""):
        return f"Type --api-base {address.rstrip('/').removesuffix(end)}"
    server = Server(address)
    if server.names() is None and (longer := server.below_v1()):
        return f"Type --api-base {longer.address}"
    names = server.names() or []
    if names and asked_for not in names:
        more = ", …" if len(names) > MOST_NAMES else ""
        return f"The server has {', '.join(names[:MOST_NAMES])}{more}. Type --lm openai/{names[0]}"
    return ""


def _advice_on_key() -> str:
    given = os.environ.get(KEY_VARIABLE)
    said = f"The key in {KEY_VARIABLE} is refused" if given else f"Type export {KEY_VARIABLE}=KEY-OF-THIS-SERVER"
    if os.environ.get("OPENAI_API_KEY"):
        said += "; OPENAI_API_KEY is not sent to --api-base, as that server need not be OpenAI's"
    return said


def _advice_on_provider(model: str, fault: Exception) -> str:
    provider, _, name = model.partition("/")
    if isinstance(fault, LMAuthError | LMConfigurationError):
        named = _KEY_NAME.search(str(fault))
        return f"Type export {named[0] if named else f'{provider.upper()}_API_KEY'}=YOUR-KEY"
    if isinstance(fault, DSPyError) and getattr(fault, "status", None) == 404:
        return f"Type --lm {provider}/NAME with the name of a model of {provider}; it has no {name}"
    return ""
