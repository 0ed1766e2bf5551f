"""What a Gluon network holds: parameters, and gradients that add up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from d2l_rw._mxnet import mxnet
from d2l_rw.errors import expect
from d2l_rw.mxnet_arrays import NDArray, describe, form, to_mxnet, words
from d2l_rw.sparse import RowSparse

Parameter = mxnet.gluon.Parameter


def named_parameters(net: mxnet.gluon.Block) -> dict[str, Parameter]:
    """Return the parameters by the names that `save_parameters` uses.

    A parameter that layers share stands there once for each of them.
    """
    return net._collect_params_with_prefix()


def values(net: mxnet.gluon.Block) -> dict[str, NDArray]:
    """Return the values of the parameters, as `save_parameters` does.

    Those that differ between devices (the statistics of batch normalization)
    are averaged.

    Raises:
        ValueError: if a parameter has no value yet.
    """
    parameters = named_parameters(net)
    for name, parameter in parameters.items():
        if parameter._data is None:
            raise ValueError(
                f'{name}: expected an initialized parameter, got none; pass '
                'a batch through the network first'
            )
    return {name: _value(p) for name, p in parameters.items()}


def _value(parameter: Parameter) -> NDArray:
    simple = parameter._stype == 'default' and len(parameter._data) == 1
    return parameter._data[0] if simple else parameter._reduce()


def gradients(net: mxnet.gluon.Block) -> dict[str, list[NDArray]]:
    """Return the gradients that several batches add to, for each device."""
    return {
        name: parameter.list_grad()
        for name, parameter in named_parameters(net).items()
        if parameter.grad_req == 'add'
    }


def prepare(
    net: mxnet.gluon.Block,
    loaded: dict,
    added: dict | None,
    problems: list[str],
) -> Callable[[], None]:
    """Compare saved arrays with a network, and change nothing.

    Args:
        net: the network; its initialization may be deferred.
        loaded: the parameters, as NumPy arrays.
        added: the gradients that add up, as NumPy arrays; None leaves them.
        problems: what does not fit is added here.

    Returns:
        A function that gives the arrays to the network.  It may be called if
        there are no problems.
    """
    parameters = named_parameters(net)
    for name in sorted({*parameters, *loaded}):
        if name not in loaded:
            problems.append(f'{name}: not in the checkpoint')
        elif name not in parameters:
            problems.append(f'{name}: not in the network')
        elif not _fits(parameters[name], loaded[name]):
            p, got = parameters[name], describe(loaded[name])
            expected = words(p._stype, p.dtype, p.shape)
            problems.append(f'{name}: expected {expected}, got {got}')
    if added is not None and not problems:
        problems += _gradient_problems(parameters, loaded, added)

    def restore() -> None:
        for name, parameter in parameters.items():
            _set(parameter, loaded[name])
        for name, arrays in (added or {}).items():
            for target, array in zip(parameters[name].list_grad(), arrays):
                _fill(target, array)

    return restore


def _fits(parameter: Parameter, array) -> bool:
    """Tell whether a parameter, perhaps of open shape, can take an array."""
    if not isinstance(array, (np.ndarray, RowSparse)):
        return False
    storage, dtype, found = form(array)
    if (storage, dtype) != (parameter._stype, np.dtype(parameter.dtype)):
        return False
    shape, unknown = parameter.shape, -1 if mxnet.util.is_np_shape() else 0
    return shape is None or (
        len(shape) == len(found)
        and all(n in (unknown, m) for n, m in zip(shape, found))
    )


def _gradient_problems(parameters, loaded, added) -> list[str]:
    """Say how saved gradients differ from those that add up."""
    known = isinstance(added, dict)
    known = known and all(isinstance(g, list) for g in added.values())
    expect(known, 'gradients', 'lists by name', added)
    expected = {
        name: [words(p._grad_stype, p.dtype, loaded[name].shape)]
        * len(p.list_ctx())
        for name, p in parameters.items()
        if p.grad_req == 'add'
    }
    got = {
        name: [describe(array) for array in arrays]
        for name, arrays in added.items()
    }
    return [
        f'gradient of {name}: expected {expected.get(name, "none")}, '
        f'got {got.get(name, "none")}'
        for name in sorted({*expected, *got})
        if expected.get(name) != got.get(name)
    ]


def _set(parameter: Parameter, array: np.ndarray | RowSparse) -> None:
    trainer = parameter._trainer
    stored = trainer and trainer._update_on_kvstore  # has a copy of its own
    if parameter._data is not None and not stored:
        for target in parameter._data:
            _fill(target, array)
        return
    value = to_mxnet(array, mxnet.cpu())
    if mxnet.util.is_np_array():
        value = value.as_np_ndarray()
    if parameter._data is None:
        parameter._load_init(value, None)
    else:
        parameter.set_data(value)


def _fill(target: NDArray, array: np.ndarray | RowSparse) -> None:
    if isinstance(array, RowSparse):
        target[:] = to_mxnet(array, target.context)
    else:
        # What `target[:] = array` comes to, in a third of the time.
        target._sync_copyfrom(array)
