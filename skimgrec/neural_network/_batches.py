"""Batches of training pictures, gathered when the network asks for them, in an order that a seed decides."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from skimgrec.neural_network._scaling import PixelScale
from skimgrec.utils import Pictures, read_rows


class TrainingBatches(keras.utils.PyDataset):
    """Shuffled batches of (pictures, targets, weights).

    The order of the rows in an epoch depends on the seed and on the number of the epoch alone, so that training which
    is interrupted and taken up again sees the same batches.

    Parameters
    ----------
    pictures : ndarray or LazyImages of shape (n, h, w, c)
        Of a lazy batch, each batch is read when it is asked for.
    targets : ndarray of shape (n,)
        Class codes.
    weights : ndarray of shape (n,)
        Row weights; rows of weight 0 are left out, as if they were not there.
    n_outputs : int
        Units of the network's output: 1, or one for each class.
    one_hot : bool
        Whether the loss wants one-hot targets rather than class codes.
    scale : PixelScale
        Applied to the pictures of each batch.
    batch_size : int
    seed : int
    n_replicas : int, default=1
        How many devices a batch is divided among. Each gets an equal part: what the last batch lacks is filled up with
        pictures of weight 0. The other weights of a batch are brought to a mean of 1, so that the mean over parts, each
        divided by its number of pictures, is the weighted mean of all.
    judging : bool, default=False
        Whether the batches are for validation, where it is the weights of all batches together that are brought to a
        mean of 1: the results are means over all pictures.
    """

    def __init__(
        self,
        pictures: Pictures,
        targets: NDArray[np.intp],
        weights: NDArray[np.float64],
        *,
        n_outputs: int,
        one_hot: bool,
        scale: PixelScale,
        batch_size: int,
        seed: int,
        n_replicas: int = 1,
        judging: bool = False,
    ) -> None:
        super().__init__(workers=0)
        self._pictures = pictures
        self._targets = targets
        self._rows = np.flatnonzero(weights)
        if judging and n_replicas > 1:
            n_filled_up = len(self._rows) + -len(self._rows) % n_replicas
            weights = weights * (n_filled_up / weights.sum())
        self._weights = weights.astype(np.float32)
        self._judging = judging
        self._n_outputs = n_outputs
        self._one_hot = one_hot
        self.input_dtype = scale.input_dtype
        self._scale = scale
        self.batch_size = batch_size
        self._seed = seed
        self.n_replicas = n_replicas
        # What made the network's training end in an error of the backend's.
        self.failure: Exception | None = None
        self._order = self._rows

    def start_epoch(self, epoch: int) -> None:
        """Put the rows into the order of epoch number `epoch`."""
        self._order = self.order_of(epoch)

    def order_of(self, epoch: int) -> NDArray[np.intp]:
        """Return the rows in the order of epoch number `epoch`."""
        return np.random.default_rng([self._seed, epoch]).permutation(self._rows)

    @property
    def rows(self) -> NDArray[np.intp]:
        """The rows of an epoch as they come."""
        return self._rows

    @property
    def n_pictures(self) -> int:
        """Number of pictures in an epoch."""
        return len(self._rows)

    def __len__(self) -> int:
        return -(-len(self._rows) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float32]]:
        return self.read(self._order, index * self.batch_size, (index + 1) * self.batch_size)

    def read(
        self, order: NDArray[np.intp], start: int, stop: int
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float32]]:
        """Return part of the pictures in an order, with their targets and weights."""
        rows = order[start:stop]
        weights = self._weights[rows]
        if self.n_replicas > 1:
            rows, weights = self._in_equal_parts(rows, weights, order)
        return self._scale(read_rows(self._pictures, rows)), self._as_targets(self._targets[rows]), weights

    def nothing(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float32]]:
        """Return no pictures, no targets and no weights, of the shapes and kinds that `read` returns. Reads no file."""
        pictures = np.empty((0, *self._pictures.shape[1:]), self.input_dtype)
        return pictures, self._as_targets(self._targets[:0]), self._weights[:0]

    def _as_targets(self, codes: NDArray[np.intp]) -> NDArray[Any]:
        if self._one_hot:
            return np.eye(self._n_outputs, dtype=np.float32)[codes]
        if self._n_outputs == 1:
            return codes.astype(np.float32)[:, None]
        return codes.astype(np.int32)

    def _in_equal_parts(
        self, rows: NDArray[np.intp], weights: NDArray[np.float32], order: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        n_lacking = -len(rows) % self.n_replicas
        rows = np.concatenate([rows, np.resize(order, n_lacking)])
        weights = np.concatenate([weights, np.zeros(n_lacking, np.float32)])
        if not self._judging:
            weights = weights * (len(weights) / max(weights.sum(), np.finfo(np.float32).tiny))
        return rows, weights


class EpochOrder(keras.callbacks.Callback):
    """Puts the rows into a new order at the start of every epoch.

    `PyDataset.on_epoch_end` is no place for it: Keras calls that once before the first epoch, too.
    """

    def __init__(self, batches: TrainingBatches) -> None:
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._batches.start_epoch(epoch)


class Feed(NamedTuple):
    """What `keras.Model.fit` is given for the epochs of a training.

    Parameters
    ----------
    data : keras.utils.PyDataset or tf.data.Dataset
        Gives the batches.
    steps_per_epoch : int or None
        How many of them are one epoch, None if they come anew in each.
    callbacks : list of keras.callbacks.Callback
        Without which the order would be another.
    """

    data: Any
    steps_per_epoch: int | None
    callbacks: list[keras.callbacks.Callback]


def feed(batches: TrainingBatches, epochs: range) -> Feed:
    """Return batches as what the backend takes those of some epochs from the fastest."""
    if keras.backend.backend() != "tensorflow":
        return Feed(batches, None, [EpochOrder(batches)])
    from skimgrec.neural_network._tensorflow_input import dataset_of_epochs

    return Feed(dataset_of_epochs(batches, epochs), len(batches), [])


def for_judging(batches: TrainingBatches) -> Any:
    """Return batches as what the backend takes them from the fastest where they are passed over now and then."""
    if keras.backend.backend() != "tensorflow":
        return batches
    from skimgrec.neural_network._tensorflow_input import dataset_for_judging

    return dataset_for_judging(batches)
