"""ComparisonResult.intervals."""

import numpy as np
import pytest
from scipy import stats
from sklearn.dummy import DummyClassifier
from sklearn.naive_bayes import GaussianNB

from skimgrec import compare


def test_over_folds_it_is_nadeau_and_bengios(blobs):
    result = compare({"chance": DummyClassifier(), "bayes": GaussianNB()}, *blobs, cv=5, random_state=0)
    frame = result.intervals()
    assert list(frame.columns) == ["mean", "low", "high", "complete"]
    assert list(frame.index) == ["bayes", "chance"]
    scores = result.to_frame().groupby("estimator")["test_accuracy"].apply(np.array)["bayes"]
    reach = stats.t.ppf(0.975, 4) * scores.std(ddof=1) * np.sqrt(1 / 5 + 12 / 48)
    expected = [scores.mean(), scores.mean() - reach, min(1.0, scores.mean() + reach)]
    np.testing.assert_allclose(frame.loc["bayes", ["mean", "low", "high"]].astype(float), expected)


def test_folds_that_agree_leave_the_uncertainty_of_their_steps_and_shares_stay_below_1(blobs):
    X, y = blobs
    frame = compare({"bayes": GaussianNB()}, X + 100 * (y == "dog")[:, None], y == "dog", cv=3).intervals()
    mean, low, high, _ = frame.loc["bayes"]
    assert mean == high == 1
    assert 0.9 < low < 1


def test_on_a_single_split_it_is_that_of_the_summary(blobs):
    X, y = blobs
    result = compare({"bayes": GaussianNB()}, X[:, 1:], y, cv="holdout", random_state=0)
    for metric in result.metrics:
        found = result.intervals(metric).loc["bayes", ["mean", "low", "high"]].astype(float)
        expected = result.summary().loc["bayes", [f"{kind}_test_{metric}" for kind in ("mean", "low", "high")]]
        np.testing.assert_array_equal(found, expected.astype(float))
        assert found["low"] < found["mean"] < found["high"]


def test_the_best_in_the_metric_comes_first_and_what_failed_last_without_an_interval(blobs, make_classifier, fails):
    broken = make_classifier(in_fit=fails(ValueError("no")))
    result = compare({"broken": broken, "chance": DummyClassifier(), "bayes": GaussianNB()}, *blobs, cv=3)
    frame = result.intervals("f1_macro")
    assert list(frame.index) == ["bayes", "chance", "broken"]
    assert frame["complete"].tolist() == [True, True, False]
    assert frame.loc["broken", ["mean", "low", "high"]].isna().all()
    with pytest.raises(ValueError, match="metric='recall' was not measured"):
        result.intervals("recall")
