"""safetensors files: read without their package, which agrees."""

import json
from struct import pack

import numpy as np
import pytest

from d2l_rw import FormatError, load, loads, scan
from tests.cases import f32, same_arrays

safetensors = pytest.importorskip('safetensors.numpy')
from safetensors import SafetensorError, deserialize  # noqa: E402

ARRAYS = {
    'weight': f32([1, 2, 3], [4, 5, 6]),
    'step': np.array(7),
    'empty': np.zeros((0, 2), 'float16'),
}
DTYPES = [
    'float64',
    'float32',
    'float16',
    'int64',
    'int32',
    'int16',
    'int8',
    'uint64',
    'uint32',
    'uint16',
    'uint8',
    'bool',
]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'net.params'
    safetensors.save_file(ARRAYS, path)
    return path


def sorted_by_name(arrays):
    return dict(sorted(arrays.items()))


@pytest.mark.parametrize('mmap', [True, False])
def test_file_is_loaded_and_only_copies_are_writable(mmap, path):
    found = load(path, mmap=mmap)
    assert same_arrays(sorted_by_name(found), sorted_by_name(ARRAYS))
    assert {a.flags.writeable for a in found.values()} == {not mmap}


def test_bytes_are_loaded(path):
    found = loads(path.read_bytes())
    assert same_arrays(sorted_by_name(found), sorted_by_name(ARRAYS))
    assert not any(array.flags.writeable for array in found.values())


def test_scan_tells_what_the_header_says(path):
    found = {spec.name: spec for spec in scan(path)}
    assert sorted(found) == sorted(ARRAYS)
    for name, array in ARRAYS.items():
        spec = found[name]
        assert (spec.dtype, spec.shape) == (array.dtype.name, array.shape)
        end = spec.offset + spec.nbytes
        assert path.read_bytes()[spec.offset : end] == array.tobytes()
        assert spec.storage == 'dense'


@pytest.mark.parametrize('dtype', DTYPES)
def test_every_dtype_is_loaded_and_scanned(dtype, tmp_path):
    path, array = tmp_path / 'net.safetensors', np.array([1, 0]).astype(dtype)
    safetensors.save_file({'w': array}, path)
    assert same_arrays(load(path), {'w': array})
    assert scan(path)[0].dtype == dtype


def file_of(header, data=b''):
    """A safetensors file of a header, right or wrong."""
    text = json.dumps(header).encode()
    return pack('<Q', len(text)) + text + data


def array_of(dtype, shape=(2,), offsets=(0, 4)):
    return {'w': {'dtype': dtype, 'shape': shape, 'data_offsets': offsets}}


def test_bfloat16_is_scanned_and_loaded(tmp_path):
    ml_dtypes = pytest.importorskip('ml_dtypes')
    path = tmp_path / 'net.safetensors'
    path.write_bytes(file_of(array_of('BF16'), bytes.fromhex('c03f 00c0')))
    assert scan(path)[0].dtype == 'bfloat16'
    expected = np.array([1.5, -2], ml_dtypes.bfloat16)
    assert same_arrays(load(path), {'w': expected})


