"""LBPTransformer as an estimator: its rules, its messages, its invariants."""

import copy
import pickle

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone

from skimgrec import LBPTransformer


@pytest.fixture
def pictures(rng):
    return rng.integers(0, 256, size=(9, 24, 16, 3), dtype=np.uint8)


@pytest.fixture
def grey(pictures):
    return pictures[..., 0]


@pytest.mark.parametrize(
    ("shape", "cell"), [((512, 512), 128), ((32, 32), 8), ((28, 28), 4), ((8, 8), 2), ((3, 9), 1), ((1, 1), 1)], ids=str
)
def test_auto_cells_are_those_of_hog(shape, cell):
    assert LBPTransformer().fit(np.zeros((1, *shape), np.uint8)).pixels_per_cell_ == (cell, cell)


def test_no_cell_is_the_whole_picture(grey):
    whole = LBPTransformer(pixels_per_cell=None, norm=None).fit(grey)
    assert whole.pixels_per_cell_ == (24, 16)
    cells = LBPTransformer(pixels_per_cell=(8, 8), norm=None).fit_transform(grey).reshape(9, 6, -1)
    np.testing.assert_array_equal(whole.transform(grey), cells.sum(axis=1))


def test_pixels_beyond_whole_cells_are_not_counted(grey):
    counts = LBPTransformer(pixels_per_cell=(7, 5), norm=None).fit_transform(grey)
    assert (counts.sum(axis=1) == 3 * 7 * 3 * 5).all()


# 16 pixels to a cell: with 243 bins, only those are written that are not 0.
@pytest.mark.parametrize(("scale", "n_bins"), [((8, 1), 59), ((16, 2), 243)], ids=str)
@pytest.mark.parametrize("norm", ["L1", "L1-sqrt", "L2"])
def test_norms(grey, norm, scale, n_bins):
    counts = LBPTransformer(scales=[scale], norm=None).fit_transform(grey).reshape(9, 6 * 4, n_bins).astype(float)
    assert (counts.sum(axis=-1) == 16).all()
    expected = {
        "L1": counts / 16,
        "L1-sqrt": np.sqrt(counts / 16),
        "L2": counts / np.sqrt((counts**2).sum(axis=-1, keepdims=True)),
    }[norm]
    features = LBPTransformer(scales=[scale], norm=norm).fit_transform(grey)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features.reshape(counts.shape), expected, rtol=1e-6)


def test_scales_stand_one_after_another(grey):
    both = LBPTransformer(scales=((8, 1), (12, 2.5))).fit_transform(grey)
    alone = [LBPTransformer(scales=[scale]).fit_transform(grey) for scale in ((8, 1), (12, 2.5))]
    np.testing.assert_array_equal(both, np.hstack(alone))


def test_each_channel_has_its_own_histograms(pictures):
    each = LBPTransformer(channels="each", scales=((8, 1), (4, 2))).fit(pictures)
    parts = [LBPTransformer(scales=((8, 1), (4, 2))).fit_transform(pictures[..., c]) for c in range(3)]
    first = 59 * 6 * 4
    expected = np.hstack([*(part[:, :first] for part in parts), *(part[:, first:] for part in parts)])
    np.testing.assert_array_equal(each.transform(pictures), expected)
    names = each.get_feature_names_out()
    assert len(set(names)) == expected.shape[1]
    assert names[first] == "lbp_8_1_green_cell0_0_code0"


def test_colour_is_made_grey_as_pillow_does(pictures):
    grey = np.stack([np.asarray(Image.fromarray(picture).convert("L")) for picture in pictures])
    expected = LBPTransformer().fit_transform(grey)
    np.testing.assert_array_equal(LBPTransformer().fit_transform(pictures), expected)
    alpha = np.concatenate([pictures, np.full((*pictures.shape[:3], 1), 7, np.uint8)], axis=3)
    np.testing.assert_array_equal(LBPTransformer().fit_transform(alpha), expected)


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_other_dtypes_are_made_grey_by_the_same_weights(pictures, dtype):
    red, green, blue = np.moveaxis(pictures.astype(float), -1, 0)
    luminance = 0.299 * red + 0.587 * green + 0.114 * blue
    grey = np.rint(luminance) if dtype == "int16" else luminance
    expected = LBPTransformer().fit_transform(grey.astype("int16" if dtype == "int16" else "float64"))
    np.testing.assert_array_equal(LBPTransformer().fit_transform(pictures.astype(dtype)), expected)


