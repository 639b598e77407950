import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FunctionTransformer, make_pipeline
from sklearn.preprocessing import StandardScaler

from skimgrec import HOGTransformer, ImageFlattener, ImageLoader, KerasCNNClassifier, occlusion_map
from skimgrec.inspection._occlusion import covered_copies, mean_over_windows, sliding_windows


class Brightness:
    """Calls a picture bright as surely as the mean of some of its pixels is high."""

    classes_ = np.array(["dark", "bright"])

    def __init__(self, where):
        self.where = where
        self.asked = []

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        return KerasCNNClassifier().__sklearn_tags__()

    def fit(self, X, y=None):
        return self

    def predict_proba(self, X):
        self.asked.append(X)
        bright = X[(slice(None), *self.where)].reshape(len(X), -1).mean(axis=1, dtype=float) / 255
        return np.column_stack([1 - bright, bright])


# --- it finds what decides ---


@pytest.mark.parametrize("name", ["nearest", "forest", "cnn"])
@pytest.mark.parametrize("which", [0, 1])
def test_the_place_that_decides_is_the_highest(name, which, request, bars):
    classifier = request.getfixturevalue(name)
    X, _ = bars.make(2, seed=1)
    drops = occlusion_map(classifier, X[which], patch_size=6, stride=2)
    assert drops.shape == (bars.size, bars.size)
    assert bars.is_there(drops)
    assert drops.max() > 0.2
    far = drops[:4, 12:]
    assert np.abs(far).max() < 0.1


def test_a_pixel_has_the_mean_of_the_falls_of_all_patches_over_it():
    picture = np.zeros((5, 7), np.uint8)
    picture[2, 3] = 255
    classifier = Brightness(np.s_[2, 3])
    drops = occlusion_map(classifier, picture, patch_size=(2, 3), stride=1, fill=0)
    assert drops[2, 3] == 1
    # Of the six patches over its right neighbour, four reach back to it.
    assert drops[2, 4] == pytest.approx(4 / 6)
    assert drops[1, 3] == pytest.approx(1 / 2)
    assert drops[4].max() == drops[:, 6].max() == 0


def test_what_speaks_against_the_class_is_negative():
    picture = np.full((6, 6), 100, np.uint8)
    drops = occlusion_map(Brightness(np.s_[:3, :]), picture, class_of_interest="bright", fill=255)
    assert (drops[:3] < 0).all()
    other = occlusion_map(Brightness(np.s_[:3, :]), picture, class_of_interest="dark", fill=255)
    np.testing.assert_allclose(other, -drops)


def test_without_a_class_it_is_the_predicted_one(forest, barred, bars):
    X, y = barred
    np.testing.assert_array_equal(occlusion_map(forest, X[1]), occlusion_map(forest, X[1], class_of_interest=y[1]))
    assert occlusion_map(forest, X[1], class_of_interest=bars.classes[0]).max() < occlusion_map(forest, X[1]).max()


def test_the_picture_stays_as_it_is(forest, barred):
    picture = barred[0][0].copy()
    picture.flags.writeable = False
    occlusion_map(forest, picture)
    np.testing.assert_array_equal(picture, barred[0][0])


# --- windows ---


@pytest.mark.parametrize(("shape", "patch", "stride"), [((7, 5), (3, 2), (2, 1)), ((8, 8), (3, 3), (3, 3))])
def test_every_pixel_is_covered(shape, patch, stride):
    windows = sliding_windows(shape, patch, stride)
    seen = mean_over_windows(np.ones(len(windows)), windows, shape)
    np.testing.assert_array_equal(seen, 1)


def test_at_stride_one_edges_are_covered_as_often_as_the_middle():
    counts = np.zeros((6, 9))
    for top, bottom, left, right in sliding_windows((6, 9), (3, 4), (1, 1)):
        counts[top:bottom, left:right] += 1
    np.testing.assert_array_equal(counts, 12)


def test_a_copy_shows_the_cover_in_its_window_only():
    picture, cover = np.zeros((4, 4)), np.ones((4, 4))
    first, second = covered_copies(picture, cover, [(0, 2, 1, 3), (3, 4, 0, 1)])
    assert first.sum() == first[0:2, 1:3].sum() == 4
    assert second.sum() == second[3, 0] == 1


# --- the cover ---


@pytest.mark.parametrize(
    ("fill", "expected"),
    [("median", (0, 10, 0)), ("mean", (21, 10, 0)), (7, (7, 7, 7)), ([1, 2, 3], (1, 2, 3)), (np.uint8(4), (4, 4, 4))],
)
def test_fill(fill, expected):
    picture = np.zeros((6, 6, 3), np.uint8)
    picture[:, :, 1] = 10
    picture[0, 0, 0], picture[0, 1, 0], picture[0, 2, 0] = 255, 255, 255
    classifier = Brightness(np.s_[0, 0])
    occlusion_map(classifier, picture, patch_size=1, fill=fill)
    copies = classifier.asked[-1]
    assert copies.dtype == np.uint8
    assert copies.shape == (36, 6, 6, 3)
    np.testing.assert_array_equal(copies[0, 0, 0], expected)


