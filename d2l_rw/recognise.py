"""Tell by its first bytes what a file is."""

from __future__ import annotations

from d2l_rw.errors import FormatError

MXNET, NPZ, SAFETENSORS = 'MXNet', 'npz', 'safetensors'
# What is found under the name `.params`, and what to do about it.
FOREIGN = [
    (b'\x93NUMPY', 'one .npy array: read it with numpy.load'),
    (b'\x80', 'a pickle, which may run code: do not load it'),
    (b'\x89HDF\r\n\x1a\n', 'HDF5: read it with h5py'),
    (b'\x1f\x8b', 'a gzip: decompress it first'),
    (b'version https://git-lfs', 'a Git LFS pointer: run git lfs pull'),
    (b'\0\0\0\0\0\0\x01\x12', 'an MXNet file of a big-endian machine'),
]
HTML_STARTS = b'<!doctype', b'<html', b'<?xml', b'<head'
ZIP = b'PK\x03\x04', b'PK\x05\x06'


def recognise(start: bytes, size: int) -> str:
    """Return the format of a file.

    Args:
        start: its first bytes, 64 or as many as there are.
        size: its size in bytes.

    Returns:
        'MXNet', 'npz' or 'safetensors'.

    Raises:
        FormatError: for anything else, saying what it is.
    """
    if start.startswith(b'\x12\x01\0\0\0\0\0\0'):
        return MXNET
    if start.startswith(ZIP):
        return NPZ
    header = int.from_bytes(start[:8], 'little')
    if start[8:9] == b'{' and 2 <= header <= size - 8:
        return SAFETENSORS
    raise FormatError(
        f'file: expected arrays, got {_foreign(start)}', offset=0
    )


def _foreign(start: bytes) -> str:
    """Say what bytes that are not a file of arrays are."""
    if not start:
        return 'an empty file'
    for magic, description in FOREIGN:
        if start.startswith(magic):
            return description
    if start.lstrip().lower().startswith(HTML_STARTS):
        return 'an HTML page: the download went wrong'
    return f'bytes that begin with {start[:8]!r}'
