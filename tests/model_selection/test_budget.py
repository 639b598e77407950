"""Keeping to a time: what runs first, for how many epochs, and what is left out and said."""

import math
import time

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer, KerasCNNClassifier, KerasMLPClassifier, candidates, compare, load_digits_images
from skimgrec.model_selection import FoldRow, _compare, _comparison, prepare_comparison
from skimgrec.model_selection._budget import Schedule, affordable_epochs, by_cost, epochs_of, with_epochs
from skimgrec.model_selection._measure import FoldTask


def test_the_cheapest_come_first_and_networks_last():
    estimators = {
        "cnn": KerasCNNClassifier(),
        "mine": GaussianNB(),
        "mine on a network": make_pipeline(KerasMLPClassifier(), GaussianNB()),
        **candidates(["mlp", "boosting", "forest", "1nn", "chance", "logistic"]),
    }
    assert by_cost(estimators) == [
        "chance", "1nn", "forest", "logistic", "boosting", "mine", "mine on a network", "mlp", "cnn",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "rounds", "start", "epoch", "epochs"),
    [
        (1000, 5, 0, 1, 20),  # all of them
        (100, 5, 0, 1, 18),  # 18 s for each fold, of 20 s that are a little too few
        (100, 5, 3, 1, 15),
        (100, 2.5, 0, 4, 9),
        (10, 5, 3, 1, 1),  # not even one
        (1, 1, 0, 60, 1),
    ],
)
def test_epochs_that_a_time_affords(seconds, rounds, start, epoch, epochs):
    assert affordable_epochs(20, seconds=seconds, rounds=rounds, start=start, epoch=epoch) == epochs


def test_epochs_are_changed_in_a_clone_wherever_the_network_is():
    pipeline = make_pipeline(HOGTransformer(), KerasMLPClassifier(epochs=20))
    assert epochs_of(with_epochs(pipeline, 7)) == 7
    assert epochs_of(with_epochs(pipeline, 30)) == 20
    assert epochs_of(pipeline) == 20
    assert epochs_of(GaussianNB()) is None


class Simulation:
    """A comparison on a clock that is not real: fits take what `seconds_of` says, on several workers."""

    def __init__(self, estimators, seconds_of, *, budget, n_workers=1, n_folds=5, sizes=(None,), plan=None, fails=()):
        self.estimators, self.seconds_of, self.fails = estimators, seconds_of, fails
        rows = np.arange(100)
        self.tasks = [
            FoldTask(
                name=name, estimator=estimator, fold=fold, train=rows[: size or 100], test=rows[:10], train_size=size
            )
            for name, estimator in estimators.items()
            for fold in range(n_folds)
            for size in sizes
        ]
        self.started, self.rows, self.now = [], [], 0.0
        self.schedule = Schedule(
            self.tasks, self.tasks, estimators, budget=budget, start=0.0, n_workers=n_workers, plan=plan or {},
            taken={}, retask=self.retask,
        )  # fmt: skip
        self.end, self.n_workers = budget + min(0.02 * budget, 5), n_workers

    def retask(self, name, epochs):
        from dataclasses import replace

        return [
            replace(task, estimator=with_epochs(task.estimator, epochs)) for task in self.tasks if task.name == name
        ], []

    def run(self):
        running = []
        while True:
            while len(running) < self.n_workers and (task := self.schedule.next(self.now)) is not None:
                self.started.append((task.name, epochs_of(task.estimator), task.train_size))
                running.append((self.now + self.seconds_of(task), self.now, task))
            if not running:
                break
            running.sort(key=lambda entry: entry[0])
            done, begun, task = running.pop(0)
            if done > self.end:
                self.now = self.end
                for entry in [(done, begun, task), *running]:
                    self.schedule.was_cut(entry[2])
                break
            self.now = done
            seconds = done - begun
            row = FoldRow(
                estimator=task.name, fold=task.fold, n_train=len(task.train), n_test=10, scores={"accuracy": 0.5},
                train_size=task.train_size, fit_time=seconds, predict_time=0.0,
                error="failed" if task.name in self.fails else None,
            )  # fmt: skip
            self.rows += [row for row, _ in self.schedule.finished(task, (row, {}), seconds, self.now)]
        return self

    @property
    def cut(self):
        return self.schedule.sentences((row.estimator, row.train_size is None) for row in self.rows)

    def n(self, name):
        return sum(row.estimator == name for row in self.rows)


