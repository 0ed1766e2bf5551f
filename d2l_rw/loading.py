"""Load a file into a Gluon network that need not be the one it came from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from d2l_rw import network_state
from d2l_rw._mxnet import mxnet
from d2l_rw.comparison import Comparison, compare
from d2l_rw.errors import expect, naming
from d2l_rw.expectation import CAST, Row, spec_of, words
from d2l_rw.serialization import by_name, load
from d2l_rw.sparse import RowSparse, parts


def load_parameters(
    net: mxnet.gluon.Block,
    source: str | os.PathLike,
    *,
    rename: Mapping[str, str] | None = None,
    only: Iterable[str] | None = None,
    cast: bool = False,
) -> Comparison:
    """Load a file into a network, if all that is asked for can be done.

    File and network are compared first; unless everything fits, nothing is
    changed.  A network that is not initialized is initialized by it.  The
    arrays go to the devices that the parameters are on.

    Args:
        net: the network.
        source: a file that `load` reads: MXNet, npz or safetensors.
        rename: {name in the file: name in the network}; `Comparison.rename`
            suggests one.
        only: names of layers or parameters, to load no others: the others
            keep their values, and what the file has besides is passed over.
            `Comparison.matching` names all that fits.
        cast: convert other dtypes to the network's floating-point ones, if
            no finite value becomes infinite.

    Returns:
        The comparison.

    Raises:
        FormatError: if the file is damaged.
        ValueError: if something does not fit: the message is the table.
        OSError: if the file cannot be read.

    >>> import tempfile
    >>> from d2l_rw import save
    >>> net = mxnet.gluon.nn.Dense(2, use_bias=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, 'dense.params')
    ...     save(path, {'w': np.ones((2, 3), 'float32')})
    ...     print(load_parameters(net, path, rename={'w': 'weight'}).fits)
    True
    """
    comparison = compare(source, net, rename=rename, only=only, cast=cast)
    if not comparison.fits:
        raise ValueError(f'nothing was loaded: {comparison}')
    with naming(file=os.fsdecode(source)):
        arrays = _arrays(by_name(load(source)), comparison.rows)
    parameters = network_state.named_parameters(net)
    _check_shared(parameters, arrays)
    for name, array in arrays.items():
        network_state.set_value(parameters[name], array)
    return comparison


def _arrays(loaded: dict, rows: tuple[Row, ...]) -> dict:
    """Return the arrays to load by the network's names, cast if need be."""
    arrays = {}
    for row in rows:
        array = loaded.get(row.found.name)
        with naming(array=row.found.name):
            # Another process may have replaced the file meanwhile.
            wanted = words(row.found)
            there = words(spec_of(row.found.name, array))
            expect(wanted == there, 'array', wanted, there)
        if row.status == CAST:
            array = _cast(row, array)
        arrays[row.name] = array
    return arrays


def _cast(row: Row, array: np.ndarray | RowSparse) -> np.ndarray | RowSparse:
    """Convert an array, unless a finite value would become infinite."""
    values = array.data if isinstance(array, RowSparse) else array
    with np.errstate(over='ignore'):
        cast = values.astype(row.expected.dtype)
    lost = values[np.isfinite(values) & ~np.isfinite(cast)]
    if lost.size:
        raise ValueError(
            f'nothing was loaded: {row.name}: expected values that '
            f'{row.expected.dtype} can hold, got {lost[0]}'
        )
    return replace(array, data=cast) if array is not values else cast


def _check_shared(parameters: dict, arrays: dict) -> None:
    """Refuse two different arrays for one parameter of two names."""
    first: dict = {}
    for name, array in arrays.items():
        other = first.setdefault(parameters[name], name)
        if not _equal(arrays[other], array):
            raise ValueError(
                f'nothing was loaded: {name}: expected the array of {other}, '
                'with which it is one parameter, got another'
            )


def _equal(
    left: np.ndarray | RowSparse, right: np.ndarray | RowSparse
) -> bool:
    return left is right or all(
        a.tobytes() == b.tobytes() for a, b in zip(parts(left), parts(right))
    )
