import dataclasses
import html
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from skimgrec.reporting import _data_section, _disagreement_section, _hard_section, _model_section
from skimgrec.reporting._confusion import coarse_matrix, confusion_counts
from skimgrec.reporting._confusion_content import MOST_CLASSES, N_GROUPS
from skimgrec.reporting._environment import environment
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._shots import chance
from skimgrec.reporting._source import ReportSource

HOSTILE = ["<script>alert(1)</script>", "\"' onerror=alert(2) x=", "</style></script><img src=x onerror=alert(3)>"]
BUILDS = [_model_section.build, _hard_section.build, _disagreement_section.build, _data_section.build]


@pytest.fixture
def pictures(rng):
    return rng.integers(256, size=(200, 8, 8), dtype=np.uint8)


def sections_of(result, pictures=None):
    source = ReportSource(result=result, pictures=pictures)
    shelf = PictureShelf(source)
    return {section.id: section for build in BUILDS if (section := build(source, shelf)) is not None}


def rendered(section):
    return environment().get_template(section.template).render(**section.content, id=section.id)


class Page(HTMLParser):
    """The elements of a page, with the attributes of each, and its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self.open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in {"img", "br", "wbr", "line", "rect", "circle", "polyline"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def page_of(result, pictures=None):
    return Page("".join(rendered(section) for section in sections_of(result, pictures).values()))


def repeated(result, other):
    """Return a result whose folds are made twice."""
    rows = [*result.rows, *(dataclasses.replace(row, fold=row.fold + result.n_folds) for row in other.rows)]
    return dataclasses.replace(
        result, rows=rows, n_folds=2 * result.n_folds, test_rows=[*result.test_rows, *other.test_rows]
    )


def test_every_cell_with_pictures_opens_a_panel_with_them(make_result, pictures):
    result = make_result({"good": 0.8, "poor": 0.4})
    content = sections_of(result, pictures)["models"].content
    for model in content["models"]:
        cells = [cell for row in model["confusion"]["matrix"]["rows"] for cell in row["cells"]]
        opened = {cell["id"] for cell in cells if cell["count"]}
        assert opened == {panel["id"] for panel in model["confusion"]["panels"]}
        assert sum(cell["count"] for cell in cells) == 200
    page = page_of(result, pictures)
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    opened = [attrs["popovertarget"] for tag, attrs in page.elements if tag == "button"]
    assert opened
    assert set(opened) <= set(ids)
    assert page.open == []


def test_a_panel_has_the_pictures_that_its_cell_counts(make_result, pictures):
    result = make_result({"good": 0.8})
    frame = result.predictions("good")
    for panel in sections_of(result, pictures)["models"].content["models"][0]["confusion"]["panels"]:
        true, said = map(int, panel["id"].split("-"))
        own = frame[
            (frame["target"] == result.class_names[true]) & (frame["predicted"] == result.class_names[said])
        ].sort_values([f"proba_{result.class_names[said]}", "row"], ascending=[False, True])
        shown = [int(shot["name"].removeprefix("picture ")) for shot in panel["shots"]]
        assert sorted(shown) == sorted(own["row"].head(len(shown)))
        assert len(shown) == min(len(own), 8 if true == said else 24)
        best = own[f"proba_{result.class_names[said]}"].iloc[0]
        assert panel["shots"][0]["lines"][0] == f"said: {result.class_names[said]} ({chance(best)})"


def test_every_embedded_picture_is_on_the_shelf(make_result, pictures):
    result = make_result({"good": 0.8, "poor": 0.4})
    source = ReportSource(result=result, pictures=pictures)
    shelf = PictureShelf(source)
    text = "".join(rendered(section) for build in BUILDS if (section := build(source, shelf)) is not None)
    keys = {attrs["data-picture"] for tag, attrs in Page(text).elements if tag == "img"}
    assert keys == set(shelf.content())


def test_hostile_names_stay_text(make_result, pictures):
    result = make_result(
        {f"good{HOSTILE[0]}": 0.8, f"poor{HOSTILE[2]}": 0.4},
        class_names=HOSTILE,
        filenames=[f"{HOSTILE[row % 3]}{row}\u202egpj.exe" for row in range(200)],
    )
    page = page_of(result, pictures)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "style", "iframe", "object", "link", "form"}
    for tag, attrs in page.elements:
        assert not any(name.startswith("on") or name == "style" for name in attrs), (tag, attrs)
        assert tag != "img" or set(attrs) == {"data-picture", "alt", "loading", "decoding"}
    text = "".join(page.text)
    assert all(name in text for name in HOSTILE)
    assert "\u202e" not in text
    assert page.open == []


def test_without_pictures_their_names_are_listed_and_the_way_to_give_them(make_result):
    result = make_result({"good": 0.8, "poor": 0.4}, filenames=[f"a/b/{row}.jpg" for row in range(200)])
    sections = sections_of(result)
    for name in ("models", "hard", "disagreements", "data"):
        assert "result.to_html(path, pictures=X)" in sections[name].content["lack"]
        assert "<img" not in rendered(sections[name])
    assert ">7.jpg<" in rendered(sections["models"])
    assert sections["data"].content["check"] is None


def test_without_probabilities_what_needs_them_says_so(make_result, pictures):
    result = make_result({"good": 0.8, "poor": 0.4}, probabilities=False)
    sections = sections_of(result, pictures)
    model = sections["models"].content["models"][0]
    assert (model["calibration"], model["roc"], model["label_errors"]) == (None, None, None)
    assert model["mistakes"]["title"] == "Some mistakes"
    assert "keep_probabilities=True" in model["mistakes"]["note"]
    text = html.unescape(rendered(sections["models"]))
    assert "Calibration and ROC curves need probabilities" in text
    assert re.search(r"said: \w+<", text)
    assert "ROC AUC" not in text


def test_the_numbers_of_a_model_are_those_of_its_predictions(make_result, pictures):
    result = make_result({"good": 0.8, "poor": 0.4})
    model = sections_of(result, pictures)["models"].content["models"][0]
    frame = result.predictions("good")
    n_right = int((frame["target"] == frame["predicted"]).sum())
    assert model["answered"] == f"{n_right} of 200 pictures right, {200 - n_right} wrong."
    assert model["open"]
    assert [row["name"] for row in model["classes"]] == ["cat", "dog", "owl"]
    assert sum(row["cells"][4]["value"] for row in model["classes"]) == 200
    assert len(model["label_errors"]["shots"]) == min(24, len(result.label_errors("good")))
    first = result.label_errors("good").iloc[0]
    assert model["label_errors"]["shots"][0]["lines"] == [
        f"label: {first['target']} ({chance(first['proba_target'])})",
        f"rather: {first['suggested']} ({chance(first['proba_suggested'])})",
    ]


def test_repeated_folds_count_predictions_and_show_pictures_once(make_result, pictures):
    result = repeated(make_result({"good": 0.8, "poor": 0.4}), make_result({"good": 0.8, "poor": 0.4}, seed=1))
    sections = sections_of(result, pictures)
    model = sections["models"].content["models"][0]
    assert "of 400 predictions of 200 pictures right" in model["answered"]
    for panel in model["confusion"]["panels"]:
        names = [shot["name"] for shot in panel["shots"]]
        assert len(names) == len(set(names))
    assert any("2 times" in shot["lines"] for panel in model["confusion"]["panels"] for shot in panel["shots"])
    assert "each time it was tested" in sections["hard"].summary


def test_pictures_that_all_get_wrong_are_those_that_no_prediction_has_right(make_result, pictures):
    result = make_result({"good": 0.8, "poor": 0.4})
    frames = [result.predictions(name) for name in ("good", "poor")]
    wrong = [set(frame.loc[frame["target"] != frame["predicted"], "row"]) for frame in frames]
    both = wrong[0] & wrong[1]
    section = sections_of(result, pictures)["hard"]
    shown = {int(shot["name"].removeprefix("picture ")) for shot in section.content["gallery"]["shots"]}
    assert shown == both
    assert section.summary.startswith(f"Both models get {len(both)} of 200 pictures ({len(both) / 2:.1f} %) wrong")


def test_models_that_agree_on_everything_say_so(make_result, pictures):
    result = make_result({"good": 1.0, "twin": 1.0})
    sections = sections_of(result, pictures)
    assert "no picture that both models get wrong" in sections["hard"].summary
    assert "They agree on all of them." in rendered(sections["disagreements"])
    model = sections["models"].content["models"][0]
    assert model["confusion"]["said"] == "No class was taken for another."
    assert "It made none." in rendered(sections["models"])


def test_a_model_that_guesses_is_not_asked_what_is_hard(make_result, pictures):
    result = make_result({"good": 0.8, "poor": 0.4, "chance": 0.3})
    result.estimators["chance"] = "DummyClassifier(strategy='prior')"
    sections = sections_of(result, pictures)
    assert sections["hard"].summary.startswith("Both models")
    assert len(sections["disagreements"].content["pairs"]) == 1
    models = {model["name"]: model for model in sections["models"].content["models"]}
    assert models["chance"]["label_errors"] is None
    assert models["good"]["label_errors"] is not None


def test_one_model_has_nobody_to_disagree_with(make_result, pictures):
    assert set(sections_of(make_result({"good": 0.8}), pictures)) == {"models", "data"}


def test_estimators_that_failed_leave_the_others_alone(make_result, pictures):
    result = make_result({"good": 0.8, "broken": 0.5, "halting": 0.6})
    rows = []
    for row in result.rows:
        if row.estimator == "broken" or (row.estimator, row.fold) == ("halting", 0):
            nothing = {"scores": dict.fromkeys(result.metrics, np.nan), "predicted": None, "probabilities": None}
            row = dataclasses.replace(row, **nothing, error="ValueError: <b>no</b>")
        rows.append(row)
    sections = sections_of(dataclasses.replace(result, rows=rows), pictures)
    good, halting, broken = sections["models"].content["models"]
    assert (good["failed"], halting["failed"], broken["failed"]) == ("", "1 of 5 folds", "5 of 5 folds")
    assert broken["answered"] is None
    assert "of 160 pictures" in halting["answered"]
    assert "of 160 pictures (" in sections["hard"].summary
    assert "probabilities in 4 of 5 folds" in halting["label_errors"]["why"]
    assert "There are no predictions of it." in rendered(sections["models"])


def test_a_result_without_predictions_shows_the_data_alone(make_result, pictures):
    result = make_result({"good": 0.8})
    rows = [dataclasses.replace(row, predicted=None, probabilities=None) for row in result.rows]
    assert set(sections_of(dataclasses.replace(result, rows=rows), pictures)) == {"data"}
    assert sections_of(dataclasses.replace(result, rows=[], target=[], test_rows=[])) == {}


def test_a_single_split_shows_what_was_tested(make_result, pictures):
    result = make_result({"good": 0.8, "poor": 0.4}, n_folds=1)
    sections = sections_of(result, pictures)
    assert f"of {len(result.test_rows[0])} pictures" in sections["models"].content["models"][0]["answered"]
    assert f"of {len(result.test_rows[0])} pictures (" in sections["hard"].summary


def test_labels_that_are_no_class_have_a_column(make_result, pictures):
    result = make_result({"good": 0.8})
    result.rows[0].predicted[0] = -1
    text = rendered(sections_of(result, pictures)["models"])
    assert "(none of the" in text
    assert "taken for (none of the classes)" in text


def test_the_data_are_checked_and_sampled(make_result, pictures):
    result = make_result({"good": 0.8})
    pictures[3] = pictures[9]
    section = sections_of(result, pictures)["data"]
    assert section.summary == "200 pictures of 8 x 8 in 3 classes, 66 to 67 of each."
    for code, row in enumerate(section.content["classes"]):
        assert row["value"] == result.target.count(code)
        rows = [int(shot["name"].removeprefix("picture ")) for shot in row["samples"]]
        assert len(rows) == 10
        assert {result.target[row] for row in rows} == {code}
    assert section.content["check"]["rows"][0]["kind"].startswith("exact duplicates")
    assert [shot["name"] for shot in section.content["check"]["groups"][0]["gallery"]["shots"]] == [
        "picture 3",
        "picture 9",
    ]


def test_data_that_are_no_pictures_are_not_shown(make_result):
    result = make_result({"good": 0.8})
    for data in (np.zeros((200, 7)), [{"a": 1}] * 200):
        sections = sections_of(result, data)
        assert "no pictures that could be shown" in sections["data"].content["lack"]
        assert "<img" not in rendered(sections["models"])


def test_pictures_that_cannot_be_checked_are_shown_all_the_same(make_result, pictures):
    section = sections_of(make_result({"good": 0.8}), np.where(pictures == 0, np.nan, pictures))["data"]
    assert "cannot be checked" in section.content["check"]["why"]
    assert "<img" in rendered(section)


def test_a_page_without_room_says_what_is_missing(make_result, pictures):
    source = ReportSource(result=make_result({"good": 0.8}), pictures=pictures)
    text = rendered(_model_section.build(source, PictureShelf(source, budget=1000)))
    assert "without the picture, for want of room in this page" in text
    assert 'class="no-picture"' in text


@pytest.fixture
def few_checks(monkeypatch):
    monkeypatch.setattr(_data_section, "_MOST_CHECKED", 1000)


def test_many_classes_and_pictures_stay_within_bounds(make_result, few_checks):
    n, names = 100_000, [f"class {code:03}" for code in range(200)]
    result = make_result(
        {"good": 0.7, "poor": 0.4},
        n=n,
        n_folds=2,
        class_names=names,
        probabilities=False,
        filenames=[f"folder/{row:06}.jpg" for row in range(n)],
    )
    pictures = np.arange(n, dtype=np.uint32).view(np.uint8).reshape(n, 2, 2)
    source = ReportSource(result=result, pictures=pictures)
    shelf = PictureShelf(source)
    sections = {section.id: section for build in BUILDS if (section := build(source, shelf)) is not None}
    sizes = {name: len(rendered(section)) for name, section in sections.items()}
    assert sum(sizes.values()) < 3_000_000, sizes
    assert len(shelf.content()) < 6_000
    model = sections["models"].content["models"][0]
    assert model["confusion"]["matrix"] is None
    assert len(model["confusion"]["pairs"]) == 30
    assert len(model["classes"]) == 200
    cells = [cell for row in model["confusion"]["coarse"]["rows"] for cell in row["cells"]]
    assert sum(cell["count"] for cell in cells) == n
    # Every number, of a pair and of two groups, opens its pictures.
    panels = {panel["id"]: panel for panel in model["confusion"]["panels"]}
    assert list(panels) == [
        *sorted((pair["id"] for pair in model["confusion"]["pairs"]), key=lambda id: [*map(int, id.split("-"))]),
        *(cell["id"] for cell in cells if cell["count"]),
    ]
    assert all(panel["shots"] for panel in panels.values())
    assert model["mistakes"]["shown"].startswith("24 of ")
    assert "are not checked anew" in sections["data"].content["check"]["why"]


def test_wrong_labels_by_a_model_that_guesses_stand_below_a_caution(make_result, pictures):
    result = make_result({"good": 0.9, "blind": 0.0})
    good, blind = sections_of(result, pictures)["models"].content["models"]
    assert good["label_errors"]["caution"] is None
    assert blind["label_errors"]["caution"].startswith("blind is not shown to be better than guessing")
    text = rendered(sections_of(result, pictures)["models"])
    assert text.count("Caution: blind is not shown to be better than guessing") == 1


def test_areas_under_roc_curves_say_what_they_were_computed_from(make_result):
    section = sections_of(make_result({"good": 0.9}))["models"]
    (model,) = section.content["models"]
    assert model["auc_basis"].startswith("All folds are taken together")
    assert rendered(section).count("ROC AUC: each class against all others.") == 1
    (single,) = sections_of(make_result({"good": 0.9}, n_folds=1))["models"].content["models"]
    assert single["auc_basis"] == "Computed from the test pictures."
    (bare,) = sections_of(make_result({"good": 0.9}, probabilities=False))["models"].content["models"]
    assert bare["auc_basis"] == ""


def test_a_sample_that_stands_for_all_is_said_to_beside_the_areas(make_result):
    n, names = 50_000, list(range(100))
    (model,) = sections_of(make_result({"good": 0.9}, n=n, class_names=names))["models"].content["models"]
    sample = "A random sample of 40,000 of 50,000 predictions stands for all."
    assert model["auc_basis"].endswith(sample)
    assert model["roc"]["said"].endswith(sample)


def test_a_cell_of_groups_opens_pictures_of_its_classes_mistakes_first(make_result):
    names = [f"class {code:03}" for code in range(60)]
    result = make_result({"good": 0.7}, n=3000, n_folds=2, class_names=names)
    confusion = sections_of(result, np.zeros((3000, 2, 2), np.uint8))["models"].content["models"][0]["confusion"]
    source = ReportSource(result=result)
    answers = source.out_of_fold("good")
    found = coarse_matrix(confusion_counts(answers.true, answers.predicted, 60), N_GROUPS)
    group_of = {code: number for number, group in enumerate(found.groups, start=1) for code in group}
    codes = {name: code for code, name in enumerate(names)}
    panels = [panel for panel in confusion["panels"] if panel["id"].startswith("g")]
    assert len(panels) > N_GROUPS
    for panel in panels:
        number, other = map(int, panel["id"][1:].split("-"))
        said = [shot["lines"][0].removeprefix("said: ").partition(" (") for shot in panel["shots"]]
        assert {group_of[codes[name]] for name, _, _ in said} == {other}
        rows = [int(shot["name"].removeprefix("picture ")) for shot in panel["shots"]]
        assert {group_of[result.target[row]] for row in rows} == {number}
        count = int(found.counts[number - 1, other - 1])
        assert panel["times"] == f"{count:,} prediction{'s' if count > 1 else ''}"
        wrong = [len(shot["lines"]) > 1 for shot in panel["shots"]]
        assert wrong == sorted(wrong, reverse=True)
        assert panel["shown"] == ("" if len(rows) == count else f"{len(rows)} of {count:,} shown")


def test_the_most_classes_of_a_whole_matrix_stay_within_bounds(make_result, few_checks):
    result = make_result(
        {"good": 0.5, "poor": 0.3}, n=9000, class_names=list(range(MOST_CLASSES)), n_folds=3, picture_shape=(2, 2)
    )
    pictures = np.arange(9000, dtype=np.uint32).view(np.uint8).reshape(9000, 2, 2)
    section = sections_of(result, pictures)["models"]
    panels = section.content["models"][0]["confusion"]["panels"]
    assert len(panels) > 800
    assert all(len(panel["shots"]) >= 1 for panel in panels)
    assert len(rendered(section)) < 2_500_000
