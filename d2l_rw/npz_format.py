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

from d2l_rw.arrays import DTYPES, ITEM_SIZES, ArraySpec, check_shape, sliced
from d2l_rw.cursor import Cursor
from d2l_rw.errors import FormatError, expect, naming

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
# The members of a sparse array that are its parts, by storage.
SPARSE = {
    'row_sparse': ('data', 'indices'),
    'csr': ('data', 'indices', 'indptr'),
}
EMPTY_ZIP = 22  # bytes
COMPRESSED = (
    'a compressed one: read it with numpy.load, write it again with '
    'numpy.savez'
)


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
    # `zipfile` seeks before the start of an empty zip, which in a mapping is
    # another error than in a file.
    mapped = hasattr(data, 'seek') and len(data) > EMPTY_ZIP
    members = _members(data if mapped else io.BytesIO(data[:]))
    storages = _storages(members)
    arrays = _arrays(Cursor(data), members, storages)
    specs = []
    for name in members:
        group, _, part = name.rpartition('/')
        if group not in storages:
            specs.append(arrays[name])
        elif part == 'data':
            with naming(array=group):
                storage = storages[group]
                specs.append(_sparse(data, group, storage, arrays))
    return specs


def _members(file) -> dict[str, tuple[int, int]]:
    """Return where each member begins, and its size, by its array's name."""
    try:
        entries = zipfile.ZipFile(file).infolist()
    # BadZipFile, and what `zipfile` lets through for damaged directories.
    except (
        zipfile.BadZipFile,
        ValueError,
        struct.error,
        NotImplementedError,
        EOFError,
    ) as error:
        raise FormatError('zip', 'a directory', error) from None
    members: dict[str, tuple[int, int]] = {}
    for entry in entries:
        name = entry.filename
        if not name.endswith('.npy'):
            found = f'{name!r}: {_other_zip(entries)}'
            raise FormatError('zip', 'members NAME.npy', found)
        with naming(array=name[:-4]):
            stored = entry.compress_type == zipfile.ZIP_STORED
            plain = stored and not entry.flag_bits & 1
            expect(plain, 'zip', 'a stored member', COMPRESSED)
            once = name[:-4] not in members
            expect(once, 'zip', 'the name once', 'it again')
        members[name[:-4]] = entry.header_offset, entry.file_size
    return members


def _other_zip(entries: list[zipfile.ZipInfo]) -> str:
    if any(entry.filename.endswith('data.pkl') for entry in entries):
        return 'a file of PyTorch: open it there, with weights_only=True'
    return 'not a zip of NumPy arrays'


def _storages(names) -> dict[str, str]:
    """Return the storage of each group of members that is an array."""
    groups: dict[str, set[str]] = {}
    for name in names:
        group, _, part = name.rpartition('/')
        groups.setdefault(group, set()).add(part)
    return {
        group: storage
        for group, found in groups.items()
        for storage, parts in SPARSE.items()
        if found == {*parts, 'shape', 'format'}
    }


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
        with naming(array=name):
            own = not 0 <= offset < end
            expect(own, 'member', 'bytes of its own', 'shared ones', offset)
            if part != 'format' or group not in storages:
                arrays[name] = _array(cursor, name, offset, size)
                end = cursor.offset
    return arrays


def _array(cursor: Cursor, name: str, offset: int, size: int) -> ArraySpec:
    """Read the headers of a member and pass over its data."""
    cursor.seek(offset, 'member')
    magic, name_size, extra_size = cursor.unpack(LOCAL_HEADER, 'member')
    expect(magic == b'PK\x03\x04', 'member', 'a local header', magic, offset)
    cursor.skip(name_size + extra_size, 'name of the member')
    begin = cursor.offset
    dtype, shape = _npy_header(cursor)
    nbytes = prod(shape) * ITEM_SIZES[dtype]
    start = cursor.skip(nbytes, 'data')
    fits = cursor.offset - begin == size
    there = f'{size - (start - begin)} bytes in the member'
    expect(fits, 'data', there, nbytes, start)
    return ArraySpec(name, dtype, shape, start, nbytes)


def _npy_header(cursor: Cursor) -> tuple[str, tuple[int, ...]]:
    """Read the header of NumPy's format: dtype and shape."""
    offset = cursor.offset
    magic, version, _ = cursor.unpack(NPY_START, 'start of the array')
    known = magic == b'\x93NUMPY' and version in HEADER_SIZES
    expect(known, 'array', 'NUMPY 1 or 2', f'{magic!r} {version}', offset)
    (size,) = cursor.unpack(HEADER_SIZES[version], 'size of the header')
    offset = cursor.offset
    text = cursor.take(size, 'header')
    header = HEADER.fullmatch(text)
    if header is None:
        raise FormatError('header', 'that of an array', text[:40], offset)
    descriptor, fortran, dims = header.groups()
    dtype = DESCRIPTORS.get(descriptor)
    if dtype is None or fortran == b'True':
        order = ' in Fortran order' if fortran == b'True' else ''
        found = ascii(descriptor[:40].decode('latin1'))[1:-1] + order
        known = "one of MXNet's in C order"
        raise FormatError('dtype', known, found, offset)
    shape = tuple(int(dim) for dim in dims.split(b',') if dim.strip())
    return dtype, check_shape(shape, offset)


def _sparse(data, group: str, storage: str, arrays: dict) -> ArraySpec:
    """Put the members of a sparse array together."""
    dims = arrays[f'{group}/shape']
    known = dims.dtype == 'int64' and len(dims.shape) == 1
    found = f'{dims.dtype} of shape {dims.shape}'
    expect(known, 'shape', 'int64 of ndim 1', found, dims.offset)
    shape = check_shape(tuple(sliced(dims, data).tolist()), dims.offset)
    parts = tuple(
        arrays[f'{group}/{part}']._replace(name=part)
        for part in SPARSE[storage]
    )
    return parts[0]._replace(
        name=group, shape=shape, storage=storage, parts=parts
    )
