"""The format of safetensors.

    file     u64 size of the header, header, data; little-endian
    header   JSON: {name: {"dtype": "F32", "shape": [2, 3],
             "data_offsets": [begin, end]}}, spaces at the end; the name
             "__metadata__" stands for an object of strings
    data     the arrays in C order, without gaps; offsets count from here

Read and written here, since the package of that name copies every array and
writes only what is in memory as a whole.  Its files and these are the same,
byte for byte.

Source: safetensors 0.8, README.md ("Format"), `safetensors/src/tensor.rs`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from math import prod

import numpy as np

from d2l_rw import strict_json
from d2l_rw.arrays import ITEM_SIZES, ArraySpec, check_shape, memory
from d2l_rw.cursor import Cursor
from d2l_rw.errors import FormatError, expect, naming

SIZE = struct.Struct('<Q')
LARGEST_HEADER = 100_000_000  # bytes
ALIGNMENT = 8  # bytes, of the data
METADATA = '__metadata__'
FIELDS = {'dtype', 'shape', 'data_offsets'}
# In the order of the package's enumeration: it writes the last ones first,
# so that each array is aligned for its dtype.
DTYPE_NAMES = {
    'BOOL': 'bool',
    'U8': 'uint8',
    'I8': 'int8',
    'I16': 'int16',
    'U16': 'uint16',
    'F16': 'float16',
    'BF16': 'bfloat16',
    'I32': 'int32',
    'U32': 'uint32',
    'F32': 'float32',
    'F64': 'float64',
    'I64': 'int64',
    'U64': 'uint64',
}
DTYPE_CODES = {name: code for code, name in DTYPE_NAMES.items()}
RANKS = {name: rank for rank, name in enumerate(DTYPE_CODES)}


def parse(data) -> tuple[list[ArraySpec], dict[str, str]]:
    """Read the header without touching the arrays.

    Args:
        data: the bytes of the whole file: bytes, a memoryview of bytes or a
            mapping.

    Returns:
        The specs in the order of the data, and the metadata.

    Raises:
        FormatError: if the bytes are not such a file, to the last one.
    """
    cursor = Cursor(data)
    header, metadata = _read_header(cursor)
    specs = [_spec(name, entry) for name, entry in header.items()]
    specs.sort(key=lambda spec: (spec.offset, spec.nbytes))
    start = cursor.offset
    for place, spec in enumerate(specs):
        with naming(array=spec.name):
            offset = cursor.offset - start
            fits = spec.offset == offset
            expect(fits, 'data_offsets', f'{offset} first', spec.offset)
            begin = cursor.skip(spec.nbytes, 'data')
        specs[place] = spec._replace(offset=begin)
    expect(
        cursor.left == 0, 'end', 'no more bytes', cursor.left, cursor.offset
    )
    return specs, metadata


def parse_metadata(data) -> dict[str, str]:
    """Read the metadata alone, in a sixth of the time of `parse`.

    Raises:
        FormatError: if there are none that can be read.
    """
    return _read_header(Cursor(data))[1]


def _read_header(cursor: Cursor) -> tuple[dict, dict[str, str]]:
    """Return what a header says of each array, and the metadata."""
    (size,) = cursor.unpack(SIZE, 'size of the header')
    most = f'at most {LARGEST_HEADER}'
    expect(size <= LARGEST_HEADER, 'size of the header', most, size, 0)
    header = _json(cursor.take(size, 'header'))
    metadata = header.pop(METADATA, {})
    strings = isinstance(metadata, dict) and all(
        isinstance(value, str) for value in metadata.values()
    )
    expect(strings, METADATA, 'an object of strings', metadata)
    return header, metadata


def _json(text: bytes) -> dict:
    try:
        header = strict_json.loads(text)
    except FormatError as error:
        if error.offset is not None:
            error.offset += SIZE.size
        raise
    expect(isinstance(header, dict), 'header', 'an object', header, SIZE.size)
    return header


def _spec(name: str, entry) -> ArraySpec:
    """Return what a header says of an array, with its offset in the data."""
    with naming(array=name):
        # JSON may name half of a character, `\\ud800`.
        text = not any('\ud800' <= letter <= '\udfff' for letter in name)
        expect(text, 'name', 'text that UTF-8 can hold', repr(name))
        known = isinstance(entry, dict) and set(entry) == FIELDS
        expect(known, 'header', ', '.join(sorted(FIELDS)), entry)
        code = entry['dtype']
        known = isinstance(code, str) and code in DTYPE_NAMES
        expect(known, 'dtype', 'one that NumPy has', code)
        shape = _numbers('shape', entry['shape'])
        ends = _numbers('data_offsets', entry['data_offsets'])
        expect(len(ends) == 2, 'data_offsets', 'two numbers', ends)
        dtype, (begin, end) = DTYPE_NAMES[code], ends
        nbytes = prod(check_shape(shape, None)) * ITEM_SIZES[dtype]
        size = f'{nbytes} bytes, as shape and dtype have'
        expect(end - begin == nbytes, 'data_offsets', size, end - begin)
    return ArraySpec(name, dtype, shape, begin, nbytes)


def _numbers(what: str, values) -> tuple[int, ...]:
    # `type`, since True is an integer to `isinstance`.
    known = isinstance(values, list) and all(
        type(value) is int and value >= 0 for value in values
    )
    expect(known, what, 'a list of numbers from 0', values)
    return tuple(values)


def pieces(
    arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]
) -> Iterator[bytes | memoryview]:
    """Yield the bytes of a file: the header, and the arrays' own memory.

    Each array is asked for twice, and never two at a time: for the header,
    and to be written.

    Raises:
        TypeError: for a dtype that the format lacks.
        ValueError: for a name that it cannot hold.
    """
    specs = described(arrays)
    specs.sort(key=lambda spec: spec.name)
    specs.sort(key=lambda spec: RANKS[spec.dtype], reverse=True)
    yield _header(specs, metadata)
    for spec in specs:
        yield memory(arrays[spec.name])


def described(arrays: Mapping[str, np.ndarray]) -> list[ArraySpec]:
    """Return the specs of arrays in their order, without offsets.

    Raises:
        TypeError: for what is no array, or of a dtype that the format lacks.
        ValueError: for a name that it cannot hold.
    """
    return [_described(name, arrays[name]) for name in arrays]


def _described(name: str, array: np.ndarray) -> ArraySpec:
    if not isinstance(name, str):
        raise TypeError(f'name: expected a string, got {name!r}')
    if not isinstance(array, np.ndarray):
        kind = type(array).__name__
        raise TypeError(f'array {name!r}: expected a dense array, got {kind}')
    if name == METADATA:
        raise ValueError(f'{name!r}: expected another name for an array')
    dtype = array.dtype.name
    if dtype not in DTYPE_CODES:
        raise TypeError(f'array {name!r}: dtype: none like {dtype} here')
    return ArraySpec(name, dtype, array.shape, None, array.nbytes)


def _header(specs: list[ArraySpec], metadata: Mapping[str, str]) -> bytes:
    header: dict = {METADATA: dict(metadata)} if metadata else {}
    end = 0
    for spec in specs:
        begin, end = end, end + spec.nbytes
        header[spec.name] = {
            'dtype': DTYPE_CODES[spec.dtype],
            'shape': spec.shape,
            'data_offsets': (begin, end),
        }
    compact = {'separators': (',', ':'), 'ensure_ascii': False}
    text = json.dumps(header, **compact).encode()
    text += b' ' * (-len(text) % ALIGNMENT)
    return SIZE.pack(len(text)) + text