def mlp(epochs=20):
    return KerasMLPClassifier(epochs=epochs)


def test_with_time_enough_nothing_is_cut():
    seen = Simulation(
        {"nb": GaussianNB(), "mlp": mlp()}, lambda task: epochs_of(task.estimator) or 1, budget=1000
    ).run()
    assert (seen.n("nb"), seen.n("mlp"), seen.cut) == (5, 5, [])
    assert [epochs for name, epochs, _ in seen.started if name == "mlp"] == [1, *[20] * 5]


@pytest.mark.parametrize("n_workers", [1, 2, 4])
@pytest.mark.parametrize("building", [0.0, 2.0])
def test_a_network_gets_the_epochs_that_all_its_folds_have_time_for(n_workers, building):
    def seconds_of(task):
        return building + 0.4 * epochs_of(task.estimator)

    seen = Simulation({"mlp": mlp(100)}, seconds_of, budget=90, n_workers=n_workers).run()
    epochs = {epochs for _, epochs, _ in seen.started[-5:]}
    assert len(epochs) == 1
    (chosen,) = epochs
    assert seen.n("mlp") == 5
    assert seen.now <= 90
    rounds = math.ceil(5 / n_workers)
    assert seen.cut == ([] if chosen == 100 else [f"mlp: {chosen} of 100 epochs in each fold, for the budget of 90 s."])
    # Building is counted more than once: better too few epochs than too many.
    assert chosen == 100 or rounds * (building + 0.4 * chosen) > (0.3 if building else 0.6) * 90


def test_two_networks_share_the_time():
    seen = Simulation({"a": mlp(100), "b": mlp(100)}, lambda task: epochs_of(task.estimator), budget=200).run()
    epochs = {name: set([epochs for other, epochs, _ in seen.started if other == name][-5:]) for name in "ab"}
    assert all(len(values) == 1 for values in epochs.values())
    (a,), (b,) = epochs.values()
    assert 14 <= a <= 22
    assert 14 <= b <= 22
    assert (seen.n("a"), seen.n("b")) == (5, 5)
    assert seen.now <= 204


def test_what_does_not_fit_is_not_started_and_what_runs_on_is_cut():
    seconds = {"fast": 1, "slow": 30, "slower": 40}
    estimators = {"slower": GaussianNB(), "fast": GaussianNB(), "slow": GaussianNB()}
    by_order = {"fast": estimators["fast"], "slow": estimators["slow"], "slower": estimators["slower"]}
    seen = Simulation(by_order, lambda task: seconds[task.name], budget=100).run()
    assert (seen.n("fast"), seen.n("slow"), seen.n("slower")) == (5, 3, 0)
    assert seen.now == 102
    assert seen.cut == [
        "slow: 3 of 5 folds; not started for want of time.",
        "slower: 0 of 5 folds; cut off when the time was up, not started for want of time.",
    ]


def test_a_network_that_has_no_time_for_an_epoch_runs_what_folds_it_can():
    seen = Simulation({"mlp": mlp()}, lambda task: 30.0 * epochs_of(task.estimator), budget=100).run()
    assert [epochs for _, epochs, _ in seen.started] == [1, 1, 1]
    assert seen.cut == [
        "mlp: 1 of 20 epochs in each fold, for the budget of 100 s.",
        "mlp: 2 of 5 folds; not started for want of time.",
    ]


def test_a_network_that_fails_is_not_measured_for_its_epochs():
    seen = Simulation({"mlp": mlp()}, lambda task: 0.1, budget=100, fails=("mlp",)).run()
    assert [epochs for _, epochs, _ in seen.started] == [1, *[20] * 5]
    assert seen.n("mlp") == 5


