"""The search for near duplicates: what it finds, and how much it compares."""

import itertools

import numpy as np
import pytest

from skimgrec import check_images
from skimgrec.datasets._alignment import agreements
from skimgrec.datasets._duplicates import N_CANDIDATES, connected
from skimgrec.datasets._near_codes import BUDGET, MAX_DISTANCE, N_BANDS, near_codes


def turned(rng, code, n_bits):
    for bit in rng.choice(64, n_bits, replace=False):
        code = code ^ (np.uint64(1) << np.uint64(bit))
    return code


@pytest.mark.parametrize("n_bits", [0, 1, 5, MAX_DISTANCE])
def test_every_code_within_the_distance_is_found(rng, n_bits):
    codes = rng.integers(2**64, size=300, dtype=np.uint64)
    copies = np.array([turned(rng, code, n_bits) for code in codes])
    pairs, distances, _ = near_codes(np.concatenate([codes, copies]))
    assert pairs.tolist() == [[row, row + 300] for row in range(300)]
    assert set(distances.tolist()) == {n_bits}


def test_codes_beyond_the_distance_are_not_found(rng):
    codes = rng.integers(2**64, size=300, dtype=np.uint64)
    copies = np.array([turned(rng, code, MAX_DISTANCE + 1) for code in codes])
    assert not len(near_codes(np.concatenate([codes, copies]))[0])


def test_other_codes_of_the_same_things(rng):
    codes, others = rng.integers(2**64, size=(2, 50), dtype=np.uint64)
    others[7] = turned(rng, codes[30], 3)
    others[4] = codes[4]
    pairs, distances, _ = near_codes(codes, others)
    assert (pairs.tolist(), distances.tolist()) == ([[7, 30]], [3])


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_codes(n):
    pairs, distances, compared = near_codes(np.zeros(n, np.uint64))
    assert pairs.shape == (0, 2)
    assert len(distances) == 0
    assert compared <= n * N_BANDS


def test_equal_codes_are_linked_without_comparing_all_pairs():
    n = 20_000
    pairs, _, compared = near_codes(np.full(n, 5, np.uint64))
    assert compared <= N_BANDS * n * BUDGET
    assert len(np.unique(pairs)) == n


def test_random_pictures_are_compared_in_proportion_to_their_number(rng):
    n = 5000
    result = check_images(rng.integers(256, size=(n, 16, 16, 3), dtype=np.uint8))
    assert result.is_clean
    assert result.n_compared < n * n / 10
    assert result.n_aligned <= n * N_CANDIDATES


def test_the_agreement_of_copies_and_of_strangers(rng):
    from PIL import Image

    large = Image.fromarray(rng.integers(0, 256, (12, 12), np.uint8)).resize((320, 320), Image.Resampling.BICUBIC)
    other = Image.fromarray(rng.integers(0, 256, (12, 12), np.uint8)).resize((320, 320), Image.Resampling.BICUBIC)
    boxes = {"whole": None, "shifted": (16, 0, 320, 304), "centre": (16, 16, 304, 304)}
    thumbnails = [np.asarray(large.resize((32, 32), Image.Resampling.BOX, box=box)) for box in boxes.values()]
    thumbnails += [np.asarray(other.resize((32, 32), Image.Resampling.BOX)), 255 - thumbnails[0], thumbnails[0] // 2]
    stack = np.stack(thumbnails)
    found = agreements(stack, np.array([(0, row) for row in range(6)]))
    assert found[[0, 1, 2, 5]].min() > 0.95
    assert found[3, 1] < 0.5
    assert found[4].max() < 0


def test_flat_thumbnails_agree_with_nothing(rng):
    stack = np.stack([np.full((32, 32), 7), np.full((32, 32), 9), rng.integers(0, 256, (32, 32))]).astype(np.uint8)
    pairs = np.array(list(itertools.combinations(range(3), 2)))
    found = agreements(stack, pairs)
    assert np.isfinite(found).all()
    assert found.max() < 0.5


def test_groups_are_connected_components():
    assert connected(np.array([[0, 4], [4, 2], [5, 1]]), 7).tolist() == [0, 1, 0, 2, 0, 1, 3]
    assert connected(np.empty((0, 2), np.int64), 3).tolist() == [0, 1, 2]
