"""ColorHistogramTransformer: its colours against scikit-image's, its rules and its messages."""

import copy
import pickle

import numpy as np
import pytest
from skimage.color import rgb2hsv, rgb2lab
from sklearn.base import clone

from skimgrec import ColorHistogramTransformer

LIMITS = {
    "rgb": [(0, 1)] * 3,
    "hsv": [(0, 1)] * 3,
    "lab": [(0, 100), (-87, 99), (-108, 95)],
    "opponent": [(-(2**-0.5), 2**-0.5), (-2 / 6**0.5, 2 / 6**0.5), (0, 3**0.5)],
}


def opponent(rgb):
    red, green, blue = np.moveaxis(rgb, -1, 0)
    return np.stack([(red - green) / 2**0.5, (red + green - 2 * blue) / 6**0.5, (red + green + blue) / 3**0.5], -1)


CONVERT = {"rgb": np.asarray, "hsv": rgb2hsv, "lab": rgb2lab, "opponent": opponent}


@pytest.fixture
def pictures(rng):
    return rng.integers(0, 256, size=(7, 24, 16, 3), dtype=np.uint8)


@pytest.fixture
def grey(pictures):
    return pictures[..., 0]


def cells(values, side):
    """Return the pixels of each square cell, (n, cells, pixels, c)."""
    n, h, w, c = values.shape
    parts = values.reshape(n, h // side, side, w // side, side, c).swapaxes(2, 3)
    return parts.reshape(n, -1, side * side, c)


@pytest.mark.parametrize("space", LIMITS)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("bins", [(7, 7, 7), (8, 4, 11)], ids=str)
def test_each_axis_is_counted_as_numpy_would(pictures, space, dtype, bins):
    pictures[0, 0, 0], pictures[0, 0, 1] = 0, 255  # floats have the range that they fill
    values = cells(CONVERT[space](pictures / 255), 8)
    expected = [
        [np.histogram(cell[:, axis], n, LIMITS[space][axis])[0] for axis, n in enumerate(bins)]
        for picture in values
        for cell in picture
    ]
    expected = np.array([np.concatenate(cell) for cell in expected]).reshape(7, -1)
    X = pictures if dtype == "uint8" else (pictures / 255).astype(dtype)
    color = ColorHistogramTransformer(color_space=space, bins=bins, pixels_per_cell=(8, 8), norm=None)
    found = color.fit_transform(X)
    assert found.shape == expected.shape
    # A colour on the edge of two bins but for rounding may be in either.
    assert abs(found - expected).sum() <= 2 * 3 * 7 * 0.01 * 24 * 16
    assert (found != expected).mean() < 0.03


@pytest.mark.parametrize("space", LIMITS)
def test_joint_bins_add_up_to_those_of_each_axis(pictures, space):
    settings = {"color_space": space, "bins": (3, 4, 5), "pixels_per_cell": (8, 8), "norm": None}
    joint = ColorHistogramTransformer(joint=True, **settings).fit_transform(pictures).reshape(7, 6, 3, 4, 5)
    alone = ColorHistogramTransformer(**settings).fit_transform(pictures).reshape(7, 6, 12)
    sums = [joint.sum(axis=(3, 4)), joint.sum(axis=(2, 4)), joint.sum(axis=(2, 3))]
    np.testing.assert_array_equal(np.concatenate(sums, axis=-1), alone)


@pytest.mark.parametrize("space", LIMITS)
def test_every_colour_is_within_the_limits_of_its_space(space):
    corners = np.stack(np.meshgrid(*[[0, 51, 102, 153, 204, 255]] * 3), axis=-1).reshape(1, 12, 18, 3)
    values = CONVERT[space](corners / 255)
    for axis, (low, high) in enumerate(LIMITS[space]):
        assert low <= values[..., axis].min()
        assert values[..., axis].max() <= high + 1e-9


def test_known_colours_have_their_bins():
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200), (0, 0, 0), (255, 255, 255)]
    pictures = np.stack([np.full((4, 4, 3), colour, np.uint8) for colour in colours])
    color = ColorHistogramTransformer(bins=3, pixels_per_cell=None, norm="L1").fit(pictures)
    found = color.transform(pictures).reshape(5, 3, 3)
    np.testing.assert_array_equal(found[:, 0].argmax(axis=1), [0, 1, 2, 0, 0])  # hue
    np.testing.assert_array_equal(found[:, 1].argmax(axis=1), [2, 2, 2, 0, 0])  # saturation
    np.testing.assert_array_equal(found[:, 2].argmax(axis=1), [2, 2, 2, 0, 2])  # value
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1, rtol=1e-6)


