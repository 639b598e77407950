"""Keras, loaded late, quietly, and on this process's share of the cores."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

_lock = threading.Lock()
_keras: ModuleType | None = None
_forked_from_running_backend = False

# Bytes that importing and starting it adds to a process, generously.
_MEMORY_OF_TENSORFLOW = 2**30

# What TensorFlow's C++ side writes to stderr at import, first use and conversion, whatever TF_CPP_MIN_LOG_LEVEL says.
_BACKEND_CHATTER = re.compile(
    rb"^([IW]\d{4} |\d{4}-\d\d-\d\d .*: [IW] |E\d{4} .*(cuda|computation_placer)"
    rb"|WARNING: All log messages before absl::InitializeLog|To enable the following instructions"
    rb"|INFO: Created TensorFlow Lite |\s*$)"
)


def load_keras(n_threads: int | None = None) -> ModuleType:
    """Import Keras and start its backend, once in a process, without a word on stderr.

    In a worker process, TensorFlow is limited to the worker's share of the cores, which joblib announces in
    ``OMP_NUM_THREADS``; ``TF_NUM_INTRAOP_THREADS`` in the environment has precedence.

    Parameters
    ----------
    n_threads : int, default=None
        How many threads the backend is to use. TensorFlow's number is fixed when it starts, and a warning says if it
        started with another one.

    Returns
    -------
    keras : module
        Keras, whose backend runs.

    Raises
    ------
    RuntimeError
        If this process was forked from one in which the backend was already running: TensorFlow would hang.
    """
    global _keras
    if _forked_from_running_backend:
        raise RuntimeError(
            "This process was forked from one that had already used TensorFlow or Keras, which do not survive a fork: "
            "training here would hang. Start workers afresh: use joblib's 'loky' or 'threading' backend, or "
            "multiprocessing's 'spawn' start method."
        )
    if _keras is None:
        with _lock:
            if _keras is None:
                with without_backend_chatter(), warnings.catch_warnings():
                    # What Keras's and TensorFlow's own imports deprecate is not for our users to act on.
                    warnings.simplefilter("ignore")
                    import keras

                    if keras.backend.backend() == "tensorflow":
                        _start_tensorflow(n_threads)
                    # SciKeras imports inner modules of the backend, which may have something to say, too.
                    import_module("skimgrec.neural_network._scikeras")
                _keras = keras
    if n_threads is not None:
        _check_threads(_keras.backend.backend(), n_threads)
    return _keras


def _start_tensorflow(n_threads: int | None) -> None:
    """Start TensorFlow's devices and its input pipeline, which announce themselves on stderr at first use."""
    import tensorflow as tf

    if n_threads is not None:
        _set_threads(tf, n_threads)
    if multiprocessing.current_process().name != "MainProcess":
        if n_threads is None:
            _keep_to_share_of_cores(tf)
        _allow_for_memory_of_tensorflow()
    next(iter(tf.data.Dataset.from_generator(lambda: iter([0]), output_signature=tf.TensorSpec((), tf.int32))))


def _set_threads(tf: ModuleType, n_threads: int) -> None:
    # Refused once TensorFlow has started: then the user's own code has chosen.
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(n_threads)
        tf.config.threading.set_inter_op_parallelism_threads(n_threads)


def _check_threads(backend: str, n_threads: int) -> None:
    """Give the backend this number of threads, or warn that it cannot be."""
    if backend == "torch":
        import_module("torch").set_num_threads(n_threads)
        return
    found = _threads_of_tensorflow() if backend == "tensorflow" else None
    if found == n_threads:
        return
    seen = f"TensorFlow started with {found} in this process" if found else f"the backend {backend} cannot be told"
    warnings.warn(
        f"n_threads={n_threads} cannot be had: {seen}, and the number is fixed from then on. Results differ "
        f"slightly from those at {n_threads}. Fit this estimator before anything else uses Keras, or set "
        f"TF_NUM_INTRAOP_THREADS={n_threads} before Python starts.",
        RuntimeWarning,
        stacklevel=2,
    )


def _threads_of_tensorflow() -> int:
    """Return the number of threads within an operation that TensorFlow has started with."""
    import tensorflow as tf

    chosen = tf.config.threading.get_intra_op_parallelism_threads()
    from_environment = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    if not chosen and from_environment.isdigit():
        chosen = int(from_environment)
    # 0 stands for all cores that this process may use.
    return chosen or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def _keep_to_share_of_cores(tf: ModuleType) -> None:
    share = os.environ.get("OMP_NUM_THREADS", "")
    if not share.isdigit():
        if not multiprocessing.current_process().daemon:
            return
        # A pool of multiprocessing's own does not tell its workers their share.
        share = "1"
    with contextlib.suppress(RuntimeError):
        if "TF_NUM_INTRAOP_THREADS" not in os.environ:
            tf.config.threading.set_intra_op_parallelism_threads(int(share))
        if "TF_NUM_INTEROP_THREADS" not in os.environ:
            tf.config.threading.set_inter_op_parallelism_threads(int(share))


def _allow_for_memory_of_tensorflow() -> None:
    """Keep loky from replacing this worker, with a warning about a leak, because it grew by loading TensorFlow."""
    executor: Any = sys.modules.get("joblib.externals.loky.process_executor")
    if hasattr(executor, "_MAX_MEMORY_LEAK_SIZE"):
        executor._MAX_MEMORY_LEAK_SIZE += _MEMORY_OF_TENSORFLOW


@contextlib.contextmanager
def without_backend_chatter() -> Iterator[None]:
    """Hold back stderr's file descriptor, and pass on afterwards all that is not the backend's start-up chatter."""
    try:
        sys.stderr.flush()
        real = os.dup(2)
    except (AttributeError, OSError):  # no stderr at all, as under pythonw
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            with contextlib.suppress(AttributeError, OSError):
                sys.stderr.flush()
            os.dup2(real, 2)
            os.close(real)
            held.seek(0)
            for line in held:
                if not _BACKEND_CHATTER.match(line):
                    os.write(2, line)


def _after_fork_in_child() -> None:
    global _forked_from_running_backend, _lock
    _lock = threading.Lock()
    _forked_from_running_backend = _keras is not None or _tensorflow_has_started()


def _tensorflow_has_started() -> bool:
    """Tell whether somebody has used TensorFlow in this process, without importing it."""
    eager_context: Any = sys.modules.get("tensorflow.python.eager.context")
    context = getattr(eager_context, "_context", None)
    return bool(getattr(context, "_initialized", False))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
