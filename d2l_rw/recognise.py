"""Tell what a file is: by its first bytes, or an index by its name."""

from __future__ import annotations

import os

from d2l_rw.errors import FormatError

START = 64  # bytes, enough to recognise a file
MXNET, NPZ, SAFETENSORS = 'MXNet', 'npz', 'safetensors'
INDEX_SUFFIX = '.index.json'  # of the index of shards
# What is found under the name `.params`, and what to do about it.
FOREIGN = {
    b'\x93NUMPY': 'one .npy array: read it with numpy.load',
    b'\x80': 'a pickle, which may run code: do not load it',
    b'\x89HDF\r\n\x1a\n': 'HDF5: read it with h5py',
    b'\x1f\x8b': 'a gzip: decompress it first',
    b'version https://git-lfs': 'a Git LFS pointer: run git lfs pull',
    b'\0\0\0\0\0\0\x01\x12': 'an MXNet file of a big-endian machine',
    b'<!doctype': 'an HTML page: the download went wrong',
    b'<html': 'an HTML page: the download went wrong',
    b'<head': 'an HTML page: the download went wrong',
    b'<?xml': 'an XML page: the download went wrong',
    b'{': f'JSON: the index of shards has a name with {INDEX_SUFFIX}',
}


def is_index(path: str | os.PathLike) -> bool:
    """Tell by its name whether a file is the index of shards."""
    return os.fsdecode(path).endswith(INDEX_SUFFIX)


def recognise(start: bytes) -> str:
    """Return the format of a file: 'MXNet', 'npz' or 'safetensors'.

    Args:
        start: its first `START` bytes, or as many as there are.

    Raises:
        FormatError: for anything else, saying what it is.
    """
    if start.startswith(b'\x12\x01\0\0\0\0\0\0'):
        return MXNET
    if start.startswith((b'PK\x03\x04', b'PK\x05\x06')):
        return NPZ
    # The size of a JSON object, whose upper half is 0 as in no text.
    if start[4:9] == b'\0\0\0\0{':
        return SAFETENSORS
    text = start.lstrip().lower()
    found = f'bytes that begin with {start[:8]!r}'
    if not start:
        found = 'an empty file'
    for magic, description in FOREIGN.items():
        if start.startswith(magic) or text.startswith(magic):
            found = description
    raise FormatError('file', 'arrays', found, 0)
