"""HDF5 files that lead elsewhere, or stand for more than they hold: nothing is followed, and nothing large is made."""

import io
import json
import re
import struct
import tracemalloc
import zipfile

import h5py
import numpy as np
import pytest

from skimgrec import KerasMLPClassifier, import_model
from skimgrec.persistence import ModelFileError
from skimgrec.persistence._keras_config import read_network

SHAPES = {"dense": [("kernel:0", (64, 5)), ("bias:0", (5,))], "dense_1": [("kernel:0", (5, 3)), ("bias:0", (3,))]}
CONFIG = {
    "class_name": "Sequential",
    "config": {
        "name": "sequential",
        "layers": [
            {
                "class_name": "Dense",
                "config": {
                    "name": "dense",
                    "batch_input_shape": [None, 64],
                    "units": 5,
                    "activation": "relu",
                    "use_bias": True,
                },
            },
            {
                "class_name": "Dense",
                "config": {"name": "dense_1", "units": 3, "activation": "softmax", "use_bias": True},
            },
        ],
    },
}


def write_keras_2(path, config=CONFIG):
    """Write a file as Keras 2 does."""
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        if config is not None:
            file.attrs["model_config"] = json.dumps(config).encode()
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [name.encode() for name in SHAPES]
        for name, arrays in SHAPES.items():
            layer = weights.create_group(name)
            layer.attrs["weight_names"] = [f"{name}/{part}".encode() for part, _ in arrays]
            for part, shape in arrays:
                layer.create_dataset(f"{name}/{part}", data=rng.normal(size=shape).astype(np.float32))


KERNEL = "model_weights/dense/dense/kernel:0"


@pytest.fixture
def path(tmp_path):
    write_keras_2(tmp_path / "model.h5")
    return tmp_path / "model.h5"


@pytest.fixture
def secret(tmp_path):
    """Return a file that no import may read."""
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["kernel"] = np.full((64, 5), 42, np.float32)
    (tmp_path / "secret.bin").write_bytes(np.full((64, 5), 42, np.float32).tobytes())
    return tmp_path / "secret.h5"


def imported(path, **options):
    return import_model(path, classes=["a", "b", "c"], **options)


def test_the_file_itself_is_imported(path):
    net = imported(path)
    assert net.hidden_layer_sizes == (5,)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(net.weights_[0], file[KERNEL])
        x = np.maximum(np.full(64, 0.2) @ file[KERNEL][()] + file["model_weights/dense/dense/bias:0"][()], 0)
        x = x @ file["model_weights/dense_1/dense_1/kernel:0"][()] + file["model_weights/dense_1/dense_1/bias:0"][()]
    wanted = np.exp(x) / np.exp(x).sum()
    np.testing.assert_allclose(net.predict_proba(np.full((1, 8, 8), 51, np.uint8))[0], wanted, rtol=1e-5)


def replace_kernel(path, put):
    with h5py.File(path, "r+") as file:
        del file[KERNEL]
        put(file, KERNEL)


def external_link(file, name):
    file[name] = h5py.ExternalLink("secret.h5", "/kernel")


def soft_link(file, name):
    file["elsewhere"] = np.zeros((64, 5), np.float32)
    file[name] = h5py.SoftLink("/elsewhere")


def external_storage(file, name):
    file.create_dataset(name, (64, 5), np.float32, external=[("secret.bin", 0, 64 * 5 * 4)])


def virtual_data(file, name):
    layout = h5py.VirtualLayout((64, 5), np.float32)
    layout[:] = h5py.VirtualSource("secret.h5", "kernel", (64, 5))
    file.create_virtual_dataset(name, layout)


def compressed(file, name):
    file.create_dataset(name, data=np.zeros((64, 5), np.float32), compression="gzip")


def never_written(file, name):
    file.create_dataset(name, (64, 5), np.float32)


def text(file, name):
    file.create_dataset(name, data=np.full((64, 5), b"0.1"))


def objects(file, name):
    file.create_dataset(name, data=np.full((64, 5), "0.1", object))


def not_finite(file, name):
    file[name] = np.full((64, 5), np.nan, np.float32)


def too_large_for_float32(file, name):
    file[name] = np.full((64, 5), 1e300)


def a_group(file, name):
    file.create_group(name)


def a_type(file, name):
    file[name] = np.dtype(np.float32)


def nothing(file, name):
    pass


HOSTILE = {
    external_link: "is an external link to another place or file, which is not followed",
    soft_link: "is a soft link to another place or file",
    external_storage: "is stored in another file",
    virtual_data: "is stored as a view of other data",
    compressed: "is stored in chunks",
    never_written: "of which the file does not hold the numbers",
    text: "holds text: weights are floating-point numbers",
    objects: "holds text of varying length: weights are floating-point numbers",
    not_finite: "holds numbers that are not finite",
    too_large_for_float32: "holds numbers that are not finite, or too large for float32",
    a_group: "names weights 'dense/kernel:0' of 'dense' that it does not hold",
    a_type: "is neither a group nor an array",
    nothing: "names weights 'dense/kernel:0' of 'dense' that it does not hold",
}


