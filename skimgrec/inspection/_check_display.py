"""What a check of pictures found, as a contact sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from skimgrec.inspection._matplotlib import check_matplotlib

if TYPE_CHECKING:
    from skimgrec.datasets import Finding, ImageCheck

# Pictures of one finding that are shown side by side; of equal ones, two say all.
_MOST_PICTURES = 3
_N_COLUMNS = 6
# In inches: side of a picture, space between two of one finding and of two, height of a line of text and of a title.
_SIDE, _CLOSE, _APART, _LINE, _TITLE = 1.3, 0.06, 0.3, 0.125, 0.42
_MARGIN = 0.15
_FONT_SIZE, _TITLE_SIZE = 6.5, 9.5
# Characters that a picture's width holds at this size.
_CHARACTERS = 25
_LONGEST_HEADLINE = 95
_FRAME = "0.75"
_SHOWN_PIXELS_FROM = 96


class _Tile(NamedTuple):
    """Pictures of one finding, with a line above them and a caption below each."""

    heading: str
    pictures: list[NDArray[np.uint8] | None]
    captions: list[list[str]]


class ImageCheckDisplay:
    """A contact sheet of what `check_images` found: duplicates side by side, with file name, class and split.

    It is recommended to use :meth:`from_check` or :meth:`from_images` to create an `ImageCheckDisplay`. All parameters
    are stored as attributes.

    Parameters
    ----------
    check : ImageCheck
        What was found.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure, after :meth:`plot`.
    axes_ : list of matplotlib Axes
        The axes of the pictures, in order.
    ax_ : matplotlib Axes or None
        The first of them; None where there was nothing to show.

    See Also
    --------
    check_images : Finds it.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from skimgrec import ImageCheckDisplay
    >>> rng = np.random.default_rng(0)
    >>> X = rng.integers(256, size=(20, 32, 32, 3), dtype=np.uint8)
    >>> X[3] = X[12]
    >>> display = ImageCheckDisplay.from_images(X, ["cat", "dog"] * 10)
    >>> len(display.axes_)
    2
    >>> plt.close("all")
    """

    def __init__(self, check: ImageCheck) -> None:
        self.check = check

    @classmethod
    def from_images(
        cls,
        images: Any,
        target: Any = None,
        *,
        target_names: Any = None,
        split: Any = None,
        filenames: Any = None,
        kinds: Sequence[str] | None = None,
        n_each: int = 12,
        figure: Any = None,
    ) -> Self:
        """Check pictures, and show what was found.

        Parameters
        ----------
        images : array-like of shape (n, h, w) or (n, h, w, c), LazyImages, or list of n path-like
            The pictures, or the names of their files.
        target : array-like of shape (n,), default=None
            The class of each picture.
        target_names : sequence of str, default=None
            Names of the classes, where `target` holds positions in it.
        split : array-like of shape (n,), default=None
            The split that each picture belongs to.
        filenames : sequence of n str, default=None
            What to call the pictures of an array.
        kinds : sequence of str, default=None
            Which kinds of finding to show; None shows all.
        n_each : int, default=12
            How many findings of each kind to show at most.
        figure : matplotlib Figure, default=None
            An empty figure to draw into; it is brought to the size that the sheet needs. None makes one.

        Returns
        -------
        display : ImageCheckDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            As :func:`check_images` does, or if there is no such kind of finding.
        """
        from skimgrec.datasets import check_images

        check_matplotlib(f"{cls.__name__}.from_images")
        check = check_images(images, target, target_names=target_names, split=split, filenames=filenames)
        return cls(check).plot(kinds=kinds, n_each=n_each, figure=figure)

    @classmethod
    def from_check(
        cls, check: ImageCheck, *, kinds: Sequence[str] | None = None, n_each: int = 12, figure: Any = None
    ) -> Self:
        """Show what was found.

        Parameters
        ----------
        check : ImageCheck
            What :func:`check_images` returned.
        kinds : sequence of str, default=None
            Which kinds of finding to show; None shows all.
        n_each : int, default=12
            How many findings of each kind to show at most.
        figure : matplotlib Figure, default=None
            An empty figure to draw into; it is brought to the size that the sheet needs. None makes one.

        Returns
        -------
        display : ImageCheckDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is no such kind of finding.
        """
        check_matplotlib(f"{cls.__name__}.from_check")
        return cls(check).plot(kinds=kinds, n_each=n_each, figure=figure)

    def plot(self, *, kinds: Sequence[str] | None = None, n_each: int = 12, figure: Any = None) -> Self:
        """Draw the sheet.

        Parameters
        ----------
        kinds : sequence of str, default=None
            Which kinds of finding to show; None shows all.
        n_each : int, default=12
            How many findings of each kind to show at most.
        figure : matplotlib Figure, default=None
            An empty figure to draw into; it is brought to the size that the sheet needs. None makes one.

        Returns
        -------
        display : ImageCheckDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is no such kind of finding.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        sections = self._sections(kinds, n_each)
        if figure is None:
            import matplotlib.pyplot as plt

            figure = plt.figure()
        self.figure_ = figure
        self.axes_: list[Any] = []
        self._draw(sections)
        self.ax_ = self.axes_[0] if self.axes_ else None
        return self

    def _sections(self, kinds: Sequence[str] | None, n_each: int) -> list[tuple[str, list[_Tile]]]:
        """Return a title and tiles for each kind and scope of finding that has pictures."""
        from skimgrec.datasets._check_result import KINDS
        from skimgrec.datasets._check_table import short_names

        findings = self.check.of_kind(*(KINDS if kinds is None else kinds))
        by_title: dict[str, list[Finding]] = {}
        for finding in findings:
            title = KINDS[finding.kind] + (f", {finding.scope}" if finding.scope else "")
            by_title.setdefault(title, []).append(finding)
        sections = []
        for title, some in by_title.items():
            some = [finding for finding in some if finding.rows]
            if not some:
                continue
            shown = some[:n_each]
            names = sorted({name for finding in shown for name in finding.names})
            shortened = dict(zip(names, short_names(names), strict=True))
            count = f"{len(some):,}" if len(shown) == len(some) else f"{len(shown)} of {len(some):,}"
            sections.append((f"{title[0].upper()}{title[1:]} ({count})", [self._tile(one, shortened) for one in shown]))
        return sections

    def _tile(self, finding: Finding, shortened: dict[str, str]) -> _Tile:
        rows = _chosen(finding)
        captions = []
        for place in rows:
            about = " · ".join(part for part in (finding.classes[place], finding.splits[place]) if part)
            captions.append([_cut(_last(shortened[finding.names[place]])), _cut(about)])
        if finding.similarity is not None:
            heading = f"similarity {finding.similarity:.2f}"
        elif finding.kind == "exact_duplicate":
            heading = f"{len(finding.rows)} equal pictures" if len(finding.rows) > len(rows) else ""
        else:
            heading = finding.detail.split(";")[0].split(" (standard")[0].removeprefix("its ")
        return _Tile(heading, self.check.pictures([finding.rows[place] for place in rows]), captions)

    def _draw(self, sections: list[tuple[str, list[_Tile]]]) -> None:
        from skimgrec.datasets._check_table import headline, printable

        rows: list[tuple[float, Any]] = []
        for title, tiles in sections:
            rows.append((_TITLE, title))
            rows += [(_tile_height(row), row) for row in _in_rows(tiles)]
        width = 2 * _MARGIN + _N_COLUMNS * _SIDE + (_N_COLUMNS - 1) * _APART
        height = 2 * _MARGIN + _TITLE + sum(size for size, _ in rows)
        self.figure_.set_size_inches(width, height)
        top = height - _MARGIN
        self._text(_MARGIN, top, printable(headline(self.check), _LONGEST_HEADLINE), _TITLE_SIZE, weight="bold")
        top -= _TITLE
        for size, content in rows:
            if isinstance(content, str):
                self._text(_MARGIN, top - 0.12, content, _TITLE_SIZE)
            else:
                left = _MARGIN
                for tile in content:
                    left = self._draw_tile(tile, left, top)
            top -= size

    def _draw_tile(self, tile: _Tile, left: float, top: float) -> float:
        """Draw pictures of one finding; return where the next one starts."""
        width, height = self.figure_.get_size_inches()
        n = len(tile.pictures)
        lines = _wrapped(tile.heading, n)
        for number, line in enumerate(lines):
            self._text(left, top - number * _LINE, line, _FONT_SIZE, color="0.3")
        top -= _LINE * len(lines) + 0.03
        for picture, caption in zip(tile.pictures, tile.captions, strict=True):
            place = (left / width, (top - _SIDE) / height, _SIDE / width, _SIDE / height)
            ax = self.figure_.add_axes(place, xticks=[], yticks=[])
            _show(ax, picture)
            self.axes_.append(ax)
            for number, line in enumerate(part for part in caption if part):
                self._text(left, top - _SIDE - 0.05 - number * _LINE, line, _FONT_SIZE)
            left += _SIDE + _CLOSE
        return left - _CLOSE + _APART

    def _text(self, left: float, top: float, text: str, size: float, **options: Any) -> None:
        width, height = self.figure_.get_size_inches()
        # A dollar sign in a name would start a formula.
        self.figure_.text(left / width, top / height, text, size=size, va="top", ha="left", parse_math=False, **options)


