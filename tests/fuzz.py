"""Look for bytes that d2l_rw does not refuse well: `make fuzz SECONDS=60`.

Mutates the cases of `tests/cases.py`, a zip and a safetensors file at random,
without end but for the time given, and stops at the first input that gives
neither arrays nor a FormatError.  The input is kept in a file, to become a
case of its own.
"""

import io
import random
import sys
import time
from pathlib import Path

import numpy as np

import d2l_rw
from d2l_rw import safetensors_format
from tests.cases import CASES

KEPT = Path('fuzz-failure.bin')


def main(seconds):
    generator, counts = random.Random(), {'loaded': 0, 'refused': 0}
    seeds = [*(case.data for case in CASES), zipped(), with_names_first()]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = mutated(generator, generator.choice(seeds))
        try:
            d2l_rw.loads(data)
            counts['loaded'] += 1
        except d2l_rw.FormatError:
            counts['refused'] += 1
        except BaseException:
            KEPT.write_bytes(data)
            print(f'{KEPT}: {len(data)} bytes', file=sys.stderr)
            raise
    print(counts)


def zipped():
    """Return the bytes of a file of `np.savez`."""
    file = io.BytesIO()
    np.savez(file, weight=np.ones((2, 3), 'float32'), step=np.array(7))
    return file.getvalue()


def with_names_first():
    """Return the bytes of a safetensors file."""
    arrays = {'weight': np.ones((2, 3), 'float32'), 'step': np.array(7)}
    return b''.join(safetensors_format.pieces(arrays, {'format': 'pt'}))


def mutated(generator, data):
    """Return bytes with a few places changed, cut out or repeated."""
    data = bytearray(data)
    for _ in range(generator.randint(1, 8)):
        at = generator.randrange(len(data) + 1)
        size = generator.choice([1, 2, 4, 8])
        change = generator.randrange(4)
        if change == 0:
            data[at : at + size] = generator.randbytes(size)
        elif change == 1:
            data[at : at + size] = generator.choice([b'\0', b'\xff']) * size
        elif change == 2:
            del data[at : at + size]
        else:
            data[at:at] = data[at : at + size]
    return bytes(data)


if __name__ == '__main__':
    main(float(sys.argv[1]))
