"""The command ``skimgrec export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skimgrec.cli._errors import bad_input_is_reported
from skimgrec.cli._options import TRUST
from skimgrec.cli._output import check_can_save


def export(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file that save_model has written.")],
    out: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="The file to write. Its ending says what: .onnx, .tflite, .keras, .h5, or .weights.h5 for weights "
            "alone.",
        ),
    ],
    dtype: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of the pictures that .onnx and .tflite take: uint8 or float32; that of the training without it.",
        ),
    ] = None,
    trust: Annotated[
        list[str] | None,
        TRUST,
    ] = None,
) -> None:
    """Write a saved model in a format that runs without skimgrec: ONNX, TFLite or Keras.

    An ONNX or TFLite file goes from pictures to the probability of each class, the preprocessing within, and is checked
    against the model before it is written.

    Example: skimgrec export digits.skimgrec digits.onnx
    """
    with bad_input_is_reported():
        check_can_save("FILE", out)
        from skimgrec.persistence import export_model, load_model
        from skimgrec.persistence._export import export_kind

        export_kind(out)
        estimator = load_model(model, trusted=trust or ())
        difference = export_model(estimator, out, dtype=dtype)
    agrees = "" if difference is None else f"; its probabilities are those of the model within {difference:.1g}"
    typer.echo(f"Saved to {out}{agrees}.")
