"""Bytes to arrays and back: every format, and whatever is not one."""

import io
import sys
import tracemalloc
import zipfile
from struct import pack, pack_into

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d2l_rw import CSR, FormatError, RowSparse, dumps, load, loads, scan
from tests.cases import (
    BFLOAT16_CASES,
    CASES,
    CSR_INT32,
    FLOAT32,
    INT8,
    INT32,
    INT64,
    READ,
    ROWS,
    ROWS_DATA,
    TWO,
    V1,
    V2,
    V3,
    WRITE,
    WRITTEN_OUT_CSR,
    csr,
    f32,
    named,
    row_sparse,
    same_arrays,
    shape,
    start,
    unnamed,
    v0,
    v1,
    v2,
    v3,
)

# The same examples in every run, and none kept on the disk.
REPEATABLE = settings(
    derandomize=True, database=None, deadline=None, max_examples=300
)


def cases(chosen):
    """Parametrize a test with cases under their names."""
    chosen = list(chosen)
    return pytest.mark.parametrize(
        'case', chosen, ids=[case.name for case in chosen]
    )


def is_refused(data):
    """Load bytes; whether they are refused, and if so, in good order."""
    error = None
    try:
        arrays = loads(data)
    except FormatError as caught:
        error = caught
    if error is not None:
        assert error.offset is None or 0 <= error.offset <= len(data)
        assert len(str(error).splitlines()) == 1
        return True
    if isinstance(arrays, dict):
        arrays = arrays.values()
    for array in arrays:
        if isinstance(array, np.ndarray):
            assert array.nbytes <= len(data)
    return False


# Both directions


@cases(case for case in CASES if READ in case.directions)
def test_bytes_are_read_as_their_arrays(case):
    assert same_arrays(loads(case.data), case.arrays)


@cases(case for case in CASES if WRITE in case.directions)
def test_arrays_are_written_as_their_bytes(case):
    assert dumps(case.arrays, np_shape=case.np_shape) == case.data


@cases(BFLOAT16_CASES)
def test_bfloat16_is_read_and_written_with_ml_dtypes(case):
    ml_dtypes = pytest.importorskip('ml_dtypes')
    arrays = [array.view(ml_dtypes.bfloat16) for array in case.arrays]
    assert same_arrays(loads(case.data), arrays)
    assert dumps(arrays, np_shape=case.np_shape) == case.data


@cases(BFLOAT16_CASES)
def test_bfloat16_without_ml_dtypes_says_what_to_install(case, monkeypatch):
    monkeypatch.setitem(sys.modules, 'ml_dtypes', None)
    with pytest.raises(FormatError, match='pip install ml_dtypes'):
        loads(case.data)


@cases(BFLOAT16_CASES)
def test_bfloat16_is_scanned_without_ml_dtypes(case, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, 'ml_dtypes', None)
    path = tmp_path / 'net.params'
    path.write_bytes(case.data)
    (spec,) = scan(path)
    assert (spec.dtype, spec.shape, spec.nbytes) == ('bfloat16', (2,), 4)


@pytest.mark.parametrize('buffer', [bytes, bytearray, memoryview])
def test_loads_takes_any_bytes_and_gives_views_not_to_be_written(buffer):
    (array,) = loads(buffer(unnamed(v2((2,), FLOAT32, TWO))))
    assert array.tolist() == [1.5, -2]
    assert not array.flags.writeable


@pytest.mark.parametrize(
    ('data', 'dense'),
    [
        (CSR_INT32, [[0, 0, 0, 5], [0, 0, 0, 0], [6, 0, 0, 0]]),
        (ROWS, [[1, 2], [0, 0], [0, 0], [3, 4], [0, 0]]),
    ],
    ids=['csr', 'row-sparse'],
)
def test_sparse_arrays_become_dense(data, dense):
    assert data.to_dense().tolist() == dense
    assert data.to_dense().dtype == 'float32'


# What a scan tells

SCANNED = [
    (
        v0((1, 2), FLOAT32, TWO, (2, 1)),
        ('float32', (1, 2), 24 + 24, 8, 'dense', 0, 'gpu(1)'),
    ),
    (
        v1((1, 2), FLOAT32, TWO),
        ('float32', (1, 2), 24 + 36, 8, 'dense', 1, 'cpu(0)'),
    ),
    (
        v2((1, 2), FLOAT32, TWO, (3, 0)),
        ('float32', (1, 2), 24 + 40, 8, 'dense', 2, 'cpu_pinned(0)'),
    ),
    (
        v3((), INT32, b'\7\0\0\0', (5, 2)),
        ('int32', (), 24 + 24, 4, 'dense', 3, 'cpu_shared(2)'),
    ),
    (
        row_sparse((2, 2), (5, 2), FLOAT32, INT64, ROWS_DATA),
        ('float32', (5, 2), 24 + 76, 16, 'row_sparse', 2, 'cpu(0)'),
    ),
]


@pytest.mark.parametrize(('record', 'expected'), SCANNED)
def test_scan_tells_what_the_headers_say(record, expected, tmp_path):
    path = tmp_path / 'net.params'
    path.write_bytes(named(record, names=[b'weight']))
    (spec,) = scan(path)
    assert spec.name == 'weight'
    found = (
        spec.dtype,
        spec.shape,
        spec.offset,
        spec.nbytes,
        spec.storage,
        spec.version,
        spec.context,
    )
    assert found == expected


