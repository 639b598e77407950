"""What a comparison concludes on a single split, what it costs, and two comparisons in one."""

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from skimgrec import ComparisonResult, compare, load_digits_images
from skimgrec.model_selection._bootstrap import score_interval
from skimgrec.model_selection._statistics import holm, mcnemar_test


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits_images(return_X_y=True)
    return X.reshape(len(X), -1).astype(float), y


@pytest.fixture(scope="module")
def held_out(digits):
    estimators = {
        "1nn": KNeighborsClassifier(1),
        "9nn": KNeighborsClassifier(9),
        "nb": GaussianNB(),
        "chance": DummyClassifier(strategy="stratified", random_state=0),
    }
    return compare(estimators, *digits, cv="holdout", random_state=0)


def test_one_split_is_tested_by_mcnemar_with_holm_over_all_pairs(held_out):
    frame = held_out.pairwise()
    target = np.array(held_out.target)[held_out.test_rows[0]]
    right = {row.estimator: np.array(row.predicted) == target for row in held_out.rows}
    tests = [mcnemar_test(right[a], right[b]) for a, b in zip(frame["first"], frame["second"], strict=True)]
    assert frame["p_value"].tolist() == [test.p_value for test in tests]
    assert frame["adjusted_p_value"].tolist() == holm([test.p_value for test in tests])
    assert set(frame["method"]) == {"McNemar's test (exact)"}
    assert set(held_out.pairwise("f1_macro")["method"]) == {"paired randomisation test"}
    assert not frame.set_index(["first", "second"]).loc[("1nn", "9nn"), "differ"]
    assert frame.set_index(["first", "second"]).loc[("9nn", "nb"), "differ"]


def test_a_loaded_result_concludes_the_same(held_out, tmp_path):
    held_out.to_json(tmp_path / "result.json")
    loaded = ComparisonResult.from_json(tmp_path / "result.json")
    assert loaded.verdict() == held_out.verdict()
    assert str(loaded) == str(held_out)
    for metric in held_out.metrics:
        assert loaded.pairwise(metric).equals(held_out.pairwise(metric))


def test_the_verdict_on_one_split(held_out):
    text = held_out.verdict()
    assert text.startswith(
        "1nn has the highest accuracy, 0.997 (0.984 to 1.000) on 360 test pictures. It cannot be told"
    )
    assert (
        "apart from 9nn on these test pictures: it leads 9nn by 0.6 points (95 % interval -0.7 to 1.8, McNemar's"
        in text
    )
    assert "It is better than nb by" in text
    assert "The best of 4 on the same test pictures was likely a little lucky" in text
    assert "are few" not in text


def test_the_table_of_one_split_has_intervals_in_place_of_spreads(held_out):
    text = str(held_out)
    target = np.array(held_out.target)[held_out.test_rows[0]]
    row = next(row for row in held_out.rows if row.estimator == "nb")
    low, high = score_interval("accuracy", target, np.array(row.predicted))
    assert f"{row.scores['accuracy']:.3f} ({low:.3f} to {high:.3f})" in text
    assert "±" not in text
    assert "1 split" in text.splitlines()[0]
    assert max(map(len, text.splitlines())) <= 80
    summary = held_out.summary()
    assert (summary["low_test_accuracy"] < summary["mean_test_accuracy"]).all()
    low, high = score_interval("f1_macro", target, np.array(row.predicted))
    assert summary.loc["nb", ["low_test_f1_macro", "high_test_f1_macro"]].tolist() == [low, high]


def test_one_metric_alone_leaves_room_for_every_column(digits):
    X, y = digits
    text = str(compare({"nb": GaussianNB()}, X[:300], y[:300], cv="holdout", scoring="f1_macro", random_state=0))
    assert " to " in text.splitlines()[4]
    assert "nb has a macro F1 of 0." in " ".join(text.split())
    assert "on 60 test pictures; there is no other to compare it with." in " ".join(text.split())


def test_a_scorer_that_only_has_the_name_of_a_metric_is_not_taken_for_it(blobs):
    scoring = {"accuracy": make_scorer(lambda y, answer: accuracy_score(y, answer) / 2)}
    result = compare({"nb": GaussianNB(), "1nn": KNeighborsClassifier(1)}, *blobs, cv="holdout", scoring=scoring)
    frame = result.pairwise()
    assert frame["p_value"].isna().all()
    assert frame["difference"].notna().all()
    assert "(" not in str(result).splitlines()[4]


def test_without_predictions_one_split_gives_the_difference_alone(held_out):
    old = replace(held_out, rows=[replace(row, predicted=None) for row in held_out.rows])
    assert old.pairwise()["p_value"].isna().all()
    assert "a single fold does not tell how sure that is" in old.verdict()


def test_metrics_that_need_probabilities_give_the_difference_alone(blobs):
    estimators = {"nb": GaussianNB(), "1nn": KNeighborsClassifier(1)}
    result = compare(estimators, *blobs, cv="holdout", scoring="neg_log_loss", random_state=0)
    assert math.isnan(result.pairwise().loc[0, "p_value"])


