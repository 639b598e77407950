"""One-file models and indexes that load without running code."""

from skimgrec.persistence._errors import ModelFileError
from skimgrec.persistence._index_file import open_index, save_index
from skimgrec.persistence._model_file import load_model, read_card, save_model
from skimgrec.persistence._size import model_file_size

__all__ = [
    "ModelFileError",
    "load_model",
    "model_file_size",
    "open_index",
    "read_card",
    "save_index",
    "save_model",
]
