"""Reports of comparisons that were measured, where what was made up by hand would tell less."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skimgrec import compare, load_digits_images
from skimgrec.reporting._across_models import is_guessing
from skimgrec.reporting._folds_section import _row
from skimgrec.reporting._shelf import limits_of
from skimgrec.reporting._source import ReportSource


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits_images(return_X_y=True)
    return X[:120].reshape(120, -1), y[:120] % 2


class FailsOnce(GaussianNB):
    """Fails where the first row is learnt from."""

    def fit(self, X, y):
        if X[0].sum() == self.total_:
            raise ValueError("told to")
        return super().fit(X, y)


class NotANumber(GaussianNB):
    """Gives a probability that is no number."""

    def predict_proba(self, X):
        found = super().predict_proba(X)
        found[0] = np.nan
        return found


def test_the_intervals_are_those_of_the_result(digits):
    result = compare({"dummy": DummyClassifier(strategy="stratified", random_state=0)}, *digits, cv=3, random_state=0)
    for metric in result.metrics:
        found = _row(ReportSource(result=result), "dummy", metric)
        expected = result.intervals(metric).loc["dummy"]
        assert (found["low"], found["high"]) == (expected["low"], expected["high"])


def test_a_fold_without_a_score_keeps_its_place(digits):
    X, y = digits
    splits = [(np.arange(40, 120), np.arange(40)), (np.r_[:40, 80:120], np.arange(40, 80))]
    FailsOnce.total_ = X[40].sum()
    result = compare({"nb": FailsOnce()}, X, y, cv=splits, random_state=0)
    found = _row(ReportSource(result=result), "nb", "accuracy")["of_each_fold"]
    assert found[0] is None
    assert found[1] == result.rows[1].scores["accuracy"]


def test_probabilities_that_are_no_numbers_cost_their_charts_alone(digits):
    result = compare({"nb": NotANumber()}, *digits, cv=2, keep_probabilities=True, random_state=0)
    assert ReportSource(result=result).out_of_fold("nb").probabilities is None
    assert "Where one is no number, none is used." in result.to_html()


def test_as_many_pictures_as_were_compared_on(digits):
    X, y = digits
    result = compare({"nb": GaussianNB()}, X, y, cv=2, random_state=0)
    for pictures in (X[:5], np.concatenate([X, X])):
        with pytest.raises(ValueError, match=f"pictures holds {len(pictures)} pictures, but the comparison was of 120"):
            result.to_html(pictures=pictures)


def test_only_what_guesses_is_taken_for_guessing(digits):
    dummy = DummyClassifier()
    models = {
        "dummy": dummy,
        "pipe": make_pipeline(MinMaxScaler(), DummyClassifier(strategy="prior")),
        "vote": VotingClassifier([("nb", GaussianNB()), ("dummy", dummy)]),
        "last": make_pipeline(VotingClassifier([("nb", GaussianNB()), ("dummy", dummy)])),
    }
    source = ReportSource(result=compare(models, *digits, cv=2, random_state=0))
    assert {name: is_guessing(source, name) for name in models} == {
        "dummy": True,
        "pipe": True,
        "vote": False,
        "last": False,
    }


def test_a_frame_has_the_limits_of_its_values():
    assert limits_of(pd.DataFrame({"pixel0": [0, 3], "pixel1": [16, 2]})) == (0.0, 16.0)


def test_a_command_is_copied_as_it_is(digits):
    result = compare({"nb": GaussianNB()}, *digits, cv=2, random_state=0)
    assert 'data-copies="skimgrec compare &#39;my  data&#39;"' in result.to_html(command="skimgrec compare 'my  data'")
    assert "data-copies=" not in result.to_html(command="skimgrec compare 'a\nb'")


def test_calibration_says_where_it_is_not_of_the_answers(digits):
    models = {
        "moved": FixedThresholdClassifier(LogisticRegression(C=1e-5), threshold=0.95),
        "plain": LogisticRegression(C=1e-5),
    }
    said = "the most probable class, which is not always the class that this model answers"
    for name, model in models.items():
        page = compare({name: model}, *digits, cv=2, keep_probabilities=True, random_state=0).to_html()
        assert (said in page) is (name == "moved")
