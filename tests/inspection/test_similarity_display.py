"""SimilarityDisplay and ImageGridDisplay."""

import numpy as np
import pytest
from PIL import Image
from sklearn.exceptions import NotFittedError

plt = pytest.importorskip("matplotlib.pyplot")

from skimgrec import ImageGridDisplay, ImageNeighbors, SimilarityDisplay, load_digits_images  # noqa: E402


@pytest.fixture(autouse=True)
def _closed_figures():
    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def digits():
    found = load_digits_images()
    return found.images[:200], found.target[:200]


@pytest.fixture(scope="module")
def neighbors(digits):
    X, y = digits
    return ImageNeighbors("pixels").fit(X[5:], y[5:])


def texts(display):
    return [text.get_text() for text in display.texts_]


def test_the_sheet_shows_what_was_found(digits, neighbors):
    X, y = digits
    names = [f"digit {number}" for number in range(10)]
    display = SimilarityDisplay.from_estimator(
        neighbors, X[:2], y=y[:2], images=X[5:], target_names=names, n_most=3, n_least=2
    )
    assert len(display.images_) == 2 * (1 + 3 + 2)
    distances, rows = neighbors.kneighbors(X[:2], 3)
    far_rows = neighbors.least_similar(X[:2], 2)[1]
    for row in range(2):
        assert display.queries[row].lines == [f"digit {y[row]}"]
        for place in range(3):
            found = display.most_similar[row][place]
            assert found.lines == [f"digit {y[5 + rows[row, place]]}", f"{distances[row, place]:.1f}"]
            np.testing.assert_array_equal(found.image, np.rint(X[5 + rows[row, place]] * 255 / 16))
        assert [one.lines[0] for one in display.least_similar[row]] == [names[y[5 + place]] for place in far_rows[row]]
    assert texts(display)[0] == "queries"
    assert {"most similar", "least similar"} < set(texts(display))
    assert display.figure_ is display.ax_.figure
    display.figure_.canvas.draw()


def test_files_are_named_and_not_similar_to_themselves(tmp_path, rng):
    files = []
    for number in range(6):
        files.append(tmp_path / f"a${number}$\n.png")
        Image.fromarray(rng.integers(256, size=(20, 30, 3), dtype=np.uint8)).save(files[-1], "PNG")
    neighbors = ImageNeighbors("pixels", image_size=(8, 8)).fit(files)
    files[5].write_bytes(b"broken since")
    display = SimilarityDisplay.from_estimator(neighbors, files[:1], n_most=9)
    assert display.queries[0].image.shape == (20, 30, 3)
    assert display.queries[0].lines == ["a$0$\\n.png"]
    names = [one.lines[-1] for one in display.most_similar[0]]
    assert sorted(names) == [f"a${number}$\\n.png" for number in range(1, 6)]
    assert "no picture" in texts(display)
    display.figure_.canvas.draw()  # a dollar sign begins no formula


def test_all_is_drawn_in_the_axes_that_are_given(digits, neighbors):
    X, _ = digits
    figure, (left, right, third) = plt.subplots(1, 3, figsize=(6, 2))
    sheet = SimilarityDisplay.from_estimator(neighbors, X[:1], images=X[5:], ax=left)
    heat_map = SimilarityDisplay.from_sample(neighbors, n_samples=10, ax=right, colorbar=False)
    grid = ImageGridDisplay.from_images(X[:6], ax=third)
    assert figure.axes == [left, right, third]
    assert (sheet.ax_, heat_map.ax_, grid.ax_) == (left, right, third)
    assert sheet.texts_[0].get_size() < 7
    figure.canvas.draw()
    for display in (sheet, grid):
        box = display.ax_.get_window_extent()
        for image in display.images_:
            inside = image.get_window_extent()
            assert box.x0 - 1 <= inside.x0 < inside.x1 <= box.x1 + 1
            assert box.y0 - 1 <= inside.y0 < inside.y1 <= box.y1 + 1


def test_the_map_has_the_classes_together(neighbors):
    display = SimilarityDisplay.from_sample(neighbors, n_samples=40, random_state=0)
    assert display.distances.shape == (40, 40)
    assert display.labels.tolist() == sorted(display.labels)
    assert set(np.unique(display.labels, return_counts=True)[1]) == {4}
    np.testing.assert_array_equal(display.images_[0].get_array(), display.distances)
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == [str(digit) for digit in range(10)]
    assert display.ax_.get_yticks().tolist() == [1.5 + 4 * digit for digit in range(10)]
    assert display.images_[0].get_clim()[0] > 0  # the diagonal does not take the colours of the rest
    assert display.figure_.axes[1].get_ylabel() == "Euclidean distance"
    same = SimilarityDisplay.from_sample(neighbors, n_samples=40, random_state=0)
    np.testing.assert_array_equal(same.distances, display.distances)
    assert SimilarityDisplay.from_sample(neighbors, n_samples=10**6).distances.shape == (195, 195)