@pytest.mark.parametrize("method", ["ror", "uniform"])
def test_a_picture_turned_by_90_degrees_has_its_histograms_turned(rng, method):
    # Whole pixels on the circle, and nothing but zeros beyond the border.
    pictures = np.pad(rng.integers(1, 256, size=(3, 22, 30)), ((0, 0), (1, 1), (1, 1)))
    lbp = LBPTransformer(scales=[(4, 1)], method=method, pixels_per_cell=(8, 8))
    straight = lbp.fit_transform(pictures).reshape(3, 3, 4, -1)
    turned = lbp.fit_transform(np.rot90(pictures, axes=(1, 2))).reshape(3, 4, 3, -1)
    np.testing.assert_array_equal(turned, np.rot90(straight, axes=(1, 2)))


def test_brightness_and_contrast_change_nothing_inside_a_picture(rng):
    # Whole pixels, because interpolated values round differently; the first cells see the zeros beyond the border.
    pictures = rng.integers(1, 80, size=(4, 24, 24), dtype=np.uint8)
    before, after = (
        LBPTransformer(scales=[(4, 1)], pixels_per_cell=(8, 8)).fit_transform(batch).reshape(4, 3, 3, -1)[:, 1, 1]
        for batch in (pictures, 3 * pictures + np.uint8(10))
    )
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("method", ["default", "ror", "uniform", "nri_uniform"])
def test_names_say_scale_cell_and_code(grey, method):
    lbp = LBPTransformer(method=method, scales=[(4, 1.5)], pixels_per_cell=(8, 8)).set_output(transform="pandas")
    frame = lbp.fit_transform(grey)
    last = {"default": 15, "ror": 15, "uniform": 5, "nri_uniform": 14}[method]
    assert frame.columns[0] == "lbp_4_1.5_cell0_0_code0"
    assert frame.columns[-1] == f"lbp_4_1.5_cell2_1_code{last}"
    assert frame.columns.is_unique


@pytest.mark.parametrize(
    ("scales", "method", "message"),
    [
        ([], "uniform", "scales is empty"),
        ([8, 1], "uniform", "expected pairs .* one of them is 8"),
        ([(8, 1, 2)], "uniform", "expected pairs"),
        ([(8.5, 1)], "uniform", "expected pairs"),
        ([(0, 1)], "uniform", "0 points, expected 1 to 24"),
        ([(25, 1)], "uniform", "25 points, expected 1 to 24"),
        ([(24, 3)], "ror", "24 points, expected 1 to 16 .* or to 24 with uniform"),
        ([(8, 0)], "uniform", "radius of 0 pixels"),
        ([(8, float("nan"))], "uniform", "radius of nan pixels"),
        ([(8, 1), (8, 1.0)], "uniform", "stands there twice"),
    ],
)
def test_bad_scales(grey, scales, method, message):
    with pytest.raises(ValueError, match=message):
        LBPTransformer(scales=scales, method=method).fit(grey)


@pytest.mark.parametrize("value", [(0, 3), (3,), (1.5, 2)], ids=str)
def test_a_cell_that_is_no_pair_of_positive_integers(grey, value):
    with pytest.raises(ValueError, match=r"pixels_per_cell=.*two positive integers.*None for the whole picture"):
        LBPTransformer(pixels_per_cell=value).fit(grey)


def test_a_picture_smaller_than_a_cell(grey):
    with pytest.raises(ValueError, match=r"24 rows and 16 cols are too small .* at least: 24 rows and 17 cols"):
        LBPTransformer(pixels_per_cell=(24, 17)).fit(grey)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_threads_chunks_and_memory_layout_change_no_bit(rng, dtype):
    pictures = rng.integers(0, 4, size=(60, 16, 16, 3)).astype(dtype)
    expected = LBPTransformer().fit_transform(pictures)
    np.testing.assert_array_equal(LBPTransformer(n_jobs=3).fit_transform(pictures), expected)
    for view in (np.asfortranarray(pictures), np.repeat(pictures, 2, axis=0)[::2]):
        np.testing.assert_array_equal(LBPTransformer().fit_transform(view), expected)
    np.testing.assert_array_equal(LBPTransformer().fit(pictures).transform(pictures[7:8]), expected[7:8])


def test_parameters_set_after_fit_wait_for_the_next_one(grey):
    lbp = LBPTransformer().fit(grey)
    expected = lbp.transform(grey)
    lbp.set_params(scales=[(4, 1)], method="ror", pixels_per_cell=(2, 2), norm=None)
    np.testing.assert_array_equal(lbp.transform(grey), expected)
    assert len(lbp.get_feature_names_out()) == expected.shape[1]


def test_copies_answer_alike(pictures):
    lbp = LBPTransformer(channels="each").fit(pictures)
    for arrived in (pickle.loads(pickle.dumps(lbp)), copy.deepcopy(lbp), clone(lbp).fit(pictures)):
        np.testing.assert_array_equal(arrived.transform(pictures), lbp.transform(pictures))
