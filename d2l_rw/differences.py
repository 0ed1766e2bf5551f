"""The differences of two files: names, shapes, values."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from d2l_rw import files
from d2l_rw.arrays import ArraySpec
from d2l_rw.comparison import compare
from d2l_rw.errors import printable
from d2l_rw.expectation import DTYPE, EXTRA, MATCH, MISSING, Row, words
from d2l_rw.serialization import by_name, load
from d2l_rw.sparse import CSR, RowSparse, parts
from d2l_rw.tables import table

SAME, VALUES, INDICES = 'same', 'values', 'indices'
# What a comparison calls the names that one file alone has.
ALONE = {EXTRA: 'left only', MISSING: 'right only'}
BLOCK = 2**19  # items compared at once
COLUMNS = 'name', 'status', 'left', 'right', 'largest', 'relative', 'first'


class Difference(NamedTuple):
    """How the arrays of one name differ.

    Attributes:
        name: the array's name or, in a list, its place.
        status: 'same', 'values', 'dtype', 'shape', 'storage', 'indices' (of
            sparse arrays that store other places), 'left only', 'right only'.
        left: what the left file says of it, or None.
        right: what the right file says of it, or None.
        largest: the largest absolute difference, computed in float64; None
            where values cannot be compared.  A NaN differs from a number by
            infinity, and not from another NaN.
        relative: the largest difference relative to the larger of the two
            magnitudes; None as above.
        first: the index of the first item that differs, or None.
    """

    name: str
    status: str
    left: ArraySpec | None
    right: ArraySpec | None
    largest: float | None = None
    relative: float | None = None
    first: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Differences:
    """How two files differ, array by array; printed, a table.

    Attributes:
        left: the path of the first file.
        right: the path of the second file.
        rows: one for each name of the right file, then one for each that the
            left one alone has.

    >>> Differences('a.params', 'b.npz', ()).same
    True
    """

    left: str
    right: str
    rows: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether names, shapes, dtypes and values are the same."""
        return all(row.status == SAME for row in self.rows)

    def __str__(self) -> str:
        statuses = [row.status for row in self.rows]
        counts = [f'{statuses.count(s)} {s}' for s in dict.fromkeys(statuses)]
        files = printable(f'{self.left}, {self.right}')
        title = f'{files}: {", ".join(counts) or "no arrays"}'
        other = [_cells(row) for row in self.rows if row.status != SAME]
        return '\n'.join([title, table(other, COLUMNS)] if other else [title])


def diff(
    left: str | os.PathLike,
    right: str | os.PathLike,
    *,
    advance: Callable[[int], object] = lambda nbytes: None,
) -> Differences:
    """Compare two files of any format, to the last value.

    Arrays of one shape are compared by value even if their dtypes differ.
    Memory does not grow with the files.

    Args:
        left: a file that `load` reads; one far away is downloaded.
        right: another one.
        advance: called with numbers of bytes of the right file, compared.

    Raises:
        FormatError: if a file is damaged.
        OSError: if a file cannot be read.

    >>> import tempfile
    >>> from d2l_rw import save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     a, b = [os.path.join(folder, name) for name in 'ab']
    ...     save(a, {'w': np.array([1.0, 2.0])})
    ...     save(b, {'w': np.array([1.0, 2.5])})
    ...     row = diff(a, b).rows[0]
    >>> row.status, row.largest, row.relative, row.first
    ('values', 0.5, 0.2, (1,))
    """
    with files.to_read(left) as a, files.to_read(right) as b:
        pair, rows = [by_name(load(path)) for path in (a, b)], []
        for row in compare(a, b).rows:
            rows.append(
                _difference(row, *[arrays.get(row.name) for arrays in pair])
            )
            advance(row.expected.nbytes if row.expected else 0)
    return Differences(os.fsdecode(left), os.fsdecode(right), tuple(rows))


def _difference(row: Row, left, right) -> Difference:
    status = ALONE.get(row.status, row.status)
    other = Difference(row.name, status, row.found, row.expected)
    if status not in (MATCH, DTYPE):
        return other
    # A record without an array has no values that could differ.
    stored, others = [parts(a) or [np.zeros(0)] for a in (left, right)]
    if not all(map(np.array_equal, stored[1:], others[1:])):
        return other._replace(status=INDICES)
    largest, relative, place = _compare(stored[0], others[0])
    if status == MATCH:
        status = SAME if place is None else VALUES
    first = None if place is None else _index(left, place)
    return Difference(
        row.name, status, row.found, row.expected, largest, relative, first
    )


def _compare(
    left: np.ndarray, right: np.ndarray
) -> tuple[float, float, int | None]:
    """Return the largest differences, and the place of the first one."""
    left, right = left.reshape(-1), right.reshape(-1)
    largest, relative, first = 0.0, 0.0, None
    for start in range(0, left.size, BLOCK):
        a, b = left[start : start + BLOCK], right[start : start + BLOCK]
        # A NaN alone is not equal to itself.
        places = np.flatnonzero((a != b) & ((a == a) | (b == b)))
        if not places.size:
            continue
        if first is None:
            first = start + int(places[0])
        found = _magnitudes(a[places], b[places])
        largest, relative = max(largest, found[0]), max(relative, found[1])
    return largest, relative, first


def _magnitudes(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Return the largest absolute and relative difference of values."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(invalid='ignore', over='ignore', divide='ignore'):
        difference = np.abs(a - b)
        relative = difference / np.maximum(np.abs(a), np.abs(b))
    # Of a NaN and a number, or of infinity and a number.
    difference[np.isnan(difference)] = np.inf
    relative[np.isnan(relative)] = np.inf
    return float(difference.max()), float(relative.max())


def _index(array, place: int) -> tuple[int, ...]:
    """Return the index in an array of the place of a stored value."""
    if isinstance(array, CSR):
        row = np.searchsorted(array.indptr, place, 'right') - 1
        return int(row), int(array.indices[place])
    if isinstance(array, RowSparse):
        stored, *rest = np.unravel_index(place, array.data.shape)
        return (int(array.indices[stored]), *map(int, rest))
    return tuple(map(int, np.unravel_index(place, array.shape)))


def _cells(row: Difference) -> tuple[str, ...]:
    numbers = [
        '' if number is None else f'{number:.3g}'
        for number in (row.largest, row.relative)
    ]
    forms = [words(spec) if spec else '' for spec in (row.left, row.right)]
    first = '' if row.first is None else str(row.first)
    return row.name, row.status, *forms, *numbers, first
