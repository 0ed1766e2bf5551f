"""Models in several safetensors files beside an index.

    model-0f1e2d3c4b5a6978-00001-of-00002.safetensors
    model-0f1e2d3c4b5a6978-00002-of-00002.safetensors
    model.safetensors.index.json

A save writes its shards under names that no other save has, then replaces
the index, then deletes the shards that the old index named.  At every moment
the index on the disk names shards that are whole.
"""

from __future__ import annotations

import operator
import os
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache, partial

import numpy as np

from d2l_rw import files, safetensors_format, serialization, shard_index
from d2l_rw.arrays import ArraySpec
from d2l_rw.errors import FormatError, expect, naming
from d2l_rw.lazy import LazyArrays
from d2l_rw.recognise import INDEX_SUFFIX
from d2l_rw.shard_index import LARGEST_INDEX, SAVE, SUFFIX, TOTAL, Index

# The default of Hugging Face's packages: 5GB.
SHARD_NBYTES = 5 * 10**9
# Shards that stay mapped: each takes a file descriptor, of which a process
# has 1024, or 256 on macOS.
OPEN = 64
FORMAT = 'format'
# What follows the stem in the name of a shard that was written here.
OURS = re.compile(r'-[0-9a-f]{16}-[0-9]{5,}-of-[0-9]{5,}\.safetensors')


def read(path: str | os.PathLike) -> Index:
    """Read an index, and no shard.

    Raises:
        FormatError: if it is none.
        OSError: if it cannot be read.
    """
    with naming(file=os.fsdecode(path)):
        return shard_index.parse(_bytes(path))


def file_of(path: str | os.PathLike, shard: str) -> str:
    """Return the path of a shard of an index."""
    path = os.fsdecode(path)
    parts = posixpath if files.is_address(path) else os.path
    return parts.join(parts.dirname(path), shard)


def load(path: str | os.PathLike, *, mmap: bool = True) -> Mapping:
    """Load the arrays of an index: mapped when asked for, or all at once."""
    index = read(path)
    opened = lru_cache(OPEN)(partial(_arrays, path, index, mmap=mmap))
    if mmap:
        return LazyArrays(
            index.weight_map,
            lambda name: opened(index.weight_map[name])[name],
        )
    found: dict[str, np.ndarray] = {}
    for shard in index.shards:
        found.update(_arrays(path, index, shard, mmap=False))
    return {name: found[name] for name in index.weight_map}


def scan(path: str | os.PathLike) -> list[ArraySpec]:
    """Return the specs of all arrays, in the order of the index."""
    index, found = read(path), {}
    for shard in index.shards:
        specs = _specs(path, index, shard)
        found.update((s.name, s._replace(file=shard)) for s in specs)
    if index.save is not None:
        # Some programs count whole files, with their headers.
        total = sum(spec.nbytes for spec in found.values())
        with naming(file=os.fsdecode(path)):
            got = index.metadata.get(TOTAL)
            expect(got == total, TOTAL, f'{total}, as its arrays have', got)
    return [found[name] for name in index.weight_map]


def paths(path: str | os.PathLike) -> list[str]:
    """Return the paths of the shards of an index, whose headers fit it."""
    shards = dict.fromkeys(spec.file for spec in scan(path))
    return [file_of(path, shard) for shard in shards]


def metadata(path: str | os.PathLike) -> dict[str, str]:
    """Return the metadata that one file of all arrays would have."""
    index, found = read(path), {}
    for shard in index.shards:
        _specs(path, index, shard)
        found.update(serialization.metadata(file_of(path, shard)))
    found.update(
        (name, value)
        for name, value in index.metadata.items()
        if isinstance(value, str)
    )
    found.pop(SAVE, None)
    return found


def strays(path: str | os.PathLike) -> list[str]:
    """Return the paths of shards written here that an index does not name.

    A save is writing them, or was killed.  Far away, none are looked for.
    """
    path, index = os.fsdecode(path), read(path)
    if files.is_address(path):
        return []
    stem, folder = _stem(path), os.path.dirname(path) or '.'
    names = sorted({*os.listdir(folder)} - {*index.shards})
    return [
        file_of(path, name)
        for name in names
        if name.startswith(stem) and OURS.fullmatch(name, len(stem))
    ]


def save_shards(
    path: str | os.PathLike,
    arrays: Mapping[str, np.ndarray],
    *,
    shard_nbytes: int = SHARD_NBYTES,
    sync: bool = True,
) -> str:
    """Save arrays as safetensors files of a greatest size, with an index.

    Hugging Face's packages read them by the index, and so does `load`.  The
    arrays are split as those packages split them: in their order, and one
    that is larger than a shard gets a shard of its own.

    The arrays that are there before stay what they are until all new ones
    are written; then the index is replaced, and the shards that the old one
    named are deleted if a call of this function wrote them.  A process that
    is killed leaves the old arrays, and files that no index names: the
    command `d2l-rw check` tells them.

    Args:
        path: the name that one file of all arrays would have:
            `model.safetensors`; or such an address.
        arrays: dense arrays by name.  Each is asked for several times, and
            never two at once, so that arrays which are made or read when
            they are asked for need the memory of one.
        shard_nbytes: the most bytes of arrays in one shard.
        sync: return when the bytes are on the disk; see `save`.

    Returns:
        The path of the index, `model.safetensors.index.json`.

    Raises:
        TypeError, ValueError: if the format cannot hold the arrays.
        OSError: if a file cannot be written; the old arrays are untouched.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     index = save_shards(
    ...         os.path.join(folder, 'model.safetensors'),
    ...         {'weight': np.ones((2, 3)), 'bias': np.zeros(3)},
    ...         shard_nbytes=50,
    ...     )
    ...     os.path.basename(index), serialization.load(index)['bias'].shape
    ('model.safetensors.index.json', (3,))
    """

    def write(file: str, arrays: Mapping, metadata: dict[str, str]) -> None:
        with files.writing(file, sync=sync) as new:
            for piece in safetensors_format.pieces(arrays, metadata):
                new.writelines(files.blocks(piece))

    return publish(
        path, arrays, {}, write, shard_nbytes=shard_nbytes, sync=sync
    )


