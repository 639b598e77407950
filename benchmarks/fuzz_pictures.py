"""Damaged picture files: each must be read, or listed with a reason, within 5 seconds and without a crash.

    python benchmarks/fuzz_pictures.py [--files 10000] [--seed 0] [--only NUMBER]

A process of its own makes and reads the files, so that a crash or a hang of a decoder is seen, told, and passed over.
Each file follows from the seed and its number alone; `--only` makes and reads one of them again. Exits with 1 if there
was a crash, a hang, an error of another kind than `UnreadablePictureError`, or a warning.
"""

import argparse
import json
import random
import re
import struct
import sys
import tempfile
import time
import warnings
import zlib
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from _fuzzing import outcomes, report
from _timing import peak_memory
from PIL import Image

from skimgrec.utils._decode import UnreadablePictureError, inspect_picture, read_picture
from skimgrec.utils._jpeg_header import jpeg_header
from skimgrec.utils._picture_files import decode_into
from skimgrec.utils._picture_format import PictureFormat
from skimgrec.utils._resample import resample

LIMIT_SECONDS = 5.0
MAGICS = (
    *(b"\xff\xd8\xff", b"\xff\xd8\xff\xe1\x00\x40Exif\0\0", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"GIF89a", b"GIF87a"),
    *(
        b"BM",
        b"II*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08",
        b"II+\0\x08\0\0\0",
        b"\0\0\0\x1cftypavif",
        b"\0\0\0\x0cjP  \r\n\x87\n",
    ),
    *(b"RIFF\x40\0\0\0WEBPVP8 ", b"RIFF\x40\0\0\0WEBPVP8L", b"\xff\x4f\xff\x51", b"P6\n64 64\n255\n", b"P4 9 9\n"),
    *(b"Pf\n5 5\n-1\n", b"\0\0\1\0\1\0", b"\0\0\2\0\1\0", b"icns\0\0\1\0", b"8BPS\0\1\0\0\0\0\0\0"),
    *(b"qoif\0\0\0\x40\0\0\0\x40\4\0", b"DDS \x7c\0\0\0", b"\x01\xda\1\1", b"\x0a\5\1\x08", b"BLP2\1\0\0\0"),
    *(b"FTEX", b"DanM", b"\x59\xa6\x6a\x95", b"/* XPM */\n", b"#define a_width 9\n", b"\x80\xe8\0\0", b"P7 332\n"),
    *(b"\xb1\x68\xde\x3a", b"SIMPLE  =", b"\0" * 4 + b"\x11\xaf", b"\0\0\2\0" + b"\0" * 8),
)


def take(image, save_as, **options):
    """Return the bytes of a file, None if Pillow does not write this kind of picture so."""
    stream = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image.save(stream, save_as, **options)
        except Exception:  # Pillow refuses a mode in many ways
            return None
    return stream.getvalue()


@cache
def whole_files():
    """Return the name of the format and the content of one file for each format and mode that Pillow writes."""
    Image.init()
    y, x = np.mgrid[0:48, 0:64]
    pixels = np.stack([x * 4, y * 5, (x * y) % 256, 255 - x], axis=-1).astype(np.uint8)
    rgba = Image.fromarray(pixels)
    images = [
        rgba,
        *(rgba.convert("RGB").convert(mode) for mode in ("RGB", "L", "P", "1", "CMYK", "YCbCr", "LAB", "I", "F")),
    ]
    images += [rgba.convert("LA"), Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)]
    files = []
    for name in sorted(Image.SAVE):
        if name != "PDF":  # it holds pictures, but is none
            files += [(name, take(image, name)) for image in images]
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a description" * 20
    rgb, frames = rgba.convert("RGB"), [rgba.rotate(angle) for angle in (90, 180)]
    for options in (
        {"progressive": True},
        {"exif": exif},
        {"subsampling": 0, "quality": 100},
        {"restart_marker_blocks": 1},
    ):
        files.append(("JPEG", take(rgb, "JPEG", **options)))
    for name in ("GIF", "PNG", "WEBP", "TIFF", "AVIF"):
        files.append((name, take(rgba, name, save_all=True, append_images=frames)))
        files.append((name, take(rgba, name, exif=exif)))
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4", "tiff_ccitt", "zstd", "lzma"):
        files.append(
            ("TIFF", take(rgb if compression[0] != "g" else rgb.convert("1"), "TIFF", compression=compression))
        )
    files.append(("WEBP", take(rgba, "WEBP", lossless=True)))
    files.append(("TGA", take(rgba, "TGA", compression="tga_rle")))
    return [(name, content) for name, content in files if content]


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, data, before=b"", depth=8, colour=2):
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + before + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def deflated_zeros(n):
    packer = zlib.compressobj(9)
    block = bytes(2**20)
    return b"".join(
        [packer.compress(block) for _ in range(n >> 20)] + [packer.compress(bytes(n % 2**20)), packer.flush()]
    )


