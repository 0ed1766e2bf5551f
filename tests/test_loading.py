"""A file goes into a changed network as asked, or nothing changes."""

import mxnet
import numpy as np
import pytest
from mxnet import cpu, nd
from mxnet.gluon import nn

from d2l_rw import (
    MLP,
    FormatError,
    RowSparse,
    compare,
    convert,
    load,
    load_parameters,
    save,
)

HIDDEN_AND_BETA = 'hidden.weight', 'hidden.bias', 'norm.beta'


class Net(nn.HybridBlock):
    """A network of the old style: layers made in its name scope."""

    def __init__(self, *, head='output', outputs=3, norm=True, tied=False):
        super().__init__()
        with self.name_scope():
            self.hidden = nn.Dense(8, in_units=4)
            if norm:
                self.norm = nn.BatchNorm(in_channels=8)
            shared = self.hidden.params if tied else None
            if tied:
                self.twin = nn.Dense(8, in_units=4, params=shared)
            setattr(self, head, nn.Dense(outputs, in_units=8))

    def hybrid_forward(self, F, x):
        raise NotImplementedError


class Layers(nn.HybridSequential):
    """The same layers, which can compute."""

    def __init__(self):
        super().__init__()
        with self.name_scope():
            self.add(nn.Dense(8), nn.BatchNorm(), nn.Dense(3))


def initialized(net):
    net.initialize()
    return net


def arrays_of(net):
    return {
        name: parameter.data().asnumpy()
        for name, parameter in net._collect_params_with_prefix().items()
    }


def equal(left, right):
    return left.keys() == right.keys() and all(
        left[name].dtype == right[name].dtype
        and left[name].tobytes() == right[name].tobytes()
        for name in left
    )


@pytest.fixture
def path(tmp_path):
    """A file of a network of the class Net."""
    initialized(Net()).save_parameters(str(tmp_path / 'net.params'))
    return tmp_path / 'net.params'


def full_names(tmp_path):
    net, path = initialized(Net()), tmp_path / 'full.params'
    net.collect_params().save(str(path))
    return path, net


def exported(tmp_path):
    net = initialized(Layers())
    net.hybridize()
    net(nd.ones((1, 4)))
    net.export(str(tmp_path / 'net'))
    return tmp_path / 'net-0000.params', net


def deduplicated(tmp_path):
    net, path = initialized(Net(tied=True)), tmp_path / 'once.params'
    net.save_parameters(str(path), deduplicate=True)
    return path, net


def without_norm(tmp_path):
    net, path = initialized(Net(norm=False)), tmp_path / 'short.params'
    net.save_parameters(str(path))
    return path, net


def module_names(tmp_path):
    net, path = initialized(Net()), tmp_path / 'module.params'
    arrays = net._collect_params_with_prefix()
    save(
        path,
        {
            f'{"aux" if "running" in name else "arg"}:{name}': array
            for name, array in arrays_of(net).items()
        },
    )
    assert len(arrays) == 8
    return path, net


# What a file is, how it is made, the network, what the comparison tells.
PAIRS = {
    'same network': (None, Net, {'match': 8}, 'not initialized'),
    'another instance': (
        None,
        lambda: initialized(Net()),
        {'match': 8},
        None,
    ),
    'a renamed layer': (
        None,
        lambda: Net(head='classifier'),
        {'match': 6, 'missing': 2, 'extra': 2},
        'output.weight -> classifier.weight',
    ),
    'a layer more': (without_norm, Net, {'match': 4, 'missing': 4}, None),
    'a layer less': (
        None,
        lambda: Net(norm=False),
        {'match': 4, 'extra': 4},
        None,
    ),
    'another number of outputs': (
        None,
        lambda: Net(outputs=7),
        {'match': 6, 'shape': 2},
        '3 outputs in the file, 7 expected',
    ),
    'a network that was cast': (
        None,
        lambda: (net := Net(), net.cast('float16'), net)[-1],
        {'match': 4, 'dtype': 4},
        'float32 in the file, float16 expected',
    ),
    'full names of another network': (
        full_names,
        Net,
        {'missing': 8, 'extra': 8},
        'the old style of Gluon net',
    ),
    'an exported file': (
        exported,
        Layers,
        {'missing': 8, 'extra': 8},
        'the old style of Gluon, behind arg: or aux:',
    ),
    'names of the Module API': (
        module_names,
        Net,
        {'missing': 8, 'extra': 8},
        'the names are the same, behind arg: or aux:',
    ),
    'a network whose sizes are not known yet': (
        None,
        lambda: MLP(hidden_units=8, output_units=3),
        {'match': 4, 'extra': 4},
        'the network is not initialized',
    ),
    'a tied layer that the file holds once': (
        deduplicated,
        lambda: Net(tied=True),
        {'match': 10},
        None,
    ),
}


