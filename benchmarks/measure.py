"""Measure one case in this process: `python -m benchmarks.measure JSON`."""

from __future__ import annotations

import json
import mmap
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import files
from benchmarks.cases import CASES, Case

SPARE = 2**24  # bytes


def main(request: str) -> None:
    """Print, as JSON, what each call of a case took."""
    request = json.loads(request)
    (case,) = (
        case
        for case in CASES
        if (case.group, case.name) == (request['group'], request['name'])
    )
    folder = Path(request['folder'])
    layout = files.Layout(**request['layout'])
    prepared(case, files.TINY, folder)()  # imports, first calls
    call = prepared(case, layout, folder)
    touch_memory(SPARE + int(case.memory * layout.nbytes))
    print(json.dumps([measured(call) for _ in range(case.calls)]))


def prepared(
    case: Case, layout: files.Layout, folder: Path
) -> Callable[[], object]:
    """Return the call to time for the file of a layout."""
    path = layout.path(folder, case.suffix)
    if case.group == 'save':
        target = path.with_name(f'saved.{case.suffix}')
        target.unlink(missing_ok=True)
        return case.prepare(target, files.arrays(layout))
    if case.group == 'one':
        return case.prepare(path, files.names(layout)[layout.count // 2])
    return case.prepare(path)


def touch_memory(size: int) -> None:
    """Touch fresh memory and give it back, so that the machine has it.

    A virtual machine returns memory that is free for seconds to its host.
    Having it back takes up to fifty times as long as the touch itself, and
    would hit whoever happens to come first.
    """
    with mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_HUGEPAGE)
        for offset in range(0, size, mmap.PAGESIZE):
            memory[offset] = 1


def measured(call: Callable[[], object]) -> dict[str, float]:
    """Call once; return seconds, page faults and bytes of memory.

    `anonymous` is by how much RssAnon has grown, with the results alive;
    `peak` is by how much VmHWM, which is reset before, exceeds VmRSS.
    """
    Path('/proc/self/clear_refs').write_text('5')  # VmHWM := VmRSS
    before, faults = memory(), page_faults()
    start = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - start
    after, faults = memory(), page_faults() - faults
    del result
    return {
        'seconds': seconds,
        'faults': faults,
        'anonymous': after['RssAnon'] - before['RssAnon'],
        'peak': after['VmHWM'] - before['VmRSS'],
    }


def memory() -> dict[str, int]:
    """Return what the kernel says of this process's memory, in bytes."""
    lines = Path('/proc/self/status').read_text().splitlines()
    fields = (line.split() for line in lines if line.endswith(' kB'))
    return {name.rstrip(':'): 1024 * int(kb) for name, kb, _ in fields}


def page_faults() -> int:
    """Return how many page faults without a disk this process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


if __name__ == '__main__':
    main(sys.argv[1])
