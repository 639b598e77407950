"""What the card of a model with several kinds of features says about them."""

from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skimgrec import make_feature_union, read_card, save_model


def test_every_kind_of_features_is_told_in_words(digits, tmp_path):
    union = make_feature_union("lbp+color+bovw+patches", random_state=0)
    union.set_params(lbp__scales=((8, 1), (4, 1.5)), color__pixels_per_cell=(4, 4), color__joint=True)
    union.set_params(color__bins=(3, 2, 2), bovw__n_words=7, bovw__spatial_pyramid=2)
    union.set_params(patches__n_components=5)
    save_model(make_pipeline(union, GaussianNB()).fit(*digits), tmp_path / "model")
    card = read_card(tmp_path / "model")
    assert card["estimator"] == "FeatureUnion -> GaussianNB"
    assert card["image_shape"] == [8, 8]
    assert card["preprocessing"] == [
        "histograms of local binary patterns (nri_uniform), 8 points at 1 pixels and 4 points at 1.5 pixels, auto "
        "pixels per cell, normalised by L1-sqrt; beside joint histograms of colours in hsv, 3 x 2 x 2 bins, 4 x 4 "
        "pixels per cell, normalised by L1-sqrt; beside how often each of 7 visual words of dense-sift appears, 2 "
        "levels of a pyramid, normalised by L1-sqrt; beside responses (relu) to 5 filters, centres of groups of "
        "patches, averaged over 2 x 2 parts of the picture"
    ]
    assert card["parameters"]["featureunion__bovw__n_words"] == 7
