"""The process's compiled networks, lent to one user at a time."""

from __future__ import annotations

import contextlib
import gc
import os
import threading
from collections.abc import Callable, Hashable, Iterator

from skimgrec.neural_network._network import Arrays, Network

# Compiled and traced, each takes about ten MiB. A search does all folds of one setting before the next.
_CAPACITY = 8
_DISCARDED_PER_COLLECTION = 4


class NetworkPool:
    """Lends networks and takes them back, so that equal networks are built and traced once.

    A network is never lent to two users at once: two threads that ask for the same key get two networks.

    Parameters
    ----------
    capacity : int
        How many networks are kept while nobody uses them; the one unused for longest goes first.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        # Building may call a user's function, which may use another network.
        self._building = threading.RLock()
        self._free: list[tuple[Hashable, Network]] = []
        self._n_discarded = 0

    @contextlib.contextmanager
    def lend(
        self,
        key: Hashable,
        build: Callable[[], Network],
        *,
        compilation: Hashable = None,
        weights: Arrays | None = None,
    ) -> Iterator[Network]:
        """Lend a network for the time of a ``with`` block.

        Parameters
        ----------
        key : hashable
            All that `build` depends on.
        build : callable
            Makes a new network when none is free.
        compilation : hashable, optional
            How the borrower will compile it; one that is compiled otherwise is not lent.
        weights : list of ndarray, optional
            Prefer a network that holds these weights already.

        Yields
        ------
        network : Network
            Whose numbers are those of whoever had it last.
        """
        network = self._take(key, compilation, weights)
        if network is None:
            with self._building:
                network = build()
        try:
            yield network
        finally:
            spoilt = [] if network.is_unspoilt else [(key, network)]
            with self._lock:
                if not spoilt:
                    self._free.append((key, network))
                discarded = spoilt + self._free[: -self._capacity]
                del self._free[: -self._capacity]
            self._release(discarded)

    def _take(self, key: Hashable, compilation: Hashable, weights: Arrays | None) -> Network | None:
        with self._lock:
            fitting = [
                i
                for i, (other, network) in enumerate(self._free)
                if other == key and (compilation is None or network.compilation in (None, compilation))
            ]
            if not fitting:
                return None
            index = next(
                (i for i in fitting if weights is not None and self._free[i][1].holder is weights), fitting[-1]
            )
            return self._free.pop(index)[1]

    def clear(self) -> None:
        """Forget all free networks, and with them their memory."""
        with self._lock:
            discarded = self._free[:]
            self._free.clear()
        self._release(discarded)

    def _release(self, discarded: list[tuple[Hashable, Network]]) -> None:
        for _, network in discarded:
            # It only saves memory, and must not fail the fit that is done.
            with contextlib.suppress(Exception):
                network.release()
        self._n_discarded += len(discarded)
        # Networks are full of cycles, and hold few objects that Python sees but ten MiB each that it does not.
        if self._n_discarded >= _DISCARDED_PER_COLLECTION:
            self._n_discarded = 0
            discarded.clear()
            gc.collect()


networks = NetworkPool(capacity=_CAPACITY)

if hasattr(os, "register_at_fork"):
    # A lock held by another thread at the moment of the fork would stay held in the child for ever. The object stays,
    # because other modules hold it; mypy allows no call of __init__.
    os.register_at_fork(after_in_child=lambda: networks.__init__(capacity=_CAPACITY))  # type: ignore[misc]