@pytest.mark.parametrize('name', PAIRS)
def test_pair_is_told_by_statuses_and_cause(name, path, tmp_path):
    make, network, counts, cause = PAIRS[name]
    if make:
        path, _ = make(tmp_path)
    comparison = compare(path, network())
    statuses = [row.status for row in comparison.rows]
    assert {status: statuses.count(status) for status in statuses} == counts
    told = ' '.join(str(comparison).split())
    assert cause is None or cause in told


@pytest.mark.parametrize('make', [full_names, exported, module_names])
def test_other_styles_of_names_are_loaded_by_the_suggestion(make, tmp_path):
    path, source = make(tmp_path)
    net = type(source)()
    rename = compare(path, net).rename
    assert load_parameters(net, path, rename=rename).fits
    assert equal(arrays_of(net), arrays_of(source))


def test_exported_network_computes_the_same_when_loaded(tmp_path):
    path, source = exported(tmp_path)
    net, x = Layers(), nd.arange(8).reshape((2, 4))
    load_parameters(net, path, rename=compare(path, net).rename)
    assert (net(x) == source(x)).asnumpy().all()


@pytest.mark.parametrize('suffix', ['.params', '.npz', '.safetensors'])
@pytest.mark.parametrize('prepare', [lambda net: net, initialized])
def test_same_network_is_loaded_from_every_format(
    prepare, suffix, path, tmp_path
):
    target, net = tmp_path / f'copy{suffix}', prepare(Net())
    convert(path, target)
    load_parameters(net, target)
    assert equal(arrays_of(net), load(path))


def test_only_the_chosen_layers_change(path):
    net = initialized(Net(outputs=7))
    before = arrays_of(net)
    load_parameters(net, path, only=['hidden', 'norm.beta'])
    after, saved = arrays_of(net), load(path)
    for name in after:
        source = saved if name in HIDDEN_AND_BETA else before
        assert equal({name: after[name]}, {name: source[name]})


def test_all_that_fits_is_loaded_by_naming_it(path):
    net = initialized(Net(outputs=7))
    matching = compare(path, net).matching
    load_parameters(net, path, only=matching)
    assert compare(path, net, only=matching).fits
    assert all(
        equal({n: arrays_of(net)[n]}, {n: load(path)[n]}) for n in matching
    )


def test_renamed_layer_is_loaded(path):
    net = initialized(Net(head='classifier'))
    load_parameters(net, path, rename=compare(path, net).rename)
    arrays = arrays_of(net)
    assert equal(
        {'w': arrays['classifier.weight']}, {'w': load(path)['output.weight']}
    )


def test_cast_converts_and_the_network_keeps_its_dtype(path):
    net = initialized(Net())
    net.cast('float16')
    load_parameters(net, path, cast=True)
    expected = {
        name: array if 'norm' in name else array.astype('float16')
        for name, array in load(path).items()
    }
    assert equal(arrays_of(net), expected)


MISFITS = {
    'a layer less': (lambda: Net(norm=False), {}),
    'another number of outputs': (lambda: Net(outputs=7), {}),
    'a renamed layer': (lambda: Net(head='classifier'), {}),
    'a chosen layer of another size': (
        lambda: Net(outputs=7),
        {'only': ['hidden', 'output']},
    ),
    'a dtype that must be asked for': (
        lambda: (net := Net(), net.cast('float64'), net)[-1],
        {},
    ),
}