def test_scan_tells_the_parts_of_a_sparse_array(tmp_path):
    path = tmp_path / 'net.params'
    path.write_bytes(WRITTEN_OUT_CSR)
    (spec,) = scan(path)
    assert (spec.name, spec.storage, spec.shape) == (None, 'csr', (3, 4))
    found = [
        (part.name, part.dtype, part.shape, part.offset, part.nbytes)
        for part in spec.parts
    ]
    assert found == [
        ('data', 'float32', (2,), 108, 8),
        ('indptr', 'int64', (4,), 116, 32),
        ('indices', 'int64', (2,), 148, 16),
    ]


def test_scan_tells_where_there_is_no_array(tmp_path):
    path = tmp_path / 'net.params'
    path.write_bytes(unnamed(pack('<Iii', V2, 0, 0)))
    (spec,) = scan(path)
    assert (spec.storage, spec.nbytes, spec.version) == ('none', 0, 2)


@cases(case for case in CASES if READ in case.directions)
def test_scan_tells_where_the_bytes_of_every_array_are(case, tmp_path):
    path = tmp_path / 'net.params'
    path.write_bytes(case.data)
    arrays = case.arrays
    if isinstance(arrays, dict):
        arrays = arrays.values()
    specs = scan(path)
    for spec, array in zip(specs, arrays):
        parts = vars(array) if spec.parts else {None: array}
        for part in spec.parts or (spec,):
            array = parts[part.name if spec.parts else None]
            found = case.data[part.offset : part.offset + part.nbytes]
            assert found == (b'' if array is None else array.tobytes())
    assert len(specs) == len(case.arrays)


# Damage


@cases(case for case in CASES + BFLOAT16_CASES if READ in case.directions)
def test_cut_file_is_refused_at_every_length(case):
    data = case.data
    accepted = [n for n in range(len(data)) if not is_refused(data[:n])]
    assert accepted == []


def one_case_a_layout():
    """Cases but for those that differ from others in the dtype alone."""
    dtypes = 'int', 'float', 'bool'
    return [
        case
        for case in CASES
        if not case.name.partition(' ')[2].startswith(dtypes)
        or case.name == 'v2 float32'
    ]


@cases(case for case in one_case_a_layout() if len(case.data) < 200)
def test_any_byte_may_change_to_any_other(case):
    for offset, old in enumerate(case.data):
        data = bytearray(case.data)
        for new in range(256):
            data[offset] = new
            refused = is_refused(bytes(data))
            assert not (refused and new == old)


@cases(CASES)
def test_any_bit_may_flip(case):
    for bit in range(8 * len(case.data)):
        data = bytearray(case.data)
        data[bit // 8] ^= 1 << bit % 8
        is_refused(bytes(data))


EXTREMES = [0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**61, 2**63, 2**64 - 1]


@pytest.mark.parametrize('number', EXTREMES)
@cases(one_case_a_layout())
def test_any_eight_bytes_may_be_an_extreme_number(case, number):
    for offset in range(0, len(case.data) - 7, 4):
        data = bytearray(case.data)
        pack_into('<Q', data, offset, number)
        is_refused(bytes(data))


@cases(CASES)
def test_bytes_after_the_end_are_refused(case):
    size = len(case.data)
    match = rf'end: expected no more bytes, got 2 \(at byte {size}\)'
    with pytest.raises(FormatError, match=match):
        loads(case.data + b'\0\0')


MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(['change', 'insert', 'delete', 'copy']),
        st.integers(0, 2**16),
        st.integers(0, 2**16),
        st.binary(min_size=1, max_size=9),
    ),
    min_size=1,
    max_size=4,
)


def mutated(data, mutations):
    data = bytearray(data)
    for kind, at, source, new in mutations:
        at %= len(data) + 1
        source %= len(data) + 1
        if kind == 'insert':
            data[at:at] = new
        elif kind == 'delete':
            del data[at : at + len(new)]
        else:
            copied = data[source : source + len(new)]
            data[at : at + len(new)] = new if kind == 'change' else copied
    return bytes(data)


@REPEATABLE
@given(st.sampled_from(CASES), MUTATIONS)
def test_mutated_file_gives_arrays_or_a_format_error(case, mutations):
    is_refused(mutated(case.data, mutations))


@REPEATABLE
@given(st.binary(max_size=200))
def test_any_bytes_as_records_give_arrays_or_a_format_error(data):
    is_refused(start(1) + data)


@REPEATABLE
@given(st.binary(max_size=200))
def test_any_bytes_give_arrays_or_a_format_error(data):
    is_refused(data)


# Lies, each with what the reader is told

U64_MAX = 2**64 - 1
AFTER_ONE = unnamed(v2((2,), FLOAT32, TWO))[:-8]
ROW = pack('<Ii', V2, 1)
MATRIX = pack('<Ii', V2, 2)
ONES = pack('<2f', 1, 1)