def test_opponent_differences_do_not_change_when_all_channels_become_brighter(rng):
    pictures = rng.integers(0, 200, size=(5, 16, 16, 3), dtype=np.uint8)
    color = ColorHistogramTransformer(color_space="opponent", bins=7).fit(pictures)
    before, after = (color.transform(batch).reshape(5, 16, 3, 7) for batch in (pictures, pictures + np.uint8(55)))
    np.testing.assert_allclose(before[:, :, :2], after[:, :, :2], atol=0.3)
    assert (before[:, :, :2] != after[:, :, :2]).mean() < 0.05  # rounding at the edges of bins
    assert (before[:, :, 2] != after[:, :, 2]).mean() > 0.3


@pytest.mark.parametrize("axis", [(), (1,)], ids=["3-D", "4-D"])
def test_grey_pictures_have_histograms_of_grey(grey, axis):
    X = grey.reshape(*grey.shape, *axis)
    color = ColorHistogramTransformer(bins=(4, 9, 9), joint=True, pixels_per_cell=(8, 8), norm=None).fit(X)
    expected = [[np.histogram(cell, 4, (0, 255))[0] for cell in picture] for picture in cells(grey[..., None], 8)]
    np.testing.assert_array_equal(color.transform(X), np.reshape(expected, (7, -1)))
    assert color.get_feature_names_out()[-1] == "color_cell2_1_grey3"


def test_an_alpha_channel_is_left_out(pictures):
    alpha = np.concatenate([pictures, pictures[..., :1]], axis=3)
    color = ColorHistogramTransformer()
    np.testing.assert_array_equal(color.fit_transform(alpha), color.fit_transform(pictures))


@pytest.mark.parametrize("norm", ["L1", "L1-sqrt", "L2"])
def test_norms(pictures, norm):
    counts = ColorHistogramTransformer(norm=None).fit_transform(pictures).reshape(7, -1, 24).astype(float)
    expected = {
        "L1": counts / 48,
        "L1-sqrt": np.sqrt(counts / 48),
        "L2": counts / np.sqrt((counts**2).sum(axis=-1, keepdims=True)),
    }[norm]
    features = ColorHistogramTransformer(norm=norm).fit_transform(pictures)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features.reshape(counts.shape), expected, rtol=1e-6)


def test_floats_have_the_range_seen_in_fit_and_its_ends_beyond():
    train = np.linspace(0, 1, 64).reshape(1, 8, 8)
    color = ColorHistogramTransformer(bins=4, pixels_per_cell=None, norm=None).fit(train)
    np.testing.assert_array_equal(color.transform(train), [[16] * 4])
    np.testing.assert_array_equal(color.transform(train * 1.2 - 0.1), [[19, 13, 13, 19]])


@pytest.mark.parametrize("joint", [False, True])
def test_names_say_cell_and_bin(pictures, joint):
    settings = {"color_space": "lab", "bins": (2, 3, 4), "pixels_per_cell": (12, 16)}
    frame = ColorHistogramTransformer(joint=joint, **settings).set_output(transform="pandas").fit_transform(pictures)
    last = "color_cell1_0_lightness1_a2_b3" if joint else "color_cell1_0_b3"
    assert (frame.shape[1], frame.columns[-1], frame.columns.is_unique) == (48 if joint else 18, last, True)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bins": (8, 8)}, r"bins=\(8, 8\): expected a positive integer, or three"),
        ({"bins": (8, 0, 8)}, "expected a positive integer, or three"),
        ({"bins": 200, "joint": True}, "histogram of 8000000 bins, expected at most 1048576"),
        ({"pixels_per_cell": (25, 1)}, "24 rows and 16 cols are too small"),
        ({"color_space": "cmyk"}, "color_space"),
    ],
)
def test_bad_parameters(pictures, parameters, message):
    with pytest.raises(ValueError, match=message):
        ColorHistogramTransformer(**parameters).fit(pictures)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_threads_chunks_and_memory_layout_change_no_bit(pictures, dtype):
    X = pictures.astype(dtype)
    expected = ColorHistogramTransformer().fit_transform(X)
    np.testing.assert_array_equal(ColorHistogramTransformer(n_jobs=3).fit_transform(X), expected)
    for view in (np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2]):
        np.testing.assert_array_equal(ColorHistogramTransformer().fit_transform(view), expected)
    np.testing.assert_array_equal(ColorHistogramTransformer().fit(X).transform(X[3:4]), expected[3:4])


def test_parameters_set_after_fit_wait_for_the_next_one(pictures):
    color = ColorHistogramTransformer().fit(pictures)
    expected = color.transform(pictures)
    color.set_params(color_space="rgb", bins=3, joint=True, pixels_per_cell=None, norm=None)
    np.testing.assert_array_equal(color.transform(pictures), expected)
    assert len(color.get_feature_names_out()) == expected.shape[1]


def test_copies_answer_alike(pictures):
    color = ColorHistogramTransformer(color_space="lab").fit(pictures)
    for arrived in (pickle.loads(pickle.dumps(color)), copy.deepcopy(color), clone(color).fit(pictures)):
        np.testing.assert_array_equal(arrived.transform(pictures), color.transform(pictures))
