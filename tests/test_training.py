"""A resumed training run equals one that was never stopped, bit for bit."""

import json
import os
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

import d2l_rw
from d2l_rw import checkpoint_folder, restore_checkpoint, save_checkpoint
from d2l_rw.checkpoint_folder import CONTENTS, STATE
from tests.chapters import ROOT

try:
    import mxnet as mx
except (ImportError, AttributeError, OSError) as error:
    if os.environ.get('CI'):
        raise
    pytest.skip(f'MXNet does not work here: {error}', allow_module_level=True)

from mxnet import autograd, gluon, lr_scheduler, nd
from mxnet.gluon import nn

from tests.training_run import CASES, STEPS, make, train

FAULTS = 300  # seconds that a program of faults may take


def run_module(name, *arguments):
    """Run a module of the tests in a new process; return what it prints."""
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-m', f'tests.{name}', *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=FAULTS,
    ).stdout


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """The folder of runs that were whole, saved in between, and resumed."""
    folder = tmp_path_factory.mktemp('runs')
    run_module('training_run', str(folder))
    run_module('training_run', str(folder), 'resume')
    return folder


def differences(first, second):
    """Return the names of what is not the same in two runs, bit for bit."""
    found = {name for name in first.files if name not in second.files}
    found |= {name for name in second.files if name not in first.files}
    for name in {*first.files} - found:
        one, two = first[name], second[name]
        if name == 'losses':
            one = one[-len(two) :]
        same = one.dtype == two.dtype and one.shape == two.shape
        if not same or one.tobytes() != two.tobytes():
            found.add(name)
    return sorted(found)


@pytest.mark.parametrize('name', CASES)
def test_resumed_run_is_the_same_bit_for_bit(runs, name):
    saved = np.load(runs / f'{name} saved.npz')
    resumed = np.load(runs / f'{name} resumed.npz')
    assert len(resumed['losses']) * 2 == len(saved['losses'])
    assert saved['updates'] >= STEPS // 2
    assert differences(saved, resumed) == []


@pytest.mark.parametrize('name', CASES)
def test_saving_disturbs_the_generator_of_mxnet_only(runs, name):
    whole = np.load(runs / f'{name} whole.npz')
    saved = np.load(runs / f'{name} saved.npz')
    found = differences(whole, saved)
    if CASES[name].dropout:
        assert 'losses' in found
    else:
        assert found == ['mxnet']


def test_every_optimizer_with_a_state_is_among_the_runs():
    known = set(mx.optimizer.Optimizer.opt_registry)
    # An alias, one that MXNet has for its own tests, and the base.
    known -= {'ccsgd', 'test', 'ndabs'}
    assert known == {case.optimizer for case in CASES.values()}


def network(*, units=4, names=('first_', 'second_'), **options):
    """Return a perceptron of chosen names, initialized."""
    net = nn.Sequential()
    for name in names:
        net.add(nn.Dense(units, in_units=units, prefix=name, **options))
    net.initialize(mx.init.Xavier())
    return net


def trainer_of(net, optimizer='adam', **options):
    return gluon.Trainer(net.collect_params(), optimizer, options)


def step(net, trainer):
    """Make one step that moves every parameter in its own way."""
    inputs = nd.arange(8).reshape((2, 4)) / 8
    with autograd.record():
        loss = (net(inputs) ** 2).sum()
    loss.backward()
    trainer.step(1)


def values(net, trainer):
    """Return all that restoring may change, as bytes and plain values."""
    parameters = net._collect_params_with_prefix()
    arrays = [p.data().asnumpy().tobytes() for p in parameters.values()]
    optimizer = {
        name: value
        for name, value in vars(trainer.optimizer).items()
        if name not in ('param_dict', 'lr_scheduler')
    }
    schedule = vars(trainer.optimizer.lr_scheduler or object)
    states = [
        [part.asnumpy().tobytes() for part in state]
        for state in trainer._updaters[0].states.values()
    ]
    generator = np.random.get_state()[1].tobytes()
    return json.dumps(
        [
            repr(arrays),
            repr(optimizer),
            repr(schedule),
            repr(states),
            generator.hex(),
        ]
    )


