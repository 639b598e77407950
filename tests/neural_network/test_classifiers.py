"""What the Keras classifiers take, give and refuse."""

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.metrics import log_loss


def test_digits_are_learned_in_every_layout(network, digits):
    X, y = digits
    for pictures in (X, X[..., None], X.reshape(len(X), -1), X / 255, np.repeat(X[..., None], 3, axis=-1)):
        assert network(epochs=12).fit(pictures, y).score(pictures, y) > 0.9


def test_probabilities_have_one_column_for_each_class_and_rows_sum_to_one(network, digits, two_digits):
    for X, y in (digits, two_digits):
        net = network().fit(X, y)
        for n in (1, 2, len(X)):
            probabilities = net.predict_proba(X[:n])
            assert probabilities.shape == (n, len(np.unique(y)))
            np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
        log_loss(y, probabilities)


@pytest.mark.parametrize("loss", [None, "binary_crossentropy", "categorical_crossentropy", "mean_squared_error"])
def test_two_classes_behave_alike_under_every_kind_of_loss(network, two_digits, loss):
    X, y = two_digits
    net = network(loss=loss, epochs=10).fit(X, np.where(y, "one", "zero"))
    assert net.n_outputs_ == (1 if loss == "binary_crossentropy" else 2)
    assert list(net.classes_) == ["one", "zero"]
    assert (net.predict(X) == np.where(y, "one", "zero")).mean() > 0.95
    np.testing.assert_array_equal(net.predict(X), net.classes_[net.predict_proba(X).argmax(axis=1)])


def test_loss_may_be_any_function_of_one_hot_rows(network, digits):
    X, y = digits
    net = network(loss=lambda true, predicted: keras.ops.mean((true - predicted) ** 2, -1), epochs=12).fit(X, y)
    assert net.score(X, y) > 0.7


@pytest.mark.parametrize(
    "name",
    [
        lambda y: y.astype(str),
        lambda y: np.array([f"digit number {n}" for n in y], dtype=object),
        lambda y: y - 5,
        lambda y: y.astype(np.uint8),
        lambda y: y > 4,
        lambda y: pd.Series(y).map(str),
        lambda y: pd.Categorical(y),
        lambda y: list(map(int, y)),
    ],
    ids=["str", "object", "negative", "uint8", "bool", "series", "categorical", "list"],
)
def test_labels_of_any_kind_come_back(network, digits, name):
    X, y = digits
    labels = name(y)
    net = network().fit(X, labels)
    predicted = net.predict(X[:5])
    assert predicted.dtype == net.classes_.dtype == np.unique(np.asarray(labels)).dtype
    assert set(predicted) <= set(np.asarray(labels).tolist())
    assert net.predict(X[:1]).shape == (1,)


def test_score_takes_labels_longer_than_those_at_fit(network, digits):
    X, y = digits
    net = network().fit(X, y.astype(str))
    assert net.score(X, np.where(y > 8, "a label longer than any at fit", y.astype(str))) < 1


def test_later_batches_of_another_dtype_give_the_same_answer(network, digits):
    X, y = digits
    net = network().fit(X, y)
    expected = net.predict_proba(X[:20])
    for dtype in (np.float32, np.float64, np.int64, np.uint16):
        np.testing.assert_allclose(net.predict_proba(X[:20].astype(dtype)), expected, atol=1e-6)


def test_range_of_values_is_taken_at_fit_and_held_later(network, digits):
    X, y = digits
    net = network().fit(X / 255, y)
    with pytest.raises(ValueError, match="was fitted on values from 0 to 1"):
        net.predict(X)
    assert network().fit(X, y).value_range_ == (0, 255)


def test_equal_pictures_of_another_range_give_the_same_network(network, digits):
    X, y = digits
    a = network().fit(X, y)
    b = network().fit(X / 255 * 7 - 3, y)
    np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(X / 255 * 7 - 3), atol=1e-4)


