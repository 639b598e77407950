"""Losses, optimizers, metrics and architectures of the user's own: their settings count, and they share nothing."""

import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from skimgrec import KerasCNNClassifier, KerasMLPClassifier
from skimgrec.neural_network._compilation import make_optimizer
from skimgrec.neural_network._pool import networks


def mlp(**parameters):
    return KerasMLPClassifier(**{"hidden_layer_sizes": (8,), "epochs": 2, "random_state": 0, **parameters})


class Focal(keras.losses.Loss):
    """A loss that keeps what it is given to itself."""

    def __init__(self, gamma):
        super().__init__(name="focal")
        self._gamma = gamma

    def call(self, y_true, y_pred):
        return -keras.ops.sum(y_true * (1 - y_pred) ** self._gamma * keras.ops.log(y_pred + 1e-7), axis=-1)


def test_losses_of_one_class_and_name_are_told_apart(digits):
    first, second = (mlp(loss=Focal(gamma)).fit(*digits).loss_ for gamma in (0.0, 5.0))
    assert first != pytest.approx(second, rel=0.1)
    assert mlp(loss=Focal(0.0)).fit(*digits).loss_ == first


def test_keras_own_losses_share_a_network_whatever_their_number(digits, monkeypatch):
    from skimgrec.neural_network import _fitted

    X, y = digits
    mlp(loss=keras.losses.CategoricalCrossentropy()).fit(X, y)
    monkeypatch.setattr(_fitted.FittedNetwork, "_build_core", None)  # a new network would need it
    mlp(loss=keras.losses.CategoricalCrossentropy()).fit(X, y)


class Boosted(keras.optimizers.SGD):
    def __init__(self, learning_rate=0.01, boost=1.0, **more):
        super().__init__(learning_rate, **more)
        self._boost = boost


class Telling(Boosted):
    def __init__(self, learning_rate=0.01, boost=1.0, **more):
        super().__init__(learning_rate, boost, **more)

    def get_config(self):
        return {**super().get_config(), "boost": self._boost}

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient * self._boost, variable, learning_rate)


def test_an_optimizer_that_would_lose_its_settings_is_refused(digits):
    with pytest.raises(ValueError, match=r"Boosted is copied by its configuration.*the copy loses boost"):
        mlp(optimizer=Boosted(0.1, boost=3.0)).fit(*digits)


def test_an_optimizer_of_the_users_own_works_by_its_settings(digits):
    still, moving = (mlp(optimizer=Telling(0.1, boost=boost), epochs=4).fit(*digits) for boost in (0.0, 1.0))
    assert np.ptp(still.loss_curve_) < 1e-3
    assert moving.loss_ < still.loss_


def test_classes_of_one_name_are_told_apart(digits):
    def optimizer(factor):
        class Own(keras.optimizers.SGD):
            def update_step(self, gradient, variable, learning_rate):
                super().update_step(gradient * factor, variable, learning_rate)

        return Own(0.1)

    def metric(value):
        class Own(keras.metrics.Mean):
            def result(self):
                return super().result() * 0 + value

            def update_state(self, y_true, y_pred, sample_weight=None):
                super().update_state(y_pred)

        return Own(name="own")

    still, moving = (mlp(optimizer=optimizer(factor), epochs=4).fit(*digits) for factor in (0.0, 1.0))
    assert moving.loss_ < still.loss_ - 0.01
    assert [mlp(metrics=[metric(value)], epochs=1).fit(*digits).history_["own"] for value in (1.0, 2.0)] == [[1], [2]]


