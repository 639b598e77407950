"""The report as a page: one file, well-formed, the same each time, small, and safe whatever names it shows."""

import base64
import dataclasses
import hashlib
import json
import re

import numpy as np
import pytest

from skimgrec import ComparisonResult
from skimgrec.reporting import _environment, comparison_report

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "</style><style>*{display:none}</style>",
    "</title><img src=x onerror=alert(3)>",
    "\"' onmouseover='alert(4)' x=\"",
    "{{ 7 * 191 }}{% raw %}",
    "<!-- --><![CDATA[",
    "a\x00b\x1b[31mc\x85d",
    "evil\u202egnp.exe",
    "&lt;b&gt;&amp;",
    "half \udcff surrogate",
)


@pytest.fixture
def result(make_result):
    return make_result({"good": 0.95, "fair": 0.8, "chance": 0.0}, train_sizes=(0.1, 0.5))


def page_of(result, **given):
    return comparison_report(result, **given)


def test_the_page_is_well_formed_and_has_every_section(result, read):
    page = read(page_of(result, command="skimgrec compare made"))
    sections = page.values("id", "section")
    assert sections[:2] == ["verdict", "table"]
    assert {"time", "folds", "pairs", "learning", "repeat"} <= set(sections)
    assert result.verdict() in page.words
    # The list of sections has each of them, in the same order.
    assert [target[1:] for target in page.values("href", "a")[1:]] == sections
    assert page.tags["h1"] == 1
    assert page.tags["h2"] == len(sections)
    assert page.values("lang", "html") == ["en"]


def test_the_page_needs_nothing_else(result):
    text = page_of(result)
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    for element in ("<link", "<iframe", "<object", "<embed", "@import", "url("):
        assert element not in text


def test_the_policy_names_every_style_and_script_and_allows_nothing_else(result, read):
    page = read(page_of(result))
    (policy,) = [value for value in page.values("content", "meta") if value.startswith("default-src")]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert "unsafe" not in policy
    types = page.values("type", "script")
    programs = [text for text in page.content["script"] if not text.startswith("{")]
    assert types == ["application/json"]
    for kind, texts in (("style-src", page.content["style"]), ("script-src", programs)):
        digests = {f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts}
        assert set(rules[kind].split()) == digests
        assert texts
    # Under that policy an attribute could neither run nor style anything.
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]


def hostile_result(make_result, names=HOSTILE):
    result = make_result(
        {name: 0.9 - 0.05 * number for number, name in enumerate(names)},
        class_names=names,
        train_sizes=(0.5,),
        n=220,
        n_folds=2,
        data_name=names[0],
        drawn_from=names[1],
        cv=names[2],
        notes=list(names),
        cut=list(names),
        not_taught=[[0, 1], [2]],
        filenames=[f"{names[row % len(names)]}/{row}.png" for row in range(220)],
        estimators=dict(zip(names, reversed(names), strict=True)),
        versions={name: name for name in names},
    )
    rows = [
        dataclasses.replace(row, warnings=[row.estimator], error=row.estimator, traceback=row.estimator)
        for row in result.rows
    ]
    return dataclasses.replace(result, rows=rows)


def test_names_are_text_and_nothing_else(make_result, read):
    harmless = read(page_of(hostile_result(make_result, [f"name {n}" for n in range(len(HOSTILE))]), command="a"))
    text = page_of(hostile_result(make_result), command="; ".join(HOSTILE))
    page = read(text)
    assert {*page.tags} <= {*harmless.tags}
    for tag in ("script", "style", "img", "section", "title", "svg", "button", "tr", "meta"):
        # What a shell would not take as it is shown cannot be copied.
        assert page.tags[tag] == harmless.tags[tag] - (tag == "button"), tag
    assert page.content["style"] == harmless.content["style"]
    assert {name for _, name, _ in page.attributes} <= {name for _, name, _ in harmless.attributes}
    for shown in ("<script>alert(1)</script>", "{{ 7 * 191 }}{% raw %}", "&lt;b&gt;&amp;", "a\\x00b\\x1b[31mc"):
        assert shown in page.words
    assert "1337" not in page.words
    assert "evil\\u202egnp.exe" in page.words
    assert not [char for char in text if not char.isprintable() and char not in "\n\t\xa0"]
    text.encode()  # no half of a surrogate pair is left


def test_the_first_sections_in_a_notebook_are_as_safe_and_run_nothing(make_result, read):
    page = read(hostile_result(make_result)._repr_html_())
    assert not {"script", "img"} & set(page.tags)
    assert "<script>alert(1)</script>" in page.words


