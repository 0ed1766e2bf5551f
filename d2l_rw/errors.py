"""The error for file contents that are not what they should be."""

from __future__ import annotations


def printable(text: str) -> str:
    """Escape what a terminal would obey: names may come from a file."""
    return ''.join(
        letter if letter.isprintable() else ascii(letter)[1:-1]
        for letter in text
    )


class FormatError(ValueError):
    """Report bad contents of a file: where, what was expected and found.

    Attributes:
        problem: what was expected and what was found.
        file: the file's name, or None for bytes.
        array: the name of the array or, before names are known, its place
            ('array 3'), or None for the file as a whole.
        offset: the byte of the file, or None.

    >>> print(FormatError('ndim: expected 0 to 32, got -1', offset=24))
    ndim: expected 0 to 32, got -1 (at byte 24)
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        array: str | None = None,
        offset: int | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.file = file
        self.array = array
        self.offset = offset

    def __str__(self) -> str:
        places = [printable(p) for p in (self.file, self.array) if p]
        byte = '' if self.offset is None else f' (at byte {self.offset})'
        return ': '.join([*places, self.problem]) + byte
