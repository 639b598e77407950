"""How large the file of a model would be, without writing it."""

from __future__ import annotations

import math
import pickle
from typing import Any


class _Counter:
    """A file that only counts what is written to it."""

    def __init__(self) -> None:
        self.n_bytes = 0

    def write(self, content: Any) -> int:
        self.n_bytes += memoryview(content).nbytes
        return memoryview(content).nbytes


def model_file_size(estimator: Any) -> float:
    """Return about how many bytes :func:`save_model` would write.

    Parameters
    ----------
    estimator : object
        A fitted estimator.

    Returns
    -------
    n_bytes : float
        NaN if it cannot be pickled.

    Notes
    -----
    A model file is arrays, uncompressed, and a little text. So are pickles of protocol 5, whose arrays are counted here
    where they lie, without a copy. The file is a few percent larger, that of a forest of small trees by a fifth.
    """
    sink = _Counter()
    n_buffered = 0

    def count(buffer: pickle.PickleBuffer) -> None:
        nonlocal n_buffered
        n_buffered += buffer.raw().nbytes

    try:
        pickle.Pickler(sink, protocol=5, buffer_callback=count).dump(estimator)
    except Exception:  # whatever an object's own __reduce__ or __getstate__ raises
        return math.nan
    return float(sink.n_bytes + n_buffered)