def test_what_is_in_a_notebook_leaves_the_rest_of_it_alone(result, read):
    page = read(result._repr_html_())
    (style,) = page.content["style"]
    for selectors in re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/|@media[^{]+\{", "", style, flags=re.DOTALL)):
        for selector in selectors.split(","):
            assert selector.strip().startswith(".skimgrec-report"), selector
    assert page.tags["table"] == 1
    assert result.verdict() in page.words
    assert not page.values("id")  # two results in one notebook would have the same


def test_pictures_in_json_end_no_script():
    template = _environment.environment().from_string("<script>{{ content | tojson }}</script>")
    text = template.render(content={"</script><b>": "<!--"})
    assert text.count("<") == 2
    assert json.loads(text[len("<script>") : -len("</script>")]) == {"</script><b>": "<!--"}


def test_a_picture_that_is_not_embedded_is_named(read):
    page = read(str(_environment.picture(None, 'a "<b>"\x00')))
    assert page.words == 'a "<b>"\\x00'
    assert read(str(_environment.picture('"k', '"<b>'))).values("alt") == ['"<b>']


def test_a_template_with_a_name_that_is_not_given_fails():
    with pytest.raises(_environment.jinja2.UndefinedError):
        _environment.environment().from_string("{{ nothing }}").render()


def test_the_same_result_makes_the_same_page(make_result):
    pages = {page_of(make_result({"a": 0.9, "b": 0.8}, train_sizes=(0.5,))) for _ in range(2)}
    assert len(pages) == 1


def test_a_file_is_written_whole_and_its_text_is_that_of_the_page(result, tmp_path):
    path = tmp_path / "report.html"
    assert result.to_html(path, command="run me") is None
    assert path.read_text(encoding="utf-8") == result.to_html(command="run me")
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(FileNotFoundError):
        result.to_html(tmp_path / "nowhere" / "report.html")


def test_a_result_from_a_file_has_a_report_too(result, tmp_path, read):
    result.to_json(tmp_path / "result.json")
    loaded = ComparisonResult.from_json(tmp_path / "result.json")
    page = read(loaded.to_html())
    assert result.verdict() in page.words


@pytest.mark.parametrize("n_folds", [1, 3])
def test_a_result_without_rows_has_a_report(make_result, n_folds, read):
    empty = make_result({"a": 0.9}, n_folds=n_folds, rows=[], estimators={})
    page = read(empty.to_html())
    assert "Nothing was measured" in page.words
    assert page.values("id", "section")[0] == "verdict"


def test_a_single_model_has_a_report(make_result, read):
    page = read(make_result({"a": 1.0}).to_html())
    assert "pairs" not in page.values("id", "section")


def test_every_model_that_failed_is_told_with_its_reason(result, read):
    nothing = {metric: float("nan") for metric in result.metrics}
    rows = [
        dataclasses.replace(
            row, scores=nothing, error="ValueError: no", traceback="where it was", predicted=None, probabilities=None
        )
        for row in result.rows
    ]
    page = read(dataclasses.replace(result, rows=rows, partial_rows=[]).to_html())
    assert page.words.count("where it was") == 3
    assert "(every fold): ValueError: no" in page.words


def test_many_classes_and_pictures_stay_small(make_result, read):
    names = [f"class number {code}" for code in range(200)]
    result = make_result(
        {"a": 0.8, "b": 0.7, "c": 0.1},
        n=100_000,
        class_names=names,
        probabilities=False,
        filenames=[f"folder/{names[row % 200]}/{row:06}.jpg" for row in range(100_000)],
    )
    # Noise takes the most bytes. Pictures that overlap in memory are as different as others.
    noise = np.random.default_rng(0).integers(256, size=400_000, dtype=np.uint8)
    pictures = np.lib.stride_tricks.as_strided(noise, (100_000, 32, 32, 3), (3, 96, 3, 1))
    text = page_of(result, pictures=pictures)
    assert 4e6 < len(text.encode()) < 5e6
    read(text)


def test_many_models_stay_small(make_result, read):
    result = make_result({f"model {n}": 0.9 - n / 100 for n in range(41)}, n=60, n_folds=2, probabilities=False)
    text = page_of(result)
    assert len(text.encode()) < 5e6
    page = read(text)
    assert "The 30 best of 41 models have a row" in page.words
    assert "The 40 best of 41 models are drawn" in page.words


def test_pictures_may_be_given(result):
    assert page_of(result, pictures=np.zeros((200, 8, 8), np.uint8)).startswith("<!DOCTYPE html>")
