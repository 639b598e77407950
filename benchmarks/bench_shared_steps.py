"""What a comparison saves by computing HOG of the same pictures once for all candidates and folds.

    python benchmarks/bench_shared_steps.py [--pictures 3000] [--side 32] [--folds 5] [--rounds 5]

Run it alone on the machine. Comparisons with and without sharing alternate, on the same synthetic colour pictures; the
times are medians of whole comparisons. The scores of both are checked to be the same.
"""

import argparse
import time
from statistics import median
from unittest import mock

from _results import record
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer, candidates, compare, make_image_classification


def measured(models, X, y, folds, *, shared):
    """Return the seconds of one comparison and its scores."""
    begin = time.perf_counter()
    if shared:
        result = compare(models, X, y, cv=folds, random_state=0)
    else:
        with mock.patch.object(HOGTransformer, "_can_be_shared", return_value=False):
            result = compare(models, X, y, cv=folds, random_state=0)
    return time.perf_counter() - begin, [dict(row.scores) for row in result.rows]


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
    HOGTransformer().fit_transform(X[:2])  # compiles the kernel
    print(f"{options.pictures} pictures of {options.side} x {options.side} x 3, {options.folds} folds; seconds")
    for title, models in lines.items():
        seconds = {True: [], False: []}
        for _ in range(options.rounds):
            scores = {}
            for shared in (True, False):
                spent, scores[shared] = measured(models, X, y, options.folds, shared=shared)
                seconds[shared].append(spent)
            assert scores[True] == scores[False]
        record(title, {"skimgrec": seconds[True], "the same without sharing": seconds[False]}, unit="s")
        once, each = median(seconds[True]), median(seconds[False])
        print(f"{title:34} each time {each:6.2f}   once {once:6.2f}   {once / each:.2f} of the time", flush=True)


if __name__ == "__main__":
    main()
