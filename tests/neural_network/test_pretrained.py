"""PretrainedTransformer: the features of keras.applications, from weights in a file."""

import copy
import inspect
import pickle
import subprocess
import sys
import threading

import joblib
import keras
import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from skimgrec import ImageLoader, PretrainedTransformer
from skimgrec.neural_network import _pretrained
from skimgrec.neural_network._backbones import backbone_named
from skimgrec.neural_network._feature_cache import picture_keys
from skimgrec.neural_network._network import Network

# Keras converts its variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SMALL = {"backbone": "mobile_net", "backbone_params": {"alpha": 0.1}}


@pytest.fixture(name="make")
def make_fixture(backbone_file):
    def make(**parameters):
        return PretrainedTransformer(**{**SMALL, "weights": backbone_file, "image_size": (32, 32), **parameters})

    return make


@pytest.fixture(name="photos")
def photos_fixture(rng):
    """Return 40 pictures in colour with something in them."""
    coarse = rng.integers(0, 256, (40, 4, 4, 3))
    return np.kron(coarse, np.ones((1, 8, 8, 1))).astype(np.uint8)


def keras_features(model, pictures, pooling="avg"):
    """Return what Keras itself makes of RGB pictures in 0..255."""
    x = keras.applications.mobilenet.preprocess_input(pictures.astype(np.float32))
    maps = model.predict(x, verbose=0)
    return maps.mean(axis=(1, 2)) if pooling == "avg" else maps.max(axis=(1, 2))


def close(a, b, tolerance=1e-5):
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * abs(b).max())


# Untrained networks make much of rounding, and Keras computes in another order.
KERAS = 1e-3


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_features_are_those_of_keras(make, backbone, photos, pooling):
    features = make(pooling=pooling).fit_transform(photos)
    assert features.dtype == np.float32
    wanted = keras_features(backbone, photos, pooling)
    assert np.median(wanted.std(axis=0)) > 0.1, "the network sees nothing"
    close(features, wanted, KERAS)


@pytest.mark.parametrize("name", ["MobileNet", "VGG16", "DenseNet121"])
def test_preprocessing_of_each_mode_is_that_of_keras_within_a_graph(name, photos):
    backbone = backbone_named(name)
    inputs = keras.Input((32, 32, 3))
    inside = keras.Model(inputs, backbone.preprocess(inputs)).predict_on_batch(photos.astype(np.float32))
    np.testing.assert_allclose(inside, backbone.preprocess(photos.astype(np.float32)), atol=1e-4)


def test_a_network_with_a_normalisation_of_its_own_is_read_and_gives_keras_features(photos, tmp_path):
    kind = keras.applications.EfficientNetB0
    model = kind(include_top=False, weights=None, input_shape=(32, 32, 3), pooling="avg")
    for weight in model.weights:
        if weight.name == "kernel":  # Keras's own draw lets the signal fade
            weight.assign(weight.numpy() * 3)
    model.save_weights(tmp_path / "x.weights.h5")
    transformer = PretrainedTransformer("efficientnet_b0", weights=tmp_path / "x.weights.h5", image_size=(32, 32))
    close(transformer.fit_transform(photos[:3]), model.predict(photos[:3].astype(np.float32), verbose=0), KERAS)


def test_grey_and_alpha_and_floats_are_brought_to_rgb(make, backbone, photos):
    grey = photos[..., 0]
    wanted = keras_features(backbone, np.repeat(grey[..., None], 3, axis=-1))
    close(make().fit_transform(grey), wanted, KERAS)
    close(make().fit_transform(grey[..., None]), wanted, KERAS)
    close(make(image_shape=(32, 32)).fit_transform(grey.reshape(40, -1)), wanted, KERAS)
    low, high = grey.min(), grey.max()
    stretched = (grey.astype(np.float64) - low) / (high - low)
    wanted = keras_features(backbone, np.repeat(stretched[..., None] * 255, 3, axis=-1))
    close(make().fit_transform(stretched), wanted, KERAS)
    with_alpha = np.concatenate([photos, photos[..., :1]], axis=-1)
    close(make().fit_transform(with_alpha), make().fit_transform(photos))