def _chosen(finding: Finding) -> list[int]:
    """Return which pictures of a finding to show: those of other classes and splits first."""
    if finding.kind not in ("exact_duplicate", "near_duplicate"):
        return [0]
    first: dict[tuple[str, str], int] = {}
    for place, key in enumerate(zip(finding.classes, finding.splits, strict=True)):
        first.setdefault(key, place)
    places = list(first.values())[:_MOST_PICTURES]
    return places if len(places) > 1 else [0, 1]


def _show(ax: Any, picture: NDArray[np.uint8] | None) -> None:
    for spine in ax.spines.values():
        spine.set_color(_FRAME)
        spine.set_linewidth(0.5)
    if picture is None:
        ax.set_facecolor("0.95")
        ax.text(0.5, 0.5, "no picture", ha="center", va="center", size=_FONT_SIZE, color="0.5", transform=ax.transAxes)
        return
    height, width = picture.shape[:2]
    small = max(height, width) < _SHOWN_PIXELS_FROM
    grey = {"cmap": "gray", "vmin": 0, "vmax": 255} if picture.ndim == 2 else {}
    ax.imshow(picture, interpolation="nearest" if small else "antialiased", **grey)
    # The axes keep their square, and the picture lies in its middle: captions stay in line.
    side = max(height, width)
    ax.set_xlim(width / 2 - 0.5 - side / 2, width / 2 - 0.5 + side / 2)
    ax.set_ylim(height / 2 - 0.5 + side / 2, height / 2 - 0.5 - side / 2)
    ax.set_facecolor("0.95")


