"""What a Gluon trainer knows besides the parameters, as nested values.

The optimizer, its schedule and the loss scaler of automatic mixed precision
are taken as the values of their attributes; restoring sets these attributes.
A trainer numbers its parameters by their sorted names, which differ between
processes; here they are called by their names in the network.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

import numpy as np

from d2l_rw._mxnet import mxnet
from d2l_rw.errors import expect
from d2l_rw.mxnet_arrays import NDArray, form, to_mxnet
from d2l_rw.plain import map_arrays
from d2l_rw.sparse import RowSparse

COUNTS = '_all_index_update_counts'  # of updates, by device and parameter
# Made by the trainer, kept apart, or set anew at each step.
NOT_STATE = 'param_dict', 'lr_scheduler', '_index_update_count'
PART = {'class', 'attributes'}
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
    parameters: dict[str, np.ndarray | RowSparse],
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
    problems += _problems(parts, saved, names)
    if problems:
        return lambda: None
    keys = {name: index for index, name in enumerate(names)}
    new = {
        name: _attributes(saved[name], keys, trainer._contexts[0])
        for name, part in parts.items()
        if part is not None
    }
    optimizer = copy.copy(trainer.optimizer)
    vars(optimizer).update(new['optimizer'])
    weights = {keys[name]: parameters[name] for name in names}
    by_index = _rekey(saved['states'], keys)
    states = [
        _states(optimizer, by_index, weights, context)
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
        known = isinstance(new[COUNTS], dict)
        expect(known, COUNTS, 'a dictionary', new[COUNTS])
        counts = new[COUNTS].items()
        new[COUNTS] = {
            device: _rekey(count, keys) for device, count in counts
        }
    return new


def _rekey(table, keys: dict) -> dict:
    known = isinstance(table, dict) and set(table) <= set(keys)
    expect(known, 'parameters', 'those of the trainer', table)
    return {keys[key]: value for key, value in table.items()}


def _problems(parts: dict, saved, names: list[str]) -> list[str]:
    """Say why a saved state is not that of a trainer."""
    fields = {'parameters', 'states', *parts}
    known = isinstance(saved, dict) and set(saved) == fields
    expect(known, 'trainer', 'its state', saved)
    found = saved['parameters']
    known = isinstance(found, list) and {*map(type, found)} <= {str}
    expect(known, 'parameters', 'names', found)
    problems = []
    for name, part in parts.items():
        problems += _misfits(name, part, saved[name])
    if sorted(found) != sorted(names):
        problems.append(f'trainer: expected parameters {names}, got {found}')
    return problems


def _misfits(name: str, part, saved) -> list[str]:
    """Say why saved attributes are not those of a part."""
    kind, found = 'none' if part is None else type(part).__name__, 'none'
    if saved is not None:
        known = isinstance(saved, dict) and set(saved) == PART
        expect(known, name, 'a class and its attributes', saved)
        found = saved['class']
        expect(isinstance(found, str), name, 'the name of a class', found)
    if kind != found:
        return [f'{name}: expected {kind}, got {found}']
    if part is None:
        return []
    current, new = _own(part), saved['attributes']
    known = isinstance(new, dict) and {*map(type, new)} <= {str}
    expect(known, name, 'attributes', new)
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
    attributes = _renamed(saved['attributes'], keys)
    return map_arrays(partial(to_mxnet, context=context), attributes)


def _states(optimizer, saved: dict, weights: dict, context) -> dict:
    """Return states whose structure is what the optimizer would make."""
    known: dict = {}
    for index, state in saved.items():
        key = stype, dtype, shape = form(weights[index])
        if key not in known:
            weight = mxnet.nd.zeros(shape, context, dtype, stype=stype)
            made = optimizer.create_state_multi_precision(index, weight)
            known[key] = _structure(made)
        expected, got = known[key], _structure(state)
        expect(got == expected, f'state {index}', expected, got)
    return map_arrays(partial(to_mxnet, context=context), saved)


def _structure(state):
    """Return an optimizer's state with what describes each array."""
    if isinstance(state, (tuple, list)):
        return type(state)(map(_structure, state))
    if isinstance(state, (NDArray, np.ndarray, RowSparse)):
        return form(state)
    return _kind(state)
