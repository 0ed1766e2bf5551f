"""Load, save and scan files of arrays: what `nd.load` and `nd.save` do."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from d2l_rw import files, mxnet_format, mxnet_writer
from d2l_rw.arrays import ArraySpec, sliced, view
from d2l_rw.errors import FormatError, naming
from d2l_rw.lazy import LazyArrays, LazyList
from d2l_rw.recognise import (
    MXNET,
    NPZ,
    SAFETENSORS,
    START,
    is_index,
    recognise,
)
from d2l_rw.sparse import CSR, RowSparse, check

ALIGNMENT = 64  # bytes, a cache line and the widest vector


def load(path: str | os.PathLike, *, mmap: bool = True):
    """Load the arrays of a file.

    Args:
        path: a file of MXNet of any version, an npz file such as MXNet 2
            writes, or a safetensors file; its first bytes decide.  Or the
            index of several, which has a name that ends in `.index.json`.
            It may be an address, such as `s3://bucket/mlp.params`, which
            needs fsspec (`pip install d2l-rw[remote]`) and is set up in its
            ways: for S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
            FSSPEC_S3_ENDPOINT_URL.
        mmap: map the file.  The arrays are then read-only views, and opening
            costs the time and memory of the headers alone; the mapping lives
            as long as any of them.  Their memory may be unaligned for the
            dtype, which NumPy handles.  If another process shortens the file
            meanwhile, touching what is gone ends this process (SIGBUS): load
            with `mmap=False` what others write in place; the danger is over
            when it returns.
            Without it the arrays are copies: writable, aligned, independent
            of the file.
            Of an address, the headers are fetched, and each array, read-only,
            whenever it is asked for; without it all is downloaded.

    Returns:
        A list or a dictionary of arrays, as `nd.load` decides it (a list if
        the file has no names); of an address, a read-only sequence or
        mapping; of an index, a mapping that opens a shard when one of its
        arrays is asked for.  Sparse arrays are `CSR` and `RowSparse`; records
        that hold no array are None.

    Raises:
        FormatError: if the file is something else, or damaged; of an
            address, also later, if the indices of a sparse array are.
        OSError: if it cannot be read; of an address, also later, if it has
            changed.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, 'mlp.params')
    ...     save(path, {'weight': np.ones((2, 3))})
    ...     load(path)['weight'].shape
    (2, 3)
    """
    if is_index(path):
        # Imported here, since few files are one.
        from d2l_rw import shards

        return shards.load(path, mmap=mmap)
    if mmap and files.is_address(path):
        return _lazily(path)
    with naming(file=os.fsdecode(path)), files.to_read(path) as local:
        data = files.map_file(local)
        kind = recognise(data[:START])
        return _arrays(kind, data, copy=not mmap)


def loads(data) -> list | dict:
    """Load arrays from bytes, as read-only views of them; see `load`.

    Raises:
        FormatError: if the bytes are something else, or damaged.

    >>> loads(dumps({'weight': np.ones(2)}))
    {'weight': array([1., 1.])}
    """
    data = memoryview(data).cast('B').toreadonly()
    kind = recognise(bytes(data[:START]))
    return _arrays(kind, data, copy=False)


def by_name(arrays: Sequence | Mapping) -> Mapping:
    """Return arrays by name; those of a list by their place: '0', '1'."""
    if isinstance(arrays, Mapping):
        return arrays
    places = [str(place) for place in range(len(arrays))]
    if isinstance(arrays, LazyList):
        return LazyArrays(places, lambda name: arrays[int(name)])
    return dict(zip(places, arrays))


def scan(path: str | os.PathLike) -> list[ArraySpec]:
    """Read what a file's headers say of its arrays, and nothing else.

    Args:
        path: a file, or an address, as `load` takes them.

    Returns:
        The specs in the order of the file; in a list, their names are None.
        Those of an index name the `file` that an array is in.

    Raises:
        FormatError: if the file is something else, or damaged.
        OSError: if it cannot be read.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, 'mlp.params')
    ...     save(path, {'weight': np.ones((2, 3))})
    ...     [(spec.name, spec.shape, spec.offset) for spec in scan(path)]
    [('weight', (2, 3), 64)]
    """
    if is_index(path):
        from d2l_rw import shards

        return shards.scan(path)
    with naming(file=os.fsdecode(path)):
        data = files.open_data(path)
        kind = recognise(data[:START])
        return _specs(kind, data)[0]


def metadata(path: str | os.PathLike) -> dict[str, str] | None:
    """Return the metadata of a safetensors file, or None of another format.

    Raises:
        FormatError: if the file is something else, or damaged.
        OSError: if it cannot be read.
    """
    if is_index(path):
        from d2l_rw import shards

        return shards.metadata(path)
    with naming(file=os.fsdecode(path)):
        data = files.open_data(path)
        if recognise(data[:START]) != SAFETENSORS:
            return None
        from d2l_rw import safetensors_format

        return safetensors_format.parse_metadata(data)


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
        path: the file to write or to replace, or an address: the bytes go
            to a temporary file, which is then uploaded.
        data: an array, a sequence of arrays or a mapping from strings to
            arrays; an array may be a `CSR` or a `RowSparse` too.
        sync: return when the bytes are on the disk.  Without it a crash of
            the machine, not of the program, may lose the file.
        np_shape: write records of version 3, which MXNet reads under NumPy
            shape semantics, and which can hold zero-dimensional arrays.

    Raises:
        TypeError, ValueError: if the format cannot hold the data.
        OSError: if the file cannot be written.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, 'mlp.params')
    ...     save(path, [np.ones(3), np.zeros(2)])
    ...     os.path.getsize(path)
    136
    """
    pieces = mxnet_writer.pieces(data, np_shape=np_shape)
    with files.writing(path, sync=sync) as file:
        file.writelines(pieces)