def test_pictures_are_resized_in_proportion(make, backbone, photos):
    few = photos[:2, :20]
    transformer = make(image_size="auto").fit(few)
    assert transformer.image_size_ == (96, 154)
    larger = keras.applications.MobileNet((96, 154, 3), alpha=0.1, include_top=False, weights=None)
    larger.set_weights(backbone.get_weights())
    resized = keras.ops.image.resize(few.astype(np.float32), (96, 154), antialias=True)
    close(transformer.transform(few), keras_features(larger, keras.ops.convert_to_numpy(resized)), KERAS)
    shrunk = keras.ops.image.resize(photos.repeat(3, axis=1).astype(np.float32), (32, 32), antialias=True)
    wanted = keras_features(backbone, keras.ops.convert_to_numpy(shrunk))
    close(make().fit_transform(photos.repeat(3, axis=1)), wanted, KERAS)


def test_names_of_features_and_fitted_attributes(make, photos):
    transformer = make().fit(photos)
    names = transformer.get_feature_names_out()
    assert names[0] == "mobilenet_0"
    assert len(names) == len(set(names)) == transformer.transform(photos[:1]).shape[1] == 102
    assert transformer.backbone_ == "MobileNet"
    assert not transformer.weights_[0].flags.writeable
    frame = transformer.set_output(transform="pandas").transform(photos[:2])
    assert list(frame.columns) == list(names)


def test_features_do_not_depend_on_what_comes_beside(make, photos):
    transformer = make().fit(photos)
    features = transformer.transform(photos)
    close(np.concatenate([transformer.transform(photos[i : i + 1]) for i in range(5)]), features[:5])
    close(transformer.transform(photos[::-1])[::-1], features)
    close(make(batch_size=7).fit(photos).transform(photos), features)
    np.testing.assert_array_equal(transformer.transform(photos), features)


# Weights.


