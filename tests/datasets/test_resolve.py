import numpy as np
import pytest

from skimgrec.datasets import load_dataset


@pytest.mark.parametrize("subset", ["all", "train"])
def test_a_data_set_without_splits_gives_all_its_pictures(subset):
    assert load_dataset("digits", subset=subset).images.shape == (1797, 8, 8)


def test_a_data_set_without_splits_has_no_test_split():
    with pytest.raises(ValueError, match="digits has no published splits"):
        load_dataset("digits", subset="test")


def test_only_the_training_split_is_given_by_default(tmp_path):
    np.savez(
        tmp_path / "mnist.npz",
        x_train=np.zeros((4, 28, 28), np.uint8),
        y_train=np.arange(4),
        x_test=np.zeros((2, 28, 28), np.uint8),
        y_test=np.arange(2),
    )
    assert len(load_dataset("mnist", data_home=tmp_path).images) == 4


@pytest.mark.parametrize(
    ("name", "message"),
    [("minst", "did you mean 'mnist'"), ("CIFAR10", "did you mean 'cifar10'"), ("xyz", "Known are digits, mnist, fas")],
)
def test_an_unknown_name_lists_the_known_ones(name, message):
    with pytest.raises(ValueError, match=message):
        load_dataset(name)
