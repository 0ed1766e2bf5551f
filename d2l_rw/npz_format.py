"""Zip files of NumPy arrays: what MXNet 2 writes, and `np.savez`.

    file     a zip of stored (not compressed) members NAME.npy
    member   b'\\x93NUMPY', u8 version (1 or 2), u8 0, u16 (2: u32) size of
             the header, header, data; all little-endian
    header   {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }

A sparse array is a group of members NAME/data.npy, indices.npy, shape.npy,
format.npy and, for CSR, indptr.npy.  The header of format.npy is malformed;
what it would say follows from the others.

Source: NumPy, `numpy/lib/format.py`; MXNet 2, `src/serialization/cnpy.cc`.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from math import prod

from d2l_rw.arrays import (
    DTYPES,
    ITEM_SIZES,
    ArraySpec,
    check_shape,
    view,
)
from d2l_rw.cursor import Cursor
from d2l_rw.errors import FormatError

LOCAL_HEADER = struct.Struct('<4s22xHH')
NPY_START = struct.Struct('<6sBB')
HEADER_SIZES = {1: struct.Struct('<H'), 2: struct.Struct('<I')}
HEADER = re.compile(
    rb"\{'descr': (.+), 'fortran_order': (True|False), "
    rb"'shape': \(((?:[0-9]{1,20}, ?)*(?:[0-9]{1,20})?)\), \}\s*"
)
DESCRIPTORS = {repr(d.str).encode(): name for name, d in DTYPES.items()}
# MXNet 2 wrote bfloat16 in two ways.
DESCRIPTORS[b"'<b2'"] = 'bfloat16'
DESCRIPTORS[b"[('bfloat16', '<u2')]"] = 'bfloat16'
SPARSE = {
    frozenset({'data', 'indices', 'shape', 'format'}): 'row_sparse',
    frozenset({'data', 'indices', 'indptr', 'shape', 'format'}): 'csr',
}
PARTS = 'data', 'indices', 'indptr'
MAX_INT64 = 2**63 - 1


def parse(data) -> list[ArraySpec]:
    """Read the directory and the headers without touching the arrays.

    Args:
        data: the bytes of the whole file: bytes, a memoryview of bytes or a
            mapping.

    Returns:
        The specs in the order of the directory.

    Raises:
        FormatError: if the file is not a zip of arrays, or compressed.
    """
    members = _members(data if hasattr(data, 'seek') else io.BytesIO(data))
    groups: dict[str, set[str]] = {}
    for name in members:
        group, _, part = name.rpartition('/')
        groups.setdefault(group, set()).add(part)
    storages = {
        group: SPARSE[frozenset(parts)]
        for group, parts in groups.items()
        if frozenset(parts) in SPARSE
    }
    arrays = _arrays(Cursor(data), members, storages)
    specs = []
    for name in members:
        group, _, part = name.rpartition('/')
        if group not in storages:
            specs.append(arrays[name])
        elif part == 'data':
            specs.append(_sparse(data, group, storages[group], arrays))
    return specs


def _arrays(
    cursor: Cursor, members: dict[str, tuple[int, int]], storages: dict
) -> dict[str, ArraySpec]:
    """Read the members' headers, in the order of the file.

    Members that share bytes are refused: the time to read them, and the
    memory to copy them, would not be bounded by the file's size.
    """
    arrays, end = {}, 0
    for name, (offset, size) in sorted(members.items(), key=lambda m: m[1]):
        group, _, part = name.rpartition('/')
        if 0 <= offset < end:
            raise FormatError(
                'member: expected bytes of its own, got those of another one',
                array=name,
                offset=offset,
            )
        if group not in storages or part != 'format':
            arrays[name] = _array(cursor, name, offset, size)
            end = cursor.offset
    return arrays


def _members(file) -> dict[str, tuple[int, int]]:
    """Return where each member begins, and its size, by its array's name."""
    try:
        entries = zipfile.ZipFile(file).infolist()
    except zipfile.BadZipFile as error:
        raise FormatError(f'zip: {error}') from None
    # What `zipfile` lets through for damaged directories.
    except (ValueError, struct.error, NotImplementedError, EOFError) as error:
        raise FormatError(f'zip: expected a directory, got {error}') from None
    members: dict[str, tuple[int, int]] = {}
    for entry in entries:
        name = entry.filename
        if not name.endswith('.npy'):
            raise FormatError(
                f'zip: expected members NAME.npy, got {name!r}: '
                f'{_other_zip(entries)}'
            )
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise FormatError(
                'zip: expected a stored member, got a compressed one: read '
                'it with numpy.load, write it again with numpy.savez',
                array=name[:-4],
            )
        if name[:-4] in members:
            raise FormatError('zip: expected the name once', array=name[:-4])
        members[name[:-4]] = entry.header_offset, entry.file_size
    return members