def sparse(start_of_record, stored, dims, indices, data):
    """A sparse record of float32, consistent or not."""
    record = start_of_record + shape(*stored) + shape(*dims)
    record += pack('<3i', 1, 0, FLOAT32)
    for code, index_dims in indices:
        record += pack('<i', code) + shape(*index_dims)
    return record + data


def dense(dims, code=FLOAT32, data=TWO):
    return unnamed(v2(dims, code, data))


def rows(first, second, size=5):
    data = pack('<4f2q', 1, 2, 3, 4, first, second)
    return unnamed(row_sparse((2, 2), (size, 2), FLOAT32, INT64, data))


def matrix(indptr, indices):
    data = pack('<2f4q2q', 5, 6, *indptr, *indices)
    return unnamed(csr(2, (3, 4), FLOAT32, INT64, data))


# Name, bytes, what the error says, the byte that it names.
LIES = [
    (
        'reserved',
        pack('<QQQQ', 0x112, 1, 0, 0),
        'reserved: expected 0, got 1',
        8,
    ),
    (
        'count of 2^64-1',
        start(U64_MAX) + bytes(8),
        f'count: expected .*, got {U64_MAX}',
        16,
    ),
    (
        'count of one more',
        start(2) + v2((2,), FLOAT32, TWO) + pack('<Q', 0),
        'array 1: .*: expected .*, got',
        None,
    ),
    (
        'count of one less',
        start(1) + v2((2,), FLOAT32, TWO) * 2 + pack('<Q', 0),
        'name count: expected 0 or 1, got',
        64,
    ),
    (
        'names fewer than arrays',
        start(2) + v2((2,), FLOAT32, TWO) * 2 + pack('<QQ', 1, 0),
        'name count: expected 0 or 2, got 1',
        104,
    ),
    (
        'name count of 2^64-1',
        AFTER_ONE + pack('<Q', U64_MAX),
        f'name count: expected 0 or 1, got {U64_MAX}',
        64,
    ),
    (
        'length of a name of 2^64-1',
        AFTER_ONE + pack('<QQ', 1, U64_MAX) + b'weight',
        f'name: expected {U64_MAX} bytes, got 6',
        80,
    ),
    (
        'length of a name of one more',
        AFTER_ONE + pack('<QQ', 1, 7) + b'weight',
        'name: expected 7 bytes, got 6',
        80,
    ),
    (
        'name in Latin-1',
        AFTER_ONE + pack('<QQ', 1, 5) + b'na\xefve',
        r'name: expected UTF-8, got .*xef',
        82,
    ),
    (
        'name with a surrogate',
        AFTER_ONE + pack('<QQ', 1, 3) + b'\xed\xa0\x80',
        'name: expected UTF-8, got',
        80,
    ),
    (
        'name twice',
        named(*[v2((2,), FLOAT32, TWO)] * 2, names=[b'w', b'w']),
        "name: expected it once, got 'w' again",
        121,
    ),
    (
        'ndim of -1',
        unnamed(pack('<Iii', V2, 0, -1)),
        'array 0: ndim: expected 0 to 32, got -1',
        32,
    ),
    (
        'ndim of -2 in V3',
        unnamed(pack('<Iii', V3, 0, -2)),
        'array 0: ndim: expected 0 to 32, got -2',
        32,
    ),
    (
        'ndim of -1 in V1',
        unnamed(pack('<Ii', V1, -1)),
        'array 0: ndim: expected 0 to 32, got -1',
        28,
    ),
    (
        'ndim of 33',
        dense((1,) * 33),
        'array 0: ndim: expected 0 to 32, got 33',
        32,
    ),
    (
        'ndim of 2^31-1',
        unnamed(pack('<Iii', V2, 0, 2**31 - 1), bytes(64)),
        'array 0: ndim: expected 0 to 32, got 2147483647',
        32,
    ),
    (
        'unknown magic, read as the ndim of V0',
        unnamed(pack('<Iii', 0xF993FACB, 0, 0)),
        f'array 0: .*: expected .*, got {0xF993FACB}',
        24,
    ),
    (
        'a negative dimension',
        dense((-2,)),
        r'array 0: shape: expected no negative dimension, got \(-2,\)',
        36,
    ),
    (
        'two negative dimensions, a positive product',
        dense((-1, -2)),
        r'array 0: shape: expected no negative dimension, got \(-1, -2\)',
        36,
    ),
    (
        'a negative dimension in V1',
        unnamed(v1((-2,), FLOAT32, TWO)),
        r'array 0: shape: expected no negative dimension, got \(-2,\)',
        32,
    ),
    (
        'a negative dimension in V3',
        unnamed(v3((-2,), FLOAT32, TWO)),
        r'array 0: shape: expected no negative dimension, got \(-2,\)',
        36,
    ),
    (
        'a product of 2^64 + 2 bytes',
        dense((2**31, 2**31, 4)),
        f'array 0: data: expected {2**66} bytes, got 16',
        64 + 24 - 16,
    ),
    (
        'a product that is 0 modulo 2^64',
        dense((2**62,), data=b''),
        f'array 0: data: expected {2**64} bytes, got 8',
        56,
    ),
    (
        'dimensions of V0 that overflow',
        unnamed(v0((2**32 - 1, 2**32 - 1), FLOAT32, TWO)),
        f'array 0: data: expected {4 * (2**32 - 1) ** 2} bytes, got 16',
        48,
    ),
    (
        'no elements, but more than memory beside the zero',
        dense((2**62, 0, 2**62), data=b''),
        'array 0: shape: expected .*, got',
        36,
    ),
    (
        'one element more than there is',
        dense((5,)),
        'array 0: data: expected 20 bytes, got 16',
        56,
    ),
    (
        'an unknown dtype',
        dense((2,), 13),
        'array 0: dtype: expected a code from 0 to 12, got 13',
        52,
    ),
    (
        'a negative dtype',
        dense((2,), -1),
        'array 0: dtype: expected a code from 0 to 12, got -1',
        52,
    ),
    (
        'an unknown storage',
        unnamed(pack('<Ii', V2, 3), bytes(64)),
        'array 0: storage: expected 0 to 2, got 3',
        28,
    ),
    (
        'storage of -1',
        unnamed(pack('<Ii', V2, -1), bytes(64)),
        'array 0: storage: expected 0 to 2, got -1',
        28,
    ),
    (
        'a sparse storage in V3',
        unnamed(pack('<Ii', V3, 1), bytes(64)),
        'array 0: storage: expected 0 in V3, got 1',
        28,
    ),
    (
        'the second array',
        unnamed(v2((2,), FLOAT32, TWO), v2((2,), 99, TWO)),
        'array 1: dtype: expected a code from 0 to 12, got 99',
        92,
    ),
    (
        'more rows stored than there are',
        unnamed(row_sparse((2, 2), (1, 2), FLOAT32, INT64, ROWS_DATA)),
        r'array 0: indices: expected 0 to 0, got \(0, 3\)',
        116,
    ),
    (
        'stored rows of another width',
        unnamed(row_sparse((2, 2), (5, 3), FLOAT32, INT64, ROWS_DATA)),
        r'array 0: data: expected shape \(2, 3\), got \(2, 2\)',
        100,
    ),
    (
        'stored rows of another ndim',
        unnamed(row_sparse((2, 2), (5,), FLOAT32, INT64, ROWS_DATA)),
        r'array 0: data: expected shape \(2,\), got \(2, 2\)',
        92,
    ),
    (
        'fewer row indices than rows',
        unnamed(sparse(ROW, (2, 2), (5, 2), [(INT64, (1,))], bytes(16 + 8))),
        r'array 0: data: expected shape \(1, 2\), got \(2, 2\)',
        100,
    ),
    (
        'row indices of two dimensions',
        unnamed(
            sparse(ROW, (2, 2), (5, 2), [(INT64, (2, 1))], bytes(16 + 16))
        ),
        r'array 0: indices: expected .*, got \(2, 1\)',
        124,
    ),
    (
        'row indices of a float dtype',
        unnamed(
            sparse(ROW, (2, 2), (5, 2), [(FLOAT32, (2,))], bytes(16) + ONES)
        ),
        'array 0: indices: expected .*, got float32',
        116,
    ),
    (
        'row indices of int8',
        unnamed(
            sparse(ROW, (2, 2), (5, 2), [(INT8, (2,))], bytes(16) + b'\1\2')
        ),
        'array 0: indices: expected .*, got int8',
        116,
    ),
    (
        'an indptr of a float dtype',
        unnamed(
            sparse(
                MATRIX,
                (2,),
                (3, 4),
                [(FLOAT32, (4,)), (INT64, (2,))],
                TWO + pack('<4f2q', 0, 1, 1, 2, 3, 0),
            )
        ),
        'array 0: indptr: expected .*, got float32',
        116,
    ),
    (
        'a matrix of three dimensions',
        unnamed(csr(2, (3, 4, 5), FLOAT32, INT64, bytes(8 + 32 + 16))),
        r'array 0: shape: expected two dimensions, got \(3, 4, 5\)',
        None,
    ),
    (
        'a matrix of 2^63 - 1 rows',
        unnamed(
            sparse(
                MATRIX,
                (2,),
                (2**63 - 1, 4),
                [(INT64, (4,)), (INT64, (2,))],
                bytes(8 + 32 + 16),
            )
        ),
        rf'array 0: indptr: expected shape \({2**63},\), got \(4,\)',
        116,
    ),
    (
        'an unknown ndim of stored rows',
        unnamed(ROW + pack('<i', -1), bytes(64)),
        'array 0: ndim: expected 0 to 32, got -1',
        32,
    ),
    (
        'a negative number of stored rows',
        unnamed(ROW + shape(-1, 2), bytes(64)),
        'array 0: shape: expected no negative dimension, got',
        36,
    ),
    (
        'row indices that repeat',
        rows(3, 3),
        r'array 0: indices: expected an ascending order, got \[3, 3\]',
        116,
    ),
    (
        'row indices that descend',
        rows(3, 0),
        r'array 0: indices: expected an ascending order, got \[3, 0\]',
        116,
    ),
    (
        'a negative row index',
        rows(-1, 0),
        r'array 0: indices: expected 0 to 4, got \(-1, 0\)',
        116,
    ),
    (
        'a row index after the last row',
        rows(0, 5),
        r'array 0: indices: expected 0 to 4, got \(0, 5\)',
        116,
    ),
    (
        'an indptr that descends',
        matrix((0, 2, 1, 2), (3, 0)),
        r'array 0: indptr: expected an ascending order, got \[2, 1\]',
        116,
    ),
    (
        'an indptr that does not begin with 0',
        matrix((1, 1, 1, 2), (3, 0)),
        r'array 0: indptr: expected 0 first, 2 last, got \(1, 2\)',
        116,
    ),
    (
        'an indptr that ends elsewhere',
        matrix((0, 1, 1, 3), (3, 0)),
        r'array 0: indptr: expected 0 first, 2 last, got \(0, 3\)',
        116,
    ),
    (
        'a column index after the last column',
        matrix((0, 1, 1, 2), (4, 0)),
        r'array 0: indices: expected 0 to 3, got \(0, 4\)',
        148,
    ),
    (
        'a negative column index',
        matrix((0, 1, 1, 2), (0, -1)),
        r'array 0: indices: expected 0 to 3, got \(-1, 0\)',
        148,
    ),
]


