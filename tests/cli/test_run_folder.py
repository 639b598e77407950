import os
import time

import pytest

from skimgrec.cli._run_folder import place_of, run_folder


def test_the_inputs_name_the_folder_in_the_cache(cache):
    folders = [run_folder(None, inputs, fresh=False)[0] for inputs in ({"seed": 0}, {"seed": 0}, {"seed": 1})]
    assert folders[0] == folders[1] != folders[2]
    assert folders[0].path.parent == cache / "runs"
    folders[0].path.mkdir()
    folders[0].finish()
    assert not folders[0].path.exists()


def test_data_is_known_by_its_place(tmp_path, monkeypatch):
    (tmp_path / "pets").mkdir()
    monkeypatch.chdir(tmp_path)
    assert place_of("pets") == place_of("./pets/") == str((tmp_path / "pets").resolve())
    assert place_of("digits") == "digits"


def test_runs_that_nobody_came_back_to_are_removed(cache):
    old, young = (run_folder(None, {"seed": seed}, fresh=False)[0].path for seed in (0, 1))
    for path in (old, young):
        path.mkdir()
        (path / "fit").touch()
    month_ago = time.time() - 31 * 24 * 3600
    for path in (old / "fit", old):
        os.utime(path, (month_ago, month_ago))
    run_folder(None, {"seed": 2}, fresh=False)
    assert (old.exists(), young.exists()) == (False, True)


def test_only_what_is_known_to_be_a_run_is_emptied(tmp_path):
    folder, _ = run_folder(tmp_path / "run", {}, fresh=True)
    folder.path.mkdir()
    (folder.path / "fit").touch()
    with pytest.raises(ValueError, match=r"--fresh --run .*: this folder holds something else than the run of"):
        run_folder(folder.path, {}, fresh=True)
    folder.mark()
    folder.finish()
    assert (folder.path / "fit").exists()
    (folder.path / "rows").mkdir()
    for name in ("seed.json", "run-0123.json", "rows/0123456789abcdef.json", "rows/0123456789abcdef-01234567.npz"):
        (folder.path / name).touch()
    run_folder(folder.path, {}, fresh=True)
    assert len(list(folder.path.rglob("*"))) == 7
    folder.begin(fresh=False)
    assert len(list(folder.path.rglob("*"))) == 7
    folder.begin(fresh=True)
    assert [path.name for path in folder.path.iterdir()] == ["fit"]
    (folder.path / "fit").unlink()
    folder.mark()
    folder.begin(fresh=True)
    assert not folder.path.exists()
