"""Damaged and hostile model files: each must be refused, or load and predict, within 2 seconds and 200 MiB.

    python benchmarks/fuzz_models.py [--files 2000] [--seed 0] [--only NUMBER] [--without-networks]

A process of its own makes and loads the files, so that a crash or a hang is seen, told, and passed over. Each file
follows from the seed and its number alone; `--only` makes and loads one of them again. Files that were damaged as a
whole must be refused; of those whose contents were changed, with digests to match, some are models like any other:
these predict, in which they may raise an error. Exits with 1 if there was a crash, a hang, an error of another kind
than `ModelFileError` while loading, a damaged file that loads, anything run, imported or written that a file asked for,
or a limit that was passed.
"""

import argparse
import hashlib
import io
import json
import os
import random
import struct
import sys
import tempfile
import time
import warnings
import zipfile
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from _fuzzing import outcomes, report
from _timing import forget_peak, memory
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skimgrec import HOGTransformer, ImageFlattener, KerasCNNClassifier, KerasMLPClassifier
from skimgrec.persistence import ModelFileError, load_model, save_model
from skimgrec.persistence._archive import MANIFEST, STATE, write_archive
from skimgrec.persistence._types import ALLOWED

LIMIT_SECONDS, LIMIT_MIB = 2.0, 200.0
# Of the wall clock: other programs may run.
HANG_SECONDS = 30.0
HOSTILE = (
    "os.system",
    "builtins.eval",
    "builtins.exec",
    "subprocess.Popen",
    "pickle.loads",
    "trap.Trap",
    "shutil.rmtree",
)
# What Python reports of itself, and no loading of a model brings about.
FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.remove", "os.rename", "os.mkdir", "os.rmdir")
FORBIDDEN += ("subprocess.Popen", "socket.connect", "shutil.", "pickle.find_class", "ctypes.dlopen")


def pictures():
    bunch = load_digits()
    return (bunch.images[:120] * 15).astype(np.uint8), bunch.target[:120]


@cache
def whole_files(networks):
    """Return the content of one file for each kind of model, and its members by name."""
    X, y = pictures()
    hog = HOGTransformer(pixels_per_cell=(4, 4), cells_per_block=(1, 1))
    settings = {"epochs": 1, "random_state": 0, "n_threads": 1}
    small = [
        make_pipeline(hog, RandomForestClassifier(3, max_depth=4, random_state=0)),
        make_pipeline(ImageFlattener(), KNeighborsClassifier(1)),
        make_pipeline(ImageFlattener(), StandardScaler(), LogisticRegression(max_iter=50)),
        make_pipeline(hog, SVC(kernel="rbf")),
        make_pipeline(hog, HistGradientBoostingClassifier(max_iter=2, early_stopping=True, random_state=0)),
        make_pipeline(hog, GradientBoostingClassifier(n_estimators=1, random_state=0)),
        make_pipeline(hog, MLPClassifier((5,), max_iter=2, random_state=0)),
        make_pipeline(hog, CalibratedClassifierCV(SVC(), method="isotonic", cv=2)),
        GridSearchCV(make_pipeline(hog, KNeighborsClassifier(algorithm="kd_tree")), {"hogtransformer": [hog]}, cv=2),
    ]
    if networks:
        small += [
            KerasMLPClassifier(hidden_layer_sizes=(5,), **settings),
            KerasCNNClassifier(architecture="sequential", filters=(3,), dense_units=(4,), **settings),
        ]
    files = []
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for model in small:
            path = Path(folder, "model")
            save_model(model.fit(X, y), path)
            with zipfile.ZipFile(path) as archive:
                members = {name: archive.read(name) for name in archive.namelist() if name != MANIFEST}
            files.append((path.read_bytes(), members))
    return files


# Damage to a file as a whole.


def flip_bits(rng, content, members):
    content = bytearray(content)
    # The names, sizes and digests are a small part of a file, and the most interesting one.
    start, end = rng.choice([(0, len(content)), (0, 200), (len(content) - 300, len(content))])
    for _ in range(rng.choice([1, 1, 1, 3, 20])):
        content[rng.randrange(start, end)] ^= 1 << rng.randrange(8)
    return bytes(content)


