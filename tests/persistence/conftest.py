import io
import json
import warnings
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import ImageFlattener, load_model, save_model
from skimgrec.persistence._archive import MANIFEST, STATE, write_archive


@pytest.fixture(scope="session")
def digits():
    """Return 200 digits as uint8 pictures, and their labels."""
    bunch = load_digits()
    return (bunch.images[:200] * 15.9375).astype(np.uint8), bunch.target[:200]


@pytest.fixture(scope="session")
def nearest(digits):
    """Return a fitted pipeline that is saved in a moment."""
    return make_pipeline(ImageFlattener(), KNeighborsClassifier(1)).fit(*digits)


@pytest.fixture
def quietly_fitted(digits):
    def fit(model):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a few iterations on few pictures do not converge
            return model.fit(*digits)

    return fit


def members_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != MANIFEST}


def packed(members):
    stream = io.BytesIO()
    write_archive(stream, members)
    return stream.getvalue()


def saved_bytes(model, folder):
    save_model(model, folder / "made")
    return (folder / "made").read_bytes()


def with_state(content, change):
    """Return a file whose state has been changed, and whose digests match."""
    members = members_of(content)
    state = json.loads(members[STATE])
    return packed({**members, STATE: json.dumps(change(state) or state).encode()})


def with_arrays(content, change):
    """Return a file in which arrays have been changed, and whose digests match."""
    members = members_of(content)
    for name in members:
        if name.endswith(".npy"):
            array = np.load(io.BytesIO(members[name]))
            new = change(array)
            if new is not None:
                stream = io.BytesIO()
                np.save(stream, new)
                members[name] = stream.getvalue()
    return packed(members)


def attributes(entry, name):
    """Return the attributes of the first object whose class has this name."""
    if isinstance(entry, dict) and entry.get("type", "").endswith(f".{name}"):
        return entry["content"]["content"]
    for part in entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ():
        found = attributes(part, name)
        if found is not None:
            return found
    return None


@pytest.fixture(scope="session")
def forge():
    """Return the functions that take a model file apart, change it, and put it together again."""
    return SimpleNamespace(
        members_of=members_of,
        packed=packed,
        saved_bytes=saved_bytes,
        with_state=with_state,
        with_arrays=with_arrays,
        attributes=attributes,
    )


@pytest.fixture(name="saved", scope="session")
def saved_fixture(nearest, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.skimgrec"
    save_model(nearest, path)
    return path.read_bytes()


@pytest.fixture
def opened(tmp_path):
    """Return a function that loads a model from bytes."""

    def load(content, **options):
        path = tmp_path / "model.skimgrec"
        path.write_bytes(content)
        return load_model(path, **options)

    return load


@pytest.fixture(scope="session")
def as_trained():
    """Return a function that gives a classifier random weights, as if it had been trained."""

    def make(net, classes, image_shape, value_range=(0.0, 255.0)):
        from skimgrec.neural_network._adoption import adopt, prepare

        rng = np.random.default_rng(0)
        prepare(net, np.asarray(classes), image_shape, value_range)
        # Variances of batch normalisation start at 1, and stay above 0.
        weights = [array + 0.2 * rng.uniform(-1, 1, array.shape) for array in net._build_core().get_weights()]
        adopt(net, [array.astype(np.float32) for array in weights])
        return net

    return make
