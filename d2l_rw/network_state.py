"""What a Gluon network holds: parameters, and gradients that add up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from d2l_rw._mxnet import mxnet
from d2l_rw.arrays import ArraySpec
from d2l_rw.errors import expect
from d2l_rw.expectation import (
    FITTING,
    UNKNOWN,
    Expectation,
    compare_specs,
    spec_of,
    words,
)
from d2l_rw.mxnet_arrays import NDArray, to_mxnet
from d2l_rw.sparse import RowSparse

Parameter = mxnet.gluon.Parameter
# What MXNet calls the storages of `ArraySpec`.
STORAGES = {'default': 'dense', 'row_sparse': 'row_sparse', 'csr': 'csr'}


def named_parameters(net: mxnet.gluon.Block) -> dict[str, Parameter]:
    """Return the parameters by the names that `save_parameters` uses.

    A parameter that layers share stands there once for each of them.
    """
    return net._collect_params_with_prefix()


def expectation(net: mxnet.gluon.Block) -> Expectation:
    """Return what a network expects of arrays, initialized or not."""
    if not isinstance(net, mxnet.gluon.Block):
        raise TypeError(
            f'target: expected a path or a network, got {type(net).__name__}'
        )
    parameters = named_parameters(net)
    groups: dict[Parameter, list[str]] = {}
    for name, parameter in parameters.items():
        groups.setdefault(parameter, []).append(name)
    return Expectation(
        type(net).__name__,
        {name: _spec(name, p) for name, p in parameters.items()},
        {
            name: [other for other in groups[p] if other != name]
            for name, p in parameters.items()
        },
        {names[0]: p.name for p, names in groups.items()},
        net.prefix,
        all(p._data is not None for p in groups),
    )


def _spec(name: str, parameter: Parameter) -> ArraySpec:
    """Return the form of a parameter, with -1 for an unknown dimension."""
    shape, unknown = parameter.shape, -1 if mxnet.util.is_np_shape() else 0
    if shape is not None:
        shape = tuple(UNKNOWN if n == unknown else n for n in shape)
    storage = STORAGES[parameter._stype]
    dtype = np.dtype(parameter.dtype).name
    return ArraySpec(name, dtype, shape, None, 0, storage)


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
    found = {name: spec_of(name, array) for name, array in loaded.items()}
    rows = compare_specs(found, expectation(net))
    problems += [str(row) for row in rows if row.status not in FITTING]
    if added is not None and not problems:
        problems += _gradient_problems(parameters, loaded, added)

    def restore() -> None:
        for row in rows:
            set_value(parameters[row.name], loaded[row.found.name])
        for name, arrays in (added or {}).items():
            for target, array in zip(parameters[name].list_grad(), arrays):
                _fill(target, array)

    return restore


def _gradient_problems(parameters, loaded, added) -> list[str]:
    """Say how saved gradients differ from those that add up."""
    known = isinstance(added, dict)
    known = known and all(isinstance(g, list) for g in added.values())
    expect(known, 'gradients', 'lists by name', added)
    expected = {
        name: [_gradient_form(p, loaded[name].shape)] * len(p.list_ctx())
        for name, p in parameters.items()
        if p.grad_req == 'add'
    }
    got = {
        name: [words(spec_of(name, array)) for array in arrays]
        for name, arrays in added.items()
    }
    return [
        f'gradient of {name}: expected {expected.get(name, "none")}, '
        f'got {got.get(name, "none")}'
        for name in sorted({*expected, *got})
        if expected.get(name) != got.get(name)
    ]


def _gradient_form(parameter: Parameter, shape: tuple[int, ...]) -> str:
    storage = STORAGES[parameter._grad_stype]
    spec = _spec('', parameter)._replace(shape=shape, storage=storage)
    return words(spec)


def set_value(parameter: Parameter, array: np.ndarray | RowSparse) -> None:
    """Give a parameter an array of its form, on all its devices."""
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
