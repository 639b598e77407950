"""How a network is trained: from new weights, or on from where training stopped."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length

from skimgrec.neural_network._augmentation import augmentation_amounts
from skimgrec.neural_network._compilation import (
    averages,
    compilation_key,
    make_loss,
    make_metrics,
    make_optimizer,
    n_outputs,
    optimizer_key,
    wants_one_hot,
)
from skimgrec.neural_network._fitted import FittedNetwork
from skimgrec.neural_network._labels import check_classes, encode_labels
from skimgrec.neural_network._network import Arrays, Network, TrainingState
from skimgrec.neural_network._placement import n_replicas
from skimgrec.neural_network._precision import policy_name
from skimgrec.neural_network._row_weights import near_one, row_weights
from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network._scaling import PixelScale
from skimgrec.neural_network._validation import check_validation_data, rows_set_aside
from skimgrec.neural_network.architectures import is_backbone, plain_hyperparameters
from skimgrec.utils import Pictures, check_labels, may_keep_interrupted_fit, validate_pictures

if TYPE_CHECKING:
    import keras

    from skimgrec.neural_network._batches import TrainingBatches


# "auto" is the first of these sizes that makes so many steps of an epoch, or the last.
_BATCH_SIZES, _STEPS = (128, 64, 32), 100
# Pictures in a step of validation, which takes no more memory than a step of training with a quarter of them.
_SMALLEST_VALIDATION_BATCH = 128


class _Outcome(NamedTuple):
    """What a training has come to.

    Parameters
    ----------
    state : TrainingState
        The numbers to keep.
    history : dict
        The results of each epoch.
    best_rank : tuple of two floats or None
        How good the best epoch was.
    end : {"", "early", "stopped", "interrupted"}
        Whether it went on to its end, nothing got better, a callback of the user's stopped it, or Ctrl-C.
    """

    state: TrainingState
    history: dict[str, list[Any]]
    best_rank: tuple[float, float] | None
    end: str


class TrainableNetwork(FittedNetwork):
    """Training, for which a subclass's `fit` and `partial_fit` say what and how long."""

    n_iter_: int
    _cycle: tuple[int, int]
    _seed: int
    # How many of the first epochs train the outputs alone.
    _n_frozen: int = 0

    def _train(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        classes: ArrayLike | None,
        epochs: int,
        resume: bool,
        validation: tuple[Any, Any] = (None, None),
        stop_early: bool = False,
        new_cycle: bool = True,
    ) -> None:
        name = type(self).__name__
        labels = check_labels(self, y)
        pictures = validate_pictures(self, X, reset=not resume)
        check_consistent_length(pictures, labels)
        load_keras(self.n_threads)
        if resume:
            self._check_resumable(classes)
        else:
            self._start(check_classes(labels, classes, name))
        if new_cycle or not resume:
            self._cycle = (self.n_iter_, int(self.epochs))
        targets = encode_labels(labels, self.classes_, name)
        weights = row_weights(targets, self.classes_, sample_weight, self.class_weight)
        # A score says how well the pictures are told apart, whatever weight their classes have in training.
        judging_weights = row_weights(targets, self.classes_, sample_weight, None)
        if averages(self.loss, self.label_smoothing):
            weights, judging_weights = near_one(weights), near_one(judging_weights)

        sets = self._training_and_validation(
            pictures, targets, weights, judging_weights, validation, stop_early=stop_early
        )
        has_validation = any(part is not None for part in validation)
        interrupted = self._run_phases(
            sets, epochs=epochs, resume=resume, stop_early=stop_early, has_validation=has_validation
        )
        if interrupted:
            end = "best one" if stop_early else "last finished one, and partial_fit goes on from there"
            warnings.warn(
                f"Training of {name} interrupted by user after {self.n_iter_} epochs. It is as at the end of "
                f"the {end}.",
                ConvergenceWarning,
                stacklevel=4,
            )
        if not all(np.isfinite(array).all() for array in self._weights):
            warnings.warn(
                f"{name} has diverged: some of its weights are not finite, and its predictions are meaningless. Try a "
                "smaller learning_rate.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _run_phases(
        self,
        sets: tuple[TrainingBatches, TrainingBatches | None],
        *,
        epochs: int,
        resume: bool,
        stop_early: bool,
        has_validation: bool,
    ) -> bool:
        """Train the outputs alone while that is planned, then all layers, and return whether Ctrl-C ended it."""
        from skimgrec.neural_network._callbacks import own_callbacks

        callbacks = own_callbacks(self.callbacks, self.learning_rate_schedule)
        last, is_first = self.n_iter_ + epochs, True
        while True:
            is_frozen = self.n_iter_ < self._n_frozen
            end = min(self._n_frozen, last) if is_frozen else last
            # What is kept of fits with early stopping is in the running. Others may have seen the pictures set aside.
            is_fair = getattr(self, "_best_rank", None) is not None or has_validation
            try:
                with self._lend_trainable_network(sets[0].input_dtype, resume) as network:
                    outcome = self._run(
                        network,
                        *sets,
                        epochs=end - self.n_iter_,
                        callbacks=callbacks,
                        stop_early=stop_early,
                        judge_start=resume and stop_early and is_fair,
                    )
            except KeyboardInterrupt:
                if is_first or not may_keep_interrupted_fit():
                    raise
                return True
            self._input_dtype, self._best_rank = sets[0].input_dtype, outcome.best_rank
            self._store(outcome.state)
            self._extend_history(outcome.history)
            resume, is_first = True, False
            if outcome.end == "early" and is_frozen:
                # The outputs get no better by themselves.
                self._n_frozen = self.n_iter_
                if self.n_iter_ >= last:
                    return False
            elif outcome.end or self.n_iter_ >= last:
                return outcome.end == "interrupted"

    def _training_and_validation(
        self,
        pictures: Pictures,
        targets: NDArray[np.intp],
        weights: NDArray[np.float64],
        judging_weights: NDArray[np.float64],
        validation: tuple[Any, Any],
        *,
        stop_early: bool,
    ) -> tuple[TrainingBatches, TrainingBatches | None]:
        """Return the batches to train on, and those to judge by."""
        from skimgrec.neural_network._batches import TrainingBatches

        judged: tuple[Any, Any, Any] | None = None
        if any(part is not None for part in validation):
            judged = (*check_validation_data(self, *validation, self.classes_), None)
        elif stop_early:
            aside = rows_set_aside(targets, weights, self.validation_fraction, self._seed)
            held_out = np.zeros_like(weights)
            held_out[aside] = judging_weights[aside]
            weights = weights.copy()
            weights[aside] = 0.0
            judged = (pictures, targets, held_out)
        scales = [PixelScale.for_pictures(part.dtype, self.value_range_) for part in (pictures, *(judged or ())[:1])]
        # One network serves both.
        input_dtype = "uint8" if all(scale.input_dtype == "uint8" for scale in scales) else "float32"
        low, high = self.value_range_
        settings: dict[str, Any] = {
            "n_outputs": self.n_outputs_,
            "one_hot": wants_one_hot(self.loss),
            "scale": PixelScale(low, high, input_dtype),
            "seed": self._seed,
            "n_replicas": n_replicas(),
        }
        batch_size = self._usual_batch_size(int(np.count_nonzero(weights)))
        training = TrainingBatches(pictures, targets, weights, batch_size=batch_size, **settings)
        if judged is None:
            return training, None
        pictures, targets, held_out = judged
        held_out = np.ones(len(targets)) if held_out is None else held_out
        size = batch_size * -(-_SMALLEST_VALIDATION_BATCH // batch_size)
        return training, TrainingBatches(pictures, targets, held_out, batch_size=size, judging=True, **settings)

    def _usual_batch_size(self, n_pictures: int) -> int:
        if self.batch_size != "auto":
            size = int(self.batch_size)
            if size % n_replicas():
                raise ValueError(
                    f"batch_size={size} cannot be divided among {n_replicas()} devices in equal parts: use a multiple "
                    f'of {n_replicas()}, or "auto".'
                )
            return size
        size = next((size for size in _BATCH_SIZES if size * _STEPS <= n_pictures), _BATCH_SIZES[-1])
        return size + -size % n_replicas()

    def _run(
        self,
        network: Network,
        batches: TrainingBatches,
        judged: TrainingBatches | None,
        *,
        epochs: int,
        callbacks: list[keras.callbacks.Callback],
        stop_early: bool,
        judge_start: bool,
    ) -> _Outcome:
        """Train one network."""
        from skimgrec.neural_network._batches import feed, for_judging
        from skimgrec.neural_network._callbacks import EpochWatch, RateSchedule
        from skimgrec.neural_network._progress import ProgressBar
        from skimgrec.neural_network._scikeras import train

        for part in (batches, judged):
            if part is not None:
                part.failure = None  # of batches read ahead in an earlier phase
        validation = None if judged is None else for_judging(judged)
        watch = EpochWatch(
            network,
            self.n_iter_no_change if stop_early else None,
            judged_at_start=validation if judge_start else None,
        )
        fed = feed(batches, range(self.n_iter_, self.n_iter_ + epochs))
        all_callbacks: list[Any] = [*fed.callbacks]
        if self.learning_rate_schedule != "constant":
            optimizer = make_optimizer(self.optimizer, self.learning_rate, schedule=self.learning_rate_schedule)
            peak = optimizer.get_config()["learning_rate"] * self._rate_part()
            first, planned = self._span_of_schedule()
            all_callbacks.append(RateSchedule(self.learning_rate_schedule, peak, first_epoch=first, n_epochs=planned))
        # After the user's, so that it keeps what they have made of an epoch.
        all_callbacks += [*callbacks, watch]
        verbose = int(self.verbose)
        with contextlib.ExitStack() as stack:
            if verbose == 1:
                bar = ProgressBar(self.n_iter_ + 1, self.n_iter_ + epochs)
                stack.callback(bar.close)
                all_callbacks.append(bar)
            try:
                train(
                    network.model,
                    fed.data,
                    steps_per_epoch=fed.steps_per_epoch,
                    validation=validation,
                    epochs=epochs,
                    initial_epoch=self.n_iter_,
                    callbacks=all_callbacks,
                    verbose=0 if verbose == 1 else verbose,
                )
            except KeyboardInterrupt:
                if watch.last is None or not may_keep_interrupted_fit():
                    raise
                return _Outcome(watch.best or watch.last, watch.history, watch.best_rank, "interrupted")
            except Exception:
                # The backend's error has lost what kind it was.
                failure = batches.failure or (judged.failure if judged else None)
                if failure is None:
                    raise
                raise failure from None
        end = "early" if watch.has_stopped else "stopped" if network.model.stop_training else ""
        return _Outcome(watch.best or network.state(), watch.history, watch.best_rank, end)

    def _span_of_schedule(self) -> tuple[int, int]:
        """Return the epoch with which the learning rate's schedule began, and how many it is planned for."""
        first, planned = self._cycle
        if self.n_iter_ < self._n_frozen:
            return 0, self._n_frozen
        n_before = max(0, self._n_frozen - first)
        return first + n_before, max(1, planned - n_before)

    def _frozen_epochs(self) -> int:
        """Return for how many epochs a new network trains its outputs alone."""
        return 0

    def _rate_part(self) -> float:
        """Return the part of the learning rate that the coming epochs are trained with."""
        return 1.0

    def _pretrained_weights(self) -> Arrays:
        """Return the first weights of a new network, as far as they come from elsewhere."""
        return ()

    def _training_state(self) -> TrainingState:
        return TrainingState(self._weights, self._optimizer_variables, self._generator_states)

    def _extend_history(self, history: dict[str, list[Any]]) -> None:
        before, now = self.n_iter_, len(history["loss"])
        names = list({**self.history_, **history})
        # What was not measured in every epoch has gaps.
        gaps = {name: ([np.nan] * before, [np.nan] * now) for name in names}
        self.history_ = {
            name: self.history_.get(name, gaps[name][0]) + history.get(name, gaps[name][1]) for name in names
        }
        self.n_iter_ = before + now

    def _start(self, classes: NDArray[Any]) -> None:
        """Set all that does not change while training goes on."""
        self.n_outputs_ = n_outputs(self.loss, len(classes))
        self.classes_ = classes
        self.n_iter_ = 0
        self.history_ = {}
        # Kept apart from the parameters and Keras's global policy, which may be set anew while the weights stay.
        self._fitted_architecture, hyperparameters = self._architecture()
        self._hyperparameters = plain_hyperparameters(hyperparameters)
        self._augmentation = augmentation_amounts(self.augmentation)
        self._dtype_policy = policy_name(self.dtype_policy)
        self._is_pretrained = getattr(self, "weights", None) is not None
        self._n_frozen = self._frozen_epochs() if self._is_pretrained else 0
        self._seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _check_resumable(self, classes: ArrayLike | None) -> None:
        name = type(self).__name__
        if classes is not None and not np.array_equal(np.unique(np.asarray(classes)), self.classes_):
            raise ValueError(f"classes={classes!r} differ from those of the first call to {name}: {self.classes_!r}.")
        architecture, hyperparameters = self._architecture()
        wanted, fitted = plain_hyperparameters(hyperparameters), self._hyperparameters
        changed = [] if architecture == self._fitted_architecture else ["architecture"]
        changed += [name for name in {**wanted, **fitted} if wanted.get(name) != fitted.get(name)]
        if augmentation_amounts(self.augmentation) != self._augmentation:
            changed.append("augmentation")
        if self.dtype_policy is not None and policy_name(self.dtype_policy) != self._dtype_policy:
            changed.append("dtype_policy")
        if n_outputs(self.loss, len(self.classes_)) != self.n_outputs_:
            changed.append("loss")
        if changed:
            raise ValueError(
                f"{name} cannot go on training: {', '.join(changed)} changed since it was fitted, and the trained "
                "weights do not fit another network. Set it back, or fit with warm_start=False."
            )

    @contextmanager
    def _lend_trainable_network(
        self, input_dtype: str, resume: bool, weights: Arrays | None = None
    ) -> Iterator[Network]:
        """Lend a compiled network that starts from this classifier's state, from `weights`, or from new ones.

        Where the outputs have been trained alone, and now all layers are, the optimizer begins anew.
        """
        schedule = self.learning_rate_schedule
        optimizer = make_optimizer(self.optimizer, self.learning_rate, self.weight_decay, schedule=schedule)
        spare = self.weight_decay is not None
        compilation = compilation_key(optimizer, self.loss, self.metrics, self.label_smoothing, spare)
        only_outputs = self.n_iter_ < self._n_frozen
        if resume and self.n_iter_ == self._n_frozen > 0:
            self._check_same_optimizer(optimizer)
            resume, weights = False, self._weights
        with self._lend_network(input_dtype, only_outputs=only_outputs, compilation=compilation) as network:
            # Among several devices, it is the weights of a batch that are brought to a mean of 1.
            reduction = "mean_with_sample_weight" if n_replicas() == 1 else "sum_over_batch_size"
            loss, metrics = make_loss(self.loss, self.label_smoothing, reduction), make_metrics(self.metrics)
            network.compile(compilation, optimizer, loss, metrics, spare_vectors=spare)
            if resume:
                self._check_same_optimizer(optimizer)
                network.load(self._training_state())
            else:
                network.initialize(self._seed, self._own_initial_weights() if weights is None else weights)
                self._optimizer_key = optimizer_key(optimizer)
            rate = optimizer.get_config()["learning_rate"]
            # A rate that the optimizer was given as a schedule stands in its configuration as a dict.
            if isinstance(rate, Real):
                network.model.optimizer.learning_rate = float(rate) * self._rate_part()
            yield network

    def _own_initial_weights(self) -> Arrays | None:
        """Return the weights that another architecture than ours starts from: some may be loaded, not drawn."""
        if isinstance(self._fitted_architecture, str) and not is_backbone(self._fitted_architecture):
            return None
        loaded = self._pretrained_weights()
        drawn = [np.asarray(weights) for weights in self._build_core(self._seed).get_weights()]
        return [*loaded, *drawn[len(loaded) :]]

    def _check_same_optimizer(self, optimizer: keras.Optimizer) -> None:
        if optimizer_key(optimizer) != self._optimizer_key:
            raise ValueError(
                f"{type(self).__name__} cannot go on training: the optimizer changed since it was fitted, and "
                f"{type(optimizer).__name__} with {optimizer.get_config()} cannot take over the state. Set it back "
                "(learning_rate may change), or fit with warm_start=False."
            )

    def _store(self, state: TrainingState) -> None:
        self._weights = state.weights
        self._optimizer_variables = state.optimizer
        self._generator_states = state.generators
