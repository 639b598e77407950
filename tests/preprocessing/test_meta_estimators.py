"""The guide's table of scikit-learn's tools that take paths or pictures, held to what happens."""

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFE, RFECV, SelectFromModel, SequentialFeatureSelector
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    permutation_test_score,
    train_test_split,
    validation_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.semi_supervised import SelfTrainingClassifier

from skimgrec import HOGTransformer, ImageFlattener, ImageLoader, KerasMLPClassifier, compare

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "user_guide" / "pictures.rst"
C = {"logisticregression__C": [0.1, 1.0]}
PIECES = {"cv": 2, "error_score": "raise"}


def fit_and_predict(make):
    return lambda model, X, y: make(model).fit(X, y).predict(X)


def two_columns(make):
    return lambda model, X, y: make(model).fit(X, np.column_stack([y == "red", y == "blue"])).predict(X)


def two_classes(make):
    return lambda model, X, y: make(model).fit(X, y == "red").predict(X)


def partly_labelled(model, X, y):
    codes = np.unique(y, return_inverse=True)[1]
    codes[::4] = -1
    return SelfTrainingClassifier(model).fit(X, codes).predict(X)


def boosted_network(model, X, y):
    # Boosting needs sample weights, which no pipeline passes on.
    network = KerasMLPClassifier(hidden_layer_sizes=(8,), epochs=20, learning_rate=0.01, random_state=0)
    return AdaBoostClassifier(network, n_estimators=2).fit(X, y).predict(X)


def compared(model, X, y):
    rows = compare({"model": model}, X, y, cv=2).rows
    assert not any(row.error for row in rows)


TOOLS = {
    "cross_validate": lambda m, X, y: cross_validate(m, X, y, **PIECES),
    "cross_val_score": lambda m, X, y: cross_val_score(m, X, y, **PIECES),
    "cross_val_predict": lambda m, X, y: cross_val_predict(m, X, y, cv=2),
    "learning_curve": lambda m, X, y: learning_curve(m, X, y, train_sizes=[0.8, 1.0], shuffle=True, **PIECES),
    "validation_curve": lambda m, X, y: validation_curve(m, X, y, param_name=next(iter(C)), param_range=[1], **PIECES),
    "permutation_test_score": lambda m, X, y: permutation_test_score(m, X, y, cv=2, n_permutations=2),
    "train_test_split": lambda m, X, y: train_test_split(X, y)[1],
    "GridSearchCV": fit_and_predict(lambda m: GridSearchCV(m, C, **PIECES)),
    "RandomizedSearchCV": fit_and_predict(lambda m: RandomizedSearchCV(m, C, n_iter=2, **PIECES)),
    "HalvingGridSearchCV": fit_and_predict(lambda m: HalvingGridSearchCV(m, C, random_state=0, **PIECES)),
    "FixedThresholdClassifier": two_classes(lambda m: FixedThresholdClassifier(m, threshold=0.4)),
    "TunedThresholdClassifierCV": two_classes(lambda m: TunedThresholdClassifierCV(m, cv=2)),
    "CalibratedClassifierCV": fit_and_predict(lambda m: CalibratedClassifierCV(m, cv=2)),
    "VotingClassifier": fit_and_predict(lambda m: VotingClassifier([("a", m), ("b", m)])),
    "StackingClassifier": fit_and_predict(lambda m: StackingClassifier([("a", m), ("b", m)], cv=2)),
    "StackingClassifier(passthrough=True)": fit_and_predict(
        lambda m: StackingClassifier([("a", m), ("b", m)], cv=2, passthrough=True)
    ),
    "OneVsRestClassifier": fit_and_predict(OneVsRestClassifier),
    # With another seed a column of its code may hold one value only.
    "OutputCodeClassifier": fit_and_predict(lambda m: OutputCodeClassifier(m, random_state=6)),
    "MultiOutputClassifier": two_columns(MultiOutputClassifier),
    "ClassifierChain": two_columns(ClassifierChain),
    "FeatureUnion": lambda m, X, y: FeatureUnion([("a", m[:-1]), ("b", m[:-1])]).fit_transform(X, y),
    "ColumnTransformer": lambda m, X, y: ColumnTransformer([("a", m[:-1], [0])]).fit_transform(X, y),
    "BaggingClassifier": fit_and_predict(lambda m: BaggingClassifier(m, n_estimators=2, random_state=0)),
    "permutation_importance": lambda m, X, y: permutation_importance(m.fit(X, y), X, y, n_repeats=1),
    "AdaBoostClassifier": boosted_network,
    "OneVsOneClassifier": fit_and_predict(OneVsOneClassifier),
    "SelfTrainingClassifier": partly_labelled,
    "RFE": fit_and_predict(RFE),
    "RFECV": fit_and_predict(lambda m: RFECV(m, cv=2)),
    "SelectFromModel": lambda m, X, y: SelectFromModel(m).fit(X, y).transform(X),
    "SequentialFeatureSelector": lambda m, X, y: SequentialFeatureSelector(m, cv=2).fit(X, y).transform(X),
    "compare": compared,
}
COLUMNS = ("paths", "paths in a column", "pictures")


