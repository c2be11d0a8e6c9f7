"""Which models get the JSON schema of an answer, and what happens with those that refuse it.

Providers differ in the part of JSON Schema they take. One that answers a request with "invalid" is asked once more
without a schema; if that goes through, its model is not sent one again in this process.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import dspy
from dspy.utils.exceptions import ContextWindowExceededError, LMInvalidRequestError, LMUnsupportedModelError

from program.account import account

EMBEDDED = "local/"  # how the names of the models begin that run embedded
_refusing: set[str] = set()
_left_out: ContextVar[bool] = ContextVar("schema left out", default=False)


def takes_schema(lm: dspy.BaseLM) -> bool:
    """Whether a call to `lm` may carry the schema of its answer."""
    return lm.supports_response_schema and lm.model not in _refusing and not _left_out.get()


def bounds_texts(lm: dspy.BaseLM) -> bool:
    """Whether the schema bounds how long texts may be: it keeps small models from running on, and would cut the
    thoughts of larger ones. OpenAI and Anthropic refuse such bounds."""
    return lm.model.startswith(EMBEDDED)


def asked_without_schema_if_refused(ask: Callable[[], Any]) -> Any:
    """What `ask` returns, which makes one request; where that is refused as invalid, what it returns without a schema.

    Raises:
        LMError: what `ask` raises with the schema, where it fares no better without.
    """
    lm = dspy.settings.lm
    if lm is None or not takes_schema(lm):
        return ask()
    try:
        return ask()
    except (ContextWindowExceededError, LMUnsupportedModelError):
        raise
    except LMInvalidRequestError as refused:
        token = _left_out.set(True)
        try:
            answer = ask()
        except LMInvalidRequestError:
            raise refused from None
        finally:
            _left_out.reset(token)
        _refusing.add(lm.model)
        account().decide_once(f"{lm.model} refuses the JSON schema of answers, and is asked without it")
        return answer
