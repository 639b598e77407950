import io
import json
import math
import os
from dataclasses import replace

import pytest

from skimgrec import ComparisonResult
from skimgrec.model_selection import FoldRow

FEW = "With 3 folds only large differences show: ten folds, or folds made several times, find smaller ones."
HOSTILE = "<script>alert(1)</script>[red]\x1b[31m\n&"


def make_result(scores, *, errors=None, warnings=None, metrics=("accuracy", "f1_macro"), n_folds=3):
    """Return a result with the given scores of the first metric, by estimator; None is a fold that failed."""
    rows = [
        FoldRow(
            estimator=name,
            fold=fold,
            n_train=40,
            n_test=20,
            scores=dict.fromkeys(metrics, math.nan if value is None else value),
            fit_time=math.nan if value is None else 0.5,
            predict_time=math.nan if value is None else 0.0125,
            error=(errors or {}).get(name, "ValueError: boom") if value is None else None,
            traceback="Traceback ..." if value is None else None,
            warnings=(warnings or {}).get(name, []),
        )
        for name, values in scores.items()
        for fold, value in enumerate(values)
    ]
    return ComparisonResult(
        rows=rows,
        metrics=metrics,
        estimators=dict.fromkeys(scores, "Estimator()"),
        cv="StratifiedKFold()",
        n_folds=n_folds,
        seed=0,
        n_samples=60,
        picture_shape=(8, 8),
        class_names=["cat", 1, True],
        versions={"python": "3.11"},
        date="2025-01-01T00:00:00+00:00",
    )


@pytest.fixture
def result():
    return make_result(
        {"low": [0.5, 0.6, 0.7], "broken": [None] * 3, "high": [0.9, 0.92, 0.94], "part": [1.0, None, 1.0]}
    )


def test_frame_has_one_row_for_each_estimator_and_fold(result):
    frame = result.to_frame()
    assert list(frame.columns) == [
        "estimator", "fold", "n_train", "n_test", "test_accuracy", "test_f1_macro", "fit_time", "predict_time",
        "peak_memory", "model_size", "warnings", "error", "traceback",
    ]  # fmt: skip
    assert len(frame) == 12
    assert frame["test_accuracy"].isna().sum() == 4
    assert frame["error"][0] is None
    assert frame["error"][3] == "ValueError: boom"


def test_summary_is_sorted_and_puts_incomplete_estimators_last(result):
    summary = result.summary()
    # The one that failed in a fold has the highest mean, but over other pictures than the others.
    assert list(summary.index) == ["high", "low", "part", "broken"]
    assert summary.loc["high", "mean_test_accuracy"] == pytest.approx(0.92)
    assert summary.loc["high", "std_test_accuracy"] == pytest.approx(0.02)
    assert summary.loc["high", "mean_fit_time"] == 0.5
    assert summary.loc["part", "n_folds"] == 2
    assert summary.loc["part", "n_failed"] == 1
    assert math.isnan(summary.loc["broken", "mean_test_accuracy"])
    assert result.best == "high"


def test_equal_means_keep_their_order():
    assert [s.estimator for s in make_result({"b": [0.5], "a": [0.5]}, n_folds=1).standings()] == ["b", "a"]


