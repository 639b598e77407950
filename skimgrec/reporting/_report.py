"""A comparison as a page of HTML, and its first sections for a notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from skimgrec.model_selection._result import ComparisonResult
from skimgrec.model_selection._table import _title
from skimgrec.model_selection._text import printable
from skimgrec.reporting import (
    _costs_section,
    _curves_section,
    _data_section,
    _disagreement_section,
    _folds_section,
    _hard_section,
    _limits_section,
    _model_section,
    _pairs_section,
    _repeat_section,
    _table_section,
    _verdict_section,
)
from skimgrec.reporting._environment import environment, policy, static
from skimgrec.reporting._section import Section
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._source import ReportSource

Build = Callable[[ReportSource, PictureShelf], Section | None]

FIRST: tuple[Build, ...] = (_verdict_section.build, _table_section.build)
# In the order of the page.
SECTIONS: tuple[Build, ...] = (
    *FIRST,
    _costs_section.build,
    _folds_section.build,
    _pairs_section.build,
    _curves_section.build,
    _model_section.build,
    _hard_section.build,
    _disagreement_section.build,
    _data_section.build,
    _limits_section.build,
    _repeat_section.build,
)
# The rules of the first begin with .skimgrec-report, so that a notebook can hold them.
STYLES = ("base.css", "page.css", "models.css")
# Run before the page is drawn, and after it is there.
EARLY_SCRIPTS, SCRIPTS = ("theme.js",), ("page.js", "pictures.js")


def comparison_report(result: ComparisonResult, *, pictures: Any = None, command: str | None = None) -> str:
    """Return a comparison as one page of HTML that needs nothing else: no network, no other file.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.
    pictures : array-like of n pictures or None, default=None
        The pictures that were compared on. None shows none.
    command : str or None, default=None
        How to repeat the comparison.

    Returns
    -------
    page : str
        The same for the same arguments.

    Raises
    ------
    ValueError
        If there are not as many pictures as were compared on.
    """
    if pictures is not None and len(pictures) != result.n_samples:
        raise ValueError(
            f"pictures holds {len(pictures)} pictures, but the comparison was of {result.n_samples}. Give those that "
            "it was made with, in their order."
        )
    source = ReportSource(result=result, pictures=pictures, command=command)
    shelf = PictureShelf(source)
    sections = _rendered(SECTIONS, source, shelf)
    styles, early, scripts = ([static(name) for name in names] for names in (STYLES, EARLY_SCRIPTS, SCRIPTS))
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            title=_title(result),
            name=printable(result.data_name or "Pictures"),
            counts=_counts(result),
            sections=sections,
            # Last: by then the sections have asked for their pictures.
            pictures=shelf.content(),
            styles=styles,
            early_scripts=early,
            scripts=scripts,
            policy=policy(list(map(str, styles)), list(map(str, [*early, *scripts]))),
        )
    )


def first_sections(result: ComparisonResult) -> str:
    """Return the verdict and the table of a comparison as HTML for a notebook, with a style of its own, no script."""
    source = ReportSource(result=result)
    return (
        environment()
        .get_template("fragment.html.j2")
        .render(
            sections=_rendered(FIRST, source, PictureShelf(source)),
            title=_title(result),
            style=static("base.css") + static("fragment.css"),
        )
    )


def _counts(result: ComparisonResult) -> str:
    pictures = f"of {printable(result.drawn_from)}" if result.drawn_from else "pictures"
    n_models = len(result.estimators)
    models = f"{n_models} model{'' if n_models == 1 else 's'}"
    folds = f"{result.n_folds} folds" if result.n_folds > 1 else "1 split"
    return f"{result.n_samples:,} {pictures}, {result.n_classes} classes, {models}, {folds}"


def _rendered(builds: tuple[Build, ...], source: ReportSource, shelf: PictureShelf) -> list[tuple[Section, Markup]]:
    sections = [section for build in builds if (section := build(source, shelf)) is not None]
    return [
        (
            section,
            Markup(environment().get_template(section.template).render(**section.content, id=section.id)),
        )
        for section in sections
    ]
