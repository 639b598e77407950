import math
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import make_scorer
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

from skimgrec import (
    HOGTransformer,
    ImageFlattener,
    ImageLoader,
    LBPTransformer,
    candidates,
    compare,
    load_digits_images,
    make_feature_union,
)
from skimgrec.model_selection import _shared_steps


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits_images(return_X_y=True)
    return X[:300].astype(np.uint8), y[:300]


@pytest.fixture
def lengths(monkeypatch):
    """Record how many pictures HOG is computed of at a time, in this process, without the single ones."""
    seen = []
    transform = HOGTransformer.transform

    def recorded(self, X):
        if len(X) > 1:
            seen.append(len(X))
        return transform(self, X)

    monkeypatch.setattr(HOGTransformer, "transform", recorded)
    return seen


@pytest.fixture
def without(monkeypatch):
    """Return a function that compares with nothing shared."""

    def compare_without(*args, **kwargs):
        with monkeypatch.context() as patch:
            patch.setattr(_shared_steps, "_shareable_steps", lambda estimator, X: [])
            return compare(*args, **kwargs)

    return compare_without


def two():
    return {
        "1nn": make_pipeline(HOGTransformer(), KNeighborsClassifier(1)),
        "nb": Pipeline([("features", HOGTransformer(n_jobs=2)), ("bayes", GaussianNB())]),
    }


def kept(result):
    """Return all of a result's rows but for what is measured of a machine."""
    costs = {"fit_time", "predict_time", "peak_memory", "model_size", "traceback"}
    rows = [*result.rows, *result.partial_rows]
    return str([{key: value for key, value in row.to_dict().items() if key not in costs} for row in rows])


def test_features_are_computed_once_and_nothing_but_costs_differs(digits, lengths, without):
    X, y = digits
    options = {"cv": 2, "random_state": 0, "return_train_score": True, "train_sizes": [0.3]}
    result = compare(two(), X, y, **options)
    assert lengths == [300]
    unshared = without(two(), X, y, **options)
    assert len(lengths) > 10
    assert kept(result) == kept(unshared)
    assert result.estimators == unshared.estimators
    assert result.data_fingerprint == unshared.data_fingerprint
    assert [row.error for row in result.rows] == [None] * 4


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_jobs_side_by_side_share_as_well(digits, lengths, backend):
    import joblib

    with joblib.parallel_config(backend):
        parallel = compare(two(), *digits, cv=3, random_state=0, n_jobs=2)
    assert lengths == [300]
    assert kept(parallel) == kept(compare(two(), *digits, cv=3, random_state=0))


@pytest.mark.alone
def test_times_and_memory_are_those_of_an_estimator_alone(digits, monkeypatch):
    X, y = digits
    transform = HOGTransformer.transform

    def slow(self, X):
        import time

        time.sleep(0.002 * (len(X) > 1) * len(X))
        return transform(self, X)

    monkeypatch.setattr(HOGTransformer, "transform", slow)
    folds = [(range(200), range(200, 300)), (range(100), range(100, 300))]
    result = compare(two(), X, y, cv=folds, scoring=["accuracy", "f1_macro"])
    fit_times, predict_times = ([getattr(row, name) for row in result.rows] for name in ("fit_time", "predict_time"))
    assert fit_times == pytest.approx([0.4, 0.2] * 2, abs=0.1)
    assert predict_times == pytest.approx([0.2, 0.4] * 2, abs=0.1)
    twice = compare(two(), X, y, cv=folds, scoring=["accuracy", "neg_log_loss"])
    assert [row.predict_time for row in twice.rows] == pytest.approx([0.4, 0.8] * 2, abs=0.2)
    features = 200 * HOGTransformer().fit_transform(X[:1]).nbytes
    assert math.isnan(result.rows[0].peak_memory) or result.rows[0].peak_memory >= features


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([HOGTransformer(pixels_per_cell=(2, 2)), HOGTransformer()], [300, 300], id="other parameters"),
        pytest.param([HOGTransformer(image_shape=(8, 8)), HOGTransformer(image_shape=(8, 8))], [300], id="equal ones"),
    ],
)
def test_each_distinct_step_is_computed_once(digits, lengths, steps, expected):
    models = {str(number): make_pipeline(step, KNeighborsClassifier(1)) for number, step in enumerate(steps)}
    compare(models, *digits, cv=2)
    assert lengths == expected


