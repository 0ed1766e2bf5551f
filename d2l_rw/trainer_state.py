"""What a Gluon trainer knows besides the parameters, as nested values.

The optimizer, its schedule and the loss scaler of automatic mixed precision
are taken as the values of their attributes; restoring sets these attributes.
A trainer numbers its parameters by their sorted names, which differ between
processes; here they are called by their names in the network.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np

from d2l_rw._mxnet import mxnet
from d2l_rw.errors import expect
from d2l_rw.network_state import describe
from d2l_rw.plain import map_arrays

NDArray = mxnet.nd.NDArray
COUNTS = '_all_index_update_counts'  # of updates, by device and parameter
# Made by the trainer, kept apart, or set anew at each step.
NOT_STATE = 'param_dict', 'lr_scheduler', '_index_update_count'
KINDS = {
    str: 'a string',
    type(None): 'none',
    bool: 'a number',
    int: 'a number',
    float: 'a number',
    dict: 'a dictionary',
    list: 'a list',
    tuple: 'a tuple',
}


def capture(trainer, names: list[str]) -> dict:
    """Return the state of a `gluon.Trainer` whose parameters have names."""
    keys = dict(enumerate(names))
    return {
        'parameters': names,
        'states': _rekey(_updaters(trainer)[0].states, keys),
        **{
            name: None if part is None else _captured(part, keys)
            for name, part in _parts(trainer).items()
        },
    }


def prepare(
    trainer,
    saved,
    names: list[str],
    parameters: dict[str, np.ndarray],
    problems: list[str],
) -> Callable[[], None]:
    """Compare a saved state with a trainer, and change nothing.

    Args:
        trainer: a `gluon.Trainer`.
        saved: what `capture` returned, with NumPy arrays.
        names: of the trainer's parameters.
        parameters: the values that they are to have.
        problems: what does not fit is added here.

    Returns:
        A function that gives the state to the trainer.  It may be called if
        there are no problems.

    Raises:
        FormatError: if `saved` is no such state.
    """
    parts = _parts(trainer)
    fields = {'parameters', 'states', *parts}
    known = isinstance(saved, dict) and set(saved) == fields
    expect(known, 'trainer', 'its state', repr(saved)[:80])
    for name, part in parts.items():
        problems += _misfits(name, part, saved[name])
    listed = saved['parameters']
    known = isinstance(listed, list) and {*map(type, listed)} <= {str}
    expect(known, 'parameters', 'names', repr(listed)[:80])
    if sorted(listed) != sorted(names):
        problems.append(f'trainer: expected parameters {names}, got {listed}')
    if problems:
        return lambda: None
    keys = {name: index for index, name in enumerate(names)}
    new = {
        name: _attributes(
            saved[name]['attributes'], keys, trainer._contexts[0]
        )
        for name, part in parts.items()
        if part is not None
    }
    optimizer = copy.copy(trainer.optimizer)
    vars(optimizer).update(new['optimizer'])
    saved_states = _rekey(saved['states'], keys)
    weights = {keys[name]: parameters[name] for name in names}
    states = [
        _states(optimizer, saved_states, weights, context)
        for context in trainer._contexts
    ]

    def restore() -> None:
        _connect(trainer)
        for name, attributes in new.items():
            vars(parts[name]).update(attributes)
        for updater, state in zip(_updaters(trainer), states):
            updater.states = state
            updater.states_synced = dict.fromkeys(state, False)

    return restore


def _connect(trainer) -> None:
    """Let the trainer take up new parameters, as `load_states` does."""
    if not trainer._kv_initialized:
        trainer._init_kvstore()
    if trainer._params_to_init:
        trainer._init_params()


def _parts(trainer) -> dict:
    """Return the objects whose attributes are state."""
    optimizer = trainer.optimizer
    return {
        'optimizer': optimizer,
        'schedule': optimizer.lr_scheduler,
        'loss scaler': getattr(trainer, '_amp_loss_scaler', None),
    }


def _updaters(trainer) -> list:
    """Return what holds the optimizer's states, one for each device.

    A key-value store that updates the parameters itself has the only one.
    """
    if trainer._update_on_kvstore:
        return [trainer._kvstore._updater]
    return trainer._updaters


def _captured(part, keys: dict) -> dict:
    return {
        'class': type(part).__name__,
        'attributes': _renamed(_own(part), keys),
    }


def _own(part) -> dict:
    return {k: v for k, v in vars(part).items() if k not in NOT_STATE}


def _renamed(attributes: dict, keys: dict) -> dict:
    """Return attributes; those that go by parameter get other keys."""
    new = dict(attributes)
    if 'cumgrads' in new:  # of LBSGD
        new['cumgrads'] = _rekey(new['cumgrads'], keys)
    if COUNTS in new:
        counts = new[COUNTS].items()
        new[COUNTS] = {
            device: _rekey(count, keys) for device, count in counts
        }
    return new


def _rekey(table, keys: dict) -> dict:
    known = isinstance(table, dict) and set(table) <= set(keys)
    expect(known, 'parameters', 'those of the trainer', repr(table)[:80])
    return {keys[key]: value for key, value in table.items()}


def _misfits(name: str, part, saved) -> list[str]:
    """Say why saved attributes are not those of a part."""
    fields = set(saved) if isinstance(saved, dict) else saved
    known = fields is None or fields == {'class', 'attributes'}
    expect(known, name, 'a class and its attributes', repr(saved)[:80])
    kind = 'none' if part is None else type(part).__name__
    found = 'none' if saved is None else saved['class']
    if kind != found:
        return [f'{name}: expected {kind}, got {found}']
    if part is None:
        return []
    current, new = _own(part), saved['attributes']
    expect(isinstance(new, dict), name, 'attributes', repr(new)[:80])
    pairs = {
        key: (_kind_at(key, current), _kind_at(key, new))
        for key in sorted({*current, *new})
    }
    return [
        f'{name}: {key}: expected {expected}, got {got}'
        for key, (expected, got) in pairs.items()
        if expected != got and not ({expected, got} & {'none'})
    ]


def _kind_at(key: str, attributes: dict) -> str:
    return _kind(attributes[key]) if key in attributes else 'nothing'


def _kind(value) -> str:
    return KINDS.get(type(value)) or (
        'an array' if hasattr(value, 'shape') else type(value).__name__
    )


def _attributes(saved: dict, keys: dict, context) -> dict:
    """Return attributes as the trainer has them."""

    def to_mxnet(array: np.ndarray) -> NDArray:
        return mxnet.nd.array(array, ctx=context, dtype=array.dtype)

    return map_arrays(to_mxnet, _renamed(saved, keys))


def _states(optimizer, saved: dict, weights: dict, context) -> dict:
    """Let the optimizer make its states, and give them the saved values."""
    states = {}
    for index, state in saved.items():
        shape, dtype = weights[index].shape, weights[index].dtype
        weight = mxnet.nd.empty(shape, ctx=context, dtype=dtype)
        target = optimizer.create_state_multi_precision(index, weight)
        expected, got = _shapes(target), _shapes(state)
        expect(got == expected, f'state {index}', expected, got)
        states[index] = target
        _fill(target, state)
    return states


def _shapes(state) -> str:
    """Describe the structure of an optimizer's state."""
    if isinstance(state, (tuple, list)):
        inner = ', '.join(map(_shapes, state))
        return f'{type(state).__name__} of {inner}'
    return describe(state)


def _fill(target, saved) -> None:
    if isinstance(target, NDArray):
        target[:] = saved
    elif target is not None:
        for part, value in zip(target, saved):
            _fill(part, value)
