"""The kernel that resizes pictures computes what it says, to the last bit."""

import numpy as np
import pytest

from skimgrec.utils._resample import resample, resample_many

f32 = np.float32


def weights_of(n_in, n_out):
    """Return by place of the result the first place of the picture that counts, and the weights from there on."""
    scale = n_in / n_out
    support = max(scale, 1.0)
    rows = []
    for i in range(n_out):
        centre = (i + 0.5) * scale
        start, stop = max(0, int(centre - support + 0.5)), min(n_in, int(centre + support + 0.5))
        weights = [max(0.0, 1.0 - abs((j - centre + 0.5) / support)) for j in range(start, stop)]
        rows.append((start, [f32(np.float64(f32(weight)) / sum(weights)) for weight in weights]))
    return rows


def in_float32(pictures, height, width):
    """Resize in NumPy's float32, one addition after the other."""
    result = np.empty((len(pictures), height, width, *pictures.shape[3:]), np.uint8)
    for y, (top, down) in enumerate(weights_of(pictures.shape[1], height)):
        lines = pictures[:, top].astype(f32) * down[0]
        for k, weight in enumerate(down[1:], top + 1):
            lines += pictures[:, k].astype(f32) * weight
        for x, (left, across) in enumerate(weights_of(pictures.shape[2], width)):
            total = np.full((len(pictures), *pictures.shape[3:]), 0.5, f32)
            for k, weight in enumerate(across, left):
                total += lines[:, k] * weight
            result[:, y, x] = total.astype(np.int32)
    return result


@pytest.mark.parametrize(
    ("shape", "size"),
    [((99, 300), (20, 200)), ((200, 150, 3), (31, 64)), ((32, 40, 3), (64, 64)), ((28, 28), (32, 32))],
)
def test_every_value_is_that_of_float32_in_order(rng, shape, size):
    # Sums in another order, or fused with their products, differ in about one of several thousand values. Which of them
    # a processor gets would depend on whether the kernel was compiled just now or read from Numba's cache.
    pictures = rng.integers(0, 256, (200, *shape), np.uint8)
    expected = in_float32(pictures, *size)
    alone = np.empty_like(expected)
    for picture, out in zip(pictures, alone, strict=True):
        picture.flags.writeable = False
        resample(picture, out)
    np.testing.assert_array_equal(alone, expected)
    together = np.empty_like(expected)
    n_channels = shape[2] if len(shape) == 3 else 1
    shapes = np.array([[*shape[:2], n_channels]] * len(pictures), np.intp)
    resample_many(pictures.ravel(), shapes, together, np.arange(len(pictures)))
    np.testing.assert_array_equal(together, expected)
