"""Model files whose histograms have sizes that skimgrec never saves, which the kernels would take on trust."""

import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skimgrec import (
    BagOfVisualWords,
    ColorHistogramTransformer,
    HOGTransformer,
    LBPTransformer,
    PatchKMeansTransformer,
)
from skimgrec.persistence import ModelFileError


def entry(value):
    """Return a nested tuple as it stands in a file."""
    if not isinstance(value, tuple):
        return value
    return {"kind": "Tuple", "type": "builtins.tuple", "content": [entry(part) for part in value]}


def lbp(scales=((8, 1.5),), method="uniform", cell=(4, 4), each=False, norm="L1"):
    return entry((scales, method, cell, each, norm))


def color(space="hsv", bins=(8, 8, 8), joint=False, cell=(4, 4), norm="L1"):
    return entry((space, bins, joint, cell, norm))


def words(detector="dense-sift", cell=1, step=1, levels=1, norm="L1"):
    return entry((detector, cell, step, levels, norm))


def patches(side=4, step=1, pools=2, encoding="relu", threshold=0.25, contrast=0.0125, mirror=False):
    return entry((side, 4, step, pools, encoding, threshold, contrast, mirror))


@pytest.mark.parametrize(
    ("transformer", "attribute", "as_saved", "made_up"),
    [
        *(
            (LBPTransformer(), "_lbp_layout", lbp(), made_up)
            for made_up in (
                3,
                entry((1, 2)),
                lbp(scales=()),
                lbp(scales=((25, 1.5),)),
                lbp(scales=((0, 1.5),)),
                lbp(scales=((17, 1.5),), method="ror"),
                lbp(scales=((8, 1e9),)),
                lbp(scales=((8, -1.5),)),
                lbp(scales=(8,)),
                lbp(method="var"),
                lbp(cell=(0, 4)),
                lbp(cell=(9, 4)),
                lbp(cell=4),
                lbp(each=3),
                lbp(norm="L3"),
            )
        ),
        *(
            (ColorHistogramTransformer(), "_color_layout", color(), made_up)
            for made_up in (
                3,
                color(space="cmyk"),
                color(bins=(8, 8)),
                color(bins=(8, 8, -1)),
                color(bins=(10**8, 8, 8)),
                color(joint=1),
                color(cell=(4, 10**6)),
                color(norm=1.5),
            )
        ),
        *(
            (BagOfVisualWords(n_words=3, random_state=0), "_words_layout", words(), made_up)
            for made_up in (
                3,
                words(detector="surf"),
                words(detector="orb"),  # whose words are longer
                words(cell=0),
                words(step=0),
                words(cell=10**6),
                words(levels=30),
                words(norm=2),
            )
        ),
        *(
            (PatchKMeansTransformer(3, random_state=0), "_patches_layout", patches(), made_up)
            for made_up in (
                3,
                entry((4, 4)),
                patches(side=0),
                patches(side=5),  # more values than the filters have
                patches(step=0),
                patches(step=10**6),
                patches(pools=3),  # more features than are standardised
                patches(pools=10**6),
                patches(encoding="sigmoid"),
                patches(encoding="triangle"),
                patches(threshold=-1.0),
                patches(threshold=1),
                patches(contrast=float("nan")),
                patches(mirror=1),
            )
        ),
    ],
)
def test_layouts_that_do_not_fit_are_refused(
    quietly_fitted, opened, tmp_path, forge, transformer, attribute, as_saved, made_up
):
    content = forge.saved_bytes(quietly_fitted(make_pipeline(transformer, GaussianNB())), tmp_path)

    def with_layout(layout):
        def change(state):
            forge.attributes(state, type(transformer).__name__)[attribute] = layout

        return forge.with_state(content, change)

    assert hasattr(opened(with_layout(as_saved))[0], attribute)
    with pytest.raises(ModelFileError, match=r"(Transformer|Words) in the file (has|is)"):
        opened(with_layout(made_up))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_words_that_are_no_numbers_are_refused(quietly_fitted, opened, tmp_path, forge, value):
    model = make_pipeline(BagOfVisualWords(n_words=3, random_state=0), GaussianNB())
    content = forge.saved_bytes(quietly_fitted(model), tmp_path)

    def change(array):
        if array.shape == (3, 128):
            array[1, 2] = value
            return array
        return None

    with pytest.raises(ModelFileError, match="words that are none"):
        opened(forge.with_arrays(content, change))


@pytest.mark.parametrize("shape", [(3, 16), (16,), (16, 16), (24,)], ids=str)
def test_filters_that_are_no_numbers_are_refused(quietly_fitted, opened, tmp_path, forge, shape):
    model = make_pipeline(PatchKMeansTransformer(3, random_state=0), GaussianNB())
    content = forge.saved_bytes(quietly_fitted(model), tmp_path)

    def change(array):
        if array.shape == shape and array.dtype == "float32":
            array.flat[1] = float("nan")
            return array
        return None

    with pytest.raises(ModelFileError, match=r"values that are no numbers|not finite"):
        opened(forge.with_arrays(content, change))


FORGED = [
    (HOGTransformer(pixels_per_cell=(4, 4), cells_per_block=(1, 1)), "_fitted_layout"),
    (LBPTransformer(), "_lbp_layout"),
    (ColorHistogramTransformer(), "_color_layout"),
    (BagOfVisualWords(n_words=3, random_state=0), "_words_layout"),
    (PatchKMeansTransformer(3, random_state=0), "_patches_layout"),
]


@pytest.mark.parametrize(("transformer", "layout"), FORGED, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("how", ["no number of features", "a calibration", "another's layout", "no layout"])
def test_no_attribute_that_is_missing_or_added_keeps_the_checks_away(
    quietly_fitted, opened, tmp_path, forge, transformer, layout, how
):
    content = forge.saved_bytes(quietly_fitted(make_pipeline(transformer, GaussianNB())), tmp_path)

    def change(state):
        attributes = forge.attributes(state, type(transformer).__name__)
        if how == "no number of features":
            del attributes["n_features_in_"]
        elif how == "no layout":
            del attributes[layout]
        else:
            other = "_lbp_layout" if layout == "_color_layout" else "_color_layout"
            attributes["calibration_scores_" if how == "a calibration" else other] = attributes[layout]
            attributes[layout] = entry((4000, 4000))

    with pytest.raises(ModelFileError, match=r"(Transformer|Words) in the file has no (number|layout)"):
        opened(forge.with_state(content, change))
