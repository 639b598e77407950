"""Files that are not as they were saved, and files that were made up: each is refused, and nothing of it is done."""

import hashlib
import io
import json
import re
import struct
import sys
import zipfile

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC

from skimgrec import (
    HOGTransformer,
    ImageFlattener,
    KerasMLPClassifier,
    load_model,
    read_card,
    save_model,
)
from skimgrec.persistence import ModelFileError
from skimgrec.persistence._archive import MANIFEST, STATE, write_archive

TRAP = "from pathlib import Path\nPath(__file__).with_name('sprung').touch()\nclass Trap: pass\n"


@pytest.fixture(name="saved", scope="module")
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


def test_any_zip_program_reads_a_model_file(saved):
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names[:3] == ["manifest.json", "card.json", "state.json"]
        for name in names[3:]:
            np.load(io.BytesIO(archive.read(name)), allow_pickle=False)


def test_every_truncation_is_refused(saved, opened):
    for length in [*range(0, len(saved), len(saved) // 150), len(saved) - 1]:
        with pytest.raises(ModelFileError):
            opened(saved[:length])


def test_every_flipped_bit_is_refused(saved, opened):
    rng = np.random.default_rng(0)
    for place in [*range(60), *range(len(saved) - 120, len(saved)), *rng.integers(len(saved), size=150)]:
        damaged = bytearray(saved)
        damaged[place] ^= 1 << int(rng.integers(8))
        with pytest.raises(ModelFileError):
            opened(bytes(damaged))


def test_more_before_or_after_is_refused(saved, opened):
    for content in (b"#!/bin/sh\n" + saved, saved + b"\0", saved + saved, b"", b"PK\5\6" + bytes(18)):
        with pytest.raises(ModelFileError):
            opened(content)


@pytest.mark.parametrize(
    "content", [b"\x80\x04cos\nsystem\n.", b"\x89HDF\r\n\x1a\n", b"PK\3\4" + bytes(100), b"{}" * 50]
)
def test_other_kinds_of_file_are_no_models(content, opened):
    with pytest.raises(ModelFileError, match="no model file of skimgrec"):
        opened(content)


def test_messages_name_the_file(saved, tmp_path):
    path = tmp_path / "odd name.skimgrec"
    path.write_bytes(saved[:-1])
    for read in (load_model, read_card):
        with pytest.raises(ModelFileError, match=re.escape(str(path))):
            read(path)
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "missing")


def other_zip(saved, change):
    """Return a zip archive made by another program, in which `change` may add or replace members."""
    members = members_of(saved)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    manifest = json.dumps({"schema": "skimgrec model", "schema_version": 1, "sha256": digests})
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in {MANIFEST: manifest, **members}.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        change(archive)
    return stream.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "change",
    [
        lambda archive: archive.writestr(zipfile.ZipInfo("../../escaped"), "x"),
        lambda archive: archive.writestr(zipfile.ZipInfo("/tmp/escaped"), "x"),
        lambda archive: archive.writestr(zipfile.ZipInfo("arrays/\u202e.npy"), "x"),
        lambda archive: archive.writestr(zipfile.ZipInfo(STATE), "null"),
        lambda archive: archive.writestr(zipfile.ZipInfo(MANIFEST), "{}"),
        lambda archive: archive.writestr("arrays/90000.npy", bytes(2**24), compress_type=zipfile.ZIP_DEFLATED),
        lambda archive: archive.writestr("arrays/90000.npy", bytes(2**20), compress_type=zipfile.ZIP_LZMA),
        lambda archive: setattr(archive, "comment", b"comment"),
        lambda archive: archive.mkdir("arrays"),
        lambda archive: None,
    ],
    ids=[
        "traversal",
        "absolute",
        "unicode",
        "duplicate",
        "manifest",
        "bomb",
        "lzma",
        "comment",
        "folder",
        "other dates",
    ],
)
def test_archives_of_another_form_are_refused(saved, opened, tmp_path, change):
    with pytest.raises(ModelFileError):
        opened(other_zip(saved, change))
    assert [path.name for path in tmp_path.iterdir()] == ["model.skimgrec"]


@pytest.mark.parametrize("name", ["../../escaped", "/etc/passwd", "arrays/1.npy", "arrays/00000.npy/../x", "model.pkl"])
def test_names_that_skimgrec_does_not_write_are_refused(saved, opened, name):
    with pytest.raises(ModelFileError, match="not one that skimgrec has written"):
        opened(packed({**members_of(saved), name: b"x"}))


