"""Files are converted whole, verified, and nothing is lost in silence."""

import json
import os
import zipfile
from struct import pack

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from d2l_rw import convert, dumps, load, save, scan
from d2l_rw.arrays import DTYPES, ITEM_SIZES, dtype_of
from d2l_rw.errors import FormatError
from tests.cases import (
    CASES,
    CSR_INT32,
    FLOAT32,
    GPU_1,
    READ,
    ROWS,
    TWO,
    f32,
    named,
    same_arrays,
    v0,
    v3,
)

SPARSE_PARTS = 'data', 'indices', 'shape', 'format'
SUFFIXES = '.params', '.npz', '.safetensors'
WEIGHT = f32([1, 2, 3], [4, 5, -6])
ARRAYS = {
    'hidden.weight': WEIGHT,
    'step': np.array([7]),
    'empty': np.zeros((0, 2), 'float16'),
    '权重': np.array([True, False]),
    'file': np.array([np.nan, -0.0, np.inf]),
}


def safetensors_of(arrays, **metadata):
    """Write a safetensors file by its layout, in the order given."""
    header, data = {'__metadata__': metadata}, b''
    for name, array in arrays.items():
        header[name] = {
            'dtype': f'F{8 * array.itemsize}',
            'shape': array.shape,
            'data_offsets': [len(data), len(data) + array.nbytes],
        }
        data += array.tobytes()
    text = json.dumps(header).encode()
    return pack('<Q', len(text)) + text + data


def supported_dtypes():
    try:
        return [*DTYPES, dtype_of('bfloat16').name]
    except FormatError:  # without ml_dtypes
        return [*DTYPES]


@st.composite
def arrays(draw):
    """An array of any supported dtype and shape, of any bits."""
    dtype = draw(st.sampled_from(supported_dtypes()))
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=4)))
    nbytes = int(np.prod(shape)) * ITEM_SIZES[dtype]
    data = draw(st.binary(min_size=nbytes, max_size=nbytes))
    if dtype == 'bool':
        data = bytes(byte & 1 for byte in data)
    return np.frombuffer(data, dtype_of(dtype)).reshape(shape)


names = st.text(
    st.characters(exclude_categories=['Cs'], exclude_characters='\0'),
    max_size=8,
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.dictionaries(names, arrays(), max_size=5))
def test_any_dictionary_survives_a_journey_through_all_formats(
    data, tmp_path
):
    path = str(tmp_path / 'a.params')
    save(path, data, np_shape=True)
    for suffix in ('.safetensors', '.npz', '.params'):
        source, path = path, str(tmp_path / f'b{suffix}')
        convert(source, path, np_shape=True, sync=False)
    found = load(path)
    assert sorted(found) == sorted(data)
    assert all(same_arrays([found[n]], [data[n]]) for n in data)


@pytest.mark.parametrize('target', SUFFIXES)
@pytest.mark.parametrize('source', SUFFIXES)
def test_every_format_is_converted_into_every_other(source, target, tmp_path):
    first, path = tmp_path / 'first.params', tmp_path / f'source{source}'
    save(first, ARRAYS)
    convert(first, path)
    done = convert(path, tmp_path / f'target{target}')
    found = load(tmp_path / f'target{target}')
    assert same_arrays(
        dict(sorted(found.items())), dict(sorted(ARRAYS.items()))
    )
    nbytes = sum(array.nbytes for array in ARRAYS.values())
    assert done == (len(ARRAYS), nbytes, ())


READABLE = [case for case in CASES if READ in case.directions]


def held(arrays, suffix):
    """Whether a format can hold arrays and names."""
    if suffix == '.params':
        return True
    values = arrays.values() if isinstance(arrays, dict) else arrays
    dense = all(isinstance(value, np.ndarray) for value in values)
    return dense and (suffix != '.npz' or '\0' not in ''.join(arrays))


@pytest.mark.parametrize('suffix', SUFFIXES)
@pytest.mark.parametrize(
    'case', READABLE, ids=[case.name for case in READABLE]
)
def test_every_readable_file_is_converted_or_refused_by_name(
    case, suffix, tmp_path
):
    source, target = tmp_path / 'source', tmp_path / f'target{suffix}'
    source.write_bytes(case.data)
    arrays = case.arrays
    if isinstance(arrays, list) and suffix != '.params':
        arrays = {str(place): a for place, a in enumerate(arrays)}
    if not held(arrays, suffix):
        with pytest.raises(ValueError, match=r'^array .*(=True|none|such)'):
            convert(source, target)
        assert not target.exists()
        return
    convert(source, target, np_shape=case.np_shape)
    found = load(target)
    if suffix == '.safetensors':
        found = {name: found[name] for name in arrays}
    assert same_arrays(found, arrays)