@pytest.mark.parametrize(
    ('data', 'expected', 'offset'),
    [lie[1:] for lie in LIES],
    ids=[lie[0] for lie in LIES],
)
def test_lie_is_refused_with_what_where_and_why(data, expected, offset):
    byte = r'\d+' if offset is None else offset
    with pytest.raises(
        FormatError, match=rf'{expected}.* \(at byte {byte}\)'
    ):
        loads(data)


def test_array_of_a_lie_is_named_by_its_name_where_that_is_known():
    data = pack('<4f2q', 1, 2, 3, 4, 3, 3)
    record = row_sparse((2, 2), (5, 2), FLOAT32, INT64, data)
    with pytest.raises(FormatError, match=r'^embedding: indices: expected'):
        loads(named(record, names=[b'embedding']))


def test_error_is_one_line_whatever_the_name_of_the_array():
    data = pack('<4f2q', 1, 2, 3, 4, 3, 3)
    record = row_sparse((2, 2), (5, 2), FLOAT32, INT64, data)
    with pytest.raises(FormatError, match='indices: expected') as caught:
        loads(named(record, names=[b'a\n\x1b[2Jb']))
    assert str(caught.value).isprintable()


# What `dumps` refuses


@pytest.mark.parametrize(
    ('data', 'error', 'match'),
    [
        ([np.array(1.5)], ValueError, 'np_shape=True'),
        ({'w': np.zeros(2, 'complex64')}, TypeError, "'w'.*complex64"),
        ([np.array([None])], TypeError, 'object'),
        ([np.array(['a'])], TypeError, 'U1'),
        ({1: np.zeros(2)}, TypeError, 'name: expected a string, got 1'),
        ('weights', TypeError, 'expected an array, .*got str'),
        ([[1, 2]], TypeError, 'expected an array, got list'),
        (7, TypeError, 'got int'),
        (
            [RowSparse(f32([1, 2]), np.array([5]), (5, 2))],
            ValueError,
            'indices: expected 0 to 4',
        ),
        (
            [CSR(f32(1), np.array([0]), np.array([0, 2]), (1, 1))],
            ValueError,
            'indptr: expected 0 first, 1 last',
        ),
        (
            [RowSparse(f32([1, 2]), np.array([0], 'int8'), (5, 2))],
            (TypeError, ValueError),
            'array 0: indices: expected .*, got int8',
        ),
        ({'\ud800': f32(1)}, ValueError, 'name: expected .*UTF-8'),
    ],
)
def test_data_that_the_format_cannot_hold_are_refused(data, error, match):
    with pytest.raises(error, match=match):
        dumps(data)


