"""Files of strangers, packed or not, are read up to a bound; what is over it is refused, never cut."""

import gzip
import io
import sys

import pytest

from program.cli import problem_file
from program.input_files import InputError, read_bytes, read_packed, read_stream

TEXT = b"a" * 1000


def write(path, content):
    path.write_bytes(content)
    return path


def test_a_file_of_just_the_bound_is_read_whole_and_one_of_more_is_refused(tmp_path):
    plain, packed = write(tmp_path / "a", TEXT), write(tmp_path / "a.gz", gzip.compress(TEXT))
    assert read_bytes(plain, 1000) == read_packed(plain, 1000) == read_packed(packed, 1000) == TEXT
    for read, path, said in (
        (read_bytes, plain, f"{plain} has more than 0 MiB"),
        (read_packed, plain, f"{plain} has more than 0 MiB"),
        (read_packed, packed, f"{packed}, decompressed, has more than 0 MiB"),
    ):
        with pytest.raises(InputError) as caught:
            read(path, 999)
        assert str(caught.value) == said


PACKED = gzip.compress(TEXT, mtime=0)  # without the time, which would be another one in each process


@pytest.mark.parametrize("content", [b"", b"no gzip", PACKED[:-9], PACKED[:20] + b"!" * 20])
def test_what_cannot_be_unpacked_is_said_in_a_line(tmp_path, content):
    path = write(tmp_path / "a.gz", content)
    with pytest.raises(InputError, match=r"a\.gz cannot be decompressed: .") as caught:
        read_packed(path)
    assert "\n" not in str(caught.value)


def test_standard_input_has_the_same_bound(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    monkeypatch.setattr(problem_file, "read_stream", lambda opened, where: read_stream(opened, where, 999))
    with pytest.raises(InputError, match="standard input has more than 0 MiB"):
        problem_file.read_problem("-")
