"""What predict does to start sooner, and that nothing is left of it."""

import gc
import subprocess
import sys

import numpy as np
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import ImageFlattener, ImageLoader, save_model
from skimgrec.cli._quick_start import quick_start

PROGRAM = """
import gc, sys
from skimgrec.cli import app
before = gc.get_threshold()
app(["predict", *sys.argv[1:]], standalone_mode=False)
print(sorted({"pandas", "rich.progress", "scikeras", "tensorflow", "matplotlib"} & set(sys.modules)))
print(gc.get_threshold() == before)
import pandas, rich.progress
from sklearn.preprocessing import StandardScaler
print(StandardScaler().set_output(transform="pandas").fit_transform(pandas.DataFrame({"a": [1.0, 2.0]})).columns[0])
"""


def test_predict_loads_no_pandas_and_leaves_it_to_others(tmp_path):
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    for name in ("a", "b"):
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    model = make_pipeline(ImageLoader((4, 4)), ImageFlattener(), KNeighborsClassifier(1))
    save_model(model.fit([tmp_path / "a.png", tmp_path / "b.png"], ["x", "y"]), tmp_path / "model")
    command = [sys.executable, "-c", PROGRAM, tmp_path / "model", tmp_path / "b.png"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{tmp_path / 'b.png'}  x 1.000", "[]", "True", "a"]


def test_garbage_is_collected_as_before_even_after_an_error():
    before = gc.get_threshold()
    try:
        with quick_start():
            assert gc.get_threshold()[0] > before[0]
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert gc.get_threshold() == before
