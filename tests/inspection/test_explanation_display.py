import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import Perceptron

from skimgrec import ExplanationDisplay, grad_cam, occlusion_map

HOSTILE = "<b>$\\frac$ a\nb\x1b[31m</b>"


def test_panels_of_several_classifiers(nearest, forest, barred, plt):
    picture = barred[0][0]
    display = ExplanationDisplay.from_estimator({"1-NN": nearest, "forest": forest}, picture)
    assert [ax.get_title(loc="left").splitlines()[0] for ax in display.axes_] == [
        "picture",
        "1-NN, occlusion",
        "forest, occlusion",
    ]
    for model, image, explanation in zip((nearest, forest), display.images_, display.explanations, strict=True):
        expected = occlusion_map(model, picture)
        np.testing.assert_array_equal(explanation.heat, expected)
        np.testing.assert_array_equal(image.get_array(), expected)
        # No change has no colour, and loss and gain are as strong as they are large.
        low, high = image.get_clim()
        assert -low == high == pytest.approx(max(np.abs(expected).max(), 0.01))
        assert (image.get_alpha()[expected == 0] == 0).all()
    assert display.figure_ is display.axes_[0].figure
    assert display.axes_[1].get_title(loc="left").splitlines()[1] == "predicts across, 1.00"


def test_both_methods_for_networks_alone(forest, cnn, barred):
    picture = barred[0][0]
    display = ExplanationDisplay.from_estimator([forest, cnn], picture, method="both", class_of_interest="down")
    assert [(part.name, part.method) for part in display.explanations] == [
        ("RandomForestClassifier", "occlusion"),
        ("KerasCNNClassifier", "occlusion"),
        ("KerasCNNClassifier", "grad_cam"),
    ]
    np.testing.assert_array_equal(display.explanations[2].heat, grad_cam(cnn, picture, class_of_interest="down"))
    assert {part.class_of_interest for part in display.explanations} == {"down"}
    expected = forest.predict_proba(picture[None])[0, 1]
    assert display.explanations[0].probability == expected
    assert display.explanations[0].title.endswith(f"for down, {expected:.2f}; predicts across")


def test_method_params(cnn, barred):
    params = {"patch_size": 6, "fill": "mean", "layer": 0}
    display = ExplanationDisplay.from_estimator(cnn, barred[0][0], method="both", method_params=params)
    heats = [part.heat for part in display.explanations]
    np.testing.assert_array_equal(heats[0], occlusion_map(cnn, barred[0][0], patch_size=6, fill="mean"))
    np.testing.assert_array_equal(heats[1], grad_cam(cnn, barred[0][0], layer=0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "saliency"}, "method='saliency': expected one of 'occlusion', 'grad_cam', 'both'"),
        ({"method_params": {"layer": 0}}, "method_params has 'layer', expected some of 'patch_size', 'stride', 'fill'"),
        ({"display_labels": ["a", "b"]}, "display_labels has 2 names for 3 classes"),
        ({"class_of_interest": "up"}, "class_of_interest='up'"),
    ],
)
def test_what_cannot_be_used(nearest, barred, settings, message, plt):
    with pytest.raises(ValueError, match=message):
        ExplanationDisplay.from_estimator(nearest, barred[0][0], **settings)
    assert not plt.get_fignums()


def test_what_cannot_be_asked(nearest, barred):
    with pytest.raises(ValueError, match="estimator is empty"):
        ExplanationDisplay.from_estimator({}, barred[0][0])
    with pytest.raises(TypeError, match="only networks have layers"):
        ExplanationDisplay.from_estimator(nearest, barred[0][0], method="grad_cam")
    X, y = barred
    with pytest.raises(TypeError, match="Perceptron, which has no predict_proba"):
        ExplanationDisplay.from_estimator(Perceptron().fit(X.reshape(len(X), -1), y), X[0])


@pytest.mark.parametrize("spare", [0, 1])
def test_axes_of_ones_own(nearest, forest, barred, plt, spare):
    figure, axes = plt.subplots(1, 2 + spare)
    display = ExplanationDisplay.from_estimator([nearest, forest], barred[0][0], ax=axes, colorbar=False)
    assert display.figure_ is figure
    assert list(display.axes_) == list(axes)
    assert [len(ax.images) for ax in axes] == [1] * spare + [2, 2]
    assert plt.get_fignums() == [figure.number]
    with pytest.raises(ValueError, match="1 Axes for 2 heat maps"):
        display.plot(ax=axes[0])


def test_a_map_without_any_change_says_so(nearest, barred, texts_of):
    display = ExplanationDisplay.from_estimator(nearest, barred[0][0], method_params={"patch_size": 1})
    assert not display.explanations[0].heat.any()
    assert "no patch matters" in [text.get_text() for text in texts_of(display.figure_)]


def test_hostile_names(nearest, barred, texts_of):
    display = ExplanationDisplay.from_estimator({HOSTILE: nearest}, barred[0][0], display_labels=[HOSTILE, "b", "c"])
    titles = [text for text in texts_of(display.figure_) if "$" in text.get_text()]
    assert len(titles) == 1
    assert titles[0].get_text().count("\n") == 1  # ours
    assert "\x1b" not in titles[0].get_text()
    assert not titles[0].get_parse_math()


def test_colour_with_transparency_and_a_long_row(barred, plt):
    X, y = barred
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline

    from skimgrec import ImageFlattener

    colour = np.repeat(X[..., None], 4, axis=3)
    model = make_pipeline(ImageFlattener(), KNeighborsClassifier(1)).fit(colour, y)
    display = ExplanationDisplay.from_estimator([model] * 5, colour[0])
    assert len(display.axes_) == 6
    assert len({round(ax.get_position().y0, 3) for ax in display.axes_}) == 2


def test_the_title_says_what_a_classifier_answers_that_is_not_the_most_probable_class(barred, nearest):
    class Wary(ClassifierMixin, BaseEstimator):
        """Answer "none" to every picture."""

        def __init__(self, model):
            self.model = model

        def fit(self, X, y):
            self.classes_ = self.model.classes_
            return self

        def predict_proba(self, X):
            return self.model.predict_proba(X)

        def predict(self, X):
            return np.full(len(X), "none")

    X, y = barred
    display = ExplanationDisplay.from_estimator({"wary": Wary(nearest).fit(X, y)}, X[0])
    (explanation,) = display.explanations
    assert explanation.class_of_interest == y[0]
    assert explanation.title.endswith(f"for {y[0]}, 1.00; predicts none")
