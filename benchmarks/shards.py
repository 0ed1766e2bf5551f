"""Compare shards with Hugging Face's packages: `-m benchmarks.shards`.

In the environment of the peers, which has them.  Files are in the page cache
when they are read; all contenders of a layout take turns.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

import d2l_rw
from benchmarks import report, standalone

RESULTS, TABLE = standalone.paths('shards')
ROUNDS = 5
# How many arrays of how many float32 items: 1 GiB each.
LAYOUTS = {'few': (16, 2**24), 'many': (2_000, 2**28 // 2_000)}
QUICK = {'few': (4, 2**10)}
SHARDS = 4
PACKAGES = 'numpy', 'torch', 'safetensors', 'huggingface_hub'
OURS, SYNCED, THEIRS = 'd2l_rw', 'd2l_rw, synced', 'Hugging Face'
INDEX = 'model.safetensors.index.json'
OLD = 'old'
MIB = 2**20


def main(arguments: list[str] | None = None) -> None:
    """Measure, store the results, print them as tables in Markdown."""
    standalone.run(
        'shards',
        arguments,
        layouts=(LAYOUTS, QUICK),
        rounds=ROUNDS,
        measured=measured,
        markdown=markdown,
        packages=PACKAGES,
    )


def measured(kind: str, count: int, items: int, rounds: int) -> dict:
    """Return the seconds of each call for one layout."""
    generator = np.random.default_rng(1)
    arrays = {
        f'layer{n}.weight': generator.random(items, 'float32')
        for n in range(count)
    }
    samples: dict[str, dict[str, list[float]]] = {}
    shuffled = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        calls = contenders(Path(folder), arrays)
        for _ in range(rounds):
            for task, by_name in calls.items():
                for name in shuffled.sample(list(by_name), len(by_name)):
                    found = samples.setdefault(task, {}).setdefault(name, [])
                    found.append(seconds(by_name[name]))
                    shutil.rmtree(Path(folder) / OLD, ignore_errors=True)
    return {
        'kind': kind,
        'arrays': count,
        'nbytes': sum(array.nbytes for array in arrays.values()),
        'seconds': {
            task: {name: sorted(times) for name, times in by_name.items()}
            for task, by_name in samples.items()
        },
    }


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes when the disk has nothing else to do."""
    os.sync()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def contenders(
    folder: Path, arrays: dict[str, np.ndarray]
) -> dict[str, dict[str, Callable]]:
    """Return the calls to time, by task and by name."""
    import torch
    from huggingface_hub import save_torch_state_dict
    from safetensors import safe_open
    from safetensors.torch import load_file

    tensors = {name: torch.from_numpy(a) for name, a in arrays.items()}
    bound = -(-len(arrays) // SHARDS) * next(iter(arrays.values())).nbytes
    ours, theirs = folder / 'ours', folder / 'theirs'
    first = next(iter(arrays))

    def new(name: str) -> Path:
        # What was there is deleted later, since that takes time.
        if (folder / name).exists():
            (folder / name).rename(folder / OLD)
        (folder / name).mkdir()
        return folder / name

    def save(sync: bool) -> None:
        path = new('ours') / 'model.safetensors'
        d2l_rw.save_shards(path, arrays, shard_nbytes=bound, sync=sync)

    def save_theirs() -> None:
        save_torch_state_dict(tensors, new('theirs'), max_shard_size=bound)

    def load_all() -> float:
        found = d2l_rw.load(ours / INDEX)
        return sum(float(found[name].sum()) for name in found)

    def weight_map() -> dict[str, str]:
        return json.loads((theirs / INDEX).read_bytes())['weight_map']

    def load_all_theirs() -> float:
        return sum(
            float(tensor.numpy().sum())
            for shard in {*weight_map().values()}
            for tensor in load_file(theirs / shard).values()
        )

    def load_one_theirs() -> float:
        with safe_open(theirs / weight_map()[first], 'pt') as file:
            return float(file.get_tensor(first).numpy().sum())

    return {
        'write all': {
            OURS: lambda: save(sync=False),
            SYNCED: lambda: save(sync=True),
            THEIRS: save_theirs,
        },
        'read and add up all': {OURS: load_all, THEIRS: load_all_theirs},
        'read and add up one array': {
            OURS: lambda: d2l_rw.load(ours / INDEX)[first].sum(),
            THEIRS: load_one_theirs,
        },
    }


def markdown(results: dict) -> str:
    """Return the times in milliseconds, and the ratios to theirs."""
    rounds = results['rounds']
    lines = [
        '# Shards beside those of Hugging Face',
        '',
        *report.setting(results['machine'], results['versions']),
        f'Medians of {rounds} calls, which take turns.  Theirs is '
        '`save_torch_state_dict` of huggingface_hub, which does not sync, '
        'and `load_file` and `safe_open` of safetensors.',
        '',
        *report.table_head(
            'task', 'arrays', 'MiB', 'by', 'ms', 'from', 'to', 'over theirs'
        ),
    ]
    for row in results['rows']:
        size = f'{row["nbytes"] / MIB:,.0f}'
        for task, by_name in row['seconds'].items():
            for name, times in by_name.items():
                found = median(times), times[0], times[-1]
                ratio = f'{found[0] / median(by_name[THEIRS]):.2f}'
                cells = f'{row["arrays"]:,}', size, name
                shown = *map(report.ms, found), ratio
                lines.append(report.table_row(task, *cells, *shown))
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
