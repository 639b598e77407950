"""Pictures with captions, in rows and columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

from skimgrec.inspection._matplotlib import check_matplotlib
from skimgrec.inspection._picture_sheet import GAP, LINE, MARGIN, SIDE, Sheet, shown

# Sheets are a little wider than high, and no wider than a page.
_PROPORTION, _MOST_COLUMNS = 1.6, 10
# Beyond so many, a figure takes minutes to draw.
_MOST_PICTURES = 2_000


class ImageGridDisplay:
    """Pictures in rows and columns, with a caption below each.

    It is recommended to use :meth:`from_images` to create an `ImageGridDisplay`. All parameters are stored as
    attributes.

    Parameters
    ----------
    images : list of ndarray of shape (h, w), (h, w, 3) or (h, w, 4), uint8, or None
        The pictures; None is one that could not be read.
    captions : list of list of str, default=None
        The lines below each picture.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure, after :meth:`plot`.
    ax_ : matplotlib Axes
        The one Axes that all pictures lie in.
    images_ : list of matplotlib AxesImage
        The pictures that are there, in order.
    texts_ : list of matplotlib Text
        The lines of the captions, and what stands in the place of a picture that is not there.

    See Also
    --------
    SimilarityDisplay : Pictures beside those that they are similar to.
    ImageCheckDisplay : Pictures that something is wrong with.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skimgrec import ImageGridDisplay, load_digits_images
    >>> digits = load_digits_images()
    >>> display = ImageGridDisplay.from_images(digits.images[:20], digits.target[:20])
    >>> [text.get_text() for text in display.texts_[:4]]
    ['0', '1', '2', '3']
    >>> plt.close("all")
    """

    def __init__(self, images: Sequence[Any], captions: Sequence[Sequence[str]] | None = None) -> None:
        self.images = images
        self.captions = captions

    @classmethod
    def from_images(
        cls,
        images: Any,
        captions: Any = None,
        *,
        value_range: tuple[float, float] | None = None,
        n_columns: int | None = None,
        ax: Any = None,
    ) -> Self:
        """Draw pictures.

        Parameters
        ----------
        images : array-like of shape (n, h, w) or (n, h, w, c), LazyImages, or list of n arrays or path-like
            The pictures, c in 1, 3, 4. Those of a list may have different sizes; a file is read and brought to at most
            256 pixels a side, and is an empty square where it cannot be.
        captions : array-like of n objects, default=None
            What stands below each picture: one line as it prints, or a list or tuple of lines. Lines that are wider
            than a picture are cut.
        value_range : tuple of two floats, default=None
            The values that stand for black and white. None means 0 and 255 for uint8, else the smallest and the largest
            value of all pictures together.
        n_columns : int, default=None
            Pictures in a row; None means up to ten, so that the sheet is a little wider than high.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure of the size that the sheet needs.

        Returns
        -------
        display : ImageGridDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is no picture, or more than 2,000; if one is no picture; or if there is not one caption for each.
        """
        check_matplotlib(f"{cls.__name__}.from_images")
        if hasattr(images, "__len__") and len(images) > _MOST_PICTURES:
            raise ValueError(
                f"{len(images):,} pictures cannot be told apart on one sheet, which takes {_MOST_PICTURES:,} at most. "
                "Choose some of them, for example images[:100]."
            )
        pictures = shown(images, value_range)
        if captions is not None:
            captions = [_lines(caption) for caption in captions]
        return cls(pictures, captions).plot(n_columns=n_columns, ax=ax)

    def plot(self, *, n_columns: int | None = None, ax: Any = None) -> Self:
        """Draw the sheet.

        Parameters
        ----------
        n_columns : int, default=None
            Pictures in a row; None means up to ten, so that the sheet is a little wider than high.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure of the size that the sheet needs.

        Returns
        -------
        display : ImageGridDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is no picture, not one caption for each, or `n_columns` is no positive integer.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        n = len(self.images)
        if not n:
            raise ValueError("images is empty: expected at least one picture.")
        if self.captions is not None and len(self.captions) != n:
            raise ValueError(f"Got {len(self.captions)} captions for {n} pictures, expected one for each.")
        if n_columns is None:
            n_columns = min(n, _MOST_COLUMNS, math.ceil(math.sqrt(n * _PROPORTION)))
        elif not isinstance(n_columns, Integral) or n_columns < 1:
            raise ValueError(f"n_columns={n_columns!r}: expected a positive integer, or None.")
        captions: Sequence[Sequence[str]] = [[]] * n if self.captions is None else self.captions
        n_columns, n_rows = int(n_columns), -(-n // int(n_columns))
        n_lines = max(map(len, captions))
        row_height = SIDE + (n_lines * LINE + 0.04 if n_lines else 0) + GAP
        sheet = Sheet(
            2 * MARGIN + n_columns * (SIDE + GAP) - GAP,
            2 * MARGIN + n_rows * row_height - GAP,
            ax,
        )
        for place, (picture, lines) in enumerate(zip(self.images, captions, strict=True)):
            row, column = divmod(place, n_columns)
            left, top = MARGIN + column * (SIDE + GAP), MARGIN + row * row_height
            sheet.picture(picture, left, top)
            sheet.caption(lines, left, top + SIDE + 0.04)
        self.figure_, self.ax_ = sheet.figure, sheet.ax
        self.images_, self.texts_ = sheet.images, sheet.texts
        return self


def _lines(caption: Any) -> list[str]:
    return [str(line) for line in caption] if isinstance(caption, (list, tuple)) else [str(caption)]
