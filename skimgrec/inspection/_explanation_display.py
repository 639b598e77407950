"""Where in a picture classifiers find its class, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from skimgrec.inspection._drawing import LABEL_SIZE, bar, class_name, frame, no_ticks
from skimgrec.inspection._grad_cam import grad_cam
from skimgrec.inspection._matplotlib import check_matplotlib
from skimgrec.inspection._occlusion import occlusion_drops
from skimgrec.inspection._one_picture import ask, position_of, unwrapped
from skimgrec.inspection._thumbnails import as_rgb
from skimgrec.neural_network._base import BaseKerasClassifier
from skimgrec.utils import value_range

_METHODS = ("occlusion", "grad_cam", "both")
_PARAMS = {"occlusion": ("patch_size", "stride", "fill"), "grad_cam": ("layer", "pool_gradients")}
_TITLES = {"occlusion": "occlusion", "grad_cam": "Grad-CAM"}
_PANELS_IN_A_ROW = 4
# Of a panel, in inches, without its colour bar and its title.
_SIDE, _BESIDE, _ABOVE = 2.2, 0.65, 0.55
# A fall of less is not worth a strong colour.
_SMALLEST_REACH = 0.01
_MOST_OPAQUE = 0.85
# The picture below the heat is grey, and lighter than it is.
_DARKEST, _LIGHTEST = 0.42, 0.97
_SHOWN_PIXELS_FROM = 96
_LONGEST_TITLE = 30


@dataclass(frozen=True)
class Explanation:
    """What one method tells of one classifier and picture.

    Parameters
    ----------
    name : str
        What the classifier is called.
    method : {"occlusion", "grad_cam"}
        How it was asked.
    heat : ndarray of shape (h, w)
        What `occlusion_map` or `grad_cam` returned.
    picture : ndarray of shape (h, w) or (h, w, c)
        The picture as the classifier takes it.
    class_of_interest : object
        The class that was looked for.
    predicted : object
        The class that was predicted.
    probability : float
        Of `class_of_interest`, for the whole picture.
    labels : mapping
        What to call classes.
    """

    name: str
    method: str
    heat: NDArray[np.float64]
    picture: NDArray[Any]
    class_of_interest: Any
    predicted: Any
    probability: float
    labels: Mapping[Any, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Two lines: whom it is about, and the class with its probability."""
        first = f"{class_name(self.name, _LONGEST_TITLE - 11)}, {_TITLES.get(self.method, self.method)}"
        wanted = class_name(self.labels.get(self.class_of_interest, self.class_of_interest))
        if self.class_of_interest == self.predicted:
            return f"{first}\npredicts {wanted}, {self.probability:.2f}"
        predicted = class_name(self.labels.get(self.predicted, self.predicted), 10)
        return f"{first}\nfor {class_name(wanted, 10)}, {self.probability:.2f}; predicts {predicted}"