@pytest.mark.parametrize(
    ("scores", "text"),
    [
        (
            {"a": [0.5, 0.6, 0.7], "b": [0.9, 0.92, 0.94]},
            "b has the highest mean accuracy, 0.920 ± 0.020 over 3 folds. "
            "It is better than a by 32.0 points (95 % interval 0.6 to 63.4).",
        ),
        (
            {"a": [0.8, 0.9, 1.0], "b": [0.9, 0.92, 0.94]},
            "b has the highest mean accuracy, 0.920 ± 0.020 over 3 folds. "
            "It cannot be told apart from a on these folds: it leads a by 2.0 points (95 % interval -29.4 to 33.4). "
            + FEW,
        ),
        (
            {"a": [0.5, 0.75, 1.0], "b": [1.0, 0.5, 0.75], "c": [0.1, 0.35, 0.6]},
            "a and b share the highest mean accuracy, 0.750 over 3 folds. "
            "a is better than c by 40.0 points (95 % interval 34.3 to 45.7). " + FEW,
        ),
        (
            {"a": [0.81, 0.81, 0.81], "b": [0.9, 0.92, 0.94], "c": [0.7, 0.8, 0.9]},
            "b has the highest mean accuracy, 0.920 ± 0.020 over 3 folds. It cannot be told apart from a or c on "
            "these folds: it leads a by 11.0 points (95 % interval 3.1 to 18.9, but p = 0.08 over 3 pairs). " + FEW,
        ),
        (
            {"a": [0.5, 0.6, 0.7], "b": [1.0, None, 1.0]},
            "a has a mean accuracy of 0.600 ± 0.100 over 3 folds; there is no other to compare it with. "
            "Not ranked, for want of a score in every fold: b (1 of 3).",
        ),
        ({"a": [None] * 3}, "No winner: no estimator has a score in every fold. Without a score: a (3 of 3)."),
    ],
)
def test_the_verdict_is_a_plain_sentence(scores, text):
    assert make_result(scores).verdict() == text


def test_a_single_fold_has_no_spread():
    result = make_result({"a": [0.5], "b": [0.75]}, n_folds=1)
    assert result.verdict() == (
        "b has the highest accuracy, 0.750 on 20 test pictures. "
        "It leads a by 25.0 points; a single fold does not tell how sure that is. "
        "The best of 2 on the same test pictures was likely a little lucky: expect a little less of it on new ones. "
        "20 test pictures are few: one of them is 5.0 points. Ten folds would test on all 60."
    )
    assert "±" not in str(result)


def test_json_round_trip(result, tmp_path):
    result.to_json(tmp_path / "result.json")
    loaded = ComparisonResult.from_json(tmp_path / "result.json")
    assert loaded == result
    assert loaded.rows[0] == result.rows[0]
    assert loaded.metrics == result.metrics
    assert loaded.picture_shape == (8, 8)
    assert loaded.class_names == ["cat", 1, True]
    assert math.isnan(loaded.rows[3].scores["accuracy"])
    assert str(loaded) == str(result)
    assert os.listdir(tmp_path) == ["result.json"]


