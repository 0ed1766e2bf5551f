"""Sparse arrays, with the names of their fields as in SciPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from d2l_rw.errors import expect

INDEX_DTYPES = 'int64', 'int32'


@dataclass(frozen=True)
class CSR:
    """A matrix in compressed sparse rows.

    Row i holds `data[indptr[i]:indptr[i + 1]]` in the columns
    `indices[indptr[i]:indptr[i + 1]]`, and zeros elsewhere, as in SciPy.

    Attributes:
        data: the stored values, of shape (nnz,).
        indices: their columns, of shape (nnz,).
        indptr: where each row begins, of shape (rows + 1,).
        shape: (rows, columns) of the dense matrix.

    >>> matrix = CSR(
    ...     np.array([5, 6]), np.array([1, 0]), np.array([0, 1, 2]), (2, 2)
    ... )
    >>> matrix.to_dense()
    array([[0, 5],
           [6, 0]])
    """

    data: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray
    shape: tuple[int, int]

    def to_dense(self) -> np.ndarray:
        """Return the dense matrix, a new array of `shape`."""
        dense = np.zeros(self.shape, self.data.dtype)
        rows = np.repeat(np.arange(self.shape[0]), np.diff(self.indptr))
        dense[rows, self.indices] = self.data
        return dense


@dataclass(frozen=True)
class RowSparse:
    """An array of which only some rows are stored.

    Attributes:
        data: the stored rows, of shape `(stored, *shape[1:])`.
        indices: their places, of shape (stored,), strictly increasing.
        shape: the shape of the dense array.

    >>> RowSparse(np.array([[5, 6]]), np.array([1]), (3, 2)).to_dense()
    array([[0, 0],
           [5, 6],
           [0, 0]])
    """

    data: np.ndarray
    indices: np.ndarray
    shape: tuple[int, ...]

    def to_dense(self) -> np.ndarray:
        """Return the dense array, a new array of `shape`."""
        dense = np.zeros(self.shape, self.data.dtype)
        dense[self.indices] = self.data
        return dense


def parts(array: np.ndarray | CSR | RowSparse | None) -> list[np.ndarray]:
    """Return all of an array that has bytes: the values first, then indices.

    Of None, a record without an array, this is nothing.
    """
    if isinstance(array, (CSR, RowSparse)):
        return [part for name, part in vars(array).items() if name != 'shape']
    return [] if array is None else [array]


def check(array: CSR | RowSparse) -> None:
    """Refuse parts that do not make an array of this shape.

    Raises:
        FormatError: naming the part, what was expected, what was found.
    """
    data, indices, shape = array.data, array.indices, array.shape
    sizes = all(isinstance(n, int) and 0 <= n < 2**63 for n in shape)
    expect(sizes, 'shape', 'integers from 0 to 2**63 - 1', shape)
    parts = {k: v for k, v in vars(array).items() if k != 'shape'}
    for part, items in parts.items():
        expect(isinstance(items, np.ndarray), part, 'an array', repr(items))
        if part != 'data':
            known = items.dtype.name in INDEX_DTYPES
            expect(known, part, ' or '.join(INDEX_DTYPES), items.dtype)
            expect(items.ndim == 1, part, 'one dimension', items.shape)
    if isinstance(array, CSR):
        expect(len(shape) == 2, 'shape', 'two dimensions', shape)
        _check_indptr(array.indptr, shape[0], data.size)
        stored, stop = (indices.size,), shape[1]
    else:
        expect(len(shape) > 0, 'shape', 'a dimension', shape)
        _check_order('indices', indices, np.less)
        stored, stop = (indices.size, *shape[1:]), shape[0]
    expect(data.shape == stored, 'data', f'shape {stored}', data.shape)
    ends = (int(indices.min()), int(indices.max())) if indices.size else ()
    fits = not ends or (ends[0] >= 0 and ends[1] < stop)
    expect(fits, 'indices', f'0 to {stop - 1}', ends)


def _check_indptr(indptr: np.ndarray, rows: int, stored: int) -> None:
    fits = indptr.size == rows + 1
    expect(fits, 'indptr', f'shape {(rows + 1,)}', indptr.shape)
    ends = int(indptr[0]), int(indptr[-1])
    expect(ends == (0, stored), 'indptr', f'0 first, {stored} last', ends)
    _check_order('indptr', indptr, np.less_equal)


def _check_order(part: str, items: np.ndarray, ordered: np.ufunc) -> None:
    """Refuse the first item that does not follow the one before it."""
    wrong = np.flatnonzero(~ordered(items[:-1], items[1:]))
    if wrong.size:
        pair = items[wrong[0] : wrong[0] + 2].tolist()
        expect(False, part, 'an ascending order', pair)