def test_only_pictures_that_take_part_are_worked_through(digits, lengths):
    names = np.repeat(["train", "val", "test"], 100)
    result = compare(two(), *digits, cv=names)
    assert lengths == [200]
    alone = make_pipeline(HOGTransformer(), GaussianNB()).fit(digits[0][:100], digits[1][:100])
    assert result.rows[1].scores["accuracy"] == alone.score(digits[0][200:], digits[1][200:])


class Louder(HOGTransformer):
    pass


class Longer(Pipeline):
    pass


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: make_pipeline(Louder(), GaussianNB()), id="subclass of the step"),
        pytest.param(lambda: Longer([("hog", HOGTransformer()), ("nb", GaussianNB())]), id="subclass of Pipeline"),
        pytest.param(lambda: make_pipeline("passthrough", HOGTransformer(), GaussianNB()), id="not in front"),
        pytest.param(
            lambda: make_pipeline(HOGTransformer().set_output(transform="pandas"), GaussianNB()), id="data frames"
        ),
    ],
)
def test_what_might_differ_is_not_shared(digits, lengths, without, make):
    result = compare({"a": make(), "b": make()}, *digits, cv=2, random_state=0)
    assert 300 not in lengths
    assert kept(result) == kept(without({"a": make(), "b": make()}, *digits, cv=2, random_state=0))


def test_floats_and_lists_are_not_shared(digits, lengths):
    X, y = digits
    compare(two(), X.astype(np.float32), y, cv=2)
    compare(two(), list(X), y, cv=2)
    assert 300 not in lengths


def test_a_single_fit_shares_with_nobody(digits, lengths):
    result = compare({"nb": two()["nb"]}, *digits, cv="holdout", random_state=0)
    assert sorted(lengths) == [60, 240]
    assert result.rows[0].error is None


def test_a_metric_that_looks_at_the_pictures_gets_them(digits):
    shapes = Counter()

    def by_brightness(model, X, y):
        shapes[X.shape[1:]] += 1
        return model.score(X, y)

    result = compare(two(), *digits, cv=2, scoring={"mine": by_brightness})
    assert shapes == {(8, 8): 4}
    assert all(row.scores["mine"] > 0.5 for row in result.rows)


def test_a_metric_made_of_predictions_can_do_with_features(digits, lengths):
    compare(two(), *digits, cv=2, scoring={"mine": make_scorer(lambda y, predicted: float((y == predicted).mean()))})
    assert lengths == [300]


def test_features_that_take_too_much_memory_are_not_kept(digits, lengths, monkeypatch):
    n_bytes = 300 * HOGTransformer().fit_transform(digits[0][:1]).nbytes
    monkeypatch.setattr(_shared_steps, "available_memory", lambda: 4 * n_bytes - 4)
    compare(two(), *digits, cv=2)
    assert 300 not in lengths
    monkeypatch.setattr(_shared_steps, "available_memory", lambda: 4 * n_bytes)
    lengths.clear()
    compare(two(), *digits, cv=2)
    assert lengths == [300]


def test_features_are_let_go_of_after_their_last_fit(digits, lengths, monkeypatch):
    X, y = digits
    n_bytes = 300 * HOGTransformer().fit_transform(X[:1]).nbytes
    monkeypatch.setattr(_shared_steps, "_MOST_BYTES", n_bytes)
    # Of as many numbers, so that either fills what may be kept.
    others = {name: make_pipeline(HOGTransformer(block_norm="L1"), model[-1]) for name, model in two().items()}
    compare([*two().items(), *((f"{name}, L1", model) for name, model in others.items())], X, y, cv=2)
    assert lengths == [300, 300]


def test_a_step_that_fails_or_warns_does_so_in_every_row(digits, lengths, without, tmp_path):
    X, y = digits
    models = {name: make_pipeline(HOGTransformer(pixels_per_cell=(9, 9)), model[-1]) for name, model in two().items()}
    result = compare(models, X, y, cv=2, random_state=0)
    assert all("too small" in row.error for row in result.rows)
    assert kept(result) == kept(without(models, X, y, cv=2, random_state=0))


