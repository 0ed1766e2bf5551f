"""Convert files of arrays: MXNet, safetensors and npz, any into any."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from functools import partial
from typing import NamedTuple

import numpy as np

from d2l_rw import (
    files,
    mxnet_writer,
    npz_writer,
    safetensors_format,
    sharing,
)
from d2l_rw.errors import expect, naming
from d2l_rw.lazy import LazyArrays
from d2l_rw.recognise import is_index
from d2l_rw.serialization import by_name, load, metadata, scan
from d2l_rw.sparse import CSR, RowSparse, parts

PARAMS, NPZ, SAFETENSORS = SUFFIXES = '.params', '.npz', '.safetensors'
BLOCK = 2**20  # bytes compared at once


class Conversion(NamedTuple):
    """What was converted.

    Attributes:
        arrays: the number of arrays in the target.
        nbytes: the size of their data, in bytes.
        notes: what the target holds otherwise than the source, and what may
            be worth a look; sentences for people.
    """

    arrays: int
    nbytes: int
    notes: tuple[str, ...] = ()


def convert(
    source: str | os.PathLike,
    target: str | os.PathLike,
    *,
    dense: bool = False,
    expand_shared: bool = False,
    np_shape: bool = False,
    shard_nbytes: int | None = None,
    sync: bool = True,
    advance: Callable[[int], object] = lambda nbytes: None,
) -> Conversion:
    """Convert a file of arrays to the format that the target's name tells.

    The source is mapped and written one array at a time, so that memory does
    not grow with the file.  Then the target is read back and each array
    compared, before it takes its name.  What a target cannot hold is refused
    unless an option asks for it; what it holds otherwise is told in notes.

    Args:
        source: a file that `load` reads; of an address, it is downloaded.
        target: the file to write or to replace: `.params` (MXNet), `.npz` or
            `.safetensors`; of an address, it is uploaded when it is verified.
            Metadata, strings by name, go from safetensors to safetensors;
            the other formats have none.
        dense: write sparse arrays as dense ones.  Without it they are
            refused, but for `.params`, which holds them.
        expand_shared: write what a safetensors file holds once for several
            names, as its metadata tell, once for each of them.
        np_shape: write records of version 3 to `.params`; see `save`.
        shard_nbytes: write shards of so many bytes, and their index beside
            the target's name, `.safetensors`; see `save_shards`.  Each shard
            is compared before it takes its name, and all before the index.
        sync: return when the bytes are on the disk; see `save`.
        advance: called with numbers of bytes that add up to about
            `2 * nbytes`: what was written, and what was compared.

    Raises:
        FormatError: if the source is damaged, or the target was not read
            back as it was written.
        TypeError, ValueError: if the target cannot hold the arrays.
        OSError: if a file cannot be read or written.

    >>> import tempfile
    >>> from d2l_rw import save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source = os.path.join(folder, 'mlp.params')
    ...     save(source, {'weight': np.ones((2, 3))})
    ...     convert(source, os.path.join(folder, 'mlp.npz'))
    Conversion(arrays=1, nbytes=48, notes=())
    """
    suffix = _suffix(target, shard_nbytes)
    put = partial(
        _put, suffix=suffix, np_shape=np_shape, sync=sync, advance=advance
    )
    with _to_read(source) as local:
        content = _content(local)
        if expand_shared:
            content = _expanded(content)
        content = _fitted(content, suffix, dense)
        if shard_nbytes is None:
            nbytes = put(target, content)
        else:
            if os.path.lexists(target):
                found = f'some prefer it to the index: {target}'
                content.notes.append(found)
            nbytes = _put_shards(target, content, put, shard_nbytes, sync)
    return Conversion(len(content.arrays), nbytes, tuple(content.notes))


class _Content(NamedTuple):
    """What a file holds: its arrays by name, and all else."""

    arrays: Mapping
    named: bool
    metadata: dict[str, str]
    notes: list[str]


def _content(source: str | os.PathLike) -> _Content:
    loaded, known = load(source), metadata(source) or {}
    arrays = by_name(loaded)
    contexts = {spec.context for spec in scan(source)} - {None, 'cpu(0)'}
    notes = [f'context left out: {context}' for context in sorted(contexts)]
    for names in sharing.equal(arrays):
        notes.append(f'equal, perhaps shared: {", ".join(names)}')
    return _Content(arrays, isinstance(loaded, Mapping), known, notes)


def _to_read(source: str | os.PathLike):
    """Give, as a context, what is to be loaded: a download, or an index."""
    return nullcontext(source) if is_index(source) else files.to_read(source)


def _expanded(content: _Content) -> _Content:
    """Return arrays under each of their names, and the other metadata."""
    aliases = sharing.shared(content.arrays, content.metadata)
    others = content.metadata.keys() - aliases.keys()
    return content._replace(
        arrays=LazyArrays(
            [*content.arrays, *aliases],
            lambda name: content.arrays[aliases.get(name, name)],
        ),
        metadata={k: v for k, v in content.metadata.items() if k in others},
    )


def _fitted(content: _Content, suffix: str, dense: bool) -> _Content:
    """Refuse what a target cannot hold, and note what it leaves out."""
    arrays, notes = content.arrays, list(content.notes)
    if suffix != SAFETENSORS:
        _refuse_shared(arrays, content.metadata, suffix)
        notes += [f'metadata left out: {name}' for name in content.metadata]
    if suffix != PARAMS:
        _refuse_what_mxnet_alone_holds(arrays, suffix, dense)
        notes += [] if content.named else ['names: the places in the list']
    arrays = _Dense(arrays) if dense else arrays
    return content._replace(arrays=arrays, notes=notes)


def _put(
    path: str | os.PathLike,
    content: _Content,
    *,
    suffix: str,
    np_shape: bool,
    sync: bool,
    advance: Callable[[int], object],
) -> int:
    """Write a file, verified before it is there; return its arrays' bytes."""
    behind = files.syncing if sync else nullcontext
    with files.writing(path, sync=sync) as file, behind(file):
        _write(_Counted(file, advance), suffix, content, np_shape)
        file.flush()
        with naming(file=os.fsdecode(path)):
            return _verify(file.name, content.arrays, advance)