def _other_zip(entries: list[zipfile.ZipInfo]) -> str:
    names = [entry.filename for entry in entries]
    if any(name.endswith(('/data.pkl', 'data.pkl')) for name in names):
        return 'a file of PyTorch: open it there, with weights_only=True'
    return 'not a zip of NumPy arrays'


def _array(cursor: Cursor, name: str, offset: int, size: int) -> ArraySpec:
    """Read the headers of a member and pass over its data."""
    try:
        begin = _local_header(cursor, offset)
        dtype, shape = _npy_header(cursor)
        nbytes = prod(shape) * ITEM_SIZES[dtype]
        start = cursor.skip(nbytes, 'data')
        if cursor.offset - begin != size:
            raise FormatError(
                f'data: expected {size - (start - begin)} bytes in the '
                f'member, got {nbytes}',
                offset=start,
            )
    except FormatError as error:
        error.array = name
        raise
    return ArraySpec(name, dtype, shape, start, nbytes)


def _local_header(cursor: Cursor, offset: int) -> int:
    """Pass over a member's own header; return where its contents begin."""
    cursor.seek(offset, 'member')
    magic, name_size, extra_size = cursor.unpack(LOCAL_HEADER, 'member')
    if magic != b'PK\x03\x04':
        raise FormatError(
            f'member: expected a local header, got {magic!r}', offset=offset
        )
    cursor.skip(name_size + extra_size, 'name of the member')
    return cursor.offset


def _npy_header(cursor: Cursor) -> tuple[str, tuple[int, ...]]:
    """Read the header of NumPy's format: dtype and shape."""
    magic, version, _ = cursor.unpack(NPY_START, 'start of the array')
    if magic != b'\x93NUMPY' or version not in HEADER_SIZES:
        raise FormatError(
            f'array: expected NUMPY 1 or 2, got {magic!r} {version}',
            offset=cursor.offset - NPY_START.size,
        )
    (size,) = cursor.unpack(HEADER_SIZES[version], 'size of the header')
    offset = cursor.offset
    header = HEADER.fullmatch(cursor.take(size, 'header'))
    if header is None:
        raise FormatError('header: expected that of an array', offset=offset)
    return _dtype_shape(header, offset)


def _dtype_shape(
    header: re.Match, offset: int
) -> tuple[str, tuple[int, ...]]:
    descriptor, fortran, dims = header.groups()
    dtype = DESCRIPTORS.get(descriptor)
    if dtype is None or fortran == b'True':
        found = ascii(descriptor[:40].decode('latin1'))[1:-1]
        order = ' in Fortran order' if fortran == b'True' else ''
        raise FormatError(
            f"dtype: expected one of MXNet's in C order, got {found}{order}",
            offset=offset,
        )
    shape = tuple(int(dim) for dim in dims.split(b',') if dim.strip())
    return dtype, check_shape(shape, offset)


def _sparse(data, group: str, storage: str, arrays: dict) -> ArraySpec:
    """Put the members of a sparse array together."""
    dims = arrays[f'{group}/shape']
    if dims.dtype != 'int64' or len(dims.shape) != 1:
        raise FormatError(
            f'shape: expected int64 of ndim 1, got {dims.dtype} of shape '
            f'{dims.shape}',
            array=group,
            offset=dims.offset,
        )
    try:
        shape = check_shape(tuple(view(dims, data).tolist()), dims.offset)
    except FormatError as error:
        error.array = group
        raise
    parts = tuple(
        arrays[f'{group}/{part}']._replace(name=part)
        for part in PARTS
        if f'{group}/{part}' in arrays
    )
    dtype, start, nbytes = parts[0].dtype, parts[0].offset, parts[0].nbytes
    return ArraySpec(group, dtype, shape, start, nbytes, storage, parts=parts)