def files(folder, X):
    for number, picture in enumerate(X):
        Image.fromarray(picture * 15).save(folder / f"{number:03}.png")
    return np.array(sorted(map(str, folder.glob("*.png"))))


def on_files(*between, **loading):
    loader = ImageLoader((8, 8), grey=True, **loading)
    return {
        name: make_pipeline(loader, *between, model)
        for name, model in (("1nn", KNeighborsClassifier(1)), ("nb", GaussianNB()))
    }


@pytest.mark.parametrize("between", [HOGTransformer(), ImageFlattener(scale=True)], ids=["hog", "pixels"])
def test_files_are_read_once(digits, without, tmp_path, monkeypatch, between):
    from skimgrec.utils import LazyImages

    X, y = digits
    paths = files(tmp_path, X[:60])
    read = []
    array = LazyImages.__array__
    monkeypatch.setattr(LazyImages, "__array__", lambda self, *args, **kw: (read.append(len(self)), array(self))[1])
    folds = [(range(40), range(40, 60)), (range(20, 60), range(20))]
    result = compare(on_files(between), paths, y[:60], cv=folds)
    assert sum(length for length in read if length > 1) == 60
    assert [row.error for row in result.rows] == [None] * 4
    assert kept(result) == kept(without(on_files(between), paths, y[:60], cv=folds))
    read.clear()
    lazy = ImageLoader((8, 8), grey=True).fit_transform(paths)
    again = compare({name: model[1:] for name, model in on_files(between).items()}, lazy, y[:60], cv=folds)
    assert sum(length for length in read if length > 1) == 60
    assert kept(again) == kept(result)


def test_a_broken_file_fails_or_warns_in_the_rows_that_read_it(digits, without, tmp_path):
    X, y = digits
    paths = files(tmp_path, X[:60])
    (tmp_path / "050.png").write_bytes(b"no picture")
    folds = [(range(40), range(40, 60)), (range(20), range(20, 40))]
    for on_error in ("raise", "blank"):
        models = on_files(HOGTransformer(), on_error=on_error)
        result = compare(models, paths, y[:60], cv=folds)
        assert kept(result) == kept(without(models, paths, y[:60], cv=folds))
        assert [bool(row.error or row.warnings) for row in result.rows] == [True, False] * 2