def test_swapped_members_are_refused(saved, opened):
    members = members_of(saved)
    order = packed(dict(reversed(members.items())))
    assert opened(order).predict is not None  # the order is free, what they hold is not
    first, second = sorted(members, key=lambda name: -len(members[name]))[:2]
    content = bytearray(saved)
    assert len(members[first]) != len(members[second])
    place = content.find(members[first])
    content[place : place + 64] = members[second][:64]
    with pytest.raises(ModelFileError, match="is not what was saved"):
        opened(bytes(content))
    with pytest.raises(ModelFileError):
        opened(packed({**members, first: members[second], second: members[first]}))


def test_arrays_that_nothing_uses_are_refused(saved, opened):
    with pytest.raises(ModelFileError, match="no part of the model uses"):
        opened(packed({**members_of(saved), "arrays/77777.npy": b"hidden"}))


def newer(saved, version):
    members = members_of(saved)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    manifest = json.dumps({"schema": "skimgrec model", "schema_version": version, "sha256": digests}).encode()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:  # of whatever form the next version will have
        archive.writestr(zipfile.ZipInfo(MANIFEST), manifest)
        archive.writestr("model.bin", bytes(100), compress_type=zipfile.ZIP_DEFLATED)
    return stream.getvalue()


@pytest.mark.parametrize("version", [2, 99, "2"])
def test_newer_files_ask_for_an_upgrade(saved, opened, tmp_path, version):
    content = newer(saved, version)
    with pytest.raises(ModelFileError, match=r"newer skimgrec.*reads up to 1.*pip install --upgrade skimgrec"):
        opened(content)
    with pytest.raises(ModelFileError, match="newer skimgrec"):
        read_card(tmp_path / "model.skimgrec")


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 100_000,
        b"[" * 900 + b"]" * 900,
        b'{"kind":' * 50_000,
        b"[" + b"[]," * 10_000_000 + b"[]]",
        b'{"a":' * 150 + b"1" + b"}" * 150,
        b"9" * 10_000,
        b'"\xff"',
        b"null",
        b"{}",
        b"[]",
        b'"model"',
        b"",
    ],
    ids=lambda text: f"{text[:8].decode('latin1')} {len(text)}",
)
def test_json_that_is_no_state_is_refused(saved, opened, text):
    with pytest.raises(ModelFileError):
        opened(packed({**members_of(saved), STATE: text}))


TUPLE = {"kind": "Tuple", "type": "builtins.tuple", "content": ["touch sprung"]}
HOSTILE = {
    "function": {"kind": "Function", "type": "os.system"},
    "module of the file": {"kind": "Object", "type": "trap.Trap"},
    "type of the file": {"kind": "Type", "type": "trap.Trap"},
    "eval": {"kind": "Type", "type": "builtins.eval"},
    "class": {"kind": "Object", "type": "subprocess.Popen", "content": TUPLE},
    "partial": {"kind": "Partial", "type": "functools.partial", "content": [{"kind": "Function", "type": "os.system"}]},
    "tree": {"kind": "Tree", "type": "os.system", "args": TUPLE},
    "loss": {"kind": "Loss", "type": "os.system", "args": TUPLE},
    "array": {"kind": "Array", "type": "os.system", "file": "arrays/00000.npy"},
    "dict": {"kind": "Dict", "type": "os.system", "content": {}},
    "keys": {"kind": "Dict", "type": "builtins.dict", "keys": ["os.system"], "content": {"touch sprung": 1}},
    "list": {"kind": "List", "type": "builtins.eval", "content": ["1"]},
    "tuple": {"kind": "Tuple", "type": "builtins.exec", "content": ["1"]},
    "method": {"kind": "Method", "type": "sklearn.pipeline.Pipeline", "content": {"func": "fit"}},
    "operator": {"kind": "OperatorFunc", "type": "operator.methodcaller", "content": TUPLE},
    "reduce": {"kind": "ConstructorFromReduce", "type": "os.system", "content": TUPLE},
    "own method": {"kind": "build", "type": "builtins.dict"},
    "random": {"kind": "RandomGenerator", "type": "numpy.random._generator.Generator", "bit_generator": "seed"},
    "outside": {"kind": "Array", "type": "numpy.ndarray", "file": "../../../etc/passwd"},
    "state": {"kind": "Array", "type": "numpy.ndarray", "file": "state.json"},
    "huge": {"kind": "Objects", "type": "numpy.ndarray", "shape": [10**12], "content": []},
    "reference": {"ref": 5},
    "number": {"kind": 5, "type": "builtins.dict"},
    "nothing": {"kind": "Object"},
}


