"""Damaged and hostile files of Keras: each must be refused or read, within 2 seconds and 100 MiB.

    python benchmarks/fuzz_keras.py [--files 5000] [--seed 0] [--only NUMBER]

A process of its own makes the files and reads their configuration and weights, so that a crash or a hang is seen, told,
and passed over. Each file follows from the seed and its number alone; `--only` makes and reads one of them again. Keras
is not needed, h5py is. Exits with 1 if there was a crash, a hang, an error of another kind than `ModelFileError`,
weights that no file of this size can hold, or a limit that was passed.
"""

import argparse
import io
import json
import random
import struct
import sys
import tempfile
import time
import zipfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import h5py
import numpy as np
from _fuzzing import outcomes, report
from _timing import forget_peak, memory

from skimgrec.neural_network._keras_file import open_keras_file
from skimgrec.neural_network._keras_weights import stored_layers
from skimgrec.persistence import ModelFileError
from skimgrec.persistence._keras_config import read_network
from skimgrec.persistence._keras_guess import guess_classifier

LIMIT_SECONDS, LIMIT_MIB = 2.0, 100.0
# Of the wall clock: other programs may run.
HANG_SECONDS = 30.0
SHAPES = {"dense": [(64, 5), (5,)], "dense_1": [(5, 3), (3,)]}


def configuration():
    layers = [
        {"class_name": "Dense", "config": {"name": name, "units": arrays[1][0], "activation": "relu", "use_bias": True}}
        for name, arrays in SHAPES.items()
    ]
    return json.dumps({"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}})


@cache
def whole_files():
    """Return the content of a file of Keras 2, of one of Keras 3, and of its archive."""
    rng, files = np.random.default_rng(0), []
    for keras in (2, 3):
        stream = io.BytesIO()
        with h5py.File(stream, "w") as file:
            if keras == 2:
                file.attrs["model_config"] = configuration().encode()
                file.create_group("model_weights").attrs["layer_names"] = [name.encode() for name in SHAPES]
            for name, shapes in SHAPES.items():
                if keras == 2:
                    parts = [f"{name}/{part}:0" for part in ("kernel", "bias")]
                    file.create_group(f"model_weights/{name}").attrs["weight_names"] = [part.encode() for part in parts]
                for number, shape in enumerate(shapes):
                    place = f"model_weights/{name}/{parts[number]}" if keras == 2 else f"layers/{name}/vars/{number}"
                    file[place] = rng.normal(size=shape).astype(np.float32)
        files.append(stream.getvalue())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("config.json", configuration())
        archive.writestr("model.weights.h5", files[-1])
    return [*files, stream.getvalue()]


def make_file(seed, number):
    """Return the name of a damage and a file's content, which follow from the numbers."""
    rng = random.Random(f"{seed} {number}")
    kind = rng.randrange(len(whole_files()))
    content = bytearray(whole_files()[kind])
    signatures = (b"TREE", b"SNOD", b"HEAP", b"GCOL", b"\1\0")
    names = []
    for _ in range(rng.choice([1, 1, 2, 4, 8])):
        place = rng.randrange(len(content))
        if rng.random() < 0.5:  # what says where things lie is a small part, and the most interesting one
            place = content.find(rng.choice(signatures), place) + rng.randrange(64)
            place = min(max(place, 0), len(content) - 1)
        damage = rng.choice(["byte", "bit", "ones", "number", "copy", "cut"])
        names.append(damage)
        if damage == "byte":
            content[place] = rng.randrange(256)
        elif damage == "bit":
            content[place] ^= 1 << rng.randrange(8)
        elif damage == "ones":
            content[place : place + 8] = b"\xff" * 8
        elif damage == "number":
            content[place : place + 8] = struct.pack(
                "<Q", rng.choice([0, 1, 2**31, 2**63, rng.randrange(len(content))])
            )
        elif damage == "copy":
            start, length = rng.randrange(len(content)), rng.randrange(1, 64)
            content[place : place + length] = content[start : start + length]
        elif rng.random() < 0.1:
            del content[place:]
        if not content:
            break
    return f"{kind}-{'-'.join(names)}", bytes(content)


def read_one(path):
    """Return what became of a file: "read", "refused", or "wrong", and why."""
    try:
        with open_keras_file(path) as file:
            if file.config is not None:
                with suppress(ModelFileError):
                    guess_classifier(read_network(file.config))
            arrays = [array for layer in stored_layers(file) for array in layer.arrays]
            n_bytes = sum(array.read().nbytes for array in arrays)
    except ModelFileError as error:
        return ("refused", str(error)) if len(str(error)) > 20 else ("wrong", f"an error that says nothing: {error}")
    except Exception as error:
        return "wrong", f"{type(error).__name__}: {error}"
    if n_bytes > 100 * path.stat().st_size:
        return "wrong", f"{n_bytes} bytes of weights"
    return "read", ""


def work(seed, numbers):
    """Make and read files, and print a line before and after each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.h5")
        for content in whole_files():  # what is imported at first use is not the file's doing
            path.write_bytes(content)
            assert read_one(path) == ("read", "")
        for number in numbers:
            damage, content = make_file(seed, number)
            name = f"{number}-{damage}"
            path.write_bytes(content)
            print(json.dumps([number, name]), flush=True)
            forget_peak()
            before, start, cpu = memory("VmRSS"), time.perf_counter(), time.process_time()
            outcome, text = read_one(path)
            seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
            mib = memory("VmHWM") - before
            if min(seconds, cpu) > LIMIT_SECONDS or mib > LIMIT_MIB:
                outcome, text = "wrong", f"took {seconds:.1f} s and {mib:.0f} MiB to say: {text}"
            print(json.dumps([number, name, outcome, text, seconds, mib]), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="make and read this one file, in this process")
    parser.add_argument("--worker", type=int, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker or arguments.only is not None:
        work(arguments.seed, range(*arguments.worker) if arguments.worker else [arguments.only])
        return 0
    found = outcomes(__file__, arguments.files, seed=arguments.seed, hang_seconds=HANG_SECONDS)
    return report(found, ("read", "refused"), seed=arguments.seed, measured=("read", "refused"), n_reasons=25)


if __name__ == "__main__":
    sys.exit(main())
