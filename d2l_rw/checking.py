"""Read every byte of a file of arrays."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from d2l_rw import files
from d2l_rw.recognise import is_index
from d2l_rw.serialization import by_name, load

BLOCK = 2**22  # bytes read, and values checked, at once


class Check(NamedTuple):
    """What was found in a sound file.

    Attributes:
        arrays: the number of arrays.
        nbytes: the size of the file, in bytes.
        not_finite: how many values of an array are not finite, by its name,
            for those that have any.
    """

    arrays: int
    nbytes: int
    not_finite: dict[str, int]


def check(
    path: str | os.PathLike,
    *,
    advance: Callable[[int], object] = lambda nbytes: None,
) -> Check:
    """Read every byte of a file, and count the values that are not finite.

    Args:
        path: a file that `load` reads, or an index of shards; what is far
            away is downloaded.
        advance: called with numbers of bytes that add up to about twice the
            size of the file.

    Raises:
        FormatError: if it is something else, or damaged.
        OSError: if it cannot be read.
    """
    if is_index(path):
        return _check_shards(path, advance)
    with files.to_read(path) as local:
        return _check(local, advance)


def _check_shards(
    path: str | os.PathLike, advance: Callable[[int], object]
) -> Check:
    """Check an index with the headers of its shards, then each of these."""
    # Imported here, since few files are one.
    from d2l_rw import shards

    found = [check(shard, advance=advance) for shard in shards.paths(path)]
    return Check(
        sum(part.arrays for part in found),
        sum(part.nbytes for part in found),
        {n: count for part in found for n, count in part.not_finite.items()},
    )


def _check(
    path: str | os.PathLike, advance: Callable[[int], object]
) -> Check:
    arrays, nbytes = by_name(load(path)), 0
    odd: dict[str, int] = {}
    # A disk that fails raises an error here; in a mapping it would kill.
    with open(path, 'rb', buffering=0) as raw:
        while part := raw.read(BLOCK):
            nbytes += len(part)
            advance(len(part))
    for name, array in arrays.items():
        for values in _blocks(array):
            advance(values.nbytes)
            count = values.size - np.count_nonzero(np.isfinite(values))
            if count:
                odd[name] = odd.get(name, 0) + int(count)
    return Check(len(arrays), nbytes, odd)


def _blocks(array) -> Iterator[np.ndarray]:
    """Yield the stored values of an array, some at a time."""
    if array is not None:
        values = array if isinstance(array, np.ndarray) else array.data
        values = values.reshape(-1)
        for start in range(0, values.size, BLOCK):
            yield values[start : start + BLOCK]
