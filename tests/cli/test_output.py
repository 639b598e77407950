"""What the commands share in giving results out."""

import os

import pytest

from skimgrec.cli._output import write_files


def test_a_file_that_cannot_be_written_costs_no_other(tmp_path, capsys):
    good = tmp_path / "good.json"

    def fail(path):
        raise OSError(28, "No space left on device", os.fspath(path))

    written = write_files(
        (tmp_path / "bad.json", "Saved", fail), (None, "Saved", fail), (good, "Drawn", lambda path: path.touch())
    )
    assert not written
    assert good.exists()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Error: [Errno 28] No space left on device")
    assert lines[1:] == [f"Drawn to {good}"]
    assert write_files((good, "Saved", lambda path: path.unlink()))


def test_mistakes_of_our_own_show(tmp_path):
    with pytest.raises(ZeroDivisionError):
        write_files((tmp_path / "file", "Saved", lambda path: 1 / 0))
