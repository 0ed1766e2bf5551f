"""Nested Python values as JSON beside a dictionary of arrays.

What JSON holds exactly stands for itself.  The rest is an object of one item:

    {"tuple": [...]}        a tuple
    {"pairs": [[k, v]...]}  a dictionary whose keys are not strings, or that
                            would look like one of these four
    {"float": "inf"}        a number that JSON lacks: "inf", "-inf" or "nan"
    {"array": "name"}       the array of that name
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from d2l_rw.errors import FormatError
from d2l_rw.sparse import RowSparse

ATOMS = bool, int, str, type(None)
TAGS = 'tuple', 'pairs', 'float', 'array'
NOT_FINITE = 'inf', '-inf', 'nan'


def pack(value, name: str, arrays: dict, *, array_type: type):
    """Return a value as JSON holds it, with its arrays put aside.

    Args:
        value: None, a bool, a number, a string, an array, or a list, tuple
            or dictionary of such values.
        name: what the value is called; its arrays get names below it.
        arrays: where the arrays are put.
        array_type: the class of the arrays.

    Raises:
        TypeError: for another kind of value, which would not come back as
            it was.

    >>> arrays = {}
    >>> pack((None, np.ones(2)), 'state', arrays, array_type=np.ndarray)
    {'tuple': [None, {'array': 'state/1'}]}
    >>> arrays
    {'state/1': array([1., 1.])}
    """

    def inner(value, name: str):
        if isinstance(value, array_type):
            arrays[name] = value
            return {'array': name}
        kind = type(value)
        if kind in ATOMS:
            return value
        if kind is float:
            return value if math.isfinite(value) else {'float': repr(value)}
        if kind in (list, tuple):
            items = [inner(v, f'{name}/{i}') for i, v in enumerate(value)]
            return items if kind is list else {'tuple': items}
        if kind is dict and all(type(k) in ATOMS for k in value):
            items = {k: inner(v, f'{name}/{k}') for k, v in value.items()}
            plain = all(type(k) is str for k in value) and not _tag(value)
            return items if plain else {'pairs': [*map(list, items.items())]}
        raise TypeError(
            f'{name}: expected None, a number, a string, an array, or a '
            f'list, tuple or dictionary of such, got {kind.__name__}'
        )

    return inner(value, name)


def unpack(packed, arrays: dict):
    """Return the value that `pack` was given.

    Args:
        packed: what JSON held.
        arrays: the arrays that it refers to.

    Raises:
        FormatError: if it is not what `pack` returns.

    >>> unpack({'tuple': [1, {'float': 'inf'}]}, {})
    (1, inf)
    """
    if isinstance(packed, list):
        return [unpack(item, arrays) for item in packed]
    if not isinstance(packed, dict):
        return packed
    tag = _tag(packed)
    if not tag:
        return {k: unpack(v, arrays) for k, v in packed.items()}
    content = packed[tag]
    if isinstance(content, str):
        if tag == 'array' and content in arrays:
            return arrays[content]
        if tag == 'float' and content in NOT_FINITE:
            return float(content)
    if isinstance(content, list):
        if tag == 'tuple':
            return tuple(unpack(content, arrays))
        if tag == 'pairs' and all(map(_is_pair, content)):
            return {k: unpack(v, arrays) for k, v in content}
    raise FormatError(tag, 'what it stands for', content)


def map_arrays(function: Callable, value):
    """Return a nested value with a function applied to its arrays."""
    if isinstance(value, (np.ndarray, RowSparse)):
        return function(value)
    if isinstance(value, dict):
        return {k: map_arrays(function, v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map_arrays(function, v) for v in value)
    return value


def _tag(value: dict) -> str | None:
    """Return the one key of a dictionary if it is one of the four."""
    return next((k for k in value if len(value) == 1 and k in TAGS), None)


def _is_pair(item) -> bool:
    pair = isinstance(item, list) and len(item) == 2
    return pair and type(item[0]) in ATOMS
