"""The check of a PretrainedTransformer that comes from a file."""

from __future__ import annotations

from typing import Any

import numpy as np

from skimgrec.neural_network._backbone_weights import weightless
from skimgrec.neural_network._backbones import backbone_named, network_size, plain_params
from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network._stored_state import weights_fault
from skimgrec.neural_network.architectures._backbone import POOLINGS


def check_stored_backbone(transformer: Any) -> None:
    """Check that a transformer rebuilt from a file has the weights of its network, and no more.

    It loads Keras, and builds the network without giving it numbers.

    Raises
    ------
    ValueError
        If the network is none of Keras's, or the weights are not finite or not its own.
    """
    what = f"{type(transformer).__name__} in the file"
    name, size, weights = transformer.backbone_, transformer.image_size_, transformer._weights
    if not isinstance(name, str) or transformer._fitted_pooling not in POOLINGS or not isinstance(size, tuple):
        raise ValueError(f"{what} has no network.")
    if not isinstance(weights, tuple) or not all(isinstance(a, np.ndarray) and a.dtype.kind in "fiu" for a in weights):
        raise ValueError(f"The weights of {what} are no numbers.")
    if not all(np.isfinite(array).all() for array in weights):
        raise ValueError(f"The weights of {what} are not all finite: its features would be meaningless.")
    size = network_size(1, 1, size)
    load_keras(transformer.n_threads)
    backbone = backbone_named(name)
    if backbone.name != name or plain_params(backbone, transformer._fitted_params) != transformer._fitted_params:
        raise ValueError(f"{what} has a network that is none.")
    model = weightless(backbone, transformer._fitted_params, size)
    fault = weights_fault([tuple(map(int, weight.shape)) for weight in model.weights], weights)
    if fault:
        raise ValueError(f"{what} has {fault}")
    if transformer._n_features_out != model.output_shape[-1]:
        raise ValueError(f"{what} has another number of features than its network.")
