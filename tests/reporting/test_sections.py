"""What the sections of a report say, as data."""

import dataclasses
import math

import numpy as np
import pytest

from skimgrec.model_selection._statistics import PairedTest
from skimgrec.reporting import (
    _costs_section,
    _curves_section,
    _folds_section,
    _limits_section,
    _pairs_section,
    _repeat_section,
    _table_section,
    _verdict_section,
)
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._source import ReportSource


def built(module, result, **given):
    source = ReportSource(result=result, **given)
    section = module.build(source, PictureShelf(source))
    return None if section is None else section.content


@pytest.fixture
def result(make_result):
    return make_result({"good": 0.95, "fair": 0.8, "chance": 0.0}, train_sizes=(0.1, 0.5))


def test_answers_are_those_of_pictures_that_were_not_learnt_from(result):
    source = ReportSource(result=result)
    answers = source.out_of_fold("good")
    assert answers.rows.tolist() == list(range(200))
    assert answers.true.tolist() == result.target
    for fold, tested in enumerate(result.test_rows):
        assert sorted(answers.rows[answers.folds == fold]) == tested
    frame = result.predictions("good")
    assert [source.class_name(code) for code in answers.predicted] == frame["predicted"].tolist()
    assert answers.probabilities == pytest.approx(frame[["proba_cat", "proba_dog", "proba_owl"]].to_numpy())
    assert source.out_of_fold("good") is answers


def test_answers_are_none_where_nothing_was_predicted(result):
    rows = [dataclasses.replace(row, predicted=None) for row in result.rows]
    assert ReportSource(result=dataclasses.replace(result, rows=rows)).out_of_fold("good") is None
    some = [dataclasses.replace(row, probabilities=None) if row.fold == 1 else row for row in result.rows]
    answers = ReportSource(result=dataclasses.replace(result, rows=some)).out_of_fold("good")
    assert answers.probabilities is None
    assert len(answers.rows) == 200


def test_the_verdict_is_that_of_the_result(result):
    result = dataclasses.replace(result, notes=["One\nthing"])
    content = built(_verdict_section, result)
    assert content == {"verdict": result.verdict(), "cautions": ["One thing"]}


def test_the_table_has_every_score_and_a_number_to_sort_by(result):
    content = built(_table_section, result)
    assert [column["title"] for column in content["columns"]] == [
        "accuracy", "macro F1", "fit time", "pictures/s", "memory", "file",
    ]  # fmt: skip
    assert [row["name"] for row in content["rows"]] == ["good", "fair", "chance"]
    assert [row["best"] for row in content["rows"]] == [True, False, False]
    frame = result.summary()
    for row in content["rows"]:
        assert row["cells"][1]["value"] == frame.loc[row["name"], "mean_test_f1_macro"]
        assert row["cells"][2]["value"] == frame.loc[row["name"], "mean_fit_time"]
        assert row["cells"][4]["value"] == frame.loc[row["name"], "peak_memory"]
    old = [dataclasses.replace(row, peak_memory=math.nan) for row in result.rows]
    titles = [column["title"] for column in built(_table_section, dataclasses.replace(result, rows=old))["columns"]]
    assert "memory" not in titles


def test_the_table_of_one_split_has_intervals(make_result):
    content = built(_table_section, make_result({"a": 0.9, "b": 0.5}, n_folds=1))
    assert " to " in content["rows"][0]["cells"][0]["text"]
    assert "intervals over test pictures" in content["caption"]


def test_the_line_of_times_is_the_pareto_front(result):
    content = built(_costs_section, result)
    for chart, cost in zip(content["charts"], ("fit_time", "predict_time"), strict=True):
        names = {point["name"] for point in chart["points"] if point["on_front"]}
        assert names == set(result.pareto(cost=cost))
        for drawn in chart["sizes"].values():
            left, top, right, bottom = drawn["box"]
            assert all(left <= point["x"] <= right and top <= point["y"] <= bottom for point in drawn["points"])


def test_a_better_score_lies_higher_and_a_longer_time_further_right():
    points = [
        {"name": "quick", "score": 0.5, "seconds": 0.01, "on_front": True, "text": "quick"},
        {"name": "slow", "score": 0.99, "seconds": 100.0, "on_front": True, "text": "slow"},
        {"name": "bad", "score": 0.4, "seconds": 50.0, "on_front": False, "text": "bad"},
    ]
    drawn = _costs_section.draw(points, "accuracy", "time", 720, 400)
    quick, slow, bad = drawn["points"]
    assert quick["x"] < bad["x"] < slow["x"]
    assert slow["y"] < quick["y"] < bad["y"]
    # From the quickest to the right, and up where a better one is reached.
    assert drawn["path"] == f"M{quick['x']} {quick['y']}H{slow['x']}V{slow['y']}H{drawn['box'][2]}"
    assert {point["label"]["text"] for point in drawn["points"]} == {"quick", "slow", "bad"}


def test_one_model_has_no_chart_of_times(make_result):
    assert built(_costs_section, make_result({"a": 0.9})) is None


def test_folds_have_their_points_and_the_interval_of_their_mean(result):
    chart = built(_folds_section, result)["charts"][0]
    best = chart["rows"][0]
    scores = [row.scores["accuracy"] for row in result.rows if row.estimator == "good"]
    assert best["folds"] == scores
    assert best["low"] < np.mean(scores) < best["high"] <= 1
    # Wider than the interval that takes folds for independent.
    assert best["high"] - best["low"] > 2 * 2.776 * np.std(scores, ddof=1) / math.sqrt(5)
    drawn = chart["sizes"]["wide"]["rows"][0]
    assert drawn["low"] < drawn["mean"] < drawn["high"]
    assert len(drawn["dots"]) == 5


