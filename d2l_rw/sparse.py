"""Sparse arrays, with the names of their fields as in SciPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

INDEX_DTYPES = 'int64', 'int32'
EMPTY = np.empty(0)


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


def check(array: CSR | RowSparse) -> None:
    """Refuse parts that do not make an array of this shape.

    Raises:
        TypeError, ValueError: naming the part, what was expected, what was
            found.
    """
    for name in ('data', 'indices', 'indptr'):
        part = getattr(array, name, EMPTY)
        if not isinstance(part, np.ndarray):
            raise TypeError(f'{name}: expected an array, got {part!r}')
    fits = all(isinstance(n, int) and 0 <= n < 2**63 for n in array.shape)
    _expect('shape', 'integers from 0 to 2**63 - 1', array.shape, fits)
    if isinstance(array, CSR):
        _check_csr(array)
        indices, stop = array.indices, array.shape[1]
    else:
        _check_row_sparse(array)
        indices, stop = array.indices, array.shape[0]
    if indices.size:
        ends = int(indices.min()), int(indices.max())
        fits = ends[0] >= 0 and ends[1] < stop
        _expect('indices', f'0 to {stop - 1}', ends, fits)


def _check_csr(array: CSR) -> None:
    shape, indptr, stored = array.shape, array.indptr, array.data.size
    _expect('shape', 'two dimensions', shape, len(shape) == 2)
    _expect_index('indptr', indptr)
    _expect_index('indices', array.indices)
    sizes = {'data': stored, 'indices': stored, 'indptr': shape[0] + 1}
    for name, size in sizes.items():
        found = getattr(array, name).shape
        _expect(name, f'shape {(size,)}', found, found == (size,))
    ends = int(indptr[0]), int(indptr[-1])
    _expect('indptr', f'0 first, {stored} last', ends, ends == (0, stored))
    _expect_order('indptr', indptr, np.less_equal)


def _check_row_sparse(array: RowSparse) -> None:
    data, indices = array.data, array.indices
    _expect('shape', 'a dimension', array.shape, len(array.shape) > 0)
    _expect_index('indices', indices)
    expected = (indices.size, *array.shape[1:])
    _expect('data', f'shape {expected}', data.shape, data.shape == expected)
    _expect_order('indices', indices, np.less)


def _expect(what: str, expected: str, got: object, holds: bool) -> None:
    if not holds:
        raise ValueError(f'{what}: expected {expected}, got {got}')


def _expect_index(what: str, items: np.ndarray) -> None:
    """Refuse what MXNet has no index of."""
    fits = items.dtype.name in INDEX_DTYPES
    _expect(what, ' or '.join(INDEX_DTYPES), items.dtype, fits)
    _expect(what, 'one dimension', items.shape, items.ndim == 1)


def _expect_order(what: str, items: np.ndarray, ordered: np.ufunc) -> None:
    """Refuse the first item that does not follow the one before it."""
    wrong = np.flatnonzero(~ordered(items[:-1], items[1:]))
    if wrong.size:
        pair = items[wrong[0] : wrong[0] + 2].tolist()
        _expect(what, 'an ascending order', pair, False)
