"""MXNet's list format: `nd.save`, `save_parameters`, `.params`.

Everything is little-endian and nothing is padded.

    file     u64 0x112, u64 0, u64 count, records, u64 names, names
    name     u64 length, UTF-8 without a terminator; no names: a list
    record   V0  (no magic)      u32 ndim, ndim x u32, context, dtype, data
             V1  u32 0xF993FAC8, shape, context, dtype, data
             V2  u32 0xF993FAC9, i32 storage, [shape of storage], shape,
                 context, dtype, [i32 dtype, shape of each auxiliary array],
                 data, [data of each auxiliary array]
             V3  u32 0xF993FACA, as V2, storage 0 only
    shape    i32 ndim, ndim x i64
    context  i32 device type, i32 device number
    dtype    i32, see `arrays.DTYPE_NAMES`
    storage  0 dense, 1 row-sparse (auxiliary: indices), 2 CSR (auxiliary:
             indptr, indices); the brackets stand in 1 and 2 only

A record without an array ends after its shape: V0 to V2 with ndim 0, V3 with
ndim -1 or a dimension of -1.  In V3, ndim 0 is one element.

Source: MXNet 1.9.1, `src/ndarray/ndarray.cc` (`NDArray::Save`, `Load`,
`LegacyLoad`), `include/mxnet/tuple.h`, `include/mxnet/base.h`.  MXNet checks
less: it passes over a reserved field that is not 0, bytes after the end,
repeated names and sparse indices, which are refused here.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from math import prod

from d2l_rw.arrays import (
    DTYPE_NAMES,
    ITEM_SIZES,
    MAX_NDIM,
    ArraySpec,
    check_shape,
)
from d2l_rw.cursor import Cursor
from d2l_rw.errors import FormatError

LIST_MAGIC = 0x112
V1_MAGIC, V2_MAGIC, V3_MAGIC = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
VERSIONS = {V1_MAGIC: 1, V2_MAGIC: 2, V3_MAGIC: 3}
STORAGES = {0: 'dense', 1: 'row_sparse', 2: 'csr'}
# The fields of `CSR` and `RowSparse`, in the order of the file.
PARTS = {1: ('data', 'indices'), 2: ('data', 'indptr', 'indices')}
DEVICES = {1: 'cpu', 2: 'gpu', 3: 'cpu_pinned', 5: 'cpu_shared'}

START = struct.Struct('<QQQ')
U64 = struct.Struct('<Q')
U32 = struct.Struct('<I')
I32 = struct.Struct('<i')
DIMS = [struct.Struct(f'<{ndim}q') for ndim in range(MAX_NDIM + 1)]
OLD_DIMS = [struct.Struct(f'<{ndim}I') for ndim in range(MAX_NDIM + 1)]
# Shape, context, dtype at once: the common case, a dense record of V2.
DIMS_CONTEXT_DTYPE = [
    struct.Struct(f'<{ndim}qiii') for ndim in range(MAX_NDIM + 1)
]
CONTEXT_DTYPE = DIMS_CONTEXT_DTYPE[0]
START_OF_RECORD = struct.Struct('<Iii')
NO_ARRAY = -1
# The fields of an `ArraySpec` but for the name, which the file holds last.
Fields = tuple
NO_ARRAY_FIELDS = [
    ('none', (), 0, 0, 'none', version, None, ()) for version in range(4)
]


def parse(data) -> tuple[list[ArraySpec], bool]:
    """Walk the headers of a file without touching the arrays.

    Args:
        data: the bytes of the whole file: bytes, a memoryview of bytes or a
            mapping.

    Returns:
        The specs in the order of the file, and whether they have names.

    Raises:
        FormatError: if the bytes are not a list file, to the last one.
    """
    cursor = Cursor(data)
    magic, reserved, count = cursor.unpack(START, 'start of the file')
    if magic != LIST_MAGIC:
        raise FormatError(
            f'magic: expected {LIST_MAGIC:#x}, got {magic:#x}', offset=0
        )
    if reserved != 0:
        raise FormatError(f'reserved: expected 0, got {reserved}', offset=8)
    # The shortest record, of V0 without an array, has four bytes.
    if count > cursor.left // 4:
        raise FormatError(
            f'count: expected at most {cursor.left // 4} arrays in '
            f'{cursor.left} bytes, got {count}',
            offset=16,
        )
    records = _records(cursor, count)
    names = _names(cursor, count)
    if cursor.left:
        raise FormatError(
            f'end: expected no more bytes, got {cursor.left}',
            offset=cursor.offset,
        )
    specs = [
        ArraySpec(name, *fields)
        for name, fields in zip(names or [None] * count, records)
    ]
    return specs, bool(names)


def _records(cursor: Cursor, count: int) -> list[Fields]:
    """Walk the records; an error says which array it is about."""
    records: list[Fields] = []
    try:
        for _ in range(count):
            records.append(_record(cursor))
    except FormatError as error:
        error.array = f'array {len(records)}'
        raise
    return records


def _names(cursor: Cursor, count: int) -> list[str]:
    """Read the names that stand after the records: none, or `count`."""
    offset = cursor.offset
    (name_count,) = cursor.unpack(U64, 'name count')
    if name_count not in (0, count):
        raise FormatError(
            f'name count: expected 0 or {count}, got {name_count}',
            offset=offset,
        )
    names: dict[str, None] = {}
    for _ in range(name_count):
        offset = cursor.offset
        (length,) = cursor.unpack(U64, 'length of a name')
        name = _utf8(cursor.take(length, 'name'), offset + 8)
        if name in names:
            raise FormatError(
                f'name: expected it once, got {name!r} again', offset=offset
            )
        names[name] = None
    return list(names)


def _utf8(data: bytes, offset: int) -> str:
    try:
        return data.decode('utf-8')
    except UnicodeDecodeError as error:
        raise FormatError(
            f'name: expected UTF-8, got {data[error.start : error.end]!r}',
            offset=offset + error.start,
        ) from None


def _record(cursor: Cursor) -> Fields:
    """Read one record's headers and pass over its data."""
    # Twelve bytes are always there: the names' count, which follows the last
    # record, has eight, and the shortest record has four.
    magic, storage, ndim = cursor.unpack(START_OF_RECORD, 'record')
    version = VERSIONS.get(magic, 0)
    if version < 2:
        cursor.offset -= 8
        return _legacy(cursor, version, magic)
    if storage != 0:
        cursor.offset -= 4
        return _sparse(cursor, version, storage)
    if ndim == (0 if version == 2 else NO_ARRAY):
        return NO_ARRAY_FIELDS[version]
    offset = _check_ndim(cursor, ndim)
    if version == 2:
        shape = cursor.unpack(DIMS_CONTEXT_DTYPE[ndim], 'shape to dtype')
        return _data(cursor, version, offset, shape[:-3], shape[-3:])
    shape = cursor.unpack(DIMS[ndim], 'shape')
    if NO_ARRAY in shape:
        return NO_ARRAY_FIELDS[version]
    context_dtype = cursor.unpack(CONTEXT_DTYPE, 'context, dtype')
    return _data(cursor, version, offset, shape, context_dtype)


