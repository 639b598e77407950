"""Distances to neighbours against plain arithmetic, and the promise that combined ranks keep."""

import numpy as np
from scipy.stats import binom, rankdata

from skimgrec.neighbors._familiarity import fit_neighbors, mean_ranks, nearness, sureness, unit_rows
from skimgrec.neighbors._quantile import conformal_quantile


def test_nearness_is_the_distance_to_the_kth_neighbour_on_the_unit_sphere(rng):
    training, new = rng.normal(size=(50, 6)), rng.normal(size=(8, 6))
    found = nearness(fit_neighbors(training, 3), new)
    unit = lambda rows: rows / np.sqrt((rows**2).sum(axis=1))[:, None]  # noqa: E731
    distances = np.sqrt(((unit(new)[:, None] - unit(training)[None]) ** 2).sum(axis=2))
    np.testing.assert_allclose(found, -np.sort(distances, axis=1)[:, 2], rtol=1e-9)


def test_length_of_features_does_not_matter(rng):
    training, new = rng.normal(size=(50, 6)), rng.normal(size=(8, 6))
    searcher = fit_neighbors(training, 3)
    np.testing.assert_allclose(nearness(searcher, 7 * new), nearness(searcher, new), rtol=1e-9)


def test_rows_of_zeros_stay():
    np.testing.assert_array_equal(unit_rows(np.array([[0.0, 0.0], [3.0, 4.0]])), [[0, 0], [0.6, 0.8]])


def test_fewer_rows_than_neighbours_are_all_neighbours(rng):
    assert fit_neighbors(rng.normal(size=(2, 3)), 5).n_neighbors == 2


def test_sureness_is_the_highest_probability():
    np.testing.assert_allclose(sureness(np.log([[0.2, 0.7, 0.1], [1.0, 3.0, 4.0]])), [0.7, 0.5])


def test_ranks_are_those_among_calibration_pictures(rng):
    views = rng.normal(size=(2, 30))
    found = mean_ranks(views, np.sort(views, axis=1), are_calibration=True)
    np.testing.assert_allclose(found, rankdata(views, axis=1, method="max").mean(axis=0) / 31)


def test_a_new_picture_ranks_from_one_to_all_of_them_and_itself(rng):
    known = np.sort(rng.normal(size=(2, 30)), axis=1)
    new = np.array([[-99.0, 99.0, -99.0], [-99.0, 99.0, 99.0]])
    np.testing.assert_allclose(mean_ranks(new, known, are_calibration=False), [1 / 31, 1, 16 / 31])


def test_combined_ranks_keep_the_promise_with_few_pictures():
    rng = np.random.default_rng(3)
    n, level, repeats, answered = 19, 0.95, 3000, 0
    for _ in range(repeats):
        # Two views that know of one another, one of them coarse, as a forest's probabilities are.
        views = rng.normal(size=(2, n + 1))
        views[1] = np.round(views[0] + views[1], 1)
        known = np.sort(views[:, :n], axis=1)
        scores = np.sort(-mean_ranks(views[:, :n], known, are_calibration=True))
        new = -mean_ranks(views[:, n:], known, are_calibration=False)[0]
        answered += new <= conformal_quantile(scores, level, parameter="coverage", name="X")
    assert answered >= binom.ppf(1e-6, repeats, level)
