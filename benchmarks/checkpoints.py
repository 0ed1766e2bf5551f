"""Compare checkpoints with what MXNet has: `-m benchmarks.checkpoints`.

MXNet's calls are `save_parameters` and `save_states`, which sync nothing and
check nothing, and `load_parameters` and `load_states`.  All take turns.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from statistics import median

import mxnet
import numpy as np
import xxhash
from mxnet import autograd, gluon, nd
from tqdm import tqdm

import d2l_rw
from benchmarks import report, standalone

RESULTS, TABLE = standalone.paths('checkpoints')
ROUNDS = 15
# Layers and their units: parameters and both moments of Adam, 100 MiB.
LAYOUTS = {'few': (8, 1_044), 'many': (500, 131)}
QUICK = {'few': (2, 16)}
BOUND = 1.3
MIB = 2**20


def main(arguments: list[str] | None = None) -> None:
    """Measure, store the results, print them as tables in Markdown."""
    standalone.run(
        'checkpoints',
        arguments,
        layouts=(LAYOUTS, QUICK),
        rounds=ROUNDS,
        measured=measured,
        markdown=markdown,
    )


def measured(kind: str, layers: int, units: int, rounds: int) -> dict:
    """Return the seconds that each call took for one network, in order."""
    net, trainer = trained(layers, units)
    with tempfile.TemporaryDirectory() as folder:
        calls = contenders(Path(folder), net, trainer)
        calls |= hashes(3 * 4 * layers * units * units)
        samples: dict[str, list[float]] = {name: [] for name in calls}
        shuffled = random.Random(1)
        for call in calls.values():
            call()
        # On a terminal only.
        for _ in tqdm(range(rounds), disable=None, leave=False):
            for name in shuffled.sample(list(calls), len(calls)):
                samples[name].append(seconds(calls[name]))
        nbytes = sum(
            path.stat().st_size for path in Path(folder).glob('ours/*/*')
        )
    return {
        'kind': kind,
        'arrays': 6 * layers,
        'nbytes': nbytes,
        'seconds': {name: sorted(times) for name, times in samples.items()},
    }


def trained(layers: int, units: int):
    """Return a network and its trainer after a step of Adam."""
    net = gluon.nn.Sequential()
    for _ in range(layers):
        net.add(gluon.nn.Dense(units, in_units=units))
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), 'adam')
    with autograd.record():
        loss = net(nd.ones((1, units))).sum()
    loss.backward()
    trainer.step(1)
    return net, trainer


def contenders(folder: Path, net, trainer) -> dict[str, Callable]:
    """Return the calls to time; those that load come after all have saved."""
    parameters, states = (
        str(folder / 'net.params'),
        str(folder / 'net.states'),
    )
    ours = folder / 'ours'

    def save(*, sync: bool) -> None:
        d2l_rw.save_checkpoint(
            ours, net, trainer, epoch=0, keep_last=1, sync=sync
        )

    def save_mxnet() -> None:
        net.save_parameters(parameters)
        trainer.save_states(states)

    def load_mxnet() -> None:
        net.load_parameters(parameters)
        trainer.load_states(states)

    return {
        'save, mxnet': save_mxnet,
        'save, d2l_rw': lambda: save(sync=False),
        'save, d2l_rw, synced': lambda: save(sync=True),
        'load, mxnet': load_mxnet,
        'load, d2l_rw': lambda: d2l_rw.restore_checkpoint(ours, net, trainer),
    }


def hashes(nbytes: int) -> dict[str, Callable]:
    """Return calls that hash as many bytes as a checkpoint has."""
    data = np.random.default_rng(1).bytes(nbytes)
    return {
        'hash, XXH3-128': lambda: xxhash.xxh3_128_digest(data),
        'hash, CRC-32': lambda: zlib.crc32(data),
        'hash, SHA-256': lambda: hashlib.sha256(data).digest(),
    }


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes, until its arrays are there."""
    mxnet.nd.waitall()
    start = time.perf_counter()
    call()
    mxnet.nd.waitall()
    return time.perf_counter() - start


def ratios(results: dict) -> list[tuple[str, str, float]]:
    """Return for each kind and call of ours its time over MXNet's."""
    found = []
    for row in results['rows']:
        times = {name: median(t) for name, t in row['seconds'].items()}
        for name in times:
            action, who = name.split(', ', 1)
            if who.startswith('d2l_rw'):
                ratio = times[name] / times[f'{action}, mxnet']
                found.append((row['kind'], name, ratio))
    return found


def markdown(results: dict) -> str:
    """Return the ratios, and the times in milliseconds."""
    rows, rounds = results['rows'], results['rounds']
    setting = report.setting(results['machine'], results['versions'])
    lines = [
        '# Checkpoints beside `save_parameters` and `save_states`',
        '',
        *setting,
        f'Medians of {rounds} calls, which take turns.  MXNet syncs nothing '
        'and verifies nothing; `d2l_rw` writes and compares checksums.',
        '',
        *report.table_head('call', 'arrays', 'over mxnet', 'at most'),
    ]
    for kind, name, ratio in ratios(results):
        bound = '' if 'synced' in name else f'{BOUND}'
        lines.append(report.table_row(name, kind, f'{ratio:.2f}', bound))
    titles = 'call', 'arrays', 'MiB', 'ms', 'from', 'to'
    lines += ['', *report.table_head(*titles)]
    for row in rows:
        size = f'{row["nbytes"] / MIB:.0f}'
        for name, times in row['seconds'].items():
            found = median(times), times[0], times[-1]
            cells = name, f'{row["arrays"]:,}', size, *map(report.ms, found)
            lines.append(report.table_row(*cells))
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
