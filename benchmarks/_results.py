"""What a measurement found, noted for the page of benchmarks while the script prints it."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from _timing import medians

# Where `run_all.py` reads them; unset, nothing is noted.
VARIABLE = "SKIMGREC_BENCH_RECORDS"


def record(
    what: str,
    contestants: Mapping[str, float | Sequence[float]],
    *,
    unit: str,
    ours: str = "skimgrec",
    less: bool = True,
    beside: Sequence[str] = (),
    ratios: bool = True,
) -> None:
    """Note the values of each contestant.

    Parameters
    ----------
    what : str
        What was measured, on what.
    contestants : dict of {str: float or list of float}
        The values of each run.
    unit : str
        Of the values, such as "s"; "of 1" for shares, which are compared by their difference in points.
    ours : str
        Which of the contestants is skimgrec.
    less : bool
        Whether less is better.
    beside : list of str
        Those that are shown and not ranked: other ways of using skimgrec, and what does a part of the work only.
    ratios : bool
        False where values may be about 0 or below, so that their ratio means nothing.
    """
    unknown = {ours, *beside} - set(contestants)
    if unknown:
        raise ValueError(f"{what}: {', '.join(sorted(unknown))} is none of {', '.join(contestants)}.")
    if VARIABLE not in os.environ:
        return
    values = {
        name: [float(each) for each in (runs if isinstance(runs, Sequence) else [runs])]
        for name, runs in contestants.items()
    }
    entry = {"what": what, "unit": unit, "ours": ours, "less": less, "beside": list(beside), "ratios": ratios}
    with Path(os.environ[VARIABLE]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry | {"values": values}) + "\n")


def report(
    title: str,
    runs: Mapping[str, Sequence[float]],
    base: str,
    *,
    ours: str = "skimgrec",
    beside: Sequence[str] = (),
) -> dict[str, float]:
    """Print the median seconds of each contestant and how they compare with `base`; note the runs, return the medians.

    Parameters
    ----------
    title : str
    runs : dict of {str: list of float}
        Seconds, as `take_turns` returns them.
    base : str
        The contestant that the others are compared with.
    ours, beside
        As in `record`.
    """
    found = medians(runs)
    print(f"\n{title}")
    for name, seconds in found.items():
        print(f"  {name:32} {seconds * 1e3:9.2f} ms   {seconds / found[base]:7.3f} of {base}", flush=True)
    milliseconds = {name: [1e3 * each for each in values] for name, values in runs.items()}
    record(title, milliseconds, unit="ms", ours=ours, beside=beside)
    return found
