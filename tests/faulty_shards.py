"""Save shards in processes that something happens to.

Run as `python -m tests.faulty_shards FAULT FOLDER`.  Each fault tells what
came of it as one line of JSON.
"""

import json
import os
import resource
import signal
import sys
from functools import partial

import numpy as np

import d2l_rw
from tests.kills import count_calls, run_until

POINTS = 200  # of a save, at which its process is killed
LIMITS = range(0, 3000, 100)  # bytes that a file may have
NAMES = [f'layer{place}.weight' for place in range(6)]
REFUSED = 2  # exit code of a save that the system refused


def arrays_of(value):
    """Arrays that make three shards."""
    return {name: np.full(100, value, 'int32') for name in NAMES}


def save(folder, value):
    path = os.path.join(folder, 'model.safetensors')
    arrays = arrays_of(value)
    return d2l_rw.save_shards(path, arrays, shard_nbytes=900, sync=False)


def value_in(folder):
    """Return what all arrays hold; they must hold the same, and be sound."""
    index = os.path.join(folder, 'model.safetensors.index.json')
    d2l_rw.scan(index)
    arrays = d2l_rw.load(index)
    assert list(arrays) == NAMES
    found = {int(each) for name in NAMES for each in arrays[name]}
    assert len(found) == 1
    return found.pop()


def fork(action):
    """Do something in a new process; return its exit status."""
    pid = os.fork()
    if not pid:
        try:
            code = action()
        except OSError:
            code = REFUSED
        os._exit(code or 0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed(folder):
    """Kill saves at points spread over all the calls that they make."""
    save(folder, 0)
    calls = count_calls(lambda: save(folder, 0))
    counts = {'points': 0, 'old': 0, 'new': 0}
    for point in range(1, calls, max(1, calls // POINTS)):
        old, new = value_in(folder), point
        halfway = partial(save, folder, new)
        if fork(partial(run_until, point, halfway)) != -signal.SIGKILL:
            break  # the save came to its end
        found = value_in(folder)
        counts['points'] += 1
        counts[{old: 'old', new: 'new'}[found]] += 1
    save(folder, -1)
    return {**counts, 'last': value_in(folder)}


def save_limited(folder, value, limit):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    save(folder, value)


def limited(folder):
    """Save where files may have so many bytes and no more."""
    save(folder, -1)
    counts = {'refused': 0, 'saved': 0}
    for limit in LIMITS:
        before, old = sorted(os.listdir(folder)), value_in(folder)
        status = fork(partial(save_limited, folder, limit, limit))
        assert status in (0, REFUSED)
        assert value_in(folder) == (old if status else limit)
        # A refused save leaves nothing, a good one replaces everything.
        after = sorted(os.listdir(folder))
        assert after == before if status else len(after) == len(before)
        counts['refused' if status else 'saved'] += 1
    return counts


if __name__ == '__main__':
    fault = {f.__name__: f for f in (killed, limited)}[sys.argv[1]]
    print(json.dumps(fault(sys.argv[2])))
