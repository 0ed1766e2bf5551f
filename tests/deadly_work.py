"""Work that kills its process: imported by processes of `test_bulk`."""

import os
import signal
import sys
from functools import partial
from typing import NamedTuple

from d2l_rw import workers
from tests.kills import run_until


class Job(NamedTuple):
    """A job, and whether it kills."""

    name: int
    deadly: bool
    nbytes: int = 1


def work(jobs):
    """Return the jobs' names, unless one is deadly."""
    if any(job.deadly for job in jobs):
        os.kill(os.getpid(), signal.SIGKILL)
    return [job.name for job in jobs]


def ask(jobs):
    """Ask whether to stop; a deadly job is killed on the way, at its name."""
    for job in jobs:
        if job.deadly:
            run_until(job.name, partial(workers.go_on, 0))
            sys.setprofile(None)
    return [job.name for job in jobs]