@pytest.mark.parametrize('name', MISFITS)
def test_nothing_changes_unless_all_can_be_loaded(name, path):
    network, options = MISFITS[name]
    net = initialized(network())
    before = arrays_of(net)
    with pytest.raises(ValueError, match=r'nothing .*net\.params'):
        load_parameters(net, path, **options)
    assert equal(arrays_of(net), before)


def test_value_that_a_dtype_cannot_hold_is_refused(path):
    arrays = {name: array + 1e6 for name, array in load(path).items()}
    save(path, arrays)
    net = initialized(Net())
    net.cast('float16')
    before = arrays_of(net)
    with pytest.raises(ValueError, match=r'hidden\.weight: .*float16'):
        load_parameters(net, path, cast=True)
    assert equal(arrays_of(net), before)


def test_network_that_is_not_initialized_stays_so_when_refused(path):
    net = Net(outputs=7)
    with pytest.raises(ValueError, match='nothing was loaded'):
        load_parameters(net, path)
    assert net.hidden.weight._data is None


def test_damaged_file_changes_nothing(path):
    net = initialized(Net())
    before = arrays_of(net)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FormatError, match=r'net\.params: name: expected'):
        load_parameters(net, path)
    assert equal(arrays_of(net), before)


def test_shared_parameter_is_loaded_from_either_name(tmp_path):
    path, source = deduplicated(tmp_path)
    net = initialized(Net(tied=True))
    load_parameters(net, path)
    assert net.twin.weight is net.hidden.weight
    assert equal(arrays_of(net), arrays_of(source))


def test_two_arrays_for_one_parameter_are_refused(path):
    arrays = dict(load(path))
    arrays['twin.weight'] = arrays['hidden.weight'] + 1
    arrays['twin.bias'] = arrays['hidden.bias']
    save(path, arrays)
    net = initialized(Net(tied=True))
    with pytest.raises(ValueError, match=r'twin\.weight: expected'):
        load_parameters(net, path)


def test_every_device_gets_the_arrays(path):
    net = Net()
    net.initialize(ctx=[cpu(0), cpu(1)])
    load_parameters(net, path)
    saved = load(path)['hidden.weight'].tobytes()
    devices = net.hidden.weight.list_data()
    assert [array.context for array in devices] == [cpu(0), cpu(1)]
    assert all(array.asnumpy().tobytes() == saved for array in devices)


def test_deferred_network_keeps_the_devices_that_it_was_given(path):
    net = MLP(hidden_units=8, output_units=3)
    net.initialize(ctx=[cpu(1)])
    load_parameters(net, path, only=['hidden', 'output'])
    assert net.hidden.weight.list_ctx() == [cpu(1)]


def test_weights_stored_by_rows_are_loaded(tmp_path):
    path, net = (
        tmp_path / 'net.params',
        mxnet.gluon.contrib.nn.SparseEmbedding(5, 2),
    )
    rows = RowSparse(np.ones((5, 2), 'float32'), np.arange(5), (5, 2))
    save(path, {'weight': rows})
    load_parameters(net, path)
    assert net.weight._data[0].asnumpy().sum() == 10


def test_network_of_numpy_arrays_is_loaded(path):
    with mxnet.util.np_shape(True), mxnet.util.np_array(True):
        net = nn.Dense(8, in_units=4)
        rename = {'hidden.weight': 'weight', 'hidden.bias': 'bias'}
        load_parameters(net, path, rename=rename, only=['weight', 'bias'])
        array = net.weight.data()
        assert type(array).__module__ == 'mxnet.numpy'
        assert (
            array.asnumpy().tobytes() == load(path)['hidden.weight'].tobytes()
        )


def test_target_that_is_no_network_is_refused(path):
    with pytest.raises(TypeError, match='a path or a network, got dict'):
        compare(path, {})


def test_list_is_loaded_by_place(tmp_path):
    path, net = tmp_path / 'list', nn.Dense(3, in_units=2)
    save(path, [np.ones((3, 2), 'float32'), np.zeros(3, 'float32')])
    load_parameters(net, path, rename={'0': 'weight', '1': 'bias'})
    assert net.weight.data().asnumpy().sum() == 6
