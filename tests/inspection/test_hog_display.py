import builtins
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectPercentile, f_regression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FunctionTransformer, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skimgrec import HOGDisplay, HOGTransformer

ALL = ["image", "intensities", "horizontal", "vertical", "magnitude", "angle", "hog", "importances"]


@pytest.fixture(autouse=True)
def plt():
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


@pytest.fixture(scope="module")
def digits():
    bunch = load_digits()
    return bunch.images[:300], bunch.target[:300]


def edge(degrees, size=32):
    """Return a picture whose brightness grows along one direction, in degrees from the right towards down."""
    y, x = np.mgrid[:size, :size].astype(float)
    return x * np.cos(np.deg2rad(degrees)) + y * np.sin(np.deg2rad(degrees))


def cell_sums(display, bins):
    """Return the sums of the display's magnitudes for each cell and bin of its angles."""
    rows, cols = display.pixels_per_cell
    height, width = display.image_size
    votes = np.zeros((height // rows, width // cols, bins))
    for y in range(height // rows * rows):
        for x in range(width // cols * cols):
            # HOG drops the angles that 180 is added to and that round to it.
            if (b := int(display.angle[y, x] // (180 / bins))) < bins:
                votes[y // rows, x // cols, b] += display.magnitude[y, x]
    return votes


def stroke_angles(lines):
    """Return each stroke's direction, in degrees modulo 180 from the right towards down."""
    steps = np.array([end - start for start, end in lines.get_segments()])
    return np.rad2deg(np.arctan2(steps[:, 1], steps[:, 0])) % 180


# --- the stages ---


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [None, 1, 3, 4])
@pytest.mark.parametrize("transform_sqrt", [False, True])
def test_gradients_are_those_that_hog_uses(rng, dtype, channels, transform_sqrt):
    shape = (13, 18) if channels is None else (13, 18, channels)
    image = rng.integers(256, size=shape).astype(dtype)
    hog = HOGTransformer(
        pixels_per_cell=(4, 5), cells_per_block=(1, 1), block_norm="L1", transform_sqrt=transform_sqrt, orientations=7
    )
    display = HOGDisplay.from_image(image, hog=hog, panels=["hog"])
    votes = cell_sums(display, 7) / 20
    expected = votes / (votes.sum(axis=2, keepdims=True) + 1e-5)
    np.testing.assert_allclose(display.cell_histograms, expected, atol=1e-6)


def test_gradients_point_where_the_picture_becomes_brighter():
    display = HOGDisplay.from_image(edge(30), panels=["hog"])
    inside = np.s_[1:-1, 1:-1]
    np.testing.assert_allclose(display.horizontal[inside], 2 * np.cos(np.pi / 6))
    np.testing.assert_allclose(display.vertical[inside], 2 * np.sin(np.pi / 6))
    np.testing.assert_allclose(display.magnitude[inside], 2)
    np.testing.assert_allclose(display.angle[inside], 30)
    assert not display.horizontal[:, [0, -1]].any()
    assert not display.vertical[[0, -1]].any()


def test_gradients_of_colour_are_those_of_the_strongest_channel():
    image = np.stack([edge(0), 5 * edge(90), 2 * edge(0)], axis=2)
    display = HOGDisplay.from_image(image, panels=["hog"])
    np.testing.assert_allclose(display.vertical[1:-1, 1:-1], 10)
    np.testing.assert_allclose(display.horizontal[1:-1, 1:-1], 0, atol=1e-9)


def test_histograms_are_averages_over_the_blocks_that_contain_a_cell(rng):
    hog = HOGTransformer(pixels_per_cell=(4, 4), cells_per_block=(2, 3), orientations=5)
    image = rng.integers(256, size=(17, 23), dtype=np.uint8)
    features = hog.fit_transform(image[None])[0].reshape(3, 3, 2, 3, 5)
    histograms = HOGDisplay.from_image(image, hog=hog, panels=["hog"]).cell_histograms
    assert histograms.shape == (4, 5, 5)
    np.testing.assert_allclose(histograms[0, 0], features[0, 0, 0, 0], rtol=1e-6)
    in_blocks = [features[row, col, 1 - row, 2 - col] for row in (0, 1) for col in (0, 1, 2)]
    np.testing.assert_allclose(histograms[1, 2], np.mean(in_blocks, axis=0), rtol=1e-6)


def test_an_unfitted_transformer_stays_unfitted(rng):
    hog = HOGTransformer()
    HOGDisplay.from_image(rng.random((16, 16)), hog=hog, panels=["hog"])
    assert not hasattr(hog, "image_shape_")


def test_a_fitted_transformer_gives_size_and_range(digits):
    hog = HOGTransformer().fit(digits[0])
    assert HOGDisplay.from_image(digits[0][0], hog=hog).value_range == (0, 16)
    flat = HOGDisplay.from_image(digits[0][0].ravel(), hog=hog)
    assert flat.image.shape == (8, 8, 1)
    with pytest.raises(ValueError, match=r"shape \(9, 8\), but it was fitted on \(8, 8\)"):
        HOGDisplay.from_image(np.ones((9, 8)), hog=hog)


def test_the_name_of_a_file_is_refused_with_what_reads_it():
    with pytest.raises(ValueError, match=r"got the name of a file, 'cat.jpg', expected one picture .* ImageLoader"):
        HOGDisplay.from_image("cat.jpg")


def test_colour_bars_stay_clear_of_the_neighbours(digits, plt):
    figure, axes = plt.subplots(1, 3, figsize=(7, 2.4))
    HOGDisplay.from_image(digits[0][0], panels=["horizontal", "magnitude", "hog"], ax=axes)
    figure.canvas.draw()
    boxes = [ax.get_tightbbox() for ax in axes]
    bars = [ax.get_tightbbox() for ax in figure.axes[3:]]
    assert len(bars) == 2
    for bar in bars:
        assert not any(bar.overlaps(box) for box in boxes)
    tall = HOGDisplay.from_image(np.arange(64 * 16.0).reshape(64, 16), panels=["magnitude"], ax=plt.subplots()[1])
    tall.figure_.canvas.draw()
    panel, bar = (each.get_window_extent() for each in tall.figure_.axes)
    assert panel.height == pytest.approx(bar.height, abs=1)
    assert 0 < bar.x0 - panel.x1 < 20


@pytest.mark.parametrize("shape", [(5, 8, 8), (2, 8, 8, 3), (8, 8, 2), ()])
def test_what_is_not_one_picture_is_refused(shape):
    with pytest.raises(ValueError, match="expected one picture"):
        HOGDisplay.from_image(np.ones(shape))


# --- the glyphs ---


@pytest.mark.parametrize("interpolation", [None, "bilinear"])
@pytest.mark.parametrize("degrees", range(10, 180, 20))
def test_strokes_lie_along_the_edge(degrees, interpolation):
    lines = HOGDisplay.from_image(edge(degrees), hog=HOGTransformer(interpolation=interpolation)).lines_["hog"]
    longest = stroke_angles(lines)[-1]
    assert (longest - degrees) % 180 == pytest.approx(90)


@pytest.mark.parametrize("degrees", range(20, 360, 40))
def test_signed_strokes_have_the_bright_side_on_their_left(degrees):
    hog = HOGTransformer(signed_gradient=True)
    display = HOGDisplay.from_image(edge(degrees, size=40), hog=hog)
    start, end = display.lines_["hog"].get_segments()[-1]
    along_x, along_y = end - start
    left = np.array([along_y, -along_x])  # y grows downwards
    towards_bright = np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))])
    assert left @ towards_bright == pytest.approx(np.linalg.norm(left))
    assert (start + 0.5) % 8 == pytest.approx(4)


def test_strokes_stay_within_their_cells_and_grow_with_their_weight(rng):
    display = HOGDisplay.from_image(rng.random((24, 40)), hog=HOGTransformer(pixels_per_cell=(8, 8)))
    lines = display.lines_["hog"]
    lengths = np.array([np.linalg.norm(end - start) for start, end in lines.get_segments()])
    values = lines.get_array()
    np.testing.assert_allclose(lengths, 8 * values / values.max())
    for start, end in lines.get_segments():
        cell = np.floor(((start + end) / 2 + 0.5) / 8)
        assert (np.abs((np.array([start, end]) + 0.5) / 8 - cell - 0.5) <= 0.5 + 1e-9).all()


def test_weak_strokes_are_left_out():
    weights = np.zeros((3, 3, 9))
    weights[1, 2, 4], weights[0, 0, 0] = 1, 1e-3
    display = HOGDisplay(weights, image_size=(24, 24), pixels_per_cell=(8, 8)).plot()
    (segment,) = display.lines_["hog"].get_segments()
    np.testing.assert_allclose(segment.mean(axis=0), [19.5, 11.5])


def test_a_constant_picture_has_no_strokes(tmp_path):
    display = HOGDisplay.from_image(np.full((16, 16, 3), 7, np.uint8), importances=np.ones(324))
    assert not display.lines_["hog"].get_segments()
    display.figure_.savefig(tmp_path / "constant.png")


# --- importances ---


def test_importances_reach_their_cells_and_orientations(digits):
    hog = HOGTransformer().fit(digits[0])
    names = hog.get_feature_names_out()
    importances = np.zeros(len(names))
    importances[names == "hog_block1_0_cell2_1_orientation3"] = 0.5
    importances[names == "hog_block0_0_cell2_2_orientation8"] = 0.25
    ones = HOGDisplay.from_features(np.ones(len(names)), hog, importances=importances)
    expected = np.zeros((4, 4, 9))
    expected[3, 1, 3], expected[2, 2, 8] = 0.5, 0.25
    np.testing.assert_allclose(ones.cell_importances, expected)
    assert ones.lines_["importances"].get_array().tolist() == [0.25, 0.5]


def test_coefficients_add_up_to_the_decision(digits):
    X, y = digits
    pipeline = make_pipeline(HOGTransformer(), LogisticRegression()).fit(X, y)
    display = HOGDisplay.from_estimator(pipeline, X[3], class_of_interest=7)
    decision = pipeline.decision_function(X[3:4])[0, 7]
    assert display.cell_importances.sum() + pipeline[-1].intercept_[7] == pytest.approx(decision, abs=1e-5)
    assert display.importances_title == "HOG weighted by coefficients for class 7"


def test_class_of_interest_is_the_predicted_one(digits):
    X, y = digits
    pipeline = make_pipeline(HOGTransformer(), LogisticRegression()).fit(X, np.array(["a", "b", "c"])[y % 3])
    display = HOGDisplay.from_estimator(pipeline, X[5])
    assert display.importances_title.endswith(f"for class {pipeline.predict(X[5:6])[0]}")


def test_two_classes_speak_for_the_second(digits):
    X, y = digits
    pipeline = make_pipeline(HOGTransformer(), LogisticRegression()).fit(X, y > 4)
    second = HOGDisplay.from_estimator(pipeline).cell_importances
    first = HOGDisplay.from_estimator(pipeline, class_of_interest=False).cell_importances
    np.testing.assert_array_equal(first, -second)
    np.testing.assert_array_equal(second, HOGDisplay.from_estimator(pipeline, class_of_interest=True).cell_importances)


def test_sign_chooses_the_colours(digits):
    hog = HOGTransformer().fit(digits[0])
    importances = np.linspace(0.1, 1, 324)
    sequential = HOGDisplay.from_features(np.ones(324), hog, importances=importances).lines_["importances"]
    assert sequential.norm.vmin == 0
    assert sequential.cmap.name != "RdBu_r"
    diverging = HOGDisplay.from_features(np.ones(324), hog, importances=importances - 0.3).lines_["importances"]
    assert diverging.norm.vmin == -diverging.norm.vmax
    assert diverging.cmap.name == "RdBu_r"


@pytest.mark.parametrize("by_search", [False, True])
def test_forests_give_their_importances(digits, by_search):
    X, y = digits
    pipeline = make_pipeline(HOGTransformer(), RandomForestClassifier(10, random_state=0))
    model = GridSearchCV(pipeline, {"hogtransformer__orientations": [6]}, cv=2) if by_search else pipeline
    model.fit(X, y)
    display = HOGDisplay.from_estimator(model)
    assert display.cell_importances.sum() == pytest.approx(1)
    assert len(display.axes_) == 1
    display = HOGDisplay.from_estimator(model, X[0])
    assert [ax.get_title(loc="left") for ax in display.axes_] == ["picture", "HOG", "HOG weighted by importances"]


def test_steps_before_hog_are_applied(digits):
    X, y = digits
    pipeline = make_pipeline(FunctionTransformer(np.negative), HOGTransformer(), LogisticRegression()).fit(X, y)
    display = HOGDisplay.from_estimator(pipeline, X[0], class_of_interest=0)
    np.testing.assert_array_equal(display.image[..., 0], -X[0])


def test_scaling_and_selection_are_looked_through(digits):
    X, y = digits
    steps = HOGTransformer(), StandardScaler(), SelectPercentile(f_regression, percentile=20), "passthrough", Ridge()
    pipeline = make_pipeline(*steps).fit(X, y)
    display = HOGDisplay.from_estimator(pipeline, X[1])
    other = HOGDisplay.from_estimator(pipeline, X[2])
    decisions = pipeline.predict(X[1:3])
    difference = other.cell_importances.sum() - display.cell_importances.sum()
    assert difference == pytest.approx(decisions[1] - decisions[0], abs=1e-4)
    trees = make_pipeline(StandardScaler(with_std=False), RandomForestClassifier(5, random_state=0))
    pipeline = make_pipeline(HOGTransformer(), *trees).fit(X, y)
    assert HOGDisplay.from_estimator(pipeline).cell_importances.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("estimator", "options", "message"),
    [
        (LogisticRegression(), {}, "expected a fitted Pipeline of a HOGTransformer"),
        (make_pipeline(HOGTransformer(), KNeighborsClassifier()), {}, "neither feature_importances_"),
        (make_pipeline(HOGTransformer(), PCA(2), LogisticRegression()), {"class_of_interest": 1}, "PCA stands between"),
        (make_pipeline(HOGTransformer(), LogisticRegression()), {}, "Say which ones to show: class_of_interest="),
        (make_pipeline(HOGTransformer(), LogisticRegression()), {"class_of_interest": 10}, "expected one of 0, 1, 2"),
        (make_pipeline(HOGTransformer(), SVC(kernel="linear")), {"class_of_interest": 1}, "45 rows for 10 classes"),
        (make_pipeline(HOGTransformer(), Ridge()), {"class_of_interest": 1}, "is no classifier"),
        (make_pipeline(HOGTransformer(), RandomForestClassifier(2)), {"class_of_interest": 1}, "all classes together"),
    ],
)
def test_models_that_give_no_weights_are_refused(digits, estimator, options, message):
    X, y = digits
    estimator.fit(X if not isinstance(estimator, LogisticRegression) else X.reshape(len(X), -1), y)
    with pytest.raises(ValueError, match=message):
        HOGDisplay.from_estimator(estimator, **options)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("features", np.ones(323), r"features has shape \(323,\), expected \(324,\)"),
        ("features", np.ones((2, 324)), r"Pass one row, such as features\[0\]"),
        ("importances", np.ones(10), r"importances has shape \(10,\), expected \(324,\): .* of 8 x 8 pixels"),
        ("importances", np.ones((10, 324)), r"Pass one row, such as importances\[0\]"),
        ("importances", np.full(324, np.nan), "importances holds NaN or infinity"),
    ],
)
def test_vectors_of_the_wrong_length_are_refused(digits, name, values, message):
    hog = HOGTransformer().fit(digits[0])
    with pytest.raises(ValueError, match=message):
        HOGDisplay.from_features(hog=hog, **{"features": np.ones(324), name: values})


