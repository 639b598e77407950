"""Comparisons on pictures that are given as paths of their files."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skimgrec import ImageFlattener, ImageLoader, compare
from skimgrec.model_selection._fingerprint import data_fingerprint
from skimgrec.model_selection._picture_paths import paths_of

CLASSES, CODES, Y = np.array(["cat", "dog"]), np.tile([0, 1], 10), np.tile(["cat", "dog"], 10)


def save(path, level):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.random.default_rng(level).integers(0, 256, (8, 8), dtype=np.uint8)).save(path)


@pytest.fixture
def paths(tmp_path):
    """Return the paths of 20 pictures."""
    paths = [tmp_path / "pictures" / f"{number:02}.png" for number in range(20)]
    for number, path in enumerate(paths):
        save(path, number)
    return list(map(str, paths))


@pytest.mark.parametrize(
    "convert",
    [
        list,
        tuple,
        np.array,
        lambda paths: np.array(paths)[:, None],
        pd.Series,
        lambda paths: pd.DataFrame({"path": paths}),
        lambda paths: list(map(Path, paths)),
        lambda paths: [path.encode() for path in paths],
        lambda paths: ImageLoader(image_size=(8, 8)).transform(paths),
    ],
)
def test_paths_are_known_in_every_form_that_the_loader_takes(paths, convert):
    assert paths_of(convert(paths)) == paths


@pytest.mark.parametrize("X", [["a", "b"], np.array(["a", "b"]), np.zeros((2, 4)), [[1, 2], [3, 4]], object()])
def test_what_else_is_given_is_no_path(X):
    assert paths_of(X) is None


def test_paths_count_by_the_content_of_their_files(paths):
    before = data_fingerprint(paths, CLASSES, CODES)
    moved = [str(Path(path).rename(Path(path).with_suffix(".PNG"))) for path in paths]
    assert data_fingerprint(np.array(moved), CLASSES, CODES) == before
    save(Path(moved[7]), 100)
    changed = data_fingerprint(moved, CLASSES, CODES)
    Path(moved[7]).unlink()
    assert len({before, changed, data_fingerprint(moved, CLASSES, CODES)}) == 3


def test_a_run_takes_no_rows_of_pictures_that_were_replaced(paths, tmp_path):
    model = {"nb": make_pipeline(ImageLoader(image_size=(8, 8)), ImageFlattener(), GaussianNB())}
    settings = {"cv": 2, "random_state": 0, "run_dir": tmp_path / "run", "near_duplicates": "ignore"}
    first = compare(model, paths, Y, **settings)
    assert compare(model, paths, Y, **settings) == first
    for number, path in enumerate(paths):
        save(Path(path), 100 + number)
    second = compare(model, paths, Y, **settings)
    assert [row.predicted for row in second.rows] != [row.predicted for row in first.rows]
    with pytest.raises(ValueError, match="the pictures or labels differ"):
        first.join(second)


@pytest.mark.parametrize("loaded", [False, True])
def test_files_are_named_beside_predictions_and_label_errors(paths, loaded):
    loader, wrong = ImageLoader(image_size=(8, 8)), Y.copy()
    wrong[3] = "cat"
    model = make_pipeline(ImageFlattener(), GaussianNB())
    X = loader.transform(paths) if loaded else paths
    models = {"nb": model if loaded else make_pipeline(loader, *model)}
    result = compare(models, X, wrong, cv=2, random_state=0, keep_probabilities=True, near_duplicates="ignore")
    assert result.filenames == paths
    assert result.predictions()["filename"].tolist() == paths
    suspects = result.label_errors()
    assert suspects["filename"].tolist() == [paths[row] for row in suspects["row"]]
    assert json.loads(result.to_json())["filenames"] == paths
