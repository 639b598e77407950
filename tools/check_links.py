"""Check that every link within the built documentation leads somewhere, and that names of the reference are links.

    python tools/check_links.py [docs/_build/html] [--no-examples]

Sphinx warns of pages and labels that are not there; this also finds written-out addresses, pictures and anchors. A
Python name that Sphinx cannot find becomes plain code, without a warning. It is reported here where it is a name of the
API reference, a member of one, or begins with "skimgrec.": `fit` or `sklearn.svm.SVC` may be plain code, `compare` may
not. Nothing outside the folder is asked for. --no-examples passes over the pictures of examples that were not run.
Pages of source code are passed over always: Sphinx makes them, and leaves some out.
"""

import argparse
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Links(HTMLParser):
    """The addresses that a page leads to, its anchors, what it documents, and the Python names that are no links."""

    def __init__(self):
        super().__init__()
        self.targets, self.anchors, self.documented, self.plain_names = [], set(), set(), []
        self.links_open, self.kind, self.name = 0, None, None

    def handle_starttag(self, tag, attributes):
        """Note what a tag leads to, and what leads to it."""
        for name, value in attributes:
            if value and (name, tag) in {("href", "a"), ("src", "img"), ("href", "link"), ("src", "script")}:
                self.targets.append(value)
            if value and (name == "id" or (name == "name" and tag == "a")):
                self.anchors.add(value)
        self.links_open += tag == "a"
        attributes = dict(attributes)
        classes = (attributes.get("class") or "").split()
        # Each entry of the reference is a <dl class="py function"> or the like, its name the anchor of the <dt> in it.
        if tag == "dl":
            self.kind = classes[1] if classes[:1] == ["py"] and len(classes) > 1 else None
        if tag == "dt" and self.kind in {"class", "exception", "function"} and attributes.get("id"):
            self.documented.add(attributes["id"])
        if tag == "code" and {"xref", "py"} <= set(classes) and not self.links_open:
            self.name = ""

    def handle_data(self, data):
        """Read a Python name that is no link."""
        if self.name is not None:
            self.name += data

    def handle_endtag(self, tag):
        """Note the end of a link or of a Python name."""
        self.links_open -= tag == "a"
        if tag == "code" and self.name is not None:
            self.plain_names.append(self.name)
            self.name = None


def read(page):
    """Return the links of a page."""
    links = Links()
    links.feed(page.read_text(encoding="utf-8"))
    return links


def read_all(root):
    """Return the links of all pages below a folder but those of source code."""
    pages = sorted(root.resolve().rglob("*.html"))
    return {page: read(page) for page in pages if not {"_static", "_modules"} & set(page.parts)}


def dead_references(root, pages=None):
    """Return (page, name) of each name of the reference that is plain code and no link."""
    pages = pages or read_all(root)
    known = {name.rpartition(".")[2] for links in pages.values() for name in links.documented}
    dead = []
    for page, links in pages.items():
        for name in links.plain_names:
            written = re.fullmatch(r"(skimgrec\.(?:[a-z_]+\.)*)?(\w+)(?:\.\w+)?(?:\(\))?", name)
            if written and (written[1] or written[2] in known):
                dead.append((page.relative_to(root.resolve()), name))
    return dead


def broken_links(root, pages=None, *, examples=True):
    """Return (page, address) of each link that leads nowhere."""
    root = root.resolve()
    pages = pages or read_all(root)
    broken = []
    for page, links in pages.items():
        for address in links.targets:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or "_modules/" in address:
                continue
            if not examples and "auto_examples/images/" in address:
                continue
            path = unquote(parts.path)
            target = (
                (root / path.lstrip("/") if path.startswith("/") else page.parent / path).resolve() if path else page
            )
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            if not target.is_file() or (anchor and target in pages and anchor not in pages[target].anchors):
                broken.append((page.relative_to(root), address))
    return broken


def main():
    """Print the broken links and dead references, and fail if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", type=Path, default=Path("docs/_build/html"))
    parser.add_argument("--no-examples", action="store_true", help="pass over pictures of examples")
    options = parser.parse_args()
    if not (options.root / "index.html").is_file():
        sys.exit(f"{options.root} holds no index.html: build the documentation first, with make docs")
    pages = read_all(options.root)
    broken = broken_links(options.root, pages, examples=not options.no_examples)
    for page, address in broken:
        print(f"{page}: {address} leads nowhere")
    dead = dead_references(options.root, pages)
    for page, name in dead:
        print(f"{page}: {name} is of skimgrec and no link: is there such a name in docs/api.rst?")
    sys.exit(1 if broken or dead else 0)


if __name__ == "__main__":
    main()
