"""One weight for each HOG feature, from a fitted pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from skimgrec.feature_extraction import HOGTransformer

_OTHERWISE = (
    "Otherwise compute one weight for each feature yourself, for example with "
    "sklearn.inspection.permutation_importance, and pass it to HOGDisplay.from_image(image, hog=..., importances=...)."
)


@dataclass(frozen=True)
class HOGModel:
    """What a fitted pipeline does around HOG."""

    before: Pipeline | None
    hog: HOGTransformer
    importances: NDArray[np.float64]
    name: str
    class_of_interest: Any


def read_pipeline(estimator: Any, pictures: Any, class_of_interest: Any) -> HOGModel:
    """Return the transformer of a fitted pipeline and the weight of each of its features in the model.

    Parameters
    ----------
    estimator : Pipeline
        A fitted pipeline with a HOGTransformer and a last step with `feature_importances_` or `coef_`, or a fitted
        search for one.
    pictures : array-like or None
        A batch of one picture, whose predicted class is taken where `class_of_interest` is None.
    class_of_interest : int, float, bool or str, default=None
        The class that coefficients shall speak for.

    Returns
    -------
    model : HOGModel
        The steps before HOG, HOG, and the weights.
    """
    pipeline = getattr(estimator, "best_estimator_", estimator)
    steps = list(pipeline.steps) if isinstance(pipeline, Pipeline) else []
    place = next((i for i, (_, step) in enumerate(steps) if isinstance(step, HOGTransformer)), None)
    if place is None or place == len(steps) - 1:
        raise ValueError(
            f"HOGDisplay.from_estimator got {type(pipeline).__name__}, expected a fitted Pipeline of a HOGTransformer "
            "and a classifier, such as make_pipeline(HOGTransformer(), RandomForestClassifier()).fit(X, y). "
            + _OTHERWISE
        )
    check_is_fitted(pipeline)
    model = steps[-1][1]
    if hasattr(model, "coef_"):
        weights, class_of_interest = _coefficients(pipeline, model, pictures, class_of_interest)
        name = "coefficients"
    elif hasattr(model, "feature_importances_"):
        if class_of_interest is not None:
            raise ValueError(
                f"class_of_interest={class_of_interest!r}: the importances of {type(model).__name__} are those for all "
                "classes together. Leave class_of_interest out, or use a linear model."
            )
        weights, name = np.asarray(model.feature_importances_, np.float64), "importances"
    else:
        raise ValueError(
            f"{type(model).__name__} has neither feature_importances_, as forests have, nor coef_, as linear models "
            "have. " + _OTHERWISE
        )
    for _, step in reversed(steps[place + 1 : -1]):
        weights = _before(step, weights, of_coefficients=name == "coefficients")
    return HOGModel(pipeline[:place] if place else None, steps[place][1], weights, name, class_of_interest)


def _coefficients(pipeline: Pipeline, model: Any, pictures: Any, wanted: Any) -> tuple[NDArray[np.float64], Any]:
    """Return the coefficients that speak for one class, and that class."""
    coef = np.atleast_2d(np.asarray(model.coef_, np.float64))
    classes = getattr(model, "classes_", None)
    if classes is None:
        if len(coef) > 1 or wanted is not None:
            raise ValueError(
                f"{type(model).__name__} is no classifier: class_of_interest={wanted!r} and {len(coef)} rows of coef_ "
                "have no meaning here. " + _OTHERWISE
            )
        return coef[0], None
    names = ", ".join(map(str, classes))
    if wanted is None:
        if len(classes) == 2:
            wanted = classes[1]
        elif pictures is not None:
            wanted = pipeline.predict(pictures)[0]
        else:
            raise ValueError(
                f"{type(model).__name__} has coefficients for each of {len(classes)} classes. Say which ones to show: "
                f"class_of_interest=..., one of {names}."
            )
    found = np.flatnonzero(classes == wanted)
    if len(found) != 1:
        raise ValueError(f"class_of_interest={wanted!r}: expected one of {names}.")
    if len(classes) == 2 and len(coef) == 1:
        return (coef[0] if found[0] == 1 else -coef[0]), classes[found[0]]
    if len(coef) != len(classes):
        raise ValueError(
            f"The coef_ of {type(model).__name__} has {len(coef)} rows for {len(classes)} classes, expected one row "
            "for each class: pairs of classes cannot be shown as one. " + _OTHERWISE
        )
    return coef[found[0]], classes[found[0]]


def _before(step: Any, weights: NDArray[np.float64], *, of_coefficients: bool) -> NDArray[np.float64]:
    """Return the weights of a step's inputs, given those of its outputs."""
    if step is None or step == "passthrough":
        return weights
    if isinstance(step, SelectorMixin):
        chosen = step.get_support()
        spread = np.zeros(len(chosen))
        spread[chosen] = weights
        return spread
    if isinstance(step, StandardScaler):
        return weights if step.scale_ is None or not of_coefficients else weights / step.scale_
    raise ValueError(
        f"{type(step).__name__} stands between HOGTransformer and the model: its outputs are not HOG features. "
        "HOGDisplay.from_estimator looks through StandardScaler and feature selection only. " + _OTHERWISE
    )
