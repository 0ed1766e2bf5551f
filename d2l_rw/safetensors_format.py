"""safetensors files, read by the safetensors package."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod

from d2l_rw.arrays import ITEM_SIZES, ArraySpec
from d2l_rw.errors import FormatError

DTYPE_NAMES = {
    'F64': 'float64',
    'F32': 'float32',
    'F16': 'float16',
    'BF16': 'bfloat16',
    'I64': 'int64',
    'I32': 'int32',
    'I16': 'int16',
    'I8': 'int8',
    'U64': 'uint64',
    'U32': 'uint32',
    'U16': 'uint16',
    'U8': 'uint8',
    'BOOL': 'bool',
}


def load(path: str | os.PathLike, *, writeable: bool) -> dict:
    """Load a file's arrays; see `serialization.load`."""
    with _package() as package:
        arrays = package.numpy.load_file(path)
    for array in arrays.values():
        array.flags.writeable = writeable
    return arrays


def loads(data: bytes) -> dict:
    """Load arrays from bytes; see `serialization.loads`."""
    with _package() as package:
        return package.numpy.load(data)


def scan(path: str | os.PathLike) -> list[ArraySpec]:
    """Read a file's header; the package does not tell the offsets."""
    with _package() as package, package.safe_open(path, 'np') as file:
        names = file.keys()
        return [_spec(name, file.get_slice(name)) for name in names]


def _spec(name: str, part) -> ArraySpec:
    dtype = DTYPE_NAMES.get(part.get_dtype())
    if dtype is None:
        raise FormatError(
            f'dtype: NumPy has none like {part.get_dtype()}', array=name
        )
    shape = tuple(part.get_shape())
    return ArraySpec(
        name, dtype, shape, None, prod(shape) * ITEM_SIZES[dtype]
    )


@contextmanager
def _package() -> Iterator:
    """Give the package; turn its errors into those of this one."""
    try:
        import safetensors.numpy
    except ImportError:
        raise FormatError(
            'file: safetensors needs a package: pip install safetensors'
        ) from None
    try:
        yield safetensors
    except safetensors.SafetensorError as error:
        raise FormatError(f'safetensors: {error}') from None