def test_a_model_that_lacks_a_fold_has_points_but_no_interval(result):
    rows = [
        dataclasses.replace(row, scores={"accuracy": math.nan, "f1_macro": math.nan})
        if (row.estimator, row.fold) == ("fair", 2)
        else row
        for row in result.rows
    ]
    chart = built(_folds_section, dataclasses.replace(result, rows=rows))["charts"][0]
    (row,) = [row for row in chart["rows"] if row["name"] == "fair"]
    assert len(row["folds"]) == 4
    assert math.isnan(row["low"])


def test_the_matrix_is_that_of_the_pairwise_tests_seen_from_both_sides(result):
    content = built(_pairs_section, result)
    frame = result.pairwise()
    names = [name["name"] for name in content["names"]]
    assert names == ["good", "fair", "chance"]
    cells = {
        (row["name"], other): cell for row in content["rows"] for other, cell in zip(names, row["cells"], strict=True)
    }
    assert [cells[name, name] for name in names] == [None] * 3
    for _, pair in frame.iterrows():
        there, back = cells[pair["first"], pair["second"]], cells[pair["second"], pair["first"]]
        assert there["difference"] == f"+{100 * pair['difference']:.1f}"
        assert back["difference"] == f"\N{MINUS SIGN}{100 * pair['difference']:.1f}"
        assert there["p"] == back["p"]
        assert (there["kind"], back["kind"]) == (("better", "worse") if pair["differ"] else ("level", "level"))
        assert there["interval"] == f"{100 * pair['low']:+.1f} to {100 * pair['high']:+.1f}".replace(
            "-", "\N{MINUS SIGN}"
        )
        assert there["says"].startswith(f"{pair['first']} is ahead of {pair['second']} by ")
        assert back["says"].startswith(f"{pair['second']} is behind {pair['first']} by ")


@pytest.mark.parametrize(
    ("difference", "adjusted", "kind", "shown"),
    [
        (0.02, 0.01, "better", "+2.0"),
        (0.02, 0.2, "level", "+2.0"),
        (0.0, 1.0, "level", "0.0"),
        (0.0001, 0.9, "level", "0.0"),
        (0.02, math.nan, "untold", "+2.0"),
    ],
)
def test_a_cell_says_what_the_test_does(difference, adjusted, kind, shown):
    test = PairedTest(difference=difference, low=-0.01, high=0.05, p_value=adjusted, method="m")
    pair = _pairs_section.Pair(first="a", second="b", test=test, adjusted_p_value=adjusted)
    (row, other) = _pairs_section.matrix([pair], ["a", "b"], "accuracy")
    assert row["cells"][1]["kind"] == kind
    assert row["cells"][1]["difference"] == shown
    assert other["cells"][0]["kind"] == ("worse" if kind == "better" else kind)


def test_learning_curves_are_those_of_the_result(result, make_result):
    content = built(_curves_section, result)
    frame = result.learning_curves()
    assert content["header"] == ["model", "16", "80", "160"]
    for name, *cells in content["rows"]:
        assert [cell["value"] for cell in cells] == frame.loc[frame["estimator"] == name, "mean_test_accuracy"].tolist()
    assert built(_curves_section, make_result({"a": 0.9})) is None


def test_names_at_the_ends_of_curves_do_not_touch(make_result):
    result = make_result({f"model {n}": 0.9 for n in range(12)}, train_sizes=(0.5,))
    lines = built(_curves_section, result)["sizes"]["wide"]["lines"]
    heights = sorted(line["label_y"] for line in lines)
    assert min(np.diff(heights)) >= 14
    styles = {(line["colour"], line["dash"], line["markers"][0][-12:]) for line in lines}
    assert len(styles) == 12


def test_failures_of_the_same_kind_are_told_once(result):
    rows = [
        dataclasses.replace(row, error="ValueError: x", traceback="trace", warnings=["UserWarning: w"])
        if row.estimator == "fair" and row.fold < 2
        else row
        for row in result.rows
    ]
    content = built(
        _limits_section,
        dataclasses.replace(result, rows=rows, cut=["cut"], notes=["note"], not_taught=[[], [2], [], [], []]),
    )
    assert content["failures"] == [{"name": "fair", "error": "ValueError: x", "folds": "folds 1, 2", "trace": "trace"}]
    assert content["warnings"] == [{"name": "fair", "text": "UserWarning: w", "folds": "folds 1, 2"}]
    assert content["not_taught"] == ["Fold 2 tests on owl without a picture of it to learn from."]
    assert built(_limits_section, result) is None


def test_what_failed_on_a_smaller_training_set_is_told_apart(result):
    partial = [
        dataclasses.replace(row, error="ValueError: too few", traceback="trace")
        if row.estimator == "fair" and row.train_size == 0.1
        else row
        for row in result.partial_rows
    ]
    content = built(_limits_section, dataclasses.replace(result, partial_rows=partial))
    assert content["failures"] == [
        {
            "name": "fair",
            "error": "ValueError: too few",
            "folds": "learning from 16 pictures, every fold",
            "trace": "trace",
        }
    ]


def test_what_is_needed_to_repeat_it_is_there(result):
    content = built(_repeat_section, result, command="skimgrec compare made\x1b[0m")
    # The page spells it out, and offers no copy of what a shell would take for something else.
    assert content["command"] == "skimgrec compare made\x1b[0m"
    assert not content["can_be_copied"]
    facts = dict(content["facts"])
    assert facts["seed"] == "0"
    assert facts["fingerprint of pictures and labels"] == "0123abcd"
    assert facts["learnt from and tested on"] == "160 and 40"
    assert {"name": "good", "what": "Made(share=0.95)"} in content["models"]
    assert {"name": "python", "version": "3.13.0"} in content["versions"]
    assert built(_repeat_section, result)["command"] is None
