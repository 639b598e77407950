"""Working through a batch in parts, in as many threads as are wanted."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from joblib import effective_n_jobs
from numpy.typing import NDArray

from skimgrec.utils import Pictures, chunk_length, chunk_slices, read_rows

# Enough parts for each thread that the last one to finish keeps nobody waiting long.
_PARTS_PER_THREAD = 4


def write_in_parts(pictures: Pictures, n_jobs: int | None, write: Callable[[NDArray[Any], slice], None]) -> None:
    """Hand a batch to a function part by part, in threads that read their own parts of pictures in files.

    Parameters
    ----------
    pictures : ndarray or LazyImages of shape (n, h, w, c)
        The batch.
    n_jobs : int or None
        How many threads, as joblib counts them.
    write : callable
        Takes pictures, as an array, and the slice of the batch that they are. It is called from several threads, and
        gains from them where it lets go of the interpreter's lock.
    """
    n_threads = effective_n_jobs(n_jobs)
    size = chunk_length(pictures)
    if n_threads > 1:
        size = min(size, -(-len(pictures) // (n_threads * _PARTS_PER_THREAD)))
    # Every thread takes the next part from here; a list's iterator may be shared, a generator may not.
    parts = iter(list(chunk_slices(len(pictures), size=size)))

    def work() -> None:
        try:
            for part in parts:
                write(read_rows(pictures, part), part)
        finally:
            for _ in parts:  # after an error, such as a broken file, the other threads find nothing left to do
                pass

    if n_threads == 1:
        work()
        return
    # joblib would take longer to start and to stop its threads than they need for thousands of pictures.
    with ThreadPoolExecutor(n_threads - 1) as others:
        working = [others.submit(work) for _ in range(n_threads - 1)]
        work()
        for thread in working:
            thread.result()
