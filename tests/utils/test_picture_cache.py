"""Pictures are decoded once, and whatever happens to a writer or to the folder, what is read is right."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed
from PIL import Image

from skimgrec.utils import _picture_cache
from skimgrec.utils._decode import UnreadablePictureError
from skimgrec.utils._picture_cache import cached_source
from skimgrec.utils._picture_files import FileSource
from skimgrec.utils._picture_format import PictureFormat

WANTED = PictureFormat((8, 6))
PICTURE_BYTES = 8 * 6 * 3


def save_pictures(folder, n, seed=0):
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    for number in range(n):
        Image.fromarray(rng.integers(0, 256, (12, 10, 3), np.uint8)).save(folder / f"{seed}-{number:04}.png")
    return all_paths(folder)


def all_paths(folder):
    return np.array(sorted(map(str, folder.iterdir())))


@pytest.fixture
def paths(tmp_path):
    return save_pictures(tmp_path / "pictures", 20)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def decoded(monkeypatch):
    """Return a list that grows by the paths that are decoded."""
    seen = []
    decode = _picture_cache.decode_into

    def spy(pictures, paths, *arguments, **options):
        seen.extend(map(str, paths))
        return decode(pictures, paths, *arguments, **options)

    monkeypatch.setattr(_picture_cache, "decode_into", spy)
    return seen


@pytest.fixture
def small_segments(monkeypatch):
    monkeypatch.setattr(_picture_cache, "_SEGMENT_BYTES", 7 * PICTURE_BYTES)
    monkeypatch.setattr(_picture_cache, "_BLOCK_BYTES", 3 * PICTURE_BYTES)


def files_in(cache, pattern):
    return sorted(cache.rglob(pattern))


@pytest.mark.parametrize("wanted", [WANTED, PictureFormat((5, 5), grey=True), PictureFormat((9, 4), resize="fit")])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_it_is_the_source_of_files(paths, cache, small_segments, wanted, n_jobs):
    files = FileSource(paths, wanted)
    for _ in range(2):
        source = cached_source(paths, wanted, cache, n_jobs=n_jobs)
        assert len(source) == 20
        assert source.shape == files.shape
        assert source.fingerprint() == files.fingerprint()
        np.testing.assert_array_equal(source.read(), files.read())
        for rows in (np.array([3, 19, 0, 3, -1]), np.arange(0), np.arange(20)[::-1]):
            np.testing.assert_array_equal(source.take(rows).read(), files.take(rows).read())
            assert source.take(rows).fingerprint() == files.take(rows).fingerprint()
    twice = source.take(np.array([5, 1, 7])).take(np.array([2, 0]))
    np.testing.assert_array_equal(twice.read(), files.read()[[7, 5]])


def test_no_files_at_all(cache):
    source = cached_source(np.array([], str), WANTED, cache)
    assert source.read().shape == (0, 8, 6, 3)


def test_a_second_call_decodes_nothing(paths, cache, decoded, small_segments):
    cached_source(paths, WANTED, cache)
    assert decoded == list(paths)
    assert len(files_in(cache, "*.pictures.npy")) == 3
    cached_source(paths[::-1], WANTED, str(cache))
    assert len(decoded) == 20


def test_only_what_is_new_is_decoded(paths, cache, decoded):
    cached_source(paths[:15], WANTED, cache)
    del decoded[:]
    source = cached_source(paths, WANTED, cache)
    assert decoded == list(paths[15:])
    np.testing.assert_array_equal(source.read(), FileSource(paths, WANTED).read())


def test_a_changed_file_is_decoded_anew(paths, cache, decoded):
    first = cached_source(paths, WANTED, cache)
    del decoded[:]
    times = os.stat(paths[4])
    Image.new("RGB", (12, 10), "red").save(paths[4])
    os.utime(paths[4], ns=(times.st_atime_ns, times.st_mtime_ns))  # the content counts, not the date
    second = cached_source(paths, WANTED, cache)
    assert decoded == [paths[4]]
    assert (second.read()[4] == (255, 0, 0)).all()
    assert first.fingerprint() != second.fingerprint()


def test_the_same_content_under_another_name_is_shared(paths, cache, decoded, tmp_path):
    copy = shutil.copy(paths[3], tmp_path / "copy.png")
    source = cached_source(np.array([str(copy), *paths]), WANTED, cache)
    assert len(decoded) == 20
    pictures = source.read()
    np.testing.assert_array_equal(pictures[0], pictures[4])


@pytest.mark.parametrize(
    "other",
    [PictureFormat((6, 8)), PictureFormat((8, 6), grey=True), PictureFormat((8, 6), resize="crop")],
)
def test_another_format_is_kept_apart(paths, cache, decoded, other):
    cached_source(paths, WANTED, cache)
    del decoded[:]
    np.testing.assert_array_equal(cached_source(paths, other, cache).read(), FileSource(paths, other).read())
    assert len(decoded) == 20
    cached_source(paths, WANTED, cache)
    assert len(decoded) == 20


def test_a_new_version_of_the_decoder_decodes_anew(paths, cache, decoded, monkeypatch):
    cached_source(paths, WANTED, cache)
    monkeypatch.setattr(_picture_cache, "DECODER_VERSION", 0)
    cached_source(paths, WANTED, cache)
    assert len(decoded) == 40


# Files that cannot be read


@pytest.fixture
def some_broken(paths, tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "broken.png").write_bytes(Path(paths[0]).read_bytes()[:60])
    (tmp_path / "broken again.png").write_bytes(Path(paths[0]).read_bytes()[:60])
    names = ("broken.png", "missing.png", "empty.jpg", "broken again.png")
    broken = [str(tmp_path / name) for name in names]
    return np.array([paths[0], broken[0], *paths[1:12], *broken[1:], *paths[12:]])


@pytest.mark.parametrize("position", range(4))
def test_a_broken_file_raises(some_broken, paths, cache, position):
    broken = [path for path in some_broken if path not in paths][position]
    with pytest.raises(UnreadablePictureError) as caught:
        cached_source(np.array([*paths, broken]), WANTED, cache)
    assert caught.value.path == broken
    assert files_in(cache, "*.unfinished") == []


def test_a_broken_file_is_black_and_listed(some_broken, cache, small_segments, decoded):
    files = FileSource(some_broken, WANTED, on_error="blank")
    for _ in range(2):
        source = pickle.loads(pickle.dumps(cached_source(some_broken, WANTED, cache, on_error="blank")))
        with pytest.warns(UserWarning, match="4 of 24 files could not be read") as ours:
            pictures = source.read()
        with pytest.warns(UserWarning, match="4 of 24 files could not be read") as theirs:
            np.testing.assert_array_equal(pictures, files.read())
        assert str(ours[0].message) == str(theirs[0].message)
        assert source.fingerprint() == files.fingerprint()
        some = source.take(np.array([13, 0, 1, 20]))
        with pytest.warns(UserWarning, match=r"2 of 4 files.*missing\.png: there is no such file.*broken\.png"):
            some.read()
        source.take(np.array([0, 2])).read()
    # What is broken is tried again, in case that it was Pillow's fault.
    assert len(set(decoded)) == 22


def test_what_is_finished_before_an_error_is_kept(paths, cache, small_segments, decoded, tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(UnreadablePictureError, match="empty"):
        cached_source(np.array([*paths[:18], str(tmp_path / "empty.jpg")]), WANTED, cache)
    del decoded[:]
    cached_source(paths, WANTED, cache)
    assert decoded == list(paths[14:])


def test_a_file_that_changes_meanwhile_is_not_kept(paths, cache, monkeypatch):
    decode = _picture_cache.decode_into

    def change_it(*arguments, **options):
        result = decode(*arguments, **options)
        Image.new("RGB", (12, 10), "red").save(paths[4])
        return result

    with monkeypatch.context() as changed:
        changed.setattr(_picture_cache, "decode_into", change_it)
        with pytest.raises(UnreadablePictureError, match="changed while it was read"):
            cached_source(paths, WANTED, cache)
    assert (cached_source(paths, WANTED, cache).read()[4] == (255, 0, 0)).all()


# What may be found in the folder


def truncate(path):
    os.truncate(path, path.stat().st_size - 1)


def truncate_header(path):
    os.truncate(path, 20)


def empty(path):
    os.truncate(path, 0)


def rubbish(path):
    path.write_bytes(b"rubbish" * 1000)


def other_shape(path):
    np.save(path, np.zeros((20, 6, 8, 3), np.uint8))


def other_dtype(path):
    np.save(path, np.zeros((20, 8, 6, 3), np.int8))


def objects(path):
    np.save(path, np.array([{}] * 20), allow_pickle=True)


def other_order(path):
    np.save(path, np.asfortranarray(np.load(path)))


def fewer(path):
    np.save(path, np.load(path)[:19])


def remove(path):
    path.unlink()


@pytest.mark.parametrize(
    "damage",
    [truncate, truncate_header, empty, rubbish, other_shape, other_dtype, objects, other_order, fewer, remove],
)
@pytest.mark.parametrize("pattern", ["*.pictures.npy", "*.keys.npy"])
def test_damaged_segments_are_decoded_anew(paths, cache, decoded, damage, pattern):
    cached_source(paths, WANTED, cache)
    (path,) = files_in(cache, pattern)
    damage(path)
    for _ in range(2):
        source = cached_source(paths, WANTED, cache)
        np.testing.assert_array_equal(source.read(), FileSource(paths, WANTED).read())
    assert len(decoded) == 40


def test_foreign_files_are_left_alone(paths, cache, decoded):
    cached_source(paths, WANTED, cache)
    (path,) = files_in(cache, "*.pictures.npy")
    foreign = [path.with_name(name) for name in ("notes.txt", "a.npy", "b.pictures.npy", "c.keys.npy")]
    for other in foreign:
        other.write_bytes(b"foreign")
    cached_source(paths, WANTED, cache)
    assert len(decoded) == 20
    assert all(other.read_bytes() == b"foreign" for other in foreign)


def test_leftovers_are_removed_once_they_are_old(paths, cache):
    cached_source(paths, WANTED, cache)
    (path,) = files_in(cache, "*.pictures.npy")
    names = ("a.unfinished", "a.keys.npy.unfinished", "b.keys.npy")
    for old in (True, False):
        for name in names:
            path.with_name(name).touch()
            if old:
                os.utime(path.with_name(name), (1, 1))
        cached_source(paths, WANTED, cache)
        assert [path.with_name(name).exists() for name in names] == [not old] * 3
    assert path.exists()


def test_a_cache_removed_while_in_use_is_named(paths, cache):
    source = cached_source(paths, WANTED, cache)
    shutil.rmtree(cache)
    with pytest.raises(FileNotFoundError, match="the cache was removed while its pictures were in use"):
        source.read()


# Processes


def test_it_pickles_small_and_works_in_workers(paths, cache, small_segments):
    source = cached_source(paths, WANTED, cache)
    assert len(pickle.dumps(source)) < 2000 + len(pickle.dumps(paths))
    parts = Parallel(2)(delayed(source.take(rows).read)() for rows in np.split(np.arange(20), 4))
    np.testing.assert_array_equal(np.concatenate(parts), FileSource(paths, WANTED).read())


WRITER = """
import sys, time
from pathlib import Path
import numpy as np
from skimgrec.utils import _picture_cache
from skimgrec.utils._picture_format import PictureFormat

