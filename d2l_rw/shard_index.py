"""The index of a model that is kept in several safetensors files.

    metadata     an object: "total_size", the bytes of all arrays; any others
    weight_map   an object: {name of an array: name of its shard}

It is JSON beside the shards, `model.safetensors.index.json`, and this is the
layout of Hugging Face's packages.  A save has an id, which is not of theirs:
16 hexadecimal digits under "d2l_rw_save", in the metadata here and in those
of each shard.

Read and written here, since their package writes PyTorch's tensors alone.

Source: huggingface_hub 2.4, `serialization/_base.py`, `_torch.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from d2l_rw import strict_json
from d2l_rw.arrays import ArraySpec
from d2l_rw.errors import expect, naming
from d2l_rw.safetensors_format import LARGEST_HEADER

LARGEST_INDEX = LARGEST_HEADER
SUFFIX = '.safetensors'
SAVE = 'd2l_rw_save'
TOTAL = 'total_size'
# With these a name may lead to another folder, here or on Windows.
SEPARATORS = '/', '\\', ':', '\0'


class Index(NamedTuple):
    """Which shard holds which arrays.

    Attributes:
        weight_map: the name of its shard, by the name of an array.
        metadata: whatever JSON holds, by name.
        shards: the names of its arrays, by the name of a shard.
    """

    weight_map: dict[str, str]
    metadata: dict
    shards: dict[str, list[str]]

    @property
    def save(self) -> str | None:
        """The id of the save, or None in an index that others wrote."""
        return self.metadata.get(SAVE)


def parse(data: bytes) -> Index:
    """Read an index; no name in it leads out of its folder.

    Raises:
        FormatError: if the bytes are not an index of safetensors files.
    """
    most = f'at most {LARGEST_INDEX} bytes'
    expect(len(data) <= LARGEST_INDEX, 'size of the index', most, 'more')
    index = strict_json.loads(data)
    known = isinstance(index, dict) and 'weight_map' in index
    expect(known, 'index', 'an object with a weight_map', index)
    weight_map, metadata = index['weight_map'], index.get('metadata', {})
    known = isinstance(weight_map, dict)
    expect(known, 'weight_map', 'an object of strings', weight_map)
    expect(isinstance(metadata, dict), 'metadata', 'an object', metadata)
    save = metadata.get(SAVE, '')
    expect(isinstance(save, str), SAVE, 'a string', save)
    shards: dict[str, list[str]] = {}
    for name, shard in weight_map.items():
        if not isinstance(shard, str) or shard not in shards:
            with naming(array=name):
                _check_shard(shard)
        shards.setdefault(shard, []).append(name)
    return Index(weight_map, metadata, shards)


def _check_shard(shard) -> None:
    plain = isinstance(shard, str) and not any(
        letter in SEPARATORS or '\ud800' <= letter <= '\udfff'
        for letter in shard
    )
    expect(plain, 'shard', 'the name of a file beside the index', repr(shard))
    expected = f'a name that ends in {SUFFIX}'
    expect(shard.endswith(SUFFIX), 'shard', expected, repr(shard))


def dumps(index: Index) -> bytes:
    """Return the bytes of an index, as Hugging Face's packages lay it out."""
    content = {'metadata': index.metadata, 'weight_map': index.weight_map}
    return json.dumps(content, indent=2, allow_nan=False).encode()


def split(specs: Iterable[ArraySpec], shard_nbytes: int) -> list[list[str]]:
    """Return the names of the arrays of each shard.

    Arrays are taken in their order: what fits no longer begins a new shard.
    One that is larger than a shard gets its own, before the one begun.

    Source: `split_state_dict_into_shards_factory` of huggingface_hub.
    """
    shards: list[list[str]] = []
    names: list[str] = []
    nbytes = 0
    for spec in specs:
        if spec.nbytes > shard_nbytes:
            shards.append([spec.name])
            continue
        if nbytes + spec.nbytes > shard_nbytes:
            shards.append(names)
            names, nbytes = [], 0
        names.append(spec.name)
        nbytes += spec.nbytes
    return [*shards, names] if names else shards