@pytest.mark.parametrize("entry", HOSTILE.values(), ids=HOSTILE)
def test_what_a_file_asks_for_is_not_done(saved, opened, tmp_path, monkeypatch, entry):
    (tmp_path / "trap.py").write_text(TRAP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)

    def hide(state):
        attributes(state, "KNeighborsClassifier")["metric_params"] = entry

    for content in (with_state(saved, hide), with_state(saved, lambda state: entry)):
        with pytest.raises(ModelFileError):
            opened(content)
    assert "trap" not in sys.modules
    assert not (tmp_path / "sprung").exists()


def test_a_trusted_name_stands_only_where_its_kind_does(saved, opened, tmp_path, monkeypatch):
    (tmp_path / "trap.py").write_text(TRAP)
    monkeypatch.syspath_prepend(tmp_path)
    for kind in ("Array", "Dict", "Tree", "Loss", "List"):
        entry = {"kind": kind, "type": "trap.Trap", "content": [], "args": [], "file": "arrays/00000.npy"}
        with pytest.raises(ModelFileError, match="never stands"):
            opened(with_state(saved, lambda state, entry=entry: [entry]), trusted=["trap.Trap"])
    assert "trap" not in sys.modules


@pytest.mark.parametrize("name", ["predict", "__class__", "__setstate__", "kneighbors", "_validate_params"])
def test_state_cannot_replace_methods(saved, opened, name):
    def change(state):
        attributes(state, "KNeighborsClassifier")[name] = 1

    with pytest.raises(ModelFileError, match=name):
        opened(with_state(saved, change))


def test_no_file_names_a_place_to_write_to(saved, opened, tmp_path):
    def change(state):
        attributes(state, "Pipeline")["memory"] = str(tmp_path / "cache")

    with pytest.raises(ModelFileError, match="memory="):
        opened(with_state(saved, change))


def npy(header):
    text = header.encode() + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    "content",
    [
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000,), }"),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 9999999999), }"),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }") + bytes(8),
        npy("{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000,), }"),
        npy("{'descr': '<U536870911', 'fortran_order': False, 'shape': (0,), }"),
        npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }") + b"\x80\x04cos\nsystem\n",
        npy("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,), }") + bytes(8),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }") + bytes(15),
        npy("(" * 5000),
        npy("__import__('os').system('touch sprung')"),
        b"\x93NUMPY\3\0",
        b"\x93NUMPY\2\0\xff\xff\xff\xff",
        b"\x80\x04cos\nsystem\n",
        b"",
    ],
    ids=range(14),
)
def test_arrays_that_are_none_are_refused(saved, opened, content):
    members = members_of(saved)
    largest = max(members, key=lambda name: len(members[name]))
    with pytest.raises(ModelFileError, match=largest):
        opened(packed({**members, largest: content}))


def test_one_array_does_not_stand_for_thousands(saved, opened):
    large = max(
        (name for name in members_of(saved) if name.endswith(".npy")), key=lambda name: len(members_of(saved)[name])
    )
    entry = {"kind": "Array", "type": "numpy.ndarray", "file": large}
    with pytest.raises(ModelFileError, match="stands for several arrays"):
        opened(with_state(saved, lambda state: [entry] * 100_000))


HOG = HOGTransformer(pixels_per_cell=(4, 4), cells_per_block=(1, 1))


def changed_nodes(field, value, where):
    def change(array):
        if array.dtype.names and field in array.dtype.names:
            array[field][array["left" if "left" in array.dtype.names else "left_child"] > 0] = value
            return array
        return None

    return pytest.param(*where, change, id=f"{where[1]} {field}={value}")


FOREST = RandomForestClassifier(3, max_depth=4, random_state=0), "forest"
BOOSTING = HistGradientBoostingClassifier(max_iter=1, random_state=0), "boosting"
GRADIENT = GradientBoostingClassifier(n_estimators=1, random_state=0), "gradient"


