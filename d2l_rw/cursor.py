"""Bounds-checked reading of bytes: the only place that reads them."""

from __future__ import annotations

import struct

from d2l_rw.errors import FormatError


class Cursor:
    """A position in a buffer that never leaves it.

    Attributes:
        data: the buffer, one byte an item (bytes, memoryview, mmap).
        size: its size in bytes.
        offset: the next byte to be read, at most `size`.
    """

    __slots__ = ('data', 'offset', 'size')

    def __init__(self, data) -> None:
        self.data = data
        self.size = len(data)
        self.offset = 0

    @property
    def left(self) -> int:
        """The number of bytes not read yet."""
        return self.size - self.offset

    def unpack(self, layout: struct.Struct, what: str) -> tuple:
        """Read the fields of a layout; `what` names them in an error."""
        offset = self.offset
        end = offset + layout.size
        if end > self.size:
            raise self.cut(what, layout.size)
        self.offset = end
        return layout.unpack_from(self.data, offset)

    def seek(self, offset: int, what: str) -> None:
        """Go to a place that the file itself names."""
        if not 0 <= offset <= self.size:
            raise FormatError(
                f'{what}: expected a place from 0 to {self.size}, '
                f'got {offset}'
            )
        self.offset = offset

    def take(self, nbytes: int, what: str) -> bytes:
        """Read `nbytes` bytes into an object of their own."""
        offset = self.skip(nbytes, what)
        return bytes(self.data[offset : self.offset])

    def skip(self, nbytes: int, what: str) -> int:
        """Pass over `nbytes` bytes and return where they begin."""
        offset = self.offset
        end = offset + nbytes
        if end > self.size:
            raise self.cut(what, nbytes)
        self.offset = end
        return offset

    def cut(self, what: str, nbytes: int) -> FormatError:
        """Return the error for a read that would leave the buffer."""
        return FormatError(
            f'{what}: expected {nbytes} bytes, got {self.left}',
            offset=self.offset,
        )