class Freezer(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        for layer in self.model.layers[:-1]:
            layer.trainable = False


class Recompiler(keras.callbacks.Callback):
    def on_train_end(self, logs=None):
        self.model.compile("sgd", "sparse_categorical_crossentropy")


@pytest.mark.parametrize("callback", [Freezer, Recompiler])
def test_what_a_callback_does_to_the_network_does_not_reach_the_next_fit(digits, same_weights, callback):
    if callback is Freezer and keras.backend.backend() == "jax":
        pytest.skip("on JAX, Keras itself refuses layers that are frozen once the model is compiled")
    networks.clear()
    expected = mlp(hidden_layer_sizes=(7,)).fit(*digits)
    networks.clear()
    mlp(hidden_layer_sizes=(7,), callbacks=callback).fit(*digits)
    assert same_weights(mlp(hidden_layer_sizes=(7,)).fit(*digits), expected)


def test_an_architecture_that_hands_out_its_layers_again_is_refused(digits):
    backbone = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()])

    def shared(input_shape, n_outputs):
        return keras.Sequential([keras.Input(input_shape), backbone, keras.layers.Dense(n_outputs, "softmax")])

    with pytest.raises(ValueError, match="'shared' returned a model with layers that it has returned before"):
        KerasCNNClassifier(architecture=shared, epochs=1).fit(*digits)

    def copied(input_shape, n_outputs):
        own = keras.models.clone_model(backbone)
        own.set_weights(backbone.get_weights())
        return keras.Sequential([keras.Input(input_shape), own, keras.layers.Dense(n_outputs, "softmax")])

    first, second = (
        KerasCNNClassifier(architecture=copied, epochs=1, random_state=0).fit(*digits).loss_ for _ in range(2)
    )
    assert first == second


def nested(input_shape, n_outputs):
    inner_inputs = keras.Input(input_shape)
    inner = keras.Model(inner_inputs, keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(inner_inputs)))
    return keras.Sequential([keras.Input(input_shape), inner, keras.layers.Dense(n_outputs, "softmax")])


def nested_functional(input_shape, n_outputs):
    inputs = keras.Input(input_shape)
    return keras.Model(inputs, nested(input_shape, n_outputs)(inputs))


@pytest.mark.parametrize(("architecture", "width"), [(nested, 2 * 36), (nested_functional, 64)])
def test_features_of_nested_models(digits, architecture, width):
    X, y = digits
    # The layer before the last: the backbone in one case, the input in the other has no number.
    layer = -2 if architecture is nested else -1
    net = KerasCNNClassifier(architecture=architecture, epochs=1, feature_layer=layer, random_state=0).fit(X, y)
    features = net.transform(X[:5])
    assert features.shape == (5, width if architecture is nested else 10)
    assert len(net.get_feature_names_out()) == features.shape[1]
    if architecture is nested_functional:
        np.testing.assert_allclose(features, net.predict_proba(X[:5]), atol=1e-6)


def test_the_rate_of_an_optimizer_and_the_end_of_a_schedule_do_not_linger(digits):
    X, y = digits
    net = mlp(optimizer=keras.optimizers.SGD(0.1)).fit(X, y)
    before = net.weights_
    net.set_params(optimizer=keras.optimizers.SGD(1e-30)).partial_fit(X, y)
    for old, new in zip(before, net.weights_, strict=True):
        np.testing.assert_allclose(new, old, atol=1e-12)
    net = mlp(learning_rate_schedule="one_cycle", learning_rate=0.01).fit(X, y)
    net.set_params(learning_rate_schedule="constant", warm_start=True).fit(X, y)
    assert net._optimizer_variables[1] == pytest.approx(0.01)


def test_scores_of_validation_count_by_sample_weight_alone(digits):
    X, y = digits
    weights = np.where(y < 5, 1e-6, 1.0)
    settings = {"early_stopping": True, "validation_fraction": 0.3, "epochs": 3, "class_weight": {0: 10.0}}
    net = mlp(**settings).fit(X, y, sample_weight=weights)
    from skimgrec.neural_network._validation import rows_set_aside

    aside = rows_set_aside(y, weights, 0.3, net._seed)
    expected = accuracy_score(y[aside], net.predict(X[aside]), sample_weight=weights[aside])
    assert net.best_validation_score_ == pytest.approx(expected, abs=1e-6)


