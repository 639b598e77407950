"""Numbers and texts from an HDF5 file that nobody has vouched for.

HDF5 can lead to other files (links, external storage, virtual data sets), and small files can stand for huge arrays
(compression, chunks, fill values). Keras writes nothing of the kind: data lie in the file, whole and in one piece. So
everything else is refused, before it is followed or read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from skimgrec.persistence._errors import ModelFileError

_MOST_GROUPS, _DEEPEST = 10_000, 12
_SHOWN = 100
# Where texts of varying length lie: the signature of a collection of them, and its version.
_COLLECTION = re.compile(b"GCOL\x01\0\0\0")
_MOST_TEXT, _PIECE = 2**28, 2**20


class StoredArray:
    """An array in a file, of which the shape is known and nothing is read yet.

    Parameters
    ----------
    dataset : h5py.Dataset
    name : str
        Where it lies, for messages.
    file_size : int
        In bytes, which no array can exceed.
    """

    def __init__(self, dataset: Any, name: str, file_size: int) -> None:
        self.name = name
        self._dataset = dataset
        try:
            self._check(file_size)
        except ModelFileError:
            raise
        except Exception as error:  # HDF5's own errors are of many kinds
            raise ModelFileError(f"{name} cannot be read: {str(error)[:200]}") from error
        self.shape: tuple[int, ...] = tuple(int(side) for side in dataset.shape)

    @property
    def n_bytes(self) -> int:
        return self._dataset.size * self._dataset.dtype.itemsize

    def read(self) -> NDArray[np.float32]:
        """Return the numbers.

        Raises
        ------
        ModelFileError
            If they cannot be read, or are not all finite.
        """
        try:
            numbers = np.asarray(self._dataset[()], dtype=np.float32)
        except Exception as error:  # HDF5's own errors are of many kinds
            raise ModelFileError(f"{self.name} cannot be read: {str(error)[:200]}") from error
        if not np.isfinite(numbers).all():
            raise ModelFileError(
                f"{self.name} holds numbers that are not finite, or too large for float32: training has diverged, or "
                "the file is damaged."
            )
        return numbers

    def _check(self, file_size: int) -> None:
        import h5py

        dataset, kind = self._dataset, self._dataset.id.get_create_plist()
        if dataset.shape is None or dataset.dtype.kind != "f" or dataset.dtype.itemsize > 8:
            raise ModelFileError(
                f"{self.name} has dtype {str(dataset.dtype)[:_SHOWN]}: weights are floating-point numbers."
            )
        if kind.get_external_count() or kind.get_layout() not in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT):
            how = {h5py.h5d.CHUNKED: "in chunks", h5py.h5d.VIRTUAL: "as a view of other data"}
            found = "in another file" if kind.get_external_count() else how.get(kind.get_layout(), "in an unknown way")
            raise ModelFileError(
                f"{self.name} is stored {found}: Keras stores weights in one piece, and nothing else is read. A file "
                "that was compressed or copied in chunks is as Keras writes it after h5repack -f NONE -l CONTI."
            )
        if dataset.id.get_storage_size() < self.n_bytes or self.n_bytes > file_size:
            raise ModelFileError(
                f"{self.name} declares shape {str(dataset.shape)[:_SHOWN]}, {self.n_bytes} bytes, of which the file "
                "does not hold the numbers."
            )


class StoredGroup:
    """A group of an HDF5 file. It leads to what lies in it, and nowhere else.

    Parameters
    ----------
    group : h5py.Group
    name : str
        Where it lies, for messages.
    file_size : int
        In bytes.
    longest_text : int
        More bytes than any text of varying length in the file has.
    """

    def __init__(self, group: Any, name: str, file_size: int, longest_text: int) -> None:
        self.name = name
        self._group = group
        self._file_size = file_size
        self._longest_text = longest_text

    def names(self) -> list[str]:
        """Return the names of what lies in it."""
        try:
            names = list(self._group.keys())
            are_texts = all(isinstance(name, str) for name in names)
        except Exception as error:
            raise ModelFileError(f"{self.name or 'The file'} has names that cannot be read.") from error
        if not are_texts:
            raise ModelFileError(f"{self.name or 'The file'} has names that are no text.")
        if len(names) > _MOST_GROUPS:
            raise ModelFileError(f"{self.name or 'The file'} holds {len(names)} parts, more than a network has.")
        return names

    def get(self, path: str) -> StoredGroup | StoredArray | None:
        """Return what lies under a path, None if there is nothing.

        Raises
        ------
        ModelFileError
            If a link on the way leads elsewhere, or there is something that no file of Keras holds.
        """
        import h5py

        here: Any = self._group
        parts = [part for part in path.split("/") if part]
        for depth, part in enumerate(parts):
            place = "/".join([*filter(None, [self.name]), *parts[: depth + 1]])[:200]
            if part == "." or not isinstance(here, h5py.Group) or depth >= _DEEPEST:
                return None
            try:
                link = here.get(part, getclass=True, getlink=True)
            except Exception as error:  # a kind of link that h5py does not know
                raise ModelFileError(f"{place} is a link of an unknown kind, which is not followed.") from error
            if link is None:
                return None
            if link is not h5py.HardLink:
                raise ModelFileError(
                    f"{place} is a link to another place or file ({link.__name__}), which is not followed: Keras "
                    "writes none."
                )
            try:
                here = here[part]
            except Exception as error:
                raise ModelFileError(f"{place} cannot be opened: {str(error)[:200]}") from error
        place = "/".join([*filter(None, [self.name]), *parts])[:200]
        if isinstance(here, h5py.Group):
            return StoredGroup(here, place, self._file_size, self._longest_text)
        if isinstance(here, h5py.Dataset):
            return StoredArray(here, place, self._file_size)
        raise ModelFileError(f"{place} is neither a group nor an array.")

    def group(self, path: str) -> StoredGroup | None:
        """Return the group under a path, None if there is none."""
        found = self.get(path)
        return found if isinstance(found, StoredGroup) else None

    def texts(self, name: str) -> list[str] | None:
        """Return an attribute that is a text or an array of texts, None if there is none.

        Keras divides long ones into several with a number behind the name.
        """
        whole = self._text(name)
        if whole is not None:
            return whole
        parts: list[str] = []
        for number in range(_MOST_GROUPS):
            part = self._text(f"{name}{number}")
            if part is None:
                return parts if number else None
            parts += part
        raise ModelFileError(f"{self.name or 'The file'} has too many parts of its attribute {name}.")

    def _text(self, name: str) -> list[str] | None:
        import h5py

        place = f"The attribute {name} of {self.name or 'the file'}"
        try:
            if name not in self._group.attrs:
                return None
            attribute = h5py.h5a.open(self._group.id, name.encode())
            kind, shape = attribute.get_type(), attribute.shape
            size, is_text = math.prod(shape) * kind.get_size(), isinstance(kind, h5py.h5t.TypeStringID)
            # Many texts of varying length may be one and the same in the file, and are not in memory.
            in_memory = math.prod(shape) * self._longest_text if is_text and kind.is_variable_str() else size
        except Exception as error:
            raise ModelFileError(f"{place} cannot be read.") from error
        if size > self._file_size or in_memory > _MOST_TEXT or len(shape) > 1:
            raise ModelFileError(f"{place} is too large, or not as Keras writes it.")
        if shape == (0,):
            return []
        if not is_text:
            raise ModelFileError(f"{place} is no text.")
        try:
            values = np.atleast_1d(np.asarray(self._group.attrs[name], dtype=object))
            return [text.decode("utf-8") if isinstance(text, bytes) else str(text) for text in values.tolist()]
        except Exception as error:
            raise ModelFileError(f"{place} cannot be read.") from error

    def walk(self) -> Iterator[StoredGroup]:
        """Yield this group and all within it, as deep as those of Keras go.

        Raises
        ------
        ModelFileError
            If there are more than a network has, as where groups hold one another.
        """
        import h5py

        waiting, n_seen = [(self, 0)], 0
        while waiting:
            group, depth = waiting.pop()
            n_seen += 1
            if n_seen > _MOST_GROUPS:
                raise ModelFileError(
                    f"The file holds more than {_MOST_GROUPS} groups, or groups that hold one another."
                )
            yield group
            if depth < _DEEPEST:
                # The last one waiting comes first.
                for name in reversed(group.names()):
                    try:
                        # The link first: to ask what lies behind one of another kind is to follow it.
                        is_own = group._group.get(name, getclass=True, getlink=True) is h5py.HardLink
                        is_group = is_own and group._group.get(name, getclass=True) is h5py.Group
                    except Exception as error:
                        raise ModelFileError(f"{group.name}/{name[:_SHOWN]} cannot be opened.") from error
                    if is_group:
                        inner = group.get(name)
                        assert isinstance(inner, StoredGroup)
                        waiting.append((inner, depth + 1))


@contextmanager
def open_hdf5(stream: BinaryIO, size: int) -> Iterator[StoredGroup]:
    """Open an HDF5 file for reading and lend its root.

    Parameters
    ----------
    stream : binary file
        Read through Python, so that HDF5 has no folder in which to look for other files.
    size : int
        Of the file, in bytes.

    Raises
    ------
    ModelFileError
        If it is no HDF5 file.
    """
    import h5py

    longest = _check_collections(stream, size)
    try:
        file = h5py.File(stream, "r")
    except Exception as error:
        raise ModelFileError(f"It is no HDF5 file, or a damaged one ({str(error)[:150]}).") from error
    try:
        yield StoredGroup(file, "", size, longest)
    finally:
        file.close()


def _check_collections(stream: BinaryIO, size: int) -> int:
    """Check what HDF5 does not where it reads texts of varying length, and return how long none of them is.

    They lie in collections, which it finds by their signature, and goes through without looking whether it gets on: an
    entry of no length would keep it for ever.

    Raises
    ------
    ModelFileError
        If the file does not begin as Keras's do, or a collection does not hold what it says.
    """
    stream.seek(0)
    beginning = stream.read(16)
    # Where the numbers of bytes in an address and in a length stand, by the version of the format.
    widths = beginning[13:15] if beginning[8:9] in (b"\0", b"\1") else beginning[9:11]
    if not beginning.startswith(b"\x89HDF\r\n\x1a\n") or widths != b"\x08\x08":
        raise ModelFileError("It is no HDF5 file as Keras writes them.")
    places, place, end = [], 0, b""
    stream.seek(0)
    while piece := stream.read(_PIECE):
        window = end + piece
        places += [place - len(end) + match.start() for match in _COLLECTION.finditer(window)]
        place, end = place + len(piece), window[-7:]
    longest = total = 0
    for place in places:
        stream.seek(place)
        length = int.from_bytes(stream.read(16)[8:], "little")
        total += length
        if not 16 <= length <= size - place or total > size:
            raise ModelFileError("The file is damaged: it holds texts that do not lie in it, or on one another.")
        _check_collection(stream.read(length - 16))
        longest = max(longest, length)
    stream.seek(0)
    return longest


def _check_collection(entries: bytes) -> None:
    at = 0
    while at + 16 <= len(entries):
        number = int.from_bytes(entries[at : at + 2], "little")
        length = int.from_bytes(entries[at + 8 : at + 16], "little")
        # The entry numbered 0 is what is left, and counts its own head.
        step = 16 + -(-length // 8) * 8 if number else length
        if step < 16 or at + step > len(entries):
            raise ModelFileError("The file is damaged: its texts of varying length cannot be told apart.")
        at += step
