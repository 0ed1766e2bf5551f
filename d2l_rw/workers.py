"""Processes that work on batches of jobs: of this machine, or of Dask's.

Both are executors of `concurrent.futures`: that of the standard library, and
the one that a client of Dask gives.  What is more here: few jobs are on their
way at once, and one that kills its process does not end the rest.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

# In a batch, at most and at least: a message to a process costs as much as
# some files, to one of a cluster as much as ten.
BATCH = 128
BATCH_BYTES = 2**27
LEAST = 2**23
FILE = 2**20  # bytes that take as long as the rest of the work on a file
# Batches for each process: one at work, one waiting.
AHEAD = 2
REFRESH = 5  # seconds until a cluster is asked for its size again
METHOD = 'forkserver' if os.name == 'posix' else 'spawn'
CLOSING = 5  # seconds that a cluster has to say goodbye

_stop = None  # a flag of the process that started this one


class Pool(NamedTuple):
    """An executor, and how many batches it is given at once."""

    executor: Executor
    room: Callable[[], int]
    kills: tuple[type[Exception], ...]


Opened = Callable[[], AbstractContextManager[Pool]]


def done(
    opened: Opened,
    work: Callable[[list], list],
    jobs: list,
    killed: Callable[[object], object],
) -> Iterator[list]:
    """Yield what `work` returns for batches of jobs, as they are done.

    Jobs whose process was killed are done again, one by one.

    Args:
        opened: opens a pool.
        work: returns a result for each job of a batch; raises nothing.
        jobs: with a size in bytes, `nbytes`, or None.
        killed: returns the result of a job that killed its process alone.
    """
    left = deque(jobs)
    while left:
        suspects: deque = deque()
        with opened() as pool:
            yield from _together(pool, work, left, suspects)
        while suspects:
            with opened() as pool:
                yield from _alone(pool, work, suspects, killed)


def _together(
    pool: Pool, work: Callable, left: deque, suspects: deque
) -> Iterator[list]:
    """Work until all is done, or until a process was killed."""
    running: dict[Future, list] = {}
    while True:
        while left and not suspects and len(running) < pool.room():
            batch = _batch(left, pool.room())
            try:
                running[pool.executor.submit(work, batch)] = batch
            except pool.kills:
                suspects.extend(batch)
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            batch = running.pop(future)
            if isinstance(_error(future), pool.kills):
                suspects.extend(batch)
            else:
                yield future.result()


def _alone(
    pool: Pool, work: Callable, suspects: deque, killed: Callable
) -> Iterator[list]:
    """Work on one job at a time, until one kills its process."""
    while suspects:
        job = suspects.popleft()
        try:
            future = pool.executor.submit(work, [job])
        except pool.kills:  # not by this one: the pool was idle
            suspects.appendleft(job)
            return
        if isinstance(_error(future), pool.kills):
            yield [killed(job)]
            return
        yield future.result()


def _batch(left: deque, room: int) -> list:
    """Take fewer the fewer are left, so that all processes end at once."""
    most, batch, nbytes = min(BATCH, len(left) // room), [], 0
    while left and nbytes < BATCH_BYTES and len(batch) < BATCH:
        if len(batch) >= most and nbytes >= LEAST:
            break
        batch.append(left.popleft())
        size = batch[-1].nbytes
        nbytes += BATCH_BYTES if size is None else FILE + size
    return batch


def _error(future: Future) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError:
        return None


@contextmanager
def processes(count: int | None = None) -> Iterator[Pool]:
    """Give processes of this machine.

    They are forked by a process that has imported what they need, and nothing
    else: a fork of this one would copy the locks of its threads.  Where a
    system cannot fork, each is started anew.

    Args:
        count: how many, by default as many as this process may use cores.

    Raises:
        ChildProcessError: if none can be started.
    """
    count = count or _cores()
    context = multiprocessing.get_context(METHOD)
    if METHOD == 'forkserver':
        context.set_forkserver_preload(['d2l_rw.bulk'])
    # Without a lock, which a process that is killed would keep for ever.
    stop = context.RawValue('b', 0)
    # That process may be older than the variables of today.
    how = stop, dict(os.environ)
    executor = ProcessPoolExecutor(count, context, _begin, how)
    try:
        first = executor.submit(os.getpid)
        yield Pool(executor, lambda: AHEAD * count, (BrokenExecutor,))
        if isinstance(first.exception(), BrokenExecutor):
            raise ChildProcessError(
                'workers: none could be started: a script that asks for some '
                "needs the line: if __name__ == '__main__':"
            )
    finally:
        stop.value = 1
        executor.shutdown(cancel_futures=True)


def _cores() -> int:
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _begin(stop, environment: dict[str, str]) -> None:
    """Prepare a process: it ends with, or when told by, who started it."""
    global _stop
    _stop = stop
    os.environ.clear()
    os.environ.update(environment)
    # A Ctrl-C is for all processes of a terminal; one of them tells the rest.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def go_on(nbytes: int) -> None:
    """Raise a KeyboardInterrupt if this process is to stop."""
    if _stop is not None and _stop.value:
        raise KeyboardInterrupt


@contextmanager
def cluster(address: str) -> Iterator[Pool]:
    """Give the workers of a Dask cluster.

    Raises:
        ImportError: if Dask is not installed, or `d2l_rw` not in the cluster.
        ConnectionError: if the scheduler is not there, or no longer.
    """
    distributed = _distributed()
    try:
        client = distributed.Client(address, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConnectionError(f'{address}: no scheduler: {error}') from None
    with _closing(client), _explained(address):
        room = _Room(client)
        executor = client.get_executor(pure=False)
        yield Pool(executor, room, (distributed.KilledWorker,))


def _distributed():
    try:
        import distributed
    except ImportError:
        hint = 'pip install d2l-rw[dask]'
        raise ImportError(f'a scheduler needs Dask: {hint}') from None
    return distributed


@contextmanager
def _closing(client) -> Iterator[None]:
    """Close a client; what is queued is given up by that."""
    try:
        yield
    finally:
        client.close(timeout=CLOSING)


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Say what to do about the errors of a cluster."""
    try:
        yield
    except (CancelledError, OSError) as error:
        raise ConnectionError(
            f'{address}: the scheduler is gone: what is done is in the '
            'report, and running this again goes on from there'
        ) from error
    # The work itself raises nothing: it could not be understood there.
    except (ImportError, AttributeError, RuntimeError) as error:
        raise ImportError(
            f'{address}: scheduler and workers need d2l-rw as well: {error}'
        ) from error


class _Room:
    """How many batches a cluster is given at once, as it grows."""

    def __init__(self, client) -> None:
        self.client, self.known, self.until = client, 0, 0.0

    def __call__(self) -> int:
        if time.monotonic() > self.until:
            threads = sum(self.client.nthreads().values())
            self.known = AHEAD * max(threads, 1)
            self.until = time.monotonic() + REFRESH
        return self.known
