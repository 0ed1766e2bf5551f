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
from d2l_rw.errors import FormatError, expect

LIST_MAGIC = 0x112
V1_MAGIC, V2_MAGIC, V3_MAGIC = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
VERSIONS = {V1_MAGIC: 1, V2_MAGIC: 2, V3_MAGIC: 3}
# By version: the ndim of a record that holds no array.
NO_ARRAY = {0: 0, 1: 0, 2: 0, 3: -1}
STORAGES = {0: 'dense', 1: 'row_sparse', 2: 'csr'}
# By storage: the arrays beside the values, in the order of the file.
AUXILIARY = {0: (), 1: ('indices',), 2: ('indptr', 'indices')}
DEVICES = {1: 'cpu', 2: 'gpu', 3: 'cpu_pinned', 5: 'cpu_shared'}

START = struct.Struct('<QQQ')
U64, U32, I32 = struct.Struct('<Q'), struct.Struct('<I'), struct.Struct('<i')
NDIMS = range(MAX_NDIM + 1)
DIMS = [struct.Struct(f'<{ndim}q') for ndim in NDIMS]
V0_DIMS = [struct.Struct(f'<{ndim}I') for ndim in NDIMS]
CONTEXT_DTYPE = struct.Struct('<iii')
MAGIC_STORAGE_NDIM = struct.Struct('<Iii')


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
    expect(magic == LIST_MAGIC, 'magic', hex(LIST_MAGIC), hex(magic), 0)
    expect(reserved == 0, 'reserved', 0, reserved, 8)
    # The shortest record, of V0 without an array, has four bytes.
    most = cursor.left // 4
    expect(count <= most, 'count', f'at most {most}', count, 16)
    records: list[tuple] = []
    try:
        for _ in range(count):
            records.append(_record(cursor))
    except FormatError as error:
        error.array = f'array {len(records)}'
        raise
    names = _names(cursor, count)
    left = cursor.left
    expect(left == 0, 'end', 'no more bytes', left, cursor.offset)
    pairs = zip(names or [None] * count, records)
    specs = [ArraySpec(name, *record) for name, record in pairs]
    return specs, bool(names)


def _names(cursor: Cursor, count: int) -> list[str]:
    """Read the names that stand after the records: none, or `count`."""
    offset = cursor.offset
    (found,) = cursor.unpack(U64, 'name count')
    expect(found in (0, count), 'name count', f'0 or {count}', found, offset)
    names: dict[str, None] = {}
    for _ in range(found):
        offset = cursor.offset
        (length,) = cursor.unpack(U64, 'length of a name')
        name = _utf8(cursor.take(length, 'name'), offset + U64.size)
        if name in names:
            raise FormatError('name', 'it once', f'{name!r} again', offset)
        names[name] = None
    return list(names)


def _utf8(data: bytes, offset: int) -> str:
    try:
        return data.decode('utf-8')
    except UnicodeDecodeError as error:
        wrong = data[error.start : error.end]
        at = offset + error.start
        raise FormatError('name', 'UTF-8', repr(wrong), at) from None


def _record(cursor: Cursor) -> tuple:
    """Read one record's headers and pass over its data.

    Returns:
        The fields of an `ArraySpec` but for the name, which comes later.
    """
    # So many bytes are always there: the names' count follows the records.
    magic, storage, ndim = cursor.unpack(MAGIC_STORAGE_NDIM, 'record')
    if magic != V2_MAGIC or storage != 0 or not 0 < ndim <= MAX_NDIM:
        version = VERSIONS.get(magic, 0)
        cursor.offset -= 8 if version else 12
        return _any_record(cursor, version)
    # A dense array of V2, as most are.
    offset = cursor.offset
    header = cursor.take(8 * ndim + CONTEXT_DTYPE.size, 'shape to dtype')
    try:
        dtype, shape, nbytes, context = _decoded(header)
    except FormatError as error:
        error.offset += offset
        raise
    start = cursor.skip(nbytes, 'data')
    return dtype, shape, start, nbytes, 'dense', 2, context, ()


