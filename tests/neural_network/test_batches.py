"""The batches that a network learns from, as TensorFlow is given them."""

import gc

import keras
import numpy as np
import pytest

from skimgrec.neural_network._batches import TrainingBatches
from skimgrec.neural_network._scaling import PixelScale

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="about TensorFlow's input")


def numbered(n):
    """Return pictures of which number i is all i."""
    return np.tile(np.arange(n, dtype=np.uint8)[:, None, None, None], (1, 4, 4, 1))


def batches_of(pictures, *, batch_size=8, **options):
    n = len(pictures)
    settings = {"n_outputs": 3, "one_hot": False, "scale": PixelScale(0, 255, "uint8"), "seed": 0, **options}
    return TrainingBatches(pictures, np.arange(n) % 3, np.ones(n), batch_size=batch_size, **settings)


def rows_in(data):
    return [pictures.numpy()[:, 0, 0, 0].tolist() for pictures, *_ in data]


@pytest.mark.parametrize("n", [5, 8, 150, 255])
def test_epochs_follow_one_another_each_in_its_order_and_with_its_short_batch(n):
    from skimgrec.neural_network._tensorflow_input import dataset_of_epochs

    batches = batches_of(numbered(n))
    seen = rows_in(dataset_of_epochs(batches, range(2, 5)))
    assert len(seen) == 3 * len(batches)
    for number, epoch in enumerate(range(2, 5)):
        order = batches.order_of(epoch).tolist()
        expected = [order[start : start + 8] for start in range(0, n, 8)]
        assert seen[number * len(batches) : (number + 1) * len(batches)] == expected


def test_two_passes_over_the_same_batches_do_not_meet():
    from skimgrec.neural_network._tensorflow_input import dataset_of_epochs

    batches = batches_of(numbered(200))
    first, second = (iter(dataset_of_epochs(batches, range(start, 9))) for start in (3, 4))
    in_turns = [(next(first)[0].numpy()[:, 0, 0, 0], next(second)[0].numpy()[:, 0, 0, 0]) for _ in range(25)]
    for number, epoch in enumerate((3, 4)):
        np.testing.assert_array_equal(np.concatenate([pair[number] for pair in in_turns]), batches.order_of(epoch))


@pytest.mark.parametrize("at_once", [True, False])
def test_few_pictures_to_judge_by_are_read_once(monkeypatch, at_once):
    from skimgrec.neural_network import _tensorflow_input

    if not at_once:
        monkeypatch.setattr(_tensorflow_input, "_AT_ONCE", 100)
    batches, n_read = batches_of(numbered(20), judging=True), []
    read = batches.read
    monkeypatch.setattr(batches, "read", lambda *part: n_read.append(part) or read(*part))
    data = _tensorflow_input.dataset_for_judging(batches)
    for _ in range(3):
        assert rows_in(data) == [list(range(8)), list(range(8, 16)), list(range(16, 20))]
    assert len(n_read) == (1 if at_once else 3)


def test_a_pass_does_not_keep_the_pictures():
    from skimgrec.neural_network._tensorflow_input import dataset_of_epochs

    batches = batches_of(numbered(40))
    data = dataset_of_epochs(batches, range(9))
    passing = iter(data)
    next(passing)
    del batches
    gc.collect()
    with pytest.raises(Exception, match="let go of before the data set"):
        list(passing)
