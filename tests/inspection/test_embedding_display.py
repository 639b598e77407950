import sys

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import MDS
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skimgrec import EmbeddingDisplay, HOGTransformer, ImageFlattener, ImageLoader
from skimgrec.inspection._embedding import apart

HOSTILE = "<b>$\\frac$ a\nb\x1b[31m</b>"


def separation(positions, y):
    """Return how many pictures have a nearest neighbour of their own class, as a part of all."""
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return (y[distances.argmin(axis=1)] == y).mean()


# --- features and places ---


@pytest.fixture(autouse=True)
def one_thread():
    """Keep the threads of t-SNE from waiting for one another where others compute."""
    with threadpool_limits(1, "openmp"):
        yield


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_pictures_of_a_class_lie_together(barred, method):
    X, y = barred
    display = EmbeddingDisplay.from_estimator(None, X, y, method=method, random_state=0)
    assert display.positions.shape == (len(X), 2)
    assert separation(display.positions, y) > 0.95


def test_pca_is_that_of_the_features(forest, barred):
    X, y = barred
    display = EmbeddingDisplay.from_estimator(forest, X, y)
    expected = PCA(2, svd_solver="full").fit_transform(forest[0].transform(X).astype(float))
    np.testing.assert_allclose(np.abs(display.positions), np.abs(expected), atol=1e-6)
    again = EmbeddingDisplay.from_features(forest[0].transform(X), X, y)
    np.testing.assert_allclose(again.positions, display.positions, atol=1e-6)


def test_a_network_gives_what_it_has_learnt(cnn, barred):
    X, y = barred
    display = EmbeddingDisplay.from_estimator(cnn, X, y)
    expected = EmbeddingDisplay.from_features(cnn.transform(X), X, y)
    np.testing.assert_array_equal(display.positions, expected.positions)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_the_same_seed_gives_the_same_figure(barred, method):
    X, y = barred
    one, other = (
        EmbeddingDisplay.from_estimator(None, X, y, method=method, subsample=15, random_state=3) for _ in range(2)
    )
    np.testing.assert_array_equal(one.rows, other.rows)
    np.testing.assert_array_equal(one.positions, other.positions)
    assert len(one.rows) == len(set(one.rows)) == 15
    np.testing.assert_array_equal(one.target, y[one.rows])
    np.testing.assert_array_equal(np.asarray(one.pictures)[..., 0], X[one.rows])


def test_an_estimator_as_method(barred):
    X, _ = barred
    method = MDS(2, n_init=1, init="random", max_iter=20, random_state=0)
    display = EmbeddingDisplay.from_estimator(None, X, subsample=20, method=method)
    assert "MDS" in display.ax_.get_title(loc="left")
    with pytest.raises(ValueError, match=r"gave an array of shape \(90, 3\), expected \(90, 2\)"):
        EmbeddingDisplay.from_estimator(None, X, method=PCA(3))


def test_umap_where_it_is_not_installed(barred, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ImportError, match=r'method="umap" needs umap-learn.*pip install umap-learn'):
        EmbeddingDisplay.from_estimator(None, barred[0], method="umap")


def test_umap_where_it_is_installed(barred, monkeypatch):
    class UMAP:
        def __init__(self, **params):
            self.params = params

        def fit_transform(self, features):
            assert self.params["n_neighbors"] == 9
            assert isinstance(self.params["random_state"], int)
            assert (self.params["n_jobs"], self.params["init"]) == (1, "spectral")
            return features[:, :2].astype(np.float32)

    monkeypatch.setitem(sys.modules, "umap", type(sys)("umap"))
    sys.modules["umap"].UMAP = UMAP
    display = EmbeddingDisplay.from_estimator(None, barred[0][:10], method="umap", random_state=0)
    assert display.positions.shape == (10, 2)
    assert display.ax_.get_title(loc="left") == "10 pictures, UMAP"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:Graph is not fully connected", "ignore:Spectral init")
@pytest.mark.parametrize("n", [3, 4, 30])
def test_umap_itself_lays_out_few_pictures_and_the_same_each_time(barred, n):
    pytest.importorskip("umap")
    places = [
        EmbeddingDisplay.from_estimator(None, barred[0][:n], method="umap", random_state=0).positions for _ in range(2)
    ]
    assert places[0].shape == (n, 2)
    assert np.isfinite(places[0]).all()
    np.testing.assert_array_equal(*places)


@pytest.mark.parametrize(
    "fitted",
    [
        lambda X, y: make_pipeline(StandardScaler(), LogisticRegression()).fit(X.reshape(len(X), -1), y),
        lambda X, y: make_pipeline(ImageFlattener(), StandardScaler(), LogisticRegression()).fit(X, y),
    ],
    ids=["rows", "pictures"],
)
def test_pipelines_without_their_classifier(fitted, barred):
    X, y = barred
    display = EmbeddingDisplay.from_estimator(fitted(X / 1.0, y), X / 1.0, y)
    expected = StandardScaler().fit_transform(X.reshape(len(X), -1))
    again = EmbeddingDisplay.from_features(expected, X, y)
    np.testing.assert_allclose(np.abs(again.positions), np.abs(display.positions), atol=1e-6)


