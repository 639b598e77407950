"""How long a similar picture takes to find among 100,000, in memory and in a file, beside scikit-learn's brute force.

    SKIMGREC_DATA=... python benchmarks/bench_similar.py [--n 100000] [--queries 200] [--features hog pca network]
        [--n_jobs 1]

The pictures are CIFAR-10's 60,000 and, up to --n, the first of them mirrored; where it cannot be had, synthetic ones of
the same size. What they are compared by:

- hog: HOGTransformer as it comes, 324 numbers;
- pca: the first 128 principal components of these;
- network: the last layer before the classes of a small CNN, trained for one epoch on 10,000 of the pictures.

For each it prints

- the time to make the index, and to save it;
- query: the median time, and that which 95 % of the queries keep to, from one picture to its five nearest, features
  included; `farthest` is the same for the five farthest. Queries are pictures shifted by three pixels, one at a time,
  which are in no index. The aim is 50 ms. `processor` is the median of the time that processors spent on it, all
  threads together, which other work beside changes less;
- scikit-learn: NearestNeighbors(algorithm="brute") on the same vectors, asked with the same queries in turn, the same
  features included; `ratio` is ours to theirs, and `agree` the part of the neighbours that are the same;
- opened, in a new process: the time of `open_index`, the growth of the memory by it, that of the first query, which
  reads the vectors once to check them, and the queries after it. `private` is memory of the process itself, `file` is
  what it has mapped of the file and the system may take back; systems other than Linux tell neither ("nan").

Search, scikit-learn's and the linear algebra below both have --n_jobs threads; HOG has one, and TensorFlow, which
computes the features of the network, as many as it likes. Run it alone on the machine.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from _data import LeftOut, part
from _results import record
from _timing import memory
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from skimgrec import (
    HOGTransformer,
    ImageNeighbors,
    KerasCNNClassifier,
    make_image_classification,
    open_index,
    save_index,
)
from skimgrec.neighbors import model_features

N_NEIGHBORS = 5


def pictures(n):
    """Return n pictures of 32 x 32 in colour with their labels, and in words what they are."""
    try:
        X, y = part("cifar10", "all")
    except LeftOut:
        X, y = make_image_classification(n, n_channels=3, random_state=0, return_X_y=True)
        return X, y, "synthetic"
    X, y = np.concatenate([X, X[:, :, ::-1]])[:n], np.concatenate([y, y])[:n]
    return np.ascontiguousarray(X), y, f"{min(n, 60_000):,} of CIFAR-10, {max(0, n - 60_000):,} of them mirrored too"


def shifted(X, n):
    """Return n of the pictures, three pixels further to the right and down."""
    rows = np.random.default_rng(0).choice(len(X), n, replace=False)
    return np.roll(X[rows], (3, 3), axis=(1, 2))


def features(name, X, y):
    if name == "hog":
        return HOGTransformer()
    if name == "pca":
        return make_pipeline(HOGTransformer(), PCA(128, random_state=0))
    network = KerasCNNClassifier(epochs=1, random_state=0)
    return model_features(network.fit(X[:10_000], y[:10_000]))


def timed(function, queries):
    """Return the seconds, and the seconds of a processor, that each query takes, one at a time: an array (n, 2)."""
    seconds = []
    for query in queries:
        start = time.perf_counter(), time.process_time()
        function(query[None])
        seconds.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    return np.array(seconds)


def spread(seconds):
    (median, processor), most = 1e3 * np.median(seconds, axis=0), 1e3 * np.quantile(seconds[:, 0], 0.95)
    return f"{median:.1f} ms (95 %: {most:.1f} ms; processor: {processor:.1f} ms)"


def own_and_mapped():
    """Return the memory of this process in MiB: its own, and what it has mapped of files."""
    return np.array([memory("RssAnon"), memory("RssFile")])


def grown(before):
    private, file = own_and_mapped() - before
    return f"{private:+.0f} MiB private, {file:+.0f} MiB file"


def measure_opened(index, queries):
    """Measure an index in a file; runs in a process of its own."""
    queries = np.load(queries)
    open_index(index).transform_queries(queries[:1])  # brings the libraries, and reads no vector
    before, start = own_and_mapped(), time.perf_counter()
    neighbors = open_index(index)
    print(f"  opened        {1e3 * (time.perf_counter() - start):.0f} ms, {grown(before)}")
    start = time.perf_counter()
    neighbors.kneighbors(queries[:1], N_NEIGHBORS)
    print(f"    first query {1e3 * (time.perf_counter() - start):.0f} ms, {grown(before)}")
    seconds = timed(lambda query: neighbors.kneighbors(query, N_NEIGHBORS), queries)
    print(f"    query       {spread(seconds)}, {grown(before)}")


def measure(name, X, y, queries, n_jobs, folder):
    transformer = features(name, X, y)
    neighbors = ImageNeighbors(transformer, n_neighbors=N_NEIGHBORS, n_jobs=n_jobs)
    start = time.perf_counter()
    neighbors.fit(X, y)
    seconds, size = time.perf_counter() - start, neighbors.vectors_.nbytes / 2**20
    print(f"{name}: {neighbors.n_features_out_} numbers each, {size:.0f} MiB, indexed in {seconds:.1f} s", flush=True)
    brute = NearestNeighbors(n_neighbors=N_NEIGHBORS, algorithm="brute", n_jobs=n_jobs).fit(neighbors.vectors_)

    def theirs(query):
        return brute.kneighbors(neighbors.transform_queries(query))

    neighbors.kneighbors(queries[:1])
    theirs(queries[:1])
    ways = {"query": neighbors.kneighbors, "farthest": neighbors.least_similar, "scikit-learn": theirs}
    rounds = [{way: timed(ask, some) for way, ask in ways.items()} for some in np.array_split(queries, 10)]
    seconds = {way: np.concatenate([times[way] for times in rounds]) for way in ways}
    for way, values in seconds.items():
        print(f"  {way:13} {spread(values)}")
    print(f"  features      {spread(timed(neighbors.transform_queries, queries))} of each of these")
    ratio, of_processor = np.median(seconds["query"], axis=0) / np.median(seconds["scikit-learn"], axis=0)
    same = neighbors.kneighbors(queries)[1] == theirs(queries)[1]
    print(f"  ratio         {ratio:.3f} (processor: {of_processor:.3f}); agree {same.mean():.4f}", flush=True)
    # One value for each tenth of the queries.
    runs = {way: [1e3 * np.median(times[way][:, 0]) for times in rounds] for way in ways}
    runs = {"skimgrec": runs.pop("query"), "skimgrec, farthest": runs.pop("farthest")} | runs
    title = f"The {N_NEIGHBORS} nearest of {len(X):,} pictures, by {name}"
    record(title, runs, unit="ms a query", beside=["skimgrec, farthest"])
    index, asked = Path(folder) / f"{name}.index", Path(folder) / "queries.npy"
    start = time.perf_counter()
    save_index(neighbors, index)
    print(f"  saved         in {time.perf_counter() - start:.1f} s, {index.stat().st_size / 2**20:.0f} MiB", flush=True)
    np.save(asked, queries)
    command = [sys.executable, __file__, "--n_jobs", str(n_jobs), "--opened", str(index), str(asked)]
    subprocess.run(command, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100_000, help="pictures in the index")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--features", nargs="+", choices=["hog", "pca", "network"], default=["hog", "pca", "network"])
    parser.add_argument("--n_jobs", type=int, default=1, help="threads of ours and of scikit-learn, -1 for all")
    parser.add_argument("--opened", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with threadpool_limits(options.n_jobs if options.n_jobs > 0 else None):
        if options.opened:
            measure_opened(*options.opened)
        else:
            measure_all(options)


def measure_all(options):
    X, y, words = pictures(options.n)
    print(f"{len(X):,} pictures of {X.shape[1]} x {X.shape[2]}: {words}")
    queries = shifted(X, options.queries)
    with tempfile.TemporaryDirectory() as folder:
        for name in options.features:
            measure(name, X, y, queries, options.n_jobs, folder)


if __name__ == "__main__":
    main()
