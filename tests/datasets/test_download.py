"""Downloads from a server that the test starts on this machine, and whatever can go wrong with them."""

import gzip
import hashlib
import io
import os
import pickle
import re
import subprocess
import sys
import tarfile
import textwrap
import threading
import time

import numpy as np
import pytest

from skimgrec.datasets import _download, _sources, fetch_cifar10, fetch_cifar100, fetch_fashion_mnist, fetch_mnist

from ._publisher import CIFAR10_NAMES, Server, cifar10_members, mnist_files, pictures, published, tar_file

pytestmark = pytest.mark.usefixtures("impatient")

FETCH = {
    "mnist": fetch_mnist,
    "fashion_mnist": fetch_fashion_mnist,
    "cifar10": fetch_cifar10,
    "cifar100": fetch_cifar100,
}
TAR = "cifar-10-binary.tar.gz"


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def publish(server, monkeypatch):
    """Return a function that publishes files as a data set, on the test's server alone and with their own hashes."""

    def publish(name, files, folders=None):
        server.files.update(files)
        archives = tuple(
            _sources.Archive(archive, tuple(folders or [server.url]), hashlib.sha256(content).hexdigest())
            for archive, content in files.items()
        )
        monkeypatch.setitem(_sources.SOURCES, name, _sources.SOURCES[name]._replace(archives=archives))

    return publish