def test_blur_covers_with_what_is_around():
    picture = np.tile(np.linspace(0, 1, 12), (12, 1))
    classifier = Brightness(np.s_[5, 5])
    occlusion_map(classifier, picture, patch_size=4, fill="blur")
    changed = np.abs(classifier.asked[-1] - picture)
    assert 0 < changed.max() < 0.2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patch_size": 17}, "larger than the picture of 16 x 16"),
        ({"patch_size": 0}, "expected a positive integer or a pair"),
        ({"patch_size": (2, 2, 2)}, "expected a positive integer or a pair"),
        ({"patch_size": 2.5}, "expected a positive integer or a pair"),
        ({"patch_size": 3, "stride": 4}, "some pixels would never be covered"),
        ({"stride": "2"}, "stride='2': expected a positive integer"),
        ({"fill": "grey"}, "fill='grey': expected \"median\""),
        ({"fill": [1, 2]}, "one for each of the picture's 1 channels"),
        ({"fill": np.nan}, "expected one finite number"),
        ({"fill": 256}, r"outside 0\.\.255, the values of uint8"),
        ({"class_of_interest": "up"}, "class_of_interest='up': expected one of the classes, 'across', 'down', 'noth"),
    ],
)
def test_what_cannot_be_used(forest, barred, settings, message):
    with pytest.raises(ValueError, match=message):
        occlusion_map(forest, barred[0][0], **settings)


# --- pictures and classifiers ---


@pytest.mark.parametrize("shape", [(2, 16, 16), (256,), (16, 16, 2), (0, 16), ()])
def test_not_one_picture(forest, shape):
    with pytest.raises(ValueError, match=r"occlusion_map got an? .*shape"):
        occlusion_map(forest, np.zeros(shape))


def test_a_classifier_without_probabilities(barred):
    X, y = barred
    with pytest.raises(TypeError, match=r"Perceptron, which has no predict_proba.*CalibratedClassifierCV"):
        occlusion_map(Perceptron().fit(X.reshape(len(X), -1), y), X[0])


def test_a_picture_of_another_size_than_learnt_from(forest):
    with pytest.raises(ValueError, match="16"):
        occlusion_map(forest, np.zeros((20, 20), np.uint8))


@pytest.mark.parametrize(
    "classifier",
    [
        KNeighborsClassifier(1),
        make_pipeline(StandardScaler(), LogisticRegression()),
        GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1]}, cv=2),
        CalibratedClassifierCV(make_pipeline(StandardScaler(), LogisticRegression()), cv=2),
        VotingClassifier([("one", KNeighborsClassifier(1))], voting="soft"),
        make_pipeline(FunctionTransformer(np.sqrt), RandomForestClassifier(10, random_state=0)),
    ],
    ids=lambda classifier: type(classifier).__name__,
)
def test_classifiers_that_know_tables_only_get_rows(classifier, barred, bars):
    X, y = barred
    classifier.fit(X.reshape(len(X), -1) / 1.0, y)
    assert bars.is_there(occlusion_map(classifier, X[0] / 1.0, patch_size=6, stride=2))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: model,
        lambda model: GridSearchCV(model, {}, cv=2),
        lambda model: CalibratedClassifierCV(model, cv=2),
        lambda model: VotingClassifier([("one", model)], voting="soft"),
        lambda model: StackingClassifier([("one", model)], LogisticRegression(), cv=2),
        lambda model: make_pipeline(FunctionTransformer(np.copy), model),
        lambda model: make_pipeline("passthrough", model),
    ],
    ids=["alone", "search", "calibrated", "vote", "stack", "function", "passthrough"],
)
def test_classifiers_that_know_pictures_get_pictures(wrap, barred, bars):
    hog = HOGTransformer(pixels_per_cell=(4, 4), cells_per_block=(1, 1))
    classifier = wrap(make_pipeline(hog, KNeighborsClassifier(3))).fit(*barred)
    assert bars.is_there(occlusion_map(classifier, barred[0][0], patch_size=6, stride=2))


def test_numbers_as_classes(barred, bars):
    X, y = barred
    codes = np.searchsorted(bars.classes, y) + 5
    classifier = make_pipeline(ImageFlattener(), KNeighborsClassifier(1)).fit(X, codes)
    expected = occlusion_map(classifier, X[0])
    np.testing.assert_array_equal(occlusion_map(classifier, X[0], class_of_interest=5), expected)
    with pytest.raises(ValueError, match=r"class_of_interest=0: expected one of the classes, 5, 6, 7\."):
        occlusion_map(classifier, X[0], class_of_interest=0)


@pytest.mark.parametrize("channels", [3, 4])
def test_colour(barred, channels, bars):
    X, y = barred
    colour = np.repeat(X[..., None], channels, axis=-1)
    classifier = make_pipeline(ImageFlattener(), KNeighborsClassifier(1))
    drops = occlusion_map(classifier.fit(colour, y), colour[0], patch_size=6, stride=2)
    assert drops.shape == (bars.size, bars.size)
    assert bars.is_there(drops)


def test_files(barred, tmp_path, bars):
    from PIL import Image

    X, y = barred
    paths = [tmp_path / f"{number}.png" for number in range(12)]
    for path, picture in zip(paths, X, strict=False):
        Image.fromarray(picture).save(path)
    classifier = make_pipeline(
        ImageLoader((bars.size, bars.size), grey=True), ImageFlattener(), KNeighborsClassifier(1)
    )
    classifier.fit(paths, y[:12])
    drops = occlusion_map(classifier, paths[0], patch_size=6)
    assert bars.is_there(drops)
    np.testing.assert_array_equal(occlusion_map(classifier, X[0], patch_size=6), drops)
    with pytest.raises(ValueError, match="does not begin with an ImageLoader that could read it"):
        occlusion_map(classifier[1:], paths[0])
