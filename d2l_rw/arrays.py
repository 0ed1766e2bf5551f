"""What a file says about an array, as data types of the field."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import numpy as np

from d2l_rw.errors import FormatError, expect

# mshadow's type flags (`3rdparty/mshadow/mshadow/base.h`); 8 to 11 exist in
# MXNet 2 only.
DTYPE_NAMES = {
    0: 'float32',
    1: 'float64',
    2: 'float16',
    3: 'uint8',
    4: 'int32',
    5: 'int8',
    6: 'int64',
    7: 'bool',
    8: 'int16',
    9: 'uint16',
    10: 'uint32',
    11: 'uint64',
    12: 'bfloat16',
}
# MXNet writes little-endian on the machines that it runs on.
DTYPES = {
    name: np.dtype(name).newbyteorder('<')
    for name in DTYPE_NAMES.values()
    if name != 'bfloat16'
}
LITTLE_ENDIAN = frozenset(DTYPES.values())
ITEM_SIZES = {name: dtype.itemsize for name, dtype in DTYPES.items()}
ITEM_SIZES['bfloat16'] = 2
MAX_NDIM = 32  # NumPy's limit before version 2
MAX_ITEMS = 2**60  # of eight bytes, what an address can reach


class ArraySpec(NamedTuple):
    """What a file's headers say about one array.

    A named tuple, because a file may hold a hundred thousand of them and a
    tuple is made several times as fast as a dataclass.

    Attributes:
        name: the array's name, or None in a list.
        dtype: the name of the dtype, as NumPy spells it; 'bfloat16' too.
        shape: the shape of the dense array.
        offset: where its data begin in the file, in bytes; of a sparse array,
            where the values of its stored items do; None of an array that
            is in no file.
        nbytes: the size of those data, in bytes.
        storage: 'dense', 'row_sparse', 'csr' or 'none', a record that holds
            no array.
        version: of the record: 0, 1, 2 or 3; None in other formats.
        context: the device it was saved from, such as 'gpu(0)', or None.
        parts: of a sparse array, the specs of the arrays that it consists
            of, under the names of the fields of `CSR` and `RowSparse`.
        file: the name of the shard that holds it; None outside of an index.

    >>> ArraySpec('weight', 'float32', (2, 3), 64, 24).storage
    'dense'
    """

    name: str | None
    dtype: str
    shape: tuple[int, ...]
    offset: int | None
    nbytes: int
    storage: str = 'dense'
    version: int | None = None
    context: str | None = None
    parts: tuple[ArraySpec, ...] = ()
    file: str | None = None

    @property
    def buffers(self) -> tuple[ArraySpec, ...]:
        """The specs of everything here that has bytes of its own."""
        return () if self.storage == 'none' else self.parts or (self,)


def dtype_of(name: str) -> np.dtype:
    """Return the NumPy dtype of a dtype's name.

    Raises:
        FormatError: for bfloat16 where ml_dtypes is not installed.
    """
    if name != 'bfloat16':
        return DTYPES[name]
    try:
        import ml_dtypes
    except ImportError:
        missing = 'bfloat16: pip install ml_dtypes'
        raise FormatError('dtype', 'one that NumPy has', missing) from None
    return np.dtype(ml_dtypes.bfloat16)


def check_shape(
    shape: tuple[int, ...], offset: int | None
) -> tuple[int, ...]:
    """Return a shape, or refuse one that no NumPy array can have."""
    ndim = len(shape)
    expect(ndim <= MAX_NDIM, 'ndim', f'0 to {MAX_NDIM}', ndim, offset)
    least = min(shape, default=1)
    expect(least >= 0, 'shape', 'no negative dimension', shape, offset)
    # NumPy counts the bytes of an array as if no dimension were 0.
    fits = least > 0 or prod(filter(None, shape)) <= MAX_ITEMS
    expect(fits, 'shape', 'one that memory can hold', shape, offset)
    return shape


def view(spec: ArraySpec, data) -> np.ndarray:
    """Return a dense array as a view of a buffer, read-only if that is."""
    return np.ndarray(spec.shape, dtype_of(spec.dtype), data, spec.offset)


def sliced(spec: ArraySpec, data) -> np.ndarray:
    """Return a dense array of a slice of data, which may be far away."""
    own = data[spec.offset : spec.offset + spec.nbytes]
    return view(spec._replace(offset=0), own)


def memory(array: np.ndarray) -> memoryview:
    """Return an array's bytes in C order, little-endian: its own if so."""
    if array.dtype in LITTLE_ENDIAN and array.flags.c_contiguous:
        return array.data
    dtype = DTYPES.get(array.dtype.name, array.dtype)
    array = np.asarray(array, dtype, order='C')
    return array.reshape(-1).view(np.uint8).data
