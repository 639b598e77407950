"""Every kind of picture file becomes the array that a person would expect."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from skimgrec.utils import _fast_jpeg
from skimgrec.utils._decode import UnreadablePictureError, inspect_picture, read_picture
from skimgrec.utils._picture_format import PictureFormat, bring_to_size
from skimgrec.utils._resample import resample

from ._drawing import png, save, smooth

COLOUR, GREY = PictureFormat(), PictureFormat(grey=True)
PHOTOS = Path(os.environ.get("SKIMGREC_DATA", "")) / "photos"


def close(first, second, mean):
    return np.abs(first.astype(float) - second).mean() <= mean


# Kinds of files and of pixels


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.ppm", "a.tga", "a.pcx", "a.sgi", "a.qoi"])
def test_lossless_formats_give_the_very_pixels(tmp_path, name):
    picture = smooth(7, 5)
    path = save(picture, tmp_path / name)
    np.testing.assert_array_equal(read_picture(path, COLOUR), picture)
    np.testing.assert_array_equal(read_picture(path, GREY), np.asarray(Image.fromarray(picture).convert("L")))


@pytest.mark.parametrize("name", ["a.jpg", "a.webp", "a.avif", "a.jp2"])
def test_lossy_formats_come_close(tmp_path, name):
    picture = smooth(64, 48)
    path = save(picture, tmp_path / name, quality=95) if name != "a.jp2" else save(picture, tmp_path / name)
    assert close(read_picture(path, COLOUR), picture, 3)
    assert close(read_picture(path, GREY), np.asarray(Image.fromarray(picture).convert("L")), 3)


@pytest.mark.parametrize("name", ["UPPER.PNG", "wrong.jpg", "wrong.txt", "none"])
def test_the_content_decides_and_not_the_extension(tmp_path, name):
    picture = smooth(6, 4)
    path = save(picture, tmp_path / name, format="PNG")
    np.testing.assert_array_equal(read_picture(path, COLOUR), picture)
    np.testing.assert_array_equal(read_picture(str(path), COLOUR), picture)


def test_a_jpeg_named_png_is_read(tmp_path):
    assert close(read_picture(save(smooth(32, 32), tmp_path / "a.png", format="JPEG"), COLOUR), smooth(32, 32), 3)


def test_palette(tmp_path):
    image = Image.fromarray(smooth(8, 6)).quantize(16)
    np.testing.assert_array_equal(
        read_picture(save(image, tmp_path / "a.png"), COLOUR), np.asarray(image.convert("RGB"))
    )
    np.testing.assert_array_equal(
        read_picture(save(image, tmp_path / "a.gif"), GREY), np.asarray(image.convert("RGB").convert("L"))
    )


@pytest.mark.parametrize("transparency", [0, b"\0\xff"])
def test_transparent_places_of_a_palette_are_white(tmp_path, transparency):
    image = Image.new("P", (4, 2), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    image.putpixel((0, 0), 0)
    path = save(image, tmp_path / "a.png", transparency=transparency)
    picture = read_picture(path, COLOUR)
    assert picture[0, 0].tolist() == [255, 255, 255]
    assert picture[1, 3].tolist() == [200, 100, 50]
    assert read_picture(path, GREY)[0, 0] == 255


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA"])
@pytest.mark.parametrize("grey", [False, True])
def test_transparency_is_laid_over_white(tmp_path, mode, grey):
    pixels = np.zeros((2, 3, 4), np.uint8)
    pixels[..., 3] = [[0, 128, 255]] * 2
    image = Image.fromarray(pixels)
    if mode == "PA":
        path = save(image.quantize(8), tmp_path / "a.png")
    else:
        path = save(image.convert(mode), tmp_path / "a.png")
    picture = read_picture(path, PictureFormat(grey=grey))
    assert picture.shape == ((2, 3) if grey else (2, 3, 3))
    line = picture[0] if grey else picture[0, :, 0]
    assert line[0] == 255
    assert abs(int(line[1]) - 127) <= 1
    assert line[2] == 0


@pytest.mark.parametrize(("mode", "colour", "seen"), [("RGB", (9, 8, 7), (9, 8, 7)), ("L", 9, (9, 9, 9))])
def test_a_transparent_colour_without_alpha_is_white_too(tmp_path, mode, colour, seen):
    image = Image.new(mode, (3, 1), colour)
    image.putpixel((0, 0), 0 if mode == "L" else (0, 0, 0))
    path = save(image, tmp_path / "a.png", transparency=0 if mode == "L" else (0, 0, 0))
    picture = read_picture(path, COLOUR)
    assert picture[0, 0].tolist() == [255, 255, 255]
    assert tuple(picture[0, 2]) == seen
    assert read_picture(path, GREY)[0, 0] == 255


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_cmyk(tmp_path, name):
    image = Image.fromarray(smooth(32, 24)).convert("CMYK")  # a JPEG of these is inverted, as Adobe's are
    path = save(image, tmp_path / name)
    assert close(read_picture(path, COLOUR), smooth(32, 24), 4)
    assert close(read_picture(path, GREY), np.asarray(Image.fromarray(smooth(32, 24)).convert("L")), 4)


def test_one_bit(tmp_path):
    picture = np.eye(5, 9, dtype=bool)
    for name in ("a.png", "a.tif", "a.xbm", "a.bmp"):
        seen = read_picture(save(picture, tmp_path / name), GREY)
        np.testing.assert_array_equal(seen, 255 * picture)


@pytest.mark.parametrize("grey", [False, True])
def test_16_bit_grey_drops_the_lower_bits(tmp_path, grey):
    values = np.array([[0, 255, 256], [32768, 65280, 65535]], np.uint16)
    for name in ("a.png", "a.tif"):
        picture = read_picture(save(values, tmp_path / name), PictureFormat(grey=grey))
        assert (picture if grey else picture[..., 2]).tolist() == [[0, 0, 1], [128, 255, 255]]


def test_16_bit_rgb(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(2, 1, b"\0" + struct.pack(">6H", 0, 256, 65535, 32768, 255, 512), depth=16))
    assert read_picture(path, COLOUR).tolist() == [[[0, 1, 255], [128, 0, 2]]]


@pytest.mark.parametrize(
    ("values", "seen"),
    [
        (np.array([[0, 256, 65535]], np.int32), [[0, 1, 255]]),
        (np.array([[0, 0.5, 1]], np.float32), [[0, 128, 255]]),
        (np.array([[0, 100.4, 255]], np.float32), [[0, 100, 255]]),
    ],
)
def test_tiff_of_32_bits(tmp_path, values, seen):
    assert read_picture(save(values, tmp_path / "a.tif"), GREY).tolist() == seen


@pytest.mark.parametrize("values", [[-1, 5], [0, 70000]])
def test_numbers_that_are_no_brightness_raise(tmp_path, values):
    path = save(np.array([values], np.int32), tmp_path / "a.tif")
    with pytest.raises(UnreadablePictureError, match=rf"from {values[0]} to {values[1]}"):
        read_picture(path, GREY)
    path = save(np.array([[np.nan, 1]], np.float32), tmp_path / "b.tif")
    with pytest.raises(UnreadablePictureError, match="from nan to nan"):
        read_picture(path, GREY)


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.tif", "a.avif"])
def test_the_first_frame_is_taken(tmp_path, name):
    frames = [Image.new("RGB", (20, 16), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if name == "a.webp" else {}
    path = save(frames[0], tmp_path / name, save_all=True, append_images=frames[1:], **options)
    assert close(read_picture(path, COLOUR)[8, 10], np.array([255, 0, 0]), 3)
    assert inspect_picture(path).n_frames == 3


@pytest.mark.parametrize("mode", ["LAB", "YCbCr", "RGBX"])
@pytest.mark.parametrize("grey", [False, True])
def test_other_kinds_of_pixels(tmp_path, mode, grey):
    colours = {"LAB": (255, 128, 128), "YCbCr": (255, 128, 128), "RGBX": (255, 255, 255, 0)}
    image = Image.new(mode, (4, 3), colours[mode])
    seen = read_picture(save(image, tmp_path / "a.tif"), PictureFormat(grey=grey))
    assert seen.shape == ((3, 4) if grey else (3, 4, 3))
    assert seen.min() > 250


# Sizes


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("wanted", [None, (20, 30), (60, 20)])
@pytest.mark.parametrize("resize", ["stretch", "crop", "fit"])
def test_exif_orientation(tmp_path, name, orientation, wanted, resize):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    image = Image.fromarray(smooth(48, 80))
    path = save(image, tmp_path / name, exif=exif)
    assert inspect_picture(path).orientation == orientation
    assert inspect_picture(path).size == (48, 80)
    image.getexif()[ExifTags.Base.Orientation] = orientation
    upright = save(ImageOps.exif_transpose(image), tmp_path / "upright.png")
    wanted = PictureFormat(wanted, resize=resize)
    seen, expected = read_picture(path, wanted), read_picture(upright, wanted)
    assert seen.shape == expected.shape
    assert close(seen, expected, 3)


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_there_is_not_leaves_the_picture(tmp_path, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    assert read_picture(save(smooth(16, 24), tmp_path / "a.jpg", exif=exif), COLOUR).shape == (16, 24, 3)


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0rubbish", b"Exif\0\0II*\0\x08\0\0\0\xff\xff", b"\xff" * 50])
def test_damaged_exif_does_not_cost_the_picture(tmp_path, exif):
    for name in ("a.jpg", "a.png", "a.webp"):
        path = save(smooth(16, 24), tmp_path / name, exif=exif)
        assert read_picture(path, COLOUR).shape == (16, 24, 3)
        assert inspect_picture(path).orientation == 1


@pytest.mark.parametrize("size", [(64, 48), (20, 20), (7, 31), (300, 5), (1, 1), (63, 47), (200, 200)])
def test_stretch_is_pillows_bilinear(tmp_path, size, rng):
    for picture in (rng.integers(0, 256, (64, 48, 3), np.uint8), rng.integers(0, 256, (64, 48), np.uint8)):
        path = save(picture, tmp_path / "a.png")
        expected = np.asarray(Image.fromarray(picture).resize(size[::-1], Image.Resampling.BILINEAR))
        seen = read_picture(path, PictureFormat(size, grey=picture.ndim == 2))
        assert np.abs(seen.astype(int) - expected).max() <= 1
        assert np.mean(seen != expected) < 0.25  # Pillow rounds twice


def test_crop_takes_the_middle(tmp_path, rng):
    picture = rng.integers(0, 256, (40, 100, 3), np.uint8)
    path = save(picture, tmp_path / "a.png")
    seen = read_picture(path, PictureFormat((20, 20), resize="crop"))
    expected = np.asarray(Image.fromarray(picture).resize((20, 20), Image.Resampling.BILINEAR, box=(30, 0, 70, 40)))
    assert np.abs(seen.astype(int) - expected).max() <= 1
    np.testing.assert_array_equal(read_picture(path, PictureFormat((40, 100), resize="crop")), picture)


@pytest.mark.parametrize("grey", [False, True])
def test_fit_adds_black_borders(tmp_path, grey):
    path = save(np.full((40, 100, 3), 200, np.uint8), tmp_path / "a.png")
    seen = read_picture(path, PictureFormat((20, 20), grey=grey, resize="fit"))
    filled = seen.reshape(20, -1).all(axis=1)
    assert filled.tolist() == [False] * 6 + [True] * 8 + [False] * 6
    assert (seen[filled] == 200).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (2000, 1), (3, 65500)])
@pytest.mark.parametrize("size", [(1, 1), (64, 64), (1, 50)])
@pytest.mark.parametrize("resize", ["stretch", "crop", "fit"])
@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_extreme_proportions(tmp_path, shape, size, resize, name):
    path = save(np.full((*shape, 3), 90, np.uint8), tmp_path / name)
    for grey in (False, True):
        seen = read_picture(path, PictureFormat(size, grey=grey, resize=resize))
        assert seen.shape == (size if grey else (*size, 3))
        assert abs(int(seen.max()) - 90) <= 1
        if resize != "fit":
            assert abs(int(seen.min()) - 90) <= 1


def test_resample_leaves_a_picture_of_the_same_size(rng):
    picture = rng.integers(0, 256, (9, 11, 3), np.uint8)
    out = np.empty_like(picture)
    resample(picture, out)
    np.testing.assert_array_equal(out, picture)


# JPEG's reduced sizes


@pytest.mark.parametrize("resize", ["stretch", "crop", "fit"])
@pytest.mark.parametrize("grey", [False, True])
def test_reduced_sizes_come_close_to_the_full_decode(tmp_path, resize, grey):
    path = save(smooth(600, 800), tmp_path / "a.jpg", quality=95)
    whole = save(Image.open(path), tmp_path / "a.png")
    for size in ((32, 32), (64, 100), (150, 130), (299, 400)):
        wanted = PictureFormat(size, grey=grey, resize=resize)
        assert close(read_picture(path, wanted), read_picture(whole, wanted), 0.7)


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="SKIMGREC_DATA names no folder with photos/")
@pytest.mark.parametrize("size", [(64, 64), (128, 96), (224, 224)])
def test_reduced_sizes_of_real_photographs(tmp_path, size):
    for photo in sorted(PHOTOS.glob("*.jpg")):
        whole = save(Image.open(photo), tmp_path / "a.png")
        wanted = PictureFormat(size)
        assert close(read_picture(photo, wanted), read_picture(whole, wanted), 2)


@pytest.mark.skipif(_fast_jpeg.simplejpeg is None, reason="simplejpeg (the extra fast) is not installed")
@pytest.mark.parametrize("size", [None, (64, 64), (20, 200), (113, 57)])
@pytest.mark.parametrize("resize", ["stretch", "crop", "fit"])
def test_simplejpeg_and_pillow_give_the_same(tmp_path, monkeypatch, rng, size, resize):
    paths = [
        save(smooth(601, 803), tmp_path / "a.jpg"),
        save(rng.integers(0, 256, (99, 300, 3), np.uint8), tmp_path / "b.jpg", quality=60),
        save(rng.integers(0, 256, (99, 31), np.uint8), tmp_path / "c.jpg", subsampling=0),
        save(smooth(300, 400), tmp_path / "d.jpg", progressive=True, subsampling=1),
        save(Image.fromarray(smooth(40, 50)).convert("CMYK"), tmp_path / "e.jpg"),
        save(smooth(1, 900), tmp_path / "f.jpg"),
    ]
    for grey in (False, True):
        wanted = PictureFormat(size, grey=grey, resize=resize)
        fast = [read_picture(path, wanted) for path in paths]
        with monkeypatch.context() as without:
            without.setattr(_fast_jpeg, "simplejpeg", None)
            for path, picture in zip(paths, fast, strict=True):
                np.testing.assert_array_equal(read_picture(path, wanted), picture)


@pytest.mark.parametrize("large", [False, True])
def test_png_with_exif_at_its_end(tmp_path, rng, large):
    side = 200 if large else 10
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = save(rng.integers(0, 256, (side, side + 1, 3), np.uint8), tmp_path / "a.png", exif=exif)
    content = path.read_bytes()
    start = content.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(content[start : start + 4], "big")
    path.write_bytes(content[:start] + content[end:-12] + content[start:end] + content[-12:])
    assert inspect_picture(path).orientation == 6
    assert read_picture(path, COLOUR).shape == (side + 1, side, 3)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
@pytest.mark.parametrize("resize", ["stretch", "crop", "fit"])
@pytest.mark.parametrize("shape", [(2500, 2000), (80, 60_000)])
def test_large_pictures_that_are_averaged_first_come_close(tmp_path, mode, resize, shape):
    image = Image.fromarray(smooth(*shape))
    path = save(
        image.quantize(64) if mode == "P" else image.convert(mode),
        tmp_path / "a.bmp" if mode != "RGBA" else tmp_path / "a.tga",
    )
    for size in ((16, 16), (40, 30), (100, 300)):
        wanted = PictureFormat(size, resize=resize)
        expected = bring_to_size(read_picture(path, COLOUR), wanted, 1, None)
        assert close(read_picture(path, wanted), expected, 0.6)
