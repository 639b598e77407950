"""Links of the documentation that lead nowhere are found."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SPEC = importlib.util.spec_from_file_location("check_links", ROOT / "tools" / "check_links.py")
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)


@pytest.mark.parametrize(
    ("address", "is_broken"),
    [
        ("guide/page.html", False),
        ("guide/", False),
        ("guide/page.html#there", False),
        ("#here", False),
        ("https://example.org/nothing", False),
        ("mailto:someone@example.org", False),
        ("guide/page.html#nowhere", True),
        ("guide/other.html", True),
        ("#nowhere", True),
    ],
)
def test_links_that_lead_nowhere(tmp_path, address, is_broken):
    (tmp_path / "guide").mkdir()
    (tmp_path / "guide" / "page.html").write_text('<p id="there"></p><a href="../index.html#here"></a>')
    (tmp_path / "guide" / "index.html").write_text("")
    (tmp_path / "index.html").write_text(f'<p id="here"></p><a href="{address}"></a>')
    assert tool.broken_links(tmp_path) == ([(Path("index.html"), address)] if is_broken else [])


def test_a_picture_that_is_not_there(tmp_path):
    (tmp_path / "index.html").write_text('<img src="chart.png">')
    assert tool.broken_links(tmp_path) == [(Path("index.html"), "chart.png")]
