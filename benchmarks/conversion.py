"""Compare conversion with a plain copy: `-m benchmarks.conversion`.

The copy, `shutil.copyfile` and `os.fsync`, has the same bytes and the same
syncing, and checks nothing.  All take turns.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
from tqdm import tqdm

import d2l_rw
from benchmarks import measure, report, standalone

RESULTS, TABLE = standalone.paths('conversion')
ROUNDS = 7
# How many arrays of how many float32 items: 1 GiB each.
LAYOUTS = {'few': (16, 2**24), 'many': (2_000, 2**28 // 2_000)}
QUICK = {'few': (2, 2**10)}
PAIRS = [
    ('params', 'safetensors'),
    ('params', 'npz'),
    ('safetensors', 'params'),
    ('npz', 'params'),
]
COPY = 'copy'
BOUND = 1.3
MEMORY_BOUND = 100  # MiB
INTERVAL = 0.002  # seconds
MIB = 2**20


def main(arguments: list[str] | None = None) -> None:
    """Measure, store the results, print them as tables in Markdown."""
    standalone.run(
        'conversion',
        arguments,
        layouts=(LAYOUTS, QUICK),
        rounds=ROUNDS,
        measured=measured,
        markdown=markdown,
    )


def measured(kind: str, count: int, items: int, rounds: int) -> dict:
    """Return the seconds and the memory of each call for one layout."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'source.params'
        random_file(path, count, items)
        for suffix in ('safetensors', 'npz'):
            d2l_rw.convert(path, path.with_suffix(f'.{suffix}'))
        calls = contenders(path)
        samples: dict[str, list[float]] = {name: [] for name in calls}
        memory = {name: peak_memory(call) for name, call in calls.items()}
        shuffled = random.Random(1)
        # On a terminal only.
        for _ in tqdm(range(rounds), disable=None, leave=False):
            for name in shuffled.sample(list(calls), len(calls)):
                os.sync()  # what the one before has left
                start = time.perf_counter()
                calls[name]()
                samples[name].append(time.perf_counter() - start)
        nbytes = path.stat().st_size
    return {
        'kind': kind,
        'arrays': count,
        'nbytes': nbytes,
        'seconds': {name: sorted(times) for name, times in samples.items()},
        'memory': memory,
    }


def random_file(path: Path, count: int, items: int) -> None:
    """Write arrays of random values, made when they are written."""
    generator = np.random.default_rng(1)
    arrays = [generator.random(items, 'float32') for _ in range(count)]
    d2l_rw.save(path, {f'layer{n}.weight': a for n, a in enumerate(arrays)})


def contenders(path: Path) -> dict[str, Callable]:
    """Return the calls to time; each writes a file that was not there."""

    def new(suffix: str) -> Path:
        target = path.with_name(f'target.{suffix}')
        target.unlink(missing_ok=True)
        return target

    def copy() -> None:
        target = new('params')
        shutil.copyfile(path, target)
        with open(target, 'rb+') as file:
            os.fsync(file.fileno())

    def convert(source: str, target: str) -> None:
        d2l_rw.convert(path.with_suffix(f'.{source}'), new(target))

    calls = {COPY: copy}
    for pair in PAIRS:
        calls[' to '.join(pair)] = lambda pair=pair: convert(*pair)
    return calls


def peak_memory(call: Callable[[], object]) -> int:
    """Return by how many bytes the anonymous memory grows in a call."""
    before = measure.memory()['RssAnon']
    with sampling() as samples:
        call()
    return max(samples) - before


@contextmanager
def sampling() -> Iterator[list[int]]:
    """Read the anonymous memory of this process again and again."""
    samples, done = [measure.memory()['RssAnon']], threading.Event()

    def sample() -> None:
        while not done.wait(INTERVAL):
            samples.append(measure.memory()['RssAnon'])

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


def ratios(results: dict) -> list[tuple[str, str, float]]:
    """Return for each layout and conversion its time over the copy's."""
    return [
        (row['kind'], name, median(times) / median(row['seconds'][COPY]))
        for row in results['rows']
        for name, times in row['seconds'].items()
        if name != COPY
    ]


def markdown(results: dict) -> str:
    """Return the ratios, the memory, and the times in milliseconds."""
    rows, rounds = results['rows'], results['rounds']
    lines = [
        '# Conversion beside a plain copy',
        '',
        *report.setting(results['machine'], results['versions']),
        f'Medians of {rounds} calls, which take turns; all are synced.  '
        'Conversion reads the target back and compares every array.',
        '',
        *report.table_head('call', 'arrays', 'over copy', 'at most'),
    ]
    for kind, name, ratio in ratios(results):
        cells = name, kind, f'{ratio:.2f}', f'{BOUND}'
        lines.append(report.table_row(*cells))
    titles = 'call', 'arrays', 'MiB', 'ms', 'from', 'to', 'memory, MiB'
    lines += ['', *report.table_head(*titles)]
    for row in rows:
        size = f'{row["nbytes"] / MIB:.0f}'
        for name, times in row['seconds'].items():
            found = median(times), times[0], times[-1]
            memory = f'{row["memory"][name] / MIB:.1f}'
            cells = name, f'{row["arrays"]:,}', size, *map(report.ms, found)
            lines.append(report.table_row(*cells, memory))
    lines += [
        '',
        'Memory is by how much the anonymous memory grows, sampled every '
        f'{1000 * INTERVAL:.0f} ms; at most {MEMORY_BOUND} MiB.',
    ]
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
