"""Links of the documentation that lead nowhere are found, and names of the reference that are no links."""

import importlib.util
import sys
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


REFERENCE = """
<dl class="py class"><dt class="sig sig-object py" id="skimgrec.Thing"></dt><dd>
  <dl class="py method"><dt class="sig sig-object py" id="skimgrec.Thing.fit"></dt></dl>
</dd></dl>
<dl class="py function"><dt class="sig sig-object py" id="skimgrec.tools.mend"></dt></dl>
<dl class="simple"><dt id="word"></dt></dl>
"""


def code(name, kind="py py-obj"):
    return f'<code class="xref {kind} docutils literal"><span class="pre">{name}</span></code>'


@pytest.mark.parametrize(
    ("name", "is_dead"),
    [
        ("Thing", True),
        ("Thing.fit", True),
        ("Thing.no_such_method", True),
        ("skimgrec.Thing", True),
        ("skimgrec.tools.mend", True),
        ("mend()", True),
        ("skimgrec.Thin", True),
        ("fit", False),
        ("word", False),
        ("sklearn.Thing", False),
        ("things", False),
    ],
)
def test_names_of_the_reference_that_are_no_links(tmp_path, name, is_dead):
    (tmp_path / "api.html").write_text(REFERENCE)
    link = f'<a href="api.html#word">{code(name)}</a>'
    (tmp_path / "page.html").write_text(f"<p>{code(name)} {link} {code(name, 'std')}</p>")
    assert tool.dead_references(tmp_path) == ([(Path("page.html"), name)] if is_dead else [])


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (code("Thing"), "page.html: Thing is of skimgrec and no link"),
        ('<a href="gone.html">there</a>', "page.html: gone.html leads nowhere"),
        ("", ""),
    ],
)
def test_what_is_found_is_said_and_fails(tmp_path, monkeypatch, capsys, page, said):
    (tmp_path / "index.html").write_text(REFERENCE)
    (tmp_path / "page.html").write_text(page)
    monkeypatch.setattr(sys, "argv", ["check_links.py", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        tool.main()
    assert end.value.code == bool(said)
    assert capsys.readouterr().out.startswith(said)
