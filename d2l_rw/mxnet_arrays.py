"""Arrays of MXNet as those of NumPy and `RowSparse`, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from d2l_rw._mxnet import mxnet
from d2l_rw.sparse import RowSparse

NDArray = mxnet.nd.NDArray


class Arrays(Mapping):
    """Arrays of MXNet by name, as NumPy arrays made when they are needed."""

    def __init__(self, arrays: dict[str, NDArray]) -> None:
        self.arrays = arrays

    def __getitem__(self, name: str) -> np.ndarray | RowSparse:
        return to_numpy(self.arrays[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)


def to_numpy(array: NDArray) -> np.ndarray | RowSparse:
    """Return a copy of an array without MXNet."""
    if array.stype == 'default':
        return array.asnumpy()
    if array.stype != 'row_sparse':
        raise TypeError(f'expected dense or row_sparse, got {array.stype}')
    return RowSparse(
        array.data.asnumpy(), array.indices.asnumpy(), array.shape
    )


def to_mxnet(array: np.ndarray | RowSparse, context) -> NDArray:
    """Return a copy of an array on a device."""
    if isinstance(array, RowSparse):
        parts = array.data, array.indices
        return mxnet.nd.sparse.row_sparse_array(
            parts, array.shape, ctx=context, dtype=array.data.dtype
        )
    new = mxnet.nd.empty(array.shape, ctx=context, dtype=array.dtype)
    # What `new[:] = array` comes to, in a third of the time.
    new._sync_copyfrom(array)
    return new


def form(array) -> tuple[str, np.dtype, tuple[int, ...]]:
    """Return the storage, the dtype and the shape of an array."""
    if isinstance(array, RowSparse):
        return 'row_sparse', array.data.dtype, array.shape
    storage = array.stype if isinstance(array, NDArray) else 'default'
    return storage, np.dtype(array.dtype), array.shape