# --- drawing ---


def test_all_panels_are_drawn_in_order(digits, tmp_path):
    display = HOGDisplay.from_image(digits[0][0], importances=np.ones(324))
    assert len(display.axes_) == len(ALL)
    assert list(display.lines_) == ["hog", "importances"]
    assert all(ax.figure is display.figure_ for ax in display.axes_)
    display.figure_.savefig(tmp_path / "all.png")


@pytest.mark.parametrize(("panels", "count"), [(None, 7), (["image", "hog"], 2), ("angle", 1), (ALL[:5], 5)])
def test_panels_are_a_choice(rng, panels, count):
    assert len(HOGDisplay.from_image(rng.random((32, 32, 3)), panels=panels).axes_) == count


@pytest.mark.parametrize(
    "image",
    [
        np.arange(64).reshape(1, 64) % 7,
        np.arange(192).reshape(64, 3) / 192,
        np.arange(4096).reshape(32, 32, 4) % 37 * 2**35 - 10,
        np.arange(1024, dtype=np.float32).reshape(32, 32) % 11 * np.float32(1e30),
        np.arange(1024).reshape(32, 32) % 3 == 0,
    ],
    ids=["row", "strip", "large integers with alpha", "huge floats", "booleans"],
)
def test_unusual_pictures_are_drawn(image, tmp_path):
    hog = HOGTransformer(pixels_per_cell=(1, 4), cells_per_block=(1, 2)) if len(image) == 1 else None
    HOGDisplay.from_image(image, hog=hog).figure_.savefig(tmp_path / "unusual.png")


