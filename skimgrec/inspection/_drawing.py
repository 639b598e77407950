"""What the displays share: frames, colour bars and colours. Matplotlib is imported when one of them is called."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils._shown import escaped

FRAME = "#b5b5b5"
TITLE_SIZE, LABEL_SIZE = 9, 7.5

_LONGEST_NAME = 24
# Beyond, colours are steps on a circle of hues, and too alike for a legend.
MOST_NAMED_COLORS = 20


def frame(ax: Any, title: str) -> None:
    """Give a panel its title and a thin frame."""
    # A dollar sign in a name would start a formula.
    ax.set_title(title, loc="left", fontsize=TITLE_SIZE, pad=4, parse_math=False)
    ax.tick_params(labelsize=LABEL_SIZE, length=2.5, color=FRAME)
    for spine in ax.spines.values():
        spine.set(color=FRAME, linewidth=0.6)


def no_ticks(ax: Any) -> None:
    """Leave out the ticks of both axes."""
    ax.set(xticks=[], yticks=[])


def bar(ax: Any, mappable: Any) -> Any:
    """Add a slim colour bar as high as the panel.

    It takes no room from the panel where a layout makes room for what stands beside; elsewhere it would be drawn over
    the neighbour.
    """
    from matplotlib.layout_engine import PlaceHolderLayoutEngine
    from mpl_toolkits.axes_grid1 import make_axes_locatable

    if isinstance(ax.figure.get_layout_engine(), PlaceHolderLayoutEngine | None):
        beside = make_axes_locatable(ax).append_axes("right", size="4.5%", pad=0.05)
    else:
        beside = ax.inset_axes((1.03, 0, 0.045, 1))
    added = ax.figure.colorbar(mappable, cax=beside)
    added.ax.tick_params(labelsize=LABEL_SIZE, length=2.5, color=FRAME, pad=2)
    added.ax.locator_params(axis="y", nbins=5)
    added.outline.set(edgecolor=FRAME, linewidth=0.6)
    added.ax.yaxis.get_offset_text().set_fontsize(LABEL_SIZE)
    added.ax.yaxis.set_offset_position("left")
    return added


def class_name(name: object, longest: int = _LONGEST_NAME) -> str:
    """Return a name in one line that is safe to draw, its middle left out where it is long."""
    text = escaped(name)
    if len(text) <= longest:
        return text
    head = (longest - 1 + 1) // 2
    return f"{text[:head]}…{text[len(text) - (longest - 1 - head) :]}"


def class_colors(n_classes: int) -> NDArray[np.float64]:
    """Return one RGB colour for each class, as unlike as their number allows."""
    from matplotlib import colormaps

    if n_classes <= 10:
        return colormaps["tab10"](np.arange(n_classes))[:, :3]
    if n_classes <= MOST_NAMED_COLORS:
        return colormaps["tab20"](np.arange(n_classes))[:, :3]
    return colormaps["hsv"](np.arange(n_classes) / n_classes)[:, :3] * 0.9
