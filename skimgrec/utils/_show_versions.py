"""What a report of a fault should say about the machine."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from importlib import metadata

from threadpoolctl import threadpool_info

# By their names in the package index, in the order in which a picture meets them.
_REQUIRED = (
    "numpy",
    "scipy",
    "pandas",
    "pillow",
    "simplejpeg",
    "imagehash",
    "pooch",
    "requests",
    "scikit-image",
    "numba",
    "scikit-learn",
    "joblib",
    "keras",
    "scikeras",
    "tensorflow",
    "skops",
    "jinja2",
    "rich",
    "typer",
)
_OPTIONAL = (
    "matplotlib",
    "pyarrow",
    "optuna",
    "dask",
    "distributed",
    "ray",
    "onnx",
    "onnxruntime",
    "skl2onnx",
    "jax",
    "torch",
)
_MISSING = "not installed"
# TensorFlow has several distributions of one module.
_OTHER_NAMES = {"tensorflow": ("tensorflow-cpu", "tensorflow-macos", "tf-nightly")}


def _version(name: str) -> str:
    for distribution in (name, *_OTHER_NAMES.get(name, ())):
        try:
            found = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
        return found if distribution == name else f"{found} ({distribution})"
    # Vendored, or on the path without its metadata.
    return "unknown" if name in _OTHER_NAMES and importlib.util.find_spec(name) else _MISSING


def _processors() -> str:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{usable} of {os.cpu_count()}"


def show_versions() -> None:
    """Print what a report of a fault should say about the machine.

    These are the versions of Python, of skimgrec and of what it works with, the system, the number of processors, the
    backend that ``KERAS_BACKEND`` asks for, and the thread pools that are loaded. Packages are looked up and not
    imported, so that TensorFlow is not loaded for it.

    See Also
    --------
    sklearn.show_versions : The same of scikit-learn alone.

    Examples
    --------
    >>> from skimgrec import show_versions
    >>> show_versions()
    System
      python          3...
      executable      ...
      system          ...
      processors      ...
      keras backend   ...
    <BLANKLINE>
    Packages
      skimgrec        ...
      numpy           ...
    """
    import skimgrec

    system = {
        "python": " ".join(sys.version.split()),
        "executable": sys.executable,
        "system": platform.platform(),
        "processors": _processors(),
        "keras backend": os.environ.get("KERAS_BACKEND", "not set, so tensorflow or as ~/.keras/keras.json says"),
    }
    packages = {"skimgrec": skimgrec.__version__} | {name: _version(name) for name in _REQUIRED}
    extras = {name: _version(name) for name in _OPTIONAL}
    pools = {
        f"{pool['internal_api']}": f"{pool['num_threads']} threads, version {pool.get('version') or 'unknown'}"
        for pool in threadpool_info()
    }
    sections = {"System": system, "Packages": packages, "Of the extras": extras, "Thread pools": pools}
    print(
        "\n\n".join(
            "\n".join([title, *(f"  {name:15} {value}" for name, value in entries.items())])
            for title, entries in sections.items()
            if entries
        )
    )