def test_an_interrupt_while_features_are_computed_ends_the_comparison(digits, monkeypatch):
    def interrupted(steps, X):
        raise KeyboardInterrupt

    monkeypatch.setattr(_shared_steps, "_after", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compare(two(), *digits, cv=2)


def test_nothing_is_computed_before_a_fit_that_needs_it(digits, lengths):
    seen = []
    models = {"pixels": make_pipeline(ImageFlattener(), GaussianNB()), **two()}
    compare(models, *digits, cv=2, on_row=lambda row: seen.append((row.estimator, len(lengths))))
    assert seen == [("pixels", 0)] * 2 + [("1nn", 1)] * 2 + [("nb", 1)] * 2


@pytest.fixture
def lbp_lengths(monkeypatch):
    """Record how many pictures local binary patterns are computed of at a time, as `lengths` does for HOG."""
    seen = []
    transform = LBPTransformer.transform

    def recorded(self, X):
        if len(X) > 1:
            seen.append(len(X))
        return transform(self, X)

    monkeypatch.setattr(LBPTransformer, "transform", recorded)
    return seen


@pytest.mark.parametrize(
    ("names", "n_hog", "n_lbp"),
    [
        pytest.param(["1nn+hog+lbp", "knn+hog+lbp"], 1, 1, id="unions"),
        pytest.param(["1nn+hog", "knn+lbp+hog"], 1, 1, id="a member alone, then within"),
        pytest.param(["1nn+hog+lbp", "1nn", "knn+hog", "forest+lbp"], 1, 1, id="within, then alone"),
        pytest.param(["1nn+hog+lbp"], 1, 1, id="one candidate in several folds"),
    ],
)
def test_members_of_unions_are_computed_once(digits, lengths, lbp_lengths, without, names, n_hog, n_lbp):
    models = candidates(names, random_state=0)
    result = compare(models, *digits, cv=2, random_state=0)
    assert (lengths, lbp_lengths) == ([300] * n_hog, [300] * n_lbp)
    assert [row.error for row in result.rows] == [None] * len(result.rows)
    assert kept(result) == kept(without(models, *digits, cv=2, random_state=0))


def test_unions_of_files_read_them_once_for_each_member(digits, without, tmp_path, lengths, lbp_lengths):
    X, y = digits
    paths = files(tmp_path, X[:60])
    models = on_files(make_feature_union("hog+lbp"))
    result = compare(models, paths, y[:60], cv=2, random_state=0)
    assert (lengths, lbp_lengths) == ([60], [60])
    assert kept(result) == kept(without(models, paths, y[:60], cv=2, random_state=0))


class LongerUnion(FeatureUnion):
    pass


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(
            lambda: make_feature_union("hog+bovw").set_params(bovw__n_words=5, bovw__random_state=0),
            id="a member that learns",
        ),
        pytest.param(lambda: FeatureUnion([("hog", HOGTransformer()), ("lbp", "drop")]), id="a member left out"),
        pytest.param(lambda: make_feature_union("hog+lbp").set_params(transformer_weights={"hog": 2}), id="weights"),
        pytest.param(lambda: make_feature_union("hog+lbp").set_output(transform="pandas"), id="data frames"),
        pytest.param(lambda: LongerUnion([("hog", HOGTransformer()), ("lbp", LBPTransformer())]), id="a subclass"),
        pytest.param(lambda: FeatureUnion([("hog", HOGTransformer()), ("lbp", Louder())]), id="a member's subclass"),
    ],
)
def test_unions_that_might_differ_are_not_shared(digits, lengths, without, make):
    def models():
        return {"a": make_pipeline(make(), GaussianNB()), "b": make_pipeline(make(), KNeighborsClassifier(1))}

    result = compare(models(), *digits, cv=2, random_state=0)
    assert 300 not in lengths
    assert kept(result) == kept(without(models(), *digits, cv=2, random_state=0))


def test_a_union_whose_member_fails_fails_in_every_row(digits, lengths, without):
    def models():
        union = FeatureUnion([("hog", HOGTransformer()), ("large", HOGTransformer(pixels_per_cell=(9, 9)))])
        return {"a": make_pipeline(union, GaussianNB()), "b": make_pipeline(HOGTransformer(), GaussianNB())}

    result = compare(models(), *digits, cv=2, random_state=0)
    assert [row.error is None for row in result.rows] == [False, False, True, True]
    assert lengths == [150, 150, 300]
    assert kept(result) == kept(without(models(), *digits, cv=2, random_state=0))


def test_features_of_unions_are_counted_with_their_members(digits, lengths, lbp_lengths, monkeypatch):
    models = candidates(["1nn+hog+lbp", "knn+hog+lbp"])
    n_bytes = 300 * make_feature_union("hog+lbp").fit_transform(digits[0][:1]).nbytes
    monkeypatch.setattr(_shared_steps, "_MOST_BYTES", 2 * n_bytes - 1)
    compare(models, *digits, cv=2)
    assert 300 not in lengths
    lengths.clear()
    monkeypatch.setattr(_shared_steps, "_MOST_BYTES", 2 * n_bytes)
    compare(models, *digits, cv=2)
    assert lengths == lbp_lengths[-1:] == [300]


def test_nothing_is_held_when_all_have_run(digits):
    from skimgrec.model_selection._measure import FoldTask

    folds = [(np.arange(200), np.arange(200, 300)), (np.arange(100, 300), np.arange(100))]
    models = candidates(["1nn+hog", "knn+hog+lbp", "1nn+lbp+color"])
    tasks = [
        FoldTask(name=name, estimator=model, fold=fold, train=train, test=test)
        for name, model in models.items()
        for fold, (train, test) in enumerate(folds)
    ]
    shared = _shared_steps.SharedSteps(tasks, *digits, {})
    groups = list(shared._groups.values())
    parts = [part for group in groups for part in group.parts]
    for task in tasks:
        _, features, _ = shared.of(task)
        assert features is not digits[0]
    assert len(parts) == 5
    assert all(item.features is None for item in [*groups, *parts])
