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

from skimgrec import (
    load_model,
    read_card,
)
from skimgrec.persistence import ModelFileError
from skimgrec.persistence._archive import MANIFEST, STATE

TRAP = "from pathlib import Path\nPath(__file__).with_name('sprung').touch()\nclass Trap: pass\n"


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


def other_zip(members, change):
    """Return a zip archive made by another program, in which `change` may add or replace members."""
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
def test_archives_of_another_form_are_refused(saved, opened, tmp_path, change, forge):
    with pytest.raises(ModelFileError):
        opened(other_zip(forge.members_of(saved), change))
    assert [path.name for path in tmp_path.iterdir()] == ["model.skimgrec"]


@pytest.mark.parametrize("name", ["../../escaped", "/etc/passwd", "arrays/1.npy", "arrays/00000.npy/../x", "model.pkl"])
def test_names_that_skimgrec_does_not_write_are_refused(saved, opened, name, forge):
    with pytest.raises(ModelFileError, match="not one that skimgrec has written"):
        opened(forge.packed({**forge.members_of(saved), name: b"x"}))


def test_swapped_members_are_refused(saved, opened, forge):
    members = forge.members_of(saved)
    order = forge.packed(dict(reversed(members.items())))
    assert opened(order).predict is not None  # the order is free, what they hold is not
    first, second = sorted(members, key=lambda name: -len(members[name]))[:2]
    content = bytearray(saved)
    assert len(members[first]) != len(members[second])
    place = content.find(members[first])
    content[place : place + 64] = members[second][:64]
    with pytest.raises(ModelFileError, match="is not what was saved"):
        opened(bytes(content))
    with pytest.raises(ModelFileError):
        opened(forge.packed({**members, first: members[second], second: members[first]}))


def test_arrays_that_nothing_uses_are_refused(saved, opened, forge):
    with pytest.raises(ModelFileError, match="no part of the model uses"):
        opened(forge.packed({**forge.members_of(saved), "arrays/77777.npy": b"hidden"}))


def newer(members, version):
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    manifest = json.dumps({"schema": "skimgrec model", "schema_version": version, "sha256": digests}).encode()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:  # of whatever form the next version will have
        archive.writestr(zipfile.ZipInfo(MANIFEST), manifest)
        archive.writestr("model.bin", bytes(100), compress_type=zipfile.ZIP_DEFLATED)
    return stream.getvalue()


@pytest.mark.parametrize("version", [2, 99, "2"])
def test_newer_files_ask_for_an_upgrade(saved, opened, tmp_path, version, forge):
    content = newer(forge.members_of(saved), version)
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
def test_json_that_is_no_state_is_refused(saved, opened, text, forge):
    with pytest.raises(ModelFileError):
        opened(forge.packed({**forge.members_of(saved), STATE: text}))


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
def test_what_a_file_asks_for_is_not_done(saved, opened, tmp_path, monkeypatch, entry, forge):
    (tmp_path / "trap.py").write_text(TRAP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)

    def hide(state):
        forge.attributes(state, "KNeighborsClassifier")["metric_params"] = entry

    for content in (forge.with_state(saved, hide), forge.with_state(saved, lambda state: entry)):
        with pytest.raises(ModelFileError):
            opened(content)
    assert "trap" not in sys.modules
    assert not (tmp_path / "sprung").exists()


def test_a_trusted_name_stands_only_where_its_kind_does(saved, opened, tmp_path, monkeypatch, forge):
    (tmp_path / "trap.py").write_text(TRAP)
    monkeypatch.syspath_prepend(tmp_path)
    for kind in ("Array", "Dict", "Tree", "Loss", "List"):
        entry = {"kind": kind, "type": "trap.Trap", "content": [], "args": [], "file": "arrays/00000.npy"}
        with pytest.raises(ModelFileError, match="never stands"):
            opened(forge.with_state(saved, lambda state, entry=entry: [entry]), trusted=["trap.Trap"])
    assert "trap" not in sys.modules


@pytest.mark.parametrize("name", ["predict", "__class__", "__setstate__", "kneighbors", "_validate_params"])
def test_state_cannot_replace_methods(saved, opened, name, forge):
    def change(state):
        forge.attributes(state, "KNeighborsClassifier")[name] = 1

    with pytest.raises(ModelFileError, match=name):
        opened(forge.with_state(saved, change))


def test_no_file_names_a_place_to_write_to(saved, opened, tmp_path, forge):
    def change(state):
        forge.attributes(state, "Pipeline")["memory"] = str(tmp_path / "cache")

    with pytest.raises(ModelFileError, match="memory="):
        opened(forge.with_state(saved, change))


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
def test_arrays_that_are_none_are_refused(saved, opened, content, forge):
    members = forge.members_of(saved)
    largest = max(members, key=lambda name: len(members[name]))
    with pytest.raises(ModelFileError, match=largest):
        opened(forge.packed({**members, largest: content}))


def test_one_array_does_not_stand_for_thousands(saved, opened, forge):
    large = max(
        (name for name in forge.members_of(saved) if name.endswith(".npy")),
        key=lambda name: len(forge.members_of(saved)[name]),
    )
    entry = {"kind": "Array", "type": "numpy.ndarray", "file": large}
    with pytest.raises(ModelFileError, match="stands for several arrays"):
        opened(forge.with_state(saved, lambda state: [entry] * 100_000))
