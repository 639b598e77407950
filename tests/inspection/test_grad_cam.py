import copy

import keras
import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skimgrec import ImageFlattener, ImageLoader, KerasCNNClassifier, KerasMLPClassifier, grad_cam
from skimgrec.inspection._gradients import as_numpy, gradient
from skimgrec.inspection._open_network import OpenNetwork, read_network


def randomized(classifier, seed):
    """Return a copy whose weights are drawn anew, as spread out as the learnt ones (Adebayo et al., 2018)."""
    other = copy.deepcopy(classifier)
    rng = np.random.default_rng(seed)
    other.weights_ = [rng.permutation(weights.ravel()).reshape(weights.shape) for weights in other.weights_]
    return other


def likeness(one, other):
    """Return the correlation of the ranks of two maps; 0 where one of them is even."""
    ranks = [np.argsort(np.argsort(heat.ravel(), kind="stable"), kind="stable") for heat in (one, other)]
    return np.corrcoef(*ranks)[0, 1] if np.ptp(one) and np.ptp(other) else 0.0


# --- it finds what decides ---


@pytest.mark.parametrize("which", [0, 1, 3, 4])
def test_the_place_that_decides_stands_out(cnn, bars, which):
    X, y = bars.make(6, seed=1)
    assert cnn.predict(X[which : which + 1])[0] == y[which]
    heat = grad_cam(cnn, X[which])
    assert heat.shape == (bars.size, bars.size)
    assert heat.min() >= 0
    assert bars.contrast(heat) > 2


def test_randomised_weights_change_the_map(cnn, bars):
    X, y = bars.make(6, seed=1)
    pairs = [(X[k], y[k]) for k in (0, 1, 3, 4)]
    maps = [grad_cam(cnn, picture, class_of_interest=name) for picture, name in pairs]
    found = [
        likeness(heat, grad_cam(randomized(cnn, seed), picture, class_of_interest=name))
        for seed in range(3)
        for heat, (picture, name) in zip(maps, pairs, strict=True)
    ]
    assert np.mean(found) < 0.5
    assert likeness(maps[0], maps[0]) == pytest.approx(1)


def test_without_a_class_it_is_the_predicted_one(cnn, barred):
    X, _ = barred
    predicted = cnn.predict(X[:1])[0]
    np.testing.assert_array_equal(grad_cam(cnn, X[0]), grad_cam(cnn, X[0], class_of_interest=predicted))


def test_of_two_classes_one_speaks_where_the_other_does_not(residual, barred):
    picture = barred[0][0]
    maps = {name: grad_cam(residual, picture, class_of_interest=name) for name in residual.classes_}
    assert (maps["across"] != maps["down"]).any()
    np.testing.assert_array_equal(grad_cam(residual, picture), maps[residual.predict(picture[None])[0]])
    # Without the resizing, which mixes neighbours, they never overlap: one is the negative part of the other.
    _, network, _ = read_network(residual, picture, "test")
    assert OpenNetwork(network).last_maps()[0].output.shape[1:3] == (8, 8)
    corners = np.stack([heat[::15, ::15] for heat in maps.values()])
    assert (corners.min(axis=0) == 0).all()


# --- gradients ---


@pytest.fixture(scope="module")
def smooth(barred):
    """A network whose maps are flattened, without kinks, as finite differences need it."""
    network = KerasCNNClassifier(
        architecture="sequential",
        filters=(8,),
        activation="tanh",
        pooling="average",
        dense_units=(),
        epochs=15,
        random_state=0,
    )
    return network.fit(*barred)


