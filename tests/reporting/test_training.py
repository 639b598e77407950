"""The training curves of a report."""

import dataclasses
import math
import re

import pytest

from skimgrec.reporting import comparison_report
from skimgrec.reporting._source import ReportSource
from skimgrec.reporting._training_content import MOST_FOLDS, training_content

EARLY = {
    "loss": [2.0, 1.0, 0.5, 0.25],
    "accuracy": [0.3, 0.5, 0.7, 0.9],
    "val_loss": [1.5, 1.0, 1.25, 1.75],
    "val_accuracy": [0.4, 0.6, 0.5, 0.5],
    "learning_rate": [0.1, 0.1, 0.01, 0.01],
}


@pytest.fixture
def trained(make_result):
    """Return a function that makes a result whose first model has been trained."""

    def make(history=EARLY, best_epoch=2, n_folds=3, **options):
        result = make_result({"net": 0.9, "plain": 0.5}, n_folds=n_folds, **options)
        rows = [
            dataclasses.replace(row, history=history, best_epoch=best_epoch) if row.estimator == "net" else row
            for row in result.rows
        ]
        return dataclasses.replace(result, rows=rows)

    return make


def content_of(result):
    return training_content(ReportSource(result=result), "net")


def test_loss_and_accuracy_are_drawn_fold_by_fold(trained):
    result = trained()
    found = content_of(result)
    assert [each["title"] for each in found["charts"]] == ["loss in each epoch", "accuracy in each epoch"]
    for chart in (chart for each in found["charts"] for chart in each["sizes"].values()):
        kinds = [line["kind"] for line in chart["lines"]]
        assert kinds == ["training", "validation"] * 3
        left, top, right, bottom = chart["box"]
        for line in chart["lines"]:
            places = [tuple(map(float, pair.split())) for pair in re.findall(r"[\d.]+ [\d.]+", line["path"])]
            assert len(places) == 4
            assert all(left <= x <= right and top <= y <= bottom for x, y in places)
            assert [x for x, _ in places] == sorted({x for x, _ in places})
    # The circle lies on the validation line, at the epoch that is kept.
    chart = found["charts"][0]["sizes"]["wide"]
    dot = chart["dots"][0]
    assert f"L{dot['x']:g} {dot['y']:g}L" in chart["lines"][1]["path"]
    assert dot["text"] == "fold 1 kept epoch 2: 1"
    assert training_content(ReportSource(result=result), "plain") is None


def test_a_lower_loss_lies_lower_and_later_epochs_further_right(trained):
    path = content_of(trained())["charts"][0]["sizes"]["wide"]["lines"][0]["path"]
    places = [tuple(map(float, pair.split())) for pair in re.findall(r"[\d.]+ [\d.]+", path)]
    assert [y for _, y in places] == sorted(y for _, y in places)
    assert [x for x, _ in places] == sorted(x for x, _ in places)


def test_it_says_what_early_stopping_kept(trained):
    said = content_of(trained())["said"]
    assert "Training ended after 4 epochs, and early stopping kept the weights of epoch 2" in said
    result = trained()
    rows = [dataclasses.replace(row, best_epoch=row.fold + 1) if row.history else row for row in result.rows]
    assert "of epoch 1 to 3, the best" in content_of(dataclasses.replace(result, rows=rows))["said"]
    assert "kept the weights of the last one" in content_of(trained(best_epoch=None))["said"]


def test_training_without_validation_is_said_to_tell_little(trained):
    found = content_of(trained({"loss": [2.0, 1.0]}, None))
    assert "on the pictures learnt from alone" in found["said"]
    assert not found["has_validation"]
    assert found["header"] == ["fold", "epochs", "loss"]
    assert [cell["value"] for cell in found["rows"][0]] == [1, 2, 1.0]


def test_the_numbers_are_those_of_the_epoch_that_is_kept(trained):
    found = content_of(trained())
    assert found["header"] == [
        "fold", "epochs", "kept", "loss, training", "loss, validation", "accuracy, training", "accuracy, validation",
    ]  # fmt: skip
    assert [cell["value"] for cell in found["rows"][2]] == [3, 4, 2, 1.0, 1.0, 0.5, 0.6]


@pytest.mark.parametrize(
    "history",
    [
        {"loss": [math.nan, 1.0, math.inf, 0.5], "val_loss": [math.inf, math.nan, 1.0, math.nan]},
        {"loss": [1e30, 1.0, 1e-9]},
        {"loss": [0.0]},
        {"loss": [-3.0, -2.0]},
        {"loss": [math.nan], "accuracy": [1.0]},
        {"loss": [1.0] * 5000, "accuracy": [k / 5000 for k in range(5000)]},
    ],
)
def test_odd_histories_are_drawn(trained, read, history):
    result = trained(history, 1)
    for each in content_of(result)["charts"]:
        chart = each["sizes"]["wide"]
        left, top, right, bottom = chart["box"]
        for line in chart["lines"]:
            assert len(line["path"]) < 2500
            for pair in re.findall(r"[\d.]+ [\d.]+", line["path"]):
                x, y = map(float, pair.split())
                assert left <= x <= right
                assert top <= y <= bottom
    page = read(comparison_report(result))
    assert "nan" not in " ".join(value for value in page.values("d") if value)


def test_a_history_without_numbers_is_no_chart(trained):
    assert content_of(trained({"loss": [math.nan, math.inf]})) is None


def test_numbers_in_folds_that_are_not_drawn_alone_are_no_chart(trained):
    result = trained(n_folds=MOST_FOLDS + 1)
    diverged = {"loss": [math.nan, math.nan]}
    rows = [
        dataclasses.replace(row, history=diverged) if row.history and row.fold < MOST_FOLDS else row
        for row in result.rows
    ]
    assert content_of(dataclasses.replace(result, rows=rows)) is None


def test_a_history_of_some_folds_says_of_how_many(trained):
    result = trained()
    rows = [dataclasses.replace(row, history=None) if row.fold == 1 else row for row in result.rows]
    found = content_of(dataclasses.replace(result, rows=rows))
    assert "Of 3 folds, 2 kept such a record." in found["said"]
    assert [row[0]["value"] for row in found["rows"]] == [1, 3]
    many = content_of(trained(n_folds=MOST_FOLDS + 2))
    assert f"Drawn are the first {MOST_FOLDS} of {MOST_FOLDS + 2} folds." in many["said"]
    assert len(many["rows"]) == MOST_FOLDS + 2
    assert len(many["charts"][0]["sizes"]["wide"]["lines"]) == 2 * MOST_FOLDS


def test_the_page_has_the_curves_and_escapes_their_names(trained, read):
    page = read(comparison_report(trained({**EARLY, "<b>loss": [1.0] * 4})))
    assert "{'text'" not in page.words
    assert page.words.count("Loss") + page.words.count("loss in each epoch") >= 1
    assert [value for value in page.values("class") if value and value.startswith("epochs ")].count(
        "epochs validation"
    ) == 3 * 2 * 2 + 1
    hostile = "<img src=x onerror=alert(1)>"
    text = comparison_report(trained({hostile: [1.0, 2.0]}, None))
    assert hostile not in text
    assert hostile in read(text).words