def many_scans(n):
    """Return a progressive JPEG whose last scan comes `n` times."""
    content = take(Image.new("L", (4000, 4000), 90), "JPEG", progressive=True)
    scan = content.rindex(b"\xff\xda")
    return content[:scan] + content[scan:-2] * n + content[-2:]


@cache
def bombs():
    """Return small files that want much memory or much time."""
    square = deflated_zeros(8000 * 24001)
    text = zlib.compress(bytes(2**27), 9)
    solid = Image.new("RGB", (6000, 6000), "teal")
    frames = [Image.new("L", (64, 64), i % 256) for i in range(2000)]
    empty_frame = b"," + struct.pack("<4HB", 0, 0, 9000, 9000, 0) + b"\x02\x02\x44\x01\0"
    files = [
        png(8000, 8000, square),
        png(9000, 9000, deflated_zeros(9000 * 9001), colour=0),
        png(10, 10, deflated_zeros(2**27)),
        png(10, 10, zlib.compress(bytes(310)), png_chunk(b"iCCP", b"a\0\0" + text)),
        png(10, 10, zlib.compress(bytes(310)), png_chunk(b"zTXt", b"a\0\0" + text) * 3),
        png(10, 10, zlib.compress(bytes(310)), png_chunk(b"iTXt", b"a\0\1\0\0\0" + text)),
        png(2**31 - 1, 2**31 - 1, zlib.compress(b"")),
        png(89_000_000, 1, deflated_zeros(89_000_001), colour=0),
        png(1, 80_000_000, deflated_zeros(160_000_000), colour=0),
        png(10, 10, zlib.compress(bytes(310)), png_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))),
        take(solid, "WEBP", quality=1, method=0),
        take(solid, "GIF"),
        take(solid, "TIFF", compression="tiff_adobe_deflate"),
        take(solid, "TIFF", compression="packbits"),
        take(solid, "JPEG", quality=1),
        take(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        many_scans(2),
        many_scans(500),
        b"P6\n9000 9000\n255\n" + bytes(100),
        b"P1\n9000 9000\n" + b"1 " * 1000,
        b"GIF89a" + struct.pack("<HH", 9000, 9000) + b"\0\0\0" + empty_frame * 500 + b";",
    ]  # fmt: skip
    return [("bomb", content) for content in files if content]


def flip_bits(rng, content):
    content = bytearray(content)
    # Headers are a small part of a file, and the most interesting one.
    end = rng.choice([len(content), min(len(content), 200)])
    for _ in range(rng.choice([1, 1, 3, 20, 100])):
        content[rng.randrange(end)] ^= 1 << rng.randrange(8)
    return bytes(content)


def truncate(rng, content):
    return content[: rng.randrange(len(content))]


def blow_up_sizes(rng, content):
    content = bytearray(content)
    for _ in range(rng.choice([1, 2, 4])):
        value = rng.choice([0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 30000, 9000, rng.randrange(2**32)])
        kind = rng.choice(["<I", ">I", "<H", ">H"])
        field = struct.pack(kind, value & (0xFFFFFFFF if kind[1] == "I" else 0xFFFF))
        place = rng.randrange(max(1, min(len(content), 120)))
        content[place : place + len(field)] = field
    if content.startswith(b"\x89PNG") and rng.random() < 0.8:  # Pillow looks at the sum of the bits first
        content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
    return bytes(content)


