"""scikit-learn's own checks, the whole of them, for every estimator."""

import os
import re
import shutil
import tempfile
from pathlib import Path
from unittest import SkipTest

import keras
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import estimator_checks_generator

from skimgrec import (
    BagOfVisualWords,
    ColorHistogramTransformer,
    ConformalClassifier,
    HOGTransformer,
    ImageFlattener,
    ImageNeighbors,
    KerasCNNClassifier,
    KerasMLPClassifier,
    LBPTransformer,
    PatchKMeansTransformer,
    PretrainedTransformer,
    RejectingClassifier,
)
from skimgrec.model_selection import RBFSVMClassifier

# The checks train on tables of a few columns, which are taken for pictures of one row, and want an accuracy of 0.83
# on some of them: so few steps, and a rate to match.
_QUICK = {"epochs": 12, "batch_size": 64, "learning_rate": 0.03}
# Where the fixture puts the weights of a small network: the table is read before any fixture runs.
WEIGHTS = Path(tempfile.gettempdir()) / f"skimgrec-checks-{os.getpid()}.weights.h5"
ESTIMATORS = {
    "BagOfVisualWords": BagOfVisualWords(n_words=2, random_state=0),
    "ColorHistogramTransformer": ColorHistogramTransformer(),
    "ConformalClassifier": ConformalClassifier(LogisticRegression(), confidence=0.5),
    "ConformalClassifier raps": ConformalClassifier(LogisticRegression(), confidence=0.5, method="raps"),
    "HOGTransformer": HOGTransformer(pixels_per_cell=(1, 1), cells_per_block=(1, 1)),
    "ImageFlattener": ImageFlattener(),
    "ImageFlattener scaled": ImageFlattener(scale=True),
    "ImageNeighbors": ImageNeighbors("pixels"),
    "ImageNeighbors by cosine": ImageNeighbors(
        HOGTransformer(pixels_per_cell=(1, 1), cells_per_block=(1, 1)), metric="cosine"
    ),
    "KerasCNNClassifier": KerasCNNClassifier(filters=(8, 16), **_QUICK),
    "KerasCNNClassifier sequential": KerasCNNClassifier(
        architecture="sequential", filters=(8,), dense_units=(16,), learning_rate_schedule="constant", **_QUICK
    ),
    "KerasMLPClassifier": KerasMLPClassifier(hidden_layer_sizes=(16,), **_QUICK),
    "LBPTransformer": LBPTransformer(),
    "LBPTransformer whole": LBPTransformer(pixels_per_cell=None, scales=((8, 1), (4, 2)), norm="L1"),
    "PatchKMeansTransformer": PatchKMeansTransformer(2, random_state=0),
    "PatchKMeansTransformer triangle": PatchKMeansTransformer(
        2, dictionary="patches", encoding="triangle", mirror=True, standardize=False, random_state=0
    ),
    "PretrainedTransformer": PretrainedTransformer(
        "MobileNet", weights=str(WEIGHTS), backbone_params={"alpha": 0.1}, image_size=(32, 32)
    ),
    "RBFSVMClassifier": RBFSVMClassifier(),
    "RBFSVMClassifier approximate": RBFSVMClassifier(max_exact=0),
    # The checks know of no label but those of the classes, and so want everything answered; test_rejecting.py holds
    # what happens where pictures are rejected.
    "RejectingClassifier": RejectingClassifier(LogisticRegression(), coverage=1.0),
    "RejectingClassifier distance": RejectingClassifier(
        LogisticRegression(), coverage=1.0, method="distance", validation_fraction=0.3
    ),
}

# What may fail, and by how much. A row of weight 2 and the same row twice give the networks the same loss, but are
# added up in another order, and float32 rounds at 6e-8 where the check allows 1e-7: it sees differences of 1e-7 to
# 2e-6. That weights mean repetition is held at 1e-5 by test_weight_of_two_equals_the_picture_given_twice.
_FLOAT32_NOISE = {"check_sample_weight_equivalence_on_dense_data": 1e-5}
EXPECTED_FAILURES = {"KerasCNNClassifier sequential": _FLOAT32_NOISE, "KerasMLPClassifier": _FLOAT32_NOISE}
if keras.backend.backend() == "jax":
    # It compiles a network for each number of pictures, and then sums in another order, too.
    _FLOAT32_NOISE["check_methods_subset_invariance"] = 1e-6
    EXPECTED_FAILURES["PretrainedTransformer"] = {"check_methods_subset_invariance": 5e-5}
EXPECTED_FAILURES["KerasCNNClassifier"] = {
    name: bound for name, bound in _FLOAT32_NOISE.items() if name != "check_sample_weight_equivalence_on_dense_data"
}
# libsvm stops within 1e-3 of the best, which is another place for a row of weight 2 than for the same row twice.
EXPECTED_FAILURES["RBFSVMClassifier"] = {"check_sample_weight_equivalence_on_dense_data": 1e-3}
# What cannot hold.
IMPOSSIBLE = {
    ("KerasCNNClassifier", "check_sample_weight_equivalence_on_dense_data"): (
        "batch normalisation takes the mean over the pictures of a batch, whatever they weigh"
    ),
    **{
        (name, f"check_sample_weight_equivalence_on_{kind}_data"): (
            "a row given twice may be learnt from once and held out once; one of weight 2 is either"
        )
        for name in ESTIMATORS
        if name.startswith(("ConformalClassifier", "RejectingClassifier"))
        for kind in ("dense", "sparse")
    },
}

CHECKS = {
    name: list(estimator_checks_generator(estimator, legacy=True, mark=None)) for name, estimator in ESTIMATORS.items()
}


@pytest.fixture(scope="module", autouse=True)
def _weights(backbone_file):
    shutil.copy(backbone_file, WEIGHTS)
    yield
    WEIGHTS.unlink()


def _check_name(check):
    return getattr(check, "func", check).__name__


@pytest.mark.parametrize(
    ("name", "position"),
    [
        pytest.param(name, position, id=f"{name}-{position}-{_check_name(check)}")
        for name, checks in CHECKS.items()
        for position, (_, check) in enumerate(checks)
    ],
)
def test_scikit_learns_check_passes(name, position):
    estimator, check = CHECKS[name][position]
    try:
        check(estimator)
    except SkipTest as reason:
        pytest.fail(f"scikit-learn skipped its own check: {reason}")
    except (AssertionError, ValueError) as failure:
        if reason := IMPOSSIBLE.get((name, _check_name(check))):
            pytest.xfail(reason)
        if isinstance(failure, ValueError):
            raise
        # Whether rounding stays below 1e-7 depends on the processor, so passing is welcome, too.
        largest = EXPECTED_FAILURES.get(name, {}).get(_check_name(check), 0.0)
        differences = re.findall(r"Max absolute difference among violations: (\S+)", str(failure))
        if not differences or max(map(float, differences)) > largest:
            raise


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_got_a_real_number_of_checks(name):
    assert len(CHECKS[name]) >= 40
