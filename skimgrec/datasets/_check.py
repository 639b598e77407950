"""What is wrong with a set of pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import column_or_1d

from skimgrec.datasets._check_pictures import ToUint8, paths_of, pictures_to_check
from skimgrec.datasets._check_result import KINDS, Finding, ImageCheck
from skimgrec.datasets._check_rules import EMPTY_SPREAD, odd_classes, odd_pictures
from skimgrec.datasets._duplicates import NearDuplicates, connected, find_near_duplicates
from skimgrec.datasets._fingerprints import SIDE, Fingerprint, file_digest, fingerprint_files, fingerprint_pictures
from skimgrec.datasets._folder_progress import reading_bar
from skimgrec.utils._decode import UnreadablePictureError
from skimgrec.utils._picture_files import map_files


def check_images(
    images: Any,
    target: Any = None,
    *,
    target_names: Any = None,
    split: Any = None,
    filenames: Any = None,
    near_duplicates: bool = True,
    data_name: str | None = None,
    n_jobs: int | None = -1,
    verbose: int = 0,
) -> ImageCheck:
    """Find what is wrong with a set of pictures: broken and odd files, copies, leaks between splits, rare classes.

    Parameters
    ----------
    images : array-like of shape (n, h, w) or (n, h, w, c), LazyImages, or list of n path-like
        The pictures, or the names of their files. Files say most: what cannot be read, sizes, kinds of pixels and EXIF
        are theirs alone. Of a lazy batch, the files behind it are checked.
    target : array-like of shape (n,), default=None
        The class of each picture.
    target_names : sequence of str, default=None
        Names of the classes, where `target` holds positions in it. None takes the values in `target`.
    split : array-like of shape (n,), default=None
        The split that each picture belongs to, such as "train" and "test".
    filenames : sequence of n str, default=None
        What to call the pictures of an array. None calls them by their file, or "picture 17".
    near_duplicates : bool, default=True
        Whether to look for near duplicates: copies that were resized, recompressed, brightened or cropped a little.
    data_name : str, default=None
        What to call the data where the result is shown.
    n_jobs : int, default=-1
        Threads; None means 1 unless in a :obj:`joblib.parallel_config` context, -1 all processors.
    verbose : int, default=0
        If above 0, show on stderr how many pictures are read, where that is a terminal.

    Returns
    -------
    check : ImageCheck
        The findings, and the groups of duplicates.

    Raises
    ------
    ValueError
        If there are no pictures, if they break the picture contract, or if `target`, `split` or `filenames` do not have
        one entry for each.
    TypeError
        If `images` mixes file names and something else.

    See Also
    --------
    ImageCheckDisplay : Shows what was found as a contact sheet.
    compare : Keeps duplicates in one fold, with ``groups=check.groups``.

    Notes
    -----
    Each file is decoded once, and what is kept of it takes about a kilobyte.

    Exact duplicates have equal pixels, whatever their files look like. Candidates for near duplicates are pictures
    whose perceptual hashes (pHash and dHash of 64 bits, and the latter of the picture's centre) differ in at most 11
    bits; each is then held against its six nearest. Their thumbnails of 32 x 32 are laid over each other as well as a
    shift by up to 15 % and a stretch by up to 25 % can, and have to agree in their edges and texture by a correlation
    of 0.8 or more: by more, where random pairs of the set agree by nature, as pictures of digits do. Mirrored and
    rotated copies are not found.

    Pictures over 4 megapixels are decoded in a reduced size; of those, two files of different formats that decode to
    equal pixels are near, and not exact, duplicates.

    Examples
    --------
    >>> import numpy as np
    >>> from skimgrec import check_images
    >>> rng = np.random.default_rng(0)
    >>> X = rng.integers(256, size=(20, 32, 32, 3), dtype=np.uint8)
    >>> X[3], X[15] = X[12], 200
    >>> check = check_images(X, ["cat", "dog"] * 10)
    >>> [(finding.kind, finding.names, finding.scope) for finding in check.findings]
    [('exact_duplicate', ('picture 3', 'picture 12'), 'across classes'), ('almost_empty', ('picture 15',), '')]
    >>> bool(check.groups[3] == check.groups[12])
    True
    """
    paths = paths_of(images)
    pictures = pictures_to_check(images) if paths is None else None
    n = len(images if paths is None else paths)
    about = _About(n, target, target_names, split, paths if filenames is None else filenames)
    prints: list[Fingerprint] = []
    rows: list[int] = []
    findings: list[Finding] = []
    with reading_bar(verbose) as on_read:
        for row, one in enumerate(_prints(paths, pictures, n_jobs, near_duplicates)):
            if isinstance(one, UnreadablePictureError):
                findings.append(about.finding("unreadable", [row], one.reason))
            else:
                prints.append(one)
                rows.append(row)
            if on_read is not None and (row % 64 == 0 or row == n - 1):
                on_read(row + 1, n)
    readable = np.array(rows, np.int64)
    digests = _digests(prints, [paths[row] for row in rows] if paths is not None else None, n_jobs)
    copies = _exact(digests)
    findings += [
        about.finding("exact_duplicate", readable[group].tolist(), "equal pixels") for group in copies if len(group) > 1
    ]
    near, near_pairs = None, np.empty((0, 2), np.int64)
    if near_duplicates:
        shown = about.one_of_each(copies, readable, prints)
        near = _near(prints, shown, n_jobs)
        near_pairs = shown[near.pairs]
        distinct = [digests[first] != digests[second] for first, second in near_pairs]
        for (first, second), similarity in zip(near_pairs[distinct], near.similarities[distinct], strict=True):
            detail = f"edges and texture agree by {similarity:.2f}"
            pair = [int(readable[first]), int(readable[second])]
            findings.append(about.finding("near_duplicate", pair, detail, similarity=round(float(similarity), 4)))
    if prints:
        findings += [about.finding(kind, [rows[place]], seen) for kind, place, seen in odd_pictures(prints)]
    findings += about.odd_classes(rows)
    order = list(KINDS)
    links = [group[[0] * (len(group) - 1)] for group in copies], [group[1:] for group in copies]
    exact_pairs = np.column_stack([np.concatenate([*side, np.empty(0, np.int64)]) for side in links])
    return ImageCheck(
        findings=tuple(sorted(findings, key=lambda one: (order.index(one.kind), *_gravity(one)))),
        groups=connected(readable[np.concatenate([exact_pairs, near_pairs]).astype(np.int64)], n),
        n_pictures=n,
        class_counts=about.class_counts(),
        split_counts=about.split_counts(),
        similarity_threshold=None if near is None else round(near.threshold, 4),
        n_compared=0 if near is None else near.n_compared,
        n_aligned=0 if near is None else near.n_aligned,
        data_name=data_name,
        images=paths if paths is not None else pictures,
    )


def _gravity(finding: Finding) -> tuple[Any, ...]:
    return -finding.across_splits, -finding.across_classes, -(finding.similarity or 0), finding.rows


def _prints(
    paths: list[str] | None, pictures: Any, n_jobs: int | None, hashes: bool
) -> Iterator[Fingerprint | UnreadablePictureError]:
    if paths is not None:
        return fingerprint_files(np.array(paths, object), n_jobs=n_jobs, hashes=hashes)
    return fingerprint_pictures(pictures, ToUint8(pictures), hashes=hashes)


def _digests(prints: Sequence[Fingerprint], paths: list[str] | None, n_jobs: int | None) -> list[bytes]:
    """Return a digest of each picture's pixels; of a large file, only where another has its size and its thumbnail."""
    digests = [one.digest or b"" for one in prints]
    alike: dict[Any, list[int]] = defaultdict(list)
    for place, one in enumerate(prints):
        if one.digest is None:
            alike[one.size, one.thumbnail.tobytes()].append(place)
            digests[place] = b"large %d" % place
    again = [place for places in alike.values() if len(places) > 1 for place in places]
    if paths is not None:
        for place, digest in zip(again, map_files(file_digest, [paths[i] for i in again], n_jobs=n_jobs), strict=True):
            digests[place] = digest
    return digests


def _exact(digests: Sequence[bytes]) -> list[NDArray[np.int64]]:
    """Return the groups of equal pictures, pictures that nothing is equal to alone."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    for place, digest in enumerate(digests):
        groups[digest].append(place)
    return [np.array(group, np.int64) for group in groups.values()]


def _near(prints: Sequence[Fingerprint], shown: NDArray[np.int64], n_jobs: int | None) -> NearDuplicates:
    thumbnails = np.empty((len(shown), SIDE, SIDE), np.uint8)
    for place, row in enumerate(shown):
        thumbnails[place] = prints[row].thumbnail
    codes = np.array([prints[row].codes for row in shown], np.uint64).reshape(len(shown), 3)
    return find_near_duplicates(thumbnails, codes, n_jobs=n_jobs)


class _About:
    """Names, classes and splits of the pictures."""

    def __init__(self, n: int, target: Any, target_names: Any, split: Any, filenames: Any) -> None:
        self._names = None if filenames is None else [str(name) for name in _column("filenames", filenames, n)]
        self._splits = None if split is None else [str(name) for name in _column("split", split, n)]
        self._labels, self._class_names = None, []
        if target is not None:
            values = _column("target", target, n)
            self._labels = _named(values, target_names)
            self._class_names = (
                [str(value) for value in np.unique(values)]
                if target_names is None
                else [str(name) for name in target_names]
            )

    def finding(self, kind: str, rows: list[int], detail: str, *, similarity: float | None = None) -> Finding:
        """Return a finding about pictures."""
        return Finding(
            kind=kind,
            detail=detail,
            rows=tuple(rows),
            names=tuple(f"picture {row}" if self._names is None else self._names[row] for row in rows),
            classes=tuple("" if self._labels is None else self._labels[row] for row in rows),
            splits=tuple("" if self._splits is None else self._splits[row] for row in rows),
            similarity=similarity,
        )

    def odd_classes(self, rows: list[int]) -> list[Finding]:
        """Return findings about classes, of the pictures that could be read."""
        if self._labels is None:
            return []
        labels = [self._labels[row] for row in rows]
        splits = None if self._splits is None else [self._splits[row] for row in rows]
        return [
            Finding(kind=kind, detail=seen, classes=(name,))
            for kind, name, seen in odd_classes(labels, splits, self._class_names)
        ]

    def one_of_each(
        self, copies: list[NDArray[np.int64]], rows: NDArray[np.int64], prints: Sequence[Fingerprint]
    ) -> NDArray[np.int64]:
        """Return one of each group of equal pictures for every class and split it is in, none that is almost empty."""
        chosen = []
        for group in copies:
            if prints[group[0]].spread >= EMPTY_SPREAD:
                places = {self._place(int(rows[place])): place for place in group[::-1]}
                chosen += sorted(places.values())
        return np.array(sorted(chosen), np.int64)

    def _place(self, row: int) -> tuple[str, str]:
        return (
            "" if self._labels is None else self._labels[row],
            "" if self._splits is None else self._splits[row],
        )

    def class_counts(self) -> dict[str, int]:
        """Return how many pictures each class has."""
        return {} if self._labels is None else _counts(self._labels, self._class_names)

    def split_counts(self) -> dict[str, int]:
        """Return how many pictures each split has."""
        return {} if self._splits is None else _counts(self._splits, list(dict.fromkeys(self._splits)))


def _counts(values: list[str], names: list[str]) -> dict[str, int]:
    counts = dict.fromkeys(names, 0)
    for value in values:
        counts[value] += 1
    return counts


def _column(name: str, values: Any, n: int) -> list[Any]:
    column = values if isinstance(values, list) else column_or_1d(np.asarray(values, None)).tolist()
    if len(column) != n:
        raise ValueError(f"{name} has {len(column)} entries for {n} pictures: expected one for each.")
    return column


def _named(values: list[Any], target_names: Any) -> list[str]:
    if target_names is None:
        return [str(value) for value in values]
    names = [str(name) for name in target_names]
    for value in values:
        if not isinstance(value, (int, np.integer)) or not 0 <= value < len(names):
            raise ValueError(
                f"target holds {value!r}, expected positions in target_names, 0 to {len(names) - 1}. Leave "
                "target_names out if target holds the classes themselves."
            )
    return [names[value] for value in values]
