"""MXNet 1.9.1 is the second opinion: both read and write the same files."""

import os
from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from d2l_rw import CSR, RowSparse, load, save, scan
from tests.cases import CASES, READ, same_arrays

try:
    import mxnet as mx
except (ImportError, AttributeError, OSError) as error:
    # AttributeError: NumPy 1.24 removed what MXNet uses.
    if os.environ.get('CI'):
        raise
    pytest.skip(f'MXNet does not work here: {error}', allow_module_level=True)

# The same examples in every run, and none kept on the disk.
REPEATABLE = settings(
    derandomize=True, database=None, deadline=None, max_examples=150
)
MXNET_DTYPES = [
    'float32',
    'float64',
    'float16',
    'uint8',
    'int32',
    'int8',
    'int64',
    'bool',
]
# What MXNet's operators on sparse arrays support.
SPARSE_DTYPES = [
    'float32',
    'float64',
    'float16',
    'uint8',
    'int32',
    'int8',
    'int64',
]
# MXNet 1.9.1 gives its C functions names that end at a zero byte.
NAMES = st.text(
    st.characters(blacklist_characters='\0', blacklist_categories=['Cs']),
    max_size=12,
)


@st.composite
def elements(draw, shape, dtypes=MXNET_DTYPES):
    """Arrays of any bits: infinities, NaNs, negative zeros too."""
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    if dtype.kind == 'b':
        return draw(hnp.arrays(bool, shape))
    nbytes = int(np.prod(shape)) * dtype.itemsize
    data = draw(st.binary(min_size=nbytes, max_size=nbytes))
    return np.frombuffer(data, dtype).reshape(shape).copy()


def dense(*, min_dims=1, min_side=1):
    shapes = hnp.array_shapes(
        min_dims=min_dims, max_dims=5, min_side=min_side, max_side=4
    )
    return shapes.flatmap(elements)


@st.composite
def row_sparse(draw):
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=4, max_side=5))
    rows = draw(st.sets(st.integers(0, shape[0] - 1), min_size=1))
    data = draw(elements((len(rows), *shape[1:]), SPARSE_DTYPES))
    return RowSparse(data, np.array(sorted(rows), 'int64'), shape)


@st.composite
def csr(draw):
    """Matrices in compressed sparse rows, with columns in order."""
    mask = draw(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2)))
    data = draw(elements((int(mask.sum()),), SPARSE_DTYPES))
    indptr = np.concatenate([[0], np.cumsum(mask.sum(axis=1))])
    indices = np.nonzero(mask)[1]
    return CSR(
        data, indices.astype('int64'), indptr.astype('int64'), mask.shape
    )


def structures(arrays):
    """Lists and dictionaries, empty lists too."""
    return st.one_of(
        st.lists(arrays, max_size=4),
        st.dictionaries(NAMES, arrays, min_size=1, max_size=4),
    )


def to_mxnet(array):
    """The same array as one of MXNet."""
    if isinstance(array, CSR):
        parts = array.data, array.indices, array.indptr
        return mx.nd.sparse.csr_matrix(
            parts, shape=array.shape, dtype=array.data.dtype
        )
    if isinstance(array, RowSparse):
        return mx.nd.sparse.row_sparse_array(
            (array.data, array.indices),
            shape=array.shape,
            dtype=array.data.dtype,
        )
    return mx.nd.array(array, dtype=array.dtype)


def from_mxnet(array):
    """The same array without MXNet."""
    if array.stype == 'csr':
        parts = array.data, array.indices, array.indptr
        return CSR(*[part.asnumpy() for part in parts], array.shape)
    if array.stype == 'row_sparse':
        parts = array.data, array.indices
        return RowSparse(*[part.asnumpy() for part in parts], array.shape)
    return array.asnumpy()


def converted(arrays, convert):
    """A list or a dictionary with each array converted."""
    if isinstance(arrays, dict):
        return {name: convert(array) for name, array in arrays.items()}
    return [convert(array) for array in arrays]


def agree(arrays, folder, *, np_shape=False):
    """Check both writers and both readers with the same arrays."""
    theirs, ours = folder / 'theirs.params', folder / 'ours.params'
    with mx.util.np_shape(True) if np_shape else nullcontext():
        mx.nd.save(str(theirs), converted(arrays, to_mxnet))
        save(ours, arrays, sync=False, np_shape=np_shape)
        assert ours.read_bytes() == theirs.read_bytes()
        read = converted(mx.nd.load(str(ours)), from_mxnet)
    for found in (read, load(theirs), load(theirs, mmap=False)):
        assert same_arrays(found, arrays)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('against_mxnet')


@REPEATABLE
@given(arrays=structures(st.one_of(dense(), row_sparse(), csr())))
def test_both_read_and_write_the_same_v2_files(folder, arrays):
    agree(arrays, folder)


@REPEATABLE
@given(arrays=structures(dense(min_dims=0, min_side=0)))
def test_both_read_and_write_the_same_v3_files(folder, arrays):
    agree(arrays, folder, np_shape=True)


