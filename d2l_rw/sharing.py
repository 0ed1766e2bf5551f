"""Several names for one array: told by metadata, or by equal contents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from hashlib import blake2b

import numpy as np

from d2l_rw.arrays import memory

ENDS = 64  # items that are compared before whole arrays are


def shared(arrays: Mapping, metadata: dict[str, str]) -> dict[str, str]:
    """Return the names that metadata give to arrays of other names.

    So does `safetensors.torch.save_model`: {name left out: name written}.
    """
    return {
        alias: name
        for alias, name in metadata.items()
        if name in arrays and alias not in arrays
    }


def equal(arrays: dict) -> list[list[str]]:
    """Return the names of dense arrays of the same bytes, in groups.

    Those of one repeated value are left out, as fresh biases have.
    """
    alike: dict[tuple, list[str]] = defaultdict(list)
    for name, array in arrays.items():
        if isinstance(array, np.ndarray) and array.size > 1:
            items = array.reshape(-1)
            ends = bytes(memory(items[:ENDS])), bytes(memory(items[-ENDS:]))
            alike[array.dtype.name, array.shape, ends].append(name)
    same: dict[tuple, list[str]] = defaultdict(list)
    for form, names in alike.items():
        for name in names if len(names) > 1 else ():
            array = arrays[name]
            if array.min() != array.max():
                digest = blake2b(memory(array), digest_size=16).digest()
                same[form, digest].append(name)
    return [names for names in same.values() if len(names) > 1]