def test_model_is_a_keras_model_of_raw_pixels(network, digits, capsys):
    for X in (digits[0], digits[0] / 15.9375 - 2):
        net = network().fit(X, digits[1])
        assert isinstance(net.model_, keras.Model)
        np.testing.assert_allclose(net.model_.predict(X[:30], verbose=0), net.predict_proba(X[:30]), atol=1e-6)
    net.summary()
    assert "Total params" in capsys.readouterr().out
    net.model_.set_weights([np.zeros_like(w) for w in net.weights_])
    assert net.score(X, digits[1]) > 0.2


def test_history_grows_with_training(network, digits):
    X, y = digits
    net = network(epochs=3, metrics=["accuracy", "top_k_categorical_accuracy"], loss="categorical_crossentropy")
    net.fit(X, y)
    assert net.n_iter_ == 3
    assert set(net.history_) == {"loss", "accuracy", "top_k_categorical_accuracy"}
    assert [len(values) for values in net.history_.values()] == [3, 3, 3]
    assert net.history_["loss"][-1] < net.history_["loss"][0]
    net.partial_fit(X, y)
    assert net.n_iter_ == len(net.history_["loss"]) == 4
    assert net.fit(X, y).n_iter_ == 3


def test_partial_fit_learns_from_parts_that_lack_classes(network, digits):
    X, y = digits
    net = network()
    for _ in range(12):
        for rows in (y < 5, y >= 5):
            net.partial_fit(X[rows], y[rows], classes=np.arange(10))
    assert net.score(X, y) > 0.7
    assert net.n_iter_ == 24


def test_partial_fit_needs_to_know_all_classes(network, digits):
    X, y = digits
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        network().partial_fit(X, y)
    net = network().partial_fit(X[y < 9], y[y < 9], classes=range(9))
    with pytest.raises(ValueError, match=r"was not told of: \[9\]"):
        net.partial_fit(X, y)
    with pytest.raises(ValueError, match="differ from those of the first call"):
        net.partial_fit(X, y, classes=range(10))
    with pytest.raises(ValueError, match="not supported for partial_fit"):
        network(class_weight="balanced").partial_fit(X, y, classes=range(10))


def test_training_goes_on_only_in_the_same_network(cnn, digits):
    X, y = digits
    net = cnn(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="filters changed since it was fitted"):
        net.set_params(filters=(8,)).fit(X, y)
    assert net.predict(X[:3]).shape == (3,)
    with pytest.raises(ValueError, match="optimizer changed"):
        net.set_params(filters=(4,), optimizer="sgd").fit(X, y)
    assert net.set_params(optimizer="adam", learning_rate=1e-9).fit(X, y).n_iter_ == 4
    with pytest.raises(ValueError, match="optimizer changed"):
        net.set_params(optimizer=keras.optimizers.Adam(beta_1=0.5)).fit(X, y)


def test_class_weight_may_name_some_classes_and_only_those_that_exist(network, digits):
    X, y = digits
    net = network(class_weight={0: 3.0}).partial_fit(X[y > 4], y[y > 4], classes=range(10))
    assert net.n_iter_ == 1
    with pytest.raises(ValueError, match=r"class_weight names \[10\]"):
        network(class_weight={10: 3.0}).fit(X, y)


def test_divergence_is_said(network, digits):
    with pytest.warns(ConvergenceWarning, match="smaller learning_rate"):
        network(optimizer="sgd", learning_rate=1e30).fit(*digits)


def test_metrics_of_every_kind_are_recorded(network, digits):
    metrics = [keras.metrics.F1Score(), keras.metrics.CategoricalAccuracy, "top_k_categorical_accuracy"]
    net = network(loss="categorical_crossentropy", metrics=metrics).fit(*digits)
    assert np.shape(net.history_["f1_score"]) == (2, 10)
    assert np.shape(net.history_["categorical_accuracy"]) == (2,)


def test_settings_of_a_loss_of_ones_own_count(network, digits, same_weights):
    X, y = digits

    class Scaled(keras.losses.SparseCategoricalCrossentropy):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def call(self, y_true, y_pred):
            return self.factor * super().call(y_true, y_pred)

    nets = [network(loss=Scaled(factor), optimizer="sgd").fit(X, y) for factor in (1, 50)]
    assert not same_weights(*nets)


