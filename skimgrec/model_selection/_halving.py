"""The rounds of successive halving: how many settings each has, and how much each fit may use."""

from __future__ import annotations


def halving_rounds(
    n_settings: int, most: int, least: int, *, resource: str, factor: int, min_resources: int | str
) -> list[tuple[int | None, int]]:
    """Return what each round has, by the rules of `sklearn.model_selection.HalvingRandomSearchCV`.

    Parameters
    ----------
    n_settings : int
        In the first round.
    most, least : int
        The most resources that there are, and the fewest with which a fit makes sense.
    resource : str
        What they are: a parameter, or "n_samples" for training pictures.
    factor : int
        How many times more resources, and fewer settings, each round has than the one before.
    min_resources : int or {"exhaust", "smallest"}
        Of the first round: "exhaust" for what lets the last round have all there are, "smallest" for `least`.

    Returns
    -------
    rounds : list of (int or None, int)
        Resources, None for all there are, and number of settings.

    Raises
    ------
    ValueError
        If there are fewer resources than the first round needs.

    Examples
    --------
    >>> halving_rounds(20, 900, 20, resource="n_samples", factor=3, min_resources="exhaust")
    [(100, 20), (300, 7), (None, 3)]
    >>> halving_rounds(20, 900, 20, resource="n_samples", factor=3, min_resources="smallest")
    [(20, 20), (60, 7), (180, 3)]
    """
    first = least if isinstance(min_resources, str) else min_resources
    if first > most:
        what, more = resource, f"a higher {resource} of the model"
        if resource == "n_samples":
            what, more = "training pictures", "more pictures"
        lower = "" if isinstance(min_resources, str) else "a lower min_resources, "
        raise ValueError(
            f"The first round of method='halving' needs {first} {what} (min_resources={min_resources!r}), and there "
            f"are {most}. Give {lower}{more}, or another method."
        )
    n_rounds = 1 + min(_whole_log(n_settings, factor), _whole_log(most // first, factor))
    counts = [n_settings]
    while len(counts) < n_rounds:
        counts.append(-(-counts[-1] // factor))
    if min_resources == "exhaust":
        amounts = [most // factor ** (n_rounds - 1 - number) for number in range(n_rounds)]
    else:
        amounts = [first * factor**number for number in range(n_rounds)]
    return [(None if amount == most else amount, count) for amount, count in zip(amounts, counts, strict=True)]


def _whole_log(number: int, base: int) -> int:
    """Return the logarithm rounded down, without the error of floating point at whole powers."""
    power = 0
    while base ** (power + 1) <= number:
        power += 1
    return power
