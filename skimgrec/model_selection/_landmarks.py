"""A support vector machine on an RBF kernel's values at some landmarks: arrays only, validation stands elsewhere.

A row x is on the side ``f(x) = sum of a_j k(x, landmark_j) + b`` of a class. With the machine's squared hinge loss,

    minimise 1/2 (a' P a + b^2) + C * sum of weight * max(0, 1 - sign * f)^2,    P the kernel among the landmarks,

this is what Nystroem's method and scikit-learn's LinearSVC minimise together. The loss of a row is at most
``(target - f)^2`` for the target ``sign * max(1, sign * f before)``, and equal to it at f before. So each step solves a
least-squares problem, and all steps, of all classes, share one matrix, which is factorised once.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.blas import dsyrk

# Rows that are worked through at a time, and bytes of the kernel's values up to which they are kept from step to step.
_ROWS = 4096
_MOST_BYTES = 2**31
# The fit ends when a step lowers what is minimised by less than this part of it.
_TOLERANCE = 1e-3
_MOST_STEPS = 50


def choose_landmarks(
    X: NDArray[np.floating], n_landmarks: int, random_state: np.random.RandomState
) -> NDArray[np.floating]:
    """Return `n_landmarks` rows of `X` drawn at random, or all of them; those that are equal only once."""
    if n_landmarks < len(X):
        X = X[random_state.choice(len(X), n_landmarks, replace=False)]
    return np.unique(X, axis=0)


def fit_machine(
    X: NDArray[np.floating],
    signs: NDArray[np.floating],
    weights: NDArray[np.floating] | None,
    landmarks: NDArray[np.floating],
    gamma: float,
    C: float,
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return the coefficients of the landmarks, and the intercepts.

    Parameters
    ----------
    X : ndarray of shape (n, n_features), float32 or float64
        The training rows.
    signs : ndarray of shape (n, n_sides)
        On which side of each decision a row is: 1 or -1.
    weights : ndarray of shape (n,) or None
        How much each row counts; None for 1.
    landmarks : ndarray of shape (m, n_features)
        As `choose_landmarks` returns them.
    gamma, C : float
        Of the kernel ``exp(-gamma * squared distance)`` and of the machine.

    Returns
    -------
    coefficients : ndarray of shape (n_sides, m), of the dtype of `X`
    intercepts : ndarray of shape (n_sides,), of the dtype of `X`
    """
    size = len(landmarks) + 1
    loss = np.full((len(X), 1), 2 * C, X.dtype) if weights is None else (2 * C * weights[:, None]).astype(X.dtype)
    penalty = np.eye(size)
    penalty[:-1, :-1] = _kernel(landmarks.astype(np.float64), landmarks.astype(np.float64), gamma)[:, :-1]
    kept = [_kernel(X[rows], landmarks, gamma) for rows in _parts(X)] if _fits(X, size) else None

    def values() -> Iterator[tuple[slice, NDArray[np.floating]]]:
        for number, rows in enumerate(_parts(X)):
            yield rows, _kernel(X[rows], landmarks, gamma) if kept is None else kept[number]

    squares = np.zeros((size, size), order="F")
    for rows, K in values():
        squares = dsyrk(1.0, (np.sqrt(loss[rows]) * K).T.astype(np.float64), beta=1.0, c=squares, overwrite_c=1)
    factor = _factorised(squares + penalty)

    coefficients = ahead = pull = pull_ahead = np.zeros((size, signs.shape[1]))
    sides = sides_ahead = np.zeros(signs.shape, X.dtype)
    n_steps, best = 0, np.inf
    for _ in range(_MOST_STEPS):
        downhill = -pull_ahead
        for rows, K in values():
            downhill += K.T @ (loss[rows] * signs[rows] * np.maximum(0, 1 - signs[rows] * sides_ahead[rows]))
        found = ahead + cho_solve(factor, downhill, check_finite=False)
        there = np.concatenate([K @ found.astype(X.dtype) for _, K in values()])
        missing = np.maximum(0, 1 - signs * there)
        pulled = penalty @ found
        total = float(np.einsum("ms,ms->", found, pulled) + np.einsum("ns,ns->", loss * missing, missing))
        # Steps go further the longer they have gone down, and start anew when they have gone too far.
        n_steps = n_steps + 1 if total <= best else 1
        momentum = n_steps / (n_steps + 3)
        ahead = found + momentum * (found - coefficients)
        pull_ahead = pulled + momentum * (pulled - pull)
        sides_ahead = there + X.dtype.type(momentum) * (there - sides)
        coefficients, pull, sides = found, pulled, there
        if 0 <= best - total <= _TOLERANCE * total:
            break
        best = total
    coefficients = coefficients.T.astype(X.dtype)
    return np.ascontiguousarray(coefficients[:, :-1]), coefficients[:, -1].copy()


def sides_of(
    X: NDArray[np.floating],
    landmarks: NDArray[np.floating],
    coefficients: NDArray[np.floating],
    intercepts: NDArray[np.floating],
    gamma: float,
) -> NDArray[np.floating]:
    """Return how clearly each row is on the side of each class, (n, n_sides)."""
    factors = np.vstack([coefficients.T, intercepts])
    parts = [_kernel(X[rows], landmarks, gamma) @ factors for rows in _parts(X)]
    return np.concatenate(parts) if parts else np.empty((0, len(intercepts)), X.dtype)


def _parts(X: NDArray[np.floating]) -> list[slice]:
    return [slice(start, min(start + _ROWS, len(X))) for start in range(0, len(X), _ROWS)]


def _fits(X: NDArray[np.floating], size: int) -> bool:
    return len(X) * size * X.itemsize <= _MOST_BYTES


def _kernel(X: NDArray[np.floating], landmarks: NDArray[np.floating], gamma: float) -> NDArray[np.floating]:
    """Return the kernel's values (n, m + 1); those of the last column are 1, for the intercept."""
    # Squares of numbers far from 0 would leave no digits for the differences.
    centre = landmarks.mean(axis=0)
    X, landmarks = X - centre, landmarks - centre
    exponents = X @ landmarks.T
    exponents *= 2
    exponents -= np.einsum("nf,nf->n", X, X)[:, None]
    exponents -= np.einsum("mf,mf->m", landmarks, landmarks)
    exponents *= X.dtype.type(gamma)
    np.minimum(exponents, 0, out=exponents)
    values = np.ones((len(X), len(landmarks) + 1), exponents.dtype)
    np.exp(exponents, out=values[:, :-1])
    return values


def _factorised(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
    """Return the Cholesky factor of a matrix of which the upper part is given.

    What is added to the diagonal, so that rounding does not make it indefinite, shortens steps and changes no result.
    """
    added = 1e-12 * float(np.trace(matrix))
    while True:
        raised = matrix.copy(order="F")
        raised[np.diag_indices(len(raised))] += added
        try:
            return cho_factor(raised, lower=False, overwrite_a=True, check_finite=False)
        except np.linalg.LinAlgError:
            added *= 100
