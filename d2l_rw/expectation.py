"""What a network or a file expects of arrays, and how others agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from d2l_rw.arrays import ArraySpec, dtype_of
from d2l_rw.errors import FormatError
from d2l_rw.sparse import CSR, RowSparse

MATCH, CAST = 'match', 'cast'
MISSING, EXTRA = 'missing', 'extra'
SHAPE, DTYPE, STORAGE = 'shape', 'dtype', 'storage'
STATUSES = MATCH, CAST, MISSING, EXTRA, SHAPE, DTYPE, STORAGE
FITTING = MATCH, CAST
STORAGES = {CSR: 'csr', RowSparse: 'row_sparse'}
UNKNOWN = -1  # a dimension that a network does not know yet


@dataclass(frozen=True)
class Expectation:
    """The arrays that a network or a file has.

    Attributes:
        description: what it is, for people.
        specs: by name, in order.  A network that has seen no batch yet has
            dimensions of -1, or None for a shape.
        shared: of each name, the other names of the same parameter.
        full_names: the names in the old style of Gluon, by name.
        prefix: of the full names, such as 'mlp0_'.
        initialized: whether every parameter has a value.
    """

    description: str
    specs: dict[str, ArraySpec]
    shared: dict[str, list[str]] = field(default_factory=dict)
    full_names: dict[str, str] = field(default_factory=dict)
    prefix: str = ''
    initialized: bool = True


class Row(NamedTuple):
    """What a comparison says of one name.

    Attributes:
        name: in the target or, of an extra array, in the source.
        status: 'match', 'cast' (it fits when converted), 'missing', 'extra',
            or what differs: 'shape', 'dtype', 'storage'.
        expected: what the target expects, or None of an extra array.
        found: what the source holds, or None of a missing array.
    """

    name: str
    status: str
    expected: ArraySpec | None
    found: ArraySpec | None

    def __str__(self) -> str:
        expected, found = words(self.expected), words(self.found)
        return f'{self.name}: expected {expected}, got {found}'


def spec_of(name: str, array) -> ArraySpec:
    """Return what a file would say of an array in memory."""
    if array is None:
        return ArraySpec(name, 'none', (), None, 0, 'none')
    storage = STORAGES.get(type(array), 'dense')
    values = array if storage == 'dense' else array.data
    return ArraySpec(
        name, values.dtype.name, array.shape, None, values.nbytes, storage
    )


def compare_specs(
    found: dict[str, ArraySpec],
    expected: Expectation,
    *,
    names: Iterable[str] | None = None,
    cast: bool = False,
) -> list[Row]:
    """Compare what is found under each name with what is expected.

    Args:
        found: by the name that the target has for it, or by another.
        expected: what the target expects; an array that it shares may be
            found by any of its names.
        names: the names to compare, in order, and no others.
        cast: whether other dtypes may fit.
    """
    rows = []
    for name in expected.specs if names is None else names:
        spec, others = expected.specs[name], expected.shared.get(name, ())
        known = [found[n] for n in (name, *others) if n in found]
        status = agreement(spec, known[0], cast=cast) if known else MISSING
        rows.append(Row(name, status, spec, known[0] if known else None))
    if names is None:
        extra = [name for name in found if name not in expected.specs]
        rows += [Row(name, EXTRA, None, found[name]) for name in extra]
    return rows


def agreement(expected: ArraySpec, found: ArraySpec, *, cast: bool) -> str:
    """Return the status of two arrays: what differs, if anything does."""
    if expected.storage != found.storage:
        return STORAGE
    if not same_shape(expected, found):
        return SHAPE
    if expected.dtype == found.dtype:
        return MATCH
    return CAST if cast and casts(found, expected) else DTYPE


def same_shape(expected: ArraySpec, found: ArraySpec) -> bool:
    """Tell whether two shapes agree, as far as they are known."""
    if expected.shape is None:
        return True
    return len(expected.shape) == len(found.shape) and all(
        n in (UNKNOWN, m) for n, m in zip(expected.shape, found.shape)
    )


def casts(found: ArraySpec, expected: ArraySpec) -> bool:
    """Tell whether values may become those of a floating-point dtype."""
    try:
        kinds = [dtype_of(spec.dtype).kind for spec in (found, expected)]
    except FormatError:
        return False
    # ml_dtypes gives bfloat16 the kind V.
    return kinds[0] in 'iufV' and kinds[1] in 'fV'


def words(spec: ArraySpec | None) -> str:
    """Return the form of an array in words."""
    if spec is None or spec.storage == 'none':
        return 'none'
    storage = '' if spec.storage == 'dense' else f'{spec.storage} '
    return f'{storage}{spec.dtype} {_shape(spec.shape)}'


def _shape(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return '(?)'
    dims = ['?' if n == UNKNOWN else str(n) for n in shape]
    return f'({dims[0]},)' if len(dims) == 1 else f'({", ".join(dims)})'
