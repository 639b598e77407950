"""What a check keeps of each picture: its size and kind, a digest of its pixels, a thumbnail and perceptual hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from skimgrec.utils import LazyImages, read_chunks
from skimgrec.utils._decode import UnreadablePictureError, inspect_picture, read_picture
from skimgrec.utils._picture_files import map_files
from skimgrec.utils._picture_format import PictureFormat, as_stored

SIDE = 32
# Share of each side that is cut off before the centre is hashed.
_MARGIN = 0.06
# Larger files are decoded to a reduced size at once, where their format can; their digests come later, where needed.
_LARGE_PICTURE = 2**22
_GREY = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Fingerprint:
    """What is kept of one picture.

    Parameters
    ----------
    size : tuple of two ints
        (height, width), upright.
    spread : float
        Standard deviation of the thumbnail's values, in levels of 0..255, of the channel where it is largest.
    thumbnail : ndarray of shape (32, 32), uint8
        The picture in grey, stretched to a square.
    codes : tuple of three ints
        pHash and dHash of the picture, dHash of its centre.
    digest : bytes or None
        Of size and pixels; None for a large file.
    mode : str
        Pillow's name for the kind of pixels, "" for an array.
    orientation, n_frames : int
        Of a file; 1 for an array.
    """

    size: tuple[int, int]
    spread: float
    thumbnail: NDArray[np.uint8]
    codes: tuple[int, int, int]
    digest: bytes | None
    mode: str = ""
    orientation: int = 1
    n_frames: int = 1


def fingerprint_files(
    paths: NDArray[Any], *, n_jobs: int | None, hashes: bool
) -> Iterator[Fingerprint | UnreadablePictureError]:
    """Yield the fingerprint of each file, in order, or the error that says why there is none."""

    def fingerprint(path: Any) -> Fingerprint | UnreadablePictureError:
        try:
            about = inspect_picture(path)
            size = as_stored(about.size, about.orientation)
            is_large = size[0] * size[1] > _LARGE_PICTURE
            picture = read_picture(path, PictureFormat((SIDE, SIDE) if is_large else None))
        except UnreadablePictureError as error:
            return error
        small = picture if is_large else shrink(picture)
        return Fingerprint(
            size=size,
            spread=_spread(small),
            thumbnail=_grey(small),
            codes=_codes(_grey(small)) if hashes else (0, 0, 0),
            digest=None if is_large else digest_of(picture),
            mode=about.mode,
            orientation=about.orientation,
            n_frames=about.n_frames,
        )

    yield from map_files(fingerprint, paths, n_jobs=n_jobs)


def file_digest(path: Any) -> bytes:
    """Return the digest of a file's pixels in full size."""
    return digest_of(read_picture(path, PictureFormat()))


def fingerprint_pictures(
    pictures: NDArray[Any] | LazyImages, to_uint8: Callable[[NDArray[Any]], NDArray[np.uint8]], *, hashes: bool
) -> Iterator[Fingerprint]:
    """Yield the fingerprint of each picture of a batch (n, h, w, c)."""
    for _, chunk in read_chunks(pictures):
        for picture in chunk:
            small = shrink(to_uint8(picture))
            yield Fingerprint(
                size=(picture.shape[0], picture.shape[1]),
                spread=_spread(small),
                thumbnail=_grey(small),
                codes=_codes(_grey(small)) if hashes else (0, 0, 0),
                digest=digest_of(picture),
            )


def digest_of(picture: NDArray[Any]) -> bytes:
    """Return 16 bytes that stand for the size and the values of a picture."""
    digest = hashlib.blake2b(repr((picture.shape, picture.dtype.str)).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(picture).data)
    return digest.digest()


def shrink(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture as a square of 32 x 32, whatever its proportions."""
    from skimgrec.utils._resample import resample

    out = np.empty((SIDE, SIDE, *picture.shape[2:]), np.uint8)
    resample(np.ascontiguousarray(picture), out)
    return out


def _spread(small: NDArray[np.uint8]) -> float:
    return float(small.reshape(SIDE * SIDE, -1).std(axis=0).max())


def _grey(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if small.ndim == 2:
        return small
    return small[..., 0] if small.shape[2] < 3 else np.rint(small[..., :3] @ _GREY).astype(np.uint8)


def _codes(grey: NDArray[np.uint8]) -> tuple[int, int, int]:
    import imagehash

    image = Image.fromarray(grey)
    edge = round(_MARGIN * SIDE)
    centre = image.crop((edge, edge, SIDE - edge, SIDE - edge))
    whole, differences, inner = imagehash.phash(image), imagehash.dhash(image), imagehash.dhash(centre)
    return _bits(whole.hash), _bits(differences.hash), _bits(inner.hash)


def _bits(values: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(values).tobytes(), "big")