def test_files(barred, tmp_path):
    from PIL import Image

    X, y = barred
    paths = [tmp_path / f"{number}.png" for number in range(12)]
    for path, picture in zip(paths, X, strict=False):
        Image.fromarray(picture).save(path)
    hog = make_pipeline(ImageLoader((16, 16), grey=True), HOGTransformer(pixels_per_cell=(4, 4)))
    display = EmbeddingDisplay.from_estimator(hog.fit(paths), paths, y[:12], subsample=8, random_state=0)
    expected = EmbeddingDisplay.from_estimator(hog[1], X[:12], y[:12], subsample=8, random_state=0)
    np.testing.assert_allclose(display.positions, expected.positions, atol=1e-6)
    assert display.shown_
    alone = EmbeddingDisplay.from_estimator(None, paths, y[:12])
    assert alone.positions.shape == (12, 2)


# --- errors ---


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "lda"}, "method='lda': expected one of 'pca', 'tsne', 'umap', or an object with fit_transform"),
        ({"subsample": 0}, "subsample=0: expected a positive integer"),
        ({"subsample": 2}, "Got 2 pictures, expected at least 3"),
        ({"display_labels": ["a"]}, "display_labels has 1 names for 3 classes"),
    ],
)
def test_what_cannot_be_used(barred, settings, message, plt):
    with pytest.raises(ValueError, match=message):
        EmbeddingDisplay.from_estimator(None, *barred, **settings)
    assert not plt.get_fignums()


def test_what_does_not_fit_together(barred):
    X, y = barred
    with pytest.raises(ValueError, match="y has 89 entries for 90 pictures"):
        EmbeddingDisplay.from_estimator(None, X, y[1:])
    with pytest.raises(ValueError, match="features has 3 entries for 90 pictures"):
        EmbeddingDisplay.from_features(np.zeros((3, 2)), X, y)
    with pytest.raises(ValueError, match="The features hold NaN or infinity"):
        EmbeddingDisplay.from_features(np.full((90, 2), np.nan), X, y)
    with pytest.raises(TypeError, match="LogisticRegression, which makes no features"):
        EmbeddingDisplay.from_estimator(LogisticRegression().fit(X.reshape(90, -1), y), X)


# --- drawing ---


def test_thumbnails_do_not_overlap():
    places = np.array([[0, 0], [5, 0], [10, 0], [0, 9], [0, 10], [30, 30]])
    assert apart(places, 10, 10) == [0, 2, 4, 5]
    assert apart(places, 10, 2) == [0, 2]
    assert apart(places, 10, 0) == []


def test_thumbnails_and_colours(barred, plt):
    X, y = barred
    figure, ax = plt.subplots()
    display = EmbeddingDisplay.from_estimator(None, X, y, n_thumbnails=7, ax=ax)
    assert (display.figure_, display.ax_) == (figure, ax)
    assert 1 < len(display.shown_) <= 7
    boxes = [artist for artist in ax.artists if hasattr(artist, "offsetbox")]
    assert len(boxes) == len(display.shown_)
    assert ax.get_title(loc="left") == "90 pictures of 3 classes, PCA"
    legend = ax.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == sorted(set(y))
    colors = {name: handle.get_color() for name, handle in zip(sorted(set(y)), legend.legend_handles, strict=True)}
    points = ax.collections[0].get_facecolors()[:, :3]
    np.testing.assert_allclose(points, [colors[name] for name in y])
    for box, row in zip(boxes, display.shown_, strict=True):
        np.testing.assert_allclose(box.patch.get_edgecolor()[:3], colors[y[row]])
    assert not EmbeddingDisplay.from_estimator(None, X, y, n_thumbnails=0).shown_


def test_names_of_classes_stay_with_their_class(barred):
    X, _ = barred
    y = np.arange(90)
    names = [f"name {code}" for code in y]
    display = EmbeddingDisplay.from_estimator(None, X, y, subsample=5, display_labels=names, random_state=0)
    assert display.display_labels == [names[row] for row in display.rows]
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == display.display_labels


def test_many_classes_have_no_legend(barred):
    display = EmbeddingDisplay.from_estimator(None, barred[0], np.arange(90))
    assert display.ax_.get_legend() is None


def test_hostile_names(barred, texts_of):
    X, y = barred
    display = EmbeddingDisplay.from_estimator(None, X, y, display_labels=[HOSTILE, "b", "c"])
    hostile = [text for text in texts_of(display.figure_) if "$" in text.get_text()]
    assert len(hostile) == 1
    assert not hostile[0].get_parse_math()
    assert "\n" not in hostile[0].get_text()
    assert "\x1b" not in hostile[0].get_text()


def test_equal_pictures_lie_in_one_place(texts_of):
    display = EmbeddingDisplay.from_estimator(None, np.ones((4, 9, 9)))
    assert np.ptp(display.positions) == 0
    assert display.shown_ == [0]
    texts_of(display.figure_)