def test_nothing_is_loaded_before_fit():
    code = (
        "import sys; from skimgrec import PretrainedTransformer; from sklearn.base import clone\n"
        "import skimgrec.neural_network\n"
        "t = clone(PretrainedTransformer()); t.get_params(); repr(t); t._repr_html_(); t.__sklearn_tags__()\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    """Let Keras have downloaded nothing yet."""
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()


@pytest.mark.usefixtures("empty_home")
def test_a_failed_download_says_what_was_tried_and_what_to_do(photos, capsys):
    transformer = PretrainedTransformer()
    with pytest.raises(OSError, match="ImageNet weights of MobileNetV3Small could not be had") as raised:
        transformer.fit(photos)
    words = str(raised.value)
    assert "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v3/" in words
    assert "fetch weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5 elsewhere" in words
    assert "weights='path/to/file.h5'" in words
    assert "models" in words
    assert not hasattr(transformer, "image_shape_")
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("empty_home")
def test_imagenet_weights_there_are_not_are_told_apart_from_a_failed_download(photos):
    with pytest.raises(ValueError, match=r"cannot be built .* alpha can be one of"):
        PretrainedTransformer(backbone_params={"alpha": 0.3}).fit(photos)
    with pytest.raises(ValueError, match=r"alpha=inf: expected a finite number"):
        PretrainedTransformer("MobileNet", weights=None, backbone_params={"alpha": float("inf")}).fit(photos)
    with pytest.raises(ValueError, match="MobileNet cannot be built"):
        PretrainedTransformer("MobileNet", weights=None, backbone_params={"alpha": 1e308}).fit(photos)


def test_weights_of_imagenet_are_those_that_keras_loads(backbone, photos, monkeypatch, make):
    asked = []

    def loaded(*, weights, **others):
        asked.append(weights)
        model = own(weights=None, **others)
        if weights is not None:
            model.set_weights(backbone.get_weights())
        return model

    own = keras.applications.MobileNet
    loaded.__signature__, loaded.__module__ = inspect.signature(own), own.__module__
    monkeypatch.setattr(keras.applications, "MobileNet", loaded)
    transformer = make(weights="imagenet").fit(photos)
    assert "imagenet" in asked
    close(transformer.transform(photos), keras_features(backbone, photos), KERAS)


@pytest.mark.parametrize("name", ["small.keras", "small.h5", "weights.h5"])
def test_every_kind_of_file_is_read(make, backbone, photos, tmp_path, name):
    path = tmp_path / name
    if name == "weights.h5":
        import h5py
        from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

        with h5py.File(path, "w") as file:  # as the files of keras.applications are
            save_weights_to_hdf5_group(file, backbone)
    else:
        backbone.save(path)
    close(make(weights=str(path)).fit_transform(photos), keras_features(backbone, photos), KERAS)


def test_weights_of_another_network_are_refused(make, photos, tmp_path):
    other = keras.applications.MobileNet((32, 32, 3), alpha=0.2, include_top=False, weights=None)
    other.save_weights(tmp_path / "wider.weights.h5")
    with pytest.raises(ValueError, match=r"not those of MobileNet with alpha=0\.1: .*shape.*is needed.*save_weights"):
        make(weights=tmp_path / "wider.weights.h5").fit(photos)
    whole = keras.applications.MobileNet((32, 32, 3), alpha=0.1, weights=None, classes=7)
    whole.save_weights(tmp_path / "top.weights.h5")
    with pytest.raises(ValueError, match=r"The file has a layer conv2d_14.*include_top=False, alpha=0\.1.*no_top"):
        make(weights=tmp_path / "top.weights.h5").fit(photos)
    (tmp_path / "text.h5").write_text("weights, or so")
    with pytest.raises(ValueError, match="is no HDF5 file"):
        make(weights=tmp_path / "text.h5").fit(photos)
    with pytest.raises(FileNotFoundError, match=r"weights='Imagenet' cannot be read.* Give 'imagenet', or"):
        make(weights="Imagenet").fit(photos)


def test_a_file_that_changes_is_read_again(make, backbone, photos, tmp_path):
    path = tmp_path / "x.weights.h5"
    backbone.save_weights(path)
    before = make(weights=path).fit(photos)
    changed = keras.models.clone_model(backbone)
    changed.set_weights([array * 1.1 for array in backbone.get_weights()])
    changed.save_weights(path)
    after = make(weights=path).fit(photos)
    np.testing.assert_array_equal(after.weights_[0], changed.get_weights()[0])
    np.testing.assert_array_equal(before.weights_[0], backbone.get_weights()[0])


def test_random_weights_follow_the_seed_alone(make, photos):
    one, same, other = (make(weights=None, random_state=seed).fit(photos) for seed in (0, 0, 1))
    assert all(map(np.array_equal, one.weights_, same.weights_))
    assert not all(map(np.array_equal, one.weights_, other.weights_))


def test_pictures_that_the_network_cannot_take_are_refused(photos, make):
    with pytest.raises(ValueError, match=r"Xception cannot be built for pictures of 70 x 70 .*71.*image_size="):
        PretrainedTransformer("Xception", weights=None, image_size=(70, 70)).fit(photos)
    with pytest.raises(ValueError, match="fitted on"):
        make().fit(photos).transform(photos[:, :16])


# The estimator within scikit-learn, processes and threads.


def test_a_fitted_transformer_needs_no_file(make, backbone, photos, tmp_path):
    backbone.save_weights(tmp_path / "x.weights.h5")
    transformer = make(weights=tmp_path / "x.weights.h5").fit(photos)
    features = transformer.transform(photos)
    (tmp_path / "x.weights.h5").unlink()
    for again in (pickle.loads(pickle.dumps(transformer)), copy.deepcopy(transformer)):
        np.testing.assert_array_equal(again.transform(photos), features)
        assert not again.weights_[0].flags.writeable
    with pytest.raises(FileNotFoundError):
        clone(transformer).fit(photos)


def test_parameters_set_after_fit_change_nothing(make, photos):
    transformer = make().fit(photos)
    features = transformer.transform(photos)
    transformer.set_params(pooling="max", backbone="ResNet50", image_size=(64, 64), backbone_params=None)
    np.testing.assert_array_equal(transformer.transform(photos), features)


def test_it_is_searched_and_validated_like_any_transformer(make, photos):
    y = np.arange(40) % 2
    photos[y == 1] //= 8
    pipe = make_pipeline(make(), LogisticRegression(max_iter=2000))
    assert cross_val_score(pipe, photos, y, cv=3).mean() > 0.8
    search = GridSearchCV(pipe, {"pretrainedtransformer__pooling": ["avg", "max"]}, cv=2).fit(photos, y)
    assert search.best_estimator_.predict(photos[:3]).shape == (3,)


def test_threads_do_not_mix_their_weights(make, photos):
    transformers = [make().fit(photos), make(weights=None, random_state=0).fit(photos)]
    wanted = [transformer.transform(photos) for transformer in transformers]
    wrong = []

    def ask(number):
        for _ in range(10):
            if not np.array_equal(transformers[number].transform(photos), wanted[number]):
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number % 2,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_files_are_read_in_chunks_and_stay_in_order(make, photos, tmp_path, monkeypatch):
    paths = []
    for number, photo in enumerate(photos):
        Image.fromarray(photo).save(tmp_path / f"{number:02}.png")
        paths.append(tmp_path / f"{number:02}.png")
    wanted = make().fit_transform(photos)
    monkeypatch.setattr("skimgrec.utils._lazy_images._CHUNK_BYTES", 7 * photos[0].nbytes)
    lazy = ImageLoader((32, 32)).transform(paths)
    close(make(batch_size=5).fit(lazy).transform(lazy), wanted)
    pipe = make_pipeline(ImageLoader((32, 32)), make(batch_size=5), LogisticRegression(max_iter=2000))
    y = np.arange(40) % 2
    direct = LogisticRegression(max_iter=2000).fit(wanted, y)
    assert (pipe.fit(paths, y).predict(paths[::-1]) == direct.predict(wanted[::-1])).all()


# The cache.


@pytest.fixture(name="computed")
def computed_fixture(monkeypatch):
    """Return the numbers of pictures that networks are given, one after another."""
    sizes = []
    predict = Network.predict
    monkeypatch.setattr(Network, "predict", lambda self, batch: (sizes.append(len(batch)), predict(self, batch))[1])
    return sizes


def test_each_picture_is_computed_once_across_folds_and_estimators(make, photos, tmp_path, computed):
    plain = make().fit_transform(photos)
    computed.clear()
    y = np.arange(40) % 2
    photos[y == 1] //= 8
    pipe = make_pipeline(make(cache=tmp_path / "features"), LogisticRegression(max_iter=2000))
    cross_val_score(pipe, photos, y, cv=4)
    assert sum(computed) == 40
    computed.clear()
    features = make(cache=tmp_path / "features").fit_transform(photos)
    assert computed == []
    # JAX sums in another order for another number of pictures at a time.
    rounding = 1e-5 if keras.backend.backend() == "jax" else 0
    np.testing.assert_allclose(features, make().fit_transform(photos), rtol=0, atol=rounding)
    assert not np.array_equal(features, plain)


def test_equal_pictures_in_a_batch_are_computed_once(make, photos, tmp_path, computed):
    twice = np.concatenate([photos, photos[::-1]])
    features = make(cache=tmp_path).fit_transform(twice)
    assert sum(computed) == 40
    np.testing.assert_array_equal(features[:40], features[40:][::-1])


@pytest.mark.parametrize(
    "change",
    [
        {"pooling": "max"},
        {"image_size": (40, 32)},
        {"weights": None, "random_state": 0},
        {"backbone_params": {"alpha": 0.1, "depth_multiplier": 1}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_features_depend_on_keeps_them_apart(make, photos, tmp_path, change, computed):
    make(cache=tmp_path).fit_transform(photos)
    computed.clear()
    other = make(cache=tmp_path, **change).fit_transform(photos)
    assert sum(computed) == 40
    np.testing.assert_array_equal(other, make(**change).fit_transform(photos))


def test_pictures_of_equal_bytes_and_another_meaning_are_kept_apart(make, photos, tmp_path, computed):
    grey = np.ascontiguousarray(photos[..., 0] // 2)
    for same_bytes in (grey, grey.astype(np.int8), grey.reshape(40, 16, 64), grey.reshape(40, 64, 16)):
        transformer = make(cache=tmp_path)
        computed.clear()
        close(transformer.fit_transform(same_bytes), make().fit_transform(same_bytes))
        assert sum(computed) == 80


def test_a_damaged_cache_is_computed_anew(make, photos, tmp_path, computed):
    wanted = make(cache=tmp_path).fit_transform(photos)
    (path,) = tmp_path.glob("*/*.npy")
    path.write_bytes(path.read_bytes()[:-100])
    (path.parent / "foreign.npy").write_bytes(b"nothing")
    np.save(path.parent / "other.npy", np.zeros((3, 4)))
    computed.clear()
    np.testing.assert_array_equal(make(cache=tmp_path).fit_transform(photos), wanted)
    assert sum(computed) == 40


def test_a_cache_that_is_removed_while_it_is_used_is_computed_anew(make, photos, tmp_path, monkeypatch, computed):
    transformer = make(cache=tmp_path)
    wanted = transformer.fit_transform(photos)
    real = picture_keys

    def removing(pictures):
        for path in tmp_path.glob("*/*.npy"):
            path.unlink()
        return real(pictures)

    monkeypatch.setattr("skimgrec.neural_network._feature_cache.picture_keys", removing)
    computed.clear()
    np.testing.assert_array_equal(transformer.transform(photos), wanted)
    assert sum(computed) == 40


def test_single_pictures_leave_no_file_and_many_one_for_thousands(make, photos, tmp_path, monkeypatch):
    transformer = make(cache=tmp_path).fit(photos)
    for photo in photos[:5]:
        transformer.transform(photo[None])
    assert not list(tmp_path.glob("*/*"))
    transformer.transform(photos[:2])
    assert len(list(tmp_path.glob("*/*.npy"))) == 1
    monkeypatch.setattr("skimgrec.neural_network._feature_cache._MOST_ROWS", 20)
    transformer.transform(photos)
    assert len(list(tmp_path.glob("*/*.npy"))) == 3, "38 more are one full file and the rest"


def test_weights_are_digested_once_and_anew_where_they_are_others(make, photos, tmp_path, monkeypatch):
    digested = []
    real = _pretrained.digest
    monkeypatch.setattr(_pretrained, "digest", lambda weights: (digested.append(weights), real(weights))[1])
    transformer = make(cache=tmp_path).fit(photos)
    before = set(vars(transformer))
    for _ in range(3):
        transformer.transform(photos)
    assert len(digested) == 1
    assert set(vars(transformer)) == before, "it would get into files"
    again = pickle.loads(pickle.dumps(transformer))
    for _ in range(2):
        again.transform(photos)
    assert len(digested) == 2
    transformer.set_params(weights=None, random_state=0).fit(photos)
    other = transformer.transform(photos)
    assert len(digested) == 3
    np.testing.assert_array_equal(other, make(weights=None, random_state=0).fit_transform(photos))


def test_a_folder_that_cannot_be_written_to_is_said_once_and_costs_nothing(make, photos, tmp_path):
    (tmp_path / "file").write_text("in the way")
    transformer = make(cache=tmp_path / "file").fit(photos)
    with pytest.warns(UserWarning, match="Features are not kept, because the cache cannot be written") as said:
        features = transformer.transform(photos)
    assert len(said) == 1
    close(features, make().fit_transform(photos))


def test_what_is_computed_before_an_interruption_is_kept(make, photos, tmp_path, monkeypatch, computed):
    monkeypatch.setattr("skimgrec.neural_network._pretrained._PICTURES_PER_FORWARD_PASS", 20)
    real = picture_keys

    def interrupted(pictures):
        if computed:
            raise KeyboardInterrupt
        return real(pictures)

    with monkeypatch.context() as patch:
        patch.setattr("skimgrec.neural_network._feature_cache.picture_keys", interrupted)
        with pytest.raises(KeyboardInterrupt):
            make(cache=tmp_path).fit_transform(photos)
    computed.clear()
    make(cache=tmp_path).fit_transform(photos)
    assert sum(computed) == 20


def test_worker_processes_give_the_same_features_and_share_a_cache(make, photos, tmp_path, computed):
    transformer = make(cache=tmp_path).fit(photos)
    halves = photos[:20], photos[20:]
    answers = joblib.Parallel(n_jobs=2)(joblib.delayed(transformer.transform)(half) for half in halves)
    close(transformer.transform(photos), np.concatenate(answers), 0)
    assert computed == []
    close(make().fit_transform(photos), np.concatenate(answers))
