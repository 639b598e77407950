"""Networks in Keras's own formats, of Keras's own layers: they load where skimgrec is not installed."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skimgrec.neural_network._compilation import is_keras_own
from skimgrec.persistence._export_source import Source


def keras_bytes(source: Source, kind: str) -> bytes:
    """Return the content of a file that Keras loads.

    Parameters
    ----------
    source : Source
    kind : {".keras", ".h5", ".weights.h5"}

    Raises
    ------
    ValueError
        If the estimator is no network.
    """
    model = _plain_model(source, kind)
    with tempfile.TemporaryDirectory() as folder, without_advice():
        path = Path(folder, f"model{kind}")
        if kind == ".weights.h5":
            model.save_weights(path)
        else:
            model.save(path)
        return path.read_bytes()


def check_is_network(source: Source, kind: str) -> None:
    """Raise a ValueError that says what else there is, unless the estimator is a network alone."""
    if source.is_network:
        return
    name = type(source.estimator).__name__
    if source.preprocessing:
        name += f" ({', '.join(type(step).__name__ for _, step in source.estimator.steps)})"
    raise ValueError(
        f"{kind} holds a network alone: a KerasCNNClassifier or KerasMLPClassifier, or a pipeline of ImageLoader and "
        f"one of them. The estimator is a {name}. Use the ending .onnx, or skimgrec's own format with save_model."
    )


def _plain_model(source: Source, kind: str) -> Any:
    check_is_network(source, kind)
    net = source.estimator
    model = net.model_
    metrics = [net.metrics] if isinstance(net.metrics, str) else list(net.metrics or ())
    loads = is_keras_own(type(model.loss)) and all(isinstance(metric, str) for metric in metrics)
    if kind == ".weights.h5" or not loads:
        # Without an optimizer, whose state would be saved with the weights, or what plain Keras may not know.
        model.compiled = False
        model.optimizer = None
    return model


@contextmanager
def without_advice() -> Iterator[None]:
    """Hold back Keras's advice against a format, and NumPy's on how Keras makes arrays, when it saves or loads."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
