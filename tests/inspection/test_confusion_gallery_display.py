from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import ConfusionGalleryDisplay, ImageFlattener
from skimgrec.inspection._confusion_cells import codes_of, most_confused

HOSTILE = "<b>$\\frac$ a\nb\x1b[31m</b>"


@pytest.fixture
def predictions(barred, rng):
    """Return pictures, their classes, and predictions of which a third is wrong."""
    X, y = barred
    return X, y, np.where(rng.random(len(y)) < 1 / 3, rng.permutation(y), y)


def test_the_matrix_is_that_of_scikit_learn(predictions):
    X, y, predicted = predictions
    display = ConfusionGalleryDisplay.from_predictions(y, predicted, X)
    expected = confusion_matrix(y, predicted)
    np.testing.assert_array_equal(display.confusion_matrix, expected)
    counts = {text.get_text() for text in display.ax_.texts}
    assert counts == {str(count) for count in expected.ravel() if count}
    assert display.ax_.get_title(loc="left") == f"90 pictures, {(y != predicted).sum()} mistakes"
    assert [tick.get_text() for tick in display.ax_.get_yticklabels()] == sorted(set(y))
    assert display.figure_ is display.ax_.figure


def test_every_picture_stands_in_its_cell(predictions):
    X, y, predicted = predictions
    display = ConfusionGalleryDisplay.from_predictions(y, predicted, X, n_pictures=4)
    classes = sorted(set(y))
    for (row, column), pictures in display.rows.items():
        assert (y[pictures] == classes[row]).all()
        assert (predicted[pictures] == classes[column]).all()
        assert (np.diff(pictures) > 0).all()
        assert display.shown_[row, column] == pictures[:4].tolist()
    assert sum(map(len, display.rows.values())) == len(y)
    for row, thumbnail in display.thumbnails.items():
        np.testing.assert_array_equal(thumbnail, np.repeat(X[row][..., None], 3, axis=2))


def test_the_surest_come_first(predictions, rng):
    X, y, predicted = predictions
    confidence = rng.random(len(y))
    display = ConfusionGalleryDisplay.from_predictions(y, predicted, X, confidence=confidence)
    assert all((np.diff(confidence[rows]) <= 0).all() for rows in display.rows.values())


def test_an_estimator_predicts(barred):
    X, y = barred
    model = make_pipeline(ImageFlattener(), LogisticRegression()).fit(X[:6], y[:6])
    display = ConfusionGalleryDisplay.from_estimator(model, X, y)
    np.testing.assert_array_equal(display.confusion_matrix, confusion_matrix(y, model.predict(X)))
    sure = model.predict_proba(X).max(axis=1)
    assert all((np.diff(sure[rows]) <= 0).all() for rows in display.rows.values())


def test_an_estimator_that_knows_tables_only_and_no_probability(barred):
    X, y = barred
    model = Perceptron().fit(X.reshape(len(X), -1), y)
    display = ConfusionGalleryDisplay.from_estimator(model, X, y)
    np.testing.assert_array_equal(display.confusion_matrix, confusion_matrix(y, model.predict(X.reshape(len(X), -1))))


def test_a_threshold_of_its_own_is_kept(barred):
    X, y = barred
    two = y != "nothing"
    model = make_pipeline(ImageFlattener(), LogisticRegression()).fit(X[two], y[two])
    strict = FixedThresholdClassifier(model, threshold=2.0, pos_label="down", response_method="predict_proba")
    display = ConfusionGalleryDisplay.from_estimator(strict.fit(X[two], y[two]), X[two], y[two])
    np.testing.assert_array_equal(display.confusion_matrix, [[30, 0], [30, 0]])


# --- classes ---


def test_chosen_classes_in_their_order(predictions):
    X, y, predicted = predictions
    display = ConfusionGalleryDisplay.from_predictions(
        y, predicted, X, labels=["nothing", "across"], display_labels=["-", "="]
    )
    np.testing.assert_array_equal(
        display.confusion_matrix, confusion_matrix(y, predicted, labels=["nothing", "across"])
    )
    assert [tick.get_text() for tick in display.ax_.get_xticklabels()] == ["-", "="]
    assert all(y[row] != "down" and predicted[row] != "down" for rows in display.rows.values() for row in rows)


def test_of_many_classes_the_most_confused_are_shown(rng):
    X = rng.integers(0, 255, size=(200, 8, 8), dtype=np.uint8)
    y = np.arange(200) % 40
    predicted = y.copy()
    predicted[y == 7] = 31
    predicted[0] = 5
    display = ConfusionGalleryDisplay.from_predictions(y, predicted, X)
    assert display.confusion_matrix.shape == (12, 12)
    assert {"7", "31", "0", "5"} <= set(display.display_labels)
    assert display.note == "12 of 40 classes, with 6 of 6 mistakes"


