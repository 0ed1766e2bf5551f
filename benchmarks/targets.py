"""What d2l_rw is to reach, as ratios of medians of one run.

Ratios, since machines differ; each is against a contender that was measured
in turn with it, or against the machine's own `read` and `write`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MIB = 2**20
# What the unit of a bound is called, and what it is multiplied by.
UNITS = {'': 1, 'MiB': MIB, 'µs': 1e-6, 'ms': 1e-3}


@dataclass(frozen=True)
class Target:
    """A bound of a figure.

    Attributes:
        group, name: the case that is measured.
        sizes, kind: the files that it holds for.
        against: the case whose time it is divided by; None for a figure
            that has a unit of its own.
        figure: 'seconds', 'anonymous' or 'peak'.
        bound: the largest value, in `unit`.
        unit: '', 'MiB' or 'µs'; the last is for each array of the file.
    """

    group: str
    name: str
    sizes: tuple[str, ...]
    kind: str
    against: str | None
    bound: float
    figure: str = 'seconds'
    unit: str = ''


LARGE = '100 MiB', '2 GiB'
MAPPED, COPIED = 'd2l_rw, mapped', 'd2l_rw, copied'
TARGETS = [
    Target('load', MAPPED, LARGE, 'few', 'read', 0.5),
    Target('load', MAPPED, LARGE, 'few', 'mxnet', 1 / 4),
    Target('load', MAPPED, LARGE, 'few', 'mxnet, asnumpy', 1 / 10),
    Target('load', MAPPED, LARGE, 'few', 'safetensors', 1 / 8),
    Target('load', MAPPED, LARGE, 'many', 'read', 2.5),
    Target('load', MAPPED, LARGE, 'many', 'mxnet', 1 / 1.3),
    Target('load', MAPPED, LARGE, 'many', 'safetensors', 1 / 2),
    Target('load', MAPPED, LARGE, 'few', None, 16, 'anonymous', 'MiB'),
    Target('load', MAPPED, LARGE, 'many', None, 16, 'anonymous', 'MiB'),
    Target('load', COPIED, ('100 MiB',), 'few', 'read', 1.2),
    Target('load', COPIED, ('100 MiB',), 'few', 'safetensors', 1 / 3),
    Target('load', COPIED, ('100 MiB',), 'many', 'safetensors', 1),
    Target('one', 'd2l_rw', ('2 GiB',), 'few', 'pread', 1.3),
    Target('one', 'd2l_rw', ('2 GiB',), 'many', None, 2.5, unit='µs'),
    Target('one', 'd2l_rw', ('2 GiB',), 'many', 'mxnet, asnumpy', 1 / 20),
    Target('save', 'd2l_rw', ('100 MiB',), 'few', 'write', 1.05),
    Target('save', 'd2l_rw', ('100 MiB',), 'many', 'safetensors', 1.1),
    Target('save', 'd2l_rw', ('100 MiB',), 'many', 'mxnet', 1),
    Target('save', 'd2l_rw', ('100 MiB',), 'few', None, 10, 'peak', 'MiB'),
    Target('save', 'd2l_rw', ('100 MiB',), 'many', None, 10, 'peak', 'MiB'),
]
START = 20e-3  # seconds that `import d2l_rw` may add to `import numpy`


def found(
    results: dict, known: Iterable[Target] = TARGETS
) -> list[tuple[Target, str, float]]:
    """Return what was measured for each target, in its unit, by size."""
    rows = {
        (row['group'], row['name'], row['size'], row['kind']): row
        for row in results['rows']
    }
    measured = []
    for target in known:
        for size in target.sizes:
            key = target.group, target.name, size, target.kind
            if key not in rows:
                continue
            row = rows[key]
            value = row['calls'][0][target.figure] / UNITS[target.unit]
            if target.unit == 'µs':
                value /= row['arrays']
            if target.against is not None:
                other = rows[target.group, target.against, size, target.kind]
                value /= other['calls'][0][target.figure]
            measured.append((target, size, value))
    return measured
