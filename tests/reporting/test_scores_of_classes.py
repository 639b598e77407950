import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, roc_auc_score

from skimgrec.reporting._calibration import calibration
from skimgrec.reporting._class_scores import class_scores
from skimgrec.reporting._roc import roc


@pytest.fixture
def guesses(rng):
    target = rng.integers(0, 4, 500)
    scores = rng.random((500, 4))
    scores[np.arange(500), target] += 0.5
    return target, scores / scores.sum(axis=1, keepdims=True)


def test_scores_of_classes_by_hand():
    target = np.array([0, 0, 0, 1, 1])
    first, second, third = class_scores(target, np.array([0, 0, 1, 1, -1]), 3)
    assert (first.precision, first.recall, first.f1) == (1.0, pytest.approx(2 / 3), pytest.approx(0.8))
    assert (first.support, first.n_predicted) == (3, 2)
    assert (second.precision, second.recall, second.f1) == (0.5, 0.5, 0.5)
    assert (third.support, third.precision, third.recall, third.f1) == (0, None, None, None)


def test_a_class_that_is_never_predicted_has_no_precision():
    _, second = class_scores(np.array([0, 1]), np.array([0, 0]), 2, {1: 0.25})
    assert (second.precision, second.recall, second.f1, second.auc) == (None, 0.0, 0.0, 0.25)


def test_no_predictions_give_no_scores():
    nothing = np.empty(0, np.intp)
    assert [score.support for score in class_scores(nothing, nothing, 2)] == [0, 0]


def test_calibration_by_hand():
    probabilities = np.array([[0.95, 0.05], [0.95, 0.05], [0.35, 0.65], [0.35, 0.65]])
    found = calibration(np.array([0, 1, 1, 1]), probabilities)
    assert [(one.low, one.count, one.right) for one in found.bins] == [(0.6, 2, 1.0), (0.9, 2, 0.5)]
    assert found.error == pytest.approx((2 * 0.35 + 2 * 0.45) / 4)
    assert found.excess == pytest.approx(0.8 - 0.75)


def test_calibration_agrees_with_scikit_learn(guesses):
    target, probabilities = guesses
    found = calibration(target, probabilities)
    assert found.brier == pytest.approx(brier_score_loss(target, probabilities))
    stated = probabilities.max(axis=1)
    right, mean = calibration_curve(probabilities.argmax(axis=1) == target, stated, n_bins=10)
    assert [one.right for one in found.bins] == pytest.approx(right.tolist())
    assert [one.stated for one in found.bins] == pytest.approx(mean.tolist())
    assert sum(one.count for one in found.bins) == 500


def test_the_brier_score_of_two_classes_is_halved_as_in_scikit_learn(rng):
    target, second = rng.integers(0, 2, 50), rng.random(50)
    found = calibration(target, np.column_stack([1 - second, second]))
    assert found.brier == pytest.approx(brier_score_loss(target, second))


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_the_ends_of_bins_belong_somewhere(value):
    found = calibration(np.array([0]), np.array([[value, 0.0]], np.float32))
    assert [one.count for one in found.bins] == [1]


def test_areas_agree_with_scikit_learn(guesses):
    target, probabilities = guesses
    found = roc(target, probabilities)
    assert [curve.code for curve in found.curves] == [0, 1, 2, 3]
    for curve in found.curves:
        assert curve.auc == pytest.approx(roc_auc_score(target == curve.code, probabilities[:, curve.code]))
    assert found.mean.auc == pytest.approx(roc_auc_score(target, probabilities, multi_class="ovr"))


def test_curves_are_short_and_rise_from_corner_to_corner(guesses):
    found = roc(*guesses)
    for curve in [*found.curves, found.mean]:
        assert len(curve.points) <= 70
        assert curve.points[0] == (0, 0)
        assert curve.points[-1] == (1, 1)
        false, true = np.transpose(curve.points)
        assert (np.diff(false) >= 0).all()
        assert (np.diff(true) >= 0).all()


def test_two_classes_have_one_curve(rng):
    target, second = np.array([0, 1, 1, 0]), np.array([0.2, 0.7, 0.4, 0.6])
    found = roc(target, np.column_stack([1 - second, second]))
    (curve,) = found.curves
    assert (curve.code, curve.auc) == (1, pytest.approx(0.75))


def test_a_class_that_nothing_belongs_to_has_no_curve():
    probabilities = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1]])
    assert [curve.code for curve in roc(np.array([0, 1]), probabilities).curves] == [0, 1]
    assert roc(np.array([0, 0]), probabilities).mean is None


def test_very_many_probabilities_are_sampled(guesses):
    target, probabilities = guesses
    found = roc(target, probabilities, most=1000)
    assert found.n_used == 250
    assert found.mean.auc == pytest.approx(roc(target, probabilities).mean.auc, abs=0.1)
    assert roc(target, probabilities, most=1000) == found
