"""Compare one to four processes and a cluster: `python -m benchmarks.bulk`.

All convert the same tree of files into a new one, and take turns.  Each has
converted one file before, so that its processes are there.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from tqdm import tqdm

import d2l_rw
from benchmarks import machine, report, standalone
from benchmarks.cluster import cluster

RESULTS, TABLE = standalone.paths('bulk')
ROUNDS = 5
MEMORY = '/dev/shm'  # a file system in memory, of Linux
KIB, MIB = 2**10, 2**20
# How many files of how many bytes, where (None: the disk), synced or not.
LAYOUTS = {
    'memory': (1_000, MIB, MEMORY, False),
    'disk': (1_000, MIB, None, False),
    'disk, synced': (1_000, MIB, None, True),
    'small files': (1_000, KIB, MEMORY, False),
    'large files': (16, 64 * MIB, MEMORY, False),
}
QUICK = {'memory': (20, MIB, None, False)}
PROCESSES = {
    1: 'one process',
    2: 'two processes',
    3: 'three processes',
    4: 'four processes',
}
ONE, TWO, CLUSTER = PROCESSES[1], PROCESSES[2], 'cluster of two'
ARRAYS = 8  # in a file
# At least, the rate of two over that of one; at most, the time of the cluster
# over that of two.
GAIN, OVERHEAD = 1.7, 1.25
BOUND = {'memory'}  # where the disk is not the limit


def main(arguments: list[str] | None = None) -> None:
    """Measure, store the results, print them as tables in Markdown."""
    standalone.run(
        'bulk',
        arguments,
        layouts=(LAYOUTS, QUICK),
        rounds=ROUNDS,
        measured=measured,
        markdown=markdown,
        packages=('distributed',),
    )


def measured(
    kind: str,
    files: int,
    nbytes: int,
    where: str | None,
    sync: bool,
    rounds: int,
) -> dict:
    """Return the seconds of each call for one tree."""
    with (
        tempfile.TemporaryDirectory(dir=where) as folder,
        cluster(folder) as started,
    ):
        root = Path(folder)
        make_tree(root / 'source', files, nbytes)
        make_tree(root / 'first', 1, nbytes)
        calls = contenders(root, started.address, sync)
        samples = {name: [] for name in calls}
        for call in calls.values():
            call('first')
        shuffled = random.Random(1)
        # On a terminal only.
        for _ in tqdm(range(rounds), disable=None, leave=False):
            for name in shuffled.sample(list(calls), len(calls)):
                samples[name].append(timed(calls[name], files))
        return {
            'kind': kind,
            'files': files,
            'nbytes': nbytes,
            'sync': sync,
            'file_system': machine.file_system(root),
            'seconds': {
                name: sorted(times) for name, times in samples.items()
            },
        }


def make_tree(root: Path, files: int, nbytes: int) -> None:
    """Write files of the same arrays."""
    items = nbytes // ARRAYS // 4
    values = np.random.default_rng(1).random((ARRAYS, items), 'float32')
    arrays = {f'layer{n}.weight': array for n, array in enumerate(values)}
    root.mkdir()
    for number in range(files):
        d2l_rw.save(root / f'{number:04}.params', arrays, sync=False)


def contenders(root: Path, address: str, sync: bool) -> dict[str, Callable]:
    """Return the calls to time; each writes a tree that was not there."""

    def convert(name: str, **options) -> d2l_rw.bulk.Summary:
        target = root / 'target'
        shutil.rmtree(target, ignore_errors=True)
        os.sync()  # what the one before has left
        return d2l_rw.convert_tree(root / name, target, sync=sync, **options)

    calls = {
        who: partial(convert, workers=count)
        for count, who in PROCESSES.items()
    }
    return {**calls, CLUSTER: partial(convert, scheduler=address)}


def timed(call: Callable, files: int) -> float:
    """Return the seconds of a run, by its own clock, if it did all."""
    found = call('source')
    if found.done != files:
        raise RuntimeError(f'expected {files} files, got {found}')
    return found.seconds


def ratios(row: dict) -> tuple[float, float]:
    """Return the gain of two processes, and the overhead of the cluster."""
    one, two, there = (
        median(row['seconds'][name]) for name in (ONE, TWO, CLUSTER)
    )
    return one / two, there / two


def constants(results: dict) -> dict[str, float]:
    """Return what a model of the rate needs.

    Returns:
        `seconds`: of one process for a file, however small; `rate`: the bytes
        that it converts in a second, of files however large.
    """
    rows = {row['kind']: row for row in results['rows']}
    small, large = rows['small files'], rows['large files']
    seconds = median(small['seconds'][ONE]) / small['files']
    spent = median(large['seconds'][ONE]) - large['files'] * seconds
    return {
        'seconds': seconds,
        'rate': large['files'] * large['nbytes'] / spent,
    }


def predicted(results: dict, row: dict, workers: int) -> float:
    """Return the seconds that the constants give for a tree in memory."""
    found = constants(results)
    each = found['seconds'] + row['nbytes'] / found['rate']
    return row['files'] * each / min(workers, results['machine']['cores'])


def markdown(results: dict) -> str:
    """Return rates, ratios and constants."""
    rows, rounds = results['rows'], results['rounds']
    titles = 'files', 'of KiB', 'on', 'synced', 'who', 's', 'from', 'to'
    lines = [
        '# Many files',
        '',
        *report.setting(results['machine'], results['versions']),
        f'Medians of {rounds} runs, which take turns.  Each file is written, '
        'read back and compared.',
        '',
        *report.table_head('tree', 'two over one', 'cluster over two'),
    ]
    for row in rows:
        gain, overhead = ratios(row)
        cells = row['kind'], f'{gain:.2f}', f'{overhead:.2f}'
        lines.append(report.table_row(*cells))
    lines += ['', *report.table_head(*titles, 'files/s', 'MiB/s')]
    for row in rows:
        lines += [report.table_row(*cells) for cells in _times(row)]
    return '\n'.join([*lines, *_told(results)])


def _times(row: dict) -> list[tuple[str, ...]]:
    tree = (
        f'{row["files"]:,}',
        f'{row["nbytes"] // KIB:,}',
        row['file_system'],
        'yes' if row['sync'] else 'no',
    )
    cells = []
    for name, times in row['seconds'].items():
        rate = row['files'] / median(times)
        found = median(times), times[0], times[-1]
        seconds = [f'{value:.2f}' for value in found]
        size = f'{rate * row["nbytes"] / MIB:,.0f}'
        cells.append((*tree, name, *seconds, f'{rate:,.0f}', size))
    return cells


def _told(results: dict) -> list[str]:
    lines = [
        '',
        f'Two processes should have at least {GAIN} times the rate of one, '
        f'and the cluster take at most {OVERHEAD} times as long as they do.',
    ]
    if {'small files', 'large files'} <= {r['kind'] for r in results['rows']}:
        found = constants(results)
        lines.append(
            f'One process takes {1e3 * found["seconds"]:.2f} ms for a file, '
            f'and a second for {found["rate"] / MIB:,.0f} MiB.'
        )
    return lines


if __name__ == '__main__':
    main()