def test_few_test_pictures_are_said(blobs):
    result = compare({"nb": GaussianNB(), "1nn": KNeighborsClassifier(1)}, *blobs, cv="holdout", random_state=0)
    assert "12 test pictures are few: one of them is 8.3 points. Ten folds would test on all 60." in result.verdict()


@pytest.mark.parametrize(("cv", "said"), [(2, True), (4, True), (5, False)])
def test_few_folds_are_said_where_they_leave_a_tie(blobs, cv, said):
    estimators = {"nb": GaussianNB(), "nb again": GaussianNB(var_smoothing=1e-3)}
    result = compare(estimators, *blobs, cv=cv, random_state=0)
    assert ("only large differences show: ten folds, or" in result.verdict()) is said


def with_times(result, **seconds):
    return replace(result, rows=[replace(row, fit_time=seconds[row.estimator]) for row in result.rows])


def test_pareto_lists_the_quickest_first_and_leaves_out_what_is_beaten_in_both(held_out):
    result = with_times(held_out, **{"1nn": 5.0, "9nn": 6.0, "nb": 1.0, "chance": 0.1})
    assert result.pareto() == ["chance", "nb", "1nn"]
    assert result.pareto("f1_macro", cost="fit_time") == ["chance", "nb", "1nn"]
    # That guessing is quick is no news.
    assert "No other has both a shorter fit and a higher accuracy than nb or 1nn." in result.verdict()
    with pytest.raises(ValueError, match="cost='money', expected 'fit_time' or 'predict_time'"):
        result.pareto(cost="money")
    with pytest.raises(ValueError, match="metric='recall' was not measured"):
        result.pareto("recall")


def test_the_verdict_speaks_of_a_choice_only_if_something_is_ruled_out(held_out):
    one = with_times(held_out, **{"1nn": 6.0, "9nn": 5.0, "nb": 1.0, "chance": 0.1})
    assert one.pareto() == ["chance", "nb", "9nn", "1nn"]
    assert "No other has both" not in one.verdict()


def test_the_verdict_makes_no_choice_of_a_little_time(held_out):
    result = with_times(held_out, **{"1nn": 5.0, "9nn": 4.9, "nb": 1.0, "chance": 2.0})
    assert result.pareto() == ["nb", "9nn", "1nn"]
    assert "No other has both a shorter fit and a higher accuracy than nb or 1nn." in result.verdict()


def test_the_table_shows_speed_memory_and_size_if_known(held_out):
    rows = [replace(row, peak_memory=345e6, predict_time=0.001, model_size=12_345.0) for row in held_out.rows]
    for change, columns, cells in (
        ({}, ["pictures/s", "memory"], ["360,000", "345", "MB"]),  # there is no room for both
        ({"peak_memory": math.nan}, ["pictures/s", "file"], ["360,000", "13", "kB"]),
        ({"peak_memory": math.nan, "model_size": math.nan}, ["pictures/s"], ["360,000"]),
    ):
        lines = str(replace(held_out, rows=[replace(row, **change) for row in rows])).splitlines()
        assert lines[2].split()[-len(columns) :] == columns
        assert lines[4].split()[-len(cells) :] == cells


def test_notes_stand_between_the_table_and_the_verdict(held_out):
    result = replace(held_out, notes=["One thing <b> is odd. " + "word " * 30])
    lines = str(result).splitlines()
    caution = next(number for number, line in enumerate(lines) if line.startswith("Caution: One thing <b> is odd."))
    assert caution < next(number for number, line in enumerate(lines) if line.startswith("1nn has the highest"))
    assert max(map(len, lines)) <= 80
    assert "Caution: One thing &lt;b&gt; is odd." in result._repr_html_()
    loaded = ComparisonResult.from_dict(result.to_dict())
    assert loaded.notes == result.notes
    old = result.to_dict()
    del old["notes"]
    assert ComparisonResult.from_dict(old).notes == []


def test_joined_results_are_one_comparison(blobs):
    estimators = {"nb": GaussianNB(), "1nn": KNeighborsClassifier(1), "3nn": KNeighborsClassifier(3)}
    whole = compare(estimators, *blobs, cv=3, random_state=0, train_sizes=[0.5])
    parts = [
        compare({name: estimators[name] for name in names}, *blobs, cv=3, random_state=0, train_sizes=[0.5])
        for names in (["nb"], ["1nn", "3nn"])
    ]
    joined = parts[0].join(parts[1])
    assert list(joined.estimators) == list(estimators)
    assert joined.pairwise().equals(whole.pairwise())
    assert len(joined.partial_rows) == len(whole.partial_rows)
    assert ComparisonResult.from_dict(joined.to_dict()) == joined
    other = replace(parts[1], versions={"python": "4"})
    assert "other versions" in parts[0].join(other).notes[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.ones((60, 4))}, "the pictures or labels differ"),
        ({"random_state": 1}, "the splits differ"),
        ({"scoring": "accuracy"}, "the metrics are accuracy, f1_macro and accuracy"),
        ({"estimators": {"nb": GaussianNB()}}, "both have an estimator called 'nb'"),
        ({"train_sizes": [0.5]}, "the training sizes are none and 0.5"),
    ],
)
def test_what_is_not_the_same_comparison_is_not_joined(blobs, change, message):
    X, y = blobs
    arguments = {"estimators": {"nb": GaussianNB()}, "X": X, "y": y, "cv": 3, "random_state": 0}
    other = compare(**{**arguments, "estimators": {"1nn": KNeighborsClassifier(1)}, **change})
    with pytest.raises(ValueError, match=f"cannot be joined: .*{message}"):
        compare(**arguments).join(other)


