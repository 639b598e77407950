"""What was measured on what, with which parameters and versions, and how to measure it again."""

from __future__ import annotations

from skimgrec.model_selection._text import metric_title, printable
from skimgrec.reporting._section import Section
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._source import ReportSource

_MOST_CLASSES = 200


def build(source: ReportSource, shelf: PictureShelf) -> Section:
    """Return the section."""
    result = source.result
    return Section(
        id="repeat",
        title="How to repeat it",
        template="repeat.html.j2",
        content={
            # To be taken by a shell as it is; what cannot be printed would be spelt out, and name another folder.
            "command": source.command,
            "can_be_copied": source.command is not None and source.command.isprintable(),
            "seed": result.seed,
            "facts": _facts(source),
            "models": [
                {"name": printable(name), "what": printable(result.estimators.get(name, ""))}
                for name in source.models()
            ],
            "versions": [
                {"name": printable(name), "version": printable(version)} for name, version in result.versions.items()
            ],
            "classes": source.class_names[:_MOST_CLASSES],
            "n_classes": result.n_classes,
        },
    )


def _facts(source: ReportSource) -> list[tuple[str, str]]:
    result = source.result
    shape = result.picture_shape
    counts = sorted({(row.n_train, row.n_test) for row in result.rows if row.train_size is None})
    facts = [
        ("data", printable(result.data_name or "not named")),
        ("pictures", f"{result.n_samples:,}" + (f" of {printable(result.drawn_from)}" if result.drawn_from else "")),
        ("shape of a picture", " x ".join(map(str, shape)) if shape else "files, or unknown"),
        ("classes", f"{result.n_classes:,}"),
        ("splits", printable(result.cv)),
        ("learnt from and tested on", "; ".join(f"{train:,} and {test:,}" for train, test in counts[:4])),
        ("metrics", ", ".join(map(metric_title, result.metrics))),
        ("seed", str(result.seed)),
        ("started", printable(result.date)),
        ("fingerprint of pictures and labels", result.data_fingerprint or ""),
        ("fingerprint of the splits", result.splits_fingerprint or ""),
    ]
    return [(name, text) for name, text in facts if text]
