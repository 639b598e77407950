import numpy as np
from sklearn.datasets import load_digits

from skimgrec.datasets import load_digits_images


def test_digits_are_scikit_learns_pictures_in_float32():
    digits = load_digits_images()
    assert digits.images.dtype == np.float32
    np.testing.assert_array_equal(digits.images, load_digits().images)
    np.testing.assert_array_equal(digits.target, load_digits().target)
    assert list(digits.target_names) == [str(digit) for digit in range(10)]


def test_flat_data_shares_the_memory_of_the_pictures():
    digits = load_digits_images()
    assert digits.data.shape == (1797, 64)
    assert np.shares_memory(digits.data, digits.images)


def test_return_x_y_gives_pictures_not_rows():
    images, target = load_digits_images(return_X_y=True)
    assert images.shape == (1797, 8, 8)
    assert target.shape == (1797,)