def dumps(data, *, np_shape: bool = False) -> bytes:
    """Return the bytes that `save` writes.

    Raises:
        TypeError, ValueError: if the format cannot hold the data.

    >>> loads(dumps([np.arange(3)]))
    [array([0, 1, 2])]
    """
    return b''.join(mxnet_writer.pieces(data, np_shape=np_shape))


def _specs(kind: str, data) -> tuple[list[ArraySpec], bool]:
    """Return a file's specs, and whether its arrays have names."""
    if kind == MXNET:
        return mxnet_format.parse(data)
    # Imported here, since `zipfile` doubles the time to import the package.
    if kind == NPZ:
        from d2l_rw import npz_format

        return npz_format.parse(data), True
    from d2l_rw import safetensors_format

    return safetensors_format.parse(data)[0], True


def _arrays(kind: str, data, *, copy: bool) -> list | dict:
    specs, named = _specs(kind, data)
    # An array, since that keeps a mapping from being closed under the views.
    data = np.frombuffer(data, np.uint8)
    take = _copier(specs, data) if copy else partial(view, data=data)
    arrays = []
    try:
        for spec in specs:
            arrays.append(_array(spec, take))
    except FormatError as error:
        place = len(arrays)
        error.array = specs[place].name if named else f'array {place}'
        raise
    if not named:
        return arrays
    return {spec.name: array for spec, array in zip(specs, arrays)}


def _lazily(address: str) -> LazyArrays | LazyList:
    """Read the headers of a file far away, and arrays when asked for."""
    with naming(file=address):
        data = files.open_data(address)
        specs, named = _specs(recognise(data[:START]), data)

    def read(place: int):
        spec = specs[place]
        name = spec.name if named else f'array {place}'
        with naming(file=address, array=name):
            return _array(spec, partial(sliced, data=data))

    if not named:
        return LazyList(len(specs), read)
    places = {spec.name: place for place, spec in enumerate(specs)}
    return LazyArrays(places, lambda name: read(places[name]))


def _array(spec: ArraySpec, take: Callable[[ArraySpec], np.ndarray]):
    return take(spec) if spec.storage == 'dense' else _sparse(spec, take)


def _sparse(spec: ArraySpec, take: Callable[[ArraySpec], np.ndarray]):
    """Return a sparse array of what `take` gives for its parts, or None."""
    if spec.storage == 'none':
        return None
    parts = {part.name: take(part) for part in spec.parts}
    kind = CSR if spec.storage == 'csr' else RowSparse
    array = kind(**parts, shape=spec.shape)
    try:
        check(array)
    except FormatError as error:
        offsets = {part.name: part.offset for part in spec.parts}
        error.offset = offsets.get(error.what, spec.offset)
        raise
    return array


def _copier(
    specs: list[ArraySpec], data
) -> Callable[[ArraySpec], np.ndarray]:
    """Return a function that copies arrays into one aligned memory.

    One, since asking the system for many pieces costs more than copying.
    """
    sizes = [_aligned(part.nbytes) for spec in specs for part in spec.buffers]
    memory = np.empty(sum(sizes) + ALIGNMENT, np.uint8)
    offset = -memory.ctypes.data % ALIGNMENT

    def take(spec: ArraySpec) -> np.ndarray:
        nonlocal offset
        array = view(spec._replace(offset=offset), memory)
        array[...] = view(spec, data)
        offset += _aligned(spec.nbytes)
        return array

    return take


def _aligned(nbytes: int) -> int:
    return nbytes + -nbytes % ALIGNMENT
