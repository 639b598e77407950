"""Small JPEGs that are decoded together give what each of them gives alone."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from skimgrec.utils._decode import read_picture
from skimgrec.utils._fast_jpeg import decode_jpeg, jpeg_size
from skimgrec.utils._jpeg_header import jpeg_header
from skimgrec.utils._picture_files import decode_into
from skimgrec.utils._picture_format import PictureFormat
from skimgrec.utils._small_jpegs import SmallJPEGs

simplejpeg = pytest.importorskip("simplejpeg")


def jpeg(rng, height, width, *, mode="RGB", **options):
    small = rng.integers(0, 256, (5, 5, 3), np.uint8)
    image = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).convert(mode)
    stream = BytesIO()
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


def orientation_6():
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("size", [(64, 64), (16, 20), (7, 9), (400, 30)])
def test_the_same_pictures_as_one_by_one(tmp_path, rng, grey, size):
    contents = [jpeg(rng, *rng.integers(1, 220, 2)) for _ in range(150)]
    contents += [jpeg(rng, 64, 64, mode="L"), jpeg(rng, 64, 64, progressive=True), jpeg(rng, 90, 64, mode="CMYK")]
    contents += [jpeg(rng, 40, 70, exif=orientation_6()), jpeg(rng, 700, 500), jpeg(rng, 64, 64, subsampling=0)]
    paths = []
    for number, content in enumerate(contents):
        paths.append(str(tmp_path / f"{number}.jpg"))
        (tmp_path / f"{number}.jpg").write_bytes(content)
    wanted = PictureFormat(size, grey=grey)
    pictures = np.empty((len(paths), *wanted.shape), np.uint8)
    together = SmallJPEGs(pictures.copy(), wanted)
    n_together = sum(together.add(content, row) for row, content in enumerate(contents))
    assert n_together >= (61 if size == (400, 30) else 140)
    assert decode_into(pictures, paths, wanted, n_jobs=2) == {}
    for path, picture in zip(paths, pictures, strict=True):
        np.testing.assert_array_equal(picture, read_picture(path, wanted), err_msg=path)


def test_more_pictures_than_can_wait(rng):
    contents = [jpeg(rng, 200, 200) for _ in range(20)]
    pictures = np.zeros((20, 32, 32, 3), np.uint8)
    together = SmallJPEGs(pictures, PictureFormat((32, 32)))
    order = rng.permutation(20)
    assert all(together.add(contents[row], row) for row in order)
    together.finish()
    for content, picture in zip(contents, pictures, strict=True):
        np.testing.assert_array_equal(picture, read_picture("unread", PictureFormat((32, 32)), content=content))


def test_what_is_left_to_the_careful_way(rng):
    pictures = np.zeros((1, 32, 32, 3), np.uint8)
    together = SmallJPEGs(pictures, PictureFormat((32, 32)))
    whole = jpeg(rng, 64, 64)
    assert together.add(whole, 0)
    for content in (
        jpeg(rng, 64, 64, exif=orientation_6()),
        jpeg(rng, 64, 64, mode="CMYK"),
        jpeg(rng, 300, 300),
        jpeg(rng, 8, 64),  # enlarged fourfold
        whole[: len(whole) // 2],
        whole[:20],
        b"no picture",
    ):
        assert not together.add(content, 0)
    assert not SmallJPEGs(pictures, PictureFormat((32, 32), resize="crop")).add(whole, 0)


def test_a_broken_one_among_others_is_black_and_named(tmp_path, rng):
    paths = []
    for number in range(5):
        content = jpeg(rng, 50, 60)
        paths.append(str(tmp_path / f"{number}.jpg"))
        (tmp_path / f"{number}.jpg").write_bytes(content[:100] if number == 2 else content)
    wanted = PictureFormat((32, 32))
    pictures = np.full((5, 32, 32, 3), 77, np.uint8)
    unreadable = decode_into(pictures, paths, wanted, on_error="blank")
    assert list(unreadable) == [2]
    assert not pictures[2].any()
    for row in (0, 1, 3, 4):
        np.testing.assert_array_equal(pictures[row], read_picture(paths[row], wanted))


@pytest.mark.parametrize("options", [{}, {"mode": "L"}, {"progressive": True}, {"subsampling": 0}, {"mode": "CMYK"}])
def test_the_header_says_what_libjpeg_does(rng, options):
    content = jpeg(rng, 37, 53, **options)
    header = jpeg_header(content)
    assert header.whole
    assert (header.height, header.width) == (37, 53)
    assert header.progressive == ("progressive" in options)
    assert header.plain == (options.get("mode") != "CMYK")
    assert not header.has_exif
    assert jpeg_header(jpeg(rng, 37, 53, exif=orientation_6(), **options)).has_exif


def hidden(rng):
    """Return JPEGs of 600 x 600 whose real frame is stepped over by who does not walk as libjpeg does."""
    content = jpeg(rng, 600, 600)
    small = jpeg(rng, 32, 32)
    frame = small[small.index(b"\xff\xc0") : small.index(b"\xff\xda") + 20]
    place = content.index(b"\xff\xc0")
    for filler in (b"\xff", b"\xff\x01", b"\xff\xd0", b"\xff\xd8", b"\xff\xfe\x00\x01"):
        # A comment that holds another frame, where a walk would land that takes what follows for a length.
        comment = b"\xff\xfe" + (len(frame) + 2).to_bytes(2, "big") + frame
        yield content[:place] + filler + content[place:]
        yield content[:place] + comment + filler + content[place:]
        yield content[:place] + filler + comment + content[place:]


def test_no_other_size_than_libjpegs_is_read(rng):
    for content in hidden(rng):
        header = jpeg_header(content)
        assert not header.whole or (header.height, header.width) == (600, 600)
        assert jpeg_size(content) in (None, (600, 600))


def test_a_larger_picture_than_its_header_said_is_not_decoded(rng):
    assert decode_jpeg(jpeg(rng, 600, 600), (32, 32), 1, grey=False) is None
    assert decode_jpeg(jpeg(rng, 600, 600), (600, 600), 2, grey=True).shape == (300, 300)


def test_a_header_in_pieces_is_not_trusted(rng):
    content = jpeg(rng, 37, 53)
    for stop in range(2, 600):
        header = jpeg_header(content[:stop])
        assert not header.whole or stop > content.index(b"\xff\xda")


def test_without_jfif_libjpeg_is_asked_for_the_colours(rng):
    content = jpeg(rng, 37, 53)
    assert content[2:4] == b"\xff\xe0"
    length = int.from_bytes(content[4:6], "big")
    bare = content[:2] + content[4 + length :]
    assert not jpeg_header(bare).plain
    assert jpeg_size(bare) == (37, 53)
    # Written by Adobe with the colours as they are: not what a plain file has.
    rgb = content[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00" + content[4 + length :]
    assert simplejpeg.decode_jpeg_header(rgb)[2] == "RGB"
    assert jpeg_size(rgb) is None