@pytest.fixture
def trained():
    """A network and its trainer after a step."""
    net = network()
    trainer = trainer_of(net)
    step(net, trainer)
    return net, trainer


@pytest.mark.parametrize('name', ['adam', 'sparse weights', 'two devices'])
def test_parameters_are_the_file_of_save_parameters(tmp_path, name):
    net, trainer = make(CASES[name])
    train(CASES[name], net, trainer, range(2))
    saved = save_checkpoint(tmp_path / 'c', net, trainer, epoch=0)
    net.save_parameters(str(tmp_path / 'net.params'))
    expected = (tmp_path / 'net.params').read_bytes()
    with open(os.path.join(saved.path, 'parameters.params'), 'rb') as file:
        assert file.read() == expected


def test_state_is_read_by_mxnet_and_without_it(trained, tmp_path):
    net, trainer = trained
    saved = save_checkpoint(tmp_path, net, trainer, epoch=0)
    path = os.path.join(saved.path, 'state.params')
    ours, theirs = d2l_rw.load(path), nd.load(path)
    assert 'trainer/states/0.weight/0' in ours
    assert set(ours) == set(theirs)
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name].asnumpy())


def test_states_follow_the_layers_when_names_sort_otherwise(tmp_path):
    net = network(names=('dense8_', 'dense9_'))
    trainer = trainer_of(net)
    step(net, trainer)
    save_checkpoint(tmp_path, net, trainer, epoch=0)
    step(net, trainer)
    other = network(names=('dense9_', 'dense10_'))
    other_trainer = trainer_of(other)
    restore_checkpoint(tmp_path, other, other_trainer)
    step(other, other_trainer)
    parameters = net._collect_params_with_prefix()
    for name, parameter in other._collect_params_with_prefix().items():
        found, expected = parameter.data(), parameters[name].data()
        np.testing.assert_array_equal(found.asnumpy(), expected.asnumpy())


def test_place_and_values_come_back(trained, tmp_path):
    generator = np.random.default_rng(5)
    place = {
        'epoch': np.int64(3),
        'batch': 7,
        'metric': np.float32(0.5),
        'values': {
            'losses': [1.5, 0.1],
            'rng': generator.bit_generator.state,
        },
    }
    saved = save_checkpoint(tmp_path, *trained, **place)
    restored = restore_checkpoint(tmp_path, *trained)
    assert restored == saved
    assert vars(restored) == {'number': 1, 'path': saved.path, **place}


@pytest.mark.parametrize(
    ('place', 'match'),
    [
        ({'values': {'a': (1, 2)}}, 'JSON holds exactly'),
        ({'values': {1: 2}}, 'JSON holds exactly'),
        ({'values': {'a': float('nan')}}, 'not JSON compliant'),
        ({'metric': float('inf')}, 'not JSON compliant'),
        ({'batch': -1}, 'batch: expected 0 or more, got -1'),
        ({'keep_last': 0}, 'keep_last: expected at least 1, got 0'),
        ({'keep_last': 1, 'keep_best': -1}, 'keep_best: expected'),
    ],
)
def test_place_that_cannot_come_back_is_refused(
    trained, tmp_path, place, match
):
    with pytest.raises(ValueError, match=match):
        save_checkpoint(tmp_path, *trained, **{'epoch': 0, **place})
    assert list(tmp_path.iterdir()) == []


def test_unknown_attribute_of_an_optimizer_is_refused(trained, tmp_path):
    net, trainer = trained
    trainer.optimizer.history = {1, 2}
    match = 'trainer/optimizer/attributes/history: expected None, a number'
    with pytest.raises(TypeError, match=match):
        save_checkpoint(tmp_path, net, trainer, epoch=0)


def test_deferred_network_is_not_saved(tmp_path):
    net = nn.Dense(3)
    net.initialize()
    with pytest.raises(ValueError, match=r'weight: .*pass a batch'):
        save_checkpoint(tmp_path, net, trainer_of(net), epoch=0)


def test_trainer_of_other_parameters_is_refused(trained, tmp_path):
    net, _ = trained
    with pytest.raises(ValueError, match='expected parameters of the net'):
        save_checkpoint(tmp_path, net, trainer_of(network()), epoch=0)


