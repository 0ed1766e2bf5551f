"""Bounds-checked reading of bytes: the only place that reads them."""

from __future__ import annotations

import struct

from d2l_rw.errors import FormatError, expect


class Cursor:
    """A position in a buffer that never leaves it.

    Attributes:
        data: the buffer, one byte an item (bytes, memoryview, mmap), or
            what else has a length and slices of bytes: a file far away.
        size: its size in bytes.
        offset: the next byte to be read, at most `size`.
    """

    __slots__ = ('data', 'offset', 'size')

    def __init__(self, data) -> None:
        self.data, self.size, self.offset = data, len(data), 0

    @property
    def left(self) -> int:
        """The number of bytes not read yet."""
        return self.size - self.offset

    def unpack(self, layout: struct.Struct, what: str) -> tuple:
        """Read the fields of a layout; `what` names them in an error."""
        # As `skip` does: a call less is felt for ten thousands of headers.
        offset = self.offset
        end = offset + layout.size
        if end > self.size:
            self.skip(layout.size, what)
        self.offset = end
        return layout.unpack(self.data[offset:end])

    def take(self, nbytes: int, what: str) -> bytes:
        """Read `nbytes` bytes into an object of their own."""
        offset = self.skip(nbytes, what)
        return bytes(self.data[offset : self.offset])

    def skip(self, nbytes: int, what: str) -> int:
        """Pass over `nbytes` bytes and return where they begin."""
        offset = self.offset
        end = offset + nbytes
        if end > self.size:
            raise FormatError(what, f'{nbytes} bytes', self.left, offset)
        self.offset = end
        return offset

    def seek(self, offset: int, what: str) -> None:
        """Go to a place that the file itself names."""
        fits = 0 <= offset <= self.size
        expect(fits, what, f'a place from 0 to {self.size}', offset)
        self.offset = offset