def _put_shards(
    target: str | os.PathLike,
    content: _Content,
    put: Callable[[str, _Content], int],
    shard_nbytes: int,
    sync: bool,
) -> int:
    # Imported here, since few need it.
    from d2l_rw import shards

    counts = []

    def write(path: str, arrays: Mapping, metadata: dict[str, str]) -> None:
        part = content._replace(arrays=arrays, metadata=metadata)
        counts.append(put(path, part))

    shards.publish(
        target,
        content.arrays,
        content.metadata,
        write,
        shard_nbytes=shard_nbytes,
        sync=sync,
    )
    return sum(counts)


def _write(file, suffix: str, content: _Content, np_shape: bool) -> None:
    arrays = content.arrays
    if suffix == NPZ:
        npz_writer.write(file, arrays)
    elif suffix == SAFETENSORS:
        pieces = safetensors_format.pieces(arrays, content.metadata)
        file.write_all(pieces)
    else:
        data = arrays if content.named else [*arrays.values()]
        file.write_all(mxnet_writer.pieces(data, np_shape=np_shape))


class _Dense(Mapping):
    """Arrays of which the sparse ones are made dense when asked for."""

    def __init__(self, arrays: Mapping) -> None:
        self.arrays = arrays

    def __getitem__(self, name: str):
        array = self.arrays[name]
        return array.to_dense() if _is_sparse(array) else array

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)


class _Counted:
    """A file that is written in blocks, and tells their sizes."""

    def __init__(self, file, advance: Callable[[int], object]) -> None:
        self.file, self.advance = file, advance

    def write(self, piece) -> int:
        for block in files.blocks(piece):
            self.advance(self.file.write(block))
        return memoryview(piece).nbytes

    def write_all(self, pieces) -> None:
        for piece in pieces:
            self.write(piece)

    def __getattr__(self, name: str):
        return getattr(self.file, name)


def _suffix(target: str | os.PathLike, shard_nbytes: int | None) -> str:
    suffix = os.path.splitext(os.fsdecode(target))[1].lower()
    known = SUFFIXES if shard_nbytes is None else (SAFETENSORS,)
    if suffix not in known:
        names = ', '.join(known)
        raise ValueError(
            f'{os.fsdecode(target)}: expected a name that ends in {names}'
        )
    return suffix


def _is_sparse(array) -> bool:
    return isinstance(array, (CSR, RowSparse))


def _form(array) -> tuple:
    """Return all of an array but its bytes."""
    forms = [(part.dtype, part.shape) for part in parts(array)]
    return type(array).__name__, getattr(array, 'shape', None), forms


def _refuse_shared(arrays: Mapping, metadata: dict, suffix: str) -> None:
    for alias, name in sharing.shared(arrays, metadata).items():
        raise ValueError(
            f'array {alias!r}: {suffix} cannot tell that it shares {name!r}: '
            'expand_shared=True (--expand-shared) writes it twice'
        )


def _refuse_what_mxnet_alone_holds(
    arrays: Mapping, suffix: str, dense: bool
) -> None:
    for name, array in arrays.items():
        if array is None:
            raise ValueError(f'array {name!r}: {suffix} needs one, got none')
        if _is_sparse(array) and not dense:
            raise ValueError(
                f'array {name!r}: {suffix} holds no {type(array).__name__}: '
                f'dense=True (--dense) writes all {array.shape} of it'
            )


def _verify(
    path: str, arrays: Mapping, advance: Callable[[int], object]
) -> int:
    """Read a file back, and compare it with what was written to it.

    Returns:
        The number of bytes compared.
    """
    # The mapping ends with this call, before the file takes its name.
    found, nbytes, names = by_name(load(path)), 0, sorted(arrays)
    expect(sorted(found) == names, 'names', names, sorted(found))
    for name, array in arrays.items():
        written, read = _form(array), _form(found[name])
        with naming(array=name):
            expect(written == read, 'form', written, read)
            for pair in zip(parts(array), parts(found[name])):
                _verify_bytes(*pair, advance)
                nbytes += pair[0].nbytes
    return nbytes


def _verify_bytes(
    written: np.ndarray, read: np.ndarray, advance: Callable[[int], object]
) -> None:
    pair = [part.reshape(-1).view(np.uint8) for part in (written, read)]
    for start in range(0, written.nbytes, BLOCK):
        a, b = [part[start : start + BLOCK] for part in pair]
        advance(a.size)
        if not np.array_equal(a, b):
            place = int(np.flatnonzero(a != b)[0])
            expect(False, f'byte {start + place}', a[place], b[place])