class ExplanationDisplay:
    """Heat maps over a picture that show where classifiers find its class, side by side.

    It is recommended to use :meth:`from_estimator` to create an `ExplanationDisplay`. All parameters are stored as
    attributes.

    Of occlusion, red is where the probability of the class falls if it is covered, and blue is where it rises. Of
    Grad-CAM, the darker the red, the more the network's maps speak for the class. Each panel has a scale of its own.

    Parameters
    ----------
    explanations : sequence of Explanation
        One for each panel, with the attributes `name`, `method`, `heat`, `picture`, `class_of_interest`, `predicted`
        and `probability`.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure with the panels, after :meth:`plot`.
    axes_ : ndarray of matplotlib Axes
        The picture's, where it is shown, then one for each explanation.
    images_ : list of matplotlib AxesImage
        The heat maps.

    See Also
    --------
    occlusion_map : Computes the heat for any classifier.
    grad_cam : Computes it for a network.
    HOGDisplay : What a model looks at, as glyphs of HOG features.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skimgrec import ExplanationDisplay, HOGTransformer, ImageFlattener, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> models = {
    ...     "5-NN": make_pipeline(ImageFlattener(), KNeighborsClassifier()).fit(X[1:], y[1:]),
    ...     "5-NN on HOG": make_pipeline(HOGTransformer(), KNeighborsClassifier()).fit(X[1:], y[1:]),
    ... }
    >>> display = ExplanationDisplay.from_estimator(models, X[0])
    >>> len(display.axes_)
    3
    >>> plt.close("all")
    """

    def __init__(self, explanations: Sequence[Explanation]) -> None:
        self.explanations = explanations

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        image: Any,
        *,
        method: str = "occlusion",
        class_of_interest: Any = None,
        display_labels: Any = None,
        method_params: Mapping[str, Any] | None = None,
        ax: Any = None,
        colorbar: bool = True,
    ) -> Self:
        """Ask one classifier or several about a picture, and draw what they say.

        Parameters
        ----------
        estimator : estimator object, dict of str to estimator object, or list of these
            Fitted classifiers or pipelines; those of a dict by the name that stands above their panel.
        image : array-like of shape (h, w) or (h, w, c), or path-like
            One picture, or its file where every pipeline begins with an :class:`ImageLoader`.
        method : {"occlusion", "grad_cam", "both"}, default="occlusion"
            "occlusion" works for every classifier with `predict_proba`, "grad_cam" for networks. With "both", a network
            gets two panels and any other classifier one.
        class_of_interest : int, float, bool or str, default=None
            The class that is looked for. None means, for each classifier, the most probable one. A classifier that
            rejects, or that has a threshold or costs of its own, may predict another: the title says which.
        display_labels : array-like of str, default=None
            What to call the classes, in the order of `classes_`. None calls them by their labels.
        method_params : dict, default=None
            Further arguments: `patch_size`, `stride` and `fill` of :func:`occlusion_map`, `layer` and `pool_gradients`
            of :func:`grad_cam`.
        ax : array-like of matplotlib Axes, default=None
            One for each panel, or one more, which the picture alone is then drawn into. None makes a new figure.
        colorbar : bool, default=True
            Whether to draw a colour bar beside each heat map.

        Returns
        -------
        display : ExplanationDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If a classifier has no `predict_proba`, or is no network with ``method="grad_cam"``.
        ValueError
            As :func:`occlusion_map` and :func:`grad_cam` do, or if there is no such method or argument.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        if method not in _METHODS:
            raise ValueError(f"method={method!r}: expected one of {', '.join(map(repr, _METHODS))}.")
        named = _named(estimator)
        if not named:
            raise ValueError("estimator is empty: give a fitted classifier, or a dict of some.")
        asked = [(name, one, way) for name, one in named for way in _ways(one, method)]
        params = _params(method_params, sorted({way for _, _, way in asked}))
        explanations = [
            _explained(one, image, name, way, class_of_interest, display_labels, params[way])
            for name, one, way in asked
        ]
        return cls(explanations).plot(ax=ax, colorbar=colorbar)

    def plot(self, *, ax: Any = None, colorbar: bool = True) -> Self:
        """Draw the panels side by side.

        Parameters
        ----------
        ax : array-like of matplotlib Axes, default=None
            One for each panel, or one more, which the picture alone is then drawn into. None makes a new figure.
        colorbar : bool, default=True
            Whether to draw a colour bar beside each heat map.

        Returns
        -------
        display : ExplanationDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are neither as many Axes as explanations nor one more.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        n = len(self.explanations)
        axes = self._new_axes(colorbar) if ax is None else np.ravel(np.asarray(ax, dtype=object))
        if len(axes) not in (n, n + 1):
            raise ValueError(f"ax: {len(axes)} Axes for {n} heat maps. Pass one for each, or one more for the picture.")
        self.figure_, self.axes_ = axes[0].figure, axes
        if len(axes) > n:
            picture = self.explanations[0].picture
            frame(axes[0], "picture")
            axes[0].imshow(_shown(picture), interpolation=_interpolation(picture))
            no_ticks(axes[0])
        self.images_ = [
            _draw(explanation, one, colorbar=colorbar)
            for explanation, one in zip(self.explanations, axes[-n:], strict=True)
        ]
        return self

    def _new_axes(self, colorbar: bool) -> NDArray[np.object_]:
        import matplotlib.pyplot as plt

        n = len(self.explanations) + 1
        n_rows = -(-n // _PANELS_IN_A_ROW)
        n_columns = -(-n // n_rows)
        height, width = self.explanations[0].picture.shape[:2]
        ratio = float(np.clip(height / width, 0.4, 2.5))
        size = n_columns * (_SIDE + _BESIDE * colorbar), n_rows * (_SIDE * ratio + _ABOVE)
        _, axes = plt.subplots(n_rows, n_columns, figsize=size, squeeze=False, layout="constrained")
        for spare in axes.ravel()[n:]:
            spare.remove()
        return axes.ravel()[:n]


def _named(estimator: Any) -> list[tuple[str, Any]]:
    if isinstance(estimator, Mapping):
        return [(str(name), one) for name, one in estimator.items()]
    return [(_name(one), one) for one in (estimator if isinstance(estimator, (list, tuple)) else [estimator])]


def _final(estimator: Any) -> Any:
    estimator = unwrapped(estimator)
    return _final(estimator.steps[-1][1]) if isinstance(estimator, Pipeline) else estimator


def _name(estimator: Any) -> str:
    return type(_final(estimator)).__name__


def _ways(estimator: Any, method: str) -> tuple[str, ...]:
    if method != "both":
        return (method,)
    return ("occlusion", "grad_cam") if isinstance(_final(estimator), BaseKerasClassifier) else ("occlusion",)


def _params(given: Mapping[str, Any] | None, ways: list[str]) -> dict[str, dict[str, Any]]:
    """Return for each method those of the arguments that it takes."""
    given = dict(given or {})
    taken = [name for way in ways for name in _PARAMS[way]]
    unknown = [name for name in given if name not in taken]
    if unknown:
        raise ValueError(f"method_params has {unknown[0]!r}, expected some of {', '.join(map(repr, taken))}.")
    return {way: {name: given[name] for name in _PARAMS[way] if name in given} for way in ways}


def _explained(
    estimator: Any,
    image: Any,
    name: str,
    method: str,
    wanted: Any,
    display_labels: Any,
    params: dict[str, Any],
) -> Explanation:
    asked = ask(estimator, image, "ExplanationDisplay.from_estimator")
    probabilities = asked.probabilities(asked.picture[None])[0]
    position = position_of(asked.classes, wanted, probabilities)
    if method == "occlusion":
        settings = {"patch_size": None, "stride": None, "fill": "median", **params}
        heat = occlusion_drops(asked, position, probabilities[position], **settings)
    else:
        heat = grad_cam(estimator, image, class_of_interest=asked.classes[position], **params)
    return Explanation(
        name,
        method,
        heat,
        asked.picture,
        asked.classes[position],
        asked.answer(),
        float(probabilities[position]),
        _labels(asked.classes, display_labels),
    )


def _labels(classes: NDArray[Any], display_labels: Any) -> dict[Any, str]:
    if display_labels is None:
        return {}
    labels = [str(label) for label in display_labels]
    if len(labels) != len(classes):
        raise ValueError(f"display_labels has {len(labels)} names for {len(classes)} classes: give one for each.")
    return dict(zip(classes.tolist(), labels, strict=True))


def _shown(picture: NDArray[Any]) -> NDArray[np.uint8]:
    batch = picture[None] if picture.ndim == 3 else picture[None, ..., None]
    return as_rgb(batch, value_range(batch))[0]


def _interpolation(picture: NDArray[Any]) -> str:
    return "nearest" if max(picture.shape[:2]) < _SHOWN_PIXELS_FROM else "antialiased"


def _draw(explanation: Explanation, ax: Any, *, colorbar: bool) -> Any:
    frame(ax, explanation.title)
    grey = _shown(explanation.picture) @ (np.array([0.299, 0.587, 0.114]) / 255)
    ax.imshow(
        _DARKEST + (_LIGHTEST - _DARKEST) * grey,
        cmap="gray",
        vmin=0,
        vmax=1,
        interpolation=_interpolation(explanation.picture),
    )
    signed = explanation.method == "occlusion"
    heat = explanation.heat
    limit = max(float(np.abs(heat).max()), _SMALLEST_REACH) if signed else float(heat.max()) or 1.0
    image = ax.imshow(
        heat,
        cmap="RdBu_r" if signed else "Reds",
        vmin=-limit if signed else 0,
        vmax=limit,
        alpha=_MOST_OPAQUE * np.sqrt(np.clip(np.abs(heat) / limit, 0, 1)),
        interpolation="nearest",
    )
    no_ticks(ax)
    if not heat.any():
        ax.set_xlabel("no patch matters" if signed else "nothing speaks for it", fontsize=LABEL_SIZE)
    if colorbar:
        bar(ax, image)
    return image
