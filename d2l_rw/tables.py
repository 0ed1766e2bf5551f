"""Tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from unicodedata import east_asian_width

from d2l_rw.errors import printable

GAP = '  '


def table(
    rows: Iterable[Sequence], columns: Sequence[str], *, right: str = ''
) -> str:
    """Return rows of cells as lines of text, under a head and a rule.

    Args:
        rows: as many cells each as there are columns; what a terminal would
            obey is escaped.
        columns: the head.
        right: the column whose cells stand at the right, as numbers do.

    >>> print(table([('weight', 24), ('b', 8)], ('name', 'bytes')))
    name    bytes
    ------  -----
    weight  24
    b       8
    """
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    cells.insert(0, list(columns))
    widths = [max(map(_width, column)) for column in zip(*cells)]
    cells.insert(1, ['-' * width for width in widths])
    lines = []
    for row in cells:
        padded = []
        for cell, width, column in zip(row, widths, columns):
            space = ' ' * (width - _width(cell))
            padded.append(space + cell if column == right else cell + space)
        lines.append(GAP.join(padded).rstrip())
    return '\n'.join(lines)


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return len(text) + sum(east_asian_width(char) in 'FW' for char in text)
