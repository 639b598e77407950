"""One-file models and indexes that load without running code, and models in the formats of others.

What writes and reads other files than models is imported on first use: a program that predicts starts sooner without.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skimgrec.persistence._errors import ModelFileError
from skimgrec.persistence._model_file import load_model, read_card, save_model
from skimgrec.persistence._size import model_file_size

if TYPE_CHECKING:
    from skimgrec.persistence._export import export_model
    from skimgrec.persistence._index_file import open_index, save_index
    from skimgrec.persistence._keras_import import import_model

__all__ = [
    "ModelFileError",
    "export_model",
    "import_model",
    "load_model",
    "model_file_size",
    "open_index",
    "read_card",
    "save_index",
    "save_model",
]

_LATER = {
    "export_model": "_export",
    "import_model": "_keras_import",
    "open_index": "_index_file",
    "save_index": "_index_file",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