def test_json_is_strict_even_with_scores_that_are_no_numbers(tmp_path):
    result = make_result({"a": [math.inf, -math.inf, None]})
    result.to_json(str(tmp_path / "result.json"))

    def refuse(constant):
        pytest.fail(f"{constant} is no JSON")

    json.loads((tmp_path / "result.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert [row.scores["accuracy"] for row in ComparisonResult.from_json(tmp_path / "result.json").rows[:2]] == [
        math.inf,
        -math.inf,
    ]


def test_different_results_are_not_equal(result):
    other = ComparisonResult.from_dict(result.to_dict())
    assert other == result
    other.rows.pop()
    assert other != result
    assert result != "something else"


def test_a_failed_save_leaves_the_old_file(result, tmp_path, monkeypatch):
    path = tmp_path / "result.json"
    path.write_text("old")

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        result.to_json(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["result.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: {**content, "schema_version": 3}, "saved by a newer skimgrec.*reads up to 2.*pip install"),
        (lambda content: {**content, "schema_version": None}, "schema_version=None"),
        (lambda content: {**content, "schema": "other"}, "no saved comparison"),
        (lambda content: [], "no saved comparison"),
        (lambda content: {key: value for key, value in content.items() if key != "rows"}, "damaged: KeyError: 'rows'"),
        (lambda content: {**content, "rows": [{"fold": 1}]}, "damaged"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(result, tmp_path, change, message):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(change(result.to_dict())))
    with pytest.raises(ValueError, match=rf"result\.json: .*{message}"):
        ComparisonResult.from_json(path)


def test_a_file_that_is_no_json_says_so(tmp_path):
    (tmp_path / "result.json").write_text("{")
    with pytest.raises(ValueError, match=r"result\.json"):
        ComparisonResult.from_json(tmp_path / "result.json")


def test_the_text_table_lists_the_best_first_with_failures_below(result):
    lines = str(result).splitlines()
    assert lines[0] == "60 pictures, 3 classes, 3 folds, seed 0"
    assert [line.split()[0] for line in lines[4:8]] == ["high", "low", "part", "broken"]
    assert lines[2].split("  ")[-1].strip() == "pictures/s"
    assert "0.920 ± 0.020" in lines[4]
    assert "macro F1" in lines[2]
    assert lines[4].endswith("500 ms       1,600")
    assert "1.000 ± 0.000 (2 of 3 folds)" in lines[6]
    assert "failed" in lines[7]
    assert "[1] broken failed with ValueError: boom (every fold)" in lines
    assert "[2] part failed with ValueError: boom (fold 2)" in lines
    assert repr(result) == str(result)


def test_names_and_messages_cannot_take_over_the_terminal():
    result = make_result({HOSTILE: [None], "b": [0.5]}, errors={HOSTILE: f"Error: {HOSTILE}"}, n_folds=1)
    for text in (str(result), result.verdict()):
        assert "\x1b" not in text
        assert "[red]" in text
        assert "\\x1b" in text


def test_rich_shows_markup_in_names_as_it_is():
    from rich.console import Console

    console = Console(width=200, force_terminal=True, color_system="truecolor", record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    with console.file:
        console.print(make_result({HOSTILE: [0.5]}, n_folds=1))
    assert "[red]" in console.export_text()


def test_html_is_escaped():
    result = make_result(
        {HOSTILE: [None], "b": [0.5]}, errors={HOSTILE: HOSTILE}, warnings={"b": ["<img src=x>"]}, n_folds=1
    )
    result.data_name = "<b>data</b>"
    page = result._repr_html_()
    for tag in ("<script", "<img", "<b>"):
        assert tag not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;img src=x&gt;" in page
    assert page.count("<tr") == 3


def test_html_escapes_names_of_metrics():
    assert "<i>" not in make_result({"a": [0.5]}, metrics=("<i>",), n_folds=1)._repr_html_()


def test_the_verdict_stands_below_the_table_once_and_breaks_between_words(result):
    from rich.console import Console

    sentences = result.verdict()
    for text in (str(result), result._repr_html_()):
        assert " ".join(text.split()).count(sentences) == 1
    below = str(result).split("\n\n")[-1].splitlines()
    assert len(below) > 1
    assert max(map(len, below)) <= 80
    console = Console(width=60, file=io.StringIO(), color_system=None)
    console.print(result)
    shown = console.file.getvalue()
    assert " ".join(shown.split()).endswith(sentences)
    assert "\n\n\n" not in "\n".join(line.rstrip() for line in shown.splitlines())


def test_text_has_no_trailing_blanks_and_no_doubled_blank_lines(result):
    lines = str(result).splitlines()
    assert lines == [line.rstrip() for line in lines]
    assert "\n\n\n" not in str(result)


def test_a_classifier_that_takes_no_pictures_gets_a_hint():
    text = str(make_result({"svm": [None]}, errors={"svm": "ValueError: Found array with dim 3."}, n_folds=1))
    assert "put ImageFlattener() or HOGTransformer() in front" in text


def test_the_title_says_of_what_the_pictures_are_a_part(result):
    result.data_name, result.drawn_from = "mnist", "60,000 training pictures"
    assert str(result).startswith("mnist, 60 of 60,000 training pictures, 3 classes, 3 folds, seed 0\n")
    assert ComparisonResult.from_dict(result.to_dict()).drawn_from == result.drawn_from
    old = result.to_dict()
    del old["drawn_from"]
    assert ComparisonResult.from_dict(old).drawn_from is None


def test_the_verdict_says_what_the_lead_costs():
    result = make_result({"slow": [0.9, 0.92, 0.94], "quick": [0.7, 0.71, 0.72]})
    rows = [replace(row, fit_time=20.0 if row.estimator == "slow" else 0.5) for row in result.rows]
    assert replace(result, rows=rows).verdict().endswith("quick fits 40 times as fast as slow.")


def test_differences_of_metrics_that_are_no_shares_are_plain_numbers():
    result = make_result({"a": [-0.5, -0.6, -0.7], "b": [-0.1, -0.1, -0.1]}, metrics=("neg_log_loss",))
    assert "It is better than a by 0.5 (95 % interval 0.107 to 0.893)." in result.verdict()


def test_pairwise_has_one_row_for_each_pair_that_finished(result):
    frame = result.pairwise()
    assert list(frame["first"] + " " + frame["second"]) == ["high low"]
    assert frame.loc[0, "difference"] == pytest.approx(0.32)
    assert frame.loc[0, "p_value"] == frame.loc[0, "adjusted_p_value"]
    assert frame.loc[0, "differ"] == (frame.loc[0, "adjusted_p_value"] < 0.05)
    assert list(result.pairwise("f1_macro").columns) == list(frame.columns)
    with pytest.raises(ValueError, match="metric='recall' was not measured, expected one of accuracy, f1_macro"):
        result.pairwise("recall")


def test_pairwise_corrects_for_the_number_of_pairs():
    result = make_result({"a": [0.81, 0.81, 0.81], "b": [0.9, 0.92, 0.94], "c": [0.7, 0.8, 0.9]})
    frame = result.pairwise()
    assert list(frame["first"] + frame["second"]) == ["ba", "bc", "ac"]
    assert frame.loc[0, "p_value"] < 0.05 < frame.loc[0, "adjusted_p_value"]
    assert not frame["differ"].any()


def test_pairs_of_a_second_metric_are_those_that_have_it_in_every_fold(result):
    both = make_result({"a": [0.9, 0.9, 0.9], "b": [0.8, 0.8, 0.8], "c": [0.7, 0.7, 0.7]})
    lucky = [
        replace(row, scores={"accuracy": row.scores["accuracy"], "f1_macro": [0.99, math.nan, math.nan][row.fold]})
        if row.estimator == "c"
        else row
        for row in both.rows
    ]
    both = replace(both, rows=lucky)
    frame = both.pairwise("f1_macro")
    assert list(frame["first"] + frame["second"]) == ["ab"]
    assert frame.attrs["left_out"] == ["c"]
    assert both.pareto("f1_macro") == ["a"]
    assert len(both.pairwise()) == 3
    assert both.pairwise().attrs["left_out"] == []
    assert result.pairwise().attrs["left_out"] == ["part", "broken"]


NOTHING = "Nothing was measured"


@pytest.mark.parametrize("n_folds", [1, 3])
def test_a_result_without_rows_says_that_nothing_was_measured(result, n_folds):
    cut = "high, low: no time was left."
    empty = replace(result, rows=[], estimators={}, cut=[cut], n_folds=n_folds)
    assert empty.best is None
    assert empty.verdict() == f"{NOTHING}. {cut}"
    text = " ".join(str(empty).split())
    assert text.count(cut) == 1
    assert "estimator accuracy macro F1 fit time pictures/s" in text
    assert NOTHING in empty._repr_html_()
    assert ComparisonResult.from_dict(empty.to_dict()) == empty
    whole = replace(result, n_folds=n_folds)
    for method in ("to_frame", "summary", "learning_curves", "pairwise"):
        frame, usual = (getattr(one, method)() for one in (empty, whole))
        assert len(frame) == 0
        assert list(frame.columns) == list(usual.columns)
        assert frame.index.name == usual.index.name
    assert empty.pareto() == []
    with pytest.raises(ValueError, match=NOTHING):
        empty.predictions()
    with pytest.raises(ValueError, match="No probabilities were kept"):
        empty.label_errors()


def test_rows_of_smaller_training_sets_alone_make_curves_but_no_winner(result):
    partial = [replace(row, train_size=10, n_train=10) for row in result.rows if row.estimator == "low"]
    result = replace(result, rows=[], partial_rows=partial, estimators={})
    assert result.best is None
    assert result.verdict() == f"{NOTHING} on whole training sets."
    assert NOTHING in str(result)
    curves = result.learning_curves()
    assert curves[["estimator", "train_size", "n_train", "n_folds"]].to_numpy().tolist() == [["low", 10, 10, 3]]
    assert curves.loc[0, "mean_test_accuracy"] == pytest.approx(0.6)
