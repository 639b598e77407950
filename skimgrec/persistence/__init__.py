"""One-file models and indexes that load without running code, and models in the formats of others."""

from skimgrec.persistence._errors import ModelFileError
from skimgrec.persistence._export import export_model
from skimgrec.persistence._index_file import open_index, save_index
from skimgrec.persistence._keras_import import import_model
from skimgrec.persistence._model_file import load_model, read_card, save_model
from skimgrec.persistence._size import model_file_size

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