@pytest.mark.parametrize(
    ("image", "edges"),
    [
        (np.arange(256, dtype=np.uint8).reshape(16, 16), np.arange(-0.5, 256, 16)),
        (np.arange(64).reshape(8, 8) % 17, np.arange(-0.5, 18, 3)),
        (np.arange(64).reshape(8, 8) / 63, np.linspace(0, 1, 9)),
    ],
    ids=["uint8", "digits", "fractions"],
)
def test_bins_of_intensities_hold_equally_many_values(image, edges):
    (ax,) = HOGDisplay.from_image(image, panels=["intensities"]).axes_
    counts, drawn, _ = ax.patches[0].get_data()
    np.testing.assert_allclose(drawn, edges)
    assert counts.sum() == image.size


def test_one_axes_gets_the_glyphs(plt, digits):
    figure, ax = plt.subplots()
    display = HOGDisplay.from_image(digits[0][0], ax=ax)
    assert display.figure_ is figure
    assert list(display.axes_) == [ax]
    assert len(ax.collections) > 0


def test_axes_may_come_as_an_array(plt, digits):
    _, axes = plt.subplots(2, 2)
    display = HOGDisplay.from_image(digits[0][0], panels=["image", "angle", "magnitude", "hog"], ax=axes)
    assert list(display.axes_) == list(axes.ravel())
    assert display.plot().figure_ is not axes[0, 0].figure


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"panels": ["hogs"]}, r"panels=\['hogs'\]: expected some of 'image', .*'hog', which this display has"),
        ({"panels": ["importances"]}, "expected some of"),
        ({"panels": []}, "expected some of"),
        ({"ax": [None, None]}, "Got 2 axes for 7 panels"),
    ],
)
def test_wrong_panels_and_axes_are_refused(digits, options, message):
    with pytest.raises(ValueError, match=message):
        HOGDisplay.from_image(digits[0][0], **options)


