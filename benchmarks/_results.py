"""What a measurement found, noted for the page of benchmarks while the script prints it."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

# Where `run_all.py` reads them; unset, nothing is noted.
VARIABLE = "SKIMGREC_BENCH_RECORDS"


def record(
    what: str,
    contestants: Mapping[str, float | Sequence[float]],
    *,
    unit: str,
    ours: str = "skimgrec",
    less: bool = True,
) -> None:
    """Note the values of each contestant.

    Parameters
    ----------
    what : str
        What was measured, on what.
    contestants : dict of {str: float or list of float}
        The values of each run.
    unit : str
        Of the values, such as "s".
    ours : str
        Which of the contestants is skimgrec.
    less : bool
        Whether less is better.
    """
    if VARIABLE not in os.environ:
        return
    values = {
        name: [float(each) for each in (runs if isinstance(runs, Sequence) else [runs])]
        for name, runs in contestants.items()
    }
    entry = {"what": what, "unit": unit, "ours": ours, "less": less, "values": values}
    with Path(os.environ[VARIABLE]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
