"""`ImageLoader`: paths of every kind in, pictures out when they are read, and clear words for everything else."""

import os
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from PIL import Image
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer, ImageFlattener, ImageLoader, KerasCNNClassifier, compare
from skimgrec.utils import LazyImages
from skimgrec.utils._decode import UnreadablePictureError

KINDS = {
    "object array": lambda paths: paths,
    "array of str": lambda paths: paths.astype(str),
    "column": lambda paths: paths[:, None],
    "list of str": list,
    "tuple of Path": lambda paths: tuple(map(Path, paths)),
    "object array of Path": lambda paths: np.array([Path(path) for path in paths], dtype=object),
    "list of rows": lambda paths: [[path] for path in paths],
    "list of bytes": lambda paths: [os.fsencode(path) for path in paths],
    "NumPy's new strings": lambda paths: paths.astype(np.dtypes.StringDType()),
    "series": pd.Series,
    "series of pandas strings": lambda paths: pd.Series(paths, dtype="string"),
    "series of categories": lambda paths: pd.Series(paths, dtype="category"),
    "data frame": lambda paths: pd.DataFrame({"file": paths}, index=np.arange(len(paths))[::-1]),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_paths_of_every_kind_give_the_same_pictures(photos, kind):
    paths, _ = photos
    found = ImageLoader((16, 12)).fit_transform(kind(paths[:4]))
    expected = [np.asarray(Image.open(path).resize((12, 16), Image.Resampling.BILINEAR)) for path in paths[:4]]
    assert isinstance(found, LazyImages)
    assert found.shape == (4, 16, 12, 3)
    # Our resampling rounds once, Pillow's twice.
    np.testing.assert_allclose(np.asarray(found), expected, atol=1)


def test_what_pictures_become_is_decided_by_the_parameters(photos):
    paths, _ = photos
    grey = ImageLoader((16, 12), grey=True).transform(paths)
    assert grey.shape == (36, 16, 12)
    boxed = np.asarray(ImageLoader([10, 48], resize="fit").transform(paths[:1]))[0]
    assert not boxed[:, :16].any()
    assert boxed[:, 20:28].any(axis=-1).all()
    cropped, stretched = (np.asarray(ImageLoader((8, 4), resize=r).transform(paths)) for r in ("crop", "stretch"))
    assert (cropped != stretched).any()


def test_it_needs_no_fit_and_looks_at_no_file(tmp_path):
    lazy = ImageLoader().transform([tmp_path / "nowhere.png"])
    assert lazy.shape == (1, 64, 64, 3)
    with pytest.raises(UnreadablePictureError, match=r"nowhere\.png: there is no such file"):
        np.asarray(lazy)


def test_a_broken_file_is_black_if_that_is_wanted(photos, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff no picture")
    lazy = ImageLoader((8, 8), on_error="blank").transform([photos[0][0], broken])
    with pytest.warns(UserWarning, match=r"1 of 2 files could not be read.*broken\.jpg"):
        pictures = np.asarray(lazy)
    assert pictures[0].any()
    assert not pictures[1].any()
    with pytest.raises(UnreadablePictureError, match=r"broken\.jpg"):
        np.asarray(ImageLoader((8, 8)).transform([photos[0][0], broken]))


def test_relative_paths_keep_their_meaning(photos, tmp_path, monkeypatch):
    folder = Path(photos[0][0]).parent
    monkeypatch.chdir(folder)
    lazy = ImageLoader((8, 8)).transform(["00.png", Path("01.png")])
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(np.asarray(lazy), np.asarray(ImageLoader((8, 8)).transform(photos[0][:2])))


@pytest.mark.parametrize("n_jobs", [None, 1, 3, -1])
def test_threads_change_nothing(photos, n_jobs):
    lazy = ImageLoader((8, 8), n_jobs=n_jobs).transform(photos[0])
    np.testing.assert_array_equal(np.asarray(lazy), np.asarray(ImageLoader((8, 8)).transform(photos[0])))
    np.testing.assert_array_equal(np.asarray(pickle.loads(pickle.dumps(lazy))), np.asarray(lazy))


REFUSED = {
    "a str": ("a.png", ValueError, r"got one path, 'a\.png'.*\[path\] is a batch of one"),
    "a Path": (Path("a.png"), ValueError, r"got one path, 'a\.png'"),
    "empty list": ([], ValueError, "0 sample"),
    "empty array": (np.empty(0, object), ValueError, "0 sample"),
    "numbers": (np.arange(4), ValueError, r"shape \(4,\) and dtype int64.*leave it out"),
    "list of numbers": ([1, 2], TypeError, r"got 1, a int, in row 0.*file paths"),
    "pictures": (np.zeros((4, 8, 8), np.uint8), ValueError, r"shape \(4, 8, 8\) and dtype uint8.*leave it out"),
    "list of pictures": ([np.zeros((8, 8))] * 2, TypeError, "a ndarray, in row 0"),
    "flattened pictures": (np.zeros((4, 64)), ValueError, r"shape \(4, 64\)"),
    "two columns": (np.array([["a", "b"]]), ValueError, r"shape \(1, 2\)"),
    "data frame of two columns": (pd.DataFrame({"a": ["x"], "b": ["y"]}), ValueError, r"shape \(1, 2\)"),
    "a single element": (np.array("a.png"), ValueError, r"shape \(\)"),
    "missing": (["a.png", None], TypeError, "None, a NoneType, in row 1.*Leave rows without a file out"),
    "missing in pandas": (pd.Series(["a.png", pd.NA], dtype="string"), TypeError, "in row 1"),
    "missing in a frame": (pd.DataFrame({"a": ["a.png", np.nan]}), TypeError, "nan, a float, in row 1"),
    "None": (None, ValueError, "dtype object"),
    "loaded pictures": (ImageLoader().transform(["a.png"]), ValueError, "one ImageLoader is enough"),
}


@pytest.mark.parametrize("call", ["fit", "transform", "fit_transform"])
@pytest.mark.parametrize(("X", "kind", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_batch_of_paths_is_refused(call, X, kind, message):
    with pytest.raises(kind, match=f"(?s){message}") as error:
        getattr(ImageLoader(), call)(X)
    assert "ImageLoader" in str(error.value)


def features_and_forest(**loading):
    return make_pipeline(ImageLoader((16, 16), **loading), HOGTransformer(), RandomForestClassifier(10, random_state=0))


def cnn(image_size=(16, 16)):
    network = KerasCNNClassifier(filters=(4, 8), epochs=2, random_state=0)
    return make_pipeline(ImageLoader(image_size), network)


def test_scikit_learns_estimators_read_it_as_an_array_behind_the_flattener(photos):
    paths, labels = photos
    model = make_pipeline(ImageLoader((16, 16)), ImageFlattener(), RandomForestClassifier(10, random_state=0))
    assert cross_validate(model, paths, labels, cv=3, error_score="raise")["test_score"].mean() > 0.9


@pytest.mark.parametrize("place", range(0, 36, 5))
def test_a_broken_file_is_named_wherever_a_training_meets_it(photos, tmp_path, place):
    paths, labels = photos
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff no picture")
    paths = paths.copy()
    paths[place] = str(broken)
    with pytest.raises(UnreadablePictureError, match=r"broken\.jpg: it is broken"):
        cnn().set_params(kerascnnclassifier__batch_size=4).fit(paths, labels)


@pytest.mark.parametrize("kind", ["list of str", "tuple of Path", "object array of Path", "series", "data frame"])
def test_cross_validation_of_paths_is_that_of_their_pictures(photos, kind):
    paths, labels = photos
    pictures = np.asarray(ImageLoader((16, 16)).transform(paths))
    expected = cross_validate(cnn()[1:], pictures, labels, cv=2, error_score="raise")["test_score"]
    X = list(map(Path, paths)) if kind == "tuple of Path" else KINDS[kind](paths)
    found = cross_validate(cnn(), X, labels, cv=2, error_score="raise")["test_score"]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_grid_search_over_the_size_of_pictures(photos, n_jobs):
    paths, labels = photos
    grid = {"imageloader__image_size": [(16, 16), (24, 16)], "imageloader__grey": [False, True]}
    search = GridSearchCV(features_and_forest(), grid, cv=2, n_jobs=n_jobs, error_score="raise").fit(paths, labels)
    assert len(search.cv_results_["params"]) == 4
    assert search.predict(list(paths)).shape == labels.shape


def test_calibration(photos):
    paths, labels = photos
    calibrated = CalibratedClassifierCV(cnn(), cv=2, ensemble=False).fit(paths, labels)
    np.testing.assert_allclose(calibrated.predict_proba(pd.Series(paths)).sum(axis=1), 1)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_compare_takes_paths(photos, n_jobs):
    paths, labels = photos
    result = compare({"cnn": cnn(), "forest": features_and_forest(n_jobs=2)}, paths, labels, cv=2, n_jobs=n_jobs)
    assert [(row.error, row.warnings) for row in result.rows] == [(None, [])] * 4


def test_what_compiles_is_compiled_before_the_fit_is_timed(photos, monkeypatch):
    seen = []
    monkeypatch.setattr(HOGTransformer, "_prepare_process", lambda self, X: seen.append(X.shape))
    # A metric that sees the files keeps HOG in each fit; else it is computed for all fits before them.
    compare({"forest": features_and_forest()}, *photos, cv=2, scoring=lambda model, X, y: model.score(X, y))
    assert seen == [(1, 16, 16, 3)] * 2


def test_training_reads_a_batch_or_a_megabyte_at_a_time(photos, monkeypatch):
    paths, labels = photos
    sizes = []
    read = type(ImageLoader().transform(paths)._source).read
    monkeypatch.setattr(
        "skimgrec.utils._picture_files.FileSource.read", lambda source: sizes.append(len(source)) or read(source)
    )
    for side, largest in ((270, {5}), (300, {5}), (16, {5, 36})):
        sizes.clear()
        model = cnn((side, side)).set_params(kerascnnclassifier__batch_size=5).fit(paths, labels)
        assert max(sizes) in largest
        # Two epochs. No file is read to learn the shapes.
        assert sum(sizes) == 2 * 36
    sizes.clear()
    model.predict(paths)
    assert sizes == [36]


def test_the_fingerprint_follows_the_files(photos, tmp_path):
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path, source in zip(paths, photos[0], strict=False):
        path.write_bytes(Path(source).read_bytes())
    lazy = ImageLoader((8, 8)).transform(paths)
    before = lazy.fingerprint()
    assert before == ImageLoader((8, 8)).transform(photos[0][:2]).fingerprint()
    assert before != lazy[::-1].fingerprint()
    assert before != ImageLoader((8, 9)).transform(paths).fingerprint()
    paths[1].write_bytes(Path(photos[0][2]).read_bytes())
    assert before != lazy.fingerprint()


def test_an_iterator_is_no_batch():
    with pytest.raises(ValueError, match=r"shape \(\) and dtype object, expected a list") as error:
        ImageLoader().fit(Path().glob("*.png"))
    assert "leave it out" not in str(error.value)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_cache_changes_nothing_but_the_files_that_are_read(photos, tmp_path, n_jobs):
    paths, labels = photos
    here = np.array([tmp_path / Path(path).name for path in paths], dtype=object)
    for copied, path in zip(here, paths, strict=True):
        copied.write_bytes(Path(path).read_bytes())
    model = features_and_forest(cache=tmp_path / "cache")
    cached = cross_validate(model, here, labels, cv=2, n_jobs=n_jobs, error_score="raise")["test_score"]
    plain = cross_validate(features_and_forest(), paths, labels, cv=2, error_score="raise")["test_score"]
    np.testing.assert_array_equal(cached, plain)
    assert (tmp_path / "cache").is_dir()
    lazy = ImageLoader((16, 16), cache=str(tmp_path / "cache")).transform(here)
    for path in here:
        path.unlink()
    np.testing.assert_array_equal(np.asarray(lazy), np.asarray(ImageLoader((16, 16)).transform(paths)))


def test_a_fitted_pipeline_survives_skops(photos, tmp_path):
    paths, labels = photos
    model = features_and_forest().fit(paths, labels)
    skops.io.dump(model, tmp_path / "model.skops")
    trusted = skops.io.get_untrusted_types(file=tmp_path / "model.skops")
    loaded = skops.io.load(tmp_path / "model.skops", trusted=trusted)
    np.testing.assert_array_equal(loaded.predict(paths), model.predict(paths))


def test_a_cache_that_cannot_be_written_is_said_and_done_without(photos, tmp_path):
    here, _ = photos
    place = tmp_path / "a file"
    place.write_text("no folder")
    with pytest.warns(UserWarning, match=r"decodes without its cache, which cannot be written: .*Give cache= a folder"):
        lazy = ImageLoader((16, 16), cache=place).transform(here)
    np.testing.assert_array_equal(np.asarray(lazy), np.asarray(ImageLoader((16, 16)).transform(here)))
