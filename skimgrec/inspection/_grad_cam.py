"""Where in a picture a network finds a class: Grad-CAM."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.inspection._gradients import as_numpy, gradient
from skimgrec.inspection._one_picture import position_of
from skimgrec.inspection._open_network import OpenNetwork, read_network
from skimgrec.neural_network._base import BaseKerasClassifier


def grad_cam(
    estimator: Any,
    image: Any,
    *,
    class_of_interest: Any = None,
    layer: int | str | None = None,
    pool_gradients: bool = True,
) -> NDArray[np.float64]:
    """Show where in a picture a network finds a class, by gradient-weighted class activation mapping (Grad-CAM).

    The maps of a late layer are added up, each weighted by the mean of the gradient of the class's logit with respect
    to it. What is negative is cut off, and the sum is brought to the size of the picture.

    Parameters
    ----------
    estimator : estimator object
        A fitted :class:`KerasCNNClassifier`, a pipeline that ends in one, or a fitted search for one. Keras may run on
        TensorFlow, JAX or PyTorch.
    image : array-like of shape (h, w) or (h, w, c), or path-like
        One picture, of the shape and range of values that the estimator was fitted on, c in 1, 3, 4. A path where the
        pipeline begins with an :class:`ImageLoader`.
    class_of_interest : int, float, bool or str, default=None
        The class that is looked for; None means the most probable one, which a network predicts for `image`.
    layer : int or str, default=None
        The layer whose maps are added up, by number or name as in `feature_layer` of the classifier. None means the
        last one with maps that everything passes through, before it is pooled: the last convolution with its
        activation, or the last sum of a residual network.
    pool_gradients : bool, default=True
        False multiplies each map with its gradient position by position, before they are added up, instead of with the
        mean gradient (HiResCAM). It tells what a network finds where its maps are flattened, as in those of
        ``architecture="sequential"``.

    Returns
    -------
    heat : ndarray of shape (h, w)
        Not negative, large where the picture speaks for the class.

    Raises
    ------
    TypeError
        If `estimator` does not end in a network of ours.
    ValueError
        If `image` is not one picture, the class is none of the classifier's, or the network has no such layer or none
        with maps, as a multilayer perceptron.
    NotImplementedError
        If Keras runs on a backend without gradients.

    See Also
    --------
    occlusion_map : For any classifier, by covering parts of the picture.
    ExplanationDisplay : Draws it.
    FeatureMapsDisplay : The maps of a layer one by one.

    Notes
    -----
    It is as fine as the maps of `layer` are: those of a residual network have an eighth of the side of a picture of 64
    pixels. For a network that ends in the mean over all positions and one dense layer, as the residual architecture
    does, the weights of the maps are those of this layer, divided by the number of positions: the original CAM of Zhou
    et al. Before the negative part is cut off, the values at all positions of the maps then add up to the logit, less
    its bias.

    A dense layer behind flattened maps weighs each position apart, and the mean over its weights says little: the map
    may then be 0 everywhere, or large beside what decides. Use ``pool_gradients=False`` for such networks. For those
    that end in the mean over all positions, it changes nothing.

    References
    ----------
    Selvaraju, R. et al. (2017). Grad-CAM: visual explanations from deep networks via gradient-based localization. ICCV.
    https://doi.org/10.1109/ICCV.2017.74

    Zhou, B. et al. (2016). Learning deep features for discriminative localization. CVPR.
    https://doi.org/10.1109/CVPR.2016.319

    Draelos, R. and Carin, L. (2020). Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural
    networks. https://arxiv.org/abs/2011.08891

    Examples
    --------
    >>> from skimgrec import KerasCNNClassifier, grad_cam, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> cnn = KerasCNNClassifier(epochs=1, random_state=0).fit(X[:300], y[:300])
    >>> heat = grad_cam(cnn, X[0])
    >>> heat.shape
    (8, 8)
    """
    picture, classifier, inputs = read_network(estimator, image, "grad_cam")
    network = OpenNetwork(classifier)
    head: Any
    if layer is None:
        found, head = network.last_maps()
    else:
        found = network.layer(layer)
        network.check_maps(found)
        head = network.head(found)
    maps = network.maps(found, inputs)
    position = _position(classifier, class_of_interest, head, maps)
    # One unit says how likely the second class is, and with the other sign the first.
    sign, output = (2 * position - 1, 0) if classifier.n_outputs_ == 1 else (1, position)
    weights = sign * gradient(head, maps, output)[0].astype(np.float64)
    if pool_gradients:
        weights = weights.mean(axis=(0, 1))
    return _resized(np.maximum((maps[0] * weights).sum(axis=2), 0), picture.shape[:2])


def _position(classifier: BaseKerasClassifier, wanted: Any, head: Any, maps: NDArray[np.float32]) -> int:
    logits = as_numpy(head(maps, training=False))[0].astype(np.float64)
    return position_of(classifier.classes_, wanted, np.array([0.0, logits[0]]) if len(logits) == 1 else logits)


def _resized(heat: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    from skimage.transform import resize

    if heat.shape == tuple(shape):
        return heat
    return resize(heat, shape, order=1, mode="edge", anti_aliasing=False)
