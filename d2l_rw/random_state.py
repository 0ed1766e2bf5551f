"""The random generators of Python, NumPy and MXNet.

MXNet's cannot be read: the library has a call that seeds it and none that
returns its state.  So a seed is drawn from it, it is seeded with that, and
the seed is what is kept: the run that goes on and the run that is resumed
draw the same numbers.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np

from d2l_rw._mxnet import mxnet
from d2l_rw.errors import FormatError, expect

SEEDS = 2**31 - 1  # what `mxnet.random.seed` accepts, a C int
KEY_SIZE = 624  # of the Mersenne Twister MT19937, in numbers of 32 bits


def capture() -> dict:
    """Return the state of the three generators; seed MXNet's anew."""
    kind, key, *rest = np.random.get_state()
    drawn = mxnet.nd.random.randint(0, SEEDS, shape=(1,), dtype='int32')
    seed = int(drawn.asnumpy()[0])
    mxnet.random.seed(seed)
    return {
        'python': random.getstate(),
        'numpy': (kind, key.tolist(), *rest),
        'mxnet': seed,
    }


def prepare(saved) -> Callable[[], None]:
    """Check a state; return what gives it to the three generators.

    Raises:
        FormatError: if it is not what `capture` returns.
    """
    try:
        python, legacy, seed = saved['python'], saved['numpy'], saved['mxnet']
        random.Random().setstate(python)
        *_, spare = python  # which Python takes without a look
        expect(type(spare) in (float, type(None)), 'spare', 'a number', spare)
        _, key, place, has_spare, spare = legacy
        known = type(has_spare) is int and type(spare) is float
        expect(known, 'spare', 'a number', spare)
        # NumPy would read beyond the key.
        expect(len(key) == KEY_SIZE, 'key', f'{KEY_SIZE} numbers', len(key))
        fits = 0 <= place <= KEY_SIZE
        expect(fits, 'place', f'0 to {KEY_SIZE}', place)
        np.random.RandomState().set_state(legacy)
        fits = type(seed) is int and 0 <= seed < SEEDS
        expect(fits, 'seed', f'0 to {SEEDS - 1}', repr(seed))
    except (TypeError, ValueError, LookupError, OverflowError) as error:
        raise FormatError('random', 'a state', error) from None

    def restore() -> None:
        random.setstate(python)
        np.random.set_state(legacy)
        mxnet.random.seed(seed)

    return restore