_picture_cache._SEGMENT_BYTES = 7 * 144
_picture_cache._BLOCK_BYTES = 3 * 144
decode = _picture_cache.decode_into

def slowly(*arguments, **options):
    time.sleep(float(sys.argv[3]))
    return decode(*arguments, **options)

_picture_cache.decode_into = slowly
paths = np.array(sorted(map(str, Path(sys.argv[1]).iterdir())))
source = _picture_cache.cached_source(paths, PictureFormat((8, 6)), sys.argv[2])
print(source.fingerprint().hex(), int(source.read().sum()))
"""


def start_writer(folder, cache, pause):
    command = [sys.executable, "-c", WRITER, str(folder), str(cache), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")
def test_a_writer_killed_midway_harms_nobody(tmp_path, cache, decoded):
    paths = save_pictures(tmp_path / "pictures", 100)
    writer = start_writer(tmp_path / "pictures", cache, 0.02)
    try:
        deadline = time.monotonic() + 60
        while len(files_in(cache, "*.pictures.npy")) < 3 or not files_in(cache, "*.unfinished"):
            assert writer.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.002)
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()
    finished = 7 * len(files_in(cache, "*.pictures.npy"))
    assert 21 <= finished < 100
    source = cached_source(paths, WANTED, cache)
    assert len(decoded) == 100 - finished
    np.testing.assert_array_equal(source.read(), FileSource(paths, WANTED).read())


def test_two_writers_at_once(tmp_path, cache, decoded):
    paths = save_pictures(tmp_path / "pictures", 60)
    writers = [start_writer(tmp_path / "pictures", cache, 0.005) for _ in range(2)]
    answers = [writer.communicate(timeout=120)[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    files = FileSource(paths, WANTED)
    assert answers == [f"{files.fingerprint().hex()} {int(files.read().sum())}\n"] * 2
    np.testing.assert_array_equal(cached_source(paths, WANTED, cache).read(), files.read())
    assert decoded == []
    assert files_in(cache, "*.unfinished") == []