def truncate(rng, content, members):
    return content[: rng.randrange(len(content))]


def overwrite(rng, content, members):
    content = bytearray(content)
    start, length = rng.randrange(len(content)), rng.choice([1, 4, 32, 500])
    filling = rng.choice([b"\xff" * length, rng.randbytes(length), bytes(length) + b"\1"])
    if rng.random() < 0.5:
        content[start : start + length] = filling
    else:
        content[start:start] = filling
    return bytes(content)


def blow_up_sizes(rng, content, members):
    content = bytearray(content)
    signature = rng.choice([b"PK\3\4", b"PK\1\2", b"PK\5\6"])
    place = content.find(signature, rng.randrange(len(content)))
    place = max(place, content.find(signature))
    field = struct.pack("<I", rng.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 2**30, rng.randrange(2**32)]))
    place += rng.randrange(4, 46 if signature == b"PK\1\2" else 22)
    content[place : place + 4] = field
    return bytes(content)


def other_zip(rng, content, members):
    """Return an archive that any zip program reads, and whose manifest is right, but of another form."""
    stream, names = io.BytesIO(), [*members]
    digests = {name: hashlib.sha256(part).hexdigest() for name, part in members.items()}
    manifest = json.dumps({"schema": "skimgrec model", "schema_version": 1, "sha256": digests}, separators=(",", ":"))
    kind = rng.choice(["traversal", "duplicate", "bomb", "deflated", "comment", "more", "fewer", "swapped", "absolute"])
    with zipfile.ZipFile(stream, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(zipfile.ZipInfo(MANIFEST), manifest)
        if kind == "swapped":
            rng.shuffle(names)
        for name in names:
            method = zipfile.ZIP_DEFLATED if kind == "deflated" else zipfile.ZIP_STORED
            if kind != "fewer" or name != names[-1]:
                archive.writestr(zipfile.ZipInfo(name), members[name], compress_type=method)
        if kind in ("traversal", "absolute"):
            name = "../../tmp/escaped.npy" if kind == "traversal" else "/tmp/escaped.npy"
            archive.writestr(zipfile.ZipInfo(name), b"escaped")
        elif kind == "duplicate":
            archive.writestr(zipfile.ZipInfo(rng.choice(names)), rng.choice([*members.values()]))
        elif kind == "bomb":
            archive.writestr(zipfile.ZipInfo("arrays/99999.npy"), bytes(2**26), compress_type=zipfile.ZIP_DEFLATED)
        elif kind == "more":
            archive.writestr(zipfile.ZipInfo("arrays/99999.npy"), b"more")
        elif kind == "comment":
            archive.comment = rng.randbytes(20)
    return stream.getvalue()


# Changes of what a file holds, with digests that match.


def packed(members):
    stream = io.BytesIO()
    write_archive(stream, members)
    return stream.getvalue()


def swap_members(rng, content, members):
    names = [name for name in members if name.endswith(".npy")]
    first, second = rng.choice(names), rng.choice([*members])
    return packed({**members, first: members[second], second: members[first]})


def header(rng):
    """Return the start of a .npy file that declares what it does not hold."""
    shape = rng.choice(
        ["(1000000000000,)", "(0, 99999999999)", "(-1,)", "(2, 3)", "()", "(" * 90, "(1,) * 10**9", "(True,)"]
    )
    kind = rng.choice(
        ["'<f8'", "'|O'", "'<U2000000000'", "'|V0'", "[('a', '|O')]", "'<i4'", "'|S0'", "[" * 200, "'M8[ns]'"]
    )
    text = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    start = rng.choice(
        [b"\x93NUMPY\1\0" + struct.pack("<H", len(text)), b"\x93NUMPY\2\0" + struct.pack("<I", len(text))]
    )
    return rng.choice([start, start, b"\x93NUMPY\3\0", b"\x93NUMPY\2\0\xff\xff\xff\xff", b"\x80\4c"]) + text


def change_array(rng, content, members):
    names = [name for name in members if name.endswith(".npy")]
    name = rng.choice(names)
    old = members[name]
    array = np.load(io.BytesIO(old))
    action = rng.choice(["header", "declared", "nan", "number", "shape", "dtype", "bits", "cut", "type"])
    if action == "header":
        new = header(rng) + old[128:]
    elif action == "declared":
        new = old.replace(b"'shape': (", b"'shape': (9" + b"9" * rng.randrange(12), 1)
    elif action == "cut":
        new = old[: rng.randrange(len(old))]
    elif action == "bits":
        new = bytearray(old)
        for _ in range(rng.choice([1, 5])):
            new[rng.randrange(min(128, len(old)), len(old)) if len(old) > 129 else 100] ^= 1 << rng.randrange(8)
        new = bytes(new)
    else:
        flat = array.ravel().copy()
        if flat.dtype.names:
            field = rng.choice(flat.dtype.names)
            flat[field][rng.randrange(len(flat))] = rng.choice([0, 1, 2**7, 2**30 if flat[field].itemsize > 3 else 255])
        elif action == "nan" and flat.dtype.kind == "f" and flat.size:
            flat[rng.randrange(flat.size)] = rng.choice([np.nan, np.inf])
        elif action == "number" and flat.dtype.kind in "iuf" and flat.size:
            flat[rng.randrange(flat.size)] = rng.choice([0, 1, 2, 100, 127])
        elif action == "shape":
            flat = flat[: rng.randrange(flat.size + 1)] if rng.random() < 0.5 else np.concatenate([flat, flat])
        elif action == "dtype" and flat.dtype.kind in "iuf":
            flat = np.nan_to_num(flat).astype(rng.choice(["<f4", "<i8", "<i2", "<U3", "<c16", ">f8"]))
        elif action == "type":
            flat = np.array(["text"] * flat.size)
        stream = io.BytesIO()
        np.save(stream, flat.reshape(array.shape) if flat.size == array.size else flat)
        new = stream.getvalue()
    return packed({**members, name: new})


def places(value, found=None):
    """Return (container, key) of everything in JSON values."""
    found = [] if found is None else found
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        found.append((value, key))
        places(value[key], found)
    return found


def hostile_entry(rng, value):
    name = rng.choice(HOSTILE)
    anything = rng.choice([["touch /tmp/escaped"], {"args": "touch /tmp/escaped"}, value])
    call = {"kind": "Tuple", "type": "builtins.tuple", "content": ["touch /tmp/escaped"]}
    optimizer = rng.choice(
        ["optimizers.get", "losses.deserialize", "metrics.MeanMetricWrapper", "saving.load_model", "a.b"]
    )
    layer = {"class_name": "Lambda", "module": "keras.layers", "config": {"function": "os.system"}}
    return rng.choice(
        [
            {"kind": rng.choice([*ALLOWED]), "type": name, "content": anything, "args": call},
            {"kind": "Object", "type": rng.choice([*ALLOWED["Object"]]), "content": {"kind": "Dict", "content": {}}},
            {"kind": "Function", "type": name},
            {"kind": "Partial", "type": "functools.partial", "content": [{"kind": "Function", "type": name}, call, {}]},
            {"kind": "Dict", "type": "builtins.dict", "keys": [name], "content": {"touch /tmp/escaped": 1}},
            {"kind": "Array", "type": name, "file": "arrays/00000.npy"},
            {"kind": "Array", "type": "numpy.ndarray", "file": rng.choice(["../../etc/passwd", "state.json", 7])},
            {"kind": "Objects", "type": "numpy.ndarray", "shape": [10**12], "content": []},
            {"kind": rng.choice([*ALLOWED]), "type": rng.choice(sorted(ALLOWED[rng.choice([*ALLOWED])]) or ["x"])},
            {"kind": "Dict", "type": "builtins.dict", "content": {"__keras__": optimizer, "config": {"fn": name}}},
            {"kind": "Dict", "type": "builtins.dict", "content": layer},
            {
                "kind": "Type",
                "type": rng.choice(["builtins.map", "builtins.type", "builtins.object", "sklearn.utils.Bunch"]),
            },
            {"kind": "__init__", "type": name},
            {"ref": rng.choice([1, 2, 10**6, -1, "x", None])},
            {},
            [value] * 3,
        ]
    )


def change_state(rng, content, members):
    state = json.loads(members[STATE])
    for _ in range(rng.choice([1, 1, 2, 5])):
        container, key = rng.choice(places(state))
        value = container[key]
        action = rng.choice(["hostile", "hostile", "scalar", "scalar", "drop", "swap", "number", "method", "place"])
        if action == "hostile":
            container[key] = hostile_entry(rng, value)
        elif action == "scalar":
            container[key] = rng.choice(
                [None, True, -1, 0, 10**6, 10**30, 0.5, float("nan"), "", "x" * 1000, [], "../x"]
            )
        elif action == "drop":
            del container[key]
        elif action == "swap":
            other, place = rng.choice(places(state))
            container[key], other[place] = other[place], json.loads(json.dumps(value))
        elif action == "number" and type(value) in (int, float):
            container[key] = rng.choice([value + 1, -value, value * 1000, 2**31, 2**63])
        elif isinstance(container, dict) and isinstance(value, dict) and isinstance(value.get("content"), dict):
            name = rng.choice(["predict", "__class__", "transform", "__getattr__", "_validate_params"])
            if action == "place":
                name = rng.choice(
                    ["memory", "cache", "n_features_in_", "n_samples_fit_", "_impl", "tree_", "image_shape_"]
                )
            value["content"][name] = rng.choice(["/tmp/escaped", 1, 10**6, {"kind": "Type", "type": "builtins.str"}])
    return packed({**members, STATE: json.dumps(state).encode()})


def change_json(rng, content, members):
    text = members[STATE]
    deep, n = rng.choice([b"[", b'{"kind":']), rng.choice([150, 5000, 200_000])
    new = rng.choice(
        [
            deep * n,
            b"[" * n + b"]" * n,
            b"[" + b"[]," * 3_000_000 + b"[]]",
            b'[{"a":{}},' * 1_000_000,
            b"9" * 100_000,
            text[: rng.randrange(len(text))],
            text.replace(b'"content"', rng.choice([b'"kontent"', b'"kind"', b'"id"'])),
            b'"\xff\xfe"',
            b"null",
            b"[]",
            b"",
        ]
    )
    return packed({**members, STATE: new})


def newer(rng, content, members):
    version = rng.choice([2, 99, "1", None, 1.5, -1, [], True])
    digests = {name: hashlib.sha256(part).hexdigest() for name, part in members.items()}
    old = json.dumps(
        {"schema": "skimgrec model", "schema_version": 1, "sha256": digests}, separators=(",", ":")
    ).encode()
    new = json.dumps({"schema": "skimgrec model", "schema_version": version, "sha256": digests}).encode()
    fields = (20, 0, 0, 0, 0x21, zlib.crc32(new), len(new), len(new), len(MANIFEST), 0)
    start = struct.pack("<4s5H3I2H", b"PK\3\4", *fields) + MANIFEST.encode()
    return start + new + content[30 + len(MANIFEST) + len(old) :]


def repeat_array(rng, content, members):
    """Let one array stand for thousands: a small file that becomes large."""
    large = max((name for name in members if name.endswith(".npy")), key=lambda name: len(members[name]))
    entry = {"kind": "Array", "type": "numpy.ndarray", "file": large}
    return packed({**members, STATE: json.dumps([entry] * 20_000).encode()})


def leave(rng, content, members):
    return content


DAMAGES = (flip_bits, truncate, overwrite, blow_up_sizes, other_zip, newer)
CHANGES = (swap_members, change_array, change_state, change_json, repeat_array, leave)
WEIGHTS = {flip_bits: 12, truncate: 6, overwrite: 6, blow_up_sizes: 6, other_zip: 8, newer: 2, swap_members: 4}
WEIGHTS |= {change_array: 22, change_state: 28, change_json: 3, repeat_array: 1, leave: 2}


def make_file(seed, number, networks):
    """Return the name of a damage and a file's content, which follow from the numbers."""
    rng = random.Random(f"{seed} {number}")
    kind = rng.randrange(len(whole_files(networks)))
    content, members = whole_files(networks)[kind]
    damage = rng.choices([*WEIGHTS], [*WEIGHTS.values()])[0]
    new = damage(rng, content, members)
    return ("leave" if new == content else damage.__name__), kind, new


class Watch:
    """Notes what Python reports of itself while a file is loaded."""

    def __init__(self):
        self.events, self.on = [], False
        sys.addaudithook(self._note)

    def _note(self, event, arguments):
        if not self.on:
            return
        if event.startswith(FORBIDDEN):
            self.events.append(f"{event} {str(arguments)[:100]}")
        elif (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        ):
            self.events.append(f"open for writing {arguments[0]}")


def load_one(path, damage, watch):
    """Return what became of a file: "loaded", "refused", or "wrong", and why."""
    model, text = None, ""
    watch.events.clear()
    watch.on = True
    try:
        model = load_model(path)
    except ModelFileError as error:
        text = str(error).removeprefix(f"{path}: ")
    except Exception as error:
        return "wrong", f"{type(error).__name__}: {error}"
    finally:
        watch.on = False
    if watch.events or "trap" in sys.modules or os.path.exists("/tmp/escaped"):
        return "wrong", f"something was done: {watch.events[:3]}"
    if model is None:
        return ("refused", text) if len(text) > 20 else ("wrong", f"an error that says nothing: {text!r}")
    if damage in {damage.__name__ for damage in DAMAGES}:
        return "wrong", "a damaged file was loaded"
    return "loaded", ""


def use(path):
    """Predict with a model that has loaded: anything but a crash will do."""
    X, _ = pictures()
    try:
        model = load_model(path)
        for _ in range(2):
            model.predict(X)
        return ""
    except Exception as error:
        return f"{type(error).__name__}"


def work(seed, numbers, networks):
    """Make and load files, and print a line before and after each."""
    warnings.simplefilter("ignore")
    files = whole_files(networks)
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "trap.py").write_text("class Trap: pass\n")
        sys.path.insert(0, folder)
        path = Path(folder, "model.skimgrec")
        for content, _ in files:  # what is imported and compiled at first use is not the file's doing
            path.write_bytes(content)
            load_model(path).predict(pictures()[0])
        for number in numbers:
            damage, kind, content = make_file(seed, number, networks)
            name = f"{number}-{damage}-{kind}"
            path.write_bytes(content)
            print(json.dumps([number, name]), flush=True)
            forget_peak()
            before, start, cpu = memory("VmRSS"), time.perf_counter(), time.process_time()
            outcome, text = load_one(path, damage, watch)
            seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
            mib = memory("VmHWM") - before
            if outcome == "refused" and (min(seconds, cpu) > LIMIT_SECONDS or mib > LIMIT_MIB):
                outcome, text = "wrong", f"took {seconds:.1f} s and {mib:.0f} MiB to say: {text}"
            if outcome == "loaded" and damage != "leave":
                text = use(path)
            print(json.dumps([number, name, outcome, text, seconds, mib]), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="make and load this one file, in this process")
    parser.add_argument("--without-networks", action="store_true", help="do without TensorFlow")
    parser.add_argument("--worker", type=int, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    networks = not arguments.without_networks
    if arguments.worker or arguments.only is not None:
        work(arguments.seed, range(*arguments.worker) if arguments.worker else [arguments.only], networks)
        return 0

    options = [] if networks else ["--without-networks"]
    found = outcomes(__file__, arguments.files, *options, seed=arguments.seed, hang_seconds=HANG_SECONDS)
    return report(found, ("loaded", "refused"), seed=arguments.seed, measured=("refused",), n_reasons=25)


if __name__ == "__main__":
    sys.exit(main())
