"""Scikit-learn's bundled digits, as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import Bunch

from skimgrec.datasets._bunch import picture_bunch


def load_digits_images(*, return_X_y: bool = False) -> Bunch | tuple[Any, Any]:
    """Load scikit-learn's handwritten digits as pictures: 1797 grey pictures of 8 by 8 pixels, 10 classes.

    Nothing is downloaded: the digits come with scikit-learn.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(images, target)`` instead of a Bunch.

    Returns
    -------
    digits : Bunch
        With the attributes

        - `images`: ndarray of shape (1797, 8, 8), float32, values 0 to 16. They are not uint8, because uint8 pictures
          stand for values 0 to 255 throughout this package.
        - `data`: ndarray of shape (1797, 64), a view of `images`.
        - `target`: ndarray of shape (1797,), int64, 0 to 9.
        - `target_names`: ndarray of 10 str.
        - `DESCR`: str, the data set's description.
    (images, target) : tuple of ndarray
        If `return_X_y` is True.

    See Also
    --------
    sklearn.datasets.load_digits : The same pictures in float64.
    fetch_mnist : Larger pictures of digits.

    Examples
    --------
    >>> from skimgrec.datasets import load_digits_images
    >>> digits = load_digits_images()
    >>> digits.images.shape, digits.images.dtype, float(digits.images.max())
    ((1797, 8, 8), dtype('float32'), 16.0)
    """
    from sklearn.datasets import load_digits

    source = load_digits()
    images = source.images.astype(np.float32)
    if return_X_y:
        return images, source.target.astype(np.int64)
    names = [str(name) for name in source.target_names]
    return picture_bunch(images, source.target, target_names=names, descr=source.DESCR)
