"""PretrainedTransformer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, Self
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context, clone
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skimgrec.neural_network._backbone_weights import backbone_weights, digest
from skimgrec.neural_network._backbones import backbone_named, network_size, plain_params
from skimgrec.neural_network._network import Arrays, Network, dtype_policy, frozen
from skimgrec.neural_network._placement import placement
from skimgrec.neural_network._pool import networks
from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network._scaling import PixelScale
from skimgrec.neural_network.architectures._backbone import POOLINGS, feature_network, pictures_as_rgb
from skimgrec.utils import (
    LazyImages,
    chunk_slices,
    read_chunks,
    unchanged_on_failure,
    validate_pictures,
    with_channel_axis,
)

if TYPE_CHECKING:
    from skimgrec.neural_network._feature_cache import FeatureCache

# Pixels that a network sees at a time, and pictures at most.
_PIXELS_PER_FORWARD_PASS = 2**19
_PICTURES_PER_FORWARD_PASS = 1024


class PretrainedTransformer(TransformerMixin, BaseEstimator):
    """Describe pictures by what a network sees in them that was trained on more than a million others.

    The network is one of `keras.applications`, without the layers that name ImageNet's classes: what its last
    convolutions give is averaged over the picture. A linear classifier of such features often does better with a few
    hundred photographs than a network that is trained on them alone.

    It needs weights. Keras downloads those of ImageNet at the first `fit`, and checks them; where there is no network,
    they come from a file.

    Parameters
    ----------
    backbone : str, default="MobileNetV3Small"
        Any network of `keras.applications`, such as "MobileNetV3Small", "EfficientNetB0", "ResNet50" or "ConvNeXtTiny".
        Capitals and underscores do not matter: "mobilenet_v3_small" is the same. MobileNetV3Small is the quickest of
        them on a CPU, with 576 features and 3.7 MB of weights.
    weights : "imagenet", str or path-like, default="imagenet"
        "imagenet" are Keras's own, which it keeps in ``~/.keras/models``. A path is that of a file of Keras:
        ``.weights.h5``, ``.h5`` or ``.keras``, of the network without its top. It is read as data, and no code of it
        runs. None draws weights from `random_state`, which makes random features: for tests, and to tell what the
        training of the network is worth.
    pooling : {"avg", "max"}, default="avg"
        Whether a feature is the mean or the maximum over the places of a picture.
    image_size : "auto" or tuple of two ints, default="auto"
        (height, width) that pictures are brought to for the network, smoothed where they shrink. "auto" keeps their
        size, and enlarges small ones in proportion, to 96 pixels on the shorter side: networks of this kind divide
        both sides by 32, so that of a picture of 32 x 32 they would see one place only, and 96 is the smallest size
        that any of them was published for. Most were trained at 224.
    backbone_params : dict, default=None
        What the network is built with besides, such as ``{"alpha": 0.75}`` for the MobileNets, or
        ``{"minimalistic": True}``.
    batch_size : int or "auto", default="auto"
        Number of pictures that the network is given at a time. "auto" is as many as have half a million pixels.
    cache : str or path-like, default=None
        Folder in which features are kept for every later call and process, by the content of each picture and by all
        that they depend on. A cross-validation then computes each picture once. A call with a single new picture
        leaves nothing there, so that asking about one after another does not make a file for each. None keeps nothing.
    n_threads : int, default=None
        Number of threads of the backend. TensorFlow fixes it for the whole process at its first use, and a warning says
        if it is fixed to another number. At other numbers, features agree to a few digits.
    random_state : int, RandomState instance or None, default=None
        Seeds the weights where ``weights=None``, and nothing else.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of pictures that come flattened. By default, a perfect square of
        features is a square grey picture, anything else a picture of one row.

    Attributes
    ----------
    backbone_ : str
        The network, as Keras spells it.
    image_size_ : tuple of two ints
        The height and width in use.
    weights_ : list of ndarray
        Weights of the network, in the order of `keras.Model.get_weights`, as read-only arrays.
    image_shape_ : tuple of int
        Shape of a picture seen in `fit`, (height, width) or (height, width, channels).
    value_range_ : tuple of two floats
        The range of values seen in `fit`, which stands for black and white; (0, 255) for uint8.
    n_features_in_ : int
        Number of values in a picture.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen in `fit`, if the pictures came as a data frame.

    Raises
    ------
    OSError
        If the weights cannot be downloaded, or their file cannot be read.
    ValueError
        If Keras has no such network, the file holds weights of another one, the pictures are too small for it, or they
        break the rules for pictures (mixed sizes, channels first, NaN, another size or range than in `fit`).

    See Also
    --------
    KerasCNNClassifier : Trains such a network further, with ``architecture="mobilenet_v3_small"``.
    HOGTransformer : Features that need no weights.

    Notes
    -----
    `fit` learns the size and the range of the pictures, and takes the weights into its state. So `transform`, a pickle
    and a model file need neither network nor file, and a model file is larger by the weights. What pictures `fit` saw
    makes no difference to the features of uint8 pictures.

    Grey pictures become red, green and blue by repetition, and an alpha channel is left out. Pixels that are not uint8
    are brought from the range seen in `fit` to 0..255. Then comes the network's own `preprocess_input`, so that the
    features are those of ``keras.applications`` itself, to rounding.

    Pictures in files are read in chunks. Features are the same, to rounding of float32, whatever pictures come beside
    one.

    References
    ----------
    Howard, A. et al. (2019). Searching for MobileNetV3. ICCV. https://arxiv.org/abs/1905.02244

    Kornblith, S., Shlens, J. and Le, Q. V. (2019). Do Better ImageNet Models Transfer Better? CVPR.
    https://arxiv.org/abs/1805.08974

    Examples
    --------
    Random weights, which need no download:

    >>> from skimgrec import PretrainedTransformer, load_digits_images
    >>> X = load_digits_images().images[:20]
    >>> features = PretrainedTransformer(weights=None, image_size=(32, 32), random_state=0).fit_transform(X)
    >>> features.shape
    (20, 576)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "backbone": [str],
        "weights": [str, os.PathLike, None],
        "pooling": [StrOptions(set(POOLINGS))],
        "image_size": [StrOptions({"auto"}), tuple, list],
        "backbone_params": [Mapping, tuple, list, None],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "cache": [str, os.PathLike, None],
        "n_threads": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
        "image_shape": [tuple, list, None],
    }

    def __init__(
        self,
        backbone: str = "MobileNetV3Small",
        *,
        weights: str | os.PathLike[str] | None = "imagenet",
        pooling: str = "avg",
        image_size: str | tuple[int, int] = "auto",
        backbone_params: Mapping[str, Any] | None = None,
        batch_size: int | str = "auto",
        cache: str | os.PathLike[str] | None = None,
        n_threads: int | None = None,
        random_state: Any = None,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.pooling = pooling
        self.image_size = image_size
        self.backbone_params = backbone_params
        self.batch_size = batch_size
        self.cache = cache
        self.n_threads = n_threads
        self.random_state = random_state
        self.image_shape = image_shape

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the size and the range of the pictures, and get the weights.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures, c in 1, 3, 4; or flattened pictures. Those that `ImageLoader` gives are not read.
        y : None
            Ignored.

        Returns
        -------
        self : PretrainedTransformer
            The fitted transformer.
        """
        with unchanged_on_failure(self):
            validate_pictures(self, X, reset=True)
            height, width, _ = with_channel_axis(self.image_shape_)
            size = network_size(height, width, self.image_size)
            load_keras(self.n_threads)
            backbone = backbone_named(self.backbone)
            params = plain_params(backbone, self.backbone_params)
            seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
            self._weights = backbone_weights(backbone, params, size, self.weights, seed)
            self.backbone_, self.image_size_ = backbone.name, size
            # Kept apart from the parameters, which may be set anew while the weights stay.
            self._fitted_params, self._fitted_pooling = params, self.pooling
            with self._lend_network() as network:
                self._n_features_out = network.n_features(-1)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return what the network sees in pictures.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures of the size and range of values seen in `fit`.

        Returns
        -------
        features : ndarray of shape (n, n_features_out), dtype float32
            One feature for each channel of the network's last layer.
        """
        check_is_fitted(self)
        pictures = validate_pictures(self, X, reset=False)
        load_keras(self.n_threads)
        features = np.empty((len(pictures), self._n_features_out), np.float32)
        scale = PixelScale.for_pictures(pictures.dtype, self.value_range_)
        size = self._pictures_at_a_time()
        with self._lend_network() as network:
            if self.cache is None:
                for where, chunk in read_chunks(pictures, multiple_of=size):
                    self._describe(network, scale, chunk, slice(None), features[where])
                return features
            with self._open_cache(pictures.dtype, scale) as cache:
                for where, chunk in read_chunks(pictures, multiple_of=size):
                    self._describe_new(network, scale, chunk, cache, features[where])
        return features

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return a name for each feature, such as ``mobilenetv3small_17``.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str objects of shape (n_features_out,)
            The network and the number of its channel, counted from 0.
        """
        check_is_fitted(self)
        return np.array([f"{self.backbone_.lower()}_{i}" for i in range(self._n_features_out)], dtype=object)

    @property
    def weights_(self) -> Arrays:
        """Weights of the network, in the order of `keras.Model.get_weights`, as read-only arrays."""
        return list(self._weights)

    def _describe(
        self,
        network: Network,
        scale: PixelScale,
        chunk: NDArray[Any],
        rows: Any,
        features: NDArray[np.float32],
    ) -> None:
        """Write the features of some of the pictures in `chunk` into the same rows of `features`."""
        chosen = np.arange(len(chunk))[rows]
        for part in chunk_slices(len(chosen), size=self._pictures_at_a_time()):
            batch = scale(chunk[chosen[part]])
            batch = batch.astype(np.float32) if scale.input_dtype == "uint8" else batch * np.float32(255)
            features[chosen[part]] = network.predict(pictures_as_rgb(batch, self.image_size_))

    def _describe_new(
        self,
        network: Network,
        scale: PixelScale,
        chunk: NDArray[Any],
        cache: FeatureCache,
        features: NDArray[np.float32],
    ) -> None:
        """Write the features of all pictures, and compute those that the cache does not know."""
        from skimgrec.neural_network._feature_cache import picture_keys

        # In parts, so that what is computed is kept while a long chunk goes on.
        for part in chunk_slices(len(chunk), size=_PICTURES_PER_FORWARD_PASS):
            pictures, found = chunk[part], features[part]
            keys = picture_keys(pictures)
            new = cache.fill(found, keys)
            self._describe(network, scale, pictures, new, found)
            for row in new:
                cache.add(keys[row], found[row])
            cache.fill(found, keys)  # equal pictures in this part

    def _open_cache(self, dtype: np.dtype[Any], scale: PixelScale) -> FeatureCache:
        from skimgrec.neural_network._feature_cache import FeatureCache

        keras = load_keras()
        height, width = self.image_size_
        setting = (
            *(self.backbone_, self._fitted_params, self._fitted_pooling, self.image_size_, _digest_of(self)),
            *(self.image_shape_, dtype.str, tuple(scale), keras.__version__, keras.backend.backend()),
        )
        name = f"{self.backbone_}-{height}x{width}-{self._fitted_pooling}"
        assert self.cache is not None
        return FeatureCache(self.cache, name, repr(setting), self._n_features_out)

    def _pictures_at_a_time(self) -> int:
        if self.batch_size != "auto":
            return int(self.batch_size)
        height, width = self.image_size_
        return max(1, min(_PICTURES_PER_FORWARD_PASS, _PIXELS_PER_FORWARD_PASS // (height * width)))

    @contextmanager
    def _lend_network(self) -> Iterator[Network]:
        """Lend a network that holds the weights from the process's pool."""
        name, params, size, pooling = self.backbone_, self._fitted_params, self.image_size_, self._fitted_pooling

        def build() -> Network:
            with dtype_policy("float32"):
                return Network(feature_network(backbone_named(name), params, size, pooling))

        key = ("features", name, params, size, pooling, placement())
        with networks.lend(key, build, weights=self._weights) as network:
            network.load_weights(self._weights)
            yield network

    def _prepare_process(self, X: Any) -> None:
        """Load Keras, the weights and the network, so that no fit is charged with the seconds that this takes."""
        clone(self).set_params(cache=None).fit_transform(X[:1])

    def _can_be_shared(self, X: Any) -> bool:
        """Return whether the features of pictures like `X` do not depend on what it is fitted on, so many may share."""
        fixed = self.weights is not None or isinstance(self.random_state, Integral)
        return fixed and isinstance(X, (np.ndarray, LazyImages)) and X.dtype == np.uint8

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        # Text is the same on every system, and model files have no place for paths of one.
        return {**state, "weights": os.fspath(self.weights)} if self.weights is not None else state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_weights" in state:
            self._weights = frozen(self._weights)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_weights")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


# What names a transformer's weights in a cache, beside those weights. It is no part of its state: a file could name
# other weights.
_digests: WeakKeyDictionary[PretrainedTransformer, tuple[Arrays, str]] = WeakKeyDictionary()


def _digest_of(transformer: PretrainedTransformer) -> str:
    """Return the digest of a fitted transformer's weights, which is computed once for them."""
    weights, known = transformer._weights, _digests.get(transformer)
    if known is None or known[0] is not weights:
        known = _digests[transformer] = weights, digest(weights)
    return known[1]
