"""Classifiers that train Keras networks, their architectures, and features of trained ones. `fit` loads Keras."""

from skimgrec.neural_network._base import BaseKerasClassifier
from skimgrec.neural_network._cnn import KerasCNNClassifier
from skimgrec.neural_network._mlp import KerasMLPClassifier
from skimgrec.neural_network._pretrained import PretrainedTransformer
from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network.architectures import multilayer_perceptron, residual_cnn, sequential_cnn

__all__ = [
    "BaseKerasClassifier",
    "KerasCNNClassifier",
    "KerasMLPClassifier",
    "PretrainedTransformer",
    "load_keras",
    "multilayer_perceptron",
    "residual_cnn",
    "sequential_cnn",
]
