"""Run measurements: each in a fresh process, contenders in turn."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median

from benchmarks import files
from benchmarks.cases import CASES, Case

ROOT = Path(__file__).parent.parent
LARGE = 2**30  # bytes
IMPORTS = {'numpy': 'import numpy', 'd2l_rw': 'import numpy, d2l_rw'}


def run(
    layouts: list[files.Layout],
    *,
    most: int,
    folder: str | None,
    advance: Callable[[], None],
) -> list[dict]:
    """Measure all cases with files of all layouts.

    Args:
        layouts: the files, which are made and deleted one after the other.
        most: how often each case is measured at most.
        folder: where the files are kept; None, where `tempfile` does.
        advance: is called after each measurement.

    Returns:
        A row for each layout and case, with medians.
    """
    rows = []
    for layout in layouts:
        with tempfile.TemporaryDirectory(dir=folder) as made:
            in_new_process('benchmarks.files', made, asdict(layout))
            rows += compare(
                layout, Path(made), rounds_of(layout, most), advance
            )
    return rows


def compare(
    layout: files.Layout,
    folder: Path,
    rounds: int,
    advance: Callable[[], None],
) -> list[dict]:
    """Measure all cases in turn, in each round in another order.

    The order is shuffled, so that no case always follows the same one.
    """
    cases = cases_of(layout)
    samples: dict[Case, list] = {case: [] for case in cases}
    shuffled = random.Random(1)
    for _ in range(rounds):
        for case in shuffled.sample(cases, len(cases)):
            samples[case].append(measure(case, layout, folder))
            advance()
    return [
        {
            'size': layout.size,
            'kind': layout.kind,
            'arrays': layout.count,
            'nbytes': layout.nbytes,
            'rounds': rounds,
            'group': case.group,
            'name': case.name,
            'calls': [summary(calls) for calls in zip(*samples[case])],
        }
        for case in cases
    ]


def cases_of(layout: files.Layout) -> list[Case]:
    """Return the cases to measure; the largest files are not saved."""
    groups = {'load', 'one', 'scan'}
    if layout.nbytes < LARGE:
        groups.add('save')
    return [
        case
        for case in CASES
        if case.group in groups and case.suffix in layout.formats
    ]


def rounds_of(layout: files.Layout, most: int) -> int:
    """Return how often to measure: targets need 100 MiB most of all."""
    return min(most, 9 if layout.size == '100 MiB' else 5)


def measure(case: Case, layout: files.Layout, folder: Path) -> list[dict]:
    """Measure a case once, in a process of its own."""
    request = {
        'group': case.group,
        'name': case.name,
        'layout': asdict(layout),
        'folder': str(folder),
    }
    return json.loads(in_new_process('benchmarks.measure', request))


def in_new_process(module: str, *arguments) -> str:
    """Run a module of this project; return what it prints."""
    command = [sys.executable, '-W', 'ignore', '-m', module]
    texts = [a if isinstance(a, str) else json.dumps(a) for a in arguments]
    done = subprocess.run(
        [*command, *texts], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f'{module} {texts}: {done.stderr}')
    return done.stdout


def summary(samples: list[dict]) -> dict[str, float]:
    """Return the medians of all figures, and the extremes of the times."""
    seconds = [sample['seconds'] for sample in samples]
    medians = {
        key: median(sample[key] for sample in samples) for key in samples[0]
    }
    return {**medians, 'fastest': min(seconds), 'slowest': max(seconds)}


def start_times(times: int, advance: Callable[[], None]) -> dict[str, float]:
    """Return the seconds in which an interpreter starts, imports and ends."""
    samples: dict[str, list] = {name: [] for name in IMPORTS}
    for place in range(times):
        for name in sorted(IMPORTS, reverse=bool(place % 2)):
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, '-c', IMPORTS[name]], cwd=ROOT, check=True
            )
            samples[name].append(time.perf_counter() - start)
            advance()
    return {name: median(seconds) for name, seconds in samples.items()}
