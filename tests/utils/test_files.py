"""Files that are there whole or not at all."""

import os
import stat
import threading

import pytest

from skimgrec.utils._files import open_atomically, write_atomically


def test_an_error_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, "old")

    def fail():
        with open_atomically(path) as file:
            file.write(b"new")
            raise RuntimeError("told to")

    with pytest.raises(RuntimeError, match="told to"):
        fail()
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


def test_a_link_keeps_its_place(tmp_path):
    link, target = tmp_path / "link", tmp_path / "deep" / "target"
    target.parent.mkdir()
    target.write_text("old")
    link.symlink_to(target)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    found = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()
    write_atomically(pipe, b"through")
    reader.join(timeout=10)
    assert found == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
