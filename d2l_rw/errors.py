"""The error for file contents that are not what they should be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 200  # characters of a file's contents in a message


class FormatError(ValueError):
    """Report bad contents of a file: where, what was expected and found.

    Attributes:
        what: the part of the file, 'ndim' for instance.
        expected: what it should have been.
        got: what it is.
        offset: the byte of the file where it stands, or None.
        file: the file's name, or None for bytes.
        array: the name of the array or, before names are known, its place
            ('array 3'), or None for the file as a whole.

    >>> print(FormatError('ndim', '0 to 32', -1, 24))
    ndim: expected 0 to 32, got -1 (at byte 24)
    """

    file: str | None = None
    array: str | None = None

    def __init__(self, what: str, expected, got, offset=None) -> None:
        super().__init__(what, expected, got, offset)
        self.what, self.expected, self.got = what, expected, got
        self.offset = offset

    def __str__(self) -> str:
        places = [printable(p) for p in (self.file, self.array) if p]
        got = str(self.got)
        if len(got) > LONGEST:
            got = f'{got[:LONGEST]}…'
        problem = f'{self.what}: expected {self.expected}, got {got}'
        byte = '' if self.offset is None else f' (at byte {self.offset})'
        return ': '.join([*places, problem]) + byte


def expect(holds: bool, what: str, expected, got, offset=None) -> None:
    """Raise a FormatError unless a condition holds."""
    if not holds:
        raise FormatError(what, expected, got, offset)


@contextmanager
def naming(**names: str | None) -> Iterator[None]:
    """Add the name of the `file` or the `array` to the errors within."""
    try:
        yield
    except FormatError as error:
        vars(error).update(names)
        raise


def in_one_line(error: BaseException) -> str:
    """Return what an error says, without the line breaks in it.

    >>> in_one_line(FileNotFoundError(2, 'No such file', 'mlp.params'))
    'mlp.params: No such file'
    """
    if isinstance(error, OSError) and error.filename is not None:
        return f'{error.filename}: {error.strerror}'
    return ' '.join(str(error).split()) or type(error).__name__


def printable(text: str) -> str:
    """Escape what a terminal would obey: names may come from a file."""
    return ''.join(
        letter if letter.isprintable() else ascii(letter)[1:-1]
        for letter in text
    )
