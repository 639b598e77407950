"""Network architectures: plain functions from a picture's shape to an untrained `keras.Model` of probabilities."""

from skimgrec.neural_network.architectures._backbone import freeze
from skimgrec.neural_network.architectures._choice import (
    ARCHITECTURES,
    architecture_function,
    check_core,
    check_new_variables,
    is_backbone,
    plain_hyperparameters,
    used_hyperparameters,
)
from skimgrec.neural_network.architectures._imported import ImportedArchitecture
from skimgrec.neural_network.architectures._perceptron import multilayer_perceptron
from skimgrec.neural_network.architectures._residual import residual_cnn
from skimgrec.neural_network.architectures._sequential import sequential_cnn

__all__ = [
    "ARCHITECTURES",
    "ImportedArchitecture",
    "architecture_function",
    "check_core",
    "check_new_variables",
    "freeze",
    "is_backbone",
    "multilayer_perceptron",
    "plain_hyperparameters",
    "residual_cnn",
    "sequential_cnn",
    "used_hyperparameters",
]
