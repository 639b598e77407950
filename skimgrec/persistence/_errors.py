"""The one error of a model file that is not loaded, which readers further down raise, too."""

from skimgrec.utils._model_file_error import ModelFileError

__all__ = ["ModelFileError"]