@pytest.mark.parametrize(
    ("model", "name", "change"),
    [
        *(changed_nodes(field, value, FOREST) for field in ("left_child", "right_child") for value in (0, 10**6, -7)),
        *(changed_nodes("feature", value, GRADIENT) for value in (36, 10**6, -2)),
        *(changed_nodes(field, value, BOOSTING) for field in ("left", "right") for value in (0, 10**6)),
        *(changed_nodes("feature_idx", value, BOOSTING) for value in (36, -1)),
        changed_nodes("is_categorical", 1, BOOSTING),
    ],
)
def test_nodes_that_lead_astray_are_refused(digits, quietly_fitted, opened, tmp_path, model, name, change):
    content = saved_bytes(quietly_fitted(make_pipeline(HOG, model)), tmp_path)
    with pytest.raises(ModelFileError, match=r"astray|feature that there is not|categories"):
        opened(with_arrays(content, change))


def layout(orientations=9, cell=(4, 4), block=(1, 1), norm="L2-Hys"):
    def entry(parts):
        content = [entry(part) if isinstance(part, tuple) else part for part in parts]
        return {"kind": "Tuple", "type": "builtins.tuple", "content": content}

    return entry((orientations, cell, block, norm, False, False, False))


def test_a_layout_made_up_as_it_was_saved_is_loaded(quietly_fitted, opened, tmp_path):
    content = saved_bytes(quietly_fitted(make_pipeline(HOG, KNeighborsClassifier(1))), tmp_path)

    def change(state):
        attributes(state, "HOGTransformer")["_fitted_layout"] = layout()

    assert opened(with_state(content, change))[0]._fitted_layout[:2] == (9, (4, 4))


@pytest.mark.parametrize(
    ("model", "name", "attribute", "value"),
    [
        (FOREST[0], "RandomForestClassifier", "n_features_in_", 2),
        (GRADIENT[0], "GradientBoostingClassifier", "n_features_in_", 2),
        (BOOSTING[0], "HistGradientBoostingClassifier", "n_features_in_", 2),
        (SVC(), "SVC", "n_features_in_", 2),
        (SVC(), "SVC", "_impl", "epsilon_svr"),
        (SVC(), "SVC", "_n_support", {"ref": 1}),
        (KNeighborsClassifier(1), "KNeighborsClassifier", "_fit_method", "kd_tree"),
        (KNeighborsClassifier(1), "KNeighborsClassifier", "n_samples_fit_", 10**6),
        (SGDClassifier(), "SGDClassifier", "n_features_in_", 2),
        (KNeighborsClassifier(1), "HOGTransformer", "orientations", 0),
        (KNeighborsClassifier(1), "HOGTransformer", "_fitted_layout", layout(cell=(0, 0))),
        (KNeighborsClassifier(1), "HOGTransformer", "_fitted_layout", layout(cell=(10**6, 10**6))),
        (KNeighborsClassifier(1), "HOGTransformer", "_fitted_layout", layout(orientations=-1)),
        (KNeighborsClassifier(1), "HOGTransformer", "_fitted_layout", layout(block=(9, 9))),
        (KNeighborsClassifier(1), "HOGTransformer", "_fitted_layout", layout(norm="none")),
        (KNeighborsClassifier(1), "HOGTransformer", "image_shape_", [10**6, 10**6]),
    ],
)
def test_parts_that_do_not_fit_are_refused(quietly_fitted, opened, tmp_path, model, name, attribute, value):
    content = saved_bytes(quietly_fitted(make_pipeline(HOG, model)), tmp_path)

    def change(state):
        found = attributes(state, name)
        found[attribute] = value

    with pytest.raises(ModelFileError):
        opened(with_state(content, change))


def test_boosting_has_a_column_for_each_tree(quietly_fitted, opened, tmp_path):
    content = saved_bytes(quietly_fitted(make_pipeline(HOG, GRADIENT[0])), tmp_path)

    def change(state):
        attributes(state, "GradientBoostingClassifier")["init_"] = "zero"
        attributes(state, "GradientBoostingClassifier")["n_trees_per_iteration_"] = 1

    with pytest.raises(ModelFileError, match="trees for other classes"):
        opened(with_state(content, change))


