"""Files as written-out bytes, with the arrays that they hold.

Every case serves reading, writing or both.  The bytes come from the layout of
`src/ndarray/ndarray.cc` of MXNet 1.9.1, never from the code under test.
"""

from __future__ import annotations

from struct import pack
from typing import NamedTuple

import numpy as np

from d2l_rw import CSR, RowSparse

READ, WRITE = 'read', 'write'
BOTH = READ, WRITE
V1, V2, V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
DENSE, ROW_SPARSE, CSR_STORAGE = 0, 1, 2
CPU, GPU_1 = (1, 0), (2, 1)
FLOAT32, FLOAT64, INT32, INT8, INT64, BFLOAT16 = 0, 1, 4, 5, 6, 12


class Case(NamedTuple):
    """A file and its meaning.

    Attributes:
        name: the test's id.
        arrays: what `load` returns, and what `save` is given.
        data: the bytes of the file.
        directions: READ, WRITE or both.
        np_shape: the keyword of `save`.
    """

    name: str
    arrays: list | dict
    data: bytes
    directions: tuple = BOTH
    np_shape: bool = False


def start(count):
    return pack('<QQQ', 0x112, 0, count)


def unnamed(*records):
    """A list: no names."""
    return start(len(records)) + b''.join(records) + pack('<Q', 0)


def named(*records, names):
    """A dictionary: as many names as records, in the same order."""
    result = start(len(records)) + b''.join(records) + pack('<Q', len(names))
    for name in names:
        result += pack('<Q', len(name)) + name
    return result


def shape(*dims):
    return pack(f'<i{len(dims)}q', len(dims), *dims)


def v0(dims, code, data, context=CPU):
    return pack(f'<I{len(dims)}I3i', len(dims), *dims, *context, code) + data


def v1(dims, code, data, context=CPU):
    return pack('<I', V1) + shape(*dims) + pack('<3i', *context, code) + data


def v2(dims, code, data, context=CPU, magic=V2):
    return (
        pack('<Ii', magic, DENSE)
        + shape(*dims)
        + pack('<3i', *context, code)
        + data
    )


def v3(dims, code, data, context=CPU):
    return v2(dims, code, data, context, magic=V3)


def row_sparse(stored, dims, code, index_code, data):
    return (
        pack('<Ii', V2, ROW_SPARSE)
        + shape(*stored)
        + shape(*dims)
        + pack('<3i', *CPU, code)
        + pack('<i', index_code)
        + shape(stored[0])
        + data
    )


def csr(nnz, dims, code, index_code, data):
    return (
        pack('<Ii', V2, CSR_STORAGE)
        + shape(nnz)
        + shape(*dims)
        + pack('<3i', *CPU, code)
        + pack('<i', index_code)
        + shape(dims[0] + 1)
        + pack('<i', index_code)
        + shape(nnz)
        + data
    )


def f32(*values):
    return np.array(values, 'float32')


# Two files in full, field by field.
WRITTEN_OUT_V2 = bytes.fromhex("""
    1201000000000000 0000000000000000 0100000000000000
    c9fa93f9 00000000
    02000000 0200000000000000 0300000000000000
    01000000 00000000 00000000
    0000803f 00000040 00004040 00008040 0000a040 0000c0c0
    0100000000000000
    0600000000000000 77656967 6874
""")
WRITTEN_OUT_CSR = bytes.fromhex("""
    1201000000000000 0000000000000000 0100000000000000
    c9fa93f9 02000000
    01000000 0200000000000000
    02000000 0300000000000000 0400000000000000
    01000000 00000000 00000000
    06000000 01000000 0400000000000000
    06000000 01000000 0200000000000000
    0000a040 0000c040
    0000000000000000 0100000000000000 0100000000000000 0200000000000000
    0300000000000000 0000000000000000
    0000000000000000
""")
TWO = pack('<2f', 1.5, -2.0)
# Code, dtype, values, their bytes.
DTYPES = [
    (0, 'float32', [1.5, -2], '0000c03f 000000c0'),
    (1, 'float64', [1.5, -2], '000000000000f83f 00000000000000c0'),
    (2, 'float16', [1.5, -2], '003e 00c0'),
    (3, 'uint8', [1, 255], '01 ff'),
    (4, 'int32', [1, -2], '01000000 feffffff'),
    (5, 'int8', [1, -2], '01 fe'),
    (6, 'int64', [1, -2], '0100000000000000 feffffffffffffff'),
    (7, 'bool', [True, False], '01 00'),
    (8, 'int16', [1, -2], '0100 feff'),
    (9, 'uint16', [1, 65534], '0100 feff'),
    (10, 'uint32', [1, 2**32 - 2], '01000000 feffffff'),
    (11, 'uint64', [1, 2**64 - 2], '0100000000000000 feffffffffffffff'),
]
CSR_INT32 = CSR(
    f32(5, 6),
    np.array([3, 0], 'int32'),
    np.array([0, 1, 1, 2], 'int32'),
    (3, 4),
)
ROWS = RowSparse(f32([1, 2], [3, 4]), np.array([0, 3], 'int64'), (5, 2))
ROWS_DATA = pack('<4f2q', 1, 2, 3, 4, 0, 3)

