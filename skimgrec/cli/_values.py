"""Values of options in words, checked: names, numbers of folds, training sizes, and times."""

from __future__ import annotations

import re

_TIME = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?:in)?)?(?:(\d+(?:\.\d+)?)s?)?")


def names_of(text: str) -> list[str]:
    """Return what stands between commas.

    Examples
    --------
    >>> names_of("1nn, forest+hog,")
    ['1nn', 'forest+hog']
    """
    return [name.strip() for name in text.split(",") if name.strip()]


def seconds_of(option: str, text: str | None) -> float | None:
    """Return a time in seconds, None for None.

    Parameters
    ----------
    option : str
        What it is the value of.
    text : str or None
        A number of seconds, or hours, minutes and seconds with their letters.

    Returns
    -------
    seconds : float or None
        Above 0.

    Raises
    ------
    ValueError
        If it is no such time.

    Examples
    --------
    >>> [seconds_of("--budget", text) for text in ("90", "90s", "10m", "1h30m", "0.5h")]
    [90.0, 90.0, 600.0, 5400.0, 1800.0]
    """
    if text is None:
        return None
    found = _TIME.fullmatch("".join(text.lower().split()))
    seconds = 0.0
    if found:
        seconds = sum(size * float(part or 0) for size, part in zip((3600, 60, 1), found.groups(), strict=True))
    if not seconds:
        raise ValueError(f"{option} {text}: expected a time above 0, such as 90, 90s, 10m or 1h30m.")
    return seconds


def folds_of(text: str) -> int | str:
    """Return what ``--cv`` asks for: a number of folds from 2, "holdout" or "own".

    Raises
    ------
    ValueError
        If it is something else.

    Examples
    --------
    >>> folds_of("10"), folds_of("own")
    (10, 'own')
    """
    if text in ("holdout", "own"):
        return text
    if not text.isdecimal() or int(text) < 2:
        raise ValueError(
            f"--cv {text}: expected a number of folds from 2, or holdout (test on a fifth of the pictures, once), or "
            "own (test on the data's own test pictures)."
        )
    return int(text)


def train_sizes_of(text: str | None) -> list[int | float] | None:
    """Return sizes of training sets, None for None: all are shares up to 1, or all numbers of pictures above that.

    Raises
    ------
    ValueError
        If one is neither, or not what the others are.

    Examples
    --------
    >>> train_sizes_of("0.1,1"), train_sizes_of("50,500")
    ([0.1, 1.0], [50, 500])
    """
    if text is None:
        return None
    sizes: list[int | float] = []
    for part in names_of(text):
        try:
            size = float(part)
        except ValueError:
            size = 0.0
        if not (0 < size <= 1 or (size > 1 and part.isdecimal())):
            raise ValueError(
                f"--train-sizes {text}: {part} is neither a share of the training pictures, above 0 and up to 1, nor a "
                "number of pictures."
            )
        sizes.append(size if size <= 1 else int(part))
    if not sizes:
        raise ValueError("--train-sizes names no size, expected such as 0.1,0.3,1.")
    if len({type(size) for size in sizes}) > 1:
        raise ValueError(f"--train-sizes {text}: expected shares up to 1 alone, or numbers of pictures alone.")
    return sizes


def held_out_of(text: str | None) -> float | int | str | None:
    """Return what ``--val`` asks for: a share below 1, a number of pictures, "own", "none", or None for no such option.

    Raises
    ------
    ValueError
        If it is something else.

    Examples
    --------
    >>> held_out_of("0.2"), held_out_of("500"), held_out_of("own")
    (0.2, 500, 'own')
    """
    if text is None or text in ("own", "none"):
        return text
    if text.isdecimal() and int(text):
        return int(text)
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise ValueError(
            f"--val {text}: expected a share of the pictures, such as 0.2, a number of them, own (score on the data's "
            "own test pictures) or none (learn from all there are)."
        )
    return share