def test_line_kw_and_colorbar_are_passed_on(digits):
    display = HOGDisplay.from_image(digits[0][0], panels="hog", line_kw={"color": "red", "linewidths": 3})
    assert display.lines_["hog"].get_linewidth() == [3]
    assert mpl.colors.to_hex(display.lines_["hog"].get_color()[0]) == "#ff0000"
    bare = HOGDisplay.from_image(digits[0][0], panels=["magnitude"], colorbar=False)
    assert not bare.axes_[0].child_axes


@pytest.mark.parametrize(("side", "cell"), [(8, 2), (32, 8), (63, 8), (64, 8), (300, 8), (512, 16)])
def test_cells_are_fine_enough_to_recognise_a_picture_by(rng, side, cell):
    image = rng.integers(256, size=(side, 2 * side), dtype=np.uint8)
    assert HOGDisplay.from_image(image, panels="hog").pixels_per_cell == (cell, cell)


def test_a_large_photograph_is_one_collection_of_strokes(rng, tmp_path):
    image = rng.integers(256, size=(512, 512, 3), dtype=np.uint8)
    display = HOGDisplay.from_image(image, hog=HOGTransformer(pixels_per_cell=(8, 8)))
    (strokes,) = [c for c in display.axes_[-1].collections if c is display.lines_["hog"]]
    assert strokes.get_rasterized()
    display.figure_.savefig(tmp_path / "photograph.pdf")
    assert (tmp_path / "photograph.pdf").stat().st_size < 5 * 2**20


def test_drawing_leaves_the_settings_as_they_are(digits):
    before = dict(mpl.rcParams)
    HOGDisplay.from_image(digits[0][0])
    assert dict(mpl.rcParams) == before


def test_missing_matplotlib_is_named_before_any_work(monkeypatch, digits):
    real = builtins.__import__

    def without_matplotlib(name, *args, **kwargs):
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_matplotlib)
    for call in (
        lambda: HOGDisplay.from_image("not looked at"),
        lambda: HOGDisplay.from_features("not looked at", None),
        lambda: HOGDisplay.from_estimator("not looked at"),
        lambda: HOGDisplay(image_size=(8, 8), pixels_per_cell=(2, 2)).plot(),
    ):
        with pytest.raises(ImportError, match=r'HOGDisplay\..* pip install "skimgrec\[plots\]"'):
            call()


def test_matplotlib_is_imported_by_drawing_only():
    code = "import sys; from skimgrec import HOGDisplay; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