@pytest.mark.parametrize(
    'array',
    [
        CSR([1.0], [0], [0, 1], (1, 1)),
        RowSparse(f32([1, 2]), [0], (5, 2)),
        RowSparse(f32([1, 2]), np.array([0]), (5.0, 2)),
        RowSparse(f32([1, 2]), np.array([0]), (2**63, 2)),
    ],
    ids=['lists', 'a list', 'a float', 'a size beyond int64'],
)
def test_parts_that_are_no_arrays_and_shapes_are_refused(array):
    with pytest.raises((TypeError, ValueError), match=r'array 0: .*expected'):
        dumps([array])


def test_array_of_more_dimensions_than_a_reader_takes_is_refused():
    try:
        array = np.ones((1,) * 33)
    except ValueError:
        pytest.skip('NumPy before version 2 has no such array')
    with pytest.raises(ValueError, match='array 0: ndim: expected'):
        dumps([array])


def test_sparse_array_is_refused_under_numpy_shape_semantics():
    with pytest.raises(ValueError, match='np_shape=False'):
        dumps([ROWS], np_shape=True)


@pytest.mark.parametrize(
    'array',
    [
        f32([1, 2], [3, 4]).T,
        np.asfortranarray(f32([1, 3], [2, 4])),
        f32([1, 0, 3, 0], [2, 0, 4, 0])[:, ::2],
        f32([1, 3], [2, 4]).astype('>f4'),
        np.broadcast_to(f32(1), (2, 2)),
    ],
    ids=['transposed', 'Fortran', 'strided', 'big-endian', 'broadcast'],
)
def test_arrays_are_written_in_c_order_and_little_endian(array):
    data = pack('<4f', *array.ravel())
    assert dumps([array]) == dense((2, 2), data=data)


