"""Save checkpoints in processes that something happens to.

Run as `python -m tests.faulty_saves FAULT FOLDER`.  Each fault tells what
came of it as one line of JSON.  Processes are forked from one that has
imported MXNet, since importing it takes longer than all the rest.
"""

import itertools
import json
import os
import resource
import signal
import sys
import warnings
from functools import partial

import mxnet as mx
from mxnet import gluon

import d2l_rw
from d2l_rw import checkpoint_folder
from tests.kills import count_calls, run_until

POINTS = 240  # of a save, at which its process is killed
SAVES = 15  # of each process that saves beside another
LIMITS = range(0, 60_000, 1_500)  # bytes that a file may have
NOBODY = 65534  # the user and the group without rights
NAMED = 2  # exit code of a save that was refused, and said what


def make():
    """Return a network of 50 kB and its trainer."""
    net = gluon.nn.Sequential()
    for _ in range(12):
        net.add(gluon.nn.Dense(32, in_units=32))
    net.initialize()
    options = {'momentum': 0.9}
    return net, gluon.Trainer(net.collect_params(), 'sgd', options)


NET, TRAINER = make()


def save(folder, epoch, **options):
    d2l_rw.save_checkpoint(
        folder, NET, TRAINER, epoch=epoch, sync=False, **options
    )


def fork(action):
    """Do something in a new process; return its exit status."""
    return os.waitstatus_to_exitcode(os.waitpid(start(action), 0)[1])


def start(action):
    """Do something in a new process; return its number at once."""
    pid = os.fork()
    if pid:
        return pid
    try:
        code = action()
    except BaseException as error:
        print(repr(error), file=sys.stderr)
        code = 1
    os._exit(code or 0)


def killed(folder):
    """Kill saves at points spread over all the calls that they make."""
    save(folder, epoch=0)
    step = count_calls(lambda: save(folder, epoch=1, keep_last=1)) // POINTS
    counts = {'points': 0, 'old': 0, 'new': 0, 'incomplete': 0}
    halfway = partial(save, folder, epoch=2, keep_last=2)
    for point in itertools.count(1, step):
        before = newest(folder)
        if fork(partial(run_until, point, halfway)) != -signal.SIGKILL:
            break  # the save came to its end
        counts['points'] += 1
        counts['incomplete'] += len(checkpoint_folder.incomplete(folder))
        counts['old' if newest(folder) == before else 'new'] += 1
        if newest(folder) != before:
            save(folder, epoch=3, keep_last=1)
    save(folder, epoch=4)
    counts['left'] = len(checkpoint_folder.incomplete(folder))
    return counts


def newest(folder):
    """Return the number of the newest checkpoint; it must be sound."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # what is passed over
        checkpoint, parameters = d2l_rw.load_checkpoint(folder)
    assert len(parameters) == 24
    return checkpoint.number


def limited(folder):
    """Save where files may have so many bytes and no more."""
    save(folder, epoch=0)
    counts = {'refused': 0, 'saved': 0}
    for limit in LIMITS:
        before = newest(folder)
        refused = fork(partial(save_limited, folder, limit)) == NAMED
        counts['refused' if refused else 'saved'] += 1
        assert newest(folder) == before + (not refused)
        assert not checkpoint_folder.incomplete(folder)
    return counts


def save_limited(folder, limit):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        save(folder, epoch=1)
    except OSError as error:
        name = os.path.basename(error.filename)
        return NAMED if name in checkpoint_folder.CONTENTS else 1
    return 0


def readonly(folder):
    """Save to, and load from, a folder that may not be written to."""
    os.chdir(os.path.dirname(folder))
    os.chmod('.', 0o755)
    folder = os.path.basename(folder)
    save(folder, epoch=0)
    newest(folder)  # which imports all, while that is allowed
    os.chmod(folder, 0o555)
    try:
        return {
            'refused': fork(partial(save_without_rights, folder)) == NAMED
        }
    finally:
        os.chmod(folder, 0o755)


def save_without_rights(folder):
    if os.geteuid() == 0:  # who may write anywhere
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    assert newest(folder) == 1
    try:
        save(folder, epoch=1)
    except PermissionError:
        assert newest(folder) == 1
        return NAMED
    return 0


def together(folder):
    """Let two processes save to one folder, and a third load from it."""
    save(folder, epoch=0)
    writers = [start(lambda: save_often(folder)) for _ in range(2)]
    reader = start(lambda: read_often(folder))
    statuses = [os.waitpid(pid, 0)[1] for pid in [*writers, reader]]
    kept = [found.number for found in d2l_rw.list_checkpoints(folder)]
    return {'statuses': statuses, 'kept': kept}


def save_often(folder):
    for epoch in range(SAVES):
        save(folder, epoch, keep_last=3)


def read_often(folder):
    while newest(folder) < 2 * SAVES + 1:
        pass


if __name__ == '__main__':
    mx.nd.waitall()
    fault = {f.__name__: f for f in (killed, limited, readonly, together)}
    print(json.dumps(fault[sys.argv[1]](sys.argv[2])))
