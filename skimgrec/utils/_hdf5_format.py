"""The part of the HDF5 format that Keras's files are written in, read without the HDF5 library.

The library is written for files of every kind, and believes what it finds: a small file that was made up to harm can
make it take gigabytes, or keep it for ever. Here every place and length is held against the size of the file, and what
may refer to one thing many times has a limit.

The format is the one that all versions of h5py write unless they are told otherwise: superblock 0, object headers 1,
groups in B-trees. See "HDF5 File Format Specification Version 3.0" of The HDF Group.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from skimgrec.utils._model_file_error import ModelFileError

UNDEFINED = 2**64 - 1
# Limits for a whole file: entries of groups, bytes of texts, and bytes of the headers that describe objects.
_MOST_ENTRIES, _MOST_TEXT, _MOST_HEADERS = 100_000, 2**26, 2**26
_LONGEST_NAME, _MOST_AXES, _MOST_LEVELS = 1024, 8, 16

# Kinds of messages in the header of an object.
DATASPACE, LINK_INFO, DATATYPE, LINK, EXTERNAL, LAYOUT, FILTERS = 0x01, 0x02, 0x03, 0x06, 0x07, 0x08, 0x0B
ATTRIBUTE, CONTINUATION, SYMBOLS = 0x0C, 0x10, 0x11
COMPACT, CONTIGUOUS, CHUNKED, VIRTUAL = range(4)
# Of IEEE's numbers by size: bits, then where exponent and fraction lie and how long they are, and the bias.
_IEEE = {2: (0, 16, 10, 5, 0, 10, 15), 4: (0, 32, 23, 8, 0, 23, 127), 8: (0, 64, 52, 11, 0, 52, 1023)}


class Damage(ModelFileError):
    """A place in a file that holds something else than it has to."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The file is damaged, or not as Keras writes it: {what}.")


@dataclass(frozen=True)
class Message:
    """A piece of what the header of an object says."""

    kind: int
    data: bytes


@dataclass(frozen=True)
class Type:
    """What one element is: a number of NumPy's, or a text of fixed or varying length.

    Parameters
    ----------
    words : str
        What it is, for messages.
    size : int
        In bytes.
    dtype : dtype or None
        Of a number.
    is_text, is_varying : bool
    """

    words: str
    size: int
    dtype: np.dtype[Any] | None = None
    is_text: bool = False
    is_varying: bool = False


@dataclass
class File:
    """An HDF5 file, of which places are asked for.

    Parameters
    ----------
    stream : binary file
    size : int
        In bytes.
    """

    stream: BinaryIO
    size: int
    _entries: int = 0
    _text: int = 0
    _headers: int = 0
    _collections: dict[int, dict[int, tuple[int, int]]] = field(default_factory=dict)

    def at(self, place: int, length: int) -> bytes:
        """Return bytes from a place, all of which the file has."""
        if not (0 <= place <= self.size and 0 <= length <= self.size - place):
            raise Damage(f"it is shorter than {place + length} bytes")
        self.stream.seek(place)
        content = self.stream.read(length)
        if len(content) != length:
            raise Damage("it ends too early")
        return content

    def root(self) -> int:
        """Return the place of the outermost group."""
        if self.size < 96 or not self.at(0, 9).startswith(b"\x89HDF\r\n\x1a\n"):
            raise ModelFileError("It is no HDF5 file, or its beginning is damaged.")
        version, widths = self.at(8, 1)[0], self.at(13, 2)
        if version != 0 or widths != b"\x08\x08":
            raise ModelFileError(
                f"It is an HDF5 file with superblock {version}, and Keras writes superblock 0. Load it with Keras, and "
                "save it again."
            )
        base, root = *struct.unpack("<Q", self.at(24, 8)), *struct.unpack("<Q", self.at(64, 8))
        if base:
            raise Damage("its places are counted from elsewhere")
        return root

    def header(self, place: int) -> list[Message]:
        """Return the messages of an object."""
        version, _, count, _, length = struct.unpack("<BBHII", self.at(place, 12))
        if version != 1:
            raise Damage(f"the object at {place} has a header of another version")
        messages: list[Message] = []
        blocks, seen = [(place + 16, length)], set()
        while blocks:
            start, length = blocks.pop(0)
            self._headers += length
            if start in seen or self._headers > _MOST_HEADERS:
                raise Damage(f"the header of the object at {place} goes on for ever")
            seen.add(start)
            block, at = self.at(start, length), 0
            while at + 8 <= length and len(messages) < count:
                kind, size, flags = struct.unpack_from("<HHB", block, at)
                data = block[at + 8 : at + 8 + size]
                if len(data) != size:
                    raise Damage(f"a message of the object at {place} is cut off")
                if flags & 2 and kind in (DATASPACE, DATATYPE, ATTRIBUTE):
                    raise Damage(f"the object at {place} shares what it is with others")
                messages.append(Message(kind, data))
                if kind == CONTINUATION:
                    blocks.append(_unpacked("<QQ", data))
                at += 8 + size
        return messages

    def symbols(self, data: bytes) -> Iterator[tuple[str, int | str]]:
        """Yield the names in a group of the old kind: each with the place of its object, or what else it leads to."""
        tree, heap = _unpacked("<QQ", data)
        beginning = self.at(heap, 32)
        if not beginning.startswith(b"HEAP\0"):
            raise Damage(f"there are no names at {heap}")
        n_names, _, names = struct.unpack_from("<QQQ", beginning, 8)
        for node in self._leaves(tree, None, 0):
            signature, version, _, count = struct.unpack("<4sBBH", self.at(node, 8))
            if (signature, version) != (b"SNOD", 1):
                raise Damage(f"there are no entries of a group at {node}")
            self._count(count)
            entries = self.at(node + 8, 40 * count)
            for number in range(count):
                offset, place, cache = struct.unpack_from("<QQI", entries, 40 * number)
                if offset >= n_names:
                    raise Damage("a name lies outside the names")
                yield self._name(names + offset, n_names - offset), "a soft link" if cache == 2 else place

    def _leaves(self, place: int, level: int | None, depth: int) -> Iterator[int]:
        """Yield the places of a B-tree's leaves. Every level has its number, so that none leads back."""
        signature, kind, own, count = struct.unpack("<4sBBH", self.at(place, 8))
        if (signature, kind) != (b"TREE", 0) or own != (own if level is None else level) or depth > _MOST_LEVELS:
            raise Damage(f"there is no group at {place}")
        self._count(count)
        children = self.at(place + 24, 16 * count + 8)
        for number in range(count):
            (child,) = struct.unpack_from("<Q", children, 16 * number + 8)
            if own:
                yield from self._leaves(child, own - 1, depth + 1)
            else:
                yield child

    def link(self, data: bytes) -> tuple[str, int | str]:
        """Return the name in a message of a group of the new kind, and where it leads."""
        try:
            version, flags, at, kind = data[0], data[1], 2, 0
            if flags & 8:
                kind, at = data[at], at + 1
            at += 8 * bool(flags & 4) + bool(flags & 16)
            width = 1 << (flags & 3)
            length, at = int.from_bytes(data[at : at + width], "little"), at + width
            name = _text(data[at : at + min(length, _LONGEST_NAME)])
            (place,) = struct.unpack_from("<Q", data, at + length) if kind == 0 else (0,)
        except (IndexError, struct.error):
            version = 0
        if version != 1:
            raise Damage("it has an entry of a group that is none")
        self._count(1)
        return name, {1: "a soft link", 64: "an external link"}.get(
            kind, "a link of an unknown kind"
        ) if kind else place

    def attribute(self, data: bytes) -> tuple[str, Type, tuple[int, ...], bytes]:
        """Return name, type, shape and content of an attribute."""
        version, flags, *lengths = _unpacked("<BBHHH", data[:8])
        if version not in (1, 2, 3) or (version > 1 and flags):
            raise Damage("an attribute is of another version")
        at, parts = 9 if version == 3 else 8, []
        for length in lengths:
            parts.append(data[at : at + length])
            at += -(-length // 8) * 8 if version == 1 else length
        name, kind, space = parts
        return _text(name.partition(b"\0")[0]), read_type(kind), read_shape(space), data[at:]

    def texts(self, kind: Type, shape: tuple[int, ...], content: bytes) -> list[bytes]:
        """Return the texts that an attribute holds."""
        count = math.prod(shape)
        if count * kind.size > len(content):
            raise Damage("an attribute is cut off")
        parts = [content[kind.size * number : kind.size * (number + 1)] for number in range(count)]
        if kind.is_varying:
            return [self._varying(part) for part in parts]
        return [part.rstrip(b"\0 ") for part in parts]

    def _varying(self, reference: bytes) -> bytes:
        length, collection, number = struct.unpack("<IQI", reference)
        if collection in (0, UNDEFINED) or not length:
            return b""
        if collection not in self._collections:
            self._collections[collection] = self._collection(collection)
        place, longest = self._collections[collection].get(number, (0, 0))
        self._text += length
        if length > longest or self._text > _MOST_TEXT:
            raise Damage("a text is longer than what the file has of it, or all of them than a network needs")
        return self.at(place, length)

    def _collection(self, place: int) -> dict[int, tuple[int, int]]:
        """Return where the texts of a collection lie, and how long they may be."""
        signature, _, length = struct.unpack("<4sIQ", self.at(place, 16))
        self._headers += length
        if signature != b"GCOL" or not 16 <= length <= self.size - place or self._headers > _MOST_HEADERS:
            raise Damage(f"there are no texts at {place}")
        content, at, found = self.at(place, length), 16, {}
        while at + 16 <= length:
            number, _, _, size = struct.unpack_from("<HHIQ", content, at)
            # The entry numbered 0 is what is left, and counts its own head.
            step = 16 + -(-size // 8) * 8 if number else size
            if step < 16:
                raise Damage(f"the texts at {place} cannot be told apart")
            if number:
                found[number] = (place + at + 16, min(size, length - at - 16))
            at += step
        return found

    def _name(self, place: int, longest: int) -> str:
        content = self.at(place, min(longest, _LONGEST_NAME, self.size - place) if place < self.size else 1)
        name, end, _ = content.partition(b"\0")
        if not end:
            raise Damage("a name has no end")
        return _text(name)

    def _count(self, entries: int) -> None:
        self._entries += entries
        if self._entries > _MOST_ENTRIES:
            raise ModelFileError("The file holds more groups than a network has, or groups that hold one another.")


def read_type(data: bytes) -> Type:
    """Return what a datatype message says an element is."""
    first, bits, size = data[:1], int.from_bytes(data[1:4], "little"), int.from_bytes(data[4:8], "little")
    if len(data) < 8 or first[0] >> 4 not in (1, 2, 3):
        raise Damage("a type of numbers is unknown")
    kind = first[0] & 15
    if kind == 1 and size in _IEEE and len(data) >= 20:
        # Sign on top, and a leading 1 that is not stored.
        plain = bits & ~1 == (8 * size - 1) << 8 | 0x20
        if plain and struct.unpack_from("<HHBBBBI", data, 8) == _IEEE[size]:
            return Type(f"float{8 * size}", size, np.dtype(f"{'>' if bits & 1 else '<'}f{size}"))
    if kind == 0 and size in (1, 2, 4, 8) and struct.pack("<HH", 0, 8 * size) == data[8:12]:
        return Type("whole numbers", size, np.dtype(f"{'>' if bits & 1 else '<'}{'i' if bits & 8 else 'u'}{size}"))
    if kind == 3:
        return Type("text", size, is_text=True)
    if kind == 9 and bits & 15 == 1 and size == 16:
        return Type("text of varying length", size, is_text=True, is_varying=True)
    words = {
        0: "whole numbers of another kind",
        1: "other floating-point numbers",
        3: "text",
        5: "bytes",
        6: "records",
    }
    return Type(words.get(kind, "something else than numbers"), size)


def read_shape(data: bytes) -> tuple[int, ...]:
    """Return the shape that a dataspace message says."""
    version, n_axes, _ = _unpacked("<BBB", data[:3])
    start = {1: 8, 2: 4}.get(version)
    if start is None or n_axes > _MOST_AXES:
        raise Damage("the shape of an array is unknown")
    if version == 2 and data[3:4] == b"\x02":
        return (0,)
    return _unpacked(f"<{n_axes}Q", data[start : start + 8 * n_axes])


def read_layout(data: bytes) -> tuple[int, int, int, bytes]:
    """Return how the numbers of an array are stored: the way, the place, the number of bytes, and they themselves."""
    version, way = _unpacked("<BB", data[:2])
    if version not in (3, 4):
        raise Damage("an array is stored in an unknown way")
    if way == CONTIGUOUS:
        place, size = _unpacked("<QQ", data[2:18])
        return way, place, size, b""
    if way == COMPACT:
        (size,) = _unpacked("<H", data[2:4])
        return way, UNDEFINED, size, data[4 : 4 + size]
    return way, UNDEFINED, 0, b""


def _unpacked(form: str, data: bytes) -> tuple[Any, ...]:
    try:
        return struct.unpack_from(form, data)
    except struct.error:
        raise Damage("what it says of an object is cut off") from None


def _text(name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        raise Damage("a name is no text") from None