def table():
    """Return {tool: (yes or no for each kind)} of the guide's table."""
    text = GUIDE.read_text(encoding="utf-8").partition(":header-rows: 1\n")[2]
    rows = re.findall(r"^   \* - (``.*?)\n     - (yes|no)\n     - (yes|no)\n     - (yes|no)\n", text, re.M | re.S)
    return {tool: answers for names, *answers in rows for tool in re.findall(r"``(.+?)``", names)}


@pytest.fixture(scope="module")
def inputs(photos):
    """Return {column: [(model, X), ...]}."""
    paths, _ = photos
    loader = ImageLoader((16, 16))
    behind = (HOGTransformer(pixels_per_cell=(4, 4)), LogisticRegression())
    lazy = loader.transform(paths)
    return {
        "paths": [(make_pipeline(loader, *behind), X) for X in (paths, list(map(Path, paths)))],
        "paths in a column": [(make_pipeline(loader, *behind), paths[:, None])],
        "pictures": [(make_pipeline(*behind), X) for X in (np.asarray(lazy), lazy)],
    }


def test_the_table_names_every_tool():
    assert set(table()) == set(TOOLS)


@pytest.mark.parametrize("column", range(3), ids=COLUMNS)
@pytest.mark.parametrize("tool", TOOLS)
def test_the_table_tells_the_truth(tool, column, inputs, photos):
    for model, X in inputs[COLUMNS[column]]:
        if table()[tool][column] == "yes":
            TOOLS[tool](model, X, photos[1])
        else:
            with pytest.raises((ValueError, IndexError)):
                TOOLS[tool](model, X, photos[1])


@pytest.mark.parametrize(
    "make",
    [
        lambda m: BaggingClassifier(m, n_estimators=2),
        lambda m: AdaBoostClassifier(m, n_estimators=2),
        OneVsOneClassifier,
        lambda m: StackingClassifier([("a", m), ("b", m)], cv=2, passthrough=True),
        lambda m: RFE(m, step=0.5),
        lambda m: SequentialFeatureSelector(m, n_features_to_select=1, cv=2),
    ],
    ids=["Bagging", "AdaBoost", "OneVsOne", "Stacking", "RFE", "SequentialFeatureSelector"],
)
def test_behind_the_features_all_of_them_work(make, photos):
    paths, labels = photos
    last = make(LogisticRegression())
    model = make_pipeline(ImageLoader((4, 4)), ImageFlattener(scale=True), last).fit(paths[:12], labels[:12])
    assert len(model.predict(paths) if is_classifier(last) else model.transform(paths)) == len(paths)