def test_one_array_is_written_as_a_list_of_one():
    assert dumps(f32(1.5, -2)) == dense((2,))


@pytest.mark.parametrize('kind', [list, tuple])
def test_any_sequence_is_written_as_a_list(kind):
    assert dumps(kind([f32(1.5, -2)])) == dense((2,))


# Memory


def many(count, record):
    return start(count) + record * count + pack('<Q', 0)


BOMBS = [
    ('count', start(U64_MAX) + bytes(5000)),
    ('data', dense((2**40,), data=bytes(5000))),
    ('name', AFTER_ONE + pack('<QQ', 1, 2**40) + bytes(5000)),
    ('names', AFTER_ONE + pack('<Q', 2**40) + bytes(5000)),
    ('ndim', unnamed(pack('<Iii', V2, 0, 2**30), bytes(5000))),
    ('stored rows', unnamed(ROW + shape(2**40, 2), bytes(5000))),
    (
        'rows of a matrix',
        unnamed(csr(0, (2**40, 2), FLOAT32, INT64, bytes(5000))),
    ),
    ('no elements', dense((2**58, 0), data=b'')),
    ('the least records', many(5000, pack('<I', 0))),
    ('the least arrays', many(5000, v2((0,), FLOAT32, b''))),
]


@pytest.mark.parametrize('mmap', [True, False])
@pytest.mark.parametrize(
    'data', [bomb[1] for bomb in BOMBS], ids=[bomb[0] for bomb in BOMBS]
)
def test_memory_is_bounded_by_the_size_of_the_file(data, mmap, tmp_path):
    path = tmp_path / 'net.params'
    path.write_bytes(data)
    tracemalloc.start()
    try:
        load(path, mmap=mmap)
    except FormatError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # A record of four bytes becomes an object of Python, and moves.
    assert peak < 96 * len(data) + 2**17


# Zip files: `np.savez`, and MXNet 2


def npy(descriptor, dims, data, order='False', version=1):
    """A member as MXNet 2 writes it: the header padded to 64 bytes."""
    header = (
        f"{{'descr': {descriptor}, 'fortran_order': {order}, "
        f"'shape': {dims}, }}"
    ).encode()
    header += b' ' * (64 - (10 + len(header) + 1) % 64) + b'\n'
    size = pack('<H' if version == 1 else '<I', len(header))
    return b'\x93NUMPY' + bytes([version, 0]) + size + header + data


def zipped(members, compression=zipfile.ZIP_STORED):
    """A zip of members given by their names, always the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', compression) as archive:
        for name, data in members:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = compression
            archive.writestr(entry, data)
    return file.getvalue()


def mxnet_format(name):
    """The member format.npy, with the header that MXNet 2 gives it."""
    header = f"'|s{len(name)}{{'descr': '<i8'"
    return npy(header, '()', name.encode())


def sparse_group(name, kind, dims, **parts):
    """The members of a sparse array of MXNet 2."""
    return [
        *[(f'{name}/{part}.npy', data) for part, data in parts.items()],
        (
            f'{name}/shape.npy',
            npy("'<i8'", f'({len(dims)},)', pack(f'<{len(dims)}q', *dims)),
        ),
        (f'{name}/format.npy', mxnet_format(kind)),
    ]


FOUR = npy("'<f4'", '(2, 2)', pack('<4f', 1, 2, 3, 4))
ROW_PLACES = npy("'<i8'", '(2,)', pack('<2q', 0, 3))
COLUMNS = npy("'<i4'", '(2,)', pack('<2i', 3, 0))
INDPTR = npy("'<i4'", '(4,)', pack('<4i', 0, 1, 1, 2))
FIVE_SIX = npy("'<f4'", '(2,)', pack('<2f', 5, 6))
ROW_GROUP = sparse_group(
    'embedding', 'row_sparse', (5, 2), data=FOUR, indices=ROW_PLACES
)
CSR_GROUP = sparse_group(
    'matrix', 'csr', (3, 4), data=FIVE_SIX, indptr=INDPTR, indices=COLUMNS
)
MXNET_2 = zipped(
    [
        ('0.weight.npy', FOUR),
        *ROW_GROUP,
        *CSR_GROUP,
        ('step.npy', npy("'<i8'", '()', pack('<q', 7))),
    ]
)


def savez(save=np.savez, **arrays):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize('code', 'fdebhilqBHILQ?')
def test_arrays_of_savez_are_read(code):
    array = np.arange(6).reshape(2, 3).astype(code)
    assert same_arrays(loads(savez(w=array)), {'w': array})


def test_shapes_and_names_of_savez_are_read_in_order():
    arrays = {
        'b.weight': np.zeros((2, 0, 3)),
        'a/b': np.array(7),
        '\u6743': np.arange(3.0),
    }
    assert same_arrays(loads(savez(**arrays)), arrays)


def test_file_of_mxnet_2_is_read():
    expected = {
        '0.weight': f32([1, 2], [3, 4]),
        'embedding': ROWS,
        'matrix': CSR_INT32,
        'step': np.array(7),
    }
    assert same_arrays(loads(MXNET_2), expected)


@pytest.mark.parametrize('mmap', [True, False])
def test_zip_is_loaded_and_scanned_from_a_file(mmap, tmp_path):
    path = tmp_path / 'net.params'
    path.write_bytes(MXNET_2)
    assert same_arrays(load(path, mmap=mmap), loads(MXNET_2))
    specs = scan(path)
    assert [spec.name for spec in specs] == list(loads(MXNET_2))
    spec = specs[0]
    weight = MXNET_2[spec.offset : spec.offset + spec.nbytes]
    assert weight == pack('<4f', 1, 2, 3, 4)


@pytest.mark.parametrize(
    'descriptor', ["'<b2'", "[('bfloat16', '<u2')]"], ids=['b2', 'record']
)
def test_bfloat16_of_mxnet_2_is_told(descriptor, tmp_path):
    path = tmp_path / 'net.params'
    path.write_bytes(
        zipped([('w.npy', npy(descriptor, '(2,)', b'\xc0\x3f\x00\xc0'))])
    )
    (spec,) = scan(path)
    assert (spec.dtype, spec.shape, spec.nbytes) == ('bfloat16', (2,), 4)


def test_header_of_version_2_is_read():
    member = npy("'<f4'", '(2,)', TWO, version=2)
    assert same_arrays(
        loads(zipped([('w.npy', member)])), {'w': f32(1.5, -2)}
    )


def overlapping():
    """A zip whose second entry points to the first one's bytes."""
    data = bytearray(zipped([('a.npy', FOUR), ('b.npy', FOUR)]))
    second = data.rindex(b'PK\x01\x02')
    pack_into('<I', data, second + 42, 0)
    return bytes(data)


