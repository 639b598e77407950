"""What a comparison saves by computing HOG of the same pictures once for all candidates and folds.

    python benchmarks/bench_shared_steps.py [--pictures 3000] [--side 32] [--folds 5] [--rounds 5]

Run it alone on the machine. Comparisons with and without sharing alternate, on the same synthetic colour pictures; the
times are medians of whole comparisons. The scores of both are checked to be the same.
"""

import argparse
from unittest import mock

from _results import record
from _timing import medians, take_turns
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer, candidates, compare, make_image_classification


def scores_of(models, X, y, folds, *, shared):
    """Return the scores of one comparison."""
    if shared:
        result = compare(models, X, y, cv=folds, random_state=0)
    else:
        with mock.patch.object(HOGTransformer, "_can_be_shared", return_value=False):
            result = compare(models, X, y, cv=folds, random_state=0)
    return [dict(row.scores) for row in result.rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=3000)
    parser.add_argument("--side", type=int, default=32, help="rows and columns of a picture")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    X, y = make_image_classification(
        options.pictures, image_size=(options.side, options.side), n_channels=3, random_state=0, return_X_y=True
    )
    cheap = {
        "1nn+hog": candidates(["1nn+hog"])["1nn+hog"],
        "knn+hog": candidates(["knn+hog"])["knn+hog"],
        "bayes+hog": make_pipeline(HOGTransformer(), GaussianNB()),
    }
    lines = {
        "HOG with 1-NN, 5-NN, naive Bayes": cheap,
        "these and a random forest": cheap | candidates(["forest+hog"], random_state=0),
    }
    scores_of(cheap, X[:200], y[:200], 2, shared=True)  # compiles the kernels
    print(f"{options.pictures} pictures of {options.side} x {options.side} x 3, {options.folds} folds; seconds")
    for title, models in lines.items():
        scores = {}

        def run(shared, models=models, scores=scores):
            scores[shared] = scores_of(models, X, y, options.folds, shared=shared)
            assert len(scores) < 2 or scores[True] == scores[False]

        contestants = {"skimgrec": lambda run=run: run(True), "the same without sharing": lambda run=run: run(False)}
        times = take_turns(contestants, options.rounds, warm_up=0)
        record(title, times, unit="s", beside=["the same without sharing"])
        once, each = medians(times).values()
        print(f"{title:34} each time {each:6.2f}   once {once:6.2f}   {once / each:.2f} of the time", flush=True)


if __name__ == "__main__":
    main()