def test_deferred_network_is_restored(trained, tmp_path):
    save_checkpoint(tmp_path, *trained, epoch=0)
    net = nn.Sequential()
    net.add(nn.Dense(4), nn.Dense(4))
    net.initialize()
    trainer = trainer_of(net)
    restore_checkpoint(tmp_path, net, trainer)
    for model, optimizer in ((net, trainer), trained):
        step(model, optimizer)
    found, expected = (
        [p.data().asnumpy() for p in n._collect_params_with_prefix().values()]
        for n in (net, trained[0])
    )
    np.testing.assert_array_equal(
        np.concatenate(found, None), np.concatenate(expected, None)
    )


def test_network_alone_is_restored(trained, tmp_path):
    save_checkpoint(tmp_path, *trained, epoch=0)
    net = nn.Sequential()
    net.add(nn.Dense(4), nn.Dense(4))  # not even initialized
    before = np.random.get_state()[1].tobytes()
    restore_checkpoint(tmp_path, net, None)
    inputs = nd.ones((1, 4))
    expected = trained[0](inputs).asnumpy()
    np.testing.assert_array_equal(net(inputs).asnumpy(), expected)
    assert np.random.get_state()[1].tobytes() == before


def test_network_alone_leaves_gradients(trained, tmp_path):
    save_checkpoint(tmp_path, *trained, epoch=0)
    net = network()
    net.collect_params().setattr('grad_req', 'add')
    restore_checkpoint(tmp_path, net, None)
    expected = trained[0](nd.ones((1, 4))).asnumpy()
    np.testing.assert_array_equal(net(nd.ones((1, 4))).asnumpy(), expected)


def test_gradients_that_add_up_need_saved_ones(trained, tmp_path):
    save_checkpoint(tmp_path, *trained, epoch=0)
    net = network()
    net.collect_params().setattr('grad_req', 'add')
    match = r"gradient of 0.bias: expected \['float32 \(4,\)'\], got none"
    with pytest.raises(ValueError, match=match):
        restore_checkpoint(tmp_path, net, trainer_of(net))


@pytest.mark.parametrize('name', ['adam', 'two devices', 'key-value store'])
def test_run_goes_back_in_the_same_process(tmp_path, name):
    case = CASES[name]
    net, trainer = make(case)
    train(case, net, trainer, range(5))
    save_checkpoint(tmp_path, net, trainer, epoch=0)
    first = train(case, net, trainer, range(5, 10))
    restore_checkpoint(tmp_path, net, trainer)
    again = train(case, net, trainer, range(5, 10))
    np.testing.assert_array_equal(again, first)


def test_shared_parameters_are_restored_once_for_all(tmp_path):
    def tied():
        net = nn.Sequential()
        first = nn.Dense(4, in_units=4)
        net.add(first, nn.Dense(4, in_units=4, params=first.params))
        net.initialize(mx.init.Xavier())
        return net

    net = tied()
    trainer = trainer_of(net)
    step(net, trainer)
    save_checkpoint(tmp_path, net, trainer, epoch=0)
    other = tied()
    restore_checkpoint(tmp_path, other, trainer_of(other))
    assert other[0].weight is other[1].weight
    found, expected = other[1].weight.data(), net[0].weight.data()
    np.testing.assert_array_equal(found.asnumpy(), expected.asnumpy())


def test_numpy_arrays_of_mxnet_are_restored(tmp_path):
    program = """
import sys, mxnet as mx, d2l_rw
mx.npx.set_np()
def make():
    net = mx.gluon.nn.Dense(3)
    net.initialize()
    return net, mx.gluon.Trainer(net.collect_params(), 'adam')
def step(net, trainer):
    with mx.autograd.record():
        loss = net(mx.np.ones((2, 4))).sum()
    loss.backward()
    trainer.step(1)
    return net.weight.data().asnumpy().tobytes()
net, trainer = make()
step(net, trainer)
d2l_rw.save_checkpoint(sys.argv[1], net, trainer, epoch=0)
other = make()
d2l_rw.restore_checkpoint(sys.argv[1], *other)
assert type(other[0].weight.data()) is mx.np.ndarray
assert step(net, trainer) == step(*other)
print('done')
"""
    command = [sys.executable, '-W', 'ignore', '-c', program, tmp_path]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False
    )
    assert done.stdout == 'done\n', done.stderr


