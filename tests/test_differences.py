"""Two files are compared to the last value, whatever their formats."""

import numpy as np
import pytest

from d2l_rw import CSR, FormatError, RowSparse, convert, diff, save
from d2l_rw.differences import COLUMNS
from tests.cases import CSR_INT32, ROWS, f32

nan, inf = np.nan, np.inf


@pytest.fixture
def paths(tmp_path):
    """Save two files; return their paths."""

    def paths(left, right):
        save(tmp_path / 'left', left)
        save(tmp_path / 'right', right)
        return tmp_path / 'left', tmp_path / 'right'

    return paths


def array(*values, dtype='float64'):
    return np.array(values, dtype)


def rows(data, indices):
    return RowSparse(array(*data), np.array(indices), (9, 2))


def csr(data, indices, indptr):
    return CSR(array(*data), np.array(indices), np.array(indptr), (2, 9))


# Left, right, status, largest and relative difference, first place.
PAIRS = {
    'the same': (f32([1, 2]), f32([1, 2]), ('same', 0, 0, None)),
    'a value': (
        array([1, 2], [4, 8]),
        array([1, 2], [5, 6]),
        ('values', 2, 0.25, (1, 0)),
    ),
    'signs of zero': (array(0.0), array(-0.0), ('same', 0, 0, None)),
    'the same NaN': (array(1, nan), array(1, nan), ('same', 0, 0, None)),
    'a NaN and a number': (
        array(1, nan),
        array(1, 2),
        ('values', inf, inf, (1,)),
    ),
    'the same infinity': (array(inf), array(inf), ('same', 0, 0, None)),
    'infinity and a number': (
        array(inf),
        array(1),
        ('values', inf, inf, (0,)),
    ),
    'two infinities': (array(inf), array(-inf), ('values', inf, inf, (0,))),
    'large integers': (
        array(2**62, dtype='int64'),
        array(2**62 + 2**20, dtype='int64'),
        ('values', 2**20, 2**20 / (2**62 + 2**20), (0,)),
    ),
    'neighbours that float64 does not tell apart': (
        array(2**62, dtype='int64'),
        array(2**62 + 1, dtype='int64'),
        ('values', 0, 0, (0,)),
    ),
    'unsigned integers': (
        array(1, 200, dtype='uint8'),
        array(1, 250, dtype='uint8'),
        ('values', 50, 0.2, (1,)),
    ),
    'truth values': (
        array(True, False, dtype='bool'),
        array(True, True, dtype='bool'),
        ('values', 1, 1, (1,)),
    ),
    'a dtype, no value': (f32(1, 2), array(1, 2), ('dtype', 0, 0, None)),
    'a dtype and values': (
        f32(0.1),
        array(0.1),
        ('dtype', 0.1 - float(np.float32(0.1)), None, (0,)),
    ),
    'a shape': (array(1, 2), array([1, 2]), ('shape', None, None, None)),
    'no elements': (
        np.zeros((0, 2)),
        np.zeros((0, 2)),
        ('same', 0, 0, None),
    ),
    'records without arrays': (None, None, ('same', 0, 0, None)),
    'a storage': (ROWS, ROWS.to_dense(), ('storage', None, None, None)),
    'the same rows': (ROWS, ROWS, ('same', 0, 0, None)),
    'a value of a row': (
        rows([[1, 2], [3, 4]], [2, 7]),
        rows([[1, 2], [3, 8]], [2, 7]),
        ('values', 4, 0.5, (7, 1)),
    ),
    'other rows': (
        rows([[1, 2]], [2]),
        rows([[1, 2]], [3]),
        ('indices', None, None, None),
    ),
    'more rows': (
        rows([[1, 2]], [2]),
        rows([[1, 2], [3, 4]], [2, 3]),
        ('indices', None, None, None),
    ),
    'the same matrix': (CSR_INT32, CSR_INT32, ('same', 0, 0, None)),
    'a value of a matrix': (
        csr([5, 6, 7], [3, 0, 8], [0, 1, 3]),
        csr([5, 6, 9], [3, 0, 8], [0, 1, 3]),
        ('values', 2, 2 / 9, (1, 8)),
    ),
}


@pytest.mark.parametrize('name', PAIRS)
def test_pair_is_told_by_status_and_magnitude(name, paths):
    left, right, (status, largest, relative, first) = PAIRS[name]
    found = diff(*paths({'w': left}, {'w': right}))
    row = found.rows[0]
    assert (row.name, row.status, row.first) == ('w', status, first)
    assert row.largest == (None if largest is None else abs(largest))
    assert relative is None or row.relative == relative
    assert found.same == (status == 'same')


def test_names_of_one_file_alone_are_told(paths):
    found = diff(
        *paths({'a': f32(1), 'b': f32(1)}, {'b': f32(1), 'c': f32(1)})
    )
    assert [(row.name, row.status) for row in found.rows] == [
        ('b', 'same'),
        ('c', 'right only'),
        ('a', 'left only'),
    ]
    assert not found.same


def test_first_place_is_found_beyond_the_first_block(paths):
    left = np.zeros((3, 2**19))
    right = left.copy()
    right[1, 5], right[2, 7] = 1, 3
    row = diff(*paths([left], [right])).rows[0]
    assert (row.first, row.largest) == ((1, 5), 3)


@pytest.mark.parametrize('suffix', ['.npz', '.safetensors'])
def test_formats_do_not_matter(suffix, paths, tmp_path):
    source, _ = paths({'a': f32([1, nan]), 'b': array(7)}, {})
    convert(source, tmp_path / f'other{suffix}')
    assert diff(source, tmp_path / f'other{suffix}').same


def test_table_shows_what_differs(paths, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths(
        {'w': f32([1, 2]), 'same': f32(1)}, {'w': f32([1, 4]), 'same': f32(1)}
    )
    title, head, _, line = str(diff('left', 'right')).splitlines()
    assert title == 'left, right: 1 values, 1 same'
    assert head.split() == [*COLUMNS]
    form = 'float32', '(1,', '2)'
    place = '(0,', '1)'
    assert line.split() == ['w', 'values', *form, *form, '2', '0.5', *place]


def test_damaged_file_is_refused_by_name(paths):
    left, right = paths({'w': f32(1)}, {'w': f32(1)})
    right.write_bytes(right.read_bytes()[:-1])
    with pytest.raises(FormatError, match='right: name: expected'):
        diff(left, right)