def test_whole_folds_come_before_parts_of_them():
    seen = Simulation({"nb": GaussianNB()}, lambda task: len(task.train) / 10, budget=60, sizes=(20, None)).run()
    assert [size for _, _, size in seen.started] == [*[None] * 5, *[20] * 5]
    seen = Simulation({"nb": GaussianNB()}, lambda task: len(task.train) / 10, budget=54, sizes=(20, None)).run()
    assert seen.cut == ["nb: 2 of 5 smaller training sets; not started for want of time."]


def test_epochs_that_are_settled_are_not_measured_again():
    seen = Simulation({"mlp": mlp()}, lambda task: 1.0, budget=100, plan={"mlp": 7}).run()
    assert len(seen.started) == seen.n("mlp") == 5
    assert seen.cut == ["mlp: 7 of 20 epochs in each fold, for the budget of 100 s."]


def test_the_time_begins_before_the_pictures_are_looked_at(blobs, monkeypatch):
    looked, seen = [], {}

    def look(*args, **how):
        looked.append(time.monotonic())

    def run(schedule, X, y, measures, **how):
        seen.update(how)
        yield from ()

    monkeypatch.setattr(_compare, "groups_of_copies", look)
    monkeypatch.setattr(_comparison, "run_within_budget", run)
    list(prepare_comparison({"nb": GaussianNB()}, *blobs, budget=60).measure())
    assert seen["start"] <= looked[0]


def test_without_time_left_nothing_is_started(blobs):
    start = time.monotonic() - 100
    comparison = prepare_comparison({"nb": GaussianNB()}, *blobs, budget=50, budget_start=start)
    assert list(comparison.measure()) == []
    assert comparison.cut == ["nb: 0 of 5 folds; not started for want of time."]
    assert comparison.seconds_left == 0
    later = prepare_comparison({"nb": GaussianNB()}, *blobs, budget=150, budget_start=start)
    assert 0 < later.seconds_left <= 50
    assert prepare_comparison({"nb": GaussianNB()}, *blobs).seconds_left is None


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits_images(return_X_y=True)
    return X[:600], y[:600]


@pytest.mark.alone
def test_a_real_comparison_keeps_to_its_time(digits, tmp_path):
    estimators = {"mlp": KerasMLPClassifier(epochs=2000, random_state=0), **candidates(["chance"], random_state=0)}
    settings = {"cv": 2, "random_state": 0, "run_dir": tmp_path}
    start = time.monotonic()
    result = compare(estimators, *digits, budget=25, **settings)
    assert time.monotonic() - start < 32
    rows = {name: [row for row in result.rows if row.estimator == name] for name in estimators}
    assert [row.error for row in result.rows] == [None] * 4
    assert len(rows["mlp"]) == 2
    (sentence,) = result.cut
    assert sentence.startswith("mlp: ")
    assert sentence.endswith(" of 2000 epochs in each fold, for the budget of 25 s.")
    epochs = int(sentence.split()[1])
    assert 1 <= epochs < 2000
    assert f"epochs={epochs}" in result.estimators["mlp"]
    assert sentence in str(result)
    assert type(result).from_dict(result.to_dict()) == result
    # The same call takes all of it from the folder: the epochs are those that were chosen.
    again = prepare_comparison(estimators, *digits, budget=25, **settings)
    assert again.n_resumed == 4
    assert len(list(again.measure())) == 4
    assert again.result() == result


@pytest.mark.alone
def test_a_fit_that_does_not_end_is_cut_and_no_row(digits):
    class Sleeps(GaussianNB):
        def fit(self, X, y):
            import time

            time.sleep(60)

    X, y = digits[0].reshape(600, -1), digits[1]
    start = time.monotonic()
    result = compare(
        {"sleeps": Sleeps(), "nb": GaussianNB(), "chance": candidates(["chance"])["chance"]}, X, y, budget=8
    )
    assert time.monotonic() - start < 14
    assert {row.estimator for row in result.rows} == {"chance"}
    assert len(result.rows) == 5
    assert result.cut == [
        "sleeps: 0 of 5 folds; cut off when the time was up, not started for want of time.",
        "nb: 0 of 5 folds; not started for want of time.",
    ]
