"""Start a Dask cluster on this machine by Dask's own commands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

SCHEDULER = 'distributed.cli.dask_scheduler', '--port', '0'
WORKER = 'distributed.cli.dask_worker', '--nthreads', '1', '--no-nanny'
LOCAL = '--host', '127.0.0.1', '--no-dashboard'


class Cluster(NamedTuple):
    """A scheduler and its workers, each a process of its own."""

    address: str
    scheduler: subprocess.Popen
    workers: list[subprocess.Popen]


@contextmanager
def cluster(folder, *, workers: int = 2, **environment) -> Iterator[Cluster]:
    """Give a cluster on the loopback interface; end it afterwards.

    Args:
        folder: where the processes run, and keep what they need.
        workers: how many, of one thread each.
        environment: variables of the processes.
    """
    environment = {**os.environ, **environment}
    with ExitStack() as stack:
        how = {'env': environment, 'cwd': folder}
        started = [_process(stack, SCHEDULER, how)]
        address = _line(started[0], 'Scheduler at:').split()[-1]
        options = address, '--local-directory', str(folder)
        started += [
            _process(stack, (*WORKER, *options), how) for _ in range(workers)
        ]
        for worker in started[1:]:
            _line(worker, 'Starting established connection')
        yield Cluster(address, started[0], started[1:])


def _process(
    stack: ExitStack, command: tuple[str, ...], how: dict
) -> subprocess.Popen:
    process = stack.enter_context(
        subprocess.Popen(
            [sys.executable, '-m', *command, *LOCAL],
            stderr=subprocess.PIPE,
            text=True,
            **how,
        )
    )
    stack.callback(process.kill)
    return process


def _line(process: subprocess.Popen, part: str) -> str:
    """Return the line of a log that has a part, when it comes."""
    log = ''
    for line in process.stderr:
        if part in line:
            return line
        log += line
    raise ChildProcessError(f'the log ended without {part!r}: {log}')