def test_a_few_pictures_far_from_all_others_do_not_take_the_colours_of_the_rest():
    points = np.random.default_rng(0).random((100, 2))
    points[0] = 50
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    display = SimilarityDisplay.from_distances(distances)
    assert display.images_[0].get_clim()[1] < 1.5
    assert display.images_[0].colorbar.extend == "both"
    np.testing.assert_array_equal(display.images_[0].get_array(), distances)
    without = SimilarityDisplay.from_distances(distances[1:, 1:])
    assert without.images_[0].get_clim()[1] == distances[1:, 1:].max()
    assert without.images_[0].colorbar.extend == "min"


def test_all_distances_but_one_are_equal():
    distances = np.full((30, 30), 1e-3)
    np.fill_diagonal(distances, 0)
    distances[3, 4] = distances[4, 3] = 2e-3
    display = SimilarityDisplay.from_distances(distances)
    assert display.images_[0].get_clim() == (1e-3, 2e-3)


def test_a_matrix_is_sorted_by_its_labels():
    distances = np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0.0]])
    display = SimilarityDisplay.from_distances(distances, ["b", "a", "b"])
    assert display.labels.tolist() == ["a", "b", "b"]
    np.testing.assert_array_equal(display.distances, [[0, 1, 3], [1, 0, 2], [3, 2, 0]])
    display = SimilarityDisplay.from_distances(np.zeros((4, 4)))
    assert display.ax_.get_xlabel() == "picture"
    display.figure_.canvas.draw()


def test_many_classes_of_hostile_names_are_still_drawn(rng):
    labels = [f"<script>${number}$\x1b" + "x" * 50 for number in range(200)]
    display = SimilarityDisplay.from_distances(rng.random((200, 200)), labels)
    ticks = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert len(ticks) <= 60
    assert all(len(tick) <= 20 and tick.isprintable() for tick in ticks)
    display.figure_.canvas.draw()


def test_what_cannot_be_drawn_is_refused(digits, neighbors):
    X, _ = digits
    for call, message in (
        (lambda: SimilarityDisplay.from_estimator(neighbors, X[:1]), "does not keep them. Give images=X"),
        (lambda: SimilarityDisplay.from_estimator(neighbors, X[:1], images=X), "images has 200 pictures"),
        (
            lambda: SimilarityDisplay.from_estimator(neighbors, X[:2], y=[1], images=X[5:]),
            "1 classes for 2 queries",
        ),
        (
            lambda: SimilarityDisplay.from_sample(neighbors, target_names=["a"]),
            "target_names has 1 names",
        ),
        (lambda: SimilarityDisplay.from_sample(neighbors, n_samples=1), "n_samples=1"),
        (lambda: SimilarityDisplay.from_distances(np.zeros((2, 3))), "expected a square"),
        (lambda: SimilarityDisplay.from_distances(np.zeros((2, 2)), ["a"]), "expected one for each"),
        (lambda: SimilarityDisplay().plot(), "nothing to draw"),
        (lambda: ImageGridDisplay.from_images([]), "at least one picture"),
        (lambda: ImageGridDisplay.from_images(X[:2], ["a"]), "1 captions for 2 pictures"),
        (lambda: ImageGridDisplay.from_images(np.zeros((2001, 2, 2))), "2,000 at most"),
        (lambda: ImageGridDisplay.from_images([np.zeros(3)]), r"shape \(3,\)"),
        (lambda: ImageGridDisplay.from_images(X[:2], n_columns=0), "n_columns=0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(NotFittedError):
        SimilarityDisplay.from_estimator(ImageNeighbors(), X[:1], images=X)


def test_a_grid_of_pictures_of_all_kinds(rng, tmp_path):
    path = tmp_path / "one.png"
    Image.fromarray(rng.integers(256, size=(500, 10, 3), dtype=np.uint8)).save(path)
    pictures = [
        rng.integers(256, size=(4, 9), dtype=np.uint8),
        rng.integers(256, size=(9, 4, 1), dtype=np.uint8),
        rng.integers(256, size=(8, 8, 3), dtype=np.uint8),
        rng.integers(256, size=(8, 8, 4), dtype=np.uint8),
        path,
        tmp_path / "missing.png",
    ]
    display = ImageGridDisplay.from_images(pictures, ["a", ["b", "second"], 3, "$x", "e\n", "f" * 99], n_columns=4)
    assert [None if image is None else image.shape for image in display.images] == [
        (4, 9),
        (9, 4),
        (8, 8, 3),
        (8, 8, 4),
        (256, 5, 3),
        None,
    ]
    assert len(display.images_) == 5
    shown = texts(display)
    assert {"a", "b", "second", "3", "$x", "e\\n", "no picture"} < set(shown)
    assert all(len(text) < 30 for text in shown)
    display.figure_.canvas.draw()


def test_pictures_keep_one_range_of_values():
    pictures = np.zeros((2, 2, 2), dtype=np.float32)
    pictures[1] = 4.0
    pictures[0, 0, 0] = 2.0
    display = ImageGridDisplay.from_images(pictures)
    assert display.images[0][0, 0] == 128
    assert ImageGridDisplay.from_images(pictures, value_range=(0, 8)).images[1].max() == 128