def _in_rows(tiles: list[_Tile]) -> list[list[_Tile]]:
    rows: list[list[_Tile]] = []
    used = math.inf
    for tile in tiles:
        needed = len(tile.pictures)
        if used + needed > _N_COLUMNS:
            rows.append([])
            used = 0
        rows[-1].append(tile)
        used += needed
    return rows


def _tile_height(row: list[_Tile]) -> float:
    n_above = max(len(_wrapped(tile.heading, len(tile.pictures))) for tile in row)
    n_below = max(sum(bool(line) for line in caption) for tile in row for caption in tile.captions)
    return (n_above + n_below) * _LINE + 0.03 + _SIDE + 0.05 + 0.18


def _wrapped(text: str, n_pictures: int) -> list[str]:
    """Return text in at most two lines of the width of some pictures."""
    import textwrap

    from skimgrec.datasets._check_table import printable

    return textwrap.wrap(printable(text), _CHARACTERS * n_pictures, max_lines=2, placeholder=" …") if text else []


def _cut(text: str) -> str:
    from skimgrec.datasets._check_table import printable

    return printable(text, _CHARACTERS)


def _last(name: str) -> str:
    """Return a name without its folders: class and split are said anyway."""
    return name.replace("\\", "/").rsplit("/", 1)[-1] or name
