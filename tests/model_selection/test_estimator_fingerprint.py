import functools
import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skimgrec import HOGTransformer, KerasCNNClassifier
from skimgrec.model_selection._estimator_fingerprint import NoFingerprintError, fingerprint_of


class Holder(ClassifierMixin, BaseEstimator):
    def __init__(self, value=None):
        self.value = value


def module_of(source):
    """Return the namespace of a module of the user's with this source."""
    namespace = {"__name__": "users_module"}
    exec(source, namespace)
    return namespace


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (KNeighborsClassifier(1), KNeighborsClassifier(2)),
        (KNeighborsClassifier(1), RandomForestClassifier(1)),
        (KerasCNNClassifier(epochs=2), KerasCNNClassifier(epochs=3)),
        (
            make_pipeline(HOGTransformer(), GaussianNB()),
            make_pipeline(HOGTransformer(signed_gradient=True), GaussianNB()),
        ),
        (GridSearchCV(GaussianNB(), {"a": [1]}), GridSearchCV(GaussianNB(), {"a": [2]})),
        (Holder(np.zeros(3)), Holder(np.zeros(4))),
        (Holder(np.zeros(2, np.float32)), Holder(np.zeros(2, np.int32))),
        (Holder(np.array(["a", None], object)), Holder(np.array(["b", None], object))),
        (Holder(1), Holder(1.0)),
        (Holder(1), Holder(True)),
        (Holder((1, 2)), Holder([1, 2])),
        (Holder({"a": 1}), Holder({"a": 2})),
        (Holder({1, 2}), Holder({1, 3})),
        (Holder(np.random.RandomState(0)), Holder(np.random.RandomState(1))),
        (Holder(np.random.default_rng(0)), Holder(np.random.default_rng(1))),
        (Holder(lambda x: x + 1), Holder(lambda x: x + 2)),
        (Holder(lambda x: x + 1), Holder(lambda x: x - 1)),
        (Holder(lambda x, n=1: x + n), Holder(lambda x, n=2: x + n)),
        (Holder(functools.partial(max, 1)), Holder(functools.partial(max, 2))),
        (Holder(np.exp), Holder(np.log)),
        (get_scorer("accuracy"), get_scorer("f1_macro")),
        (StandardScaler(), StandardScaler().set_output(transform="pandas")),
    ],
)
def test_what_differs_is_told_apart(one, other):
    assert fingerprint_of(one) != fingerprint_of(other)


def closure(value):
    return lambda x: x * value


def test_what_is_equal_is_not():
    def make(value):
        return Holder({"b": [closure(value), {3, 1, 2}], "a": np.arange(6).reshape(2, 3)})

    assert fingerprint_of(make(1)) == fingerprint_of(make(1))
    assert fingerprint_of(make(1)) != fingerprint_of(make(2))
    assert fingerprint_of(Holder(np.asfortranarray(np.eye(3)))) == fingerprint_of(Holder(np.eye(3)))


def test_being_fitted_plays_no_part_unless_the_clone_stays_fitted(blobs):
    X, y = blobs
    assert fingerprint_of(KNeighborsClassifier(1).fit(X, y)) == fingerprint_of(KNeighborsClassifier(1))
    frozen = [FrozenEstimator(GaussianNB().fit(part, y)) for part in (X, X, 2 * X)]
    prints = [fingerprint_of(estimator) for estimator in frozen]
    assert prints[0] == prints[1] != prints[2]


SOURCE = """
from sklearn.naive_bayes import GaussianNB
RATE = 3
def helper(x):
    return x + 1
class Base(GaussianNB):
    def step(self, x):
        return helper(x) * RATE
class Mine(Base):
    n = 1
    def fit(self, X, y):
        return super().fit(X, y)
    @property
    def size(self):
        return 1 if self.n in {"a", "b"} else 2
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x + 1", "x + 2"),
        ("RATE = 3", "RATE = 4"),
        ("helper(x) *", "helper(x) +"),
        ("super().fit(X, y)", "super().fit(X + 0, y)"),
        ("n = 1", "n = 2"),
        ("else 2", "else 3"),
        ('"b"', '"c"'),
    ],
)
def test_an_edited_class_is_noticed_along_its_bases_and_helpers(before, after):
    assert SOURCE.count(before) == 1
    changed = SOURCE.replace(before, after)
    prints = [fingerprint_of(module_of(source)["Mine"]()) for source in (SOURCE, SOURCE, "\n\n" + SOURCE, changed)]
    assert prints[0] == prints[1]
    assert prints[0] == prints[2], "where in its file the code stands plays no part"
    assert prints[0] != prints[3]


def test_a_value_that_holds_itself_has_a_fingerprint():
    def circle(last):
        value = [1, last]
        value.append(value)
        return Holder(value)

    assert fingerprint_of(circle(2)) == fingerprint_of(circle(2)) != fingerprint_of(circle(3))


def test_what_cannot_be_told_names_its_parameter():
    with pytest.raises(NoFingerprintError, match=r"value__value\['a'\]: a generator"):
        fingerprint_of(Holder(Holder({"a": (number for number in range(3))})))


def test_another_process_finds_the_same():
    program = f"""
import numpy as np
from skimgrec import candidates
from skimgrec.model_selection._estimator_fingerprint import fingerprint_of
namespace = {{"__name__": "users_module"}}
exec({SOURCE!r}, namespace)
values = [*candidates(random_state=0).values(), namespace["Mine"](), {{"x", "y", "z"}}, np.random.RandomState(3)]
values += [namespace["Mine"], lambda x: x in {{"x", "y", "z"}}]
print(*map(fingerprint_of, values))
"""
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    (answer,) = answers
    assert len(set(answer.split())) == 13


def test_an_object_of_keras_is_told_by_its_configuration():
    class Configured:
        def __init__(self, rate, name):
            self.rate, self.name, self.lock = rate, name, object()

        def get_config(self):
            return {"rate": self.rate, "name": self.name}

    same = [fingerprint_of(Holder(Configured(1, name))) for name in ("layer", "layer_7")]
    assert same[0] == same[1] != fingerprint_of(Holder(Configured(2, "layer")))


def test_metadata_requests_count():
    import sklearn

    with sklearn.config_context(enable_metadata_routing=True):
        one, other = (GaussianNB().set_fit_request(sample_weight=wanted) for wanted in (True, False))
    assert fingerprint_of(one) != fingerprint_of(other)
    assert fingerprint_of(FunctionTransformer(np.exp)) != fingerprint_of(FunctionTransformer(np.log))
