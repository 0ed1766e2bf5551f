"""Convert, or check, whole trees of files."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from time import perf_counter
from typing import NamedTuple

from d2l_rw import files, journal, trees, workers
from d2l_rw.checking import check
from d2l_rw.conversion import SUFFIXES, convert
from d2l_rw.errors import in_one_line

TAKEN = '.nd', *SUFFIXES
SUFFIX, REPORT = '.safetensors', 'conversion.jsonl'
OPTIONS = 'dense', 'expand_shared', 'np_shape'
KILLED = 'its process was killed, twice: too little memory, or a defect'
CUT = 'its last line was cut, as by a crash: that file is done again'


class Summary(NamedTuple):
    """What was done to the files of a tree.

    Attributes:
        done: the number of files that were converted, or found sound.
        skipped: the number of those that an earlier run has done.
        failed: the reasons of those that failed, by name.
        others: the number of files that are not of arrays, by their names.
        nbytes: the size of the arrays of what was done, in bytes; of a
            check, the size of the files.
        seconds: how long it took.
        notes: what may be worth a look; sentences for people.

    >>> failed = {'b.params': 'file: expected arrays, got an empty file'}
    >>> Summary(1, 0, failed, others=2, nbytes=24, seconds=0.1).failed.keys()
    dict_keys(['b.params'])
    """

    done: int
    skipped: int
    failed: dict[str, str]
    others: int
    nbytes: int
    seconds: float
    notes: tuple[str, ...] = ()


class Job(NamedTuple):
    """What a worker is to do with one file.

    Attributes:
        root: the tree that the file is in.
        name: its name there.
        identity, nbytes: see `trees.Found`.
        target_root: the tree that its target is in, or None to check it.
        target: the name of that, or None.
        options: of `convert`.
    """

    root: str
    name: str
    identity: str
    nbytes: int | None
    target_root: str | None
    target: str | None
    options: dict[str, bool]


def convert_tree(
    source: str | os.PathLike,
    target: str | os.PathLike,
    *,
    suffix: str = SUFFIX,
    workers: int | None = None,
    scheduler: str | None = None,
    report: str | os.PathLike | None = None,
    dense: bool = False,
    expand_shared: bool = False,
    np_shape: bool = False,
    sync: bool = True,
    advance: Callable[[int, int], object] = lambda files, of: None,
) -> Summary:
    """Convert all files of arrays of a tree, each as `convert` does.

    A file is one whose name ends in `.params`, `.nd`, `.npz` or
    `.safetensors`.  Its target has the same name, but for the suffix, in the
    other tree.  One that fails does not stop the rest.

    The report tells of each file what became of it, in a line of JSON.  It
    lets a run that was stopped go on: what is done, and has not changed since
    then, source and target, is not done again; what failed is.

    A script that calls this guards itself by `if __name__ == '__main__':`,
    as for all processes that Python starts.

    Args:
        source: the folder of the files, or the address of a prefix:
            `s3://bucket/models`; see `load`.
        target: the folder to write to, which is made if need be, or a prefix.
            It may be in the source, where it is left out.
        suffix: that of the targets: `.safetensors`, `.npz` or `.params`.
        workers: the number of processes, by default that of the cores.
        scheduler: the address of a Dask cluster to do the work, instead of
            processes of this machine: `tcp://...`.  Scheduler and workers
            need `d2l_rw`, and workers see the same folders by the same names.
        report: the file of the report, by default `conversion.jsonl` in the
            target; with an address as target, one is to be named.
        dense, expand_shared, np_shape, sync: see `convert`.
        advance: called, as files are done, with their number and that of all
            that are to be done in this run.

    Raises:
        ValueError: if the source is the target or in it, or the report is
            something else (`FormatError`).
        BlockingIOError: if another run holds the report.
        ConnectionError: if the cluster is lost; what was done stays so.
        OSError: if a folder or the report cannot be read or written.

    >>> import tempfile
    >>> import numpy as np
    >>> from d2l_rw import save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(os.path.join(folder, 'mlp.params'), {'weight': np.ones(3)})
    ...     target = os.path.join(folder, 'converted')
    ...     first = convert_tree(folder, target, workers=1)
    ...     again = convert_tree(folder, target, workers=1)
    >>> first.done, again.done, again.skipped
    (1, 0, 1)
    """
    source, target = os.fsdecode(source), os.fsdecode(target)
    suffix = _suffix(suffix)
    trees.expect(source)
    if trees.inside(source, target):
        raise ValueError(f'{target}: expected a folder without the source')
    report = _report(target) if report is None else report
    values = dense, expand_shared, np_shape
    plan = _Plan(source, target, suffix, dict(zip(OPTIONS, values)), sync)
    with journal.opened(report) as kept:
        trees.clean(target)
        try:
            return _run(plan, kept, _pools(workers, scheduler), advance)
        finally:
            trees.clean(target)


def check_tree(
    source: str | os.PathLike,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    report: str | os.PathLike | None = None,
    advance: Callable[[int, int], object] = lambda files, of: None,
) -> Summary:
    """Read every byte of all files of arrays of a tree.

    A file fails if it is damaged, or holds values that are not finite.

    Args:
        source: the folder of the files, or a prefix; see `convert_tree`.
        workers, scheduler, advance: see `convert_tree`.
        report: the file of the report, by default none: a next run then
            begins anew.

    Raises:
        ValueError: if the report is something else (`FormatError`).
        BlockingIOError, ConnectionError, OSError: see `convert_tree`.

    >>> import tempfile
    >>> import numpy as np
    >>> from d2l_rw import save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(os.path.join(folder, 'a.params'), {'weight': np.ones(3)})
    ...     save(os.path.join(folder, 'b.params'), {'w': np.array([np.nan])})
    ...     check_tree(folder, workers=1).failed
    {'b.params': 'w: 1 values are not finite'}
    """
    plan = _Plan(os.fsdecode(source), None, '', {}, False)
    with journal.opened(report) as kept:
        return _run(plan, kept, _pools(workers, scheduler), advance)


def work(jobs: list[Job]) -> list[dict]:
    """Do jobs; return the lines of the report."""
    return [_worked(job) for job in jobs]


class _Plan(NamedTuple):
    """What a run is to do."""

    source: str
    target: str | None
    suffix: str
    options: dict[str, bool]
    sync: bool

    def job(self, name: str, found: trees.Found) -> Job:
        target = None
        if self.target is not None:
            target = os.path.splitext(name)[0] + self.suffix
        options = {**self.options, 'sync': self.sync}
        return Job(self.source, name, *found, self.target, target, options)


def _report(target: str) -> str:
    """Return the place of a report that was not asked for, in the target."""
    if files.is_address(target):
        raise ValueError(
            f'{target}: expected a file here for the report: report= '
            '(--report)'
        )
    os.makedirs(target, exist_ok=True)
    return os.path.join(target, REPORT)


def _suffix(text: str) -> str:
    suffix = '.' + text.lower().lstrip('.')
    if suffix not in SUFFIXES:
        known = ', '.join(SUFFIXES)
        raise ValueError(f'suffix: expected {known}, got {text!r}')
    return suffix


def _pools(count: int | None, address: str | None) -> workers.Opened:
    """Return what opens the processes that do the work."""
    if count is not None and count < 1:
        raise ValueError(f'workers: expected 1 or more, got {count}')
    if address is None:
        return lambda: workers.processes(count)
    if count is not None:
        raise ValueError('workers: the scheduler has its own')
    return lambda: workers.cluster(address)


def _run(
    plan: _Plan,
    kept: journal.Journal,
    pools: Callable[[], AbstractContextManager],
    advance: Callable[[int, int], object],
) -> Summary:
    start, totals = perf_counter(), _Totals(kept)
    jobs, others = _jobs(plan, totals)
    left = _left(plan, jobs, kept)
    advance(0, len(left))
    done = 0
    with closing(workers.done(pools, work, left, _killed)) as batches:
        for lines in batches:
            totals.add(lines)
            done += len(lines)
            advance(done, len(left))
    return Summary(
        totals.done,
        len(jobs) - len(left),
        dict(sorted(totals.failed.items())),
        others,
        totals.nbytes,
        perf_counter() - start,
        (CUT,) if kept.cut else (),
    )


class _Totals:
    """What was done so far, in the report too."""

    def __init__(self, kept: journal.Journal) -> None:
        self.done, self.nbytes, self.kept = 0, 0, kept
        self.failed: dict[str, str] = {}

    def add(self, lines: list[dict]) -> None:
        self.kept.add(lines)
        for line in lines:
            if line['status'] == journal.DONE:
                self.done += 1
                self.nbytes += line['bytes']
            else:
                self.failed[line['name']] = line['reason']


def _jobs(plan: _Plan, totals: _Totals) -> tuple[list[Job], int]:
    """Return what is to be done, and how many files are something else."""

    def failed(error: OSError) -> None:
        name = os.path.relpath(error.filename, plan.source)
        job = plan.job(name, trees.Found('', 0))
        totals.add([_failed(job, in_one_line(error))])

    found = trees.find(plan.source, leave=plan.target, failed=failed)
    jobs = [
        plan.job(name, file)
        for name, file in found.items()
        if name.lower().endswith(TAKEN)
    ]
    return _without_rivals(jobs, totals), len(found) - len(jobs)


def _without_rivals(jobs: list[Job], totals: _Totals) -> list[Job]:
    """Refuse the files that have one target."""
    rivals = defaultdict(list)
    for job in jobs:
        rivals[job.target or job.name].append(job)
    for target, several in rivals.items():
        if len(several) > 1:
            names = ' and '.join(job.name for job in several)
            reason = f'{target}: expected one source, got {names}'
            totals.add([_failed(job, reason) for job in several])
    return [several[0] for several in rivals.values() if len(several) == 1]


def _left(plan: _Plan, jobs: list[Job], kept: journal.Journal) -> list[Job]:
    """Leave out what is done, and whose target is there as it was."""
    there: dict = {}
    if plan.target is not None:
        with suppress(FileNotFoundError):  # a prefix of nothing yet
            there = trees.find(plan.target)
    left = []
    for job in jobs:
        found = there.get(job.target)
        written = None if found is None else found.identity
        if not kept.holds(_line(job, written=written)):
            left.append(job)
    return left


def _worked(job: Job) -> dict:
    start = perf_counter()
    try:
        line = _checked(job) if job.target is None else _converted(job)
    # Of whatever kind: one file does not stop the others.
    except Exception as error:
        line = _failed(job, in_one_line(error))
    line['seconds'] = round(perf_counter() - start, 6)
    return line


def _converted(job: Job) -> dict:
    source = trees.join(job.root, job.name)
    target = trees.join(job.target_root, job.target)
    trees.prepare(target)
    found = convert(source, target, **job.options, advance=workers.go_on)
    return _line(
        job,
        status=journal.DONE,
        arrays=found.arrays,
        bytes=found.nbytes,
        notes=list(found.notes),
        written=trees.identity(target),
    )


def _checked(job: Job) -> dict:
    source = trees.join(job.root, job.name)
    found = check(source, advance=workers.go_on)
    if found.not_finite:
        odd = [
            f'{name}: {count:,} values are not finite'
            for name, count in found.not_finite.items()
        ]
        return _failed(job, ', '.join(odd))
    return _line(
        job, status=journal.DONE, arrays=found.arrays, bytes=found.nbytes
    )


def _killed(job: Job) -> dict:
    return _failed(job, KILLED)


def _failed(job: Job, reason: str) -> dict:
    return _line(job, status=journal.FAILED, reason=reason)


def _line(job: Job, **found) -> dict:
    """Return a line of the report."""
    chosen = [name for name in OPTIONS if job.options.get(name)]
    return {
        'name': job.name,
        'target': job.target,
        'status': None,
        'reason': None,
        'arrays': 0,
        'bytes': 0,
        'notes': [],
        'seconds': 0,
        'options': chosen,
        'source': job.identity,
        'written': None,
        **found,
    }