def other_network():
    net = nn.Sequential()
    net.add(nn.Dense(4, in_units=3), nn.Dense(4, in_units=4, use_bias=False))
    net.add(nn.Dense(1, in_units=4))
    net.cast('float64')
    net.initialize()
    return net


MISFITS = {
    'network': (
        lambda: (net := other_network(), trainer_of(net)),
        [
            '0.weight: expected float64 (4, 3), got float32 (4, 4)',
            '0.bias: expected float64 (4,), got float32 (4,)',
            '1.weight: expected float64 (4, 4), got float32 (4, 4)',
            '2.weight: expected float64 (1, 4), got none',
            '2.bias: expected float64 (1,), got none',
            '1.bias: expected none, got float32 (4,)',
        ],
    ),
    'optimizer': (
        lambda: (net := network(), trainer_of(net, 'nag')),
        ['optimizer: expected NAG, got Adam'],
    ),
    'schedule': (
        lambda: (
            net := network(),
            trainer_of(net, lr_scheduler=lr_scheduler.FactorScheduler(2)),
        ),
        ['schedule: expected FactorScheduler, got none'],
    ),
    'both': (
        lambda: (net := network(use_bias=False), trainer_of(net, 'sgd')),
        [
            '0.bias: expected none, got float32 (4,)',
            '1.bias: expected none, got float32 (4,)',
            'optimizer: expected SGD, got Adam',
        ],
    ),
}


@pytest.mark.parametrize('name', MISFITS)
def test_misfits_are_listed_before_anything_changes(trained, tmp_path, name):
    saved = save_checkpoint(tmp_path, *trained, epoch=0)
    make, expected = MISFITS[name]
    net, trainer = make()
    before = values(net, trainer)
    with pytest.raises(ValueError, match='nothing was changed') as caught:
        restore_checkpoint(tmp_path, net, trainer)
    first, *lines = str(caught.value).splitlines()
    assert first.startswith(saved.path)
    assert [line.strip() for line in lines[: len(expected)]] == expected
    assert values(net, trainer) == before


def test_subset_of_parameters_in_the_trainer_is_told(trained, tmp_path):
    save_checkpoint(tmp_path, *trained, epoch=0)
    net = network()
    trainer = trainer_of(net[0])
    match = r"expected parameters \['0.bias', '0.weight'\], got"
    with pytest.raises(ValueError, match=match):
        restore_checkpoint(tmp_path, net, trainer)


def rewritten(saved, change, **files):
    """Change the state of a checkpoint, and make its manifest fit."""
    contents = {}
    for name in CONTENTS:
        with open(os.path.join(saved.path, name), 'rb') as file:
            contents[name] = [file.read()]
    state = json.loads(contents[STATE][0])
    change(state['training'])
    contents[STATE] = [json.dumps(state).encode()]
    contents.update(files)
    folder = os.path.dirname(saved.path)
    with checkpoint_folder.lock(folder):
        checkpoint_folder.write(folder, contents, sync=False)


def attributes(training):
    return training['trainer']['optimizer']['attributes']


def states(training):
    return training['trainer']['states']


