"""A quicker start for a command that has little else to do: most of it is importing scikit-learn and Numba."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# New objects between two collections of garbage, where Python's own 700 find next to none among what imports make.
_NEW_OBJECTS = 100_000
# Data frames, and the progress bars that scikit-learn offers to callbacks.
_NOT_NEEDED = ("pandas", "rich.progress")


@contextmanager
def quick_start() -> Iterator[None]:
    """Import scikit-learn alone, and collect garbage rarely within the block.

    Where there are pandas and Rich, scikit-learn imports them for what no answer about a picture needs. It is told that
    they are not there; whoever imports them later gets them.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *thresholds[1:])
    try:
        _import_sklearn()
        yield
    finally:
        gc.set_threshold(*thresholds)


def _import_sklearn() -> None:
    if "sklearn" in sys.modules:
        return
    hidden = [name for name in _NOT_NEEDED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None makes an import fail
    try:
        import sklearn.base
        import sklearn.pipeline  # noqa: F401  loaded early, used elsewhere
    finally:
        for name in hidden:
            del sys.modules[name]
    # Modules last as long as the process: no collection need go through them, nor through all there is at its end.
    gc.freeze()
    atexit.register(gc.freeze)