def swap_chunks(rng, content):
    cuts = sorted(rng.randrange(len(content) + 1) for _ in range(rng.choice([2, 3, 6])))
    parts = [content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    first, rest = parts[0], parts[1:]
    rng.shuffle(rest)
    return first + b"".join(rest)


def swap_png_or_jpeg_chunks(rng, content):
    """Swap, drop or double what the format itself calls a chunk."""
    if content.startswith(b"\x89PNG"):
        chunks, place = [], 8
        while place < len(content):
            end = place + 12 + struct.unpack(">I", content[place : place + 4])[0]
            chunks.append(content[place:end])
            place = end
        start = content[:8]
    elif content.startswith(b"\xff\xd8"):
        parts = re.split(rb"(?=\xff[\xc0-\xcf\xda-\xdf\xe0-\xef])", content)
        start, chunks = parts[0], parts[1:]
    else:
        return swap_chunks(rng, content)
    action = rng.choice(["swap", "drop", "double", "flip"])
    if len(chunks) < 2:
        return content
    i, j = rng.randrange(len(chunks)), rng.randrange(len(chunks))
    if action == "swap":
        chunks[i], chunks[j] = chunks[j], chunks[i]
    elif action == "drop":
        del chunks[i]
    elif action == "double":
        chunks.insert(j, chunks[i])
    elif start[0] == 0x89 and len(chunks[i]) > 12:  # damage that the sum of the bits does not tell
        chunks[i] = png_chunk(chunks[i][4:8], flip_bits(rng, chunks[i][8:-4]))
    return start + b"".join(chunks)


def overwrite(rng, content):
    content = bytearray(content)
    start, length = rng.randrange(len(content)), rng.choice([4, 32, 500])
    filling = rng.choice([bytes(length), b"\xff" * length, rng.randbytes(length)])
    if rng.random() < 0.5:
        content[start : start + length] = filling
    else:
        content[start:start] = filling
    return bytes(content)


def random_behind_magic(rng, content):
    return rng.choice(MAGICS) + rng.randbytes(rng.choice([0, 10, 100, 1000, 20000]))


def leave(rng, content):
    return content


DAMAGES = (
    flip_bits,
    truncate,
    blow_up_sizes,
    swap_chunks,
    swap_png_or_jpeg_chunks,
    overwrite,
    random_behind_magic,
    leave,
)
WEIGHTS = (30, 12, 20, 6, 10, 10, 10, 2)
ENDINGS = ("jpg", "png", "gif", "tif", "webp", "bmp", "txt", "avif", "JPEG")


def make_file(seed, number):
    """Return a file's name and content, which follow from the two numbers."""
    rng = random.Random(f"{seed} {number}")
    if rng.random() < 0.01:
        kind, content = rng.choice(bombs())
        damage = rng.choice([leave, leave, flip_bits])
    else:
        kind, content = rng.choice(whole_files())
        damage = rng.choices(DAMAGES, WEIGHTS)[0]
    content = damage(rng, content)
    return f"{number}-{kind}-{damage.__name__}.{rng.choice(ENDINGS)}", content


def read_one(path, number):
    """Return what became of a file: "read", its reason, or what went wrong."""
    wanted = (
        PictureFormat(grey=True)
        if number % 4 == 3
        else PictureFormat((64, 64), resize=("stretch", "crop", "fit")[number % 3])
    )
    try:
        with suppress(UnreadablePictureError):
            inspect_picture(path)
        picture = read_picture(path, wanted)
        assert picture.dtype == np.uint8
        assert picture.ndim == (2 if wanted.grey else 3)
        if wanted.image_size is not None:
            among_others = np.empty((1, *wanted.shape), np.uint8)
            assert not decode_into(among_others, [path], wanted, on_error="blank"), "broken only among others"
            assert np.array_equal(among_others[0], picture), "another picture among others"
    except UnreadablePictureError as error:
        if not error.reason or " at 0x" in error.reason:
            return "wrong", f"a reason that says nothing: {error.reason!r}"
        return "listed", error.reason
    except Exception as error:
        return "wrong", f"{type(error).__name__}: {error}"
    return "read", ""


def work(seed, numbers):
    """Make and read files, and print a line before and after each."""
    warnings.simplefilter("error")
    whole_files(), bombs()
    resample(np.zeros((4, 4, 3), np.uint8), np.zeros((2, 2, 3), np.uint8))  # compiled before the clock runs
    jpeg_header(b"\xff\xd8\xff")
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            name, content = make_file(seed, number)
            path = Path(folder, name)
            path.write_bytes(content)
            print(json.dumps([number, name]), flush=True)
            start = time.perf_counter()
            outcome, text = read_one(path, number)
            print(json.dumps([number, name, outcome, text, time.perf_counter() - start, peak_memory()]), flush=True)
            path.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="make and read this one file, in this process")
    parser.add_argument("--worker", type=int, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments.seed, range(*arguments.worker))
        return 0
    if arguments.only is not None:
        work(arguments.seed, [arguments.only])
        return 0

    found = outcomes(__file__, arguments.files, seed=arguments.seed, hang_seconds=LIMIT_SECONDS)
    return report(found, ("read", "listed"), seed=arguments.seed, measured=("read", "listed"), n_reasons=10)


if __name__ == "__main__":
    sys.exit(main())
