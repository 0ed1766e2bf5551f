"""Write npz files: zips of stored members, as `np.savez` does.

The layout stands in `npz_format`.  NumPy writes the members' headers and
`zipfile` the zip.  `np.savez` itself is not used: it takes names as keywords,
so that none may be `file`, and forgets that an array is bfloat16.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping

import numpy as np

from d2l_rw.arrays import DTYPES, memory

# What MXNet 2 writes for it (`src/serialization/cnpy.cc`).
DESCRIPTORS = {'bfloat16': [('bfloat16', '<u2')]}
DESCRIPTORS.update((name, dtype.str) for name, dtype in DTYPES.items())
LONGEST_NAME = 2**16 - 1  # bytes


def write(file, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays to a file, one at a time.

    Args:
        file: a binary file, which must be able to seek.
        arrays: by name, in the order of the zip.

    Raises:
        TypeError: for a dtype that the format lacks.
        ValueError: for a name that it cannot hold.
    """
    with zipfile.ZipFile(file, 'w') as archive:
        for name, array in arrays.items():
            # The default time, 1980, so that equal arrays are equal bytes.
            member = zipfile.ZipInfo(_member_name(name))
            dtype = array.dtype.name
            if dtype not in DESCRIPTORS:
                problem = f'dtype: none like {dtype} here'
                raise TypeError(f'array {name!r}: {problem}')
            header = {
                'descr': DESCRIPTORS[dtype],
                'fortran_order': False,
                'shape': array.shape,
            }
            with archive.open(member, 'w', force_zip64=True) as stream:
                np.lib.format.write_array_header_1_0(stream, header)
                stream.write(memory(array))


def _member_name(name: str) -> str:
    member = f'{name}.npy'
    if '\0' in member or len(member.encode()) > LONGEST_NAME:
        raise ValueError(f'array {name!r}: a zip holds no such name')
    return member