def publish(
    path: str | os.PathLike,
    arrays: Mapping[str, np.ndarray],
    metadata: Mapping[str, str],
    write: Callable[[str, Mapping, dict[str, str]], object],
    *,
    shard_nbytes: int,
    sync: bool,
) -> str:
    """Save arrays by a function that writes a shard; see `save_shards`.

    Args:
        path, arrays, shard_nbytes, sync: as `save_shards` takes them.
        metadata: strings by name, for the index.
        write: writes a shard whole or not at all; called with its path, its
            arrays and its metadata.
    """
    target, save = _target(path), os.urandom(8).hex()
    index = _plan(target, arrays, save, shard_nbytes, metadata)
    text = shard_index.dumps(index)
    with naming(file=target):
        shard_index.parse(text)  # what cannot be read is not written
    own = {FORMAT: metadata.get(FORMAT, 'pt'), SAVE: save}
    try:
        for shard, names in index.shards.items():
            part = LazyArrays(names, arrays.__getitem__)
            write(file_of(target, shard), part, own)
        old = _ours(target)
        with files.writing(target, sync=sync) as file:
            file.write(text)
    except BaseException:
        # An index that cannot be synced is there nevertheless.
        _delete(target, index.shards, but=_ours(target))
        raise
    _delete(target, old, but=list(index.shards))
    return target


def _bytes(path: str | os.PathLike) -> bytes:
    return bytes(files.open_data(path)[: LARGEST_INDEX + 1])


def _arrays(path, index: Index, shard: str, *, mmap: bool) -> Mapping:
    file = file_of(path, shard)
    with _missing_is_named(path, index, shard):
        arrays = serialization.load(file, mmap=mmap)
        _check(path, index, shard, arrays)
    return arrays


def _specs(path, index: Index, shard: str) -> list[ArraySpec]:
    file = file_of(path, shard)
    with _missing_is_named(path, index, shard):
        specs = serialization.scan(file)
        _check(path, index, shard, [spec.name for spec in specs])
    return specs


@contextmanager
def _missing_is_named(path, index: Index, shard: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        error = FormatError('shard', shard, 'no such file')
        error.file, error.array = os.fsdecode(path), index.shards[shard][0]
        raise error from None


def _check(path, index: Index, shard: str, names: Iterable) -> None:
    """Refuse a shard that is not the one which an index names."""
    file, place = file_of(path, shard), os.path.basename(os.fsdecode(path))
    metadata = serialization.metadata(file)
    with naming(file=file):
        expect(metadata is not None, 'shard', 'safetensors', 'other bytes')
        save = metadata.get(SAVE)
        swapped = index.save is not None and save != index.save
        expected = f'{index.save} as in {place}'
        expect(not swapped, SAVE, expected, f'{save}: swapped')
        held, mapped = set(names), set(index.shards[shard])
        for name in sorted(mapped - held):
            with naming(array=name):
                expect(False, 'array', f'one, as {place} says', 'none')
        for name in sorted(held - mapped):
            with naming(array=name):
                expect(False, 'array', f'none, as {place} says', 'one')


def _target(path: str | os.PathLike) -> str:
    path = os.fsdecode(path)
    if not path.endswith(SUFFIX):
        raise ValueError(f'{path}: expected a name that ends in {SUFFIX}')
    return path + INDEX_SUFFIX


def _plan(
    target: str,
    arrays: Mapping,
    save: str,
    shard_nbytes: int,
    metadata: Mapping[str, str],
) -> Index:
    """Return the index of a save, before anything is written."""
    if operator.index(shard_nbytes) < 1:
        problem = f'expected at least 1 byte, got {shard_nbytes}'
        raise ValueError(f'shard_nbytes: {problem}')
    if not isinstance(arrays, Mapping):
        problem = f'expected arrays by name, got {type(arrays).__name__}'
        raise TypeError(f'arrays: {problem}')
    specs = safetensors_format.described(arrays)
    parts = shard_index.split(specs, shard_nbytes)
    total = sum(spec.nbytes for spec in specs)
    stem = _stem(target)
    shards = {
        f'{stem}-{save}-{place:05d}-of-{len(parts):05d}{SUFFIX}': names
        for place, names in enumerate(parts, 1)
    }
    weight_map = {
        name: shard for shard, names in shards.items() for name in names
    }
    return Index(weight_map, {**metadata, TOTAL: total, SAVE: save}, shards)


def _stem(target: str) -> str:
    return os.path.basename(target)[: -len(SUFFIX + INDEX_SUFFIX)]


def _ours(target: str) -> list[str]:
    """Return the shards of an index on the disk that were written here."""
    try:
        index = read(target)
    except (FormatError, FileNotFoundError):
        return []
    stem, start = _stem(target), f'{_stem(target)}-{index.save}-'
    return [
        shard
        for shard in index.shards
        if shard.startswith(start) and OURS.fullmatch(shard, len(stem))
    ]


def _delete(target: str, shards, *, but: list[str]) -> None:
    for shard in {*shards} - {*but}:
        # What cannot be deleted is in nobody's way.
        with suppress(OSError):
            files.remove(file_of(target, shard))
