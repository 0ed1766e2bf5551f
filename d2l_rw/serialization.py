"""Load, save and scan files of arrays: what `nd.load` and `nd.save` do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from d2l_rw import (
    files,
    mxnet_format,
    mxnet_writer,
    npz_format,
    safetensors_format,
)
from d2l_rw.arrays import ArraySpec, view
from d2l_rw.errors import FormatError
from d2l_rw.recognise import MXNET, SAFETENSORS, recognise
from d2l_rw.sparse import CSR, RowSparse, check

START = 64  # bytes, enough to recognise a file
ALIGNMENT = 64  # bytes, a cache line and the widest vector


def load(path: str | os.PathLike, *, mmap: bool = True):
    """Load the arrays of a file.

    Args:
        path: a file of MXNet of any version, an npz file such as MXNet 2
            writes, or a safetensors file; its first bytes decide.
        mmap: map the file.  The arrays are then read-only views, and opening
            costs the time and memory of the headers alone; the mapping lives
            as long as any of them.  Their memory may be unaligned for the
            dtype, which NumPy handles.  If another process shortens the file
            meanwhile, touching what is gone ends this process (SIGBUS): load
            with `mmap=False` what others write in place.
            Without it the arrays are copies: writable, aligned, independent
            of the file.

    Returns:
        A list or a dictionary of arrays, as `nd.load` decides it (a list if
        the file has no names).  Sparse arrays are `CSR` and `RowSparse`;
        records that hold no array are None.

    Raises:
        FormatError: if the file is something else, or damaged.
        OSError: if it cannot be read.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, 'mlp.params')
    ...     save(path, {'weight': np.ones((2, 3))})
    ...     load(path)['weight'].shape
    (2, 3)
    """
    with _naming(path):
        data = files.map_file(path)
        kind = recognise(data[:START], len(data))
        if kind == SAFETENSORS:
            return safetensors_format.load(path, writeable=not mmap)
        return _arrays(kind, data, copy=not mmap)


def loads(data) -> list | dict:
    """Load arrays from bytes, as read-only views of them; see `load`."""
    data = memoryview(data).cast('B').toreadonly()
    kind = recognise(bytes(data[:START]), len(data))
    if kind == SAFETENSORS:
        return safetensors_format.loads(bytes(data))
    return _arrays(kind, data, copy=False)


def scan(path: str | os.PathLike) -> list[ArraySpec]:
    """Read what a file's headers say of its arrays, and nothing else.

    Returns:
        The specs in the order of the file; in a list, their names are None.

    Raises:
        FormatError: if the file is something else, or damaged.
        OSError: if it cannot be read.
    """
    with _naming(path):
        data = files.map_file(path)
        kind = recognise(data[:START], len(data))
        if kind == SAFETENSORS:
            return safetensors_format.scan(path)
        return _specs(kind, data)[0]


def save(
    path: str | os.PathLike,
    data,
    *,
    sync: bool = True,
    np_shape: bool = False,
) -> None:
    """Save arrays, byte for byte as MXNet 1.9.1's `nd.save` does.

    The file appears whole or not at all: it is written beside its place and
    then renamed, so that any failure leaves an old file as it was.

    Args:
        path: the file to write or to replace.
        data: an array, a sequence of arrays or a mapping from strings to
            arrays; an array may be a `CSR` or a `RowSparse` too.
        sync: return when the bytes are on the disk.  Without it a crash of
            the machine, not of the program, may lose the file.
        np_shape: write records of version 3, which MXNet reads under NumPy
            shape semantics, and which can hold zero-dimensional arrays.

    Raises:
        TypeError, ValueError: if the format cannot hold the data.
        OSError: if the file cannot be written.
    """
    pieces = mxnet_writer.pieces(data, np_shape=np_shape)
    files.replace_file(path, pieces, sync=sync)


def dumps(data, *, np_shape: bool = False) -> bytes:
    """Return the bytes that `save` writes.

    >>> loads(dumps([np.arange(3)]))
    [array([0, 1, 2])]
    """
    return b''.join(mxnet_writer.pieces(data, np_shape=np_shape))


@contextmanager
def _naming(path: str | os.PathLike) -> Iterator[None]:
    """Add the file's name to the errors about its contents."""
    try:
        yield
    except FormatError as error:
        error.file = os.fspath(path)
        raise


def _specs(kind: str, data) -> tuple[list[ArraySpec], bool]:
    """Return a file's specs, and whether its arrays have names."""
    if kind == MXNET:
        return mxnet_format.parse(data)
    return npz_format.parse(data), True


def _arrays(kind: str, data, *, copy: bool) -> list | dict:
    specs, named = _specs(kind, data)
    if copy:
        data, specs = _copied(data, specs)
    arrays = []
    for place, spec in enumerate(specs):
        try:
            arrays.append(_array(spec, data))
        except FormatError as error:
            error.array = spec.name if named else f'array {place}'
            raise
    if not named:
        return arrays
    return {spec.name: array for spec, array in zip(specs, arrays)}


def _array(spec: ArraySpec, data):
    """Return one array of a file as a view of its bytes."""
    if spec.storage == 'dense':
        return view(spec, data)
    if spec.storage == 'none':
        return None
    parts = {part.name: view(part, data) for part in spec.parts}
    kind = CSR if spec.storage == 'csr' else RowSparse
    array = kind(**parts, shape=spec.shape)
    try:
        check(array)
    except ValueError as error:
        # The message begins with the part that it is about.
        part = str(error).partition(':')[0]
        offsets = {part.name: part.offset for part in spec.parts}
        raise FormatError(
            str(error), offset=offsets.get(part, spec.offset)
        ) from None
    return array


def _copied(data, specs: list[ArraySpec]):
    """Copy the arrays into one aligned, writable piece of memory.

    One piece, since asking the system for many costs more than copying.

    Returns:
        The memory, and the specs with the offsets in it.
    """
    moved, size = [], 0
    for spec in specs:
        spec, size = _moved(spec, size)
        moved.append(spec)
    arena = np.empty(size + ALIGNMENT, np.uint8)
    arena = arena[-arena.ctypes.data % ALIGNMENT :]
    source = np.frombuffer(data, np.uint8)
    for old, new in zip(_parts(specs), _parts(moved)):
        end = old.offset + old.nbytes
        arena[new.offset : new.offset + new.nbytes] = source[old.offset : end]
    return arena.data, moved


def _moved(spec: ArraySpec, offset: int) -> tuple[ArraySpec, int]:
    """Return a spec for another place, and where the next one may begin."""
    if spec.storage == 'none':
        return spec, offset
    if not spec.parts:
        end = offset + spec.nbytes
        return spec._replace(offset=offset), end + -end % ALIGNMENT
    parts = []
    for part in spec.parts:
        part, offset = _moved(part, offset)
        parts.append(part)
    return spec._replace(parts=tuple(parts)), offset


def _parts(specs: list[ArraySpec]) -> Iterator[ArraySpec]:
    """Yield the specs of everything that has bytes of its own."""
    for spec in specs:
        yield from spec.parts or (spec,)
