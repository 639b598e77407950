"""What the kernels of learnt filters of patches take on trust from the fitted state: sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from skimgrec.feature_extraction._patches_layout import ENCODINGS, PatchesLayout

_LARGEST_STEP = 2**12
_LARGEST_SIDE = 64
_LARGEST_NUMBER = 1e6


def patches_fault(value: Any) -> str | None:
    """Return what is wrong with the fitted state of a `PatchKMeansTransformer`, None if nothing is.

    Its shape of pictures is taken for checked.
    """
    parts = vars(value)["_patches_layout"]
    if not isinstance(parts, tuple) or len(parts) != 8:
        return "has no layout"
    *sizes, step, n_pools, encoding, threshold, min_contrast, mirror = parts
    if not isinstance(encoding, str) or encoding not in ENCODINGS or not isinstance(mirror, bool):
        return "is odd"
    if not all(_is_size(side, _LARGEST_SIDE) for side in (*sizes, n_pools)) or not _is_size(step, _LARGEST_STEP):
        return "has sizes that are none"
    if not all(isinstance(number, float) and 0 <= number <= _LARGEST_NUMBER for number in (threshold, min_contrast)):
        return "has a threshold that is none"
    shape = value.image_shape_
    n_values = sizes[0] * sizes[1] * (min(shape[2], 3) if len(shape) == 3 else 1)
    filters = vars(value).get("components_")
    if not isinstance(filters, np.ndarray) or filters.ndim != 2 or len(filters) == 0:
        return "has no filters"
    n_features = PatchesLayout(*parts).n_features(len(filters))
    expected = {
        "components_": (len(filters), n_values),
        "patch_mean_": (n_values,),
        "whitening_": (n_values, n_values),
        "feature_mean_": (n_features,),
        "feature_scale_": (n_features,),
    }
    for name, of_shape in expected.items():
        array = vars(value).get(name)
        if not isinstance(array, np.ndarray) or array.dtype != np.float32 or array.shape != of_shape:
            return f"has a {name} that is none of float32 and of shape {of_shape}"
        if not np.isfinite(array).all():
            return f"has a {name} with values that are no numbers"
    return None


def _is_size(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most