HOSTILE = {
    'no trainer': lambda t: t.pop('trainer'),
    'trainer of nothing': lambda t: t.update(trainer=[]),
    'optimizer of nothing': lambda t: t['trainer'].update(optimizer=[1]),
    'no class': lambda t: t['trainer']['optimizer'].pop('class'),
    'a rate of text': lambda t: attributes(t).update(lr='eval'),
    'a method': lambda t: attributes(t).update(update='eval'),
    'no rate': lambda t: attributes(t).pop('lr'),
    'counts of strangers': lambda t: attributes(t).update(
        _all_index_update_counts={'pairs': [[0, {'9.weight': 1}]]}
    ),
    'counts of nothing': lambda t: attributes(t).update(
        _all_index_update_counts={'pairs': [[0, 5]]}
    ),
    'parameters of nothing': lambda t: t['trainer'].update(parameters=[1]),
    'counts of none': lambda t: attributes(t).update(
        _all_index_update_counts=None
    ),
    'attributes by number': lambda t: t['trainer']['optimizer'].update(
        attributes={'pairs': [[0, 1]]}
    ),
    'states of nothing': lambda t: t['trainer'].update(states=1),
    'states of strangers': lambda t: states(t).update({'9.weight': None}),
    'no momentum': lambda t: states(t).update({'0.weight': None}),
    'one moment': lambda t: states(t)['0.weight']['tuple'].pop(),
    'an array of another': lambda t: states(t).update(
        {'0.weight': states(t)['0.bias']}
    ),
    'an array of nobody': lambda t: states(t).update(
        {'0.weight': {'array': 'x'}}
    ),
    'gradients of nothing': lambda t: t.update(gradients=1),
    'gradients of strangers': lambda t: t.update(gradients={'9.weight': []}),
    'gradients of numbers': lambda t: t.update(gradients={'0.weight': 1}),
    'no generators': lambda t: t.update(random={}),
    'a seed beyond': lambda t: t['random'].update(mxnet=2**31),
    'a seed of text': lambda t: t['random'].update(mxnet='1'),
    'a seed of fractions': lambda t: t['random'].update(mxnet=1.0),
    'a short state of Python': lambda t: t['random'].update(
        python={'tuple': [3, {'tuple': [1]}, None]}
    ),
    'a spare number of Python that is none': lambda t: t['random']['python'][
        'tuple'
    ].__setitem__(2, {'x': 1}),
    'a spare number of NumPy that is none': lambda t: t['random']['numpy'][
        'tuple'
    ].__setitem__(4, '1'),
    'a short key': lambda t: t['random']['numpy']['tuple'][1].pop(),
    'a place beyond the key': lambda t: t['random']['numpy'][
        'tuple'
    ].__setitem__(2, 10**6),
    'nested too deep': lambda t: t.update(random=nested(700)),
}


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize('name', HOSTILE)
def test_hostile_state_is_refused_before_anything_changes(
    trained, tmp_path, name
):
    saved = save_checkpoint(tmp_path, *trained, epoch=0)
    rewritten(saved, HOSTILE[name])
    net = network()
    trainer = trainer_of(net)
    before = values(net, trainer)
    with pytest.raises(ValueError, match=r'checkpoint-000002.*: expected'):
        restore_checkpoint(tmp_path, net, trainer)
    assert values(net, trainer) == before


JUNK = [
    None,
    True,
    -1,
    2**40,
    'x',
    [],
    {},
    [1],
    {'lr': 1},
    {'tuple': [None]},
    {'pairs': [[0, 1]]},
    {'array': 'trainer/states/0.weight/0'},
    {'float': 'nan'},
]


def places(value, path=()):
    """Yield the paths of all values within JSON; of many, of some."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(min(len(value), 5)):
            yield from places(value[index], (*path, index))


@pytest.mark.parametrize(
    'name', ['adam', 'factor schedule', 'lbsgd', 'loss scaler']
)
def test_state_with_junk_at_any_place_is_refused_or_restored(tmp_path, name):
    case = CASES[name]
    net, trainer = make(case)
    train(case, net, trainer, range(3))
    saved = save_checkpoint(tmp_path, net, trainer, epoch=0)
    with open(os.path.join(saved.path, STATE), 'rb') as file:
        training = json.load(file)['training']
    refused = 0
    for place, (*parents, last) in enumerate(places(training)):

        def spoil(spoiled, place=place, parents=parents, last=last):
            for key in parents:
                spoiled = spoiled[key]
            spoiled[last] = JUNK[place % len(JUNK)]

        rewritten(saved, spoil)
        try:
            restore_checkpoint(tmp_path, net, trainer)
        except ValueError as error:
            assert 'expected' in str(error)  # noqa: PT017
            refused += 1
        checkpoint_folder.delete(tmp_path, 2)
    assert refused > place / 2


@pytest.mark.parametrize('file', CONTENTS[:2])
def test_arrays_without_names_are_refused(trained, tmp_path, file):
    net, trainer = trained
    saved = save_checkpoint(tmp_path, net, trainer, epoch=0)
    arrays = [d2l_rw.dumps([np.ones(2)])]
    rewritten(saved, lambda training: None, **{file: arrays})
    with pytest.raises(d2l_rw.FormatError, match=f'{file}: arrays: expected'):
        restore_checkpoint(tmp_path, net, trainer)


UNPICKLED = """
import pickle, sys
import mxnet as mx, d2l_rw

