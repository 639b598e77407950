"""The report in a real browser: it opens, sorts, answers the keyboard, fits its window, and runs nothing else.

They need Playwright, and a Chromium that is installed or that SKIMGREC_BROWSER names; where that is set, they are not
skipped.
"""

import itertools
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from skimgrec.reporting import comparison_report

pytestmark = pytest.mark.browser

WANTED = os.environ.get("SKIMGREC_BROWSER")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_BROWSER = "no Chromium is installed (apt-get install chromium), and SKIMGREC_BROWSER names none"
FOUND = WANTED or next(filter(None, map(shutil.which, NAMES)), None)
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium():
    """Return a headless Chromium, one for all tests of the file."""
    if FOUND is None:
        pytest.skip(NO_BROWSER)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        if WANTED:
            raise
        pytest.skip("Playwright is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=FOUND)
        yield browser
        browser.close()


@pytest.fixture
def show(chromium, tmp_path):
    """Return a function that opens a report from a file; after the test, nothing may have gone wrong in it."""
    contexts, troubles = [], []

    def opened(text, size=WIDE, **options):
        path = tmp_path / f"{len(contexts)}.html"
        path.write_text(text, encoding="utf-8")
        contexts.append(chromium.new_context(viewport=size, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("dialog", lambda dialog: (troubles.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(("file:", "data:")) else troubles.append(f"asks for {request.url}")
            ),
        )
        page.goto(path.as_uri())
        return page

    yield opened
    # Before the pages are closed: what that breaks off in the browser is no fault of theirs.
    found = list(troubles)
    for context in contexts:
        context.close()
    assert not found


@pytest.fixture
def result(make_result):
    return make_result(
        {"good": 0.95, "fair": 0.8, "poor": 0.5, "chance": 0.0}, train_sizes=(0.1, 0.5), n_folds=4, n=240
    )


def names_in(page):
    return [text.split(" [")[0] for text in page.locator("#table tbody th").all_inner_texts()]


def test_the_table_is_sorted_by_a_click_on_a_heading(show, result):
    page = show(comparison_report(result))
    assert names_in(page) == ["good", "fair", "poor", "chance"]
    heading = page.get_by_role("columnheader", name="pictures/s")
    button = heading.get_by_role("button")
    button.click()
    assert names_in(page) == ["good", "fair", "poor", "chance"]
    assert heading.get_attribute("aria-sort") == "descending"
    button.focus()
    page.keyboard.press("Enter")
    assert names_in(page) == ["chance", "poor", "fair", "good"]
    assert heading.get_attribute("aria-sort") == "ascending"
    assert page.locator("#table th[aria-sort]").count() == 1
    page.get_by_role("columnheader", name="model").get_by_role("button").click()
    assert names_in(page)[0] == "good"  # by rank


def test_what_has_no_value_stays_last(show, result, make_result):
    nothing = {metric: float("nan") for metric in result.metrics}
    rows = [replace(row, scores=nothing) if row.estimator == "fair" else row for row in result.rows]
    page = show(comparison_report(replace(result, rows=rows)))
    button = page.locator("#table").get_by_role("button", name="accuracy")
    for _ in range(2):
        button.click()
        assert names_in(page)[-1] == "fair"


def test_the_matrix_is_one_stop_of_the_tab_key_and_arrows_move_in_it(show, result):
    page = show(comparison_report(result))
    buttons = page.locator("#pairs table button")
    assert buttons.count() == 12
    assert page.locator("#pairs table button[tabindex='0']").count() == 1
    buttons.first.focus()
    page.keyboard.press("ArrowDown")  # over the diagonal
    page.keyboard.press("Enter")
    says = page.locator("#pairs .says")
    assert says.inner_text().startswith("poor is behind fair by")
    assert says.get_attribute("aria-live") == "polite"
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert says.inner_text().startswith("poor is ahead of chance by")
    assert page.locator("#pairs button[aria-pressed='true']").count() == 1
    assert page.locator("#pairs table button[tabindex='0']").count() == 1


def test_the_first_tab_leads_past_the_list_of_sections(show, result):
    page = show(comparison_report(result))
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the verdict")
    assert skip.evaluate("link => link === document.activeElement")
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "verdict"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_until_the_reader_chooses(show, result, scheme):
    page = show(comparison_report(result), color_scheme=scheme)

    def background():
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return "light" if colour == "rgb(255, 255, 255)" else "dark"

    assert background() == scheme
    other = {"light": "dark", "dark": "light"}[scheme]
    page.get_by_role("button", name=f"{other.capitalize()} colours").click()
    assert background() == other
    page.get_by_role("button", name=f"{scheme.capitalize()} colours").click()
    assert background() == scheme


# The lowest contrast of a text with what lies behind it, by the formula of WCAG 2.
CONTRAST = """() => {
  const rgb = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      const [r, g, b, a = 1] = rgb(getComputedStyle(each).backgroundColor);
      if (a > 0) layers.push([r, g, b, a]);
      if (a === 1) break;
    }
    const over = (below, [r, g, b, a]) => [r, g, b].map((v, i) => v * a + below[i] * (1 - a));
    return layers.reverse().reduce(over, [255, 255, 255]);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!text || !element.checkVisibility() || element.closest(".unseen, script, style")) continue;
    const style = getComputedStyle(element);
    const ink = rgb(element instanceof SVGElement ? style.fill : style.color);
    const [first, second] = [light(ink), light(behind(element))].sort((a, b) => b - a);
    const what = `${element.tagName}.${element.getAttribute("class")}: ${element.textContent.slice(0, 40)}`;
    found.push([(first + 0.05) / (second + 0.05), what]);
  }
  return found.sort((a, b) => a[0] - b[0])[0];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_lies_behind_it(show, result, scheme):
    page = show(comparison_report(result, command="skimgrec compare made"), color_scheme=scheme)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    contrast, what = page.evaluate(CONTRAST)
    assert contrast >= 4.5, what


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desktop", "phone"])
def test_the_page_is_no_wider_than_its_window(show, make_result, size):
    names = {f"a model with a long name, number {n}, {'x' * 40}": 0.9 - n / 40 for n in range(20)}
    page = show(comparison_report(make_result(names, n_folds=3), command="skimgrec " + "x" * 300), size=size)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    visible = page.locator("figure.chart svg:visible")
    assert visible.count() >= 3
    for box in (chart.bounding_box() for chart in visible.all()):
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
    # Text of a chart is as large as it was drawn: there is a chart for each width.
    assert visible.first.evaluate("svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width") > 0.95


def test_names_of_controls_and_headings_are_there_for_a_screen_reader(show, result):
    page = show(comparison_report(result, command="a"))
    for role in ("button", "link", "region", "img", "table"):
        for element in page.get_by_role(role).all():
            name = element.evaluate(
                "e => (e.getAttribute('aria-label') || e.getAttribute('alt') || e.textContent || e.title).trim()"
            )
            assert name, (role, element.evaluate("e => e.outerHTML.slice(0, 100)"))
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4, h5')].filter(e => e.checkVisibility()).map(e => +e.tagName[1])"
    )
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desktop", "phone"])
def test_a_cell_of_a_confusion_matrix_opens_its_pictures(show, result, rng, size):
    pictures = rng.integers(0, 256, size=(240, 8, 8), dtype=np.uint8)
    names = [f"folder/{row}.png" for row in range(240)]
    page = show(comparison_report(replace(result, filenames=names), pictures=pictures), size=size)
    frame = result.predictions("good")
    wrong = frame[frame["target"] != frame["predicted"]]
    kind = (wrong["target"].iloc[0], wrong["predicted"].iloc[0])
    rows = wrong.loc[(wrong["target"] == kind[0]) & (wrong["predicted"] == kind[1]), "row"].tolist()
    matrix = page.locator("#models table.confusion").first
    cell = matrix.locator("tbody tr").nth(result.class_names.index(kind[0])).locator("td")
    button = cell.nth(result.class_names.index(kind[1])).get_by_role("button")
    assert button.inner_text().split()[0] == str(len(rows))
    button.focus()
    page.keyboard.press("Enter")
    panel = page.locator("[popover]:popover-open")
    assert panel.get_by_role("img").count() == len(rows)
    assert all(f"{row}.png" in panel.inner_text() for row in rows)
    probability = frame.loc[frame["row"] == rows[0], f"proba_{kind[1]}"].iloc[0]
    assert f"{probability:.2f}" in panel.inner_text()
    for picture in panel.get_by_role("img").all():
        assert picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") == 8
        assert picture.evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"
    box = panel.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size["width"]
    page.keyboard.press("Escape")
    assert panel.count() == 0
    assert button.evaluate("button => button === document.activeElement")


def test_every_picture_of_the_page_is_drawn(show, result, rng):
    page = show(comparison_report(result, pictures=rng.integers(0, 256, size=(240, 8, 8, 3), dtype=np.uint8)))
    found = page.evaluate("[...document.images].map((image) => [image.dataset.picture, image.src.slice(0, 11)])")
    assert len(found) > 20
    assert {start for _, start in found} == {"data:image/"}


def test_hostile_names_run_nothing(show, make_result):
    names = [
        "<script>alert(1)</script>",
        "</script><script>alert(2)</script>",
        "<img src=x onerror=alert(3)>",
        '" onmouseover="alert(4)',
        "<svg onload=alert(5)>",
    ]
    result = make_result(
        {name: 0.9 - number / 10 for number, name in enumerate(names)},
        class_names=names,
        filenames=[f"{names[row % 5]}{row}.png" for row in range(200)],
        data_name=names[1],
        notes=names,
    )
    page = show(comparison_report(result, command=names[0]))
    assert page.locator("h1").inner_text() == names[1]
    assert names_in(page) == [name for name in names_in(page) if name in names]
    page.locator("#pairs table button").first.click()
    assert "<script>alert(1)</script>" in page.locator("#pairs .says").inner_text()


def test_the_policy_stops_what_escaping_would_have_missed(chromium, result, tmp_path):
    text = comparison_report(result).replace("<main>", "<main><script>document.title = 'run'</script>", 1)
    text = text.replace("<main>", "<main><img src=x onerror=\"document.title = 'run'\">", 1)
    (tmp_path / "report.html").write_text(text, encoding="utf-8")
    with chromium.new_page() as page:
        refused = []
        page.on("console", lambda message: refused.append(message.text))
        page.goto((tmp_path / "report.html").as_uri())
        assert page.title() != "run"
        assert len([line for line in refused if "Content Security Policy" in line]) >= 2
        # The page's own scripts work all the same.
        assert page.locator("#table thead button").count() > 0


def test_paper_is_white_and_has_no_controls(show, result):
    page = show(comparison_report(result), color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("#theme").is_visible()
    assert not page.locator(".contents").is_visible()
    assert len(page.pdf()) > 20_000


def test_a_cell_of_groups_of_classes_opens_its_pictures(show, make_result, rng):
    result = make_result({"good": 0.5}, n=400, n_folds=2, class_names=[f"class {code}" for code in range(40)])
    page = show(comparison_report(result, pictures=rng.integers(0, 256, size=(400, 8, 8), dtype=np.uint8)))
    buttons = page.locator("#models table.groups button")
    assert page.locator("#models table.groups button[tabindex='0']").count() == 1
    buttons.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    panel = page.locator("[popover]:popover-open")
    assert panel.get_by_role("img").count() > 0
    assert panel.get_by_text("prediction").count() == 1
    page.keyboard.press("Escape")
    assert panel.count() == 0