def test_safetensors_file_is_the_one_that_the_package_writes(tmp_path):
    package = pytest.importorskip('safetensors.numpy')
    source, target = tmp_path / 'a.params', tmp_path / 'a.safetensors'
    save(source, ARRAYS)
    convert(source, target)
    assert target.read_bytes() == package.save(ARRAYS)


def test_npz_file_is_read_by_numpy_without_pickle(tmp_path):
    source, target = tmp_path / 'a.params', tmp_path / 'a.npz'
    save(source, ARRAYS)
    convert(source, target)
    with np.load(target, allow_pickle=False) as found:
        assert same_arrays(dict(found), ARRAYS)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None


def test_bfloat16_keeps_its_bits(tmp_path):
    pytest.importorskip('ml_dtypes')
    array = np.arange(6).astype(dtype_of('bfloat16')).reshape(2, 3)
    path = tmp_path / 'a.params'
    save(path, {'w': array})
    for suffix in ('.npz', '.safetensors', '.params'):
        source, path = path, tmp_path / f'b{suffix}'
        convert(source, path)
        assert same_arrays(load(path), {'w': array})


@pytest.mark.parametrize(
    ('arrays', 'suffix', 'message'),
    [
        ({'e': ROWS}, '.npz', r"'e': .npz holds no RowSparse: dense=True"),
        ({'x': CSR_INT32}, '.safetensors', "'x': .safetensors holds no CSR"),
        ({'n': None}, '.npz', "'n': .npz needs one, got none"),
        ({'a\0b': WEIGHT}, '.npz', r"'a\\x00b': a zip holds no such name"),
        ({'__metadata__': WEIGHT}, '.safetensors', 'another name'),
        ({'w': WEIGHT}, '.pt', r'a name that ends in .params, .npz, .safet'),
        (
            {f'a/{part}': ROWS.indices for part in SPARSE_PARTS},
            '.npz',
            r'target\.npz: .*expected',
        ),
    ],
    ids=[
        'row-sparse',
        'csr',
        'a record without an array',
        'a name with a zero byte',
        'a reserved name',
        'an unknown suffix',
        'names that would be read as a sparse array',
    ],
)
def test_what_the_target_cannot_hold_is_refused_and_leaves_the_old_file(
    arrays, suffix, message, tmp_path
):
    source, target = tmp_path / 'source', tmp_path / f'target{suffix}'
    save(source, arrays)
    target.write_bytes(b'old')
    with pytest.raises(ValueError, match=message):
        convert(source, target)
    assert target.read_bytes() == b'old'
    assert sorted(os.listdir(tmp_path)) == ['source', target.name]


def test_zero_dimensional_array_needs_a_named_option(tmp_path):
    source, target = tmp_path / 'a.npz', tmp_path / 'b.params'
    np.savez(source, step=np.array(7))
    with pytest.raises(ValueError, match=r"'step': .*np_shape=True"):
        convert(source, target)
    convert(source, target, np_shape=True)
    assert same_arrays(load(target), {'step': np.array(7)})


@pytest.mark.parametrize('suffix', SUFFIXES)
def test_sparse_arrays_become_dense_when_asked(suffix, tmp_path):
    source, target = tmp_path / 'a.params', tmp_path / f'b{suffix}'
    save(source, {'rows': ROWS, 'matrix': CSR_INT32, 'w': WEIGHT})
    convert(source, target, dense=True)
    found = load(target)
    assert same_arrays(
        {name: found[name] for name in ('rows', 'matrix', 'w')},
        {
            'rows': ROWS.to_dense(),
            'matrix': CSR_INT32.to_dense(),
            'w': WEIGHT,
        },
    )


def test_sparse_arrays_stay_sparse_in_params(tmp_path):
    source, target = tmp_path / 'a.params', tmp_path / 'b.params'
    save(source, {'rows': ROWS, 'matrix': CSR_INT32})
    convert(source, target)
    assert target.read_bytes() == source.read_bytes()


def test_list_stays_one_in_params_and_is_named_by_place_elsewhere(tmp_path):
    source = tmp_path / 'a.params'
    save(source, [WEIGHT, np.array([7])])
    convert(source, tmp_path / 'b.params')
    assert isinstance(load(tmp_path / 'b.params'), list)
    done = convert(source, tmp_path / 'b.npz')
    assert list(load(tmp_path / 'b.npz')) == ['0', '1']
    assert done.notes == ('names: the places in the list',)


