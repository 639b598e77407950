import keras
import numpy as np
import pytest

from skimgrec import FeatureMapsDisplay, KerasMLPClassifier
from skimgrec.inspection._feature_maps_display import mosaic


def test_maps_and_filters_are_those_of_the_network(cnn, barred):
    picture = barred[0][0]
    display = FeatureMapsDisplay.from_estimator(cnn, picture)
    convolution = next(layer for layer in cnn.model_.layers[-1].layers if isinstance(layer, keras.layers.Conv2D))
    np.testing.assert_array_equal(display.filters, convolution.get_weights()[0])
    expected = convolution(picture[None, ..., None].astype(np.float32) / 255)
    np.testing.assert_allclose(display.maps, np.asarray(keras.ops.convert_to_numpy(expected))[0], atol=1e-5)
    assert display.maps.shape == (16, 16, 8)
    assert [ax.get_title(loc="left") for ax in display.axes_] == ["picture", "8 filters of 3 x 3", "8 maps of conv2d"]
    assert display.figure_ is display.axes_[0].figure
    assert display.channels_ == list(range(8))


def test_a_layer_without_filters(cnn, barred):
    display = FeatureMapsDisplay.from_estimator(cnn, barred[0][0], layer="add")
    assert display.filters is None
    assert len(display.axes_) == 2
    assert display.maps.shape == (8, 8, 16)
    with pytest.raises(ValueError, match="panels='filters': expected some of 'image', 'maps'"):
        display.plot(panels="filters")


def test_of_many_channels_some_are_chosen(cnn, barred):
    display = FeatureMapsDisplay.from_estimator(cnn, barred[0][0], channels=[5, 2])
    assert display.axes_[2].get_title(loc="left") == "2 of 8 maps of conv2d"
    shown = display.axes_[2].images[0].get_array()
    # Two maps beside one another, magnified until both are large enough to see.
    assert np.nanmax(np.abs(shown)) == pytest.approx(np.abs(display.maps[..., [5, 2]]).max())
    for channels in ([8], [-1], []):
        with pytest.raises(ValueError, match=r"expected some of 0 to 7, which layer 'conv2d' has"):
            display.plot(channels=channels)


def test_what_is_no_layer_with_maps(cnn, forest, barred):
    picture = barred[0][0]
    with pytest.raises(ValueError, match="layer=50: the network has no such layer"):
        FeatureMapsDisplay.from_estimator(cnn, picture, layer=50)
    with pytest.raises(ValueError, match=r"layer='dense' gives numbers of shape \(3,\), no maps"):
        FeatureMapsDisplay.from_estimator(cnn, picture, layer=-1)
    with pytest.raises(TypeError, match="only networks have layers"):
        FeatureMapsDisplay.from_estimator(forest, picture)
    perceptron = KerasMLPClassifier(hidden_layer_sizes=4, epochs=1, random_state=0).fit(*barred)
    with pytest.raises(ValueError, match="KerasMLPClassifier has no convolution"):
        FeatureMapsDisplay.from_estimator(perceptron, picture)


def test_axes_of_ones_own(cnn, barred, plt):
    figure, ax = plt.subplots()
    display = FeatureMapsDisplay.from_estimator(cnn, barred[0][0], ax=ax)
    assert (display.figure_, list(display.axes_)) == (figure, [ax])
    assert ax.get_title(loc="left").startswith("8 maps")
    with pytest.raises(ValueError, match="1 Axes for 2 panels, image, maps: one for each"):
        display.plot(panels=["image", "maps"], ax=ax)


@pytest.mark.parametrize("channels", [1, 3, 4, 16])
def test_filters_of_any_number_of_inputs(channels, rng):
    filters = rng.normal(size=(3, 3, channels, 5))
    display = FeatureMapsDisplay(rng.normal(size=(6, 6, 5)), filters, layer="$x").plot()
    title = display.axes_[0].get_title(loc="left")
    assert title == "5 filters of 3 x 3" + (f", mean over {channels} inputs" if channels > 3 else "")
    shown = np.asarray(display.axes_[0].images[0].get_array())
    assert shown.ndim == (3 if channels == 3 else 2)
    display.figure_.canvas.draw()


def test_a_mosaic_keeps_tiles_in_reading_order():
    tiles = np.arange(5)[:, None, None] * np.ones((1, 10, 10))
    picture = mosaic(tiles, fill=np.nan)
    gap = 1
    assert picture.shape == (2 * 10 + gap, 3 * 10 + 2 * gap)
    assert [picture[0, k * 11] for k in range(3)] == [0, 1, 2]
    assert [picture[11, k * 11] for k in range(2)] == [3, 4]
    assert np.isnan(picture[11:, 22:]).all()
    assert np.isnan(picture[10]).all()


def test_small_tiles_are_magnified_in_whole_steps():
    picture = mosaic(np.arange(9.0).reshape(1, 3, 3), fill=np.nan)
    assert picture.shape == (9, 9)
    np.testing.assert_array_equal(picture[::3, ::3], np.arange(9).reshape(3, 3))
    assert (picture[:3, :3] == 0).all()