@pytest.mark.parametrize(
    ("attribute", "value"), [("_n_features_outs", [1] * 64), ("_infrequent_enabled", True), ("drop_idx_", [0])]
)
def test_columns_of_categories_are_counted(digits, opened, tmp_path, attribute, value):
    X, y = digits
    model = make_pipeline(ImageFlattener(), OneHotEncoder(handle_unknown="ignore"), LogisticRegression(max_iter=300))
    content = saved_bytes(model.fit(X, y), tmp_path)
    np.testing.assert_array_equal(opened(content).predict(X), model.predict(X))

    def change(state):
        attributes(state, "OneHotEncoder")[attribute] = value

    with pytest.raises(ModelFileError, match="categories"):
        opened(with_state(content, change))


def test_labels_that_there_are_not_are_refused(saved, opened):
    def change(array):
        return array + 1000 if array.shape == (200,) and array.dtype.kind == "i" else None

    with pytest.raises(ModelFileError, match="labels that there are not"):
        opened(with_arrays(saved, change))


def test_place_of_a_random_state_lies_in_its_key(quietly_fitted, opened, tmp_path):
    model = make_pipeline(ImageFlattener(), SGDClassifier(random_state=np.random.RandomState(0)))
    content = saved_bytes(quietly_fitted(model), tmp_path)
    changed = re.sub(rb'"pos":\d+', b'"pos":1000000', members_of(content)[STATE])
    with pytest.raises(ModelFileError, match="place outside its key"):
        opened(packed({**members_of(content), STATE: changed}))


def test_numbers_that_are_not_finite_are_refused(quietly_fitted, opened, tmp_path):
    content = saved_bytes(quietly_fitted(make_pipeline(ImageFlattener(), LogisticRegression(max_iter=3))), tmp_path)
    with pytest.raises(ModelFileError, match="not finite"):
        opened(with_arrays(content, lambda array: array * np.nan if array.shape == (10, 64) else None))


@pytest.fixture(name="net", scope="module")
def net_fixture(digits, tmp_path_factory):
    net = KerasMLPClassifier(hidden_layer_sizes=(5,), epochs=1, random_state=0).fit(*digits)
    return saved_bytes(net, tmp_path_factory.mktemp("net"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda array: array * np.nan if array.shape == (64, 5) else None, "not all finite"),
        (lambda array: array.T.copy() if array.shape == (64, 5) else None, "weights of shape"),
        (lambda array: array[:, :4].copy() if array.shape == (64, 5) else None, "weights of shape"),
        (lambda array: np.tile(array, (9, 9)) if array.shape == (64, 5) else None, "weights of shape"),
        (lambda array: array.astype(str) if array.shape == (5, 10) else None, "are no numbers"),
    ],
)
def test_weights_that_do_not_fit_are_refused(net, opened, change, reason):
    with pytest.raises(ModelFileError, match=reason):
        opened(with_arrays(net, change))


LAYER = {"class_name": "Lambda", "module": "keras.layers", "config": {"function": "os.system"}, "registered_name": None}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loss", LAYER),
        ("optimizer", LAYER),
        ("metrics", [LAYER]),
        ("callbacks", [LAYER]),
        ("loss", {"__keras__": "losses.deserialize", "config": LAYER}),
        ("loss", {"__keras__": "losses.get", "config": {}}),
        ("metrics", [{"__keras__": "metrics.MeanMetricWrapper", "config": {"fn": LAYER}}]),
        ("optimizer", {"__keras__": "saving.load_model", "config": {"filepath": "x.keras"}}),
        ("optimizer", "keras.src.saving.load_model"),
        ("_hyperparameters", {"hidden_layer_sizes": LAYER}),
        ("_hyperparameters", {"hidden_layer_sizes": [10**6, 10**6]}),
        ("_hyperparameters", {"hidden_layer_sizes": [10**9] * 1000}),
        ("_fitted_architecture", "os.system"),
        ("_fitted_architecture", "residual"),
        ("_dtype_policy", "anything"),
        ("n_outputs_", 10**6),
        ("_weights", []),
    ],
)
def test_networks_are_built_from_names_and_numbers_alone(net, opened, name, value):
    def as_entry(part):
        if isinstance(part, dict):
            content = {key: as_entry(inner) for key, inner in part.items()}
            return {"kind": "Dict", "type": "builtins.dict", "content": content}
        if isinstance(part, list):
            return {"kind": "Tuple", "type": "builtins.tuple", "content": [as_entry(inner) for inner in part]}
        return part

    def change(state):
        attributes(state, "KerasMLPClassifier")[name] = as_entry(value)

    with pytest.raises(ModelFileError):
        opened(with_state(net, change))