@pytest.fixture
def impatient(monkeypatch, tmp_path):
    """Shorten all waiting, and keep the real places of data sets out of reach."""
    monkeypatch.setattr(_download, "_TIMEOUT", (5.0, 5.0))
    monkeypatch.setattr(_download, "_PAUSE", 0.01)
    monkeypatch.setattr(_download, "_CHUNK_BYTES", 512)
    monkeypatch.delenv("SKIMGREC_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def cifar10(publish):
    publish("cifar10", {TAR: tar_file(cifar10_members())})


def names_in(folder):
    return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []


def check_cifar10(bunch):
    assert bunch.target_names.tolist() == CIFAR10_NAMES
    assert bunch.target.tolist() == [k for k in range(1, 6) for _ in range(2 + k)] + [9, 0]
    np.testing.assert_array_equal(
        bunch.images, np.concatenate([*(pictures(2 + k, 32, 32, 3) for k in range(1, 6)), pictures(2, 32, 32, 3)])
    )


@pytest.mark.parametrize("name", FETCH)
def test_a_data_set_is_downloaded_once_and_only_its_npz_is_kept(name, publish, server, home):
    files = published()[name]
    publish(name, files)
    bunch = FETCH[name](data_home=home)
    assert names_in(home) == [f"{name}.npz"]
    assert sorted(path for path, _ in server.requests) == sorted(files)
    again = FETCH[name](data_home=home)
    assert len(server.requests) == len(files)
    np.testing.assert_array_equal(bunch.images, again.images)


def test_mnist_is_as_published(publish, home):
    publish("mnist", mnist_files())
    mnist = fetch_mnist(data_home=home)
    np.testing.assert_array_equal(mnist.images, np.concatenate([pictures(12, 28, 28), pictures(5, 28, 28)]))
    assert mnist.target.tolist() == [*(k % 10 for k in range(12)), *range(5)]


def test_cifar10_is_as_published(cifar10, home):
    check_cifar10(fetch_cifar10(data_home=home))


def test_cifar100_is_as_published(publish, home):
    publish("cifar100", published()["cifar100"])
    fine, coarse = (fetch_cifar100(data_home=home, coarse=value) for value in (False, True))
    assert fine.target.tolist() == [7, 99, 8, 50, 60, 61, 2]
    assert coarse.target.tolist() == [0, 1, 0, 1, 1, 1, 0]
    assert (fine.target_names[99], coarse.target_names[1]) == ("fine99", "coarse1")
    np.testing.assert_array_equal(fine.images, np.concatenate([pictures(4, 32, 32, 3), pictures(3, 32, 32, 3)]))


@pytest.mark.skipif(sys.platform != "linux", reason="XDG_CACHE_HOME moves the cache folder on Linux only")
def test_without_data_home_the_cache_folder_is_filled_and_never_the_named_one(cifar10, tmp_path, monkeypatch):
    named = tmp_path / "named"
    named.mkdir()
    monkeypatch.setenv("SKIMGREC_DATA", str(named))
    check_cifar10(fetch_cifar10())
    assert names_in(named) == []
    assert names_in(tmp_path / "cache" / "skimgrec") == ["cifar10.npz"]


@pytest.mark.parametrize(
    ("faults", "resumed"),
    [
        (["drop", "drop", None], True),
        (["drop", "no ranges"], False),
        (["stall", None], True),
        (["truncate", None], True),
        ([500, 503, None], False),
        ([429, None], False),
        (["drop", 416, None], False),
    ],
    ids=str,
)
def test_passing_trouble_is_survived(cifar10, server, home, monkeypatch, faults, resumed):
    server.faults = list(faults)
    if "stall" in faults:
        monkeypatch.setattr(_download, "_TIMEOUT", (5.0, 0.4))
    begin = time.monotonic()
    check_cifar10(fetch_cifar10(data_home=home))
    assert time.monotonic() - begin < 20
    assert len(server.requests) == len(faults)
    assert (server.requests[-1][1] > 0) == (resumed or faults == ["drop", "no ranges"])
    assert names_in(home) == ["cifar10.npz"]


@pytest.mark.parametrize(
    ("fault", "n_requests", "message"),
    [
        ("truncate", 4, r"failed: .*\(4 tries\)"),
        ("corrupt", 1, r"gave \d+ bytes with SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}: damaged on its way"),
        ("another page", 1, "gave 26 bytes with SHA-256"),
        ("stall", 4, r"failed: .*timed out.*\(4 tries\)"),
        (404, 1, "answered 404 Not Found"),
        (500, 4, r"answered 500 Internal Server Error \(4 tries\)"),
    ],
)
def test_lasting_trouble_is_a_clear_error(cifar10, server, home, monkeypatch, fault, n_requests, message):
    server.faults = [fault]
    if fault == "stall":
        monkeypatch.setattr(_download, "_TIMEOUT", (5.0, 0.4))
    begin = time.monotonic()
    with pytest.raises(FileNotFoundError, match=message) as caught:
        fetch_cifar10(data_home=home)
    assert time.monotonic() - begin < 20
    assert len(server.requests) == n_requests
    assert names_in(home) == []
    for part in ("cifar10.npz is not on this machine", f"{server.url}{TAR}", str(home), "Without a network"):
        assert part in str(caught.value)


def test_pauses_grow(cifar10, server, home, monkeypatch):
    pauses = []
    monkeypatch.setattr(_download, "_PAUSE", 1.0)
    monkeypatch.setattr(time, "sleep", pauses.append)
    server.faults = [500]
    with pytest.raises(FileNotFoundError):
        fetch_cifar10(data_home=home)
    assert pauses == [1.0, 2.0, 4.0]


def test_progress_earns_new_tries(cifar10, server, home, monkeypatch):
    monkeypatch.setattr(_download, "_ENOUGH_BYTES", 1024)
    server.faults = [*["drop"] * 5, None]
    check_cifar10(fetch_cifar10(data_home=home))


@pytest.mark.parametrize("fault", [404, "corrupt", "another page"])
def test_a_mirror_stands_in(publish, server, home, fault):
    content = tar_file(cifar10_members())
    server.files[f"mirror/{TAR}"] = content
    publish("cifar10", {TAR: content}, folders=[server.url, f"{server.url}mirror/"])
    server.faults = [fault, None]
    check_cifar10(fetch_cifar10(data_home=home))
    assert [path for path, _ in server.requests] == [TAR, f"mirror/{TAR}"]


def test_no_network_is_said_soon(publish, home):
    publish("mnist", mnist_files(), folders=["http://127.0.0.1:9/", "http://127.0.0.1:9/mirror/"])
    begin = time.monotonic()
    with pytest.raises(
        FileNotFoundError, match=r"127\.0\.0\.1:9/train-images.*refused \(2 tries\).*9/mirror/train"
    ) as e:
        fetch_mnist(data_home=home)
    assert time.monotonic() - begin < 20
    assert "train-labels-idx1-ubyte.gz failed" not in str(e.value)
    assert "where fetch_mnist will find and convert them" in str(e.value)
    assert names_in(home) == []


def test_archives_brought_by_hand_are_converted(publish, server, home):
    files = mnist_files()
    publish("mnist", files)
    home.mkdir()
    for name, content in files.items():
        (home / name).write_bytes(content)
    assert len(fetch_mnist(data_home=home).images) == 17
    assert server.requests == []
    assert names_in(home) == sorted([*files, "mnist.npz"])


def test_a_wrong_archive_brought_by_hand_is_named_and_left_alone(cifar10, server, home):
    server.faults = [404]
    home.mkdir()
    (home / TAR).write_bytes(b"half of it")
    with pytest.raises(FileNotFoundError, match=rf"{TAR} has SHA-256 [0-9a-f]+, expected .*answered 404"):
        fetch_cifar10(data_home=home)
    assert (home / TAR).read_bytes() == b"half of it"
    server.faults = []
    check_cifar10(fetch_cifar10(data_home=home))


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_pickle_in_the_archive_is_bytes_and_nothing_else(publish, home, tmp_path):
    trace = tmp_path / "it ran"
    hostile = pickle.dumps(Hostile(str(trace)))
    publish("cifar10", {TAR: tar_file(cifar10_members() | {"cifar-10-batches-bin/data_batch_2.bin": hostile})})
    with pytest.raises(ValueError, match=r"data_batch_2\.bin holds \d+ bytes, expected a multiple of 3073"):
        fetch_cifar10(data_home=home)
    assert not trace.exists()
    assert names_in(home) == []


def test_paths_that_lead_out_of_the_archive_lead_nowhere(publish, home, tmp_path):
    link = tarfile.TarInfo("cifar-10-batches-bin/link")
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "target")
    members = {"../escaped.bin": b"x", str(tmp_path / "absolute.bin"): b"x", "link": link}
    publish("cifar10", {TAR: tar_file(members | cifar10_members())})
    check_cifar10(fetch_cifar10(data_home=home))
    assert names_in(home) == ["cifar10.npz"]
    assert not {"escaped.bin", "absolute.bin", "target"} & set(names_in(tmp_path))