@pytest.mark.parametrize('dtype', MXNET_DTYPES)
@pytest.mark.parametrize('np_shape', [False, True])
def test_both_agree_on_every_dtype(dtype, np_shape, tmp_path):
    array = np.array([[0, 1], [2, 100]]).astype(dtype)
    agree({'weight': array}, tmp_path, np_shape=np_shape)


@pytest.mark.parametrize('dtype', SPARSE_DTYPES)
def test_both_agree_on_empty_sparse_arrays(dtype, tmp_path):
    path = tmp_path / 'net.params'
    arrays = [
        mx.nd.sparse.zeros('csr', (2, 3), dtype=dtype),
        mx.nd.sparse.zeros('row_sparse', (2, 3), dtype=dtype),
    ]
    mx.nd.save(str(path), arrays)
    before = path.read_bytes()
    found = load(path)
    assert [array.shape for array in found] == [(2, 3), (2, 3)]
    assert [array.data.dtype for array in found] == [dtype, dtype]
    for array in found:
        assert array.to_dense().tolist() == [[0] * 3] * 2
    save(path, found)
    assert path.read_bytes() == before


def test_bfloat16_of_mxnet_is_scanned(tmp_path):
    path = str(tmp_path / 'net.params')
    bfloat16 = np.dtype([('bfloat16', np.uint16)])
    array = mx.nd.amp_cast(mx.nd.array([1.5, -2]), dtype=bfloat16)
    mx.nd.save(path, {'weight': array})
    (spec,) = scan(path)
    assert (spec.dtype, spec.shape, spec.nbytes) == ('bfloat16', (2,), 4)
    with open(path, 'rb') as file:
        data = file.read()[spec.offset :][: spec.nbytes]
    assert data == bytes.fromhex('c03f 00c0')


def readable_by_mxnet(case):
    """Cases but for dtypes of MXNet 2 and what MXNet 1 reads amiss."""
    mxnet_2 = 'int16', 'uint16', 'uint32', 'uint64'
    return (
        READ in case.directions
        and not case.name.endswith(mxnet_2)
        and not any(
            word in case.name
            for word in (
                'without',
                'unknown',
                'mixed',
                'zero byte',
                'unicode',
                'v2 of no elements',
            )
        )
    )


@pytest.mark.parametrize(
    'case',
    [case for case in CASES if readable_by_mxnet(case)],
    ids=lambda case: case.name,
)
def test_mxnet_reads_the_written_out_files_alike(case, tmp_path):
    path = tmp_path / 'net.params'
    path.write_bytes(case.data)
    np_shape = case.name.startswith('v3')
    with mx.util.np_shape(np_shape):
        found = converted(mx.nd.load(str(path)), from_mxnet)
    assert same_arrays(found, case.arrays)


@pytest.mark.parametrize('deduplicate', [False, True])
@pytest.mark.parametrize('np_shape', [False, True])
def test_parameters_of_gluon_are_read(deduplicate, np_shape, tmp_path):
    path = str(tmp_path / 'net.params')
    net = mx.gluon.nn.HybridSequential()
    net.add(
        mx.gluon.nn.Conv2D(3, kernel_size=2),
        mx.gluon.nn.BatchNorm(),
        mx.gluon.nn.Dense(2),
    )
    net.initialize()
    net(mx.nd.ones((1, 2, 4, 4)))
    expected = {
        name: parameter.data().asnumpy()
        for name, parameter in net._collect_params_with_prefix().items()
    }
    with mx.util.np_shape(np_shape):
        net.save_parameters(path, deduplicate=deduplicate)
    assert '1.running_mean' in expected
    assert same_arrays(load(path), expected)
    assert {spec.version for spec in scan(path)} == {3 if np_shape else 2}


def test_saved_parameters_are_loaded_by_gluon(tmp_path):
    net = mx.gluon.nn.Dense(2, in_units=3)
    arrays = {
        'weight': np.arange(6, dtype='float32').reshape(2, 3),
        'bias': np.array([1, 2], 'float32'),
    }
    save(tmp_path / 'net.params', arrays)
    net.load_parameters(str(tmp_path / 'net.params'))
    assert same_arrays(
        [net.weight.data().asnumpy(), net.bias.data().asnumpy()],
        list(arrays.values()),
    )


def test_checkpoint_of_mxnet_is_read(tmp_path):
    x = mx.sym.var('data')
    symbol = mx.sym.FullyConnected(x, num_hidden=2, name='fc')
    arguments = {'fc_weight': mx.nd.ones((2, 3)), 'fc_bias': mx.nd.zeros(2)}
    prefix = str(tmp_path / 'net')
    mx.model.save_checkpoint(
        prefix, 3, symbol, arguments, {'mean': mx.nd.ones(2)}
    )
    found = load(f'{prefix}-0003.params')
    assert list(found) == ['arg:fc_weight', 'arg:fc_bias', 'aux:mean']
    assert found['arg:fc_weight'].tolist() == [[1] * 3] * 2
