"""Working through a batch in pieces, so that temporary memory does not grow with the number of pictures."""

from __future__ import annotations

from collections.abc import Iterator


def chunk_slices(n: int, *, size: int) -> Iterator[slice]:
    """Yield the slices that cover ``range(n)`` in order, each of at most `size` rows.

    Examples
    --------
    >>> list(chunk_slices(5, size=2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