TWO = {
    'a': {'dtype': 'U8', 'shape': [2], 'data_offsets': [0, 2]},
    'b': {'dtype': 'U8', 'shape': [2], 'data_offsets': [2, 4]},
}
GAP = {**TWO, 'b': {**TWO['b'], 'data_offsets': [3, 5]}}
SHARED = {**TWO, 'b': {**TWO['b'], 'data_offsets': [1, 3]}}
TWICE = json.dumps(TWO).replace('"b"', '"a"').encode()
DAMAGED = {
    'a size that the shape has not': (
        file_of(array_of('F32'), bytes(4)),
        r'w: data_offsets: expected 8 bytes, as shape and dtype have, got 4',
    ),
    'cut': (file_of(array_of('F16'), bytes(3)), r'w: data: expected 4 bytes'),
    'cut in the header': (
        file_of(array_of('F16'), bytes(4))[:20],
        r'header: expected [0-9]+ bytes, got 12 \(at byte 8\)',
    ),
    'a header of gigabytes': (
        pack('<Q', 2**31) + b'{' + bytes(99),
        'size of the header: expected at most 100000000, got 2147483648',
    ),
    'more bytes': (
        file_of(array_of('F16'), bytes(5)),
        r'end: expected no more bytes, got 1 \(at byte [0-9]+\)',
    ),
    'offsets beyond the file': (
        file_of(array_of('F16', offsets=(0, 2**60)), bytes(4)),
        'expected 4 bytes, as shape and dtype have, got 11529215046068469',
    ),
    'a gap': (file_of(GAP, bytes(5)), 'b: data_offsets: expected 2 first'),
    'shared bytes': (file_of(SHARED, bytes(3)), 'b: data_offsets: .* got 1'),
    'a negative dimension': (
        file_of(array_of('F16', shape=(-2,)), bytes(4)),
        'w: shape: expected a list of numbers from 0',
    ),
    'a dimension that is no integer': (
        file_of(array_of('F16', shape=(True,)), bytes(4)),
        'w: shape: expected a list of numbers from 0',
    ),
    'too many dimensions': (
        file_of(array_of('F16', shape=(1,) * 33, offsets=(0, 2)), bytes(2)),
        'w: ndim: expected 0 to 32, got 33',
    ),
    'an array that no memory can hold': (
        file_of(array_of('F16', shape=(2**62, 0), offsets=(0, 0))),
        'w: shape: expected one that memory can hold',
    ),
    'an unknown dtype': (
        file_of(array_of('X16'), bytes(4)),
        'w: dtype: expected one that NumPy has, got X16',
    ),
    'a dtype that NumPy has not': (
        file_of(array_of('F8_E4M3', shape=(4,)), bytes(4)),
        'w: dtype: expected one that NumPy has, got F8_E4M3',
    ),
    'no array': (
        file_of({'w': 1}),
        'w: header: expected data_offsets, dtype',
    ),
    'a name twice': (
        pack('<Q', len(TWICE)) + TWICE + bytes(4),
        "JSON: expected each name once, got 'a'",
    ),
    'half a character': (
        file_of({'\ud800': array_of('F16')['w']}, bytes(4)),
        'name: expected text that UTF-8 can hold',
    ),
    'metadata that are no strings': (
        file_of({'__metadata__': {'step': 1}}),
        '__metadata__: expected an object of strings',
    ),
    'no JSON': (pack('<Q', 2) + b'{"', r'JSON: .* \(at byte 9\)'),
    'no UTF-8': (pack('<Q', 3) + b'{"\xff', r'JSON: expected UTF-8'),
}


@pytest.mark.parametrize('case', DAMAGED)
@pytest.mark.parametrize('read', [load, scan])
def test_damaged_file_is_refused_by_name(read, case, tmp_path):
    path, (data, message) = tmp_path / 'net.safetensors', DAMAGED[case]
    path.write_bytes(data)
    with pytest.raises(FormatError, match=rf'net\.safetensors: .*{message}'):
        read(path)
    with pytest.raises(FormatError, match=message):
        loads(data)


# NumPy's limits are not the format's, which holds more dtypes too.
SOUND_BY_FORMAT = {
    'a dtype that NumPy has not',
    'an array that no memory can hold',
    'too many dimensions',
}


@pytest.mark.parametrize('case', sorted({*DAMAGED} - SOUND_BY_FORMAT))
def test_the_package_refuses_the_same(case):
    with pytest.raises(SafetensorError):
        deserialize(DAMAGED[case][0])


def test_any_bit_may_flip(path):
    whole, refused = path.read_bytes(), 0
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        try:
            loads(bytes(data))
        except FormatError:
            refused += 1
    assert 0 < refused < 8 * len(whole)
