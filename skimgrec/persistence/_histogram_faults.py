"""What the kernels of local binary patterns, colours and visual words take on trust from the fitted state: sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skimgrec.feature_extraction._color_layout import SPACES
from skimgrec.feature_extraction._grid import NORMS
from skimgrec.feature_extraction._lbp_layout import METHODS
from skimgrec.feature_extraction._words_layout import LENGTHS

_MOST_BINS = 2**20
_LARGEST_RADIUS = 1000


def histogram_fault(value: Any, attribute: str) -> str | None:
    """Return what is wrong with the fitted sizes of a transformer that takes histograms of cells, None if nothing is.

    They stand in `attribute`. Its shape of pictures is taken for checked.
    """
    state = vars(value)
    checks: dict[str, Callable[[Any, tuple[int, ...]], str | None]] = {
        "_lbp_layout": _lbp,
        "_color_layout": _color,
        "_words_layout": lambda parts, shape: _words(parts, state.get("vocabulary_")),
    }
    parts = state[attribute]
    if not isinstance(parts, tuple) or len(parts) != 5:
        return "has no layout"
    return checks[attribute](parts, value.image_shape_)


def _lbp(parts: Any, shape: tuple[int, ...]) -> str | None:
    scales, method, cell, each, norm = parts
    if not isinstance(method, str) or method not in METHODS or not isinstance(each, bool) or not _is_norm(norm):
        return "is odd"
    most = 24 if method in ("uniform", "nri_uniform") else 16
    if not isinstance(scales, tuple) or not scales:
        return "has no scales"
    for scale in scales:
        if not isinstance(scale, tuple) or len(scale) != 2 or not _is_size(scale[0]) or scale[0] > most:
            return "has a number of points that is none"
        if not isinstance(scale[1], float) or not 0 < scale[1] <= _LARGEST_RADIUS:
            return "has a radius that is none"
    return _cell_fault(cell, shape)


def _color(parts: Any, shape: tuple[int, ...]) -> str | None:
    space, bins, joint, cell, norm = parts
    if not isinstance(space, str) or space not in SPACES or not isinstance(joint, bool) or not _is_norm(norm):
        return "is odd"
    if not isinstance(bins, tuple) or len(bins) != 3 or not all(map(_is_size, bins)):
        return "has a number of bins that is none"
    if (bins[0] * bins[1] * bins[2] if joint and len(shape) == 3 and shape[2] > 1 else max(bins)) > _MOST_BINS:
        return "has too many bins"
    return _cell_fault(cell, shape)


def _words(parts: Any, vocabulary: Any) -> str | None:
    detector, cell, step, levels, norm = parts
    if not isinstance(detector, str) or detector not in LENGTHS or not _is_norm(norm):
        return "is odd"
    if not _is_size(cell) or not _is_size(step) or not _is_size(levels) or max(cell, step) > 2**12 or levels > 8:
        return "has sizes that are none"
    if not isinstance(vocabulary, np.ndarray) or vocabulary.dtype != np.float32 or vocabulary.ndim != 2:
        return "has no vocabulary"
    if len(vocabulary) == 0 or vocabulary.shape[1] != LENGTHS[detector] or not np.isfinite(vocabulary).all():
        return "has words that are none"
    return None


def _cell_fault(cell: Any, shape: tuple[int, ...]) -> str | None:
    if not isinstance(cell, tuple) or len(cell) != 2 or not all(map(_is_size, cell)):
        return "has sizes that are none"
    if cell[0] > shape[0] or cell[1] > shape[1]:
        return "has cells that do not fit into its pictures"
    return None


def _is_norm(norm: Any) -> bool:
    return norm is None or (isinstance(norm, str) and norm in NORMS)


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 2**31
