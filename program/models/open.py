"""From a model string to a `dspy.LM` that is known to answer.

`local/…` models run embedded on this machine; with `--api-base` any OpenAI-compatible server is spoken to natively
(so that it gets the JSON schema of structured answers); every other string is DSPy's own affair.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from program.errors import ModelError
from program.models.names import EMBEDDED, check_model
from program.models.prices import packaged_prices

CACHE_FOLDER = Path(os.environ.get("ALPHACODIUM_CACHE", ".cache"))
TIMEOUT_SECONDS = 600.0
THINKING_TOKENS = 2000  # a reasoning model may need them before it says yes
KEY_VARIABLE = "LM_API_KEY"  # the key for a server named by --api-base; the big providers have their own variables


@contextmanager
def open_lm(model: str, *, api_base: str | None = None, slots: int = 4) -> Iterator:
    """A `dspy.LM` for `model`, checked by one small call; what serves it is stopped at the end.

    It sends no request twice, which stages do themselves, and does not ask DSPy's cache.

    Args:
        model: `local/NAME` for an embedded model, else a DSPy model string such as `openai/gpt-4o-mini`.
        api_base: the address of an OpenAI-compatible server that has `model`.
        slots: side-by-side requests of an embedded server.

    Raises:
        UserError: there can be no such model or no such server.
        ModelError: no weights or server for it, missing key, or no answer.
    """
    check_model(model, api_base)
    with packaged_prices():
        if model.startswith(EMBEDDED) and api_base is None:
            with _embedded(model.removeprefix(EMBEDDED), slots) as address:
                yield _checked(_openai_compatible(model, address))
        elif api_base is not None:
            yield _checked(_openai_compatible(model, api_base))
        else:
            yield _checked(_any(model))


@contextmanager
def _embedded(name: str, slots: int) -> Iterator[str]:
    from program.models.llama_server import serve
    from program.models.weights import find_weights

    weights = find_weights(name, CACHE_FOLDER / "weights")
    with serve(weights, name=name, slots=slots, log=CACHE_FOLDER / "llama-server.log") as address:
        yield address


def _openai_compatible(model: str, address: str):
    import dspy
    from dspy import lm15

    provider, _, name = model.partition("/")
    if provider != "local":
        provider, name = "server", model.removeprefix("openai/").removeprefix("hosted_vllm/")
    keys = (KEY_VARIABLE,) if os.environ.get(KEY_VARIABLE) else ()
    definition = lm15.ProviderDefinition.chat(
        lm15.AccessPolicy(provider=provider, base_url=address, env_keys=keys),
        compat=lm15.OpenAIChatCompat(max_tokens_field="max_tokens"),
        placeholder_key=None if keys else "none",
    )
    # An LM keeps the providers that are registered when it is made, so the process gets back those it had.
    before = [each for each in lm15.registered_providers() if each.id == provider]
    lm15.register_provider(definition, supports=lm15.ModelSupport(response_schema=True), replace=True)
    try:
        return dspy.LM(f"{provider}/{name}", cache=False, timeout=TIMEOUT_SECONDS, num_retries=0)
    finally:
        lm15.unregister_provider(provider)
        for each in before:
            more = {"models": dict(each.models), "metadata_namespaces": each.metadata_namespaces}
            lm15.register_provider(each.definition, supports=each.supports, **more)


def _any(model: str):
    import dspy

    return dspy.LM(model, cache=False, timeout=TIMEOUT_SECONDS, num_retries=0)


def _checked(lm):
    """One tiny call, so that a missing key or an unreachable server shows before any work is done."""
    import dspy
    from dspy import DSPyError

    try:
        with dspy.context(disable_history=True):
            lm("Say yes.", max_tokens=16 if lm.model.startswith(EMBEDDED) else THINKING_TOKENS)
    except (DSPyError, ValueError, OSError) as fault:
        raise ModelError(f"{lm.model} does not answer: {_first_line(fault)}") from fault
    return lm


def _first_line(fault: BaseException) -> str:
    lines = str(fault).strip().splitlines()
    return f"{type(fault).__name__}: {lines[0] if lines else ''}"[:300]
