"""The page of benchmarks in the documentation, made of what `run_all.py` has noted."""

from statistics import median

# From this share of the processors' time on, other work is said to have been in the way.
_MUCH = 0.05

HEAD = """\
Benchmarks
==========

.. Written by benchmarks/run_all.py from benchmarks/results.json; changes by hand are lost.

``make bench`` runs every measurement in ``benchmarks/``, one after the other, and writes ``benchmarks/results.json``
and this page. A time depends on the machine and on what else runs on it, so that ratios come first: how many times as
much the others take as skimgrec. Beside the median stand the least and the greatest of the runs. What was not measured
when the page was written last keeps its date, and what is missing has not been measured yet. More figures, each with
the command that they come from, stand in the :doc:`user guide <user_guide/index>`.
"""

AHEAD = """\
Where others are ahead
----------------------

"""

KNOWN = """\
What no measurement here shows, because there is nothing to measure on our side:

- Photographs with few pictures a class are recognised best by networks that were trained on millions of others. fastai,
  timm with skorch and AutoGluon bring more of them, and newer ones, than Keras, whose networks we take.
- On a GPU, PyTorch and Keras have years of tuning in their input pipelines. These measurements are of CPUs.
- OpenCV reads, resizes and describes pictures of video size in real time. skimgrec is for batches.
- AutoGluon ensembles and tunes without being told what to try.

:doc:`coming_from/index` says for each of them what it does better.
"""


def title(text, mark):
    """Return a heading."""
    return f"{text}\n{mark * len(text)}\n"


def heading(script):
    """Return what a script measures, without how it says it."""
    return script["summary"].rstrip(".").removesuffix(": prints ratios")


def number(value):
    """Return a number of three digits."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def ratio(entry, name):
    """Return how many times as much as ours a contestant takes, or gives where more is better."""
    ours = median(entry["values"][entry["ours"]])
    return median(entry["values"][name]) / ours if ours else float("nan")


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
    cells = [["\\ ", "ratio to skimgrec", f"median, {entry['unit']}", "least to greatest", "runs"]]
    for name, values in entry["values"].items():
        times = "1" if name == entry["ours"] else f"{ratio(entry, name):.3g}"
        cells.append(
            [name, times, number(median(values)), f"{number(min(values))} to {number(max(values))}", len(values)]
        )
    return f"{entry['what']}; {word}:\n\n{rows(cells)}"


def section(name, script):
    """Return what one script has found."""
    said = script["machine"]
    parts = [
        title(heading(script), "-"),
        f"``{script['command']}``, {script['date'][:10]}, in {script['seconds']:.0f} s, "
        f"on {said['processors']} processors ({said['model']}), {said['system']}.\n",
    ]
    if script.get("other_work", 0.0) > _MUCH:
        parts.append(
            f"Other work took {script['other_work']:.0%} of the processors' time meanwhile: times are too long, and "
            "ratios rough.\n"
        )
    parts += [measured(entry) for entry in script["records"]]
    if not script["records"]:
        parts.append("What it printed::\n\n" + "\n".join(f"   {line}".rstrip() for line in script["printed"]) + "\n")
    return "\n".join([f".. _bench-{name}:\n", *parts])


def page(results):
    """Return the whole page."""
    scripts = results["scripts"]
    ahead = [
        f"- {name}: {entry['what']} ({heading(script)}), {ratio(entry, name):.3g} times skimgrec's {entry['unit']}"
        for script in scripts.values()
        for entry in script["records"]
        for name in entry["values"]
        if name != entry["ours"] and is_ahead(entry, name)
    ]
    versions = sorted({pair for script in scripts.values() for pair in script["versions"].items()})
    parts = [HEAD]
    parts += [section(name, script) for name, script in scripts.items()]
    parts.append(AHEAD + ("\n".join(ahead) + "\n\n" if ahead else "") + KNOWN)
    parts.append(title("Versions", "-"))
    parts.append(rows([["package", "version"], *versions]) if versions else "Nothing has been measured yet.\n")
    return "\n".join(parts)
