"""Files that are there whole or not at all."""

import os
import stat
import subprocess
import sys
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


@pytest.mark.skipif(not os.path.exists("/proc/self/fd/1"), reason="there is no /dev/stdout here")
@pytest.mark.parametrize("to_file", [True, False])
def test_standard_output_is_written_to_in_its_turn(tmp_path, to_file):
    program = "from skimgrec.utils._files import write_atomically as w; import sys\n"
    program += "print('first', flush=True); w('/dev/stdout', 'second\\n'); print('third')"
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run([sys.executable, "-c", program], stdout=out if to_file else subprocess.PIPE, check=True)
    written = (tmp_path / "out").read_bytes() if to_file else done.stdout
    assert written == b"first\nsecond\nthird\n"
