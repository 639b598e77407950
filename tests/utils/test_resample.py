"""The kernel that resizes pictures computes what it says, to the last bit."""

import numpy as np
import pytest

from skimgrec.utils._resample import resample, resample_many


def weights_of(first, last, n_in, n_out):
    """Return by place of the result the first place of the picture that counts, and the weights from there on."""
    scale = (last - first) / n_out
    support = max(scale, 1.0)
    rows = []
    for i in range(n_out):
        centre = first + (i + 0.5) * scale
        start, stop = max(0, int(centre - support + 0.5)), min(n_in, int(centre + support + 0.5))
        weights = [max(0.0, 1.0 - abs((j - centre + 0.5) / support)) for j in range(start, stop)]
        total = 0.0
        for weight in weights:  # `sum` would make up for what is rounded off
            total += weight
        rows.append((start, [np.float32(np.float64(np.float32(weight)) / total) for weight in weights]))
    return rows


def fused(total, values, weight):
    return (total.astype(float) + values.astype(float) * float(weight)).astype(np.float32)


def not_fused(total, values, weight):
    return total + values.astype(np.float32) * weight


def in_float32(pictures, size, add, box=None):
    """Resize in float32, one addition after the other."""
    _, height, width, *channels = pictures.shape
    left, upper, right, lower = box or (0.0, 0.0, float(width), float(height))
    result = np.empty((len(pictures), *size, *channels), np.uint8)
    for y, (top, down) in enumerate(weights_of(upper, lower, height, size[0])):
        lines = pictures[:, top].astype(np.float32) * down[0]
        for k, weight in enumerate(down[1:], top + 1):
            lines = add(lines, pictures[:, k], weight)
        for x, (start, across) in enumerate(weights_of(left, right, width, size[1])):
            total = np.full((len(pictures), *channels), 0.5, np.float32)
            for k, weight in enumerate(across, start):
                total = add(total, lines[:, k], weight)
            result[:, y, x] = total.astype(np.int32)
    return result


def assert_is_float32_in_order(seen, *args, **kwargs):
    # Processors fuse products with sums everywhere, or cannot. In another order, one value in some thousands differs,
    # and which it is would depend on whether the kernel was compiled just now or comes from Numba's cache.
    if not np.array_equal(seen, in_float32(*args, not_fused, **kwargs)):
        np.testing.assert_array_equal(seen, in_float32(*args, fused, **kwargs))


@pytest.mark.parametrize(
    ("shape", "size"),
    [((99, 300), (20, 200)), ((200, 150, 3), (31, 64)), ((32, 40, 3), (64, 64)), ((28, 28), (32, 32))],
)
def test_every_value_is_that_of_float32_in_order(rng, shape, size):
    pictures = rng.integers(0, 256, (200, *shape), np.uint8)
    alone = np.empty((200, *size, *shape[2:]), np.uint8)
    for picture, out in zip(pictures, alone, strict=True):
        picture.flags.writeable = False
        resample(picture, out)
    assert_is_float32_in_order(alone, pictures, size)
    together = np.empty_like(alone)
    shapes = np.array([[*shape[:2], shape[2] if len(shape) == 3 else 1]] * 200, np.intp)
    resample_many(pictures.ravel(), shapes, together, np.arange(200))
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("shape", [(60, 90), (60, 90, 3)])
def test_parts_of_pictures_too(rng, shape):
    pictures, box = rng.integers(0, 256, (200, *shape), np.uint8), (12.0, 8.0, 76.0, 56.0)
    seen = np.empty((200, 16, 32, *shape[2:]), np.uint8)
    for picture, out in zip(pictures, seen, strict=True):
        resample(picture, out, box)
    assert_is_float32_in_order(seen, pictures, (16, 32), box=box)


def test_what_grows_much_taller_is_narrowed_first(rng):
    pictures = rng.integers(0, 256, (200, 5, 90, 3), np.uint8)
    seen, narrow, expected = (np.empty((200, rows, 30, 3), np.uint8) for rows in (40, 5, 40))
    for number, picture in enumerate(pictures):
        resample(picture, seen[number])
        resample(picture, narrow[number])
        resample(narrow[number], expected[number])
    np.testing.assert_array_equal(seen, expected)
    assert_is_float32_in_order(narrow, pictures, (5, 30))
