"""safetensors files are read by their package, and its errors are ours."""

import json
import sys
from struct import pack

import numpy as np
import pytest

from d2l_rw import FormatError, load, loads, scan
from tests.cases import f32, same_arrays

safetensors = pytest.importorskip('safetensors.numpy')
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
        assert (spec.nbytes, spec.offset) == (array.nbytes, None)
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


@pytest.mark.parametrize(
    'data',
    [
        file_of(array_of('F32'), bytes(4)),
        file_of(array_of('F16'), bytes(3)),
        file_of(array_of('F16', offsets=(0, 2**60)), bytes(4)),
        file_of(array_of('F16', shape=(-2,)), bytes(4)),
        file_of(array_of('X16'), bytes(4)),
        file_of(array_of('F8_E4M3', shape=(4,)), bytes(4)),
        file_of({'w': 1}),
        pack('<Q', 2) + b'{"',
    ],
    ids=[
        'a size that the shape has not',
        'cut',
        'offsets beyond the file',
        'a negative dimension',
        'an unknown dtype',
        'a dtype that NumPy has not',
        'no array',
        'no JSON',
    ],
)
@pytest.mark.parametrize('read', [load, scan])
def test_damaged_file_is_refused_by_name(read, data, tmp_path):
    path = tmp_path / 'net.safetensors'
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r'net\.safetensors: .*expected'):
        read(path)
    with pytest.raises(FormatError, match='expected'):
        loads(data)


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


def test_without_the_package_the_error_says_what_to_install(
    path, monkeypatch
):
    monkeypatch.setitem(sys.modules, 'safetensors.numpy', None)
    with pytest.raises(FormatError, match='pip install safetensors'):
        load(path)
