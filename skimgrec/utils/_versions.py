"""The versions of what takes part in a comparison, or made a model file."""

from __future__ import annotations

import platform
import sys
from importlib import metadata

import joblib
import numpy as np

# Named only where they took part: they may be installed and unused.
_OPTIONAL_LIBRARIES = ("keras", "tensorflow", "torch", "jax")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries at work here, those of Keras's kind only if loaded."""
    import sklearn

    import skimgrec

    found = {
        "python": platform.python_version(),
        "skimgrec": skimgrec.__version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "joblib": joblib.__version__,
    }
    for name in _OPTIONAL_LIBRARIES:
        if name in sys.modules:
            try:
                found[name] = metadata.version(name)
            except metadata.PackageNotFoundError:  # installed under another name, such as tensorflow-cpu
                found[name] = str(getattr(sys.modules[name], "__version__", "unknown"))
    return found
