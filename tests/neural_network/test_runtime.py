"""How Keras is loaded: late, silently, on a worker's share of the cores, and never across a fork."""

import multiprocessing
import os
import subprocess
import sys
import time

import joblib
import numpy as np
import pytest

QUIET = """
import numpy as np
from skimgrec import KerasCNNClassifier, KerasMLPClassifier
X, y = np.random.default_rng(0).random((40, 8, 8)), np.arange(40) % 2
for kind in (KerasCNNClassifier, KerasMLPClassifier):
    for width in (4, 5, 6, 7):
        net = kind(epochs=1, image_shape=None).fit(X[:, :width], y)
        for n in (1, 2, 3, 4, 5):
            net.predict(X[:n, :width])
"""


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=300,
    )


def test_training_and_predicting_print_nothing():
    done = run(QUIET)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr == ""


def test_what_others_write_while_keras_loads_is_passed_on():
    code = """
import sys, importlib.abc
class Talker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "keras":
            print("a message of the user's own", file=sys.stderr)
sys.meta_path.insert(0, Talker())
from skimgrec.neural_network._runtime import load_keras
load_keras()
"""
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "a message of the user's own\n"


tensorflow_only = pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow", reason="other backends have other ways"
)


def intra_op_threads():
    from skimgrec import KerasMLPClassifier

    KerasMLPClassifier(epochs=1).fit(np.eye(4), [0, 1, 0, 1])
    import tensorflow as tf

    return tf.config.threading.get_intra_op_parallelism_threads()


@tensorflow_only
def test_worker_keeps_to_its_share_of_the_cores():
    with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
        assert joblib.Parallel()(joblib.delayed(intra_op_threads)() for _ in range(2)) == [1, 1]


@tensorflow_only
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_worker_gets_an_error_instead_of_hanging():
    intra_op_threads()
    with multiprocessing.get_context("fork").Pool(1) as pool, pytest.raises(RuntimeError, match="forked from one"):
        pool.apply_async(intra_op_threads).get(timeout=60)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_fork_before_keras_is_loaded_is_harmless():
    code = """
import multiprocessing, numpy as np
from skimgrec import KerasMLPClassifier
def fit(seed):
    return KerasMLPClassifier(epochs=1, random_state=seed).fit(np.eye(4), [0, 1, 0, 1]).n_iter_
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(fit, [0, 1]))
"""
    done = run(code)
    assert done.stdout == "[1, 1]\n", done.stderr


def memory_hungry_fit(n):
    from skimgrec import KerasMLPClassifier

    KerasMLPClassifier(epochs=1).fit(np.eye(4), [0, 1, 0, 1])
    time.sleep(1.2)  # loky measures a worker's growth at most once a second
    return os.getpid()


@tensorflow_only
@pytest.mark.filterwarnings("ignore:A worker stopped while some jobs were given")
def test_worker_that_loads_tensorflow_is_not_taken_for_a_leak():
    pytest.importorskip("psutil", reason="loky measures the memory of its workers with psutil")
    with joblib.Parallel(n_jobs=2, backend="loky") as parallel:
        parallel(joblib.delayed(os.getpid)() for _ in range(20))
        workers = set(parallel(joblib.delayed(memory_hungry_fit)(n) for n in range(6)))
    assert len(workers) <= 2


@tensorflow_only
def test_keras_objects_among_the_parameters_neither_lift_the_cap_in_a_worker_nor_let_it_talk():
    code = """
import joblib, numpy as np
from skimgrec import KerasMLPClassifier
from skimgrec.neural_network import load_keras
keras = load_keras()
def fit(net):
    net.fit(np.eye(4), [0, 1, 0, 1])
    import tensorflow as tf
    return tf.config.threading.get_intra_op_parallelism_threads()
net = KerasMLPClassifier(
    epochs=1,
    optimizer=keras.optimizers.SGD(0.1),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=[keras.metrics.CategoricalAccuracy()],
)
with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
    print(joblib.Parallel()(joblib.delayed(fit)(net) for _ in range(2)))
"""
    done = run(code)
    assert done.stdout == "[1, 1]\n", done.stderr
    assert done.stderr == ""


THREADS = """
import sys, numpy as np, warnings
from skimgrec import KerasMLPClassifier
warnings.simplefilter("error")
X, y = np.random.default_rng(0).random((40, 8, 8)), np.arange(40) % 2
for n in sys.argv[1].split(","):
    try:
        KerasMLPClassifier(epochs=1, n_threads=int(n) if n != "None" else None).fit(X, y)
        print("fitted")
    except RuntimeWarning as warning:
        print(str(warning))
import tensorflow as tf
print(tf.config.threading.get_intra_op_parallelism_threads())
"""


def threads(numbers, **environment):
    done = subprocess.run(
        [sys.executable, "-c", THREADS, numbers],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, **environment},
    )
    return done.stdout.splitlines()


@tensorflow_only
def test_number_of_threads_is_pinned_by_the_first_fit_and_later_wishes_for_others_are_warned_of():
    *said, number = threads("1,1,None,3")
    assert said[:3] == ["fitted"] * 3
    assert said[3].startswith("n_threads=3 cannot be had: TensorFlow started with 1 in this process")
    assert "TF_NUM_INTRAOP_THREADS=3" in said[3]
    assert number == "1"


@tensorflow_only
def test_number_of_threads_that_is_in_force_anyway_is_no_cause_for_a_warning():
    n_cores = len(os.sched_getaffinity(0))
    assert threads(f"None,{n_cores}")[:2] == ["fitted"] * 2
    assert threads("None,3", TF_NUM_INTRAOP_THREADS="3")[:2] == ["fitted"] * 2
