"""From a model string to a `dspy.LM` that was checked.

`local/…` models run embedded on this machine. With `--api-base`, any OpenAI-compatible server is called natively, so it
gets the JSON schema of structured answers. DSPy handles all other model strings.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from program.errors import TIMEOUT_VARIABLE, ModelError
from program.models.error_bodies import in_openai_form, is_error
from program.models.names import EMBEDDED, check_model
from program.models.prices import packaged_prices

CACHE_FOLDER = Path(os.environ.get("ALPHACODIUM_CACHE", ".cache"))
# Answers are not streamed, so this limits the whole answer. A thought of 64,000 tokens takes half an hour at 36 a
# second.
TIMEOUT_SECONDS, THINKING_SECONDS = 600.0, 3600.0
SERVED_AS = ("openai/", "hosted_vllm/")  # prefixes that are not part of the model's name on a self-hosted server


# Calls a new LM and returns one line about what it learned. An `LMError` means that the model does not answer.
Check = Callable[[Any], str]


@contextmanager
def open_lm(model: str, *, api_base: str | None = None, slots: int = 4, check: Check | None = None) -> Iterator:
    """Open a `dspy.LM` for `model` and check it with one small call. Its server is stopped at the end.

    The LM does not retry, because stages do, except to find out what a server refuses (see `program.models.adapting`).
    It does not use DSPy's cache. The result of the check is printed to standard error.

    Args:
        model: `local/NAME` for an embedded model, else a DSPy model string such as `openai/gpt-4o-mini`.
        api_base: the address of an OpenAI-compatible server that has `model`.
        slots: concurrent requests of an embedded server.
        check: checks whether it answers; None for `program.models.start_check.check`, which calls it once.

    Raises:
        UserError: the model name or the address is not valid.
        ModelError: there are no weights, no server, no key or no answer.
    """
    from program.undocumented import error_bodies_read  # imported here so that --help does not need DSPy

    check_model(model, api_base)
    with packaged_prices(), error_bodies_read(in_openai_form, is_error):
        if model.startswith(EMBEDDED) and api_base is None:
            with _embedded(model.removeprefix(EMBEDDED), slots) as address:
                yield _served(model, address, check)
        elif api_base is not None:
            yield _served(model, api_base, check)
        else:
            yield _checked(_any(model), check, model)


@contextmanager
def _embedded(name: str, slots: int) -> Iterator[str]:
    from program.models.llama_server import serve
    from program.models.weights import find_weights

    weights = find_weights(name, CACHE_FOLDER / "weights")
    with serve(weights, name=name, slots=slots, log=CACHE_FOLDER / "llama-server.log") as address:
        yield address


def _served(model: str, address: str, check: Check | None):
    """The model on a server, by the name it has there: some servers keep the prefix in the name."""
    name = next((model.removeprefix(prefix) for prefix in SERVED_AS if model.startswith(prefix)), model)
    provider = "server"
    if model.startswith(EMBEDDED):
        provider, name = "local", model.removeprefix(EMBEDDED)
    from program.models.start_check import Server

    try:
        return _checked(_openai_compatible(provider, name, address), check, model, name, address)
    except ModelError:
        if name == model or model not in (Server(address).names() or ()):
            raise
    return _checked(_openai_compatible(provider, model, address), check, model, model, address)


def _openai_compatible(provider: str, name: str, address: str):
    """An LM for an OpenAI-compatible server. It sends the token cap as `max_tokens`; its twin sends it as
    `max_completion_tokens`."""
    from program.models.start_check import KEY_VARIABLE

    keys = (KEY_VARIABLE,) if os.environ.get(KEY_VARIABLE) else ()
    lm, lm.twin = (_declared(provider, name, address, keys, field) for field in ("max_tokens", "max_completion_tokens"))
    return lm


def timeout_of(model: str) -> float:
    """The seconds to wait for an answer of a model.

    Raises:
        ModelError: the value in the environment is not a positive number.
    """
    given = os.environ.get(TIMEOUT_VARIABLE)
    if not given:
        from program.models.profile import profile_named

        return THINKING_SECONDS if profile_named(model).thinks else TIMEOUT_SECONDS
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ModelError(f"{TIMEOUT_VARIABLE} must be a number of seconds, not {given!r}")
    return seconds


def _declared(provider: str, name: str, address: str, keys: tuple[str, ...], field: Any):
    import dspy
    from dspy import lm15

    from program.models.adapting import adapting

    definition = lm15.ProviderDefinition.chat(
        lm15.AccessPolicy(provider=provider, base_url=address, env_keys=keys),
        compat=lm15.OpenAIChatCompat(max_tokens_field=field),
        placeholder_key=None if keys else "none",
    )
    # An LM stores the providers that are registered when it is made. Restore the process's own afterwards.
    before = [each for each in lm15.registered_providers() if each.id == provider]
    lm15.register_provider(definition, supports=lm15.ModelSupport(response_schema=True), replace=True)
    try:
        return adapting(dspy.LM(f"{provider}/{name}", cache=False, timeout=timeout_of(name), num_retries=0))
    finally:
        lm15.unregister_provider(provider)
        for each in before:
            more = {"models": dict(each.models), "metadata_namespaces": each.metadata_namespaces}
            lm15.register_provider(each.definition, supports=each.supports, **more)


def _any(model: str):
    import dspy

    from program.models.adapting import adapting

    return adapting(dspy.LM(model, cache=False, timeout=timeout_of(model), num_retries=0))


def _checked(lm, check: Check | None, model: str, name: str = "", address: str | None = None):
    """Make one small call, so that a missing key or an unreachable server is reported before any work is done."""
    from dspy import DSPyError

    from program.models import start_check
    from program.models.learned import learned_of

    try:
        learned = (check or start_check.check)(lm)
    except (DSPyError, ValueError, OSError, ImportError) as fault:
        raise start_check.why_not(model, name, fault, address) from fault
    if learned:
        print(learned, file=sys.stderr)
    if learned_of(lm).thinks and not os.environ.get(TIMEOUT_VARIABLE):  # its name did not say so
        for each in (lm, lm.twin):
            if each is not None:
                each.kwargs["timeout"] = THINKING_SECONDS
    return lm