@pytest.mark.parametrize("output", [0, 2])
def test_gradients_equal_finite_differences(smooth, barred, output):
    _, network, inputs = read_network(smooth, barred[0][0], "test")
    open_ = OpenNetwork(network)
    layer = open_.layer(0)
    head, maps = open_.head(layer), open_.maps(layer, inputs)
    found = gradient(head, maps, output)
    assert found.shape == maps.shape
    assert found.dtype == np.float32
    step = 0.02
    where = np.argsort(-np.abs(found).ravel())[:: found.size // 12]
    moved = np.repeat(maps, 2 * len(where), axis=0)
    for k, place in enumerate(where):
        moved[2 * k].ravel()[place] += step
        moved[2 * k + 1].ravel()[place] -= step
    outputs = as_numpy(head(moved, training=False))[:, output].astype(np.float64)
    differences = (outputs[::2] - outputs[1::2]) / (2 * step)
    assert np.abs(differences).max() > 1e-3
    np.testing.assert_allclose(found.ravel()[where], differences, atol=2e-2 * np.abs(differences).max())


def test_where_a_mean_leads_to_the_output_the_map_adds_up_to_the_logit(residual, barred):
    _, network, inputs = read_network(residual, barred[0][0], "test")
    open_ = OpenNetwork(network)
    layer, head = open_.last_maps()
    maps = open_.maps(layer, inputs)
    values = maps[0] @ gradient(head, maps, 0)[0].mean(axis=(0, 1))
    bias = residual.weights_[-1][0]
    logit = as_numpy(head(maps, training=False))[0, 0]
    assert values.sum() == pytest.approx(logit - bias, abs=1e-5)
    probability = residual.predict_proba(barred[0][:1])[0, 1]
    assert 1 / (1 + np.exp(-logit)) == pytest.approx(probability, abs=1e-5)


@pytest.mark.parametrize("end", ["layer", "within", "dense"])
def test_ends_of_other_kinds_give_the_same_map(barred, end):
    def network(input_shape, n_outputs):
        inputs = keras.Input(input_shape)
        x = keras.layers.Conv2D(4, 3, activation="relu", kernel_initializer=keras.initializers.GlorotNormal(1))(inputs)
        x = keras.layers.GlobalAveragePooling2D()(x)
        last = {"kernel_initializer": keras.initializers.GlorotNormal(2)}
        match end:
            case "layer":
                x = keras.layers.Activation("sigmoid")(keras.layers.Dense(n_outputs, **last)(x))
            case "within":
                dense = keras.layers.Dense(n_outputs, activation="sigmoid", **last)
                x = keras.Sequential([keras.Input((4,)), dense])(x)
            case "dense":
                x = keras.layers.Dense(n_outputs, activation="sigmoid", **last)(x)
        return keras.Model(inputs, x)

    X, y = barred
    two = y != "nothing"
    fitted = KerasCNNClassifier(architecture=network, loss="binary_crossentropy", epochs=1, random_state=0)
    fitted.fit(X[two], y[two])
    for picture in X[two][:2]:
        logits = np.log(fitted.predict_proba(picture[None])[0])
        _, classifier, inputs = read_network(fitted, picture, "test")
        open_ = OpenNetwork(classifier)
        layer, head = open_.last_maps()
        logit = as_numpy(head(open_.maps(layer, inputs), training=False))[0, 0]
        assert logit == pytest.approx(logits[1] - logits[0], abs=1e-3)
        chosen = fitted.predict(picture[None])[0]
        np.testing.assert_array_equal(grad_cam(fitted, picture), grad_cam(fitted, picture, class_of_interest=chosen))


@pytest.mark.parametrize("which", [0, 1])
def test_where_maps_are_flattened_positions_are_weighed_apart(smooth, bars, which):
    X, y = bars.make(3, seed=1)
    assert bars.is_there(grad_cam(smooth, X[which], class_of_interest=y[which], pool_gradients=False))


def test_where_a_mean_leads_to_the_output_pooling_changes_nothing(cnn, barred):
    heat = grad_cam(cnn, barred[0][0])
    np.testing.assert_allclose(grad_cam(cnn, barred[0][0], pool_gradients=False), heat, atol=1e-6)


# --- layers ---


def test_a_layer_by_number_and_by_name(cnn, barred):
    picture = barred[0][0]
    expected = grad_cam(cnn, picture)
    np.testing.assert_array_equal(grad_cam(cnn, picture, layer="add"), expected)
    earlier = grad_cam(cnn, picture, layer="activation_1")
    np.testing.assert_array_equal(grad_cam(cnn, picture, layer=6), earlier)
    assert (earlier != expected).any()


@pytest.mark.parametrize("layer", [99, -99, "head"])
def test_a_layer_that_is_not_there(cnn, barred, layer):
    with pytest.raises(ValueError, match=rf"layer={layer!r}: the network has no such layer\. It has \d+, .*conv2d"):
        grad_cam(cnn, barred[0][0], layer=layer)


def test_a_layer_without_maps(cnn, barred):
    with pytest.raises(ValueError, match=r"no maps of \(rows, columns, channels\)\. Those with maps are .*conv2d"):
        grad_cam(cnn, barred[0][0], layer=-1)


def test_a_layer_that_a_shortcut_leads_around(residual, barred):
    with pytest.raises(ValueError, match="layer='conv2d_3': other layers lead around it"):
        grad_cam(residual, barred[0][0], layer="conv2d_3")


def test_a_network_without_maps(barred):
    perceptron = KerasMLPClassifier(hidden_layer_sizes=4, epochs=1, random_state=0).fit(*barred)
    with pytest.raises(ValueError, match=r"KerasMLPClassifier has no layer with maps .* occlusion_map takes any"):
        grad_cam(perceptron, barred[0][0])


# --- estimators and pictures ---


def test_only_networks(forest, barred):
    with pytest.raises(
        TypeError, match=r"grad_cam got a Pipeline that ends in RandomForest.*only networks have layers"
    ):
        grad_cam(forest, barred[0][0])
    with pytest.raises(TypeError, match="grad_cam got a LogisticRegression"):
        grad_cam(LogisticRegression(), barred[0][0])


def test_what_is_not_one_picture_or_class(cnn, barred):
    X, _ = barred
    with pytest.raises(
        ValueError, match=r"grad_cam got an array of shape \(90, 16, 16\).*pass one, such as images\[0\]"
    ):
        grad_cam(cnn, X)
    with pytest.raises(ValueError, match="class_of_interest='up': expected one of the classes, 'across'"):
        grad_cam(cnn, X[0], class_of_interest="up")
    with pytest.raises(ValueError, match="20"):
        grad_cam(cnn, np.zeros((20, 20), np.uint8))


def test_steps_before_the_network(cnn, barred, tmp_path):
    from PIL import Image

    X, _ = barred
    expected = grad_cam(cnn, X[0])
    loader = ImageLoader(X.shape[1:], grey=True)
    Image.fromarray(X[0]).save(tmp_path / "picture.png")
    np.testing.assert_array_equal(grad_cam(make_pipeline(loader, cnn), tmp_path / "picture.png"), expected)
    np.testing.assert_array_equal(grad_cam(FrozenEstimator(cnn), X[0]), expected)


@pytest.mark.parametrize("first", [ImageFlattener(scale=True), MinMaxScaler()], ids=["ours", "scikit-learn's"])
def test_transformers_before_the_network(first, barred):
    X, y = barred
    rows = X if isinstance(first, ImageFlattener) else X.reshape(len(X), -1)
    network = KerasCNNClassifier(architecture="sequential", filters=(4,), epochs=1, random_state=0)
    search = GridSearchCV(make_pipeline(first, network), {}, cv=2).fit(rows, y)
    heat = grad_cam(search, X[0])
    assert heat.shape == X.shape[1:]
    alone = search.best_estimator_[-1]
    seen = search.best_estimator_[:-1].transform(rows[:1]).reshape(1, *X.shape[1:])
    np.testing.assert_allclose(heat, grad_cam(alone, seen[0]), atol=1e-6)


def test_the_classifier_stays_as_it_is(cnn, barred):
    before, weights = cnn.predict_proba(barred[0]), [array.copy() for array in cnn.weights_]
    grad_cam(cnn, barred[0][0])
    np.testing.assert_array_equal(cnn.predict_proba(barred[0]), before)
    for array, expected in zip(cnn.weights_, weights, strict=True):
        np.testing.assert_array_equal(array, expected)


def test_a_backend_without_gradients(cnn, barred, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(NotImplementedError, match=r"Keras runs on 'numpy'.*KERAS_BACKEND to one of 'tensorflow'"):
        gradient(model, np.zeros((1, 2), np.float32), 0)
