"""safetensors files, read by the safetensors package."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod

from d2l_rw.arrays import (
    ITEM_SIZES,
    ArraySpec,
    check_shape,
    dtype_of,
    view,
)
from d2l_rw.errors import FormatError, expect, naming

# 'BF16' is bfloat16; 'F8_E4M3', for one, is nothing that NumPy has.
KINDS = {
    'BF': 'bfloat',
    'BOOL': 'bool',
    'F': 'float',
    'I': 'int',
    'U': 'uint',
}


def load(path: str | os.PathLike, *, writeable: bool) -> dict:
    """Load a file's arrays; see `serialization.load`."""
    for spec in scan(path):
        with naming(array=spec.name):
            dtype_of(spec.dtype)  # the package knows those that NumPy knows
    with _package() as package:
        arrays = package.numpy.load_file(path)
    for array in arrays.values():
        array.flags.writeable = writeable
    return arrays


def loads(data: bytes) -> dict:
    """Load arrays from bytes; see `serialization.loads`."""
    with _package() as package:
        found = package.deserialize(data)
    arrays = {}
    for name, part in found:
        spec = _spec(name, part['dtype'], part['shape'])._replace(offset=0)
        with naming(array=name):
            arrays[name] = view(spec, memoryview(part['data']).toreadonly())
    return arrays


def scan(path: str | os.PathLike) -> list[ArraySpec]:
    """Read a file's header; the package does not tell the offsets."""
    with _package() as package, package.safe_open(path, 'np') as file:
        parts = [(n, file.get_slice(n)) for n in file.keys()]  # noqa: SIM118
        return [_spec(n, p.get_dtype(), p.get_shape()) for n, p in parts]


def _spec(name: str, code: str, dims: list[int]) -> ArraySpec:
    kind = code.rstrip('0123456789')
    dtype, shape = KINDS.get(kind, kind) + code[len(kind) :], tuple(dims)
    with naming(array=name):
        expect(dtype in ITEM_SIZES, 'dtype', 'one that NumPy has', code)
        check_shape(shape, None)
    return ArraySpec(
        name, dtype, shape, None, prod(shape) * ITEM_SIZES[dtype]
    )


@contextmanager
def _package() -> Iterator:
    """Give the package; turn its errors into those of this one."""
    try:
        import safetensors.numpy
    except ImportError:
        missing = 'none: pip install safetensors'
        raise FormatError('file', 'a reader', missing) from None
    try:
        yield safetensors
    except safetensors.SafetensorError as error:
        raise FormatError('safetensors', 'a sound file', error) from None
