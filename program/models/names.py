"""What can be the name of a model and the address of a server: said before anything else is done."""

from __future__ import annotations

from urllib.parse import urlsplit

from program.errors import UserError
from program.models.weights import MODELS

EMBEDDED = "local/"  # how the names of the models begin that run embedded
DEFAULT_MODEL = "local/qwen2.5-coder-0.5b"


def check_model(model: str, address: str | None = None, *, also: str = "", option: str = "--api-base") -> None:
    """Refuse what cannot be the name of a model, or the address of a server.

    Args:
        model: `local/NAME` for an embedded model, else PROVIDER/NAME; at an address any name but an empty one.
        address: of an OpenAI-compatible server that has it.
        also: a name without a provider that is known.
        option: of the command that names the address.

    Raises:
        UserError: there can be no such model or no such server; one line that says why.
    """
    if address is not None:
        _check_address(address, option)
        if model == also and also:
            raise UserError(f"{option}: {model} answers without a server")
    provider, slash, name = model.partition("/")
    shape = model.isprintable() and model == model.strip() and len(model) <= 300 and not model.endswith("/")
    if model == also and also:
        return
    if not shape or not model or (slash and not provider) or (not slash and address is None):
        raise UserError(f"unknown model {model}: a model is named PROVIDER/NAME, for example {DEFAULT_MODEL}")
    if model.startswith(EMBEDDED) and address is None and name not in MODELS:
        known = ", ".join(f"{EMBEDDED}{each}" for each in MODELS)
        raise UserError(f"unknown model {model}: the embedded models are {known}")


def _check_address(address: str, option: str) -> None:
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:  # a port out of range, or half of an IPv6 address
        good = False
    if not good or not address.isprintable() or " " in address:
        raise UserError(f"{option} {address}: no address of a server, such as http://127.0.0.1:8000/v1")