def test_results_without_fingerprints_are_not_joined(held_out):
    with pytest.raises(ValueError, match="nobody can tell"):
        held_out.join(replace(held_out, data_fingerprint=None, estimators={}))


@pytest.fixture(scope="module")
def five_times(digits):
    """Return a comparison on 100 pictures, each there five times, whose copies are groups."""
    X, y = digits
    rows = np.repeat(np.arange(100), 5)
    estimators = {"1nn": KNeighborsClassifier(1), "chance": DummyClassifier(strategy="uniform", random_state=0)}
    return compare(estimators, X[rows], y[rows], groups=rows, cv="holdout", random_state=0)


def test_one_split_is_tested_by_groups(five_times):
    assert len(five_times.test_rows[0]) == 5 * len(set(np.array(five_times.groups)[five_times.test_rows[0]].tolist()))
    assert five_times.pairwise().loc[0, "method"] == "McNemar's test by groups (exact)"
    assert five_times.pairwise("f1_macro").loc[0, "method"] == "paired randomisation test by groups"
    apart = replace(five_times, groups=None)
    assert five_times.pairwise().loc[0, "p_value"] > 100 * apart.pairwise().loc[0, "p_value"]
    widths = [
        (frame["high_test_accuracy"] - frame["low_test_accuracy"]).to_numpy()
        for frame in (five_times.summary(), apart.summary())
    ]
    # Guesses differ from copy to copy.
    assert widths[0][0] > 2 * widths[1][0]


def test_the_verdict_counts_groups(five_times):
    n_groups = len(five_times.test_rows[0]) // 5
    text = five_times.verdict()
    assert f"on {5 * n_groups} test pictures in {n_groups} groups." in text
    assert f"{n_groups} groups of test pictures are little to go by." in text
    one = replace(five_times, groups=[0] * five_times.n_samples)
    assert "a single group does not tell how sure that is" in one.verdict()


def test_groups_are_saved_and_older_files_have_none(five_times, held_out):
    assert held_out.groups is None
    content = five_times.to_dict()
    assert ComparisonResult.from_dict(content) == five_times
    del content["groups"]
    assert ComparisonResult.from_dict(content) == replace(five_times, groups=None)


def test_copies_that_were_found_are_groups(digits):
    X, y = np.concatenate([digits[0][:100], digits[0][:30]]), np.append(digits[1][:100], digits[1][:30])
    results = [
        compare({"chance": DummyClassifier()}, X, y, cv="holdout", random_state=0, near_duplicates=choice)
        for choice in ("say", "group", "ignore")
    ]
    assert [len(set(result.groups or [])) for result in results] == [100, 100, 0]


def test_joined_results_have_the_groups_of_both(held_out):
    one, other = (
        replace(held_out, groups=groups, estimators={name: ""})
        for groups, name in (([0, 0, 1, 2, 3], "a"), ([0, 1, 1, 2, 3], "b"))
    )
    assert one.join(other).groups == [0, 0, 0, 1, 2]
    assert one.join(replace(other, groups=None)).groups == one.groups
    assert replace(one, groups=None).join(other).groups == other.groups


def test_joined_results_say_what_was_cut_of_both_and_name_the_files_of_either(held_out):
    names = [f"{row}.png" for row in range(held_out.n_samples)]
    one = replace(held_out, cut=["a is left out."], estimators={"a": ""})
    other = replace(held_out, cut=["b is left out.", "a is left out."], estimators={"b": ""}, filenames=names)
    joined = one.join(other)
    assert joined.cut == ["a is left out.", "b is left out."]
    assert joined.filenames == names
    assert other.join(one).filenames == names


def test_a_budget_that_is_over_before_anything_leaves_an_empty_result(blobs):
    result = compare({"nb": GaussianNB()}, *blobs, cv=2, random_state=0, budget=1e-9)
    assert (result.rows, result.best) == ([], None)
    assert result.verdict().startswith("Nothing was measured. ")
    assert result.cut[0] in " ".join(str(result).split())


def test_what_is_not_shown_to_beat_guessing_is_said(rng):
    X, y = rng.normal(size=(60, 3)), np.arange(60) % 2
    result = compare({"nb": GaussianNB(), "chance": DummyClassifier(strategy="prior")}, X, y, cv=5, random_state=1)
    text = result.verdict()
    assert ("chance only guesses: nothing here is better." in text) is (result.best == "chance")
    assert ("It is not shown to be better than chance, which only guesses." in text) is (result.best == "nb")
    assert "times as fast" not in text
    X[:, 0] += 9 * y
    assert "guesses" not in compare({"nb": GaussianNB(), "chance": DummyClassifier()}, X, y, cv=5).verdict()