@pytest.mark.parametrize(("put", "message"), HOSTILE.items(), ids=[put.__name__ for put in HOSTILE])
def test_what_keras_does_not_write_is_refused(put, message, path, secret, monkeypatch):
    monkeypatch.chdir(path.parent)  # where a relative name would be found
    replace_kernel(path, put)
    with pytest.raises(ModelFileError, match=message):
        imported(path)


def test_a_group_in_another_file_is_not_opened(path, secret):
    with h5py.File(path, "r+") as file:
        del file["model_weights"]
        file["model_weights"] = h5py.ExternalLink("secret.h5", "/")
    with pytest.raises(ModelFileError, match="model_weights is an external link to another place or file"):
        imported(path)


def test_links_in_files_of_keras_3_are_not_followed(tmp_path, secret):
    with h5py.File(tmp_path / "net.weights.h5", "w") as file:
        for name, arrays in SHAPES.items():
            for number, (_, shape) in enumerate(arrays):
                file[f"layers/{name}/vars/{number}"] = np.zeros(shape, np.float32)
        file["layers/more"] = h5py.ExternalLink("secret.h5", "/")
        file["layers/dense/more"] = h5py.SoftLink("/layers")
    net = imported(tmp_path / "net.weights.h5", estimator=KerasMLPClassifier(hidden_layer_sizes=5), image_shape=(8, 8))
    assert not net.weights_[0].any()
    with h5py.File(tmp_path / "net.weights.h5", "r+") as file:
        del file["layers/dense/vars"]
        file["layers/dense/vars"] = h5py.ExternalLink("secret.h5", "/")
    with pytest.raises(ModelFileError, match="has a layer dense, and the file none of that name"):
        imported(tmp_path / "net.weights.h5", estimator=KerasMLPClassifier(hidden_layer_sizes=5), image_shape=(8, 8))


def test_a_huge_declared_shape_takes_no_memory(path):
    def enormous(file, name):
        file.create_dataset(name, (2**40, 5), np.float32, chunks=(64, 5), fillvalue=1.0)

    replace_kernel(path, enormous)
    config = json.loads(json.dumps(CONFIG))
    config["config"]["layers"][0]["config"]["batch_input_shape"] = [None, 2**40]
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError):
            imported(path, image_shape=(2**20, 2**20))
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()


def test_layers_that_the_file_does_not_fill_take_no_memory(path):
    config = json.loads(json.dumps(CONFIG))
    config["config"]["layers"][0]["config"]["units"] = 2**24
    config["config"]["layers"].insert(1, config["config"]["layers"][0])
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
    with pytest.raises(ModelFileError, match=r"shape \(64, 5\), and \(64, 16777216\) is needed"):
        imported(path)


def test_a_declared_length_beyond_the_file_is_refused(path):
    content = path.read_bytes()
    shape = struct.pack("<QQ", 64, 5)
    assert content.count(shape)
    # Where the sizes stand in the file, of the array and of what is stored of it.
    forged = content.replace(shape, struct.pack("<QQ", 64, 5 * 2**30))
    forged = forged.replace(struct.pack("<Q", 64 * 5 * 4), struct.pack("<Q", 64 * 5 * 4 * 2**30))
    path.write_bytes(forged)
    with pytest.raises(ModelFileError):
        imported(path)


@pytest.fixture
def with_references(path):
    """Return a function that makes the names of layers 3000 references to texts, and changes them."""

    def forge(change):
        with h5py.File(path, "r+") as file:
            file["model_weights"].attrs.create("layer_names", ["dense"] * 3000, dtype=h5py.string_dtype())
            file.attrs["more"] = "x" * 2**20
        content = path.read_bytes()
        found = re.findall(re.escape(struct.pack("<I", 2**20)) + b".{12}", content, flags=re.DOTALL)
        places = [struct.unpack_from("<Q", part, 4)[0] for part in found]
        (long,) = [part for part, place in zip(found, places, strict=True) if content[place : place + 4] == b"GCOL"]
        many = re.search(b"(?:" + re.escape(struct.pack("<I", 5)) + b".{12}){3000}", content, flags=re.DOTALL)
        assert len(change(many[0], long)) == len(many[0])
        path.write_bytes(content.replace(many[0], change(many[0], long)))

    return forge


