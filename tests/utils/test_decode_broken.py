"""A file that gives no picture says why; and reading leaves no warning, no open file and no filter behind."""

import contextlib
import gc
import os
import pickle
import struct
import threading
import warnings
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from skimgrec.utils._decode import UnreadablePictureError, inspect_picture, read_picture, read_small_file
from skimgrec.utils._picture_format import PictureFormat

from ._drawing import png, png_chunk, save, smooth

COLOUR = PictureFormat()


# What cannot be read


def unreadable(path, wanted=COLOUR):
    with pytest.raises(UnreadablePictureError) as caught:
        read_picture(path, wanted)
    with pytest.raises(UnreadablePictureError):
        read_picture(path, PictureFormat((8, 8), grey=True))
    error = caught.value
    assert error.path == os.fspath(path)
    assert str(error) == f"{error.path}: {error.reason}"
    assert "object at 0x" not in str(error)
    return error.reason


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.webp", "a.tif", "a.bmp"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_truncated(tmp_path, name, share, rng):
    path = save(rng.integers(0, 256, (64, 64, 3), np.uint8), tmp_path / name)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert unreadable(path)


def test_empty_file(tmp_path):
    (tmp_path / "a.jpg").touch()
    assert unreadable(tmp_path / "a.jpg") == "it is empty"


@pytest.mark.parametrize("content", [b"hello", b"\0" * 100, b"<html></html>", b"x" * 100_000])
def test_no_picture(tmp_path, content):
    (tmp_path / "a.jpg").write_bytes(content)
    assert unreadable(tmp_path / "a.jpg") == "it is no picture of a kind that Pillow reads"


