"""What a fitted transformer answers depends on its fit, not on what happens to its parameters or in failed fits."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skimgrec import HOGTransformer, ImageFlattener


@pytest.fixture
def pictures(rng):
    return rng.integers(0, 256, (3, 32, 32)).astype(np.uint8)


@pytest.mark.parametrize(
    "parameters",
    [{"cells_per_block": (6, 6)}, {"orientations": 4}, {"block_norm": "L1"}, {"pixels_per_cell": (2, 2)}],
)
def test_parameters_set_after_fit_wait_for_the_next_one(pictures, parameters):
    hog = HOGTransformer().fit(pictures)
    expected = hog.transform(pictures)
    hog.set_params(**parameters)
    np.testing.assert_array_equal(hog.transform(pictures), expected)
    assert len(hog.get_feature_names_out()) == expected.shape[1]


@pytest.mark.parametrize("transformer", [HOGTransformer(), ImageFlattener(scale=True)])
def test_failed_fit_leaves_the_last_one_in_force(pictures, transformer):
    transformer.fit(pictures)
    expected = transformer.transform(pictures)
    for bad in (np.full((2, 32, 32), np.nan), np.zeros((2, 3, 8, 8)), np.zeros((0, 32, 32))):
        with pytest.raises(ValueError, match=r"NaN|channels first|0 sample"):
            transformer.fit(bad)
    np.testing.assert_array_equal(transformer.transform(pictures), expected)


def test_fit_on_pictures_smaller_than_a_block_changes_nothing(pictures):
    hog = HOGTransformer().fit(pictures)
    with pytest.raises(ValueError, match="too small"):
        hog.fit(np.zeros((2, 2, 2)))
    assert hog.transform(pictures).shape == (3, 324)


@pytest.mark.parametrize("kind", [HOGTransformer, ImageFlattener])
def test_failed_first_fit_leaves_nothing(kind):
    transformer = kind()
    with pytest.raises(ValueError, match="NaN"):
        transformer.fit(np.full((2, 32, 32), np.nan))
    with pytest.raises(NotFittedError):
        transformer.transform(np.zeros((2, 32, 32)))