def one_for_many(count):
    """A zip of many entries that are one member, of no elements."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }"
    header += b' ' * 10**5
    member = b'\x93NUMPY\2\0' + pack('<I', len(header)) + header
    data = zipped([('00000.npy', member)])
    directory, end = data.rindex(b'PK\1\2'), data.rindex(b'PK\5\6')
    entry = data[directory:end]
    entries = b''.join(
        entry.replace(b'00000', b'%05d' % place) for place in range(count)
    )
    return (
        data[:directory]
        + entries
        + pack('<4s4H', b'PK\5\6', 0, 0, count, count)
        + pack('<IIH', len(entries), directory, 0)
    )


def one_member(*arguments, **keywords):
    return zipped([('w.npy', npy(*arguments, **keywords))])


def altered(group, name, member):
    """A sparse group with one member replaced."""
    return zipped([(n, member if n == name else d) for n, d in group])


FLOATS = npy("'<f4'", '(2,)', pack('<2f', 0, 3))
ZIP_LIES = [
    (
        'compressed',
        savez(np.savez_compressed, w=np.zeros(99)),
        'w: .*expected .*stored.*compressed',
    ),
    ('Fortran', savez(w=np.ones((2, 3), order='F')), 'w: .*Fortran'),
    ('objects', savez(w=np.array([{}])), r"w: dtype: expected .*, got '\|O'"),
    ('big-endian', savez(w=np.zeros(2, '>f4')), "w: dtype: .*got '>f4'"),
    ('complex', savez(w=np.zeros(2, 'c8')), "w: dtype: .*got '<c8'"),
    ('text', savez(w=np.array(['a'])), "w: dtype: .*got '<U1'"),
    ('overlapping', overlapping(), 'expected bytes of its own'),
    ('one member under many names', one_for_many(300), 'expected .*own'),
    ('a directory elsewhere', MXNET_2[:4] + MXNET_2[9:], 'expected .*, got'),
    (
        'a name twice',
        zipped([('w.npy', FOUR), ('v.npy', FOUR)]).replace(
            b'v.npy', b'w.npy'
        ),
        'w: zip: expected the name once',
    ),
    ('not an array', zipped([('w.npy', b'hello, world')]), 'w: array: exp'),
    ('an empty member', zipped([('w.npy', b'')]), 'w: '),
    (
        'data beyond the file',
        one_member("'<f4'", f'({2**40},)', TWO),
        f'w: data: expected {2**42} bytes, got',
    ),
    (
        'data beyond the member',
        zipped([('w.npy', npy("'<f4'", '(9,)', TWO)), ('x.npy', FOUR)]),
        'w: .*expected .*, got',
    ),
    (
        'bytes after the data of a member',
        one_member("'<f4'", '(2,)', TWO + b'more'),
        'w: .*expected .*, got',
    ),
    (
        'a shape that overflows',
        one_member("'<f4'", f'({2**62},)', TWO),
        'w: ',
    ),
    ('a long integer', one_member("'<f4'", f'({"9" * 500},)', TWO), 'w: '),
    ('a negative dimension', one_member("'<f4'", '(-2,)', TWO), 'w: header'),
    ('a shape of two numbers', one_member("'<f4'", '(1 2,)', TWO), 'w: '),
    ('33 dimensions', one_member("'<f4'", (1,) * 33, TWO), 'w: ndim'),
    ('a call', one_member("__import__('os')", '(2,)', TWO), 'w: dtype'),
    ('version 9', one_member("'<f4'", '(2,)', TWO, version=9), 'w: array'),
    (
        'sparse, no shape',
        altered(ROW_GROUP, 'embedding/shape.npy', npy("'<i8'", '(0,)', b'')),
        'embedding: .*shape',
    ),
    (
        'sparse, a scalar shape',
        altered(
            ROW_GROUP, 'embedding/shape.npy', npy("'<i8'", '()', bytes(8))
        ),
        'embedding: shape: expected int64 of ndim 1',
    ),
    (
        'sparse, a shape of three dimensions',
        altered(
            CSR_GROUP,
            'matrix/shape.npy',
            npy("'<i8'", '(3,)', pack('<3q', 3, 4, 5)),
        ),
        r'matrix: .*shape.*expected .*\(3, 4, 5\)',
    ),
    (
        'sparse, a negative shape',
        altered(
            CSR_GROUP,
            'matrix/shape.npy',
            npy("'<i8'", '(2,)', pack('<2q', 3, -4)),
        ),
        'matrix: shape: expected no negative dimension',
    ),
    (
        'sparse, one index without dimensions',
        altered(
            ROW_GROUP, 'embedding/indices.npy', npy("'<i8'", '()', bytes(8))
        ),
        'embedding: .*expected',
    ),
    (
        'sparse, row indices of a float dtype',
        altered(ROW_GROUP, 'embedding/indices.npy', FLOATS),
        'embedding: .*indices: expected .*, got float32',
    ),
    (
        'sparse, column indices of a float dtype',
        altered(CSR_GROUP, 'matrix/indices.npy', FLOATS),
        'matrix: .*indices: expected .*, got float32',
    ),
    (
        'sparse, fewer rows than indices',
        altered(ROW_GROUP, 'embedding/data.npy', FIVE_SIX),
        'embedding: .*data: expected',
    ),
    (
        'sparse, an indptr of no items',
        altered(CSR_GROUP, 'matrix/indptr.npy', npy("'<i8'", '(0,)', b'')),
        'matrix: .*indptr.*: expected',
    ),
]


@pytest.mark.parametrize(
    ('data', 'match'),
    [lie[1:] for lie in ZIP_LIES],
    ids=[lie[0] for lie in ZIP_LIES],
)
def test_lie_in_a_zip_is_refused_with_what_and_where(data, match):
    with pytest.raises(FormatError, match=match):
        loads(data)


def test_cut_zip_is_refused_at_every_length():
    accepted = [n for n in range(len(MXNET_2)) if not is_refused(MXNET_2[:n])]
    assert accepted == []


def test_any_bit_of_a_zip_may_flip():
    whole = zipped([('w.npy', FOUR)])
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        is_refused(bytes(data))


@REPEATABLE
@given(MUTATIONS)
def test_mutated_zip_gives_arrays_or_a_format_error(mutations):
    is_refused(mutated(MXNET_2, mutations))


# Files of others

PYTORCH = zipped(
    [('archive/data.pkl', b'\x80\x02}.'), ('archive/data/0', b'')]
)
BIG_ENDIAN = pack('>QQQ', 0x112, 0, 0) + bytes(8)
FOREIGN = [
    (b'', 'an empty file'),
    (b'<!DOCTYPE html><html></html>', 'HTML'),
    (b'\n  <html lang="en">', 'HTML'),
    (b'<head><title>404</title></head>', 'HTML'),
    (
        b'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n',
        'Git LFS pointer',
    ),
    (PYTORCH, 'PyTorch'),
    (b'\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94.', 'a pickle'),
    (b'\x80\x02}q\0.', 'a pickle'),
    (b'\x89HDF\r\n\x1a\n' + bytes(8), 'HDF5'),
    (b'\x1f\x8b\x08\0' + bytes(8), 'gzip'),
    (BIG_ENDIAN, 'big-endian'),
    (zipped([('notes.txt', b'hello')]), r'notes\.txt.*not a zip of NumPy'),
    (b'PK\x03\x04', 'zip'),
    (b'hello, world', "expected .*, got .*b'hello, w'"),
    (npy("'<f4'", '(2,)', TWO), 'npy|npz|np.load|numpy.load'),
]


@pytest.mark.parametrize(
    ('data', 'match'), FOREIGN, ids=[match for _, match in FOREIGN]
)
def test_file_of_others_is_told_what_it_is(data, match, tmp_path):
    path = tmp_path / 'net.params'
    path.write_bytes(data)
    with pytest.raises(FormatError, match=match):
        load(path)
    with pytest.raises(FormatError, match=match):
        scan(path)
    with pytest.raises(FormatError, match=match):
        loads(data)


def test_pickle_in_a_zip_is_never_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return open, (str(tmp_path / 'ran'), 'w')

    with pytest.raises(FormatError, match='dtype: expected'):
        loads(savez(w=np.array([Bomb()], dtype=object)))
    assert not (tmp_path / 'ran').exists()
