"""Make the files that are loaded: equal arrays in each format.

`python -m benchmarks.files FOLDER JSON` does it in a process of its own,
which ends and returns its memory.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

MOST_MEMBERS = 10_000  # of an npz file: NumPy reads a few thousand a second
ITEM_SIZE = 4  # bytes of a float32


@dataclass(frozen=True)
class Layout:
    """How many arrays of which shape a file holds."""

    size: str
    kind: str
    count: int
    shape: tuple[int, int]

    @property
    def nbytes(self) -> int:
        """The size of all arrays, in bytes."""
        return self.count * prod(self.shape) * ITEM_SIZE

    @property
    def formats(self) -> list[str]:
        """The formats that there are files of, as suffixes."""
        npz = ['npz'] if self.count <= MOST_MEMBERS else []
        return ['params', 'safetensors', *npz]

    def path(self, folder: Path, suffix: str) -> Path:
        """Return where the file of a format is kept."""
        return folder / f'{self.size.replace(" ", "-")}-{self.kind}.{suffix}'


TINY = Layout('tiny', 'few', 2, (2, 32))  # to warm up with
LAYOUTS = [
    Layout('1 MiB', 'few', 4, (2048, 32)),
    Layout('1 MiB', 'many', 256, (32, 32)),
    Layout('100 MiB', 'few', 10, (81_920, 32)),
    Layout('100 MiB', 'many', 10_000, (80, 32)),
    Layout('2 GiB', 'few', 8, (2_097_152, 32)),
    Layout('2 GiB', 'many', 20_000, (838, 32)),
]


def names(layout: Layout) -> list[str]:
    """Return the names of a layout's arrays, in order."""
    return [f'layer{place}.weight' for place in range(layout.count)]


def arrays(layout: Layout) -> dict[str, np.ndarray]:
    """Return random arrays, each with memory of its own."""
    generator = np.random.default_rng(1)
    return {
        name: generator.random(layout.shape, np.float32)
        for name in names(layout)
    }


def make(layout: Layout, folder: Path) -> None:
    """Write the arrays of a layout as one file of each format."""
    import safetensors.numpy

    from d2l_rw import save

    data = arrays(layout)
    save(layout.path(folder, 'params'), data)
    safetensors.numpy.save_file(data, layout.path(folder, 'safetensors'))
    if 'npz' in layout.formats:
        np.savez(layout.path(folder, 'npz'), **data)


def warm(layout: Layout, folder: Path) -> None:
    """Have files in memory as after a first reading from the disk.

    As they were written, Linux keeps them in smaller pieces, and a mapping of
    them takes more page faults.
    """
    for suffix in layout.formats:
        with open(layout.path(folder, suffix), 'rb', buffering=0) as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while file.read(2**24):
                pass


if __name__ == '__main__':
    for made in (TINY, Layout(**json.loads(sys.argv[2]))):
        make(made, Path(sys.argv[1]))
        warm(made, Path(sys.argv[1]))
