"""Random changes of training pictures."""

import keras
import numpy as np
import pytest

from skimgrec.neural_network._augmentation import augmentation_amounts
from skimgrec.neural_network._augmentation_layer import RandomChanges

EVERYTHING = {"flip": "both", "shift": 0.2, "rotation": 0.1, "zoom": 0.2, "shear": 0.2, "contrast": 0.3}


@pytest.fixture
def pictures(rng):
    return rng.random((64, 8, 6, 3)).astype(np.float32)


def changed(pictures, augmentation):
    layer = RandomChanges(augmentation_amounts(augmentation))
    return keras.ops.convert_to_numpy(layer(pictures, training=True))


def is_one_of(picture, candidates):
    return any(np.allclose(picture, candidate, atol=1e-6) for candidate in candidates)


@pytest.mark.parametrize(
    ("flip", "flips"),
    [
        (True, [lambda x: x[:, ::-1]]),
        ("vertical", [lambda x: x[::-1]]),
        ("both", [lambda x: x[:, ::-1], lambda x: x[::-1], lambda x: x[::-1, ::-1]]),
    ],
)
@pytest.mark.parametrize("by_warp", [False, True])
def test_flips_mirror_and_do_nothing_else(pictures, flip, flips, by_warp):
    # A shift of less than half a pixel is none, but takes the way of the warps.
    new = changed(pictures, {"flip": flip, **({"shift": 0.01} if by_warp else {})})
    kinds = []
    for before, after in zip(pictures, new, strict=True):
        fitting = [np.allclose(after, change(before), atol=1e-6) for change in (lambda x: x, *flips)]
        assert sum(fitting) == 1
        kinds.append(fitting.index(True))
    counts = np.bincount(kinds, minlength=len(flips) + 1)
    assert counts.min() > 64 / len(counts) / 3


def test_shifts_are_by_whole_pixels_and_mirror_what_comes_in(pictures):
    padded = np.pad(pictures, [(0, 0), (2, 2), (1, 1), (0, 0)], mode="symmetric")
    found = set()
    for i, after in enumerate(changed(pictures, {"shift": 0.25})):
        places = [
            (dy, dx)
            for dy in range(5)
            for dx in range(3)
            if np.allclose(after, padded[i, dy : dy + 8, dx : dx + 6], atol=1e-6)
        ]
        assert len(places) == 1
        found.add(places[0])
    assert len(found) > 8


@pytest.mark.parametrize("kind", ["rotation", "zoom", "shear"])
def test_warps_keep_the_centre_of_a_smooth_picture_and_move_its_rim(kind):
    y, x = np.mgrid[-1:1:15j, -1:1:15j]
    pictures = np.repeat((x + 0.3 * y)[None, ..., None], 64, axis=0).astype(np.float32)
    new = changed(pictures, {kind: 0.2})
    np.testing.assert_allclose(new[:, 7, 7], pictures[:, 7, 7], atol=1e-5)
    moved = np.abs(new - pictures)[:, 2, 2, 0]
    assert moved.max() > 0.05
    assert moved.std() > 0.01


def test_rotation_by_a_quarter_is_that_of_numpy():
    layer = RandomChanges((("rotation", 0.25),))
    layer._uniform = lambda pictures, low, high: keras.ops.full((len(pictures),), high)
    pictures = np.random.default_rng(0).random((2, 7, 7, 1)).astype(np.float32)
    turned = keras.ops.convert_to_numpy(layer(pictures, training=True))
    assert is_one_of(turned, [np.rot90(pictures, k, axes=(1, 2)) for k in (1, 3)])


def test_contrast_keeps_the_mean_of_every_channel(pictures):
    new = changed(pictures, {"contrast": 0.5})
    np.testing.assert_allclose(new.mean(axis=(1, 2)), pictures.mean(axis=(1, 2)), atol=1e-5)
    ratio = (new.std(axis=(1, 2)) / pictures.std(axis=(1, 2)))[:, 0]
    assert 0.5 <= ratio.min() < 0.75
    assert 1.25 < ratio.max() <= 1.5


@pytest.mark.parametrize("shape", [(1, 9, 1), (1, 1, 4), (3, 2, 1)])
def test_pictures_of_any_shape_pass(shape, rng):
    assert changed(rng.random((5, *shape)).astype(np.float32), EVERYTHING).shape == (5, *shape)


def test_outside_training_pictures_pass_unchanged(pictures):
    layer = RandomChanges(augmentation_amounts(EVERYTHING))
    np.testing.assert_array_equal(layer(pictures), pictures)
    np.testing.assert_array_equal(layer(pictures, training=False), pictures)
    assert layer.weights == []


@pytest.mark.parametrize(
    ("augmentation", "words"),
    [
        ({"rotate": 0.1}, "unknown kind 'rotate', did you mean 'rotation'"),
        ({"zoom": 1.5}, r"zoom=1\.5, expected a number from 0 to 0\.9"),
        ({"shift": "much"}, "shift='much', expected a number"),
        ({"flip": "left"}, "flip='left', expected 'horizontal'"),
        ("heavy", "The 'augmentation' parameter of"),
    ],
)
def test_unusable_amounts_are_named(network, digits, augmentation, words):
    with pytest.raises(ValueError, match=words):
        network(augmentation=augmentation).fit(*digits)


def test_amounts_of_zero_are_none():
    assert augmentation_amounts({"flip": False, "zoom": 0}) == augmentation_amounts(None) == ()
    assert augmentation_amounts("light") == (("flip", "horizontal"), ("shift", 0.125))


def test_augmented_training_is_reproducible_and_goes_on(network, digits, same_weights):
    X, y = digits
    four, again = (network(augmentation=EVERYTHING, epochs=4).fit(X, y) for _ in range(2))
    assert same_weights(four, again)
    assert not same_weights(four, network(epochs=4).fit(X, y))
    parts = network(augmentation=EVERYTHING, epochs=2).fit(X, y)
    parts.predict(X)
    assert same_weights(four, parts.partial_fit(X, y).partial_fit(X, y))
    with pytest.raises(ValueError, match="augmentation changed since it was fitted"):
        parts.set_params(augmentation=None).partial_fit(X, y)


def test_predictions_and_the_model_know_nothing_of_augmentation(network, digits):
    X, y = digits
    net = network(augmentation=EVERYTHING, epochs=3).fit(X, y, X_val=X, y_val=y)
    np.testing.assert_array_equal(net.predict_proba(X), net.predict_proba(X))
    assert net.validation_scores_[-1] == pytest.approx(net.score(X, y))
    assert not [layer for layer in net.model_.layers if isinstance(layer, RandomChanges)]
    assert len(net.weights_) == len(network().fit(X, y).weights_)


def test_shifted_pictures_are_recognised_after_training_on_shifts(cnn, digits):
    X, y = digits
    X = np.pad(X, [(0, 0), (2, 2), (2, 2)])
    shifted = np.roll(X, 2, axis=2)
    parameters = {"epochs": 25, "learning_rate": 0.01}
    plain = cnn(**parameters).fit(X, y).score(shifted, y)
    assert cnn(**parameters, augmentation={"shift": 0.2}).fit(X, y).score(shifted, y) > plain + 0.2
