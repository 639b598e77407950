"""A network that a file of Keras describes, as an architecture: Keras builds it from its configuration."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skimgrec.neural_network._runtime import load_keras

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, repr=False)
class ImportedArchitecture:
    """Builds an untrained network from what Keras has written of it.

    Keras imports the classes that the configuration names. So a model file with such an architecture loads only where
    it is trusted.

    Parameters
    ----------
    config : str
        JSON, as `keras.saving.serialize_keras_object` gives it.
    input_range : tuple of two floats, default=(0.0, 1.0)
        What the network takes for 0 and 1.
    """

    config: str
    input_range: tuple[float, float] = (0.0, 1.0)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.config)} characters)"

    def __call__(self, input_shape: tuple[int, int, int], n_outputs: int) -> keras.Model:
        """Return a new network for pictures of shape (h, w, c) with values in 0..1."""
        keras = load_keras()
        model: Any = keras.saving.deserialize_keras_object(json.loads(self.config), safe_mode=True)
        low, high = self.input_range
        front = [] if (low, high) == (0.0, 1.0) else [keras.layers.Rescaling(high - low, offset=low, dtype="float32")]
        taken = getattr(model, "input_shape", None)
        if isinstance(taken, tuple) and len(taken) != len(input_shape) + 1:
            # Rows of pixels, or grey pictures without an axis of channels.
            front.append(keras.layers.Reshape(input_shape[:-1] if len(taken) == 3 else (-1,)))
        return keras.Sequential([keras.Input(input_shape, dtype="float32"), *front, model]) if front else model
