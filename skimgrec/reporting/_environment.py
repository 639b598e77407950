"""The templates of reports, in which every string is data and is escaped."""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"


@functools.cache
def environment() -> jinja2.Environment:
    """Return the environment that renders reports: it escapes all strings, and refuses names that are not given."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=without_control_characters,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["picture"] = picture
    return made


def without_control_characters(value: Any) -> Any:
    r"""Spell out the control characters of a string that is no markup, but for blanks and line breaks.

    Characters that turn the direction of writing, halves of surrogate pairs and NUL are among them: no browser, and
    no UTF-8, makes the same of them as a reader does.

    Examples
    --------
    >>> without_control_characters("a\x1b[31m\u202eb\n")
    'a\\x1b[31m\\u202eb\n'
    """
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(
        char if char.isprintable() or char in " \n\t\xa0" else char.encode("unicode_escape").decode() for char in value
    )


def picture(key: str | None, alt: object) -> Markup:
    """Return a picture of the shelf as markup, what it shows in words where it is not embedded.

    Parameters
    ----------
    key : str or None
        As `PictureShelf.key` returns it.
    alt : object
        What the picture shows, in words.
    """
    words = without_control_characters(str(alt))
    if key is None:
        return Markup('<span class="no-picture" role="img" aria-label="{0}">{0}</span>').format(words)
    return Markup('<img data-picture="{}" alt="{}" loading="lazy" decoding="async">').format(key, words)


@functools.cache
def static(name: str) -> Markup:
    """Return a style sheet or a script of the package, to be put into a page as it is."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    if "</" in text or "<!--" in text:  # it would end the element that holds it
        raise ValueError(f"{name} holds '</' or '<!--', which HTML does not leave alone in it.")
    return Markup(text)


def policy(styles: list[str], scripts: list[str]) -> str:
    """Return the Content-Security-Policy under which a page runs these style sheets and scripts, and nothing else.

    Parameters
    ----------
    styles, scripts : list of str
        The texts of the page's elements ``style`` and ``script``.
    """

    def sources(texts: list[str]) -> str:
        digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
        return " ".join(f"'sha256-{digest}'" for digest in digests)

    return (
        f"default-src 'none'; img-src data:; style-src {sources(styles)}; script-src {sources(scripts)}; "
        "base-uri 'none'; form-action 'none'"
    )
