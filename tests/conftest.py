"""What the whole suite shares."""

import gc
import os
import warnings

# SciPy reads this once, when it is first imported; without it scikit-learn skips its array API check.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
# OpenMP reads this once, too. Its threads otherwise wait for one another in a loop, which on a busy machine keeps the
# cores from those that they wait for: gradient boosting then takes a hundred times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# No test reaches another machine: what goes there is sent to a port of this one at which nothing answers.
os.environ.update(dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"))
os.environ.update(dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost"))

from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Forget compiled kernels that are older than the newest source.

    Numba compiles a kernel anew when its own file changes, but not when one that it calls in another file does.
    """
    # Of several processes that share the tests, the one that started the others.
    if hasattr(config, "workerinput"):
        return
    for folder in (ROOT / "skimgrec" / name for name in ("datasets", "feature_extraction", "utils")):
        newest = max(path.stat().st_mtime for path in folder.glob("*.py"))
        for cached in (folder / "__pycache__").glob("*.nb?"):
            with suppress(FileNotFoundError):  # another run may be at the same
                if cached.stat().st_mtime < newest:
                    cached.unlink()


def pytest_collection_finish() -> None:
    """Take what is there by now out of the collector's sight: thousands of tests, and TensorFlow's modules.

    Whenever networks are discarded, rubbish is collected, which would look through all of it each time.
    """
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let tests that are marked as alone have the machine to themselves, where several processes share the tests."""
    if not hasattr(item.config, "workerinput"):
        return (yield)
    import fcntl

    # Locks on files that are there anyway. Who waits to be alone holds the first, so that no other test starts.
    with open(ROOT / "pyproject.toml") as turn, open(__file__) as machine:
        fcntl.flock(turn, fcntl.LOCK_EX)
        alone = item.get_closest_marker("alone") is not None
        fcntl.flock(machine, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            fcntl.flock(turn, fcntl.LOCK_UN)
        try:
            return (yield)
        finally:
            # Closing would not do where a process that was forked holds the files, too.
            fcntl.flock(machine, fcntl.LOCK_UN)
            fcntl.flock(turn, fcntl.LOCK_UN)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def small_backbone():
    """Return keras.applications' smallest network, 40 thousand weights, with numbers that tell pictures apart.

    In one that nothing has trained the signal fades from layer to layer. Here every normalisation has seen what
    reaches it.
    """
    import keras

    model = keras.applications.MobileNet((32, 32, 3), alpha=0.1, include_top=False, weights=None)
    rng = np.random.default_rng(7)
    for weight in model.weights:
        if weight.name in ("kernel", "beta"):
            weight.assign(rng.normal(size=weight.shape))
    layers = [layer for layer in model.layers if hasattr(layer, "momentum")]
    momentum = layers[0].momentum
    for layer in layers:
        layer.momentum = 0.0
    model(rng.uniform(-1, 1, (64, 4, 4, 3)).repeat(8, axis=1).repeat(8, axis=2).astype(np.float32), training=True)
    for layer in layers:
        layer.momentum = momentum
    return model


@pytest.fixture(scope="session")
def backbone():
    """Return a small network of keras.applications, with random weights."""
    return small_backbone()


@pytest.fixture(scope="session")
def backbone_file(backbone, tmp_path_factory):
    """Return the file of the weights of `backbone`."""
    path = tmp_path_factory.mktemp("backbone") / "small.weights.h5"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras converts its variables in a way that NumPy 2 warns of
        backbone.save_weights(path)
    return path