FORGERIES = {
    "one text for many names": lambda many, long: long * 3000,
    "a length that no text has": lambda many, long: (struct.pack("<I", 2**32 - 1) + many[4:16]) * 3000,
    "a place beyond the file": lambda many, long: (many[:4] + struct.pack("<QI", 2**40, 1)) * 3000,
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES)
def test_references_to_texts_take_no_memory(change, path, with_references):
    with_references(change)
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError, match="The file is damaged, or not as Keras writes it"):
            imported(path)
        assert tracemalloc.get_traced_memory()[1] < 2**28
    finally:
        tracemalloc.stop()


def test_texts_that_cannot_be_told_apart_end(path):
    """The HDF5 library goes on for ever where an entry of a collection has no length."""
    with h5py.File(path, "r+") as file:
        file.attrs.create("model_config", json.dumps(CONFIG), dtype=h5py.string_dtype())
    content = bytearray(path.read_bytes())
    for place in [match.start() for match in re.finditer(b"GCOL", content)]:
        content[place + 16 : place + 32] = bytes(16)
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="cannot be told apart"):
        imported(path)


def test_groups_that_hold_one_another_end(tmp_path):
    with h5py.File(tmp_path / "net.weights.h5", "w") as file:
        layers = file.create_group("layers")
        for number in range(6):
            layers[f"again{number}"] = layers
    with pytest.raises(ModelFileError, match="groups that hold one another"):
        imported(tmp_path / "net.weights.h5", estimator=KerasMLPClassifier(), image_shape=(8, 8))


def test_truncated_and_damaged_files_are_refused(path):
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    broken = [content[:length] for length in range(0, len(content), len(content) // 25)]
    for _ in range(60):
        damaged = bytearray(content)
        for place in rng.integers(len(content), size=8):
            damaged[place] = int(rng.integers(256))
        broken.append(bytes(damaged))
    n_refused = 0
    for part in broken:
        path.write_bytes(part)
        try:
            net = imported(path)
        except ModelFileError:
            n_refused += 1
        else:  # a number was changed, or what nobody reads
            assert [weights.shape for weights in net.weights_] == [(64, 5), (5,), (5, 3), (3,)]
    assert n_refused >= 25


CONFIGS = {
    "a function": {"class_name": "function", "config": "system", "module": "os"},
    "no layers": {"class_name": "Sequential", "config": {}},
    "a text": "Sequential",
    "a lambda": {
        "class_name": "Sequential",
        "config": {"layers": [{"class_name": "Lambda", "config": {"function": "x"}}]},
    },
    "a loop": {
        "class_name": "Functional",
        "config": {
            "layers": [{"class_name": "Add", "name": "a", "config": {}, "inbound_nodes": [[["a", 0, 0, {}]]]}],
            "input_layers": [["a", 0, 0]],
            "output_layers": [["a", 0, 0]],
        },
    },
    "an activation of another package": {
        "class_name": "Sequential",
        "config": {
            "layers": [
                {
                    **CONFIG["config"]["layers"][0],
                    "config": {**CONFIG["config"]["layers"][0]["config"], "activation": "os>system"},
                },
                CONFIG["config"]["layers"][1],
            ]
        },
    },
    "no number": {
        "class_name": "Sequential",
        "config": {"layers": [{"class_name": "Dense", "config": {"units": "many", "use_bias": True}}]},
    },
}


@pytest.mark.parametrize("name", CONFIGS)
def test_made_up_configurations_are_refused(name, tmp_path):
    write_keras_2(tmp_path / "model.h5", CONFIGS[name])
    with pytest.raises(ModelFileError):
        imported(tmp_path / "model.h5")


def test_a_deep_configuration_is_refused():
    config = {"class_name": "Dense", "config": {"units": 1, "use_bias": True}}
    for _ in range(400):
        config = {"class_name": "Sequential", "config": {"layers": [config]}}
    with pytest.raises(ModelFileError, match="nested too deeply"):
        read_network(config)


def keras_3_archive(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", ".", 1), content)
    return stream.getvalue()


def test_archives_that_keras_does_not_write_are_refused(path, tmp_path):
    config = json.dumps(CONFIG).encode()
    file = tmp_path / "model.keras"
    file.write_bytes(keras_3_archive(config_json=config))
    with pytest.raises(ModelFileError, match=r"model\.weights\.h5 is missing"):
        imported(file)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", bytes(2**24))
    with pytest.raises(ModelFileError, match=r"config\.json is compressed"):
        imported(file)
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(ModelFileError, match="The file is damaged"):
        imported(file)


def test_other_files_are_none_of_keras(tmp_path):
    for content in (b"", b"{}", bytes(100), b"\x80\x04cos\nsystem\n."):
        (tmp_path / "model.h5").write_bytes(content)
        with pytest.raises(ModelFileError, match="no HDF5 file"):
            imported(tmp_path / "model.h5")
    with pytest.raises(FileNotFoundError):
        imported(tmp_path / "missing.h5")
