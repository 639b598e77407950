"""Comparisons on a cluster: Dask's, with two real worker processes; Ray's by ``tools/test_ray.sh``."""

import importlib.util
import os
from contextlib import ExitStack

import joblib
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from skimgrec import ImageFlattener, ImageLoader, compare


def numbers(result):
    return [(row.estimator, row.fold, row.predicted, dict(row.scores), row.error) for row in result.rows]


@pytest.fixture(scope="module", params=["dask", "ray"])
def cluster(request):
    """Start a cluster of two processes on this machine, and return the name of joblib's backend for it."""
    with ExitStack() as stack:
        if request.param == "ray":
            if importlib.util.find_spec("ray") is None:
                pytest.skip("Ray is not installed: tools/test_ray.sh runs this in an environment of its own")
            import ray
            from ray.util.joblib import register_ray

            ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
            stack.callback(ray.shutdown)
            register_ray()
        else:
            import dask
            from distributed import Client, LocalCluster

            # Dask itself would try a task that takes its worker down three times more, on the other workers.
            stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": 0}))
            stack.enter_context(Client(stack.enter_context(LocalCluster(n_workers=2, threads_per_worker=1))))
        yield request.param


def estimators():
    return {"tree": DecisionTreeClassifier(random_state=0), "nb": GaussianNB()}


def test_the_numbers_are_those_of_one_process(blobs, cluster):
    settings = {"cv": 3, "random_state": 0}
    with joblib.parallel_config(cluster, n_jobs=2):
        result = compare(estimators(), *blobs, **settings)
    assert numbers(result) == numbers(compare(estimators(), *blobs, **settings))
    assert [row.error for row in result.rows] == [None] * 6


def test_fits_run_in_the_workers_and_rows_are_kept(blobs, make_classifier, cluster, tmp_path):
    def note(X, folder=str(tmp_path)):
        import os
        from uuid import uuid4

        with open(f"{folder}/{os.getpid()}-{uuid4().hex}.fit", "x"):
            pass

    for n_rows in (4, 4):
        with joblib.parallel_config(cluster, n_jobs=2):
            result = compare({"a": make_classifier(note)}, *blobs, cv=4, random_state=0, run_dir=tmp_path / "run")
        processes = [path.name.split("-")[0] for path in tmp_path.glob("*.fit")]
        assert len(processes) == len(result.rows) == n_rows
        assert str(os.getpid()) not in processes


def test_a_worker_that_dies_costs_its_own_row(blobs, make_classifier, cluster):
    def die(X):
        import os

        if 0 in X[:, 0]:
            os._exit(3)

    with joblib.parallel_config(cluster, n_jobs=2):
        result = compare(
            {"a": make_classifier(), "dies": make_classifier(die), "b": make_classifier()}, *blobs, cv=2, random_state=0
        )
    failed = [row.error is not None for row in result.rows]
    assert failed.count(True) == 1
    assert True in failed[2:4]


def test_lazy_pictures_travel_as_paths(cluster, tmp_path):
    import numpy as np
    from PIL import Image

    paths = []
    for number in range(40):
        pixels = np.full((8, 8), number, np.uint8)
        pixels[:: 2 + number % 2] = 200
        paths.append(str(tmp_path / f"{number}.png"))
        Image.fromarray(pixels).save(paths[-1])
    X, y = ImageLoader(image_size=(8, 8)).transform(paths), np.arange(40) % 2
    model = {"nb": make_pipeline(ImageFlattener(), GaussianNB())}
    with joblib.parallel_config(cluster, n_jobs=2):
        result = compare(model, X, y, cv=2, random_state=0)
    assert numbers(result) == numbers(compare(model, X, y, cv=2, random_state=0))
    assert [row.error for row in result.rows] == [None, None]
