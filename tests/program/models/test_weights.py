"""Every way to the weights leads to the official file or to a clear message; small files stand in for large ones."""

import hashlib
import sys

import huggingface_hub
import pytest
from huggingface_hub import constants
from huggingface_hub.errors import LocalEntryNotFoundError

from program.models.weights import MODELS, Weights, WeightsError, find_weights

PARTS = [bytes([65 + number]) * (number + 1) for number in range(12)]
CONTENT = b"".join(PARTS)
TINY = Weights(
    file="tiny.gguf",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    repository="Org/Tiny-GGUF",
    revision="main",
    group="weights-tiny",
    part_module="tiny_weights_of_a_test_part",
    parts=len(PARTS),
)
OTHER = CONTENT[:-1] + b"?"  # of the same size


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """No way leads to the weights yet, and the network is out of reach. The folder is not there yet."""
    monkeypatch.setitem(MODELS, "tiny", TINY)
    monkeypatch.delenv("ALPHACODIUM_WEIGHTS", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "weights"


def put_into_hub_cache(tmp_path, content=CONTENT):
    """As `huggingface_hub` lays it out."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "hub" / "models--Org--Tiny-GGUF"
    for part in ("refs", "blobs", f"snapshots/{commit}"):
        (repository / part).mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    (repository / "blobs" / TINY.sha256).write_bytes(content)
    link = repository / "snapshots" / commit / TINY.file
    link.symlink_to(repository / "blobs" / TINY.sha256)
    return link


@pytest.fixture
def install(monkeypatch, tmp_path):
    """Installs the modules that carry the parts, as wheels would."""

    def install(parts):
        modules = tmp_path / "site"
        modules.mkdir()
        for number, content in parts.items():
            (modules / f"part{number}.bin").write_bytes(content)
            name = f"{TINY.part_module}{number}"
            path = modules / f"part{number}.bin"
            (modules / f"{name}.py").write_text(f"def get_part_path():\n    return {str(path)!r}\n")
        monkeypatch.syspath_prepend(modules)

    yield install
    for name in [name for name in sys.modules if name.startswith(TINY.part_module)]:
        del sys.modules[name]


def in_order(parts=PARTS):
    return dict(enumerate(parts, 1))


def refusal(folder) -> str:
    with pytest.raises(WeightsError) as caught:
        find_weights("tiny", folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_named_file_is_used_where_it_is(monkeypatch, tmp_path, folder):
    named = tmp_path / "other-name.gguf"
    named.write_bytes(CONTENT)
    monkeypatch.setenv("ALPHACODIUM_WEIGHTS", str(named))
    assert find_weights("tiny", folder) == named and not folder.exists()


def test_in_a_named_folder_the_official_file_name_is_looked_for(monkeypatch, tmp_path, folder):
    (tmp_path / TINY.file).write_bytes(CONTENT)
    monkeypatch.setenv("ALPHACODIUM_WEIGHTS", str(tmp_path))
    assert find_weights("tiny", folder) == tmp_path / TINY.file


@pytest.mark.parametrize("name", [".", "nowhere.gguf"])
def test_a_name_that_leads_nowhere_is_an_error_whatever_else_there_is(monkeypatch, tmp_path, folder, name):
    put_into_hub_cache(tmp_path)
    monkeypatch.setenv("ALPHACODIUM_WEIGHTS", str(tmp_path / name))
    said = refusal(folder)
    assert "ALPHACODIUM_WEIGHTS: there is no file" in said and str(tmp_path / name) in said


def test_a_file_in_the_folder_is_used(folder):
    folder.mkdir()
    (folder / TINY.file).write_bytes(CONTENT)
    assert find_weights("tiny", folder) == folder / TINY.file


def test_the_hub_is_asked_and_its_file_left_where_it_is(tmp_path, folder):
    link = put_into_hub_cache(tmp_path)
    assert find_weights("tiny", folder) == link and not folder.exists()


def test_what_is_at_hand_comes_before_what_is_not(monkeypatch, tmp_path, folder, install):
    install(in_order())
    link = put_into_hub_cache(tmp_path)
    assert find_weights("tiny", folder) == link
    folder.mkdir()
    (folder / TINY.file).write_bytes(CONTENT)
    assert find_weights("tiny", folder) == folder / TINY.file
    (tmp_path / "named").write_bytes(CONTENT)
    monkeypatch.setenv("ALPHACODIUM_WEIGHTS", str(tmp_path / "named"))
    assert find_weights("tiny", folder) == tmp_path / "named"


def test_parts_are_joined_by_number_once(folder, install):
    install(in_order())
    path = find_weights("tiny", folder)
    assert path == folder / TINY.file and path.read_bytes() == CONTENT  # by name, part 10 would come after part 1
    assert list(folder.iterdir()) == [path]
    written = path.stat().st_mtime_ns
    assert find_weights("tiny", folder) == path and path.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("content", "fault"),
    [(CONTENT + b"!", f"has {len(CONTENT) + 1} bytes instead of {len(CONTENT)}"), (OTHER, "SHA-256"), (b"", "0 bytes")],
    ids=["size", "hash", "empty"],
)
def test_another_file_is_refused_whatever_the_way(monkeypatch, tmp_path, folder, content, fault):
    put_into_hub_cache(tmp_path, content)
    assert fault in refusal(folder)
    folder.mkdir()
    (folder / TINY.file).write_bytes(content)
    assert fault in refusal(folder)
    monkeypatch.setenv("ALPHACODIUM_WEIGHTS", str(folder))
    said = refusal(folder)
    assert fault in said and f"{folder / TINY.file} is not tiny.gguf" in said


@pytest.mark.parametrize(
    ("parts", "fault"),
    [([*PARTS[:-1], PARTS[-1] + b"!"], "bytes instead of"), (PARTS[::-1], "SHA-256")],
    ids=["size", "order"],
)
def test_of_parts_that_do_not_make_up_the_file_nothing_is_left(folder, install, parts, fault):
    install(in_order(parts))
    assert fault in refusal(folder)
    assert not list(folder.iterdir())


def test_when_a_part_is_missing_nothing_is_left(folder, install):
    install({number: part for number, part in in_order().items() if number != 7})
    try:
        assert "weights-tiny" in refusal(folder)
    finally:
        assert not list(folder.iterdir())


def test_without_any_way_the_message_says_what_to_do(folder):
    said = refusal(folder)
    for word in (
        "no weights for tiny",
        "uv sync --group weights-tiny",
        "ALPHACODIUM_WEIGHTS",
        "LocalEntryNotFoundError",
    ):
        assert word in said
    assert not folder.exists()


def test_a_hub_that_fails_without_a_word_is_as_good_as_none(monkeypatch, folder):
    def fail(*_, local_files_only=False, **__):
        raise LocalEntryNotFoundError("not in the cache") if local_files_only else TimeoutError

    monkeypatch.setattr("program.models.weights._is_known", lambda host: True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fail)
    assert "TimeoutError" in refusal(folder)
