"""Checks the name of a model and the address of a server, before anything else is done."""

from __future__ import annotations

from urllib.parse import urlsplit

from program.errors import UserError, did_you_mean
from program.models.weights import MODELS

EMBEDDED = "local/"  # prefix of the names of embedded models
DEFAULT_MODEL = "local/qwen2.5-coder-0.5b"


def check_model(model: str, address: str | None = None, *, also: str = "", option: str = "--api-base") -> None:
    """Refuse an invalid model name or server address.

    Args:
        model: `local/NAME` for an embedded model, else PROVIDER/NAME; with an address, any name that is not empty.
        address: the address of an OpenAI-compatible server that has the model.
        also: an additional valid name without a provider.
        option: the command line option of the address.

    Raises:
        UserError: the name or the address is not valid; the one-line message says why.
    """
    if address is not None:
        _check_address(address, option)
        if model == also and also:
            raise UserError(f"{option}: {model} does not use a server")
    provider, slash, name = model.partition("/")
    shape = model.isprintable() and model == model.strip() and len(model) <= 300 and not model.endswith("/")
    if model == also and also:
        return
    embedded = [f"{EMBEDDED}{each}" for each in MODELS]
    if not shape or not model or (slash and not provider) or (not slash and address is None):
        meant = did_you_mean(model, filter(None, [also, *embedded]))
        raise UserError(f"unknown model {model}: use PROVIDER/NAME, for example {DEFAULT_MODEL}{meant}")
    if model.startswith(EMBEDDED) and address is None and name not in MODELS:
        meant = did_you_mean(model, embedded)
        raise UserError(f"unknown model {model}: the embedded models are {', '.join(embedded)}{meant}")


def _check_address(address: str, option: str) -> None:
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:  # a port out of range, or an incomplete IPv6 address
        good = False
    if not good or not address.isprintable() or " " in address:
        raise UserError(f"{option} {address}: not a server address, such as http://127.0.0.1:8000/v1")