def test_most_confused():
    matrix = np.diag([5, 6, 7, 8])
    matrix[0, 2] = matrix[2, 0] = 1
    np.testing.assert_array_equal(most_confused(matrix, 2), [0, 2])
    np.testing.assert_array_equal(most_confused(matrix, 3), [0, 2, 3])
    np.testing.assert_array_equal(most_confused(matrix, 9), [0, 1, 2, 3])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_pred": np.zeros(90)}, "y_true has labels like .*across.* and y_pred like .*0"),
        ({"y_pred": np.array(["down"])}, r"y_true has shape \(90,\) and y_pred \(1,\)"),
        ({"images": np.zeros((3, 8, 8))}, "y_true has 90 entries for 3 pictures"),
        ({"confidence": [1.0]}, "confidence has 1 entries for 90 pictures"),
        ({"labels": ["up"]}, "no picture is of one of these"),
        ({"labels": ["down", "down"]}, "a class is there twice"),
        ({"display_labels": ["a"]}, "display_labels has 1 names for 3 classes"),
        ({"n_pictures": 0}, "n_pictures=0: expected at least 1"),
    ],
)
def test_what_cannot_be_used(predictions, change, message, plt):
    X, y, predicted = predictions
    arguments = {"y_true": y, "y_pred": predicted, "images": X, **change}
    with pytest.raises(ValueError, match=message):
        ConfusionGalleryDisplay.from_predictions(**arguments)
    assert not plt.get_fignums()


# --- pictures and drawing ---


@pytest.mark.parametrize("kind", ["float", "colour", "alpha", "wide", "files"])
def test_pictures_of_all_kinds(predictions, kind, tmp_path):
    from PIL import Image

    X, y, predicted = predictions
    match kind:
        case "float":
            images = X / 255
        case "colour":
            images = np.repeat(X[..., None], 3, axis=3)
        case "alpha":
            images = np.repeat(X[..., None], 4, axis=3)
        case "wide":
            images = X[:, :3]
        case "files":
            images = [tmp_path / f"{number}.png" for number in range(len(X))]
            for path, picture in zip(images, X, strict=True):
                Image.fromarray(picture).save(path)
            images[0].write_bytes(b"no picture")
    unreadable = (
        pytest.warns(UserWarning, match="1 of .* files could not be read") if kind == "files" else nullcontext()
    )
    with unreadable:
        display = ConfusionGalleryDisplay.from_predictions(y, predicted, images, n_pictures=9)
    assert all(thumbnail.dtype == np.uint8 and thumbnail.shape[2] == 3 for thumbnail in display.thumbnails.values())


def test_axes_of_ones_own_and_fewer_pictures(predictions, plt):
    X, y, predicted = predictions
    figure, ax = plt.subplots()
    display = ConfusionGalleryDisplay.from_predictions(y, predicted, X, ax=ax)
    assert (display.figure_, display.ax_) == (figure, ax)
    display.plot(n_pictures=1)
    assert all(len(rows) == 1 for rows in display.shown_.values())
    assert display.figure_ is not figure


def test_right_cells_are_blue_and_wrong_ones_red(predictions):
    X, y, predicted = predictions
    display = ConfusionGalleryDisplay.from_predictions(y, predicted, X)
    canvas = np.asarray(display.ax_.images[0].get_array()).astype(int)
    side = len(canvas) // 3
    for row in range(3):
        for column in range(3):
            red, _, blue = canvas[row * side + 2, column * side + 2]
            assert (blue > red) == (row == column)


def test_hostile_names(predictions, texts_of):
    X, y, predicted = predictions
    display = ConfusionGalleryDisplay.from_predictions(y, predicted, X, display_labels=[HOSTILE, "$b", "c"])
    hostile = [text for text in texts_of(display.figure_) if "$" in text.get_text()]
    assert len(hostile) >= 4
    for text in hostile:
        assert not text.get_parse_math()
        assert "\n" not in text.get_text()
        assert "\x1b" not in text.get_text()


@pytest.mark.parametrize("kind", ["object", "series"])
def test_labels_of_a_data_frame_are_text_like_any_other(kind):
    true = pd.Series(list("aabb")) if kind == "series" else np.array(list("aabb"), dtype=object)
    classes, *_ = codes_of(true, np.array(list("abbb")), None)
    assert classes.tolist() == ["a", "b"]