def test_a_link_in_place_of_a_file_is_not_followed(publish, home):
    name = "cifar-10-batches-bin/test_batch.bin"
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, "data_batch_1.bin"
    publish("cifar10", {TAR: tar_file(cifar10_members() | {name: link})})
    with pytest.raises(ValueError, match=rf"{TAR} has no file {name}"):
        fetch_cifar10(data_home=home)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no gzip", "is not the compressed file it should be"),
        (gzip.compress(b"abcdefgh", mtime=0)[:-6], "is not the compressed file it should be"),
        (gzip.compress(b"", mtime=0), "starts with , expected an IDX header"),
        (gzip.compress(b"\0\0\x0d\x03" + bytes(20), mtime=0), "starts with 00000d03, expected an IDX header"),
        (gzip.compress(b"\0\0\x08\x03\0\0", mtime=0), "starts with 00000803, expected an IDX header"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x05abcd", mtime=0), "holds 4 values, its header says 5"),
        (
            gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12 + b"abcd", mtime=0),
            "holds 4 values, its header says 4294967295 x",
        ),
    ],
)
def test_a_damaged_idx_file_is_named(publish, home, content, message):
    publish("mnist", mnist_files() | {"t10k-images-idx3-ubyte.gz": content})
    with pytest.raises(ValueError, match=rf"t10k-images-idx3-ubyte\.gz {message}"):
        fetch_mnist(data_home=home)
    assert names_in(home) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"no tar", "is not the compressed file"), (tar_file(cifar10_members())[:-900], "is not the compressed file")],
)
def test_a_damaged_tar_is_named(publish, home, content, message):
    publish("cifar10", {TAR: content})
    with pytest.raises(ValueError, match=rf"{TAR} {message}"):
        fetch_cifar10(data_home=home)
    assert names_in(home) == []


