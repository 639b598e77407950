"""Networks that Keras has saved, as fitted classifiers."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skimgrec.neural_network._keras_file import open_keras_file
from skimgrec.neural_network._keras_weights import weights_of
from skimgrec.persistence._errors import ModelFileError
from skimgrec.persistence._export_keras import without_advice
from skimgrec.persistence._keras_config import first_difference, read_network
from skimgrec.persistence._keras_guess import guess_classifier, ranges_of, shape_of_pictures

_Range = tuple[float, float]


def import_model(
    path: str | os.PathLike[str],
    estimator: Any = None,
    *,
    classes: Sequence[Any] | Mapping[Any, int],
    image_shape: tuple[int, ...] | None = None,
    value_range: tuple[float, float] = (0, 255),
    input_range: tuple[float, float] | None = None,
    trusted: bool = False,
) -> Any:
    """Make a fitted classifier of a network that Keras has saved: ``.keras``, ``.h5`` or ``.weights.h5``.

    Without `trusted`, the file is read as data: no code of it runs, and Keras deserialises nothing. The weights go into
    a network of a built-in architecture, or of your own, that is compared with what the file says of its layers.

    Parameters
    ----------
    path : str or path-like
        A file of Keras 2 or 3. One of weights alone does not say what network they belong to, so that it needs an
        estimator.
    estimator : KerasCNNClassifier or KerasMLPClassifier, default=None
        Unfitted: its parameters say what the network is like, and how training goes on. It is left as it is. None
        finds the parameters from what the file says of its layers.
    classes : sequence or mapping
        The names of the classes in the order of the network's outputs, or a mapping of names to places as
        ``flow_from_directory(...).class_indices`` has it. A network with one sigmoid unit has two: the second is what
        the unit gives the probability of.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of the pictures. None takes what the file says, which one of
        weights alone does not.
    value_range : tuple of two numbers, default=(0, 255)
        The range of the pixel values that the classifier will be given.
    input_range : tuple of two numbers, default=None
        What the network was given for that range when it was trained. None is (0, 1), as pixels divided by 255 are; or
        the pixels as they are, where a first layer of its own rescales them.
    trusted : bool, default=False
        Let Keras build and load the whole model, whatever its layers. Keras imports and calls what the file names, so
        that a hostile one may run code of its own; do this with files alone whose makers you trust.

    Returns
    -------
    estimator : KerasCNNClassifier or KerasMLPClassifier
        Fitted. It predicts as the network does, `partial_fit` and ``warm_start=True`` go on from its weights with an
        optimizer that has not begun, and :func:`save_model` keeps it.

    Raises
    ------
    skimgrec.persistence.ModelFileError
        A `ValueError`: if the file is none of Keras's, is damaged, leads to other files, or its network is another one;
        the first layer that differs is named.
    ValueError
        If `classes`, `image_shape` or a range does not fit the network.
    OSError
        If the file cannot be read.

    See Also
    --------
    export_model : The way out.
    load_model : For files that :func:`save_model` has written.

    Notes
    -----
    The configuration in a file names functions and classes, which Keras imports and calls when it loads a whole model.
    ``safe_mode``, which stays on here, is meant to refuse hostile ones, and has failed to more than once: CVE-2025-1550
    is code that ran in spite of it, in Keras before 3.9, and CVE-2025-9905 that it was ignored for ``.h5``.

    A network with outputs in another order than that of the sorted classes has its last layer rearranged. One that was
    given other values than 0 to 1 has its first layer rescaled instead of the pictures. Both change answers by no more
    than rounding does.

    A model loaded with `trusted` is rebuilt from its configuration, by Keras, wherever it is loaded again:
    :func:`load_model` asks for `trusted`, too.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skimgrec import KerasMLPClassifier, export_model, import_model, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> mlp = KerasMLPClassifier(epochs=1, random_state=0).fit(X, y)
    >>> path = Path(tempfile.mkdtemp(), "digits.keras")
    >>> export_model(mlp, path)
    >>> back = import_model(path, classes=range(10), value_range=(0, 16))
    >>> bool((back.predict(X) == mlp.predict(X)).all())
    True
    """
    names = _class_names(classes)
    wanted_range = _checked_range("value_range", value_range)
    given_range = None if input_range is None else _checked_range("input_range", input_range)
    try:
        make = _from_whole_model if trusted else _from_data
        return make(path, estimator, names, image_shape, wanted_range, given_range)
    except ModelFileError as error:
        raise ModelFileError(f"{os.fspath(path)}: {error}") from error


def _class_names(classes: Sequence[Any] | Mapping[Any, int]) -> NDArray[Any]:
    """Return the names in the order of the outputs."""
    if isinstance(classes, str):
        raise ValueError(f"classes={classes!r} is one string: give the names of all classes, in a list.")
    names = list(classes)
    if isinstance(classes, Mapping):
        names = sorted(classes, key=classes.__getitem__)
        places = sorted(classes.values())
        if places != list(range(len(places))):
            raise ValueError(f"classes maps names to {places}: expected the places 0 to {len(places) - 1}, each once.")
    kinds = {
        str if isinstance(name, (str, np.str_)) else int if isinstance(name, (int, np.integer)) else None
        for name in names
    }
    if len(names) < 2 or len(set(names)) != len(names) or len(kinds) != 1 or None in kinds:
        raise ValueError(
            f"classes={names[:10]!r}: expected at least two names, all different, all text or all whole numbers, in "
            "the order of the network's outputs."
        )
    return np.asarray(names)


def _checked_range(name: str, ends: Any) -> _Range:
    try:
        low, high = (float(end) for end in ends)
    except (TypeError, ValueError):
        low, high = 0.0, 0.0
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(f"{name}={ends!r}: expected two numbers, the smaller one first, such as (0, 255).")
    return low, high


def _template(estimator: Any) -> Any:
    from skimgrec.neural_network import BaseKerasClassifier

    if not isinstance(estimator, BaseKerasClassifier):
        raise ValueError(
            f"estimator={estimator!r}: expected a KerasCNNClassifier or a KerasMLPClassifier, whose parameters say "
            "what the network is like."
        )
    return clone(estimator)


def _from_data(
    path: str | os.PathLike[str],
    estimator: Any,
    names: NDArray[Any],
    image_shape: Any,
    value_range: _Range,
    input_range: _Range | None,
) -> Any:
    """Put the weights of a file into an architecture that is known here."""
    from skimgrec.neural_network._adoption import adopt, prepare, reorder_outputs, scale_first, untrained_core

    with open_keras_file(path) as file:
        network = None if file.config is None else read_network(file.config)
        if estimator is not None:
            net = _template(estimator)
        elif network is None:
            raise ModelFileError(
                "It holds weights alone, and does not say what network they belong to. Give that one as estimator=, "
                'such as KerasCNNClassifier(architecture="sequential", filters=(32, 64)).'
            )
        try:
            _, (low, high) = ranges_of(network, value_range, input_range)
            if network is not None and network.steps and network.steps[0].kind == "Rescaling":
                network = network.without_first()
            if network is not None and estimator is None:
                net = guess_classifier(network)
        except ModelFileError as error:
            raise ModelFileError(f"The network is none of skimgrec's architectures: {error}. {_OTHER_WAYS}") from error
        shape = shape_of_pictures(network, image_shape)
        # Where the network has 0, so has the classifier: pictures are padded with it.
        width, factor = value_range[1] - value_range[0], high - low
        start = value_range[0] - low * width / factor
        _check_n_classes(net, names, network)
        prepare(net, np.sort(names), shape, (start, start + width))
        core = untrained_core(net)
        if network is not None and isinstance(net._fitted_architecture, str):
            _check_same_network(network, core, guessed=estimator is None)
        weights = weights_of(file, core)
    if factor != 1.0:
        weights = scale_first(weights, factor)
    order = np.argsort(names)
    if not np.array_equal(order, np.arange(len(order))):
        _check_last_is_dense(core, names)
        weights = reorder_outputs(weights, order)
    adopt(net, weights)
    return net


_OTHER_WAYS = (
    "Give it as estimator=KerasCNNClassifier(architecture=function), where the function builds such a network; or, if "
    "you trust who made the file, load the whole model with trusted=True."
)


def _check_n_classes(net: Any, names: NDArray[Any], network: Any) -> None:
    dense = [step for step in (network.steps if network else []) if step.kind == "Dense"]
    n_units = dense[-1].settings["units"] if dense else None
    if n_units is not None and len(names) != max(2, n_units):
        raise ValueError(
            f"classes has {len(names)} names, but the network has {n_units} output(s), for {max(2, n_units)} classes."
        )


def _check_same_network(network: Any, core: Any, *, guessed: bool) -> None:
    # As read from JSON: lists for tuples.
    config = json.loads(json.dumps({"class_name": type(core).__name__, "config": core.get_config()}, default=str))
    wanted = read_network(config)
    if wanted.steps[0].kind == "Flatten" and network.steps and network.steps[0].kind != "Flatten":
        wanted = wanted.without_first()  # rows of pixels are flat already
    difference = first_difference(network, wanted)
    if difference is None:
        return
    if guessed:
        raise ModelFileError(f"The network is none of skimgrec's architectures: {difference}. {_OTHER_WAYS}")
    raise ModelFileError(
        f"The network is not that of the estimator: {difference}. Change the estimator's parameters, or leave it out "
        "to have them found."
    )


def _check_last_is_dense(core: Any, names: NDArray[Any]) -> None:
    from skimgrec.neural_network import load_keras

    last = core.layers[-1]
    is_dense = isinstance(last, load_keras().layers.Dense) and last.use_bias
    if not is_dense or getattr(last.activation, "__name__", "") not in ("softmax", "sigmoid"):
        raise ValueError(
            f"classes={names.tolist()[:10]} are not in sorted order, and the network does not end in a dense layer "
            "with a softmax or sigmoid that could be rearranged. Rename them so that they are, as with numbers."
        )


def _from_whole_model(
    path: str | os.PathLike[str],
    estimator: Any,
    names: NDArray[Any],
    image_shape: Any,
    value_range: _Range,
    input_range: _Range | None,
) -> Any:
    """Let Keras load a model, and make its configuration an architecture."""
    from skimgrec.neural_network import KerasCNNClassifier, load_keras
    from skimgrec.neural_network._adoption import adopt, prepare, reorder_outputs
    from skimgrec.neural_network.architectures import ImportedArchitecture
    from skimgrec.persistence._keras_config import Network

    keras = load_keras()
    if not Path(path).is_file():
        raise FileNotFoundError(f"{os.fspath(path)}: there is no such file.")
    try:
        with without_advice():
            model = keras.saving.load_model(path, compile=False)
            config, weights = json.dumps(keras.saving.serialize_keras_object(model)), model.get_weights()
    except Exception as error:  # whatever the file makes Keras do
        raise ModelFileError(f"Keras cannot load it as a whole model: {str(error)[:500]}") from error
    try:
        network = read_network(json.loads(config))
    except ModelFileError:
        network = Network()
    taken, given = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    if not (isinstance(taken, tuple) and isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], int)):
        raise ModelFileError(f"A classifier of pictures takes one input and gives one row of outputs, not {given}.")
    network.shape = tuple(taken[1:])
    if len(names) != max(2, given[1]):
        raise ValueError(f"classes has {len(names)} names, but the network has outputs of shape {given}.")
    received, _ = ranges_of(network, value_range, input_range)
    if estimator is None:
        net = KerasCNNClassifier(loss="binary_crossentropy" if given[1] == 1 else None)
    else:
        net = _template(estimator)
    if "architecture" not in net.get_params():
        raise ValueError(f"estimator={estimator!r}: a whole model needs a KerasCNNClassifier.")
    net.set_params(architecture=ImportedArchitecture(config, received))
    shape = shape_of_pictures(network, image_shape)
    order = np.argsort(names)
    if not np.array_equal(order, np.arange(len(order))):
        _check_last_is_dense(model, names)
        weights = reorder_outputs(weights, order)
    if not all(np.isfinite(array).all() for array in weights if array.dtype.kind == "f"):
        raise ModelFileError("The weights are not all finite: training has diverged.")
    prepare(net, np.sort(names), shape, value_range)
    adopt(net, weights)
    return net