@pytest.mark.parametrize(
    "start", [b"\xff\xd8\xff", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xd9", b"\xff\xd8\xff" + b"a" * 99]
)
def test_nothing_but_the_start_of_a_jpeg(tmp_path, start):
    (tmp_path / "a.jpg").write_bytes(start)
    assert "broken" in unreadable(tmp_path / "a.jpg")


def test_folder(tmp_path):
    assert unreadable(tmp_path) == "it is a folder"


def test_missing(tmp_path):
    assert unreadable(tmp_path / "a.jpg") == "there is no such file"


def test_name_that_no_file_can_have(tmp_path):
    assert unreadable(tmp_path / ("a" * 5000))
    assert "null" in unreadable(f"{tmp_path}/a\0b")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    path = save(smooth(4, 4), tmp_path / "a.png")
    path.chmod(0)
    assert "permission" in unreadable(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_is_no_picture_though_it_holds_one(tmp_path):
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    stream = BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "PNG")
    handle = os.open(pipe, os.O_RDWR)
    try:
        os.write(handle, stream.getvalue())
        assert "no regular file" in unreadable(pipe)
    finally:
        os.close(handle)


def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    assert unreadable(tmp_path / "a.jpg") == "it is no regular file"


def bombs():
    side = 60000
    yield "a.png", png(side, side)
    yield (
        "a.gif",
        b"GIF89a"
        + struct.pack("<HH", side, side)
        + b"\0\0\0"
        + b","
        + struct.pack("<4HB", 0, 0, side, side, 0)
        + b"\x08\x01\0\0;",
    )
    bitmap = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
    yield "a.bmp", b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + bitmap
    tags = [(256, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, side), (279, 8)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    yield "a.tif", b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + entries + b"\0" * 4
    frame = BytesIO()
    Image.new("L", (8, 8)).save(frame, "JPEG")
    content = bytearray(frame.getvalue())
    place = content.index(b"\xff\xc0")
    content[place + 5 : place + 9] = struct.pack(">HH", side, side)
    yield "a.jpg", bytes(content)
    # Between the limit and twice the limit Pillow only warns.
    yield "b.png", png(10000, 10000)


@pytest.mark.parametrize(("name", "content"), list(bombs()), ids=[name for name, _ in bombs()])
def test_decompression_bombs(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    reason = unreadable(tmp_path / name)
    assert f"limit of {Image.MAX_IMAGE_PIXELS:,}" in reason
    assert "MAX_IMAGE_PIXELS" in reason
    with pytest.raises(UnreadablePictureError):
        inspect_picture(tmp_path / name)


def test_the_limit_is_pillows(tmp_path, monkeypatch):
    paths = [save(smooth(20, 20), tmp_path / name) for name in ("a.png", "a.jpg")]
    for path in paths:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 399)
        with pytest.raises(UnreadablePictureError, match="20 x 20"):
            read_picture(path, COLOUR)
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
        assert read_picture(path, COLOUR).shape == (20, 20, 3)


# Warnings, files and threads


def picture_with_a_warning(path):
    """Write a whole picture that Pillow warns of: it says that it is animated, and has no frame."""
    data = b"".join(b"\0" + bytes(12) for _ in range(4))
    path.write_bytes(png(4, 4, data, before=png_chunk(b"acTL", struct.pack(">II", 0, 0))))
    return path


def test_warnings_of_pillows_are_held_back(tmp_path):
    path = picture_with_a_warning(tmp_path / "a.png")
    with pytest.warns(UserWarning, match="APNG"), Image.open(path):
        pass
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        assert read_picture(path, COLOUR).shape == (4, 4, 3)
        assert warnings.filters == before


def test_warnings_are_held_back_in_several_threads(tmp_path):
    path = picture_with_a_warning(tmp_path / "a.png")
    errors = []

    def work():
        try:
            for _ in range(200):
                read_picture(path, COLOUR)
        except Exception as error:
            errors.append(error)

    before = list(warnings.filters)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert warnings.filters == before


def test_no_file_is_left_open(tmp_path):
    psutil = pytest.importorskip("psutil")
    rng = np.random.default_rng(0)
    paths = [
        save(rng.integers(0, 256, (200, 200, 3), np.uint8), tmp_path / f"a.{end}")
        for end in ("png", "tif", "jpg", "gif")
    ]
    for path in paths[:]:
        broken = path.with_stem("broken")
        broken.write_bytes(path.read_bytes()[:-2000])
        header = path.with_stem("header")
        header.write_bytes(path.read_bytes()[:6] + b"\0" * 70_000)
        paths += [broken, header]
    gc.collect()
    gc.disable()
    try:
        before = psutil.Process().num_fds()
        for path in [*paths, tmp_path, tmp_path / "missing"]:
            for read in (lambda path: read_picture(path, COLOUR), inspect_picture):
                with contextlib.suppress(UnreadablePictureError):
                    read(path)
        assert psutil.Process().num_fds() == before
    finally:
        gc.enable()


def test_content_and_output_of_the_callers(tmp_path):
    path = save(smooth(30, 40), tmp_path / "a.png")
    content = read_small_file(path)
    assert content == path.read_bytes()
    for resize in ("stretch", "crop", "fit"):
        for grey in (False, True):
            wanted = PictureFormat((8, 9), grey=grey, resize=resize)
            out = np.zeros((3, *wanted.shape), np.uint8)
            read_picture("not looked at", wanted, content=content, out=out[1])
            np.testing.assert_array_equal(out[1], read_picture(path, wanted))
            assert not out[[0, 2]].any()
    large = tmp_path / "large"
    large.write_bytes(bytes(70_000))
    assert read_small_file(large) is None


def test_the_error_is_pickled(tmp_path):
    error = pickle.loads(pickle.dumps(UnreadablePictureError("a.jpg", "it is empty")))
    assert (error.path, error.reason) == ("a.jpg", "it is empty")


def test_endless_scans_are_refused_and_ordinary_ones_are_not(tmp_path):
    stream = BytesIO()
    Image.new("L", (3000, 3000), 90).save(stream, "JPEG", progressive=True)
    content = stream.getvalue()
    (tmp_path / "whole.jpg").write_bytes(content)
    assert read_picture(tmp_path / "whole.jpg", PictureFormat((4, 4), grey=True)).tolist() == [[90] * 4] * 4
    scan = content.rindex(b"\xff\xda")
    (tmp_path / "bomb.jpg").write_bytes(content[:scan] + content[scan:-2] * 600 + content[-2:])
    assert "scans of 3000 x 3000" in unreadable(tmp_path / "bomb.jpg")