def test_optimizer_that_cannot_be_copied_whole_is_refused(network, digits):
    class Slowed(keras.optimizers.SGD):
        def __init__(self, factor=1, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

    class Nameless(keras.optimizers.SGD):
        def __init__(self, factor):
            super().__init__()

    network(optimizer=Slowed()).fit(*digits)
    for optimizer, words in ((Slowed(factor=3), "loses factor"), (Nameless(3), "fails: .*unexpected")):
        with pytest.raises(ValueError, match=f"{words}.* get_config"):
            network(optimizer=optimizer).fit(*digits)


def test_class_weight_moves_the_decision(network, two_digits):
    X, y = two_digits
    X = X // 8 + 100
    nets = [network(class_weight={c: 1e3, 1 - c: 1e-3}, epochs=20).fit(X, y) for c in (0, 1)]
    favoured = [net.predict_proba(X)[:, 1].mean() for net in nets]
    assert favoured[0] < 0.1
    assert favoured[1] > 0.9


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"optimizer": "adamm"}, "optimizer='adamm': Keras has no optimizer of that name. It has .*adam,"),
        ({"optimizer": 3}, "optimizer=3: expected the name of a Keras optimizer"),
        ({"loss": "crossentropy"}, "loss='crossentropy': Keras has no loss of that name"),
        ({"loss": "binary_crossentropy"}, "loss='binary_crossentropy' is for 2 classes, but y has 10"),
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"dropout": 1.0}, "dropout"),
        ({"activation": "rellu"}, "rellu"),
        (
            {"learning_rate": 0.1, "optimizer": keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 9))},
            "one",
        ),
        ({"class_weight": "balancedd"}, "class_weight"),
        ({"image_shape": (8, 9)}, r"shape \(8, 8\), but image_shape says \(8, 9\)"),
    ],
)
def test_unusable_parameters_are_named(network, digits, parameters, words):
    with pytest.raises(ValueError, match=words):
        network(**parameters).fit(*digits)


def test_unusable_data_is_named(network, digits):
    X, y = digits
    net = network()
    with pytest.raises(ValueError, match="only one class: 0"):
        net.fit(X, np.zeros(len(X), int))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        net.fit(X, y[:-1])
    with pytest.raises(ValueError, match="at least one non-zero"):
        net.fit(X, y, sample_weight=np.zeros(len(X)))
    with pytest.raises(ValueError, match="All row weights are zero"):
        network(class_weight=dict.fromkeys(range(10), 0.0)).fit(X, y)
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        net.fit(X, y, sample_weight=-np.ones(len(X)))
    with pytest.raises(NotFittedError):
        network().predict(X)
    with pytest.raises(NotFittedError):
        _ = network().model_


def test_column_of_labels_is_flattened_with_a_warning(network, digits):
    X, y = digits
    with pytest.warns(DataConversionWarning, match="column-vector"):
        net = network().fit(X, y[:, None])
    assert net.predict(X).shape == y.shape


def test_rows_of_weight_zero_are_as_if_they_were_not_there(network, digits, same_weights):
    X, y = digits
    weight = (np.arange(len(X)) % 3 > 0).astype(float)
    assert same_weights(network().fit(X, y, weight), network().fit(X[weight > 0], y[weight > 0]))


def test_weight_of_two_equals_the_picture_given_twice(network, digits):
    X, y = digits
    weight = np.random.default_rng(0).integers(0, 4, len(X))
    parameters = {"batch_size": 1024, "epochs": 20}
    weighted = network(**parameters).fit(X, y, sample_weight=weight)
    repeated = network(**parameters).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-5)


def test_uint8_pictures_are_never_copied_to_float_as_a_whole(network):
    import tracemalloc

    X = np.random.default_rng(0).integers(0, 256, (6000, 32, 32)).astype(np.uint8)
    y = np.arange(len(X)) % 2
    net = network(epochs=1, batch_size=500)
    net.fit(X[:500], y[:500])
    tracemalloc.start()
    net.fit(X, y)
    net.predict(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes
