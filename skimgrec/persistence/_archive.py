"""A zip archive of one form only: its members lie one after another, uncompressed, and every other byte is prescribed.

Any zip program reads it. That all bytes outside the members are known in advance leaves nothing to interpret: there are
no second names, overlapping members, comments, hidden parts or compressed ones.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from skimgrec.persistence._errors import ModelFileError
from skimgrec.utils._files import check_schema
from skimgrec.utils._json import parse_json, to_json

MANIFEST, CARD, STATE = "manifest.json", "card.json", "state.json"
KIND, VERSION = "skimgrec model", 1
_NAMES = re.compile(r"arrays/[0-9]{5}\.npy")

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
# Version 2.0 of the format, made on Unix, stored, on the first day that the format knows, an ordinary file.
_NEEDED, _MADE_BY, _DAY, _MODE = 20, 3 << 8 | 20, 0x21, 0o100644 << 16
_LARGEST, _MOST_MEMBERS = 2**32 - 2, 2**16 - 2
_PIECE = 2**20
_LARGEST_JSON = 64 * 2**20


@dataclass(frozen=True)
class Member:
    """Where a member's bytes lie in the file."""

    name: str
    start: int
    size: int
    crc: int

    @property
    def header(self) -> bytes:
        name = self.name.encode("ascii")
        fields = (_NEEDED, 0, 0, 0, _DAY, self.crc, self.size, self.size, len(name), 0)
        return _LOCAL.pack(b"PK\3\4", *fields) + name

    @property
    def entry(self) -> bytes:
        """The member's entry in the directory at the end."""
        name = self.name.encode("ascii")
        before = self.start - _LOCAL.size - len(name)
        fields = (
            _MADE_BY,
            _NEEDED,
            0,
            0,
            0,
            _DAY,
            self.crc,
            self.size,
            self.size,
            len(name),
            0,
            0,
            0,
            0,
            _MODE,
            before,
        )
        return _CENTRAL.pack(b"PK\1\2", *fields) + name


def write_archive(stream: BinaryIO, members: Mapping[str, bytes]) -> None:
    """Write members in their order, behind a manifest that says what they must be.

    Raises
    ------
    ModelFileError
        If they are too many or too large.
    """
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    manifest = to_json({"schema": KIND, "schema_version": VERSION, "sha256": digests})
    everything = {MANIFEST: manifest, **members}
    size = sum(len(content) + 300 for content in everything.values())
    if size > _LARGEST or len(everything) > _MOST_MEMBERS:
        raise ModelFileError(
            f"The model has {size / 2**30:.1f} GiB in {len(everything)} parts, and a model file holds no more than "
            f"4 GiB in {_MOST_MEMBERS} parts."
        )
    place, written = 0, []
    for name, content in everything.items():
        member = Member(name, place + _LOCAL.size + len(name), len(content), zlib.crc32(content))
        stream.write(member.header)
        stream.write(content)
        place = member.start + member.size
        written.append(member)
    directory = b"".join(member.entry for member in written)
    stream.write(directory + end_of_archive(len(written), len(directory), place))


def local_header(name: str) -> bytes:
    """Return what stands before a member of that name that holds nothing."""
    return Member(name, 0, 0, 0).header


def end_of_archive(n_members: int, size: int, place: int) -> bytes:
    """Return what stands behind the directory, of a number of members and a size in bytes, which begins at a place."""
    return _END.pack(b"PK\5\6", 0, 0, n_members, n_members, size, place, 0)


class Archive:
    """The members of an archive, all of which have been found to be what the manifest says.

    Parameters
    ----------
    stream : binary file
        Stays open while the archive is used.
    only : str, default=None
        The one member that will be asked for, whose digest alone is checked.

    Raises
    ------
    ModelFileError
        If the file is of another kind, was made by a newer skimgrec, or is not whole.
    """

    def __init__(self, stream: BinaryIO, only: str | None = None) -> None:
        self._stream = stream
        digests = _read_manifest(stream)
        self.members = {member.name: member for member in read_directory(stream)}
        listed = [MANIFEST, *digests]
        if [*self.members] != listed:
            raise ModelFileError("The members of the file are not those that its manifest lists.")
        for name, digest in digests.items():
            if only is None or name == only:
                self._check(self.members[name], digest)

    def read(self, name: str) -> bytes:
        """Return the content of a member."""
        member = self.members[name]
        if not name.endswith(".npy") and member.size > _LARGEST_JSON:
            raise ModelFileError(f"{name} is too large: {member.size} bytes, where {_LARGEST_JSON} are the most.")
        self._stream.seek(member.start)
        return self._stream.read(member.size)

    def _check(self, member: Member, digest: str) -> None:
        crc, found = 0, hashlib.sha256()
        self._stream.seek(member.start)
        for piece in _pieces(self._stream, member.size):
            crc = zlib.crc32(piece, crc)
            found.update(piece)
        if crc != member.crc or found.hexdigest() != digest:
            raise ModelFileError(f"The file is damaged: {member.name} is not what was saved.")


def _pieces(stream: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        piece = stream.read(min(size, _PIECE))
        if not piece:
            return
        size -= len(piece)
        yield piece


def _read_manifest(stream: BinaryIO) -> dict[str, str]:
    """Return the digest of every other member, by name.

    The manifest comes first and tells its version, whatever form later versions give to the rest.
    """
    stream.seek(0)
    header = stream.read(_LOCAL.size)
    name = stream.read(len(MANIFEST))
    if len(header) < _LOCAL.size or not header.startswith(b"PK\3\4") or name != MANIFEST.encode():
        raise ModelFileError("This is no model file of skimgrec, or its beginning is damaged.")
    fields = _LOCAL.unpack(header)
    method, size, stored, name_size, extra = fields[3], fields[7], fields[8], fields[9], fields[10]
    if method or size != stored or size > _LARGEST_JSON or name_size != len(MANIFEST) or extra:
        raise ModelFileError("The file is damaged: its manifest cannot be found.")
    text = stream.read(size)
    if len(text) != size or zlib.crc32(text) != fields[6]:
        raise ModelFileError("The file is damaged: its manifest is not what was saved.")
    manifest: Any = parse_json(text, MANIFEST)
    try:
        check_schema(manifest, KIND, VERSION, "model")
    except ValueError as error:
        raise ModelFileError(str(error)) from None
    digests = manifest.get("sha256")
    if type(manifest["schema_version"]) is not int or manifest["schema_version"] < 1 or not isinstance(digests, dict):
        raise ModelFileError("The file is damaged: its manifest is incomplete.")
    if not {CARD, STATE} <= set(digests):
        raise ModelFileError(f"The file is damaged: {CARD} or {STATE} is missing.")
    for name, digest in digests.items():
        if not (name in (CARD, STATE) or _NAMES.fullmatch(name)):
            raise ModelFileError(f"The file is not one that skimgrec has written: it holds {name[:100]!r}.")
        if not (isinstance(digest, str) and len(digest) == 64):
            raise ModelFileError(f"The file is damaged: its manifest has no digest of {name}.")
    return digests


def read_directory(stream: BinaryIO) -> list[Member]:
    """Return the members in their order, if every byte between them is as `write_archive` writes it."""
    damaged = "The file is damaged, or changed by another program: its parts are not laid out as they were saved."
    total = stream.seek(0, 2)
    if total < _END.size:
        raise ModelFileError(damaged)
    stream.seek(total - _END.size)
    end = stream.read(_END.size)
    _, _, _, n_members, _, size, place, _ = _END.unpack(end)
    if (
        end != end_of_archive(n_members, size, place)
        or place + size + _END.size != total
        or size < n_members * _CENTRAL.size
    ):
        raise ModelFileError("The file is damaged or cut off: its directory is not where it should be.")
    if size > _MOST_MEMBERS * (_CENTRAL.size + 20):
        raise ModelFileError(damaged)
    stream.seek(place)
    directory = stream.read(size)
    members: list[Member] = []
    at = expected = 0
    for _ in range(n_members):
        fields = _CENTRAL.unpack_from(directory, at) if at + _CENTRAL.size <= size else None
        if fields is None or fields[10] > 40:
            raise ModelFileError(damaged)
        name = directory[at + _CENTRAL.size : at + _CENTRAL.size + fields[10]]
        if not name.isascii():
            raise ModelFileError(damaged)
        member = Member(name.decode("ascii"), expected + _LOCAL.size + len(name), fields[8], fields[7])
        if directory[at : at + _CENTRAL.size + len(name)] != member.entry:
            raise ModelFileError(damaged)
        at += _CENTRAL.size + len(name)
        stream.seek(expected)
        if member.start + member.size > place or stream.read(len(member.header)) != member.header:
            raise ModelFileError(damaged)
        expected = member.start + member.size
        members.append(member)
    if at != size or expected != place or len({member.name for member in members}) != len(members):
        raise ModelFileError(damaged)
    return members