def test_balanced_weights_do_not_count_rows_of_weight_zero(digits, same_weights):
    X, y = digits
    weights = np.ones(len(y))
    weights[y == 0] = np.arange((y == 0).sum()) < 3
    kept = weights > 0
    fits = (
        mlp(class_weight="balanced").fit(X, y, sample_weight=weights),
        mlp(class_weight="balanced").fit(X[kept], y[kept]),
    )
    np.testing.assert_allclose(fits[0].loss_curve_[0], fits[1].loss_curve_[0], rtol=0.02)
    from skimgrec.neural_network._row_weights import row_weights

    classes = np.unique(y)
    np.testing.assert_allclose(
        row_weights(y, classes, weights, "balanced")[kept], row_weights(y[kept], classes, None, "balanced")
    )


def test_a_warm_start_on_other_pictures_is_judged_by_them(digits):
    X, y = digits
    net = mlp(epochs=40, early_stopping=True, n_iter_no_change=40, learning_rate=0.01).fit(X, y)
    assert net.best_validation_score_ > 0.75
    # No network can come up to that here.
    y = np.where(np.arange(len(y)) % 3 == 0, (y + 5) % 10, (y + 1) % 10)
    assert accuracy_score(y, net.set_params(warm_start=True).fit(X, y).predict(X)) > 0.4


@pytest.mark.parametrize("method", ["train_step", "test_step", "compute_loss", "compute_metrics"])
def test_a_model_that_trains_in_its_own_way_is_refused(digits, method):
    kind = type("Own", (keras.Model,), {method: lambda self, *args, **kwargs: None})

    def own(input_shape, n_outputs):
        inputs = keras.Input(input_shape)
        return kind(inputs, keras.layers.Dense(n_outputs, "softmax")(keras.layers.Flatten()(inputs)))

    with pytest.raises(ValueError, match=f"'own' returned a Own, which has a {method} of its own.*loss= or callbacks="):
        KerasCNNClassifier(architecture=own, epochs=1).fit(*digits)


@pytest.mark.parametrize("factor", [1e-50, 1e-39, 1e39])
def test_only_the_ratios_of_sample_weights_matter(digits, same_weights, factor):
    X, y = digits
    weights = np.where(np.arange(len(y)) % 3 == 0, 3.0, 1.0)
    factor = 2.0 ** np.round(np.log2(factor))
    expected = mlp().fit(X, y, sample_weight=weights)
    assert same_weights(mlp().fit(X, y, sample_weight=weights * factor), expected)


def test_a_loss_that_is_a_sum_sees_the_weights_as_they_are(digits):
    X, y = digits
    loss = keras.losses.SparseCategoricalCrossentropy(reduction="sum")
    one, ten = (
        mlp(loss=loss, epochs=1, learning_rate=1e-9).fit(X, y, sample_weight=np.full(len(y), weight)).loss_
        for weight in (1.0, 10.0)
    )
    assert ten == pytest.approx(10 * one, rel=1e-3)


def test_every_optimizer_is_known_by_name_but_for_wrappers(digits):
    assert isinstance(make_optimizer("Lamb", 0.5), keras.optimizers.Lamb)
    for name in ("lossscaleoptimizer", "multioptimizer", "sdg"):
        with pytest.raises(ValueError, match=r"Keras has no optimizer of that name. It has .*\badamw, .*\blamb\b"):
            mlp(optimizer=name).fit(*digits)
    wrapper = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())
    with pytest.raises(ValueError, match=r"LossScaleOptimizer\(...\) wraps other optimizers.*dtype_policy"):
        mlp(optimizer=wrapper).fit(*digits)


def test_a_warm_start_that_gets_worse_keeps_the_best_epoch_before_it(digits, same_weights):
    X, y = digits
    net = mlp(epochs=15, early_stopping=True, validation_fraction=0.3, learning_rate=0.01).fit(X, y)
    weights, best = net.weights_, net.best_validation_score_
    net.set_params(warm_start=True, learning_rate=50.0, epochs=3).fit(X, y)
    assert net.best_validation_score_ == best
    for old, new in zip(weights, net.weights_, strict=True):
        np.testing.assert_array_equal(old, new)
