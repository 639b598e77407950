import os
import sys
from pathlib import Path

import numpy as np
import pytest

from skimgrec.datasets import fetch_cifar10, fetch_cifar100, fetch_fashion_mnist, fetch_mnist

CIFAR_NAMES = np.array(["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"])


def arrays(shape, n_train=12, n_test=8):
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (n_train, *shape), dtype=np.uint8),
        "y_train": np.arange(n_train, dtype=np.uint8) % 10,
        "x_test": rng.integers(0, 256, (n_test, *shape), dtype=np.uint8),
        "y_test": np.arange(n_test, dtype=np.uint8) % 10,
    }


@pytest.fixture
def mnist_folder(tmp_path):
    np.savez_compressed(tmp_path / "mnist.npz", **arrays((28, 28)))
    return tmp_path


@pytest.fixture
def cifar_folder(tmp_path):
    np.savez_compressed(tmp_path / "cifar10.npz", **arrays((32, 32, 3)), class_names=CIFAR_NAMES)
    return tmp_path


@pytest.mark.parametrize(("subset", "n"), [("all", 20), ("train", 12), ("test", 8)])
def test_mnist_gives_the_asked_split_in_the_order_of_the_file(mnist_folder, subset, n):
    source = arrays((28, 28))
    mnist = fetch_mnist(data_home=mnist_folder, subset=subset)
    expected = [source[f"x_{split}"] for split in (["train", "test"] if subset == "all" else [subset])]
    np.testing.assert_array_equal(mnist.images, np.concatenate(expected))
    assert mnist.images.dtype == np.uint8
    assert np.shares_memory(mnist.images, mnist.data)
    assert mnist.target.dtype == np.int64
    assert mnist.data.shape == (n, 784)
    assert ("split" in mnist) == (subset == "all")


def test_all_says_which_split_each_picture_comes_from(mnist_folder):
    assert list(fetch_mnist(data_home=mnist_folder).split) == ["train"] * 12 + ["test"] * 8


def test_cifar10_names_its_classes(cifar_folder):
    cifar10 = fetch_cifar10(data_home=str(cifar_folder), subset="test")
    assert cifar10.images.shape == (8, 32, 32, 3)
    assert list(cifar10.target_names) == list(CIFAR_NAMES)


def test_return_x_y(cifar_folder):
    X, y = fetch_cifar10(data_home=cifar_folder, return_X_y=True)
    assert X.shape == (20, 32, 32, 3)
    assert y.shape == (20,)


def test_the_environment_variable_names_the_folder(mnist_folder, monkeypatch):
    monkeypatch.setenv("SKIMGREC_DATA", str(mnist_folder))
    assert len(fetch_mnist().images) == 20


