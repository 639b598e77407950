"""Arrays from files that nobody has vouched for."""

from __future__ import annotations

import io
import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.persistence._errors import ModelFileError

# Along each axis of an array without elements, so that nothing is made large by being empty.
_LONGEST_EMPTY = 2**20
_KINDS = "biufcSUmM"
_HEADERS: dict[tuple[int, int], Any] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_array(content: bytes, name: str) -> NDArray[Any]:
    """Return the array in a .npy file: a new one, in the order of elements that it was saved in.

    Raises
    ------
    ModelFileError
        If its header is unreadable, declares what is neither number nor text, or another number of bytes than there
        are.
    """
    stream = io.BytesIO(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shape, is_fortran, dtype = _HEADERS[np.lib.format.read_magic(stream)](stream)
    except Exception as error:  # NumPy parses the header as a piece of Python, which fails in many ways
        raise ModelFileError(f"{name} is no readable array: {str(error)[:200]}") from error
    if dtype.hasobject or not _is_plain(dtype):
        raise ModelFileError(f"{name} has dtype {str(dtype)[:80]!r}: only NumPy's numbers and text are kept.")
    start = stream.tell()
    fits = all(type(side) is int and side >= 0 for side in shape) and len(shape) <= 32
    n = math.prod(shape) if fits else 0
    if fits and n == 0:
        fits = all(side <= _LONGEST_EMPTY for side in shape) and dtype.itemsize <= _LONGEST_EMPTY
    if not fits or n * dtype.itemsize != len(content) - start or (n and not dtype.itemsize):
        raise ModelFileError(
            f"{name} declares an array of shape {str(shape)[:80]} and dtype {str(dtype)[:80]}, which is not the "
            f"{len(content) - start} bytes that it holds."
        )
    if n == 0:
        return np.empty(shape, dtype)
    flat = np.frombuffer(content, dtype, n, start)
    return np.array(flat.reshape(shape, order="F" if is_fortran else "C"), order="K")


def _is_plain(dtype: np.dtype[Any]) -> bool:
    if dtype.fields is not None:
        return all(_is_plain(dtype.fields[name][0]) for name in dtype.names or ())
    return dtype.base.kind in _KINDS if dtype.subdtype is None else _is_plain(dtype.base)
