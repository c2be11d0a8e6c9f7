"""From a model string to a `dspy.LM` that is known to answer.

`local/…` models run embedded on this machine; with `--api-base` any OpenAI-compatible server is spoken to natively
(so that it gets the JSON schema of structured answers); every other string is DSPy's own affair.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from program.errors import ModelError
from program.models.prices import packaged_prices
from program.models.weights import MODELS

EMBEDDED = "local/"  # how the names of the models begin that run embedded
DEFAULT_MODEL = "local/qwen2.5-coder-0.5b"
CACHE_FOLDER = Path(os.environ.get("ALPHACODIUM_CACHE", ".cache"))
TIMEOUT_SECONDS = 600.0
THINKING_TOKENS = 2000  # a reasoning model may need them before it says yes
KEY_VARIABLE = "LM_API_KEY"  # the key for a server named by --api-base; the big providers have their own variables


Check = Callable[[Any], Any]  # of an LM that was just opened, whether it answers


@contextmanager
def open_lm(
    model: str, *, api_base: str | None = None, slots: int = 4, check: Check = lambda lm: checked(lm)
) -> Iterator:
    """A `dspy.LM` for `model`, checked by one small call; what serves it is stopped at the end.

    It sends no request twice, which stages do themselves, and does not ask DSPy's cache.

    Args:
        model: `local/NAME` for an embedded model, else a DSPy model string such as `openai/gpt-4o-mini`.
        api_base: the address of an OpenAI-compatible server that has `model`.
        slots: side-by-side requests of an embedded server.
        check: sees whether it answers; asks it once, unless told otherwise.

    Raises:
        ModelError: unknown model, no weights or server for it, missing key, or no answer.
    """
    with packaged_prices():
        if model.startswith(EMBEDDED) and api_base is None:
            with _embedded(model.removeprefix(EMBEDDED), slots) as address:
                lm = _openai_compatible(model, address)
                check(lm)
                yield lm
        else:
            lm = _any(model) if api_base is None else _openai_compatible(model, api_base)
            check(lm)
            yield lm


@contextmanager
def _embedded(name: str, slots: int) -> Iterator[str]:
    from program.models.llama_server import serve
    from program.models.weights import find_weights

    if name not in MODELS:
        raise ModelError(
            f"unknown model local/{name}: the embedded models are {', '.join(f'local/{m}' for m in MODELS)}"
        )
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

    if "/" not in model:
        raise ModelError(f"unknown model {model}: a model is named PROVIDER/NAME, for example {DEFAULT_MODEL}")
    return dspy.LM(model, cache=False, timeout=TIMEOUT_SECONDS, num_retries=0)


def checked(lm):
    """One tiny call, so that a missing key or an unreachable server shows before any work is done.

    Raises:
        ModelError: it does not answer.
    """
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
