"""The `augmentation` parameter as plain amounts."""

from __future__ import annotations

from numbers import Real
from typing import Any

from skimgrec.utils._suggestion import did_you_mean

Amounts = tuple[tuple[str, Any], ...]

# The largest amount of each kind that still makes sense: beyond, pictures vanish or turn inside out.
_LIMITS = {"contrast": 1.0, "rotation": 0.5, "shear": 1.0, "shift": 0.5, "zoom": 0.9}
_FLIPS = {True: "horizontal", "horizontal": "horizontal", "vertical": "vertical", "both": "both"}
NAMED: dict[str, dict[str, Any]] = {"flip": {"flip": "horizontal"}, "light": {"flip": "horizontal", "shift": 0.125}}


def augmentation_amounts(augmentation: Any) -> Amounts:
    """Return (kind, amount) for each kind of change that is asked for, in the order of their names.

    Parameters
    ----------
    augmentation : None, str or dict
        As in `KerasCNNClassifier`.

    Raises
    ------
    ValueError
        If a kind is unknown, or an amount is out of its range.
    """
    if augmentation is None:
        return ()
    given = NAMED[augmentation] if isinstance(augmentation, str) else augmentation
    amounts: dict[str, Any] = {}
    for kind, amount in dict(given).items():
        if kind == "flip":
            if amount is not False and amount not in _FLIPS:
                raise ValueError(f"augmentation: flip={amount!r}, expected 'horizontal', 'vertical', 'both' or a bool.")
            amounts[kind] = _FLIPS.get(amount)
        elif kind in _LIMITS:
            if not isinstance(amount, Real) or isinstance(amount, bool) or not 0 <= float(amount) <= _LIMITS[kind]:
                raise ValueError(f"augmentation: {kind}={amount!r}, expected a number from 0 to {_LIMITS[kind]:g}.")
            amounts[kind] = float(amount)
        else:
            known = ["flip", *_LIMITS]
            raise ValueError(
                f"augmentation: unknown kind {kind!r}{did_you_mean(kind, known)} Known are {', '.join(known)}."
            )
    return tuple(sorted((kind, amount) for kind, amount in amounts.items() if amount))
