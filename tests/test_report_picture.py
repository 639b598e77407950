"""The picture of a report in the README is what the report says."""

import importlib.util
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from skimgrec import ComparisonResult, ImageFlattener, compare

ROOT = Path(__file__).resolve().parents[1]
SPEC = importlib.util.spec_from_file_location("report_picture", ROOT / "tools" / "report_picture.py")
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_it_has_the_verdict_the_table_and_the_chart(tmp_path, rng):
    X = rng.integers(0, 256, (60, 6, 6), dtype=np.uint8)
    y = np.repeat([0, 1], 30)
    X[y == 1, :3] = 0
    models = {"a <tree>": DecisionTreeClassifier(random_state=0), "R & D": DummyClassifier()}
    models = {name: make_pipeline(ImageFlattener(), model) for name, model in models.items()}
    result = compare(models, X, y, cv=3, random_state=0, data_name="halves", near_duplicates="ignore")
    result.to_json(tmp_path / "result.json")
    shown = texts(tool.picture(ComparisonResult.from_json(tmp_path / "result.json")))
    assert "halves: 60 pictures, 2 classes, 3 folds" in shown
    assert " ".join(result.verdict().split()) in " ".join(shown)
    # Once in the table and once at its point in the chart.
    assert shown.count("a <tree>") == shown.count("R & D") == 2
    row = result.summary().loc["a <tree>"]
    assert f"{row['mean_test_accuracy']:.3f} ± {row['std_test_accuracy']:.3f}" in shown


def test_that_of_the_readme_is_small_and_whole():
    path = ROOT / "docs" / "_static" / "report.svg"
    shown = texts(path.read_text(encoding="utf-8"))
    assert {"cnn", "1nn", "forest+hog", "chance"} <= set(shown)
    assert path.stat().st_size < 150_000
