"""Where files are written: devices, pipes and links stay what they are."""

import os
import stat
import threading

import pytest

from eval.errors import RunError
from eval.rollouts.json_lines import JsonLines
from eval.rollouts.run_folder import refuse_foreign
from program.errors import UserError
from program.files import ASIDE, write_whole


def test_a_pipe_stays_a_pipe_and_gets_the_content(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_whole(pipe, "content")
    reader.join()
    assert read == ["content"]
    assert stat.S_ISFIFO(pipe.stat().st_mode) and os.listdir(tmp_path) == ["pipe"]


def test_a_device_stays_a_device(tmp_path):
    device = tmp_path / "null"
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        device.write_bytes(b"")
    except PermissionError:
        pytest.skip("devices cannot be made here")
    write_whole(device, "content")
    assert stat.S_ISCHR(device.stat().st_mode)


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    for content in ("one", "two"):
        write_whole(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "folder" / "file").read_text() == content
    assert not list(tmp_path.rglob(f"*{ASIDE}"))


def test_results_that_are_read_again_need_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="is not a regular file"):
        JsonLines(tmp_path / "pipe", alone=True)


@pytest.mark.parametrize("folder", ["/", "/dev", "/tmp/.."])
def test_a_folder_of_the_machine_is_no_place_for_results(folder, tmp_path):
    with pytest.raises(RunError, match="is not empty and not a"):
        refuse_foreign(tmp_path.joinpath(folder), "run", "config.json", set())
