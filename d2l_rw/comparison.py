"""Compare what a file holds with what a network, or another file, expects."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from d2l_rw.arrays import ArraySpec
from d2l_rw.causes import Cause, likely_causes
from d2l_rw.errors import printable
from d2l_rw.expectation import (
    DTYPE,
    EXTRA,
    FITTING,
    MATCH,
    MISSING,
    SHAPE,
    STATUSES,
    STORAGE,
    Expectation,
    Row,
    compare_specs,
    words,
)
from d2l_rw.serialization import scan
from d2l_rw.tables import table

WIDTH = 78  # columns of a terminal
SHOWN = 2  # names of a cause
COLUMNS = 'name', 'status', 'expected', 'found'


@dataclass(frozen=True)
class Comparison:
    """What fits, and what differs, between a source and a target.

    Printed, it is a table of what does not fit, with the likely causes.

    Attributes:
        source: the path of the file.
        target: what it is compared with: a path, or the class of a network.
        rows: one for each name of the target, in its order, then one for
            each that the source alone has.
        causes: why they differ, as far as that can be told.

    >>> Comparison('mlp.params', 'MLP', ()).fits
    True
    """

    source: str
    target: str
    rows: tuple[Row, ...]
    causes: tuple[Cause, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether all that is expected is there, and nothing else."""
        return all(row.status in FITTING for row in self.rows)

    @property
    def matching(self) -> list[str]:
        """The names of what can be loaded."""
        return self._names(*FITTING)

    @property
    def missing(self) -> list[str]:
        """The names that the target alone has."""
        return self._names(MISSING)

    @property
    def extra(self) -> list[str]:
        """The names that the source alone has."""
        return self._names(EXTRA)

    @property
    def different(self) -> list[str]:
        """The names of both whose shape, dtype or storage differ."""
        return self._names(SHAPE, DTYPE, STORAGE)

    @property
    def rename(self) -> dict[str, str]:
        """The names that the causes suggest: of the source, of the target."""
        return {
            k: v for cause in self.causes for k, v in cause.rename.items()
        }

    def _names(self, *statuses: str) -> list[str]:
        return [row.name for row in self.rows if row.status in statuses]

    def __str__(self) -> str:
        counts = [(len(self._names(status)), status) for status in STATUSES]
        told = ', '.join(f'{n} {status}' for n, status in counts if n)
        files = printable(f'{self.source} -> {self.target}')
        lines = [f'{files}: {told or "no arrays"}']
        wrong = [_cells(row) for row in self.rows if row.status != MATCH]
        if wrong:
            lines.append(table(wrong, COLUMNS))
        label = 'note' if self.fits else 'likely'
        for cause in self.causes:
            lines += _lines(label, cause)
        if self.rename:
            lines.append('rename=comparison.rename gives them these names')
        return '\n'.join(lines)


def compare(
    source: str | os.PathLike,
    target,
    *,
    rename: Mapping[str, str] | None = None,
    only: Iterable[str] | None = None,
    cast: bool = False,
) -> Comparison:
    """Compare a file with a Gluon network, or with another file.

    Headers alone are read, and nothing is changed.

    Args:
        source: a file that `load` reads.  The arrays of a list are named by
            their places: '0', '1'.
        target: a network, which need not be initialized, or another file.
        rename: the target's names of arrays that the source has under
            others: {name in the source: name in the target}.
        only: names of layers or arrays of the target, to compare no others.
        cast: let numbers of another dtype fit where the target has
            floating-point numbers.

    Raises:
        FormatError: if a file is damaged.
        ValueError: if `rename` or `only` name what is not there.
        TypeError: if the target is neither a network nor a path.
        OSError: if a file cannot be read.

    >>> import tempfile
    >>> import numpy as np
    >>> from d2l_rw import save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     old, new = [os.path.join(folder, name) for name in ('old', 'new')]
    ...     save(old, {'hidden.bias': np.ones(3)})
    ...     save(new, {'dense.bias': np.ones(3)})
    ...     compare(old, new).rename
    {'hidden.bias': 'dense.bias'}
    """
    found, expected = specs_of(source), _expectation(target)
    rename = dict(rename or {})
    _check_rename(rename, found, expected.specs)
    chosen = _chosen(only, expected.specs)
    renamed = {rename.get(name, name): spec for name, spec in found.items()}
    rows = compare_specs(renamed, expected, names=chosen, cast=cast)
    return Comparison(
        os.fsdecode(source),
        expected.description,
        tuple(rows),
        tuple(likely_causes(rows, expected)),
    )


def specs_of(path: str | os.PathLike) -> dict[str, ArraySpec]:
    """Return a file's specs by name or, of a list, by place."""
    specs = [
        spec if spec.name is not None else spec._replace(name=str(place))
        for place, spec in enumerate(scan(path))
    ]
    return {spec.name: spec for spec in specs}


def _expectation(target) -> Expectation:
    if isinstance(target, (str, os.PathLike)):
        return Expectation(os.fsdecode(target), specs_of(target))
    # Imported here, since it needs MXNet.
    from d2l_rw.network_state import expectation

    return expectation(target)


def _check_rename(rename: dict, found: dict, expected: dict) -> None:
    """Refuse names that are nowhere, and two arrays for one name."""
    for name, new in rename.items():
        if name not in found:
            raise _unknown('rename', name, 'the source', found)
        if new not in expected:
            raise _unknown('rename', new, 'the target', expected)
    taken: dict[str, str] = {}
    for name in found:
        new = rename.get(name, name)
        if new in taken:
            both = f'{taken[new]!r} and {name!r}'
            raise ValueError(
                f'rename: expected one array for {new!r}, got {both}'
            )
        taken[new] = name


def _chosen(only: Iterable[str] | None, expected: dict) -> list[str] | None:
    """Return the names of the arrays of some layers; None if of all."""
    if only is None:
        return None
    if isinstance(only, str):
        raise TypeError(f'only: expected several names, got {only!r}')
    only, chosen = list(only), set()
    if not only:
        raise ValueError('only: expected a name, got none')
    for layer in only:
        names = [
            name
            for name in expected
            if name == layer or name.startswith((f'{layer}.', f'{layer}_'))
        ]
        if not names:
            raise _unknown('only', layer, 'the target', expected)
        chosen.update(names)
    return [name for name in expected if name in chosen]


def _unknown(argument: str, name: str, place: str, known) -> ValueError:
    from difflib import get_close_matches

    near = get_close_matches(name, known, 3, 0.5) or list(known)[:3]
    there = ', '.join(near) or 'none'
    return ValueError(
        f'{argument}: expected names of {place}, got {name!r}; there are: '
        f'{there}'
    )


def _cells(row: Row) -> tuple[str, ...]:
    found = words(row.found) if row.found else ''
    if row.found and row.found.name != row.name:
        found = f'{row.found.name}: {found}'
    expected = words(row.expected) if row.expected else ''
    return row.name, row.status, expected, found


def _lines(label: str, cause: Cause) -> list[str]:
    """Return a cause for a terminal, with some of the names."""
    text = f'{label}: {cause.text}'
    lines = textwrap.wrap(text, WIDTH, subsequent_indent='  ')
    names = [f'  {old} -> {new}' for old, new in cause.rename.items()]
    left = len(names) - SHOWN
    more = [f'  and {left} more'] if left > 0 else []
    return [printable(line) for line in [*lines, *names[:SHOWN], *more]]