def test_old_records_become_those_of_mxnet_1(tmp_path):
    source, target = tmp_path / 'old.params', tmp_path / 'new.params'
    data = named(v0((2,), FLOAT32, TWO, GPU_1), names=[b'w'])
    source.write_bytes(data)
    done = convert(source, target)
    assert done.notes == ('context left out: gpu(1)',)
    assert target.read_bytes() == dumps({'w': f32(1.5, -2)})


def test_new_records_become_those_of_mxnet_1(tmp_path):
    source, target = tmp_path / 'np.params', tmp_path / 'nd.params'
    source.write_bytes(named(v3((2,), FLOAT32, TWO), names=[b'w']))
    convert(source, target)
    assert scan(target)[0].version == 2


# Metadata and shared arrays


def test_metadata_go_from_safetensors_to_safetensors(tmp_path):
    source, target = tmp_path / 'a.safetensors', tmp_path / 'b.safetensors'
    source.write_bytes(safetensors_of({'w': WEIGHT}, format='pt'))
    assert convert(source, target).notes == ()
    header = target.read_bytes()[8:]
    assert header.startswith(b'{"__metadata__":{"format":"pt"}')


@pytest.mark.parametrize('suffix', ['.params', '.npz'])
def test_metadata_that_the_target_lacks_are_told(suffix, tmp_path):
    source = tmp_path / 'a.safetensors'
    source.write_bytes(safetensors_of({'w': WEIGHT}, format='pt'))
    done = convert(source, tmp_path / f'b{suffix}')
    assert done.notes == ('metadata left out: format',)


@pytest.fixture
def shared(tmp_path):
    """A file as `safetensors.torch.save_model` writes it of tied layers."""
    source = tmp_path / 'tied.safetensors'
    arrays = {'embedding.weight': WEIGHT}
    metadata = {'output.weight': 'embedding.weight', 'format': 'pt'}
    source.write_bytes(safetensors_of(arrays, **metadata))
    return source


@pytest.mark.parametrize('suffix', ['.params', '.npz'])
def test_array_of_two_names_is_refused_or_written_twice(
    suffix, shared, tmp_path
):
    target = tmp_path / f'b{suffix}'
    with pytest.raises(ValueError, match=r"'output\.weight'.*expand_shared"):
        convert(shared, target)
    done = convert(shared, target, expand_shared=True)
    assert same_arrays(
        load(target), {'embedding.weight': WEIGHT, 'output.weight': WEIGHT}
    )
    assert 'metadata left out: format' in done.notes


def test_array_of_two_names_stays_one_in_safetensors(shared, tmp_path):
    target = tmp_path / 'b.safetensors'
    convert(shared, target)
    assert list(load(target)) == ['embedding.weight']
    assert b'"output.weight":"embedding.weight"' in target.read_bytes()
    convert(shared, target, expand_shared=True)
    assert sorted(load(target)) == ['embedding.weight', 'output.weight']
    assert b'"output.weight":"embedding.weight"' not in target.read_bytes()


def test_equal_arrays_are_told_but_not_those_of_one_value(tmp_path):
    source = tmp_path / 'a.params'
    same = {'a': WEIGHT, 'b': WEIGHT, 'c': WEIGHT + 1, 'd': WEIGHT.T.copy()}
    zeros = {'bias1': np.zeros(9), 'bias2': np.zeros(9)}
    save(source, {**same, **zeros})
    done = convert(source, tmp_path / 'b.npz')
    assert done.notes == ('equal, perhaps shared: a, b',)


# Damage, progress


@pytest.mark.parametrize('suffix', SUFFIXES)
def test_damaged_source_is_refused_by_name_and_nothing_is_written(
    suffix, tmp_path
):
    source = tmp_path / 'cut.params'
    source.write_bytes(dumps(ARRAYS)[:-1])
    with pytest.raises(FormatError, match=r'cut\.params: .*expected'):
        convert(source, tmp_path / f'b{suffix}')
    assert os.listdir(tmp_path) == ['cut.params']


def test_file_may_be_converted_into_itself(tmp_path):
    path = tmp_path / 'old.params'
    path.write_bytes(named(v0((2,), FLOAT32, TWO), names=[b'w']))
    convert(path, path)
    assert path.read_bytes() == dumps({'w': f32(1.5, -2)})


@pytest.mark.parametrize('suffix', SUFFIXES)
def test_progress_adds_up_to_what_is_written_and_compared(suffix, tmp_path):
    source, target = tmp_path / 'a.params', tmp_path / f'b{suffix}'
    save(source, {'w': np.zeros(2**19), 'b': np.ones(3)})
    told = []
    done = convert(source, target, advance=told.append)
    assert max(told) == 2**20
    headers = sum(told) - 2 * done.nbytes
    assert 0 < headers < 1000
