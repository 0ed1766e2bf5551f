"""Write MXNet's list format, byte for byte as MXNet 1.9.1 does.

The layout stands in `mxnet_format`; records are V2, or V3 under NumPy shape
semantics, and the context is cpu(0).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from struct import pack

import numpy as np

from d2l_rw.arrays import DTYPE_CODES, DTYPES, MAX_NDIM
from d2l_rw.mxnet_format import (
    LIST_MAGIC,
    NO_ARRAY,
    V2_MAGIC,
    V3_MAGIC,
)
from d2l_rw.sparse import CSR, RowSparse, check

CPU = 1, 0
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
    yield pack('<QQQ', LIST_MAGIC, 0, len(arrays))
    for place, array in zip(names or range(len(arrays)), arrays):
        try:
            yield from _record(array, np_shape)
        except (TypeError, ValueError) as error:
            raise type(error)(f'array {place!r}: {error}') from None
    yield pack('<Q', len(encoded))
    for name in encoded:
        yield pack('<Q', len(name)) + name


def _split(data) -> tuple[list[str], list]:
    """Return names, none for a list, and arrays."""
    if isinstance(data, Mapping):
        for name in data:
            if not isinstance(name, str):
                raise TypeError(f'name: expected a string, got {name!r}')
        return list(data), list(data.values())
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
        raise ValueError(
            f'name: expected text that UTF-8 can hold, got {name!r}'
        ) from None


def _record(array, np_shape: bool) -> Iterator[bytes | memoryview]:
    if isinstance(array, (CSR, RowSparse)):
        if np_shape:
            raise ValueError(
                'V3 records hold no sparse arrays: np_shape=False'
            )
        return _sparse(array)
    if array is None:
        ndim = NO_ARRAY if np_shape else 0
        return iter(
            [pack('<Iii', V3_MAGIC if np_shape else V2_MAGIC, 0, ndim)]
        )
    if not isinstance(array, np.ndarray):
        raise TypeError(f'expected an array, got {type(array).__name__}')
    if array.ndim > MAX_NDIM:
        raise ValueError(f'ndim: expected 0 to {MAX_NDIM}, got {array.ndim}')
    if array.ndim == 0 and not np_shape:
        raise ValueError(
            'a zero-dimensional array needs a V3 record: np_shape=True'
        )
    return _dense(array, V3_MAGIC if np_shape else V2_MAGIC)


def _dense(array: np.ndarray, magic: int) -> Iterator[bytes | memoryview]:
    yield pack(
        f'<Iii{array.ndim}qiii',
        magic,
        0,
        array.ndim,
        *array.shape,
        *CPU,
        _code(array),
    )
    yield _memory(array)


def _sparse(array: CSR | RowSparse) -> Iterator[bytes | memoryview]:
    check(array)
    storage, indices = 1, [array.indices]
    if isinstance(array, CSR):
        storage, indices = 2, [array.indptr, array.indices]
    yield pack('<Ii', V2_MAGIC, storage)
    yield _shape(array.data.shape) + _shape(array.shape)
    yield pack('<iii', *CPU, _code(array.data))
    for index in indices:
        yield pack('<i', _code(index)) + _shape(index.shape)
    yield _memory(array.data)
    yield from map(_memory, indices)


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


def _memory(array: np.ndarray) -> memoryview:
    """Return an array's bytes in C order, little-endian: its own if so."""
    if array.dtype in LITTLE_ENDIAN and array.flags.c_contiguous:
        return array.data
    dtype = DTYPES.get(array.dtype.name, array.dtype)
    array = np.asarray(array, dtype, order='C')
    return array.reshape(-1).view(np.uint8).data