def _legacy(cursor: Cursor, version: int, ndim: int) -> Fields:
    """Read a record of V0 or V1 from behind its magic.

    In V0, the number that stands in the magic's place is the ndim.
    """
    if version == 1:
        (ndim,) = cursor.unpack(I32, 'ndim')
    if ndim == 0:
        return NO_ARRAY_FIELDS[version]
    offset = _check_ndim(cursor, ndim)
    dims = OLD_DIMS if version == 0 else DIMS
    shape = cursor.unpack(dims[ndim], 'shape')
    context_dtype = cursor.unpack(CONTEXT_DTYPE, 'context, dtype')
    return _data(cursor, version, offset, shape, context_dtype)


def _data(
    cursor: Cursor,
    version: int,
    offset: int,
    shape: tuple[int, ...],
    context_dtype: tuple[int, int, int],
) -> Fields:
    """Pass over the data of a dense record whose headers were read."""
    if not shape or min(shape) <= 0:
        check_shape(shape, offset)
    device, number, code = context_dtype
    dtype = _dtype(code, cursor)
    nbytes = prod(shape) * ITEM_SIZES[dtype]
    start = cursor.skip(nbytes, 'data')
    context = _context(device, number)
    return dtype, shape, start, nbytes, 'dense', version, context, ()


def _sparse(cursor: Cursor, version: int, storage: int) -> Fields:
    """Read a row-sparse or CSR record from behind its storage.

    Whether its parts fit each other is checked when they are loaded.
    """
    offset = cursor.offset - 4
    if storage not in PARTS or version != 2:
        allowed = '0 to 2' if version == 2 else '0 in V3'
        raise FormatError(
            f'storage: expected {allowed}, got {storage}', offset=offset
        )
    stored, shape = _shape(cursor), _shape(cursor)
    if not shape:
        return NO_ARRAY_FIELDS[version]
    device, number, code = cursor.unpack(CONTEXT_DTYPE, 'context, dtype')
    headers = [(_dtype(code, cursor), stored)]
    for name in PARTS[storage][1:]:
        (code,) = cursor.unpack(I32, f'dtype of {name}')
        headers.append((_dtype(code, cursor), _shape(cursor)))
    parts = tuple(
        _part(cursor, name, *header)
        for name, header in zip(PARTS[storage], headers)
    )
    dtype, context = parts[0].dtype, _context(device, number)
    start, nbytes = parts[0].offset, parts[0].nbytes
    kind = STORAGES[storage]
    return dtype, shape, start, nbytes, kind, version, context, parts


def _part(
    cursor: Cursor, name: str, dtype: str, shape: tuple[int, ...]
) -> ArraySpec:
    """Pass over one of the arrays that a sparse one consists of."""
    nbytes = prod(shape) * ITEM_SIZES[dtype]
    return ArraySpec(name, dtype, shape, cursor.skip(nbytes, name), nbytes)


def _shape(cursor: Cursor) -> tuple[int, ...]:
    (ndim,) = cursor.unpack(I32, 'ndim')
    offset = _check_ndim(cursor, ndim)
    shape = cursor.unpack(DIMS[ndim], 'shape')
    return check_shape(shape, offset)


def _check_ndim(cursor: Cursor, ndim: int) -> int:
    """Return where the dimensions begin, after the ndim just read."""
    if not 0 <= ndim <= MAX_NDIM:
        raise FormatError(
            f'ndim: expected 0 to {MAX_NDIM}, got {ndim}',
            offset=cursor.offset - 4,
        )
    return cursor.offset


def _dtype(code: int, cursor: Cursor) -> str:
    """Return the name of the dtype whose code was just read."""
    name = DTYPE_NAMES.get(code)
    if name is None:
        raise FormatError(
            f'dtype: expected a code from 0 to {max(DTYPE_NAMES)}, '
            f'got {code}',
            offset=cursor.offset - 4,
        )
    return name


@lru_cache(maxsize=64)
def _context(device: int, number: int) -> str:
    return f'{DEVICES.get(device, f"device type {device}")}({number})'
