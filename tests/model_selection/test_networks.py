"""Networks within a comparison: how many threads they have, and what that changes."""

import json
import subprocess
import sys

from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer, KerasCNNClassifier, KerasMLPClassifier, PretrainedTransformer
from skimgrec.model_selection import prepare_comparison
from skimgrec.model_selection._networks import has_network, has_unpinned_network, networks_in, with_n_threads


def nested():
    return {
        "mlp": KerasMLPClassifier(),
        "pipeline": make_pipeline(HOGTransformer(), KerasMLPClassifier()),
        "search": GridSearchCV(make_pipeline(HOGTransformer(), KerasMLPClassifier()), {}),
        "vote": VotingClassifier([("a", KerasMLPClassifier()), ("b", KerasCNNClassifier(n_threads=3))]),
        "nb": GaussianNB(),
    }


def test_threads_are_set_wherever_a_network_has_none_of_its_own(blobs):
    estimators = nested()
    comparison = prepare_comparison(estimators, *blobs, n_threads=2)
    found = {
        name: [network.n_threads for network in networks_in(estimator).values()]
        for name, estimator in comparison.estimators.items()
    }
    assert found == {"mlp": [2], "pipeline": [2], "search": [2], "vote": [2, 3], "nb": []}
    assert comparison.estimators["nb"] is estimators["nb"]
    assert estimators["mlp"].n_threads is None, "the caller's estimators stay as they are"


def test_a_pretrained_network_gets_threads_and_no_epochs():
    pipe = make_pipeline(PretrainedTransformer(), GaussianNB())
    assert has_network(pipe)
    assert networks_in(pipe) == {}
    assert has_unpinned_network(pipe)
    pinned = with_n_threads(pipe, 3)
    assert pinned[0].n_threads == 3
    assert not has_unpinned_network(pinned)


def test_where_the_number_of_threads_plays_a_part():
    estimators = nested()
    assert {name for name, estimator in estimators.items() if has_network(estimator)} == set(estimators) - {"nb"}
    pinned = {name: with_n_threads(estimator, 1) for name, estimator in estimators.items()}
    assert not any(map(has_unpinned_network, pinned.values()))
    assert has_unpinned_network(estimators["vote"])


PROGRAM = """
import json, sys
from skimgrec import KerasMLPClassifier, compare, load_digits_images
X, y = (part[:300] for part in load_digits_images(return_X_y=True))
for n_jobs in (1, 2):
    mlp = KerasMLPClassifier(epochs=3, random_state=0)
    result = compare({"mlp": mlp}, X, y, cv=2, random_state=0, n_jobs=n_jobs, n_threads=1, keep_probabilities=True)
    print(json.dumps([[dict(row.scores), row.error, row.warnings, row.probabilities.tolist()] for row in result.rows]))
"""


def test_with_equal_threads_parallel_equals_serial():
    # In a process of its own, in which nothing has started TensorFlow with other threads.
    answer = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    serial, parallel = map(json.loads, answer.stdout.splitlines())
    assert [row[1:3] for row in serial] == [[None, []]] * 2
    assert serial == parallel
