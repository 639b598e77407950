"""Check that every link within the built documentation leads somewhere.

    python tools/check_links.py [docs/_build/html] [--no-examples]

Sphinx warns of references that it cannot resolve; this also finds written-out addresses, pictures and anchors. Nothing
outside the folder is asked for. --no-examples passes over the pictures of examples that were not run. Pages of source
code are passed over always: Sphinx makes them, and leaves some out.
"""

import argparse
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Links(HTMLParser):
    """The addresses that a page leads to, and the anchors that it has."""

    def __init__(self):
        super().__init__()
        self.targets, self.anchors = [], set()

    def handle_starttag(self, tag, attributes):
        """Note what a tag leads to, and what leads to it."""
        for name, value in attributes:
            if value and (name, tag) in {("href", "a"), ("src", "img"), ("href", "link"), ("src", "script")}:
                self.targets.append(value)
            if value and (name == "id" or (name == "name" and tag == "a")):
                self.anchors.add(value)


def read(page):
    """Return the links of a page."""
    links = Links()
    links.feed(page.read_text(encoding="utf-8"))
    return links


def broken_links(root, *, examples=True):
    """Return (page, address) of each link that leads nowhere."""
    root = root.resolve()
    pages = {page: read(page) for page in sorted(root.rglob("*.html")) if not {"_static", "_modules"} & set(page.parts)}
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
    """Print the broken links, and fail if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", type=Path, default=Path("docs/_build/html"))
    parser.add_argument("--no-examples", action="store_true", help="pass over pictures of examples")
    options = parser.parse_args()
    if not (options.root / "index.html").is_file():
        sys.exit(f"{options.root} holds no index.html: build the documentation first, with make docs")
    broken = broken_links(options.root, examples=not options.no_examples)
    for page, address in broken:
        print(f"{page}: {address} leads nowhere")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