CASES = [
    Case(
        'v2, written out',
        {'weight': f32([1, 2, 3], [4, 5, -6])},
        WRITTEN_OUT_V2,
    ),
    Case(
        'csr, written out',
        [
            CSR(
                f32(5, 6),
                np.array([3, 0], 'int64'),
                np.array([0, 1, 1, 2], 'int64'),
                (3, 4),
            )
        ],
        WRITTEN_OUT_CSR,
    ),
    Case('empty list', [], unnamed()),
    Case('empty dictionary', {}, start(0) + pack('<Q', 0), (WRITE,)),
    *[
        Case(
            f'v2 {name}',
            [np.array(values, name)],
            unnamed(v2((2,), code, bytes.fromhex(data))),
        )
        for code, name, values, data in DTYPES
    ],
    *[
        Case(
            f'v3 {name}',
            [np.array(values, name)],
            unnamed(v3((2,), code, bytes.fromhex(data))),
            BOTH,
            True,
        )
        for code, name, values, data in DTYPES
    ],
    *[
        Case(
            f'{record.__name__} {name}',
            [np.array(values, name)],
            unnamed(record((2,), code, bytes.fromhex(data))),
            (READ,),
        )
        for record in (v0, v1)
        for code, name, values, data in DTYPES[:7]
    ],
    *[
        Case(
            f'{record.__name__} of two dimensions, a name, a GPU',
            {'fc1_weight': f32([1.5, -2])},
            named(record((1, 2), FLOAT32, TWO, GPU_1), names=[b'fc1_weight']),
            (READ,),
        )
        for record in (v0, v1, v2, v3)
    ],
    Case(
        'versions mixed',
        {
            'a': f32(1.5, -2),
            'b': f32([1.5], [-2]),
            'c': f32(1.5, -2),
            'd': f32(1.5, -2),
            'e': ROWS,
        },
        named(
            v0((2,), FLOAT32, TWO),
            v3((2, 1), FLOAT32, TWO),
            v1((2,), FLOAT32, TWO),
            v2((2,), FLOAT32, TWO),
            row_sparse((2, 2), (5, 2), FLOAT32, INT64, ROWS_DATA),
            names=[b'a', b'b', b'c', b'd', b'e'],
        ),
        (READ,),
    ),
    Case(
        'names in the order of the file',
        {'b': f32(1.5, -2), 'a.weight': f32(1.5, -2), '': f32(1.5, -2)},
        named(*[v2((2,), FLOAT32, TWO)] * 3, names=[b'b', b'a.weight', b'']),
    ),
    Case(
        'unicode names',
        {'\u6743\u91cd': f32(1.5, -2), 'na\u00efve \U0001f600': None},
        named(
            v2((2,), FLOAT32, TWO),
            pack('<Iii', V2, 0, 0),
            names=[
                bytes.fromhex('e69d83 e9878d'),
                bytes.fromhex('6e61c3af7665 20 f09f9880'),
            ],
        ),
    ),
    Case(
        'a name with a zero byte',
        {'a\0b': f32(1.5, -2)},
        named(v2((2,), FLOAT32, TWO), names=[b'a\0b']),
        (READ,),
    ),
    Case(
        'an array of data not aligned for it',
        [np.array([7], 'int8'), np.array([1.5, -2])],
        unnamed(
            v2((1,), INT8, b'\x07'), v2((2,), FLOAT64, pack('<2d', 1.5, -2))
        ),
    ),
    Case('v0 without an array', [None], unnamed(pack('<I', 0)), (READ,)),
    Case('v1 without an array', [None], unnamed(pack('<Ii', V1, 0)), (READ,)),
    Case('v2 without an array', [None], unnamed(pack('<Iii', V2, 0, 0))),
    Case(
        'v3 without an array',
        [None],
        unnamed(pack('<Iii', V3, 0, -1)),
        BOTH,
        True,
    ),
    Case(
        'v3 of an unknown dimension',
        [None, f32(1.5, -2)],
        unnamed(pack('<Ii', V3, 0) + shape(3, -1), v3((2,), FLOAT32, TWO)),
        (READ,),
    ),
    Case(
        'records without arrays between others',
        {'a': None, 'b': f32(1.5, -2), 'c': None},
        named(
            pack('<Iii', V2, 0, 0),
            v2((2,), FLOAT32, TWO),
            pack('<Iii', V2, 0, 0),
            names=[b'a', b'b', b'c'],
        ),
    ),
    Case(
        'v2 of no elements',
        [np.zeros((2, 0, 3), 'float32')],
        unnamed(v2((2, 0, 3), FLOAT32, b'')),
    ),
    Case(
        'v3 of no elements',
        [np.zeros((0,), 'int64')],
        unnamed(v3((0,), INT64, b'')),
        BOTH,
        True,
    ),
    Case(
        'v3 scalar',
        {'step': np.array(7, 'int32')},
        named(v3((), INT32, b'\x07\0\0\0'), names=[b'step']),
        BOTH,
        True,
    ),
    Case(
        'v2 of many dimensions',
        [np.full((1,) * 32, 1.5, 'float32')],
        unnamed(v2((1,) * 32, FLOAT32, pack('<f', 1.5))),
    ),
    Case(
        'row-sparse',
        [ROWS],
        unnamed(row_sparse((2, 2), (5, 2), FLOAT32, INT64, ROWS_DATA)),
    ),
    Case(
        'row-sparse of three dimensions, int32 indices',
        {
            'embedding': RowSparse(
                np.array([[[1.5], [-2]]]), np.array([1], 'int32'), (2, 2, 1)
            )
        },
        named(
            row_sparse(
                (1, 2, 1), (2, 2, 1), FLOAT64, INT32, pack('<2di', 1.5, -2, 1)
            ),
            names=[b'embedding'],
        ),
    ),
    Case(
        'row-sparse of one dimension',
        [RowSparse(f32(1.5, -2), np.array([1, 2]), (3,))],
        unnamed(
            row_sparse((2,), (3,), FLOAT32, INT64, TWO + pack('<2q', 1, 2))
        ),
    ),
    Case(
        'row-sparse of no rows',
        [
            RowSparse(
                np.zeros((0, 2), 'float32'), np.zeros(0, 'int64'), (5, 2)
            )
        ],
        unnamed(row_sparse((0, 2), (5, 2), FLOAT32, INT64, b'')),
    ),
    Case(
        'csr, int32 indices',
        {'x': CSR_INT32, 'y': f32(1.5, -2)},
        named(
            csr(
                2,
                (3, 4),
                FLOAT32,
                INT32,
                pack('<2f6i', 5, 6, 0, 1, 1, 2, 3, 0),
            ),
            v2((2,), FLOAT32, TWO),
            names=[b'x', b'y'],
        ),
    ),
    Case(
        'csr of no items',
        [
            CSR(
                np.zeros(0, 'float32'),
                np.zeros(0, 'int64'),
                np.zeros(3, 'int64'),
                (2, 2),
            )
        ],
        unnamed(csr(0, (2, 2), FLOAT32, INT64, pack('<3q', 0, 0, 0))),
    ),
    # Written before the values were there, as `nd.save` does at times.
    Case(
        'csr whose values are said to be none',
        [CSR_INT32],
        unnamed(
            pack('<Ii', V2, CSR_STORAGE)
            + shape(0)
            + shape(3, 4)
            + pack('<3i', *CPU, FLOAT32)
            + pack('<i', INT32)
            + shape(4)
            + pack('<i', INT32)
            + shape(2)
            + pack('<2f6i', 5, 6, 0, 1, 1, 2, 3, 0)
        ),
        (READ,),
    ),
    Case(
        'row-sparse whose rows are said to be none',
        [ROWS],
        unnamed(
            pack('<Ii', V2, ROW_SPARSE)
            + shape(0, 2)
            + shape(5, 2)
            + pack('<3i', *CPU, FLOAT32)
            + pack('<i', INT64)
            + shape(2)
            + ROWS_DATA
        ),
        (READ,),
    ),
    Case(
        'sparse without an array',
        [None],
        unnamed(pack('<Ii', V2, ROW_SPARSE) + shape(0) + shape()),
        (READ,),
    ),
]
# NumPy alone has no bfloat16: its bits stand here as uint16.
BFLOAT16_CASES = [
    Case(
        f'{record.__name__} bfloat16',
        [np.array([0x3FC0, 0xC000], 'uint16')],
        unnamed(record((2,), BFLOAT16, bytes.fromhex('c03f 00c0'))),
        BOTH,
        record is v3,
    )
    for record in (v2, v3)
]


def same_arrays(found, expected):
    """Whether two results are equal in kind, names, order and every bit."""
    if type(found) is not type(expected) or len(found) != len(expected):
        return False
    if isinstance(expected, dict):
        if list(found) != list(expected):
            return False
        found, expected = found.values(), expected.values()
    return all(map(same, found, expected))


def same(found, expected):
    """Whether two arrays are equal in kind, dtype, shape and every bit."""
    if type(found) is not type(expected):
        return False
    if isinstance(expected, np.ndarray):
        return (
            found.dtype == expected.dtype
            and found.shape == expected.shape
            and found.tobytes() == expected.tobytes()
        )
    if expected is None:
        return True
    parts = [name for name in vars(expected) if name != 'shape']
    return found.shape == expected.shape and all(
        same(getattr(found, name), getattr(expected, name)) for name in parts
    )
