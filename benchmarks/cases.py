"""What is timed: each case prepares, and returns the call to time.

Imports, conversions and searches that are not the subject happen in the
preparation.  What a call returns stays alive until memory is measured.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PAGE = 4096  # bytes
PART = 1 / 4  # of a file: the largest array that any has


@dataclass(frozen=True)
class Case:
    """A contender.

    Attributes:
        group: what it does: 'load', 'one', 'scan' or 'save'.
        name: who does it.
        suffix: the format of the file that it reads or writes.
        prepare: of a path and a name for 'one', of a path and arrays for
            'save', of a path otherwise.
        memory: how much it needs, in sizes of the file.
        calls: how often it is called in one process.
    """

    group: str
    name: str
    suffix: str
    prepare: Callable[..., Callable[[], object]]
    memory: float = 1
    calls: int = 1


def touch(arrays: Iterable[np.ndarray]) -> None:
    """Read four bytes of every page, so that all of them must be there.

    The arrays of a file follow each other, so that the last page of one is
    the first page of the next.
    """
    for array in arrays:
        array.ravel()[:: PAGE // 4].tobytes()


def load_mapped(path: Path):
    from d2l_rw import load

    def call():
        arrays = load(path)
        touch(arrays.values())
        return arrays

    return call


def load_copied(path: Path):
    from d2l_rw import load

    def call():
        arrays = load(path, mmap=False)
        touch(arrays.values())
        return arrays

    return call


def load_mxnet(path: Path):
    from mxnet import nd

    def call():
        arrays = nd.load(str(path))
        nd.waitall()
        return arrays

    return call


def load_mxnet_numpy(path: Path):
    from mxnet import nd

    def call():
        loaded = nd.load(str(path))
        arrays = {name: array.asnumpy() for name, array in loaded.items()}
        touch(arrays.values())
        return arrays

    return call


def load_safetensors(path: Path):
    from safetensors.numpy import load_file

    def call():
        arrays = load_file(path)
        touch(arrays.values())
        return arrays

    return call


def load_npz(path: Path):
    def call():
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        touch(arrays.values())
        return arrays

    return call


def read(path: Path, memory: Callable = bytearray):
    def call():
        data = memoryview(memory(path.stat().st_size))
        with open(path, 'rb', buffering=0) as file:
            done = 0
            while done < len(data):  # Linux reads at most 2 GiB less a page
                done += file.readinto(data[done:])
        return data

    return call


def read_numpy(path: Path):
    """Read into memory of NumPy, which asks for huge pages."""
    return read(path, lambda size: np.empty(size, np.uint8))


def one_mapped(path: Path, name: str):
    from d2l_rw import load

    def call():
        array = load(path)[name]
        touch([array])
        return array

    return call


def one_mxnet(path: Path, name: str):
    from mxnet import nd

    def call():
        array = nd.load(str(path))[name].asnumpy()
        touch([array])
        return array

    return call


def one_safetensors(path: Path, name: str):
    from safetensors import safe_open

    def call():
        with safe_open(path, 'np') as file:
            array = file.get_tensor(name)
        touch([array])
        return array

    return call


def one_npz(path: Path, name: str):
    def call():
        with np.load(path) as file:
            array = file[name]
        touch([array])
        return array

    return call


def one_pread(path: Path, name: str):
    from d2l_rw import scan

    (spec,) = (spec for spec in scan(path) if spec.name == name)

    def call():
        with open(path, 'rb', buffering=0) as file:
            data = os.pread(file.fileno(), spec.nbytes, spec.offset)
        return np.frombuffer(data, np.float32).reshape(spec.shape)

    return call


def scan_headers(path: Path):
    from d2l_rw import scan

    return lambda: scan(path)


def save_unsynced(path: Path, arrays: dict):
    from d2l_rw import save

    return lambda: save(path, arrays, sync=False)


def save_synced(path: Path, arrays: dict):
    from d2l_rw import save

    return lambda: save(path, arrays)


def save_mxnet(path: Path, arrays: dict):
    from mxnet import nd

    arrays = {name: nd.array(array) for name, array in arrays.items()}
    nd.waitall()
    return lambda: nd.save(str(path), arrays)


def save_safetensors(path: Path, arrays: dict):
    from safetensors.numpy import save_file

    return lambda: save_file(arrays, path)


def save_npz(path: Path, arrays: dict):
    return lambda: np.savez(path, **arrays)


def write(path: Path, arrays: dict, *, sync: bool = False):
    from d2l_rw import dumps

    data = dumps(arrays)

    def call():
        with open(path, 'wb', buffering=0) as file:
            file.write(data)
            if sync:
                os.fsync(file.fileno())

    return call


def write_synced(path: Path, arrays: dict):
    return write(path, arrays, sync=True)


CASES = [
    Case('load', 'd2l_rw, mapped', 'params', load_mapped, 0),
    Case('load', 'd2l_rw, copied', 'params', load_copied),
    Case('load', 'read', 'params', read),
    Case('load', 'read, NumPy memory', 'params', read_numpy),
    Case('load', 'mxnet', 'params', load_mxnet, calls=2),
    Case('load', 'mxnet, asnumpy', 'params', load_mxnet_numpy, 2),
    Case('load', 'safetensors', 'safetensors', load_safetensors),
    Case('load', 'numpy', 'npz', load_npz),
    Case('one', 'd2l_rw', 'params', one_mapped, 0),
    Case('one', 'pread', 'params', one_pread, PART),
    Case('one', 'mxnet, asnumpy', 'params', one_mxnet, 1 + PART),
    Case('one', 'safetensors', 'safetensors', one_safetensors, PART),
    Case('one', 'numpy', 'npz', one_npz, PART),
    Case('scan', 'd2l_rw', 'params', scan_headers, 0),
    Case('save', 'd2l_rw', 'params', save_unsynced),
    Case('save', 'write', 'params', write),
    Case('save', 'mxnet', 'params', save_mxnet),
    Case('save', 'safetensors', 'safetensors', save_safetensors),
    Case('save', 'numpy', 'npz', save_npz),
    Case('save', 'd2l_rw, synced', 'params', save_synced),
    Case('save', 'write, synced', 'params', write_synced),
]