def test_threads_that_fetch_at_once_all_succeed(cifar10, home):
    found, errors = [], []

    def fetch():
        try:
            found.append(fetch_cifar10(data_home=home))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(found) == 4
    for bunch in found:
        check_cifar10(bunch)
    assert names_in(home) == ["cifar10.npz"]


KILLED = """
    import os, signal, sys
    from skimgrec.datasets import _download, _sources, fetch_cifar10
    archive = _sources.Archive({archive!r}, ({url!r},), {sha256!r})
    _sources.SOURCES["cifar10"] = _sources.SOURCES["cifar10"]._replace(archives=(archive,))
    {kill}
    fetch_cifar10(data_home={home!r})
"""
KILLS = {
    "before the result is flushed": "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)",
    "before it is renamed": "os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)",
    "while the archive is read": "import gzip; gzip.GzipFile.read = lambda *_: os.kill(os.getpid(), signal.SIGKILL)",
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("when", KILLS)
def test_a_killed_process_leaves_nothing_under_the_final_name(cifar10, server, home, when):
    content = server.files[TAR]
    code = textwrap.dedent(KILLED).format(
        archive=TAR, url=server.url, sha256=hashlib.sha256(content).hexdigest(), kill=KILLS[when], home=str(home)
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == -9
    left = names_in(home)
    assert len(left) == 1
    assert left[0].startswith(".unfinished-cifar10-")
    check_cifar10(fetch_cifar10(data_home=home))
    assert names_in(home) == [*left, "cifar10.npz"]
    # Young leftovers may be another process's work; old ones are cleared away by the next download.
    for entry in (home / left[0], *(home / left[0]).iterdir()):
        os.utime(entry, (0, 0))
    (home / "cifar10.npz").unlink()
    fetch_cifar10(data_home=home)
    assert names_in(home) == ["cifar10.npz"]


def test_a_folder_that_cannot_be_made_is_named(cifar10, server, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match=r"cannot be downloaded into .*file.*as data_home"):
        fetch_cifar10(data_home=tmp_path / "file" / "home")
    assert server.requests == []


def test_a_read_only_folder_is_named_before_anything_is_downloaded(cifar10, server, home, monkeypatch):
    home.mkdir()
    home.chmod(0o555)
    if os.access(home, os.W_OK):  # root may write anywhere

        def refuse(**options):
            raise PermissionError(13, "Permission denied", str(options["dir"]))

        monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(OSError, match=rf"cannot be downloaded into {home}.*Permission denied.*as data_home"):
        fetch_cifar10(data_home=home)
    assert server.requests == []


def test_a_full_disk_is_named_and_leaves_nothing(cifar10, home, monkeypatch):
    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=r"No space left on device.*free space"):
        fetch_cifar10(data_home=home)
    assert names_in(home) == []


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("on_terminal", [True, False])
def test_a_bar_is_shown_on_a_terminal_only(cifar10, server, home, monkeypatch, capsys, on_terminal):
    stream = Terminal() if on_terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    server.faults = ["drop", None]
    check_cifar10(fetch_cifar10(data_home=home))
    assert (TAR in stream.getvalue()) == on_terminal
    assert bool(stream.getvalue()) == on_terminal
    assert capsys.readouterr().out == ""


def test_nothing_is_loaded_for_downloads_before_there_is_one():
    code = "import sys, skimgrec.datasets; print(sorted({'pooch', 'requests', 'urllib3'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_every_published_archive_has_a_hash_and_a_place():
    for source in _sources.SOURCES.values():
        assert len({archive.name for archive in source.archives}) == len(source.archives)
        for archive in source.archives:
            assert re.fullmatch("[0-9a-f]{64}", archive.sha256)
            assert all(folder.startswith("http") and folder.endswith("/") for folder in archive.folders)
