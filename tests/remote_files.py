"""Large files that cost no disk, and reading all of a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from struct import pack

from d2l_rw import load
from tests.cases import start, v2

MIB = 2**20
UINT8 = 3


def sparse_params(path: Path, sizes: list[int]) -> None:
    """Write a file of MXNet whose arrays, of zeros, are holes of the file."""
    with open(path, 'wb') as file:
        file.write(start(len(sizes)))
        for size in sizes:
            file.write(v2((size,), UINT8, b''))
            file.seek(size, 1)
        file.write(pack('<Q', len(sizes)))
        for place in range(len(sizes)):
            name = f'layer{place}'.encode()
            file.write(pack('<Q', len(name)) + name)


def sparse_safetensors(path: Path, sizes: list[int]) -> None:
    """Write the same as a safetensors file."""
    header, end = {}, 0
    for place, size in enumerate(sizes):
        offsets, end = [end, end + size], end + size
        fields = {'dtype': 'U8', 'shape': [size], 'data_offsets': offsets}
        header[f'layer{place}'] = fields
    text = json.dumps(header).encode()
    with open(path, 'wb') as file:
        file.write(pack('<Q', len(text)) + text)
        file.truncate(file.tell() + end)


def everything(address: str, **options) -> list | dict:
    """Load all arrays of a file."""
    arrays = load(address, **options)
    return dict(arrays) if isinstance(arrays, Mapping) else list(arrays)