@lru_cache(maxsize=1024)
def _decoded(header: bytes) -> tuple[str, tuple[int, ...], int, str]:
    """Decode what stands between ndim and data: dtype, shape, size, context.

    Models repeat their shapes, so that most headers are known already.
    """
    cursor = Cursor(header)
    ndim = (len(header) - CONTEXT_DTYPE.size) // 8
    shape = check_shape(cursor.unpack(DIMS[ndim], 'shape'), 0)
    *context, code = cursor.unpack(CONTEXT_DTYPE, 'context, dtype')
    dtype = _dtype(code, cursor)
    return dtype, shape, prod(shape) * ITEM_SIZES[dtype], _context(*context)


def _any_record(cursor: Cursor, version: int) -> tuple:
    """Read a record of any kind from behind its magic, which V0 lacks."""
    storage = _storage(cursor, version) if version >= 2 else 0
    stored = (_shape(cursor, 2) or ()) if storage else None
    shape = _shape(cursor, version)
    if shape is None:
        return 'none', (), 0, 0, 'none', version, None, ()
    *context, code = cursor.unpack(CONTEXT_DTYPE, 'context, dtype')
    dtype, headers = _dtype(code, cursor), []
    for name in AUXILIARY[storage]:
        (code,) = cursor.unpack(I32, f'dtype of {name}')
        headers.append((name, _dtype(code, cursor), _shape(cursor, 2) or ()))
    if storage and prod(stored) == 0:
        stored = _stored(storage, shape, headers[-1][2])
        check_shape(stored, cursor.offset)
    values = _part(cursor, 'data', dtype, stored if storage else shape)
    parts = (values, *[_part(cursor, *header) for header in headers])
    buffer, kind = (values.offset, values.nbytes), STORAGES[storage]
    context, parts = _context(*context), parts if storage else ()
    return dtype, shape, *buffer, kind, version, context, parts


def _stored(storage: int, shape: tuple, indices: tuple) -> tuple[int, ...]:
    """Return the shape of a sparse array's values, from its indices'.

    MXNet does so where it wrote 0, as it may for an array still in the making
    (`NDArray::Save` waits for the values only after their shape).
    """
    return indices if storage == 2 else (prod(indices), *shape[1:])


def _part(
    cursor: Cursor, name: str, dtype: str, shape: tuple[int, ...]
) -> ArraySpec:
    """Pass over the bytes of one of the arrays that a record consists of."""
    nbytes = prod(shape) * ITEM_SIZES[dtype]
    return ArraySpec(name, dtype, shape, cursor.skip(nbytes, name), nbytes)


def _storage(cursor: Cursor, version: int) -> int:
    (storage,) = cursor.unpack(I32, 'storage')
    known = storage in STORAGES if version == 2 else storage == 0
    allowed = '0 to 2' if version == 2 else '0 in V3'
    expect(known, 'storage', allowed, storage, cursor.offset - I32.size)
    return storage


def _shape(cursor: Cursor, version: int) -> tuple[int, ...] | None:
    """Read a shape; None is that of a record without an array."""
    (ndim,) = cursor.unpack(I32 if version else U32, 'ndim')
    if ndim == NO_ARRAY[version]:
        return None
    offset = cursor.offset
    known = 0 <= ndim <= MAX_NDIM
    expect(known, 'ndim', f'0 to {MAX_NDIM}', ndim, offset - I32.size)
    shape = cursor.unpack((DIMS if version else V0_DIMS)[ndim], 'shape')
    if version == 3 and -1 in shape:
        return None
    return check_shape(shape, offset)


def _dtype(code: int, cursor: Cursor) -> str:
    """Return the name of the dtype whose code was just read."""
    name = DTYPE_NAMES.get(code)
    if name is None:
        known, offset = f'a code from 0 to {max(DTYPE_NAMES)}', cursor.offset
        raise FormatError('dtype', known, code, offset - I32.size)
    return name


def _context(device: int, number: int) -> str:
    return f'{DEVICES.get(device, f"device type {device}")}({number})'
