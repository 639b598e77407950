import numpy as np
import pytest

from skimgrec.datasets import stratified_subset


@pytest.mark.parametrize("size", [3, 4, 10, 59, 99, 100])
def test_every_class_keeps_its_share(size):
    y = np.repeat(["a", "b", "c"], [70, 29, 1])
    rows = stratified_subset(y, size, random_state=0)
    assert len(set(rows)) == size
    assert (np.diff(rows) > 0).all()
    names, counts = np.unique(y[rows], return_counts=True)
    assert names.tolist() == ["a", "b", "c"]
    assert abs(counts - size * np.array([0.7, 0.29, 0.01])).max() <= 1.5


def test_the_seed_decides_the_choice():
    y = np.arange(100) % 2
    first, again, other = (stratified_subset(y, 50, random_state=seed) for seed in (0, 0, 1))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


@pytest.mark.parametrize("size", [1, 11])
def test_an_impossible_size_is_refused(size):
    with pytest.raises(ValueError, match=f"A part of {size} pictures"):
        stratified_subset([0, 1] * 5, size)
