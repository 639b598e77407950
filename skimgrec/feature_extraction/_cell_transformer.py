"""What the transformers that describe the cells of pictures by a compiled kernel have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import Tags

from skimgrec.utils import LazyImages


class CellTransformer(TransformerMixin, BaseEstimator):
    """A transformer that learns the size of pictures and of a cell, and gives float32 features of every cell."""

    def _prepare_process(self, X: Any) -> None:
        """Have the kernels compiled for pictures like `X`, so that no fit is charged with the seconds it takes."""
        clone(self).set_params(n_jobs=None).fit_transform(X[:1])

    def _can_be_shared(self, X: Any) -> bool:
        """Return whether the features of pictures like `X` do not depend on what it is fitted on, so many may share.

        Pictures of another dtype have a range of values, which `transform` takes from `fit`.
        """
        return isinstance(X, (np.ndarray, LazyImages)) and X.dtype == np.uint8

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "pixels_per_cell_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
