"""Count and time what reading a file far away costs: `-m benchmarks.remote`.

A server on loopback answers late and slowly, as one far away does.  The peer
is fsspec's own file, with the cache that it has by default and the same
parsers.  All take turns.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from unittest import mock

import fsspec
from tqdm import tqdm

import d2l_rw
from benchmarks import machine, report, standalone
from d2l_rw import recognise, remote, serialization
from d2l_rw.arrays import sliced
from tests.remote_files import MIB, sparse_params, sparse_safetensors
from tests.servers import Server, serving

RESULTS, TABLE = standalone.paths('remote')
ROUNDS = 5
LATENCY, BANDWIDTH = 0.02, 50e6  # seconds, bytes a second
# The writer, the sizes of the arrays: 1 GiB, and the block sizes to compare.
BLOCKS = 2**14, 2**16, 2**18, 2**20
FEW = [146 * MIB] * 3 + [MIB] + [146 * MIB] * 4
MANY = [2**30 // 10_000] * 10_000
LAYOUTS = {
    'few, params': (sparse_params, FEW, BLOCKS),
    'few, safetensors': (sparse_safetensors, FEW, BLOCKS),
    'many, params': (sparse_params, MANY, (remote.BLOCK,)),
    'many, safetensors': (sparse_safetensors, MANY, (remote.BLOCK,)),
}
QUICK = {
    'few, params': (sparse_params, [2 * MIB] * 4, BLOCKS),
    'few, safetensors': (sparse_safetensors, [2 * MIB] * 4, BLOCKS),
}
PEER = 'fsspec'
LISTING, ONE = 'listing', 'one array'
PLACE = 3  # of the array that is asked for
MOST_REQUESTS, MOST_SPARE = 10, 2 * MIB  # for one array of few


def main(arguments: list[str] | None = None) -> None:
    """Measure, store the results, print them as tables in Markdown."""
    standalone.run(
        'remote',
        arguments,
        layouts=(LAYOUTS, QUICK),
        rounds=ROUNDS,
        measured=measured,
        markdown=markdown,
        packages=(*machine.PACKAGES, 'fsspec', 'aiohttp'),
    )


def measured(
    kind: str,
    write: Callable[[Path, list[int]], None],
    sizes: list[int],
    blocks: tuple[int, ...],
    rounds: int,
) -> dict:
    """Return requests, bytes and seconds of each contender for one file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'file'
        write(path, sizes)
        with serving(Path(folder)) as server:
            calls = contenders(f'{server.address}/file', blocks)
            for call in calls.values():
                list(call())  # imports, first calls
            server.latency, server.bandwidth = LATENCY, BANDWIDTH
            found = taken_in_turns(calls, server, rounds)
        nbytes = path.stat().st_size
    return {
        'kind': kind,
        'arrays': len(sizes),
        'nbytes': nbytes,
        'array': sizes[PLACE],
        'calls': found,
    }


def contenders(address: str, blocks: tuple[int, ...]) -> dict[str, Callable]:
    """Return the calls to measure: generators that stop after each step."""
    ours = {
        f'd2l_rw, {block // 1024} KiB': partial(ours_with, block, address)
        for block in blocks
    }
    return {**ours, PEER: partial(peer, address)}


def ours_with(block: int, address: str):
    """Open a file, then ask for an array, with blocks of a size."""
    with mock.patch.object(remote, 'BLOCK', block):
        arrays = d2l_rw.load(address)
        yield LISTING
        arrays[f'layer{PLACE}'].sum()
        yield ONE


class Slices:
    """A file of fsspec as data for the parsers."""

    def __init__(self, file) -> None:
        self.file = file

    def __len__(self) -> int:
        return self.file.size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(len(self))
        self.file.seek(start)
        return self.file.read(stop - start)


def peer(address: str):
    """Do the same with fsspec's file and its own cache."""
    with fsspec.open(address) as file:
        data = Slices(file)
        kind = recognise.recognise(data[: recognise.START])
        specs, _ = serialization._specs(kind, data)
        named = {spec.name: spec for spec in specs}
        yield LISTING
        sliced(named[f'layer{PLACE}'], data).sum()
        yield ONE


def taken_in_turns(
    calls: dict[str, Callable], server: Server, rounds: int
) -> dict[str, dict]:
    """Return for each call and step: requests, bytes, seconds in order."""
    found: dict[str, dict] = {
        name: {step: {'seconds': []} for step in (LISTING, ONE)}
        for name in calls
    }
    shuffled = random.Random(1)
    # On a terminal only.
    for _ in tqdm(range(rounds), disable=None, leave=False):
        for name in shuffled.sample(list(calls), len(calls)):
            server.requests.clear()
            start = time.perf_counter()
            for step in calls[name]():
                taken = found[name][step]
                taken['seconds'].append(time.perf_counter() - start)
                taken['requests'] = len(server.requests)
                taken['nbytes'] = server.nbytes
    for steps in found.values():
        for taken in steps.values():
            taken['seconds'].sort()
    return found


def ours(row: dict) -> dict:
    """Return what the block size of the package takes for one file."""
    return row['calls'][f'd2l_rw, {remote.BLOCK // 1024} KiB']


def markdown(results: dict) -> str:
    """Return requests, bytes, and times in milliseconds."""
    titles = 'file', 'call', 'step', 'requests', 'MiB', 'ms', 'from', 'to'
    lines = [
        '# Files far away',
        '',
        *report.setting(results['machine'], results['versions']),
        f'Medians of {results["rounds"]} calls, which take turns, from a '
        f'server whose answers are {1000 * LATENCY:.0f} ms late, at '
        f'{BANDWIDTH / 1e6:.0f} MB/s.  Requests count HEAD too; the one '
        'array comes after the listing, whose costs are in it.',
        '',
        *report.table_head(*titles),
    ]
    for row in results['rows']:
        size = row['nbytes'] / MIB
        file = f'{row["kind"]}: {row["arrays"]:,} in {size:,.0f} MiB'
        for name, steps in row['calls'].items():
            lines += [cells(file, name, step, steps[step]) for step in steps]
    return '\n'.join(lines)


def cells(file: str, name: str, step: str, taken: dict) -> str:
    """Return a row of the table."""
    times = taken['seconds']
    numbers = f'{taken["requests"]:,}', f'{taken["nbytes"] / MIB:,.2f}'
    spread = map(report.ms, (median(times), times[0], times[-1]))
    return report.table_row(file, name, step, *numbers, *spread)


if __name__ == '__main__':
    main()
