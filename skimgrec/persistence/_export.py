"""Fitted classifiers in the formats of others."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skimgrec.persistence._export_source import Source, source_of
from skimgrec.utils import chunk_slices, with_channel_axis
from skimgrec.utils._files import write_atomically

_N_PROBES, _PICTURES_AT_ONCE = 8, 256
_ONNX_PACKAGES = ("onnx", "onnxruntime", "skl2onnx")


def export_model(
    estimator: Any,
    path: str | os.PathLike[str],
    *,
    X: ArrayLike | None = None,
    dtype: str | None = None,
    tolerance: float = 1e-5,
) -> float | None:
    """Write a fitted classifier in a format that runs without skimgrec: ONNX, TFLite or Keras.

    Parameters
    ----------
    estimator : estimator object
        A fitted classifier of pictures. Any of these for ONNX that it can express; the Keras classifiers alone, or at
        the end of a pipeline right behind `ImageLoader`, for the other formats. Of a search, its best estimator.
    path : str or path-like
        The file; its ending says what is written. One that exists is replaced.

        - ``.onnx``: from pictures to the probability of each class, the preprocessing within. The names of the classes,
          the shape and range of the pictures and more stand in the file's metadata.
        - ``.tflite``: the same for TFLite and LiteRT; Keras classifiers only. The names of the classes are the file
          ``labels.txt`` in it, which any zip program reads.
        - ``.keras`` and ``.h5``: the network with its layer of scaling, for Keras itself.
        - ``.weights.h5``: its weights alone.
    X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), default=None
        Pictures to check ``.onnx`` and ``.tflite`` on, such as some of the test set. None takes eight made-up ones.
    dtype : {"uint8", "float32"} or None, default=None
        Of the pictures that ``.onnx`` and ``.tflite`` take. None is uint8 if pictures of 0 to 255 were fitted on, else
        float32.
    tolerance : float, default=1e-05
        How far a probability may be from the estimator's own. Beyond, no file is written.

    Returns
    -------
    difference : float or None
        The largest one that was found; None for the formats of Keras, which are not checked.

    Raises
    ------
    ValueError
        If the ending is unknown, the estimator or a part of it has no counterpart in the format, which the message
        names, or the probabilities differ by more than `tolerance`.
    ImportError
        If the packages for ONNX are missing: ``pip install "skimgrec[export]"``.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.

    See Also
    --------
    import_model : A network from a file of Keras.
    save_model : Keeps any estimator as it is, to be loaded by skimgrec.

    Notes
    -----
    Pictures are (n, h, w) or (n, h, w, c), as in `image_shape_`, any number at once. `ImageLoader` reads files, which
    no exported model does: it is left out, and its settings stand in the metadata. Networks are written in float32,
    whatever `dtype_policy` they calculate in.

    ONNX files have opset 18. The network's layers and HOG are written by skimgrec itself, the steps of scikit-learn by
    skl2onnx.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skimgrec import HOGTransformer, export_model, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> model = make_pipeline(HOGTransformer(), LogisticRegression()).fit(X, y)
    >>> path = Path(tempfile.mkdtemp(), "digits.onnx")
    >>> export_model(model, path, X=X[:100]) < 1e-5
    True
    """
    target = Path(path)
    kind = export_kind(target)
    if kind == ".onnx":
        _check_onnx_packages()
    source = source_of(estimator, dtype)
    if kind == ".onnx":
        from skimgrec.persistence._onnx_file import onnx_bytes, run_onnx

        content, run = onnx_bytes(source), run_onnx
    elif kind == ".tflite":
        from skimgrec.persistence._export_tflite import run_tflite, tflite_bytes

        content, run = tflite_bytes(source), run_tflite
    else:
        from skimgrec.persistence._export_keras import keras_bytes

        write_atomically(target, keras_bytes(source, kind))
        return None
    difference = _difference(source, content, run, X, tolerance, kind)
    write_atomically(target, content)
    return difference


def export_kind(path: Path) -> str:
    """Return the ending that says what is to be written.

    Raises
    ------
    ValueError
        If there is none, or none that is known.
    """
    name = path.name.lower()
    for kind in (".onnx", ".tflite", ".keras", ".weights.h5", ".h5"):
        if name.endswith(kind):
            return kind
    raise ValueError(
        f"{os.fspath(path)}: the ending says what is written, and {path.suffix or 'none'} is unknown. Use .onnx, "
        ".tflite, .keras, .h5 or .weights.h5; skimgrec's own format is written by save_model."
    )


def _check_onnx_packages() -> None:
    missing = [name for name in _ONNX_PACKAGES if find_spec(name) is None]
    if missing:
        raise ImportError(
            f"export_model needs {' and '.join(missing)} to write ONNX. Install what it needs with: "
            'pip install "skimgrec[export]"'
        )


def _difference(source: Source, content: bytes, run: Any, X: ArrayLike | None, tolerance: float, kind: str) -> float:
    pictures = _probes(source) if X is None else _as_given(source, X)
    parts = chunk_slices(len(pictures), size=_PICTURES_AT_ONCE)
    found = np.concatenate([run(content, pictures[part]) for part in parts])
    differences = np.abs(found.astype(np.float64) - source.estimator.predict_proba(pictures)).max(axis=1)
    largest = float(differences.max())
    # NaN is no agreement either.
    if not largest <= tolerance:
        n_apart = int(np.sum(~(differences <= tolerance)))
        which = "made-up pictures" if X is None else "pictures of X"
        raise ValueError(
            f"The {kind} model does not answer as {type(source.estimator).__name__} does, and no file was written: on "
            f"{n_apart} of {len(pictures)} {which}, probabilities differ by more than tolerance={tolerance:g}, by up "
            f"to {largest:.2g}. Trees and nearest neighbours may decide otherwise where a value lies on a threshold, "
            "or two pictures are equally near: check on your own pictures with X=, or allow for it with tolerance=."
        )
    return largest


def _as_given(source: Source, X: ArrayLike) -> NDArray[Any]:
    pictures = np.asarray(X)
    if not len(pictures):
        raise ValueError("X has no pictures: give some to check on, or leave X out.")
    if source.dtype == np.uint8 and pictures.dtype != np.uint8:
        raise ValueError(
            f"X has dtype {pictures.dtype}, but the exported model takes uint8. Give uint8 pictures, or "
            "dtype='float32'."
        )
    return pictures.astype(source.dtype, copy=False).reshape(len(pictures), *source.shape)


def _probes(source: Source) -> NDArray[Any]:
    """Return pictures of noise and of soft patches, over the whole range of values."""
    rng = np.random.default_rng(0)
    low, high = source.value_range or (0.0, 1.0)
    noise = rng.random((_N_PROBES, *source.shape))
    if len(source.shape) > 1:
        # Shapes of more than one side are those of pictures, which mypy cannot tell.
        height, width, _ = with_channel_axis(source.shape)  # type: ignore[arg-type]
        coarse = rng.random((_N_PROBES, 4, 4, *source.shape[2:]))
        rows, columns = np.arange(height) * 4 // height, np.arange(width) * 4 // width
        share = np.linspace(0, 1, _N_PROBES).reshape(-1, *[1] * len(source.shape))
        noise = share * noise + (1 - share) * coarse[:, rows][:, :, columns]
    pixels = low + (high - low) * noise
    return np.rint(pixels).astype(np.uint8) if source.dtype == np.uint8 else pixels.astype(np.float32)
