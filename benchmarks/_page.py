"""The page of benchmarks in the documentation, made of what `run_all.py` has noted."""

from statistics import median

# From this share of the processors' time on, other work is said to have been in the way.
_MUCH = 0.05

HEAD = """\
Benchmarks
==========

.. Written by benchmarks/run_all.py from benchmarks/results.json; changes by hand are lost.

``make bench`` runs every measurement in ``benchmarks/``, one after the other, and writes ``benchmarks/results.json``
and this page. A time depends on the machine and on what else runs on it, so that ratios come first: what another takes
or gives, divided by what skimgrec does. Where less is better, as of times, a ratio above 1 says that skimgrec is ahead;
where more is better, as of pictures per second, one below 1 does. Accuracies differ by points, hundredths of the whole:
below 0 skimgrec is ahead. Beside the median of several runs stand the least and the greatest. Names in brackets are
not ranked: they are other ways of using skimgrec, or do a part of the work only. What a script printed stands below
its tables, and says itself what its ratios are of. What was not measured when the page was written last keeps its date,
and what is missing has not been measured yet. More figures, each with the command that they come from, stand in the
:doc:`user guide <user_guide/index>`.
"""

AHEAD = """\
Where others are ahead
----------------------

"""

# Before the list of those that were measured.
RULE = """\
Those that were better in every run than skimgrec in its best; a ratio that is on their side without that is in the
tables.

"""

KNOWN = """\
What no measurement here shows, because there is nothing to measure on our side:

- Photographs with few pictures a class are recognised best by networks that were trained on more than a million others.
  fastai, timm with skorch and AutoGluon bring more of them, and newer ones, than Keras, whose networks we take.
- On a GPU, PyTorch and Keras have years of tuning in their input pipelines. These measurements are of CPUs.
- OpenCV reads, resizes and describes pictures of video size in real time. skimgrec is for batches.
- AutoGluon ensembles and tunes without being told what to try.

:doc:`coming_from/index` says more of Keras, SciKeras, skorch and fastai.
"""


def title(text, mark):
    """Return a heading."""
    return f"{text}\n{mark * len(text)}\n"


def heading(script):
    """Return what a script measures, without how it says it."""
    return script["summary"].rstrip(".").removesuffix(": prints ratios")


def number(value, unit):
    """Return a number of three digits, four places of a share."""
    if unit == "of 1":
        return f"{value:.4f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def beyond(entry, name):
    """Return how a contestant compares with ours: a ratio, points of a share, or nothing where both mean nothing."""
    ours, theirs = (median(entry["values"][each]) for each in (entry["ours"], name))
    if entry["unit"] == "of 1":
        return f"{100 * (theirs - ours):+z.2f}"
    return f"{theirs / ours:.3g}" if entry.get("ratios", True) and ours > 0 else ""


def is_ahead(entry, name):
    """Return whether a contestant is better than ours in every run."""
    ours, theirs = entry["values"][entry["ours"]], entry["values"][name]
    return max(theirs) < min(ours) if entry["less"] else min(theirs) > max(ours)


def rows(cells):
    """Return a list-table, the first row the headings."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in cells:
        lines += [f"   {'*' if place == 0 else ' '} - {cell}" for place, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def measured(entry):
    """Return the table of one record, ratios first."""
    word = "less is better" if entry["less"] else "more is better"
    unit, beside = entry["unit"], entry.get("beside", [])
    column = "points beyond skimgrec" if unit == "of 1" else "ratio to skimgrec"
    cells = [["\\ ", column, f"median, {unit}", "least to greatest", "runs"]]
    for name, values in entry["values"].items():
        own = "0" if unit == "of 1" else "1"
        compared = (own if name == entry["ours"] else beyond(entry, name)) or "\\ "
        several = len(values) > 1
        spread = f"{number(min(values), unit)} to {number(max(values), unit)}" if several else "\\ "
        cells.append(
            [f"({name})" if name in beside else name, compared, number(median(values), unit), spread, len(values)]
        )
    if not entry.get("ratios", True):
        cells = [[row[0], *row[2:]] for row in cells]
    return f"{entry['what']}; {word}:\n\n{rows(cells)}"


def leader(name, entry):
    """Return one line on a contestant that is ahead."""
    ours, unit = number(median(entry["values"][entry["ours"]]), entry["unit"]), entry["unit"]
    if unit == "of 1":
        how = f"{beyond(entry, name)} points beyond skimgrec's {ours}"
    elif compared := beyond(entry, name):
        how = f"{compared} times skimgrec's {ours} {unit}"
    else:
        how = f"{number(median(entry['values'][name]), unit)} {unit}, skimgrec {ours} {unit}"
    return f"- {name}: {entry['what']}, {how}"


def leaders(name, script):
    """Return the contestants of a script that are ahead, below its name, or nothing."""
    lines = [
        leader(other, entry)
        for entry in script["records"]
        for other in entry["values"]
        if other not in (entry["ours"], *entry.get("beside", [])) and is_ahead(entry, other)
    ]
    return f":ref:`{heading(script)} <bench-{name}>`:\n\n" + "\n".join(lines) + "\n\n" if lines else ""


def of_versions(scripts):
    """Return the table of the packages, each version with the scripts that it took part in if there are several."""
    took_part = {}
    for name, script in scripts.items():
        for package, version in script["versions"].items():
            took_part.setdefault(package, {}).setdefault(version, []).append(name)
    cells = [
        [
            package,
            "; ".join(f"{each} ({', '.join(names)})" for each, names in found.items())
            if len(found) > 1
            else next(iter(found)),
        ]
        for package, found in sorted(took_part.items())
    ]
    return rows([["package", "version"], *cells]) if cells else "Nothing has been measured yet.\n"


def section(name, script):
    """Return what one script has found."""
    said = script["machine"]
    processor = ", ".join([said["model"], *said.get("more", [])])
    parts = [
        title(heading(script), "-"),
        f"``{script['command']}``, {script['date'][:10]}, in {script['seconds']:.0f} s, "
        f"on {said['processors']} processors ({processor}), {said['system']}.\n",
    ]
    if script.get("other_work", 0.0) > _MUCH:
        parts.append(
            f"Other work took {script['other_work']:.0%} of the processors' time meanwhile: times are too long, and "
            "ratios rough.\n"
        )
    if script.get("missing"):
        parts.append(f"Not installed, and so left out: {', '.join(script['missing'])}.\n")
    if script.get("caveats"):
        parts.append(script["caveats"] + "\n")
    parts += [measured(entry) for entry in script["records"]]
    if script["printed"]:
        printed = "\n".join(f"   {line}".rstrip() for line in script["printed"])
        parts.append(f"What it printed:\n\n.. code-block:: text\n\n{printed}\n")
    return "\n".join([f".. _bench-{name}:\n", *parts])


def page(results):
    """Return the whole page."""
    scripts = results["scripts"]
    ahead = "".join(leaders(name, script) for name, script in scripts.items())
    parts = [HEAD]
    parts += [section(name, script) for name, script in scripts.items()]
    parts.append(AHEAD + (RULE + ahead if ahead else "") + KNOWN)
    parts.append(title("Versions", "-"))
    parts.append(of_versions(scripts))
    return "\n".join(parts)