def refuse(event, arguments):
    if event == 'pickle.find_class':
        raise RuntimeError(f'unpickled: {arguments}')

net = mx.gluon.nn.Dense(4, in_units=4)
net.initialize()
trainer = mx.gluon.Trainer(net.collect_params(), 'adam')
with mx.autograd.record():
    loss = net(mx.nd.ones((1, 4))).sum()
loss.backward()
trainer.step(1)
folder = sys.argv[1]
sys.addaudithook(refuse)
d2l_rw.save_checkpoint(folder, net, trainer, epoch=0)
d2l_rw.restore_checkpoint(folder, net, trainer)
print('restored')
trainer.save_states(folder + '/adam.states')
trainer.load_states(folder + '/adam.states')
"""


def test_nothing_is_unpickled(tmp_path):
    command = [sys.executable, '-W', 'ignore', '-c', UNPICKLED, tmp_path]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False
    )
    assert done.stdout == 'restored\n'
    assert 'RuntimeError: unpickled' in done.stderr  # by `load_states`
    for path in tmp_path.glob('checkpoint-*/*'):
        with pytest.raises(pickle.UnpicklingError, match=r'.'):
            pickle.loads(path.read_bytes())


def metrics(folder):
    return [(c.number, c.metric) for c in d2l_rw.list_checkpoints(folder)]


def test_last_and_best_are_kept(trained, tmp_path):
    for metric in [5, 1, 4, None, 2, 3]:
        save_checkpoint(
            tmp_path,
            *trained,
            epoch=0,
            metric=metric,
            keep_last=2,
            keep_best=2,
        )
    assert metrics(tmp_path) == [(2, 1), (5, 2), (6, 3)]


def test_all_are_kept_unless_told_otherwise(trained, tmp_path):
    for _ in range(4):
        save_checkpoint(tmp_path, *trained, epoch=0)
    assert len(metrics(tmp_path)) == 4


def test_damaged_checkpoints_are_neither_counted_nor_deleted(
    trained, tmp_path
):
    saved = [save_checkpoint(tmp_path, *trained, epoch=0) for _ in range(3)]
    os.truncate(os.path.join(saved[2].path, 'state.params'), 3)
    with pytest.warns(UserWarning, match='left out'):
        save_checkpoint(tmp_path, *trained, epoch=0, keep_last=2)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        assert [number for number, _ in metrics(tmp_path)] == [2, 4]
    assert checkpoint_folder.numbers(tmp_path) == [2, 3, 4]


def test_killed_saves_leave_the_old_or_the_new(tmp_path):
    found = json.loads(run_module('faulty_saves', 'killed', f'{tmp_path}/c'))
    assert found['points'] >= 200
    assert found['old'] + found['new'] == found['points']
    assert min(found['old'], found['new'], found['incomplete']) > 0
    assert found['left'] == 0


def test_full_disk_leaves_the_old(tmp_path):
    found = json.loads(run_module('faulty_saves', 'limited', f'{tmp_path}/c'))
    assert min(found['refused'], found['saved']) > 0


def test_readonly_folder_is_loaded_and_not_written(tmp_path):
    found = json.loads(
        run_module('faulty_saves', 'readonly', f'{tmp_path}/c')
    )
    assert found['refused']


def test_processes_that_save_together_lose_nothing(tmp_path):
    found = json.loads(
        run_module('faulty_saves', 'together', f'{tmp_path}/c')
    )
    assert found['statuses'] == [0, 0, 0]
    assert found['kept'] == [29, 30, 31]
