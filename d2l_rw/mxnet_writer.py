"""Write MXNet's list format, byte for byte as MXNet 1.9.1 does.

The layout stands in `mxnet_format`; records are V2, or V3 under NumPy shape
semantics, and the context is cpu(0).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from struct import pack

import numpy as np

from d2l_rw.arrays import DTYPE_NAMES, DTYPES, MAX_NDIM, memory
from d2l_rw.mxnet_format import (
    AUXILIARY,
    LIST_MAGIC,
    NO_ARRAY,
    V2_MAGIC,
    V3_MAGIC,
)
from d2l_rw.sparse import CSR, RowSparse, check

CPU = 1, 0
DTYPE_CODES = {name: code for code, name in DTYPE_NAMES.items()}
LITTLE_ENDIAN = {dtype: DTYPE_CODES[name] for name, dtype in DTYPES.items()}


def pieces(data, *, np_shape: bool) -> Iterator[bytes | memoryview]:
    """Yield the bytes of a list file: headers, and the arrays' own memory.

    Args:
        data: an array, a sequence of arrays or a mapping from strings to
            arrays; an array is a NumPy array, `CSR`, `RowSparse` or None.
        np_shape: write V3 records, which can hold zero-dimensional arrays.

    Raises:
        TypeError: for other data.
        ValueError: for an array that the format cannot hold.
    """
    names, arrays = _split(data)
    encoded = [_utf8(name) for name in names]
    yield pack('<QQQ', LIST_MAGIC, 0, len(names or arrays))
    for place, array in zip(names or range(len(arrays)), arrays):
        try:
            yield from _record(array, np_shape)
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f'array {place!r}: {error}') from None
    yield pack('<Q', len(encoded))
    for name in encoded:
        yield pack('<Q', len(name)) + name


def _split(data) -> tuple[list[str], Iterable]:
    """Return names, none for a list, and arrays.

    A mapping is asked for one array at a time, when it is written.
    """
    if isinstance(data, Mapping):
        for name in data:
            if not isinstance(name, str):
                raise TypeError(f'name: expected a string, got {name!r}')
        return list(data), data.values()
    if isinstance(data, (np.ndarray, CSR, RowSparse)):
        return [], [data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return [], list(data)
    raise TypeError(
        'data: expected an array, a sequence or a mapping from strings to '
        f'arrays, got {type(data).__name__}'
    )


def _utf8(name: str) -> bytes:
    try:
        return name.encode('utf-8')
    except UnicodeEncodeError:
        problem = f'name: expected text that UTF-8 can hold, got {name!r}'
        raise ValueError(problem) from None


def _record(array, np_shape: bool) -> Iterator[bytes | memoryview]:
    magic, version = (V3_MAGIC, 3) if np_shape else (V2_MAGIC, 2)
    if array is None:
        yield pack('<Iii', magic, 0, NO_ARRAY[version])
        return
    storage = _storage(array, np_shape)
    values = array.data if storage else array
    auxiliary = [getattr(array, name) for name in AUXILIARY[storage]]
    header = pack('<Ii', magic, storage)
    if storage:
        header += _shape(values.shape)
    header += _shape(array.shape) + pack('<iii', *CPU, _code(values))
    for indices in auxiliary:
        header += pack('<i', _code(indices)) + _shape(indices.shape)
    yield header
    yield memory(values)
    yield from map(memory, auxiliary)


def _storage(array, np_shape: bool) -> int:
    """Return the code of an array's storage, if a record can hold it."""
    if isinstance(array, np.ndarray):
        if not np_shape and array.ndim == 0:
            problem = 'a zero-dimensional array needs a V3 record'
            raise ValueError(f'{problem}: np_shape=True')
        if array.ndim > MAX_NDIM:
            problem = f'ndim: expected 0 to {MAX_NDIM}, got {array.ndim}'
            raise ValueError(problem)
        return 0
    if not isinstance(array, (CSR, RowSparse)):
        raise TypeError(f'expected an array, got {type(array).__name__}')
    if np_shape:
        raise ValueError('V3 records hold no sparse arrays: np_shape=False')
    check(array)
    return 2 if isinstance(array, CSR) else 1


def _shape(shape: tuple[int, ...]) -> bytes:
    return pack(f'<i{len(shape)}q', len(shape), *shape)


def _code(array: np.ndarray) -> int:
    code = LITTLE_ENDIAN.get(array.dtype)
    if code is None:
        # A dtype's name takes NumPy longer than all the rest of a record.
        code = DTYPE_CODES.get(array.dtype.name)
    if code is None:
        raise TypeError(f'dtype: MXNet has none like {array.dtype}')
    return code
