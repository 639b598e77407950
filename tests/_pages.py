"""The pages of the README and the documentation, and the blocks of code in them."""

import re
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
# What a build of the documentation writes is made of docstrings and examples.
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.rst"))]
    if not {"_build", "auto_examples", "generated"} & set(path.parts)
}
_DIRECTIVE = re.compile(
    r"^( *)\.\. [a-z:]*(?:code|code-block|sourcecode|testcode|ipython)::[ \t]*(\S*)[^\n]*\n((?:\1   .*\n|\s*\n)*)", re.M
)
_FENCE = re.compile(r"^( *)(?:```|~~~)[ \t]*(\S*)[^\n]*\n(.*?)^ *(?:```|~~~)[ \t]*$", re.M | re.S)
# What begins or ends a block, however it is written.
_TRACE_OF_DIRECTIVE = re.compile(r"^.*(?:code|sourcecode|testcode|ipython|code-block|parsed-literal)::", re.M)
_TRACE_OF_FENCE = re.compile(r"^.*(?:```|~~~)", re.M)
_LITERAL = re.compile(r"^(?! *\.\. ).*::[ \t]*$", re.M)


class Block(NamedTuple):
    """A block of code: its language, the number of the line before it, and its text."""

    language: str
    line: int
    text: str


def blocks(page: str, text: str) -> list[Block]:
    """Return the blocks of a page."""
    found = (_FENCE if page.endswith(".md") else _DIRECTIVE).finditer(text + "\n")
    return [Block(match[2], text.count("\n", 0, match.start(3)), dedent(match[3])) for match in found]


def n_unseen(page: str, text: str) -> int:
    """Return how many blocks a page seems to have that `blocks` does not find."""
    if page.endswith(".md"):
        return len(_TRACE_OF_FENCE.findall(text)) - 2 * len(blocks(page, text))
    return len(_TRACE_OF_DIRECTIVE.findall(text)) + len(_LITERAL.findall(text)) - len(blocks(page, text))