@pytest.fixture
def three_places(tmp_path, monkeypatch):
    """Return {place: folder}, in the order in which they are looked through."""
    folders = {"data_home": tmp_path / "home", "variable": tmp_path / "named", "cache": tmp_path / "cache" / "skimgrec"}
    for folder in folders.values():
        folder.mkdir(parents=True)
    monkeypatch.setenv("SKIMGREC_DATA", str(folders["variable"]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folders


@pytest.mark.skipif(sys.platform != "linux", reason="XDG_CACHE_HOME moves the cache folder on Linux only")
def test_the_three_places_are_looked_through_in_order(three_places):
    for n_train, folder in zip((3, 2, 1), reversed(three_places.values()), strict=True):
        np.savez(folder / "mnist.npz", **arrays((28, 28), n_train=n_train))
        assert len(fetch_mnist(data_home=three_places["data_home"], subset="train").images) == n_train
    assert len(fetch_mnist(subset="train").images) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="XDG_CACHE_HOME moves the cache folder on Linux only")
def test_what_is_missing_and_not_to_be_downloaded_says_where_to_put_it(three_places, monkeypatch):
    home, cache = three_places["data_home"], three_places["cache"]
    with pytest.raises(FileNotFoundError) as caught:
        fetch_cifar10(data_home=home, download_if_missing=False)
    message = str(caught.value)
    for part in (
        "cifar10.npz is not on this machine",
        f"looked in {home} (data_home)",
        "(the environment variable SKIMGREC_DATA)",
        f"{cache} (the cache folder)",
        "download_if_missing=False forbids",
        "skimgrec.fetch_cifar10(data_home='.')",
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    ):
        assert part in message
    monkeypatch.setenv("SKIMGREC_DATA", str(home / "nowhere"))
    with pytest.raises(
        FileNotFoundError, match=r"nowhere \(the environment variable SKIMGREC_DATA, which is no folder"
    ):
        fetch_cifar10(download_if_missing=False)


def test_no_folder_at_all_is_not_the_current_one():
    with pytest.raises(ValueError, match="data_home='' names no folder"):
        fetch_mnist(data_home="")


def test_cifar100_has_fine_and_coarse_classes(tmp_path):
    made = arrays((32, 32, 3))
    coarse = {f"y_coarse_{split}": made[f"y_{split}"] // 5 for split in ("train", "test")}
    names = {"class_names": [f"thing {k}" for k in range(10)], "coarse_class_names": ["first", "second"]}
    np.savez(tmp_path / "cifar100.npz", **made, **coarse, **names)
    fine = fetch_cifar100(data_home=tmp_path)
    assert fine.target.max() == 9
    assert fine.target_names.tolist() == names["class_names"]
    bunch = fetch_cifar100(data_home=tmp_path, coarse=True, subset="test")
    np.testing.assert_array_equal(bunch.target, coarse["y_coarse_test"])
    assert bunch.target_names.tolist() == ["first", "second"]


def test_coarse_classes_that_are_not_there_are_named(tmp_path):
    np.savez(tmp_path / "cifar100.npz", **arrays((32, 32, 3)), class_names=CIFAR_NAMES)
    with pytest.raises(ValueError, match=r"has no y_coarse_train, coarse_class_names: it holds x_train"):
        fetch_cifar100(data_home=tmp_path, coarse=True, subset="train")


def test_fashion_mnist_names_its_classes(tmp_path):
    np.savez(tmp_path / "fashion_mnist.npz", **arrays((28, 28)))
    fashion = fetch_fashion_mnist(data_home=tmp_path)
    assert fashion.images.shape == (20, 28, 28)
    assert fashion.target_names[[0, 9]].tolist() == ["T-shirt/top", "Ankle boot"]


def test_an_unknown_subset_lists_the_known_ones(mnist_folder):
    with pytest.raises(ValueError, match="'subset' parameter of fetch_mnist must be a str among"):
        fetch_mnist(data_home=mnist_folder, subset="validation")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_test": None}, r"has no x_test: it holds .*expected x_train"),
        ({"x_train": np.zeros((12, 784), np.uint8)}, r"x_train has shape \(12, 784\).*expected \(n, 28, 28\)"),
        ({"x_train": np.zeros((12, 28, 28))}, r"x_train has .*dtype float64.*uint8"),
        ({"y_train": np.zeros(11, np.uint8)}, r"y_train has shape \(11,\).*12 pictures"),
        ({"y_train": np.full(12, 10)}, r"y_train holds values from 10 to 10, expected 0 to 9"),
        ({"y_train": np.zeros(12)}, r"y_train has .*dtype float64.*integer"),
        ({"y_train": np.array([None] * 12)}, "not a readable npz file of plain arrays"),
    ],
)
def test_a_malformed_file_says_what_is_wrong(tmp_path, changes, message):
    content = {**arrays((28, 28)), **changes}
    np.savez(tmp_path / "mnist.npz", **{key: value for key, value in content.items() if value is not None})
    with pytest.raises(ValueError, match=message):
        fetch_mnist(data_home=tmp_path)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x03\x04 cut short"])
def test_a_file_that_is_no_npz_is_named(tmp_path, content):
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"mnist\.npz is not a readable npz file"):
        fetch_mnist(data_home=tmp_path)


def test_a_single_array_is_not_a_data_set(tmp_path):
    with (tmp_path / "mnist.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match=r"mnist\.npz has no x_train.*it holds nothing"):
        fetch_mnist(data_home=tmp_path)


def real_file(name):
    folder = os.environ.get("SKIMGREC_DATA")
    if not folder or not (Path(folder) / name).is_file():
        pytest.skip(f"needs {name} in the folder named by SKIMGREC_DATA")


def test_the_real_mnist_is_in_its_published_order():
    real_file("mnist.npz")
    mnist = fetch_mnist()
    assert mnist.images.shape == (70000, 28, 28)
    assert mnist.target[:6].tolist() == [5, 0, 4, 1, 9, 2]
    assert mnist.target[mnist.split == "test"][:6].tolist() == [7, 2, 1, 0, 4, 1]


def test_the_real_cifar10_has_equally_many_of_each_class():
    real_file("cifar10.npz")
    cifar10 = fetch_cifar10(subset="test")
    assert np.bincount(cifar10.target).tolist() == [1000] * 10
    assert cifar10.target_names.tolist() == CIFAR_NAMES.tolist()
