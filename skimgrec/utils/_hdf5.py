"""Numbers and texts from an HDF5 file that nobody has vouched for.

HDF5 can lead to other files (links, external storage, views of other data), and small files can stand for huge arrays
(compression, chunks, fill values). Keras writes nothing of the kind: data lie in the file, whole and in one piece. So
everything else is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils import _hdf5_format as form
from skimgrec.utils._model_file_error import ModelFileError

_MOST_GROUPS, _DEEPEST = 10_000, 12


class StoredArray:
    """An array in a file, of which the shape is known and nothing is read yet.

    Parameters
    ----------
    file : File
    messages : list of Message
        From the header of the array.
    name : str
        Where it lies, for messages.

    Raises
    ------
    ModelFileError
        If it is not stored as Keras stores weights, or not in full.
    """

    def __init__(self, file: form.File, messages: list[form.Message], name: str) -> None:
        self.name = name
        self._file = file
        parts = {message.kind: message.data for message in messages}
        if not {form.DATASPACE, form.DATATYPE, form.LAYOUT} <= set(parts):
            raise ModelFileError(f"{name} is neither a group nor an array.")
        kind, self.shape = form.read_type(parts[form.DATATYPE]), form.read_shape(parts[form.DATASPACE])
        if kind.dtype is None:
            raise ModelFileError(f"{name} holds {kind.words}: weights are floating-point numbers.")
        self._dtype = kind.dtype
        way, self._place, size, self._content = form.read_layout(parts[form.LAYOUT])
        ways = {form.CHUNKED: "in chunks", form.VIRTUAL: "as a view of other data"}
        elsewhere = "in another file" if form.EXTERNAL in parts else ways.get(way)
        if elsewhere or form.FILTERS in parts or way not in (form.COMPACT, form.CONTIGUOUS):
            raise ModelFileError(
                f"{name} is stored {elsewhere or 'in an unknown way'}: Keras stores weights in one piece, and nothing "
                "else is read. A file that was compressed or copied in chunks is as Keras writes it after h5repack -f "
                "NONE -l CONTI."
            )
        self._size = math.prod(self.shape) * kind.size
        is_there = self._place < file.size if way == form.CONTIGUOUS else len(self._content) >= self._size
        if size < self._size or self._size > file.size or not (is_there or not self._size):
            raise ModelFileError(
                f"{name} declares shape {self.shape}, {self._size} bytes, of which the file does not hold the numbers."
            )

    def read(self) -> NDArray[np.float32]:
        """Return the numbers.

        Raises
        ------
        ModelFileError
            If the file ends before them, or they are not all finite.
        """
        content = self._content or (self._file.at(self._place, self._size) if self._size else b"")
        numbers = np.frombuffer(content, self._dtype, math.prod(self.shape)).reshape(self.shape)
        with np.errstate(over="ignore"):
            single = numbers.astype(np.float32)
        if not np.isfinite(single).all():
            raise ModelFileError(
                f"{self.name} holds numbers that are not finite, or too large for float32: training has diverged, or "
                "the file is damaged."
            )
        return single


class StoredGroup:
    """A group of an HDF5 file. It leads to what lies in it, and nowhere else.

    Parameters
    ----------
    file : File
    messages : list of Message
        From the header of the group.
    name : str
        Where it lies, for messages; empty for the file itself.
    """

    def __init__(self, file: form.File, messages: list[form.Message], name: str) -> None:
        self.name = name
        self._file = file
        self._messages = messages
        self._found: dict[str, int | str] | None = None

    @property
    def _children(self) -> dict[str, int | str]:
        """Where each name leads: the place of an object in the file, or in words what is not followed."""
        if self._found is None:
            self._found = {}
            for message in self._messages:
                if message.kind == form.SYMBOLS:
                    self._found.update(self._file.symbols(message.data))
                elif message.kind == form.LINK:
                    self._found.update([self._file.link(message.data)])
        return self._found

    def names(self) -> list[str]:
        """Return the names of what lies in it."""
        return list(self._children)

    def get(self, path: str) -> StoredGroup | StoredArray | None:
        """Return what lies under a path, None if there is nothing.

        Raises
        ------
        ModelFileError
            If a link on the way leads elsewhere, or there is something that no file of Keras holds.
        """
        here: StoredGroup | StoredArray = self
        for depth, part in enumerate(part for part in path.split("/") if part):
            if not isinstance(here, StoredGroup) or depth >= _DEEPEST:
                return None
            place = here._children.get(part)
            if place is None:
                return None
            name = f"{here.name}/{part}".removeprefix("/")
            if isinstance(place, str):
                raise ModelFileError(
                    f"{name[:200]} is {place} to another place or file, which is not followed: Keras writes none."
                )
            messages = self._file.header(place)
            kinds = {message.kind for message in messages}
            is_group = kinds & {form.SYMBOLS, form.LINK, form.LINK_INFO}
            here = (StoredGroup if is_group else StoredArray)(self._file, messages, name[:200])
        return here

    def group(self, path: str) -> StoredGroup | None:
        """Return the group under a path, None if there is none."""
        found = self.get(path)
        return found if isinstance(found, StoredGroup) else None

    def texts(self, name: str) -> list[str] | None:
        """Return an attribute that is a text or an array of texts, None if there is none.

        Keras divides long ones into several with a number behind the name.
        """
        attributes: dict[str, tuple[Any, ...]] = {}
        for message in self._messages:
            if message.kind == form.ATTRIBUTE:
                own, *rest = self._file.attribute(message.data)
                attributes[own] = tuple(rest)
        wanted = [name] if name in attributes else []
        while not (wanted and wanted[0] == name) and f"{name}{len(wanted)}" in attributes:
            wanted.append(f"{name}{len(wanted)}")
        if not wanted:
            return None
        return [text for part in wanted for text in self._decoded(part, *attributes[part])]

    def _decoded(self, name: str, kind: form.Type, shape: tuple[int, ...], content: bytes) -> list[str]:
        if not math.prod(shape):
            return []
        place = f"The attribute {name} of {self.name or 'the file'}"
        if not kind.is_text or len(shape) > 1:
            raise ModelFileError(f"{place} is no text, but {kind.words}.")
        try:
            return [text.decode("utf-8") for text in self._file.texts(kind, shape, content)]
        except UnicodeDecodeError as error:
            raise ModelFileError(f"{place} is no text in UTF-8.") from error

    def walk(self) -> Iterator[StoredGroup]:
        """Yield this group and all within it, as deep as those of Keras go.

        Raises
        ------
        ModelFileError
            If there are more than a network has, as where groups hold one another.
        """
        waiting, n_seen = [(self, 0)], 0
        while waiting:
            group, depth = waiting.pop()
            n_seen += 1
            if n_seen > _MOST_GROUPS:
                raise ModelFileError(
                    f"The file holds more than {_MOST_GROUPS} groups, or groups that hold one another."
                )
            yield group
            if depth >= _DEEPEST:
                continue
            # The last one waiting comes first. Arrays and links are left to whoever asks for them.
            for name, place in reversed(group._children.items()):
                if isinstance(place, str):
                    continue
                messages = self._file.header(place)
                if not any(message.kind == form.LAYOUT for message in messages):
                    inner = StoredGroup(self._file, messages, f"{group.name}/{name}".removeprefix("/")[:200])
                    waiting.append((inner, depth + 1))


def open_hdf5(stream: BinaryIO, size: int) -> StoredGroup:
    """Return the outermost group of an HDF5 file, which is read from as long as the stream is open.

    Parameters
    ----------
    stream : binary file
    size : int
        Of the file, in bytes.

    Raises
    ------
    ModelFileError
        If it is no HDF5 file, or not in the form that Keras writes.
    """
    file = form.File(stream, size)
    return StoredGroup(file, file.header(file.root()), "")
