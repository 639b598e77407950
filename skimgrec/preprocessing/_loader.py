"""From the paths of picture files to pictures that are read when they are needed."""

from __future__ import annotations

import os
import warnings
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions

from skimgrec.utils._lazy_images import LazyImages
from skimgrec.utils._picture_files import ON_ERROR, FileSource
from skimgrec.utils._picture_format import RESIZE_MODES, PictureFormat

_EXPECTED = "a list, a one-dimensional array or a column of file paths (str or pathlib.Path)"


# The base class of set_output takes the keyword; its stubs are not there for mypy to see.
class ImageLoader(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Turn paths of picture files into a batch of pictures that are read when they are needed.

    It goes first in a pipeline, and what is split, shuffled and sent to other processes are the paths. What it gives,
    a *lazy batch*, has the shape of an array ``(n, height, width)`` or ``(n, height, width, 3)`` and holds no pixels:
    every estimator of skimgrec reads it piece by piece, so that a folder larger than memory can be trained on, and
    ``numpy.asarray`` reads the whole.

    Parameters
    ----------
    image_size : tuple of two ints, default=(64, 64)
        (height, width) in pixels that every picture is brought to, smoothed where it shrinks.
    grey : bool, default=False
        Whether pictures have one channel rather than red, green and blue.
    resize : {"stretch", "crop", "fit"}, default="stretch"
        How a picture of other proportions is brought to `image_size`: by stretching it; by cutting off what is too
        much, on both sides alike; or by adding black borders.
    on_error : {"raise", "blank"}, default="raise"
        What becomes of a file that cannot be read: an error, or a black picture and a warning. A transformer can
        leave no row out.
    cache : str or path-like, default=None
        Folder in which decoded pictures are kept, by the files' content, for every later call and process. With it
        `transform` decodes the files that are not in it yet. None decodes a file each time it is read, such as once
        in every epoch.
    n_jobs : int, default=None
        Number of threads that decode. None means 1 unless in a :obj:`joblib.parallel_config` context, -1 all
        processors.

    Raises
    ------
    ValueError
        If `X` is empty or no batch of paths, or `image_size` is not two positive integers.
    TypeError
        If `X` holds what is no path.

    See Also
    --------
    ImageFlattener : Pictures as rows of pixels, for scikit-learn's own estimators.
    HOGTransformer : Features that say where there are edges of which direction.

    Notes
    -----
    It is stateless: `fit` checks the parameters and the paths, and learns nothing. Nobody looks at the files before
    their pictures are read, unless there is a `cache`.

    Every kind of picture that Pillow decodes by itself is read; those that need another program, such as EPS, are not.
    EXIF's orientation is applied. A palette is looked up, transparency is laid over white, CMYK is converted to RGB, 16
    bits a channel become 8, and of an animation the first frame is taken. Grey is ``0.299 R + 0.587 G + 0.114 B``. A
    file whose pixels exceed ``PIL.Image.MAX_IMAGE_PIXELS``, Pillow's guard against decompression bombs, cannot be read.

    Relative paths count from the working folder at the time of `transform`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skimgrec import ImageLoader
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name, colour in (("sea", "navy"), ("sand", "khaki")):
    ...     Image.new("RGB", (120, 80), colour).save(folder / f"{name}.png")
    >>> paths = sorted(folder.glob("*.png"))
    >>> pictures = ImageLoader(image_size=(32, 48)).fit_transform(paths)
    >>> pictures
    LazyImages(shape=(2, 32, 48, 3), dtype=uint8)
    >>> import numpy as np
    >>> np.asarray(pictures)[:, 0, 0].tolist()
    [[240, 230, 140], [0, 0, 128]]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "image_size": [tuple, list],
        "grey": ["boolean"],
        "resize": [StrOptions(set(RESIZE_MODES))],
        "on_error": [StrOptions(set(ON_ERROR))],
        "cache": [str, os.PathLike, None],
        "n_jobs": [Interval(Integral, None, -1, closed="right"), Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        image_size: tuple[int, int] = (64, 64),
        *,
        grey: bool = False,
        resize: str = "stretch",
        on_error: str = "raise",
        cache: str | os.PathLike[str] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.image_size = image_size
        self.grey = grey
        self.resize = resize
        self.on_error = on_error
        self.cache = cache
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Check the parameters and the paths.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1)
            Paths of picture files, as str or path-like.
        y : None
            Ignored.

        Returns
        -------
        self : ImageLoader
            The transformer.
        """
        self._format()
        self._paths(X)
        return self

    def transform(self, X: ArrayLike) -> LazyImages:
        """Return the pictures of files.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1)
            Paths of picture files, as str or path-like.

        Returns
        -------
        pictures : LazyImages of shape (n, height, width) or (n, height, width, 3), uint8
            Grey or colour pictures, read when they are asked for: ``numpy.asarray(pictures)`` reads all of them,
            ``pictures[10:20]`` takes some without reading them.
        """
        self._validate_params()  # there may have been no fit
        wanted, paths = self._format(), self._paths(X)
        if self.cache is not None:
            from skimgrec.utils._picture_cache import cached_source

            try:
                return LazyImages(cached_source(paths, wanted, self.cache, n_jobs=self.n_jobs, on_error=self.on_error))
            except OSError as error:
                warnings.warn(
                    f"{type(self).__name__} decodes without its cache, which cannot be written: {error}. Give cache= a "
                    "folder that can be, with room for the pictures, or None.",
                    UserWarning,
                    stacklevel=2,
                )
        return LazyImages(FileSource(paths, wanted, n_jobs=self.n_jobs, on_error=self.on_error))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the one name ``"picture"``, so that a pipeline can ask the steps behind for theirs.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of shape (1,)
            The name.
        """
        return np.array(["picture"], dtype=object)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Do nothing: pictures are no table. It is there for pipelines, which pass it on to each of their steps.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            Ignored.

        Returns
        -------
        self : ImageLoader
            The transformer.
        """
        return self

    def _can_be_shared(self, X: Any) -> bool:
        """Return that a picture is the same whatever `fit` saw."""
        return True

    def _format(self) -> PictureFormat:
        size = self.image_size
        if len(size) != 2 or not all(isinstance(side, Integral) and int(side) >= 1 for side in size):
            raise ValueError(f"image_size={size!r}: expected two positive integers, (height, width), such as (64, 64).")
        return PictureFormat((int(size[0]), int(size[1])), grey=bool(self.grey), resize=self.resize)

    def _paths(self, X: Any) -> NDArray[np.object_]:
        """Return the paths as an array of absolute ones, which mean the same in every process."""
        name = type(self).__name__
        if isinstance(X, (str, bytes, os.PathLike)):
            raise ValueError(
                f"{name} got one path, {os.fsdecode(X)!r}, expected {_EXPECTED}: [path] is a batch of one."
            )
        entries = self._column(X)
        if not len(entries):
            raise ValueError(f"Found array with 0 sample(s) while a minimum of 1 is required by {name}: no file paths.")
        paths = np.empty(len(entries), dtype=object)
        here = os.getcwd()
        for row, entry in enumerate(entries):
            if not isinstance(entry, (str, bytes, os.PathLike)):
                raise TypeError(
                    f"{name} got {entry!r}, a {type(entry).__name__}, in row {row}: expected {_EXPECTED}. Leave rows "
                    "without a file out."
                )
            paths[row] = os.path.join(here, os.fsdecode(entry))
        return paths

    def _column(self, X: Any) -> Any:
        """Return the entries of a column, refusing what holds no paths."""
        if isinstance(X, LazyImages):
            raise ValueError(
                f"{type(self).__name__} got pictures that it has loaded already: one ImageLoader is enough."
            )
        if isinstance(X, (list, tuple)):
            # A list of rows of one path, or of paths; NumPy would take strings and paths apart into one dtype.
            return [row[0] if isinstance(row, (list, tuple, np.ndarray)) and len(row) == 1 else row for row in X]
        array = np.asarray(X)
        if array.dtype.kind not in "OUST" or array.ndim not in (1, 2) or array.shape[1:] not in ((), (1,)):
            hint = " Pictures that are arrays need no loader: leave it out." if array.dtype.kind in "buif" else ""
            raise ValueError(
                f"{type(self).__name__} got an array of shape {array.shape} and dtype {array.dtype}, expected "
                f"{_EXPECTED}.{hint}"
            )
        return array.reshape(-1)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags
